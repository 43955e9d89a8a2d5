"""The order inside a block, and a pre-activation network on planes and birds: `make logs NAME=preactivation`, a quarter of an hour on one core.

Orders: a dense layer to 64 numbers and batch norm, 54 blocks of two dense layers of 64 in one of the orders (a) to (e) of He et al.
(2016b, figure 4), batch norm, ReLU and a dense layer: 110 layers. 5,000 images of MNIST, three epochs, SGD with momentum 0.9, batches
of 50, at both learning rates of RATES: of those TRIED, one of the two gives each order its lowest loss after one epoch, from the seed
TRIAL, which is not used again. All orders begin with the same weights, and see the images in the same order.
Planes: `models.preactivation_resnet` with STAGES and FILTERS, an eighth of an article's, on planes and birds of CIFAR-10 (the copy
that is encoded as JPEG again: see data/README.md), pixels from 0 to 1. Batches of 64, Adam with a learning rate of 0.001, three
epochs; the gradient of each convolution's weights w is raised by 0.0002 w, what a loss term of 0.0001 w² gives.
The arrays: `orders` and `rates`; `order losses`, mean over the training images while it trains (orders, rates, seeds, epochs);
`order train` and `order test`, accuracies at the end (orders, rates, seeds); `tried` rates and `tried losses` (orders, tried);
`losses` and `accuracies` of planes, the latter on the test set (seeds, epochs).
"""
from itertools import product

import numpy as np

from helpers import data, logs, models, optim, training
from helpers.layers import BatchNorm1d, Flatten, Linear, ReLU, Sequential

ORDERS, SEEDS, RATES, ORDER_EPOCHS, DIGITS, TESTED, BLOCKS = "abcde", range(3), [0.03, 0.1], 3, 5000, 2000, 54
TRIED, TRIAL = [0.003, 0.01, 0.03, 0.1, 0.3], 100
STAGES, FILTERS, EPOCHS, EVERY = (3, 4, 6), (8, 16, 32, 64), 3, 1


def deep_network(order, seed, blocks, width=64):
    rng = np.random.default_rng(seed)
    layers = [Flatten(), Linear(784, width, rng, bias=False), BatchNorm1d(width)]
    for _ in range(blocks):
        first, second = (Linear(width, width, rng, bias=False) for _ in range(2))
        layers.append(models.ordered_block(order, first, second, lambda: BatchNorm1d(width)))
    return Sequential(*layers, BatchNorm1d(width), ReLU(), Linear(width, 10, rng))


def train_digits(setting):
    order, seed, rate, epochs, count, tested, blocks = setting
    digits, net = data.load_digits("mnist").take(count, tested), deep_network(order, seed, blocks)
    try:
        history = training.fit(net, digits, optim.Momentum(net.parameters(), lr=rate, momentum=0.9), epochs, 50, seed)
    except FloatingPointError:
        return {"losses": [99.0] * epochs, "train": 0.1, "test": 0.1}  # worse than any guess
    return {"losses": history.train_loss, "train": training.evaluate(net, digits.x_train, digits.y_train), "test": history.test_accuracy[-1]}


def decayed(net, decay):
    """Two groups of parameters: filters of convolutions decay, all others do not."""
    filters = [parameter for parameter in net.parameters() if parameter.value.ndim == 4]
    others = [parameter for parameter in net.parameters() if parameter.value.ndim != 4]
    return [{"params": filters, "weight_decay": decay}, {"params": others}]


def train_planes(setting):
    seed, epochs, every = setting
    planes = data.load_planes_birds("cifar10").every(every)
    net = models.preactivation_resnet(STAGES, FILTERS, num_classes=2, seed=seed)
    history = training.fit(net, planes, optim.Adam(decayed(net, 2e-4), lr=1e-3), epochs, 64, seed)
    return {"losses": history.train_loss, "accuracies": history.test_accuracy}


def main(arguments=None):
    with logs.executor(__doc__, arguments) as executor:
        def runs(train, settings):
            return training.sweep(train, list(settings), executor, keep=logs.runs("preactivation"))

        tried = runs(train_digits, product(ORDERS, [TRIAL], TRIED, [1], [DIGITS], [TESTED], [BLOCKS]))
        found = runs(train_digits, ((order, seed, rate, ORDER_EPOCHS, DIGITS, TESTED, BLOCKS)
                                    for order, rate, seed in product(ORDERS, RATES, SEEDS)))
        planes = runs(train_planes, ((seed, EPOCHS, EVERY) for seed in SEEDS))
    table = {f"order {key}": np.reshape([run[key] for run in found], (len(ORDERS), len(RATES), len(SEEDS), *more))
             for key, more in (("losses", (ORDER_EPOCHS,)), ("train", ()), ("test", ()))}
    table |= {key: np.array([run[key] for run in planes]) for key in ("losses", "accuracies")}
    tried = np.reshape([run["losses"][-1] for run in tried], (len(ORDERS), len(TRIED)))
    for array in (tried, table["order losses"][..., -1], table["order train"], table["order test"], table["losses"], table["accuracies"]):
        print(array)
    logs.save("preactivation", {"orders": np.array(list(ORDERS)), "rates": np.array(RATES), "tried": np.array(TRIED), "tried losses": tried, **table})


if __name__ == "__main__":
    main()
