"""Four optimisers on the skip network: `make logs NAME=race`, about fifteen minutes on four cores.

First each is tuned: one epoch of MNIST from seed 100 at each step size of `rates`; then each runs `EPOCHS` epochs
at its best from five other seeds, batches of 100. The arrays, for each optimiser NAME of `names`: `NAME rates` and
`NAME tuning` (rates,), the accuracy after the epoch, 0 where the loss stopped being finite; `NAME losses` (seeds,
steps), and `NAME accuracies` (seeds, epochs), on all test images.
"""
import numpy as np

from helpers import data, logs, models, optim, training

KINDS = {"SGD": (optim.SGD, (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)), "Momentum": (optim.Momentum, (0.001, 0.003, 0.01, 0.03, 0.1)),
         "RMSProp": (optim.RMSProp, (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)), "Adam": (optim.Adam, (1e-4, 3e-4, 1e-3, 3e-3, 1e-2))}
SEEDS, EPOCHS = range(5), 3


def run(digits, kind, rate, seed, epochs):
    net = models.skip_cnn(seed, "trained")
    return training.fit(net, digits, kind(net.parameters(), lr=rate), epochs, 100, seed)


def tuned(digits, kind, rate):
    try:
        accuracy = run(digits, kind, rate, 100, 1).test_accuracy[-1]
    except FloatingPointError:
        accuracy = 0.0
    print(f"{kind.__name__} {rate:g}: {accuracy:.2%}", flush=True)
    return accuracy


def main():
    digits, found = data.load_digits("mnist"), {"names": np.array(list(KINDS))}
    for name, (kind, rates) in KINDS.items():
        tuning = [tuned(digits, kind, rate) for rate in rates]
        histories = [run(digits, kind, rates[int(np.argmax(tuning))], seed, EPOCHS) for seed in SEEDS]
        print(name, [f"{history.test_accuracy[-1]:.2%}" for history in histories], flush=True)
        found |= {f"{name} rates": np.array(rates), f"{name} tuning": np.array(tuning),
                  f"{name} losses": np.array([history.step_losses for history in histories], np.float32),
                  f"{name} accuracies": np.array([history.test_accuracy for history in histories])}
    logs.save("race", found)


if __name__ == "__main__":
    main()
