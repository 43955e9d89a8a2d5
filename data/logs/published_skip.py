"""The article's skip network, faults fixed one by one: `make logs NAME=published_skip`, about ten minutes on four cores.

Each row of `rows` has all faults before it fixed too, and runs as the article does: five epochs of all of MNIST, Adam,
batches of 100, float64. The arrays: `stopped` (rows, seeds), the batch whose gradients were not finite, or -1;
`accuracies` (rows, seeds, ways, epochs) on all test images, measured as published (0) and on the trained network (1).
"""
from itertools import product

import numpy as np

from helpers import data, logs, training
from helpers.blas import one_thread
from helpers.published import cnn, skip

ROWS = ["as published", "softmax", "mixed", "stride", "init"]
SEEDS, EPOCHS = range(3), 5


def train(setting):
    row, seed, epochs = setting
    digits, net = data.load_digits("mnist"), skip.SkipNet(seed, ROWS[1:row + 1])
    images, test = cnn.pixels(digits.x_train), cnn.pixels(digits.x_test)
    accuracies = np.full((2, epochs), np.nan)
    with one_thread(), np.errstate(all="ignore"):
        for epoch in range(epochs):
            for part in skip.batches(images, digits.y_train, epoch):
                if not all(np.isfinite(g).all() for g in net.step(*part).values()):
                    return {"stopped": net.steps - 1, "accuracies": accuracies}
            for way in (0, 1):
                net.faults = net.faults - {"test"} if way else net.faults | {"test"}
                accuracies[way, epoch] = net.accuracy(test, digits.y_test)
    return {"stopped": -1, "accuracies": accuracies}


def main(arguments=None):
    settings, shape = list(product(range(len(ROWS)), SEEDS, [EPOCHS])), (len(ROWS), len(SEEDS))
    with logs.executor(__doc__, arguments) as executor:
        found = training.sweep(train, settings, executor, keep=logs.runs("published_skip"))
    stopped = np.reshape([run["stopped"] for run in found], shape)
    accuracies = np.reshape([run["accuracies"] for run in found], (*shape, 2, EPOCHS))
    for row, batches, ways in zip(ROWS, stopped, accuracies):
        print(row, batches, *ways[..., -1])
    logs.save("published_skip", {"rows": np.array(ROWS), "stopped": stopped, "accuracies": accuracies})


if __name__ == "__main__":
    main()
