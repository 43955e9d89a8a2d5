"""The exercises of lesson 06: a fault to diagnose, a step in the right order, and what a fix gains."""
import numpy as np

from ..published import cnn
from .core import Exercise, draws


def patient():
    """A published network with all faults fixed but one, which the first exercise asks for."""
    return cnn.CNN(3, fixed=set(cnn.FAULTS) - {"order"})


_DIAGNOSIS = Exercise(
    cases=[()],
    truth=lambda: "B",
    mistakes={
        "With the stride ignored dw2 is off by as much at every learning rate: here the error shrinks with the rate.":
            lambda: "A",
        "Softmax fails only where a power overflows, and then dw3 and db3 fail as well: here they pass.":
            lambda: "C",
    },
    praise="An error that shrinks with the learning rate says that a weight has moved too early.",
)


def _chain_step(x, u, v, target, rate, order="together"):
    dy = v * u * x - target
    if order == "v first":
        v = v - rate * dy * u * x
        return np.array([u - rate * dy * v * x, v])
    if order == "u first":
        u = u - rate * dy * v * x
        return np.array([u, v - rate * dy * u * x])
    if order == "afresh":
        v = v - rate * dy * u * x
        return np.array([u - rate * (v * u * x - target) * v * x, v])
    return np.array([u - rate * dy * v * x, v - rate * dy * u * x])


_CHAIN_STEP = Exercise(
    cases=[(2.0, 0.5, -1.5, 1.0, 0.1), (1.5, -0.7, 0.4, 0.3, 0.5)],
    truth=_chain_step,
    mistakes={
        "v has moved before the gradient of u passed through it: compute both gradients first, then move.":
            lambda x, u, v, target, rate: _chain_step(x, u, v, target, rate, "v first"),
        "u has moved before the gradient of v was computed: compute both gradients first, then move.":
            lambda x, u, v, target, rate: _chain_step(x, u, v, target, rate, "u first"),
        "You ran forward a second time with the new v: both gradients belong to the same weights.":
            lambda x, u, v, target, rate: _chain_step(x, u, v, target, rate, "afresh"),
        "The step goes uphill: move against the gradient.":
            lambda x, u, v, target, rate: _chain_step(x, u, v, target, -rate),
        "u and v are exchanged: the gradient of u passes through v, and the gradient of v through u.":
            lambda x, u, v, target, rate: np.array([u, v]) - rate * (v * u * x - target) * np.array([u * x, v * x]),
        "u and v are exchanged in what you return: first u, then v.":
            lambda x, u, v, target, rate: _chain_step(x, u, v, target, rate)[::-1],
        "x is missing: y = v u x, so its slope along u is v x, and along v it is u x.":
            lambda x, u, v, target, rate: np.array([u, v]) - rate * (v * u * x - target) * np.array([v, u]),
        "The error y - target is missing: each gradient is dy times the slope of y.":
            lambda x, u, v, target, rate: np.array([u, v]) - rate * np.array([v * x, u * x]),
        "The learning rate is missing.":
            lambda x, u, v, target, rate: _chain_step(x, u, v, target, 1.0),
        "Those are the gradients: take the step, too.":
            lambda x, u, v, target, rate: (v * u * x - target) * np.array([v * x, u * x]),
        "The slope of half a square has no 2: dy is y - target.":
            lambda x, u, v, target, rate: _chain_step(x, u, v, target, 2 * rate),
    },
    praise="The gradient belongs to the weights that made the loss.",
    names=("x", "u", "v", "target", "rate"),
)


_SEEDS = np.array([0.572, 0.496, 0.525, 0.480, 0.527]), np.array([0.586, 0.563, 0.489, 0.547, 0.556])


def _error(gains, ddof=1):
    return np.std(gains, ddof=ddof) / np.sqrt(len(gains))


_GAIN = Exercise(
    cases=[_SEEDS, tuple(draws((10,), (10,)))],
    truth=lambda before, after: np.array([np.mean(after - before), _error(after - before)]),
    mistakes={
        "That error forgets that the seeds are the same: take the differences first, then their standard deviation.":
            lambda before, after: np.array([np.mean(after - before), np.hypot(_error(before), _error(after))]),
        "That is the standard deviation of the differences: their mean is surer, divide by the root of n.":
            lambda before, after: np.array([np.mean(after - before), np.std(after - before, ddof=1)]),
        "The mean is estimated from the same differences, which costs one: divide by n - 1 in their deviation.":
            lambda before, after: np.array([np.mean(after - before), _error(after - before, 0)]),
        "The sign is turned: a gain is after less before.":
            lambda before, after: np.array([np.mean(before - after), _error(after - before)]),
        "You divided by n: the error shrinks with the root of n only.":
            lambda before, after: np.array([np.mean(after - before), np.std(after - before, ddof=1) / len(before)]),
        "That is the square of the error: take the root of the variance, too.":
            lambda before, after: np.array([np.mean(after - before), np.var(after - before, ddof=1) / len(before)]),
        "That error is of the runs after the fix alone: take it of the differences.":
            lambda before, after: np.array([np.mean(after - before), _error(after)]),
        "That is a gain in parts of what was there: take the differences themselves.":
            lambda before, after: np.array([np.mean(after / before - 1), _error(after / before - 1)]),
    },
    praise="A gain of less than two such errors may be luck.",
    names=("before", "after"),
)


EXERCISES = {
    "diagnosis": _DIAGNOSIS,
    "chain_step": _CHAIN_STEP,
    "gain": _GAIN,
}
