"""What each mend of the published CNN is worth, by step size: `make logs NAME=published_cnn`, about 15 minutes.

Trained as in the article: 1,000 images once, one a step; accuracy on the first 1,000 test images. The arrays:
`rows`, what each row mends on top of the row before; `rates`; `accuracies` (rows, rates, seeds), NaN where
numbers stopped being finite.
"""
import numpy as np

from helpers import data, logs
from helpers.published import cnn

ROWS = ["as published", "stride", "biases", "order", "softmax", "relu", "init"]
RATES = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2]
SEEDS = 10


def accuracy(digits, images, tests, mended, rate, seed):
    net = cnn.CNN(seed, mended)
    for start in range(0, 1000, 100):
        part = slice(start, start + 100)
        cnn.train(net, images[part], digits.y_train[part], rate)
        if not all(np.isfinite(array).all() for array in net.params.values()):
            return np.nan
    return net.accuracy(tests, digits.y_test[:1000])


def main():
    digits = data.load_digits("mnist")
    images, tests = cnn.pixels(digits.x_train[:1000]), cnn.pixels(digits.x_test[:1000])
    accuracies = np.zeros((len(ROWS), len(RATES), SEEDS))
    for row, column, seed in np.ndindex(accuracies.shape):
        with np.errstate(all="ignore"):
            accuracies[row, column, seed] = accuracy(digits, images, tests, ROWS[1:row + 1], RATES[column], seed)
        if seed == SEEDS - 1:
            print(f"{ROWS[row]:14} {RATES[column]:7} {accuracies[row, column].round(3)}", flush=True)
    logs.save("published_cnn", {"rows": np.array(ROWS), "rates": np.array(RATES), "accuracies": accuracies})


if __name__ == "__main__":
    main()
