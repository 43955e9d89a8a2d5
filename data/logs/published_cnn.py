"""What each fix of the published CNN is worth, by learning rate: `make logs NAME=published_cnn`, about 20 minutes on a core.

Trained as in the article: 1,000 images once, one a step; accuracy on the first 1,000 test images. The arrays:
`rows`, what each row fixes on top of the row before; `rates`; `accuracies` (rows, rates, seeds), NaN where
numbers stopped being finite.
"""
from itertools import product

import numpy as np

from helpers import data, logs, training
from helpers.blas import one_thread
from helpers.published import cnn

ROWS = ["as published", "stride", "biases", "order", "softmax", "relu", "init"]
RATES = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 6e-2, 1e-1]
SEEDS, IMAGES = range(10), 1000


def train(setting):
    row, seed = setting
    digits = data.load_digits("mnist")
    images, tests = cnn.pixels(digits.x_train[:IMAGES]), cnn.pixels(digits.x_test[:IMAGES])
    with one_thread(), np.errstate(all="ignore"):
        return {"accuracies": [accuracy(digits, images, tests, ROWS[1:row + 1], rate, seed) for rate in RATES]}


def accuracy(digits, images, tests, fixed, rate, seed):
    net = cnn.CNN(seed, fixed)
    for start in range(0, len(images), 100):
        part = slice(start, start + 100)
        cnn.train(net, images[part], digits.y_train[:IMAGES][part], rate)
        if not all(np.isfinite(array).all() for array in net.params.values()):
            return np.nan
    return net.accuracy(tests, digits.y_test[:IMAGES])


def main(arguments=None):
    settings = list(product(range(len(ROWS)), SEEDS))
    with logs.executor(__doc__, arguments) as executor:
        found = training.sweep(train, settings, executor, keep=logs.runs("published_cnn"))
    accuracies = np.reshape([run["accuracies"] for run in found], (len(ROWS), len(SEEDS), len(RATES))).transpose(0, 2, 1)
    print(*[f"{row:14} {means}" for row, means in zip(ROWS, accuracies.mean(axis=2).round(3))], sep="\n")
    logs.save("published_cnn", {"rows": np.array(ROWS), "rates": np.array(RATES), "accuracies": accuracies})


if __name__ == "__main__":
    main()
