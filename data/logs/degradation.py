"""Depth with batch norm in every layer, without skips and with: `make logs NAME=degradation`, twenty minutes on one core.

The networks of He et al. (2016, section 4.2) with a quarter of their filters, on 5,000 images of MNIST of which every 2 × 2 pixels
are one, their mean: a 3 × 3 convolution, three stages of n pairs of 3 × 3 convolutions with 4, 8 and 16 filters, the first
of stages two and three with stride 2, then the mean over each map and a dense layer: 6 n + 2 layers. Each convolution has a batch norm
and no bias. "plain" and "residual" differ by the skips alone: the identity, and where the shape changes a 1 × 1 convolution with
batch norm. Both begin with the same weights in the layers that they share, and see the images in the same order. SGD with
momentum 0.9, as in the paper; batches of 50. The learning rate is the one with which the deepest plain network has the lowest loss
at the end, seed 0, of those in RATES: the plain networks are not set up to fail.
The arrays: `losses` (kinds, depths, seeds, epochs), mean over the training images while it trains; `accuracies`, the same
after the last epoch on all training images in evaluation mode (kinds, depths, seeds); `test` (kinds, depths, seeds);
`first over last` (kinds, depths, seeds): the norm of the gradient of the first 3 × 3 convolution of the stages over the last one's,
at the start; `rates` and `rate losses` (kinds, rates, epochs): the deepest, from seed 0; `rate`: the one that all have; `kinds`, `depths`.
"""
from dataclasses import replace
from itertools import product

import numpy as np

from helpers import data, functional as F, logs, optim, training
from helpers.layers import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Flatten, Linear, ReLU, Residual, Sequential

KINDS, DEPTHS, SEEDS, RATES, EPOCHS, IMAGES = ["plain", "residual"], [8, 20, 32, 56], range(3), [0.003, 0.01, 0.03, 0.1], 10, 5000


def normed(channels, filters, size, rng, stride=1):
    return [Conv2d(channels, filters, size, rng, stride=stride, padding=size // 2, bias=False), BatchNorm2d(filters)]


def network(kind, depth, seed):
    rng, skips = np.random.default_rng((seed, depth)), np.random.default_rng((seed, depth, 1))
    layers, channels = [*normed(1, 4, 3, rng), ReLU()], 4
    for stage, filters in enumerate((4, 8, 16)):
        for pair in range((depth - 2) // 6):
            stride = 2 if stage > 0 and pair == 0 else 1
            body = Sequential(*normed(channels, filters, 3, rng, stride), ReLU(), *normed(filters, filters, 3, rng))
            if kind == "residual":
                shortcut = None if stride == 1 else Sequential(*normed(channels, filters, 1, skips, stride))
                body = Residual(body, shortcut)
            layers += [body, ReLU()]
            channels = filters
    return Sequential(*layers, AdaptiveAvgPool2d(1), Flatten(), Linear(channels, 10, rng))


def halved(images):
    """(N, C, 2 H, 2 W) to (N, C, H, W)."""
    count, channels, height, width = images.shape
    return images.reshape(count, channels, height // 2, 2, width // 2, 2).mean(axis=(3, 5))


def digits(images):
    full = data.load_digits("mnist").take(images, 2000)
    return replace(full, x_train=halved(full.x_train), x_test=halved(full.x_test))


def first_over_last(net, images):
    """The norm of the gradient of the first convolution inside the stages over that of the last, on 100 images."""
    net.train()
    net.backward(F.cross_entropy(net.forward(images.x_train[:100]), images.y_train[:100])[1])
    norms = [np.linalg.norm(parameter.grad) for parameter in net.parameters() if parameter.value.shape[2:] == (3, 3)]
    return norms[1] / norms[-1]


def train(setting):
    kind, depth, seed, rate, epochs, count = setting
    images = digits(count)
    ratio = first_over_last(network(kind, depth, seed), images)
    net = network(kind, depth, seed)
    history = training.fit(net, images, optim.Momentum(net.parameters(), lr=rate, momentum=0.9), epochs, 50, seed)
    return {"losses": history.train_loss, "accuracy": training.evaluate(net, images.x_train, images.y_train),
            "test": history.test_accuracy[-1], "ratio": float(ratio)}


def main(arguments=None):
    with logs.executor(__doc__, arguments) as executor:
        def runs(*choices):
            return training.sweep(train, list(product(*choices, [EPOCHS], [IMAGES])), executor, keep=logs.runs("degradation"))

        tried = np.reshape([run["losses"] for run in runs(KINDS, DEPTHS[-1:], [0], RATES)], (len(KINDS), len(RATES), EPOCHS))
        rate = RATES[int(tried[0, :, -1].argmin())]
        found = runs(KINDS, DEPTHS, SEEDS, [rate])
    shape = len(KINDS), len(DEPTHS), len(SEEDS)
    table = {name: np.reshape([run[key] for run in found], (*shape, *more)) for name, key, more in (
        ("losses", "losses", (EPOCHS,)), ("accuracies", "accuracy", ()), ("test", "test", ()), ("first over last", "ratio", ()))}
    print("rates", RATES, *tried[:, :, -1])
    for kind, rows in zip(KINDS, table["losses"]):
        for depth, seeds in zip(DEPTHS, rows):
            print(kind, depth, seeds[:, -1])
    logs.save("degradation", {"kinds": np.array(KINDS), "depths": np.array(DEPTHS), "rates": np.array(RATES), "rate losses": tried,
                              "rate": np.array(rate), **table})


if __name__ == "__main__":
    main()
