"""The shortcuts of He et al. (2016b, table 1) in a network of 56 layers: `make logs NAME=shortcuts`, half an hour on one core.

4,000 images of MNIST, of which every 2 × 2 pixels are one, their mean. A 3 × 3 convolution with stride 2 and 8 filters, 27 blocks
on maps of 7 × 7, the mean over each map, and a dense layer. The body of each block is that of He et al. (2016): two 3 × 3
convolutions, each with batch norm, a ReLU between them, and one after the sum. The blocks differ by the shortcut alone, and gates by
the bias with which they begin. Bodies begin with the same weights in all kinds, and see the images in the same order.
SGD with momentum 0.9, batches of 50. Each kind has the learning rate of RATES with which its loss is lowest after three epochs, from
a seed that is not used again: no kind is set up to fail. A run whose loss stops being finite counts as a guess: loss 99, accuracy 0.1.
For most kinds the best rate is an end of RATES, so other rates may change the numbers.
The arrays: `losses` (kinds, seeds, epochs), mean over the training images while it trains; `train` and `test`, accuracies at the
end, in evaluation mode (kinds, seeds); `gradients` (kinds, seeds, blocks + 1): the norm of the gradient for the input of each block,
and for the output of the last, at the start, over the last; `rates`; `rate losses` (kinds, rates, epochs); `rate`, the chosen
ones (kinds,); `kinds`; `biases` (kinds,), nan where there is no gate.
"""
from dataclasses import replace
from itertools import product

import numpy as np

from helpers import data, logs, models, optim, training
from helpers.analysis import outputs_and_gradients
from helpers.layers import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Flatten, Linear, ReLU, Sequential

KINDS = [("identity", None), ("scale 0.5", None), ("scale 0.5, body too", None), ("exclusive gate", 0.0), ("exclusive gate", -6.0),
         ("shortcut-only gate", 0.0), ("shortcut-only gate", -6.0), ("1 x 1 convolution", None), ("dropout", None), ("none", None)]
SEEDS, RATES, TUNING, EPOCHS, TRIAL, IMAGES, TESTED, BLOCKS, FILTERS = range(3), [0.01, 0.03, 0.1], 100, 8, 3, 4000, 2000, 27, 8


def normed(channels, filters, rng, stride=1):
    return [Conv2d(channels, filters, 3, rng, stride, 1, bias=False), BatchNorm2d(filters)]


def network(kind, bias, seed, blocks=BLOCKS):
    bodies, shortcuts = np.random.default_rng(seed), np.random.default_rng((seed, 1))
    layers = [*normed(1, FILTERS, bodies, 2), ReLU()]
    for _ in range(blocks):
        body = Sequential(*normed(FILTERS, FILTERS, bodies), ReLU(), *normed(FILTERS, FILTERS, bodies))
        layers += [Sequential(models.with_shortcut(kind, body, FILTERS, shortcuts, bias or 0.0), ReLU())]
    return Sequential(*layers, AdaptiveAvgPool2d(1), Flatten(), Linear(FILTERS, 10, bodies))


def halved(images):
    """(N, C, 2 H, 2 W) to (N, C, H, W)."""
    count, channels, height, width = images.shape
    return images.reshape(count, channels, height // 2, 2, width // 2, 2).mean(axis=(3, 5))


def digits(images):
    full = data.load_digits("mnist").take(images, TESTED)
    return replace(full, x_train=halved(full.x_train), x_test=halved(full.x_test))


def gradients(net, images):
    """Norms of the gradient for the input of each block, and for the output of the last, over the last: on 100 images."""
    _, found = outputs_and_gradients(net.train(), images.x_train[:100], images.y_train[:100])
    norms = [np.linalg.norm(gradient) for gradient in found[2:-3]]
    return np.array(norms) / norms[-1]


def train(setting):
    (kind, bias), seed, rate, epochs, count, blocks = setting
    images = digits(count)
    ratios = gradients(network(kind, bias, seed, blocks), images)
    net = network(kind, bias, seed, blocks)
    try:
        history = training.fit(net, images, optim.Momentum(net.parameters(), lr=rate, momentum=0.9), epochs, 50, seed)
    except FloatingPointError:
        return {"losses": [99.0] * epochs, "train": 0.1, "test": 0.1, "gradients": ratios.tolist()}
    return {"losses": history.train_loss, "train": training.evaluate(net, images.x_train, images.y_train),
            "test": history.test_accuracy[-1], "gradients": ratios.tolist()}


def main(arguments=None):
    with logs.executor(__doc__, arguments) as executor:
        def runs(settings):
            return training.sweep(train, [(*setting, IMAGES, BLOCKS) for setting in settings], executor, keep=logs.runs("shortcuts"))

        tried = runs(product(KINDS, [TUNING], RATES, [TRIAL]))
        tried = np.reshape([run["losses"] for run in tried], (len(KINDS), len(RATES), TRIAL))
        rate = np.array(RATES)[tried[:, :, -1].argmin(axis=1)]
        found = runs((kind, seed, float(one), EPOCHS) for kind, one in zip(KINDS, rate) for seed in SEEDS)
    table = {key: np.reshape([run[key] for run in found], (len(KINDS), len(SEEDS), *more)) for key, more in (
        ("losses", (EPOCHS,)), ("train", ()), ("test", ()), ("gradients", (BLOCKS + 1,)))}
    for (kind, bias), one, losses, test, ratios in zip(KINDS, rate, table["losses"], table["test"], table["gradients"]):
        print(kind, bias, one, losses[:, -1], test, ratios[:, 0])
    logs.save("shortcuts", {"kinds": np.array([kind for kind, _ in KINDS]), "rates": np.array(RATES), "rate losses": tried, "rate": rate,
                            "biases": np.array([np.nan if bias is None else bias for _, bias in KINDS]), **table})


if __name__ == "__main__":
    main()
