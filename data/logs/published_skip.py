"""The article's skip network, faults mended one by one: `make logs NAME=published_skip`, about ten minutes on four cores.

Each row of `rows` has all faults before it mended too, and runs as the article does: five epochs of all of MNIST, Adam,
batches of 100, float64. The arrays: `stopped` (rows, seeds), the batch whose gradients were not finite, or -1;
`accuracies` (rows, seeds, ways, epochs) on all test images, measured as published (0) and on the trained network (1).
"""
from concurrent.futures import ProcessPoolExecutor
from itertools import product

import numpy as np

from helpers import data, logs
from helpers.blas import one_thread
from helpers.published import cnn, skip

ROWS = ["as published", "softmax", "mixed", "stride", "init"]
SEEDS, EPOCHS = range(3), 5


def run(row, seed):
    digits, net = data.load_digits("mnist"), skip.SkipNet(seed, ROWS[1:row + 1])
    images, test = cnn.pixels(digits.x_train), cnn.pixels(digits.x_test)
    accuracies = np.full((2, EPOCHS), np.nan)
    with one_thread(), np.errstate(all="ignore"):
        for epoch in range(EPOCHS):
            for part in skip.batches(images, digits.y_train, epoch):
                if not all(np.isfinite(g).all() for g in net.step(*part).values()):
                    return net.steps - 1, accuracies
            for way in (0, 1):
                net.faults = net.faults - {"test"} if way else net.faults | {"test"}
                accuracies[way, epoch] = net.accuracy(test, digits.y_test)
            print(f"{ROWS[row]}, seed {seed}, epoch {epoch + 1}: {accuracies[0, epoch]:.2%}, {accuracies[1, epoch]:.2%}", flush=True)
    return -1, accuracies


def main():
    cases = list(product(range(len(ROWS)), SEEDS))
    with ProcessPoolExecutor() as pool:
        stopped, accuracies = zip(*pool.map(run, *zip(*cases)))
    shape = len(ROWS), len(SEEDS)
    logs.save("published_skip", {"rows": np.array(ROWS), "stopped": np.reshape(stopped, shape),
                                 "accuracies": np.reshape(accuracies, (*shape, 2, EPOCHS))})


if __name__ == "__main__":
    main()
