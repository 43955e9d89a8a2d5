"""Three stems of a narrow ResNet-34 on planes and birds, three seeds each: `make logs NAME=small_images`, half an hour on two cores.

The network of the log `resnet34` with a quarter of its filters, trained as there: batches of 64, Adam with a learning rate of 0.001,
five epochs, pixels from -1 to 1. STEMS: the paper's, a 7 × 7 convolution with stride 2 and pooling; the same without pooling; and
a 3 × 3 convolution with stride 1. With the first, most weights of the last stage never learn on these images of 32 × 32.
The arrays: `accuracies` (stems, seeds, epochs) on the test set, `losses` (stems, seeds, epochs), mean over the training images
while it trains; `weights`, `still` and `products` (stems,): of convolutions, those that never learn, and multiplications an image;
`stems`.
"""
from dataclasses import replace
from itertools import product

import numpy as np

from helpers import data, geometry, logs, optim, training
from helpers.layers import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential
from helpers.models.resnet import BasicBlock

STEMS, SEEDS, EPOCHS, EVERY = ["7 x 7 and pooling", "7 x 7 alone", "3 x 3"], range(3), 5, 1
COUNTS, FILTERS = (3, 4, 6, 3), (16, 32, 64, 128)


def network(stem, seed):
    rng, channels = np.random.default_rng(seed), FILTERS[0]
    conv = Conv2d(3, channels, 3, rng, 1, 1, bias=False) if stem == "3 x 3" else Conv2d(3, channels, 7, rng, 2, 3, bias=False)
    layers = [conv, BatchNorm2d(channels), ReLU()] + [MaxPool2d(3, 2, 1)] * (stem == "7 x 7 and pooling")
    for stage, (count, filters) in enumerate(zip(COUNTS, FILTERS)):
        for place in range(count):
            layers.append(BasicBlock(channels, filters, 2 if stage > 0 and place == 0 else 1, rng))
            channels = filters
    return Sequential(*layers, AdaptiveAvgPool2d(1), Flatten(), Linear(channels, 2, rng))


def train(setting):
    stem, seed, epochs, every = setting
    planes = data.load_planes_birds("cifar10").every(every)
    planes = replace(planes, x_train=2 * planes.x_train - 1, x_test=2 * planes.x_test - 1)
    net = network(stem, seed)
    history = training.fit(net, planes, optim.Adam(net.parameters(), lr=1e-3), epochs, 64, seed)
    return {"accuracies": history.test_accuracy, "losses": history.train_loss}


def main(arguments=None):
    with logs.executor(__doc__, arguments) as executor:
        runs = training.sweep(train, list(product(STEMS, SEEDS, [EPOCHS], [EVERY])), executor, keep=logs.runs("small_images"))
    table = {name: np.reshape([run[name] for run in runs], (len(STEMS), len(SEEDS), EPOCHS)) for name in ("accuracies", "losses")}
    walks = [geometry.walk(network(stem, 0), 32) for stem in STEMS]
    table |= {name: np.array([sum(row[name] for row in rows) for rows in walks]) for name in ("weights", "still", "products")}
    for place, stem in enumerate(STEMS):
        print(stem, *(table[name][place] for name in ("weights", "still", "products")), table["accuracies"][place, :, -1])
    logs.save("small_images", {"stems": np.array(STEMS), **table})


if __name__ == "__main__":
    main()
