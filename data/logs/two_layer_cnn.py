"""The two-layer CNN trained until it stops paying: `make logs NAME=two_layer_cnn`, a few minutes.

Gradient descent on all of MNIST, ten epochs, batches of 50. The learning rate grows to 0.2 along a straight line in the
first epoch, and then shrinks to nothing along another. The arrays:
`accuracies` (seeds, epochs) on all test images, and the trained weights of seed 0 under the names of `state_dict`.
"""
import numpy as np

from helpers import data, logs, models, optim, training

EPOCHS, BATCH, RATE, SEEDS = 10, 50, 0.2, range(5)


def train(setting):
    seed, epochs = setting
    digits, net = data.load_digits("mnist"), models.two_layer_cnn(seed)
    optimizer, epoch = optim.SGD(net.parameters(), RATE), -(-len(digits.x_train) // BATCH)

    def schedule(step):
        return RATE * min((step + 1) / epoch, (epochs - step / epoch) / (epochs - 1))

    history = training.fit(net, digits, optimizer, epochs, BATCH, seed, schedule=schedule)
    return {"accuracies": history.test_accuracy, **net.state_dict()}


def main(arguments=None):
    with logs.executor(__doc__, arguments) as executor:
        found = training.sweep(train, [(seed, EPOCHS) for seed in SEEDS], executor, keep=logs.runs("two_layer_cnn"))
    accuracies = np.array([run.pop("accuracies") for run in found])
    print(accuracies[:, -1])
    logs.save("two_layer_cnn", {"accuracies": accuracies, **found[0]})


if __name__ == "__main__":
    main()
