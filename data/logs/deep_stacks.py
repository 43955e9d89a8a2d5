"""Five and forty dense layers without skips, four learning rates, twenty epochs: `make logs NAME=deep_stacks`, five minutes on one core.

Is a deep network worse only because its learning rate is wrong, or because its training is short? These are lesson 10's networks: 64 units
a layer, ReLU, He's initialisation, Adam, batches of 100, the first 10,000 images of MNIST.
The arrays: `losses` (depths, rates, seeds, epochs), mean over the training images while it trains; `accuracies`, on the same
images, as it trains (depths, rates, seeds, epochs); `depths`; `rates`.
"""
from itertools import product

import numpy as np

from helpers import data, logs, optim, training
from helpers.layers import Flatten, Linear, ReLU, Sequential

DEPTHS, RATES, SEEDS, EPOCHS = [5, 40], [1e-4, 3e-4, 1e-3, 3e-3], range(3), 20


def network(depth, seed):
    rng = np.random.default_rng(seed)
    stack = [layer for _ in range(depth) for layer in (Linear(64, 64, rng), ReLU())]
    return Sequential(Flatten(), Linear(784, 64, rng), ReLU(), *stack, Linear(64, 10, rng))


def train(setting):
    depth, rate, seed, epochs = setting
    net = network(depth, seed)
    history = training.fit(net, data.load_digits("mnist").take(10_000, 1000), optim.Adam(net.parameters(), rate), epochs, 100, seed)
    return {"losses": history.train_loss, "accuracies": history.train_accuracy}


def main(arguments=None):
    settings = list(product(DEPTHS, RATES, SEEDS, [EPOCHS]))
    with logs.executor(__doc__, arguments) as executor:
        found = training.sweep(train, settings, executor, keep=logs.runs("deep_stacks"))
    shape = len(DEPTHS), len(RATES), len(SEEDS), EPOCHS
    losses, accuracies = (np.reshape([run[key] for run in found], shape) for key in ("losses", "accuracies"))
    for depth, rates in zip(DEPTHS, accuracies):
        for rate, seeds in zip(RATES, rates):
            print(depth, rate, seeds[:, -1])
    logs.save("deep_stacks", {"depths": np.array(DEPTHS), "rates": np.array(RATES), "losses": losses, "accuracies": accuracies})


if __name__ == "__main__":
    main()
