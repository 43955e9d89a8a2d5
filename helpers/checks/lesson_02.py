"""The exercises of lesson 02: another nonlinearity, two paths at once."""
import numpy as np
from .core import Exercise, draws


_SIGMOID_BACKWARD = Exercise(
    cases=[(draws((3, 4))[0], 1 / (1 + np.exp(-draws((3, 4), (3, 4))[1])))],
    truth=lambda dy, y: dy * y * (1 - y),
    mistakes={
        "That is the slope alone: multiply by dy, the upstream gradient.":
            lambda dy, y: y * (1 - y),
        "y already is the sigmoid; you applied it once more.":
            lambda dy, y: dy * (1 / (1 + np.exp(-y))) * (1 - 1 / (1 + np.exp(-y))),
        "That is the slope of tanh, 1 − y²; the sigmoid's is y (1 − y).":
            lambda dy, y: dy * (1 - y * y),
        "The sign is off: the sigmoid only rises, so dx has the sign of dy.":
            lambda dy, y: -dy * y * (1 - y),
    },
    praise="It needs only the output, so the input can be forgotten.",
    names=("dy", "y"),
)


_TWO_PATHS_BACKWARD = Exercise(
    cases=[tuple(draws((3, 4), (3, 4)))],
    truth=lambda dy, x: dy + dy * (x > 0),
    mistakes={
        "That is only the way through the ReLU: x also goes straight to y, and gradients of two ways add up.":
            lambda dy, x: dy * (x > 0),
        "That is only the straight way: x also goes through the ReLU, and gradients of two ways add up.":
            lambda dy, x: dy,
        "You doubled dy: only the straight way is open where x is negative.":
            lambda dy, x: 2 * dy,
        "The straight way has no ReLU on it: only one of the two terms is multiplied by x > 0.":
            lambda dy, x: 2 * dy * (x > 0),
        "Both ways carry dy: the ReLU stops it where x is negative, whatever the sign of dy.":
            lambda dy, x: dy + np.maximum(dy, 0),
        "Each way carries the gradient dy, not the value x.":
            lambda dy, x: x + np.maximum(x, 0),
    },
    praise="This sum is what a skip connection does, in lesson 07.",
    names=("dy", "x"),
)


EXERCISES = {
    "sigmoid_backward": _SIGMOID_BACKWARD,
    "two_paths_backward": _TWO_PATHS_BACKWARD,
}
