"""Four optimisers on the skip network: `make logs NAME=race`, about fifteen minutes on four cores.

First each is tuned: one epoch of MNIST from seed 100 at each step size (learning rate) of `rates`; then each runs `EPOCHS`
epochs at its best from five other seeds, batches of 100. The arrays, for each optimiser NAME of `names`: `NAME rates` and
`NAME tuning` (rates,), the accuracy after the epoch, 0 where the loss stopped being finite; `NAME losses` (seeds,
steps), and `NAME accuracies` (seeds, epochs), on all test images.
"""
import numpy as np

from helpers import data, logs, models, optim, training

RATES = {"SGD": (0.01, 0.02, 0.05, 0.1, 0.2, 0.5), "Momentum": (0.001, 0.003, 0.01, 0.03, 0.1),
         "RMSProp": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2), "Adam": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)}
SEEDS, EPOCHS = range(5), 3


def train(setting):
    name, rate, seed, epochs = setting
    net = models.skip_cnn(seed, "trained")
    optimizer = getattr(optim, name)(net.parameters(), lr=rate)
    history = training.fit(net, data.load_digits("mnist"), optimizer, epochs, 100, seed)
    return {"losses": history.step_losses, "accuracies": history.test_accuracy}


def tune(setting):
    try:
        return {"accuracy": train((*setting, 100, 1))["accuracies"][-1]}
    except FloatingPointError:
        return {"accuracy": 0.0}


def main(arguments=None):
    tries = [(name, rate) for name, rates in RATES.items() for rate in rates]
    found = {"names": np.array(list(RATES))}
    with logs.executor(__doc__, arguments) as executor:
        tuned = dict(zip(tries, training.sweep(tune, tries, executor, keep=logs.runs("race"))))
        tuning = {name: [tuned[name, rate]["accuracy"] for rate in rates] for name, rates in RATES.items()}
        best = {name: rates[int(np.argmax(tuning[name]))] for name, rates in RATES.items()}
        races = [(name, best[name], seed, EPOCHS) for name in RATES for seed in SEEDS]
        raced = dict(zip(races, training.sweep(train, races, executor, keep=logs.runs("race"))))
    for name, rates in RATES.items():
        runs = [raced[name, best[name], seed, EPOCHS] for seed in SEEDS]
        found |= {f"{name} rates": np.array(rates), f"{name} tuning": np.array(tuning[name]),
                  f"{name} losses": np.array([run["losses"] for run in runs], np.float32),
                  f"{name} accuracies": np.array([run["accuracies"] for run in runs])}
        print(name, best[name], found[f"{name} accuracies"][:, -1])
    logs.save("race", found)


if __name__ == "__main__":
    main()
