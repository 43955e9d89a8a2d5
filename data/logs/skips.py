"""The kinds of skip beside each other: `make logs NAME=skips`, about ten minutes on four cores.

The two-layer CNN without a skip and with each kind of `models.skip_cnn`, put right and trained with the article's
settings: five epochs of all of MNIST, Adam (0.001, eps 1e-7), batches of 100. The array `accuracies` (kinds, seeds,
epochs) is on all test images; `kinds` names the rows.
"""
import numpy as np

from helpers import data, logs, models, optim, training

KINDS, SEEDS, EPOCHS = ["none", *models.SKIPS], range(5), 5


def run(digits, kind, seed):
    net = models.two_layer_cnn(seed) if kind == "none" else models.skip_cnn(seed, kind)
    history = training.fit(net, digits, optim.Adam(net.parameters(), lr=1e-3, eps=1e-7), EPOCHS, 100, seed)
    print(f"{kind}, seed {seed}\n{history}", flush=True)
    return history.test_accuracy


def main():
    digits = data.load_digits("mnist")
    accuracies = [[run(digits, kind, seed) for seed in SEEDS] for kind in KINDS]
    logs.save("skips", {"kinds": np.array(KINDS), "accuracies": np.array(accuracies)})


if __name__ == "__main__":
    main()
