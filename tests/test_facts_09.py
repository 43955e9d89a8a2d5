"""What the figures of lesson 09 draw, computed a second way."""
from math import isfinite, sqrt

import numpy as np
import pytest
from matplotlib import colormaps
from picture_facts import Facts

from helpers.analysis import best_runs

facts = Facts()
NAMES = "SGD", "momentum", "RMSProp", "Adam"

# name: height at (x, y), and both slopes there, for a condition number k
SURFACES = {
    "bowl": (lambda x, y, k: 0.5 * x**2 + 0.5 * k * y**2, lambda x, y, k: (x, k * y)),
    "ravine": (lambda x, y, k: 0.5 * (x + y)**2 / k + 0.5 * (x - y)**2, lambda x, y, k: ((x + y) / k + (x - y), (x + y) / k - (x - y))),
    "saddle": (lambda x, y, k: x**2 / 2 - y**2 / 8 + y**4 / 32, lambda x, y, k: (x, y * (y**2 - 2) / 8)),
    "Rosenbrock": (lambda x, y, k: (1 - x)**2 / 10 + (y - x**2)**2, lambda x, y, k: (-0.2 * (1 - x) - 4 * x * (y - x**2), 2 * (y - x**2)))}


def _steps(name, lr, b1, b2):
    """A function (gradient, t) -> how far one number moves at step t from 1 on."""
    m = v = 0.0

    def step(g, t):
        nonlocal m, v
        if name == "SGD":
            return -lr * g
        if name == "momentum":
            m = b1 * m + g
            return -lr * m
        v = b2 * v + (1 - b2) * g * g
        if name == "RMSProp":
            return -lr * g / (sqrt(v) + 1e-8)
        m = b1 * m + (1 - b1) * g
        return -lr * m / (1 - b1**t) / (sqrt(v / (1 - b2**t)) + 1e-8)

    return step


def _path(name, slopes, start, lr, b1, b2):
    """121 places; one that would lie 50 or more from the middle, and all after it, are the one before."""
    place, path = start, [start]
    movers = [_steps(name, lr, b1, b2) for _ in start]
    for t in range(1, 121):
        new = tuple(one + mover(g, t) for one, mover, g in zip(place, movers, slopes(*place)))
        if not all(isfinite(one) and abs(one) < 50 for one in new):
            return path + [place] * (121 - len(path))
        place = new
        path.append(place)
    return path


@facts.live
def playground(now):
    height, slopes = SURFACES[now.surface]
    start = tuple(float(one) for one in now.start.replace("−", "-").strip("()").split(","))

    def ground():
        tall = np.array([[height(-3 + 6 * column / 479, 2 - 4 * row / 319, now.condition) for column in range(480)] for row in range(320)])
        return colormaps["Greys"](np.floor(10 * np.log10(1 + 30 * (tall - tall.min()) / (tall.max() - tall.min()))) / 16, bytes=True)

    wanted, texts, losses = {"0 image 0": now.once((now.surface, now.condition), ground), "0 image 0 extent": (-3, 3, -2, 2)}, [], {}
    rates = {name: now.lr for name in NAMES}
    if now.lr == "each its best":  # tests/test_analysis.py checks these
        rates = {name: rate for name, (rate, _) in best_runs(now.surface, start, now.condition, now.b1, now.b2, 120).items()}
    for place, name in enumerate(NAMES):
        path = _path(name, lambda x, y: slopes(x, y, now.condition), start, rates[name], now.b1, now.b2)[:now.step + 1]
        losses[name] = height(*path[-1], now.condition)
        wanted |= {f"0 line {2 * place}": np.transpose(path), f"0 line {2 * place + 1}": np.transpose(path[-1:]),
                   f"1 line {place}": ([0.06], [0.9 - 0.26 * place])}
        texts.append((None, 0.9 - 0.26 * place, [name, rates[name], losses[name]]))
    lowest = sorted(losses, key=losses.get)[0]
    return wanted | {"controls": {"surface": ("bowl", "Rosenbrock"), "start": ("(−2.4, 1)", "(2.4, 0.3)"), "condition": (1, 100),
                                  "lr": ("each its best", 0.3), "b1": (0, 0.98), "b2": (0, 0.999), "step": (0, 120)},
                     "1 texts": texts, "suptitle": [now.step, lowest]}


@facts.live
def bias_correction(now):
    g = 1 + 0.5 * np.random.default_rng(2).standard_normal(120)  # drawn as the figure does
    steps, means, corrected = range(1, 121), [], []
    for t in steps:
        weights = [now.beta ** (t - 1 - past) for past in range(t)]  # of each gradient so far
        total = sum(weight * one for weight, one in zip(weights, g))
        means.append((1 - now.beta) * total)
        corrected.append(total / sum(weights))
    return {"controls": {"beta": (0, 0.999)},
            "0 line gradient": (steps, g), "0 horizontal its true mean": 1, "0 line running mean": (steps, means),
            "0 line corrected": (steps, corrected), "suptitle": [10, means[9], corrected[9]]}


def _tuning():
    return [({"SGD": (np.array([0.1, 0.2, 0.3]), np.array([0.96, 0.97, 0.955])), "Adam": (np.array([0.001, 0.003]), np.array([0.978, 0.98]))},
             "Two")]


@facts.picture(_tuning)
def learning_rates(tuning, title):
    return {"0 logarithmic": "x", **{f"0 line {name}": reached for name, reached in tuning.items()}}


@facts.picture(lambda: [([1, 10, 100], {name: np.sort(np.random.default_rng(seed).uniform(0.1, 50, (3, 5)))
                                        for seed, name in enumerate(("first", "dense"))}, "Two layers")])
def step_sizes(steps, sizes, title):
    wanted = {}
    for axis, (name, quantiles) in enumerate(sizes.items()):
        least, low, middle, high, most = ([row[place] for row in quantiles] for place in range(5))
        wanted |= {f"{axis} line 0": (steps, most), f"{axis} line 1": (steps, least), f"{axis} line 2": (steps, middle),
                   f"{axis} band 0": (steps, low, high), f"{axis} title": [name], f"{axis} logarithmic": "xy"}
    return wanted


@facts.picture(lambda: [({name: np.random.default_rng(seed).random((3, 200)) + 0.1 for seed, name in enumerate(("SGD", "Adam"))}, "A race")])
def race(losses, title):
    wanted = {"0 logarithmic": "y"}
    for place, (name, runs) in enumerate(losses.items()):
        windows = range(0, runs.shape[1] - 59, 60)
        means = [[sum(run[start:start + 60]) / 60 for start in windows] for run in runs]
        middles = [start + 30 for start in windows]
        wanted |= {f"0 line {name}": (middles, [sum(some) / len(some) for some in zip(*means)]),
                   f"0 band {place}": (middles, [min(some) for some in zip(*means)], [max(some) for some in zip(*means)])}
    return wanted


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
