"""How many training images it takes: `make logs NAME=overfitting`, some five minutes on one core.

The network of lesson 02, 784, 128 and 10, trained by SGD (0.3, batches of 100 drawn at random) on few images of MNIST and on
many, for the same number of steps. Each seed draws its own images; those of a smaller number are among those of a larger one.
The arrays: `counts`, how many training images; `moments`, after how many steps the network was measured; `train losses`,
`train accuracies`, on the images that it trains on, or on 10,000 of them if there are more, `test losses` and
`test accuracies`, on all test images: each (counts, seeds, moments).
"""
from itertools import product

import numpy as np

from helpers import data, functional as F, logs, models, optim, training

COUNTS, SEEDS, MEASURED = [100, 300, 1000, 3000, 10_000, 30_000, 60_000], range(3), 10_000
MOMENTS = np.unique(np.geomspace(10, 12_000, 40).round().astype(int)).tolist()


def measured(net, x, labels):
    """The loss and the accuracy on images (n, 1, 28, 28)."""
    logits = training.predict(net, x)
    return F.cross_entropy(logits, labels)[0], F.accuracy(logits, labels).mean()


def train(setting):
    count, seed, moments = setting
    digits, rng, net = data.load_digits("mnist"), np.random.default_rng(seed), models.mlp(seed)
    own = rng.permutation(len(digits.x_train))[:count]
    x, labels = digits.x_train[own], digits.y_train[own]
    optimizer, found = optim.SGD(net.parameters(), lr=0.3), {"train": [], "test": []}
    for step in range(1, moments[-1] + 1):
        batch = rng.integers(0, count, 100)
        _, dlogits = F.cross_entropy(net.forward(x[batch]), labels[batch])
        net.backward(dlogits)
        optimizer.step()
        if step in moments:
            found["train"].append(measured(net, x[:MEASURED], labels[:MEASURED]))
            found["test"].append(measured(net, digits.x_test, digits.y_test))
    return {key: np.array(some).tolist() for key, some in found.items()}


def main(arguments=None):
    settings = list(product(COUNTS, SEEDS, [MOMENTS]))
    with logs.executor(__doc__, arguments) as executor:
        runs = training.sweep(train, settings, executor, keep=logs.runs("overfitting"))
    found = {"counts": np.array(COUNTS), "moments": np.array(MOMENTS)}
    for key in ("train", "test"):
        table = np.reshape([run[key] for run in runs], (len(COUNTS), len(SEEDS), len(MOMENTS), 2))
        found |= {f"{key} losses": table[..., 0].astype(np.float32), f"{key} accuracies": table[..., 1].astype(np.float32)}
        print(key, found[f"{key} accuracies"][..., -1])
    logs.save("overfitting", found)


if __name__ == "__main__":
    main()
