"""The exercises of lesson 04: how far a place sees, a step in the right order, one probability, and what a fix gains."""
import numpy as np

from .core import Exercise, draws


def _seen(layers, first=1, grow=lambda seen, kernel, jump, stride: seen + (kernel - 1) * jump, strided=True):
    seen, jump = first, 1
    for kernel, stride in layers:
        seen = grow(seen, kernel, jump, stride)
        jump *= stride if strided else 1
    return seen


def _seen_backwards(layers):
    seen = 1
    for kernel, stride in layers:
        seen = (seen - 1) * stride + kernel
    return seen


_RECEPTIVE_FIELD = Exercise(
    cases=[([(8, 1), (4, 2)],), ([(5, 2), (3, 2), (3, 1)],), ([(3, 1)],), ([(7, 3), (2, 2), (3, 2)],)],
    truth=_seen,
    mistakes={
        "You added the filters up: a filter of K adds only K - 1 pixels, for its first one was there already.":
            lambda layers: _seen(layers, first=0, grow=lambda seen, kernel, jump, stride: seen + kernel * jump),
        "The strides are missing: after a stride of 2, neighbours on the map are 2 pixels apart, and so on.":
            lambda layers: _seen(layers, strided=False),
        "A layer's own stride does not widen what it sees, only what the layers after it see.":
            lambda layers: _seen(layers, grow=lambda seen, kernel, jump, stride: seen + (kernel - 1) * jump * stride),
        "You multiplied by a layer's own stride only: multiply by all strides before it.":
            lambda layers: 1 + sum((kernel - 1) * stride for kernel, stride in layers),
        "That rule, seen = (seen - 1) * stride + kernel, runs from the last layer to the first.":
            lambda layers: _seen_backwards(layers),
        "You added the filters up, without strides: each adds K - 1 pixels, times the strides before it.":
            lambda layers: sum(kernel for kernel, _ in layers),
        "Strides multiply: after strides of 2 and 2, neighbours are 4 pixels apart, not 3 or 2.":
            lambda layers: 1 + sum((kernel - 1) * (([1] + [stride for _, stride in layers])[place])
                                   for place, (kernel, _) in enumerate(layers)),
    },
    praise="One number of the second maps sees 11 × 11 pixels of the digit.",
    names=("layers",),
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


def _softmax(z):
    powers = np.exp(z - z.max())
    return powers / powers.sum()


def _probability_gradient(z, k):
    p = _softmax(z)
    return p[k] * (np.eye(len(z))[k] - p)


_PROBABILITY_GRADIENT = Exercise(
    cases=[(draws((10,))[0], 3), (3 * draws((4,))[0], 0), (draws((6,))[0] + 800, 2)],
    truth=_probability_gradient,
    mistakes={
        "That is the gradient of the loss, p - t: here the probability itself is wanted, and upwards.":
            lambda z, k: _softmax(z) - np.eye(len(z))[k],
        "That is the gradient of ln p: the slope of p is p times that.":
            lambda z, k: np.eye(len(z))[k] - _softmax(z),
        "That is the gradient of the score: raising the other scores lowers the probability.":
            lambda z, k: np.eye(len(z))[k],
        "The sign is turned: raising the class's own score raises its probability.":
            lambda z, k: -_probability_gradient(z, k),
        "That is right for the class itself only: raising another score z_j changes p_k by -p_k p_j.":
            lambda z, k: _softmax(z) * (1 - _softmax(z)),
        "Its powers overflow: take the largest logit away first.":
            lambda z, k: (lambda p: p[k] * (np.eye(len(z))[k] - p))(np.exp(z) / np.exp(z).sum()),
        "Only the class's own score is left: the others pull its probability down.":
            lambda z, k: _probability_gradient(z, k) * np.eye(len(z))[k],
    },
    praise="It adds up to zero, and fades where the network is sure.",
    names=("z", "k"),
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
    "receptive_field": _RECEPTIVE_FIELD,
    "chain_step": _CHAIN_STEP,
    "probability_gradient": _PROBABILITY_GRADIENT,
    "gain": _GAIN,
}
