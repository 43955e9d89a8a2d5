"""The two-layer CNN trained until it stops paying: `make logs NAME=two_layer_cnn`, a few minutes.

Gradient descent on all of MNIST, ten epochs, batches of 50. The step grows to 0.2 along a straight line in the
first epoch, which helps the seeds that begin badly, and then shrinks to nothing along another. The arrays:
`accuracies` (seeds, epochs) on all test images, and the trained weights of seed 0 under the names of `state_dict`.
"""
import numpy as np

from helpers import data, logs, models, optim, training

EPOCHS, BATCH, RATE, SEEDS = 10, 50, 0.2, 5


def train(digits, seed):
    net = models.two_layer_cnn(seed)
    optimizer, epoch = optim.SGD(net.parameters(), RATE), -(-len(digits.x_train) // BATCH)

    def schedule(step):
        return RATE * min((step + 1) / epoch, (EPOCHS - step / epoch) / (EPOCHS - 1))

    history = training.fit(net, digits, optimizer, EPOCHS, BATCH, seed, schedule=schedule)
    print(f"seed {seed}\n{history}", flush=True)
    return history.test_accuracy, net.state_dict()


def main():
    digits = data.load_digits("mnist")
    accuracies, states = zip(*(train(digits, seed) for seed in range(SEEDS)))
    logs.save("two_layer_cnn", {"accuracies": np.array(accuracies), **states[0]})


if __name__ == "__main__":
    main()
