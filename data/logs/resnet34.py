"""ResNet-34 on planes and birds from five seeds, as a published article trains it: `make logs NAME=resnet34`, half an hour on two cores.

Planes and birds of CIFAR-10 (the copy that is encoded as JPEG again: see data/README.md), pixels from -1 to 1, batches of 64, Adam
with a learning rate of 0.001, five epochs. Filters begin by He's rule with the fan-out, as the article has it (and torchvision): those of
`models.resnet34`, which have the fan-in, times sqrt(fan_in / fan_out). Three seeds begin by the fan-in, too, from the same draws. The
dense layer's weights have the variance of PyTorch's, 1 / (3 fan_in): a sixth of He's, which the course's layers have.
The arrays, one row a seed: `losses`, mean over the training images while it trains, and `accuracies` on the test set
(seeds, epochs); after the last epoch `without` (seeds, blocks): the test accuracy without the body of one block, its shortcut stays;
`in training mode` (seeds, orders): accuracy on the test set in training mode, in batches of 64, as it lies (sorted by class) and
mixed; `still` (seeds,): how many weights are what they were before training, to the last bit.
`by fan-in` (the first seeds, epochs): the test accuracies of those that begin by the fan-in.
Of seed 0 alone: `filters` (epochs + 1, 16, 3, 7, 7), the first of the stem, before training and after each epoch; `images`
(n, 3, 32, 32) from 0 to 255, n of them from the test set, their `labels` and the `probabilities` (epochs + 1, n) that they are birds.
"""
from dataclasses import replace

import numpy as np

from helpers import data, functional as F, logs, models, optim, training
from helpers.analysis import accuracies_without, residual_blocks
from helpers.layers import Conv2d

SEEDS, FAN_IN_SEEDS, EPOCHS, EVERY = range(5), range(3), 5, 1
SHOWN = 12


def planes_birds(every):
    planes = data.load_planes_birds("cifar10").every(every)
    return replace(planes, x_train=2 * planes.x_train - 1, x_test=2 * planes.x_test - 1)


def begin(net, start):
    """The dense layer as PyTorch's; if `start` is "fan-out", each filter times sqrt(fan_in / fan_out)."""
    net.fc.weight.value *= np.float32((1 / 6) ** 0.5)
    for module in net.modules():
        if start == "fan-out" and isinstance(module, Conv2d):
            filters, channels = module.weight.value.shape[:2]
            module.weight.value *= np.float32((channels / filters) ** 0.5)


def in_training_mode(net, images, labels, order):
    """The accuracy in training mode; the running statistics are put back."""
    kept = net.state_dict()
    net.train()
    right = []
    for start in range(0, len(order), 64):
        batch = order[start:start + 64]
        right.append(net.forward(images[batch]).argmax(axis=1) == labels[batch])
    net.load_state_dict(kept)
    return float(np.mean(np.concatenate(right)))


def train(setting):
    start, seed, epochs, every = setting
    planes, net = planes_birds(every), models.resnet34(num_classes=2, seed=seed)
    begin(net, start)
    first = {name: parameter.value.copy() for name, parameter in net.named_parameters()}
    places = np.linspace(0, len(planes.x_test) - 1, SHOWN).astype(int)
    shown, adam, history, filters, birds = planes.x_test[places], optim.Adam(net.parameters(), lr=1e-3), None, [], []

    def look():
        filters.append(net.conv1.weight.value[:16].copy())
        birds.append(F.softmax(training.predict(net, shown))[0][:, 1])

    look()
    for _ in range(epochs):
        history = training.fit(net, planes, adam, 1, 64, seed, history=history)
        look()
    blocks, count = residual_blocks(net), len(planes.x_test)
    found = {"losses": history.train_loss, "accuracies": history.test_accuracy,
             "without": accuracies_without(net, blocks, np.eye(len(blocks), dtype=bool), planes.x_test, planes.y_test),
             "in training mode": [in_training_mode(net, planes.x_test, planes.y_test, order)
                                  for order in (np.arange(count), np.random.default_rng(0).permutation(count))],
             "still": int(sum((parameter.value == first[name]).sum() for name, parameter in net.named_parameters()))}
    if seed == 0:
        found |= {"filters": np.array(filters, np.float16), "images": np.rint((shown + 1) * 127.5).astype(np.uint8),
                  "labels": planes.y_test[places], "probabilities": np.array(birds)}
    return found


def main(arguments=None):
    with logs.executor(__doc__, arguments) as executor:
        settings = [("fan-out", seed, EPOCHS, EVERY) for seed in SEEDS] + [("fan-in", seed, EPOCHS, EVERY) for seed in FAN_IN_SEEDS]
        runs = training.sweep(train, settings, executor, keep=logs.runs("resnet34"))
    runs, by_fan_in = runs[:len(SEEDS)], runs[len(SEEDS):]
    table = {name: np.array([run[name] for run in runs]) for name in ("losses", "accuracies", "without", "in training mode", "still")}
    table["by fan-in"] = np.array([run["accuracies"] for run in by_fan_in])
    for name, rows in table.items():
        print(name, *rows, sep="\n")
    logs.save("resnet34", table | {name: runs[0][name] for name in ("filters", "images", "labels", "probabilities")})


if __name__ == "__main__":
    main()
