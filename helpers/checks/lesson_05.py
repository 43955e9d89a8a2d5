"""The exercises of lesson 05: how far a place sees, and one probability."""
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


EXERCISES = {
    "receptive_field": _RECEPTIVE_FIELD,
    "probability_gradient": _PROBABILITY_GRADIENT,
}
