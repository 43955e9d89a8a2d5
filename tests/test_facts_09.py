"""What the figures of lesson 09 draw, computed a second way."""
from math import isfinite, log10, sqrt

import by_hand
import numpy as np
import pytest
from picture_facts import Facts, shown

facts = Facts()

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
        return np.floor(10 * np.log10(1 + 30 * (tall - tall.min()) / (tall.max() - tall.min()))) / 10

    found = now.once(("ground", now.surface, now.condition), ground)
    wanted = {"0 image 0": found, "0 image 0 limits": (0, 1.6), "0 image 0 colours": "Greys", "0 image 0 extent": (-3, 3, -2, 2)}
    losses = {}
    for place, name in enumerate(("SGD", "momentum", "RMSProp", "Adam")):
        path = _path(name, lambda x, y: slopes(x, y, now.condition), start, now.lr, now.b1, now.b2)[:now.step + 1]
        wanted |= {f"0 line {place}": np.transpose(path), f"0 line {name}": np.transpose(path[-1:])}
        losses[name] = height(*path[-1], now.condition)
    lowest = sorted(losses, key=losses.get)[0]
    return wanted | {"controls": {"surface": ("bowl", "Rosenbrock"), "start": ("(−2.4, 1)", "(2.4, 0.3)"), "condition": (1, 100),
                                  "lr": (0.001, 0.3), "b1": (0, 0.98), "b2": (0, 0.999), "step": (0, 120)},
                     "0 title": [now.step, lowest, losses[lowest], "SGD", losses["SGD"]]}


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


@facts.live
def good_step_sizes(now, tuning):
    wanted, texts, widths = {}, [], {}
    for row, (name, (rates, right)) in enumerate(tuning.items()):
        lost = [round(100 * float(max(right) - one), 6) for one in right]
        good = [rate for rate, points in zip(rates, lost) if points <= round(now.points, 6)]
        texts += [(rate, row - 0.22, [-points] if points else ["best"]) for rate, points in zip(rates, lost)]
        wanted |= {f"0 line {2 * row}": (rates, [row] * len(rates)), f"0 line {2 * row + 1}": (good, [row] * len(good))}
        widths[name] = round(max(good) / min(good))
    widest = [name for name, width in widths.items() if width == max(widths.values())]
    return wanted | {"controls": {"points": (0.5, 2)},
                     "0 texts": texts, "0 yticks": {row: [name] for row, name in enumerate(tuning)}, "0 logarithmic": "x",
                     "0 inverted": "y",                     "0 title": [now.points, *widest, max(widths.values())]}


def _quantile(numbers, share):
    numbers = sorted(float(one) for one in np.ravel(numbers))
    place = share * (len(numbers) - 1)
    below, above = numbers[int(place)], numbers[min(int(place) + 1, len(numbers) - 1)]
    return below + (place - int(place)) * (above - below)


@facts.live
def step_sizes(now, moments, sizes):
    one = sizes[now.layer][list(moments).index(now.moment)]
    low, high = _quantile(one, 0.05), _quantile(one, 0.95)
    logarithms = [[[log10(size) for size in row] for row in image] for image in one]
    medians = {f"1 line {name}": (moments, [_quantile(some, 0.5) for some in arrays]) for name, arrays in sizes.items()}
    return {"controls": {"moment": (moments[0], moments[-1]), "layer": (list(sizes)[0], list(sizes)[-1])},
            **shown("0 image 0", by_hand.sheet(logarithms, 4, 1), (-2, 0), "pixels"), **medians,
            "1 vertical 0": now.moment, "1 logarithmic": "xy",
            "2 yticks": {power: [10.0**power] for power in (-2, -1, 0)}, "suptitle": [now.moment, now.layer, low, high, high / low]}


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
