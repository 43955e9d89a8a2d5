"""AlexNet's parts, put in and taken out of a small network: `make logs NAME=alexnet_parts`, about half an hour on one core.

Two convolutions and three dense layers for digits, with the parts of Krizhevsky, Sutskever and Hinton (2012), sections 3 and 4:
ReLU, local response norm, overlapping pooling, dropout. Each kind takes one part out, or puts one into the network without the
last three, "bare", and so does batch norm. Adam (0.001), the first 4,000 images of MNIST, eight epochs, batches of 50.
The arrays `accuracies` (kinds, seeds, epochs), on all test images, and `train_accuracies`, the same on the `images` trained on,
in training mode; `kinds` names the rows.
"""
from itertools import product

import numpy as np

from helpers import data, init, logs, optim, training
from helpers.layers import BatchNorm2d, Conv2d, Dropout, Flatten, Linear, LocalResponseNorm, MaxPool2d, ReLU, Sequential, Tanh

ALL = {"activation": ReLU, "norm": "local", "pool": 3, "dropout": True, "dense": (128, 64)}
BARE = {"norm": None, "pool": 2, "dropout": False}
KINDS = {"all parts": {}, "tanh for ReLU": {"activation": Tanh}, "no local norm": {"norm": None}, "pooling 2 x 2": {"pool": 2},
         "no dropout": {"dropout": False}, "one dense, no dropout": {"dense": ()}, "batch norm for local": {"norm": "batch"},
         "bare": BARE, "bare, local norm": BARE | {"norm": "local"}, "bare, pooling 3 x 3": BARE | {"pool": 3},
         "bare, dropout": BARE | {"dropout": True}, "bare, batch norm": BARE | {"norm": "batch"}}
SEEDS, EPOCHS, IMAGES = range(5), 8, 4_000


def network(kind, seed):
    """Images (N, 1, 28, 28) -> 8 maps, 5 x 5 filters -> 16 maps -> dense layers -> logits (N, 10)."""
    parts, rng = ALL | KINDS[kind], np.random.default_rng(seed)
    layers, channels, draw = [], 1, init.glorot_normal if parts["activation"] is Tanh else init.he_normal
    for maps in (8, 16):
        layers += [Conv2d(channels, maps, 5, rng, padding=2, init=draw)]
        layers += [BatchNorm2d(maps)] if parts["norm"] == "batch" else []
        layers += [parts["activation"]()]
        layers += [LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)] if parts["norm"] == "local" else []  # 1e-4 in the paper
        layers += [MaxPool2d(parts["pool"], 2)]
        channels = maps
    side = 6 if parts["pool"] == 3 else 7
    layers, numbers = [*layers, Flatten()], 16 * side**2
    for width in parts["dense"]:
        layers += [Dropout(0.5, rng)] if parts["dropout"] else []
        layers += [Linear(numbers, width, rng, init=draw), parts["activation"]()]
        numbers = width
    return Sequential(*layers, Linear(numbers, 10, rng, init=draw))


def train(setting):
    kind, seed, epochs, images = setting
    net = network(kind, seed)
    digits = data.load_digits("mnist").take(images)
    history = training.fit(net, digits, optim.Adam(net.parameters()), epochs, 50, seed)
    return {"accuracies": history.test_accuracy, "train_accuracies": history.train_accuracy}


def main(arguments=None):
    settings = list(product(KINDS, SEEDS, [EPOCHS], [IMAGES]))
    with logs.executor(__doc__, arguments) as executor:
        found = training.sweep(train, settings, executor, keep=logs.runs("alexnet_parts"))
    shape = len(KINDS), len(SEEDS), EPOCHS
    arrays = {name: np.reshape([run[name] for run in found], shape) for name in ("accuracies", "train_accuracies")}
    for kind, row in zip(KINDS, arrays["accuracies"]):
        print(kind, row[:, -1])
    logs.save("alexnet_parts", {"kinds": np.array(list(KINDS)), "images": np.array(IMAGES), **arrays})


if __name__ == "__main__":
    main()
