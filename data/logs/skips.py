"""The kinds of skip beside each other: `make logs NAME=skips`, about ten minutes on four cores.

The two-layer CNN without a skip and with each kind of `models.skip_cnn`, put right and trained with the article's
settings: five epochs of all of MNIST, Adam (0.001, eps 1e-7), batches of 100. The array `accuracies` (kinds, seeds,
epochs) is on all test images; `kinds` names the rows.
"""
from itertools import product

import numpy as np

from helpers import data, logs, models, optim, training

KINDS, SEEDS, EPOCHS = ["none", *models.SKIPS], range(5), 5


def train(setting):
    kind, seed, epochs = setting
    net = models.two_layer_cnn(seed) if kind == "none" else models.skip_cnn(seed, kind)
    optimizer = optim.Adam(net.parameters(), lr=1e-3, eps=1e-7)
    history = training.fit(net, data.load_digits("mnist"), optimizer, epochs, 100, seed)
    return {"accuracies": history.test_accuracy}


def main(arguments=None):
    settings = list(product(KINDS, SEEDS, [EPOCHS]))
    with logs.executor(__doc__, arguments) as executor:
        found = training.sweep(train, settings, executor, keep=logs.runs("skips"))
    accuracies = np.reshape([run["accuracies"] for run in found], (len(KINDS), len(SEEDS), EPOCHS))
    for kind, row in zip(KINDS, accuracies):
        print(kind, row[:, -1])
    logs.save("skips", {"kinds": np.array(KINDS), "accuracies": accuracies})


if __name__ == "__main__":
    main()
