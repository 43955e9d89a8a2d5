"""The kinds of skip beside each other: `make logs NAME=skips`, about ten minutes on four cores.

The two-layer CNN without a skip and with each kind of `models.skip_cnn`, all faults fixed and trained with the article's
settings: five epochs of all of MNIST, Adam (0.001, eps 1e-7), batches of 100. The kind "identity" has a third convolution
inside its block; "third" is its control, the same three convolutions with the same initial weights and no skip.
The array `accuracies` (kinds, seeds, epochs) is on all test images; `kinds` names the rows.
"""
from itertools import product

import numpy as np

from helpers import data, logs, models, optim, training
from helpers.layers import Sequential

KINDS, SEEDS, EPOCHS = ["none", *models.SKIPS, "third"], range(5), 5


def network(kind, seed):
    if kind == "none":
        return models.two_layer_cnn(seed)
    if kind != "third":
        return models.skip_cnn(seed, kind)
    first, relu, block, head = models.skip_cnn(seed, "identity").layers
    residual, last = block.layers
    return Sequential(first, relu, residual.body, last, head)


def train(setting):
    kind, seed, epochs = setting
    net = network(kind, seed)
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
