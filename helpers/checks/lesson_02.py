"""The exercises of lesson 02: another nonlinearity, two paths at once, three backward passes, a start from zeros."""
import numpy as np

from .core import Exercise, draws

_SIGMOID_BACKWARD = Exercise(
    cases=[(draws((3, 4))[0], 1 / (1 + np.exp(-draws((3, 4), (3, 4))[1])))],
    truth=lambda dy, y: dy * y * (1 - y),
    mistakes={
        "That is the slope alone: multiply it by dy, the upstream gradient.":
            lambda dy, y: y * (1 - y),
        "y already is the sigmoid; you applied it once more.":
            lambda dy, y: dy * (1 / (1 + np.exp(-y))) * (1 - 1 / (1 + np.exp(-y))),
        "That is the slope of tanh, 1 − y²; the sigmoid's is y (1 − y).":
            lambda dy, y: dy * (1 - y * y),
        "The factor y is missing: the slope is y (1 − y), small at both ends.":
            lambda dy, y: dy * (1 - y),
        "The factor 1 − y is missing: the slope is y (1 − y), small at both ends.":
            lambda dy, y: dy * y,
        "That is the slope of y (1 − y) itself; the sigmoid's slope is y (1 − y).":
            lambda dy, y: dy * (1 - 2 * y),
        "You passed dy on unchanged: multiply it by the slope y (1 − y).":
            lambda dy, y: dy * (y > 0),
        "The chain rule multiplies dy by the slope: do not add the two.":
            lambda dy, y: dy + y * (1 - y),
        "Each number has a slope of its own: multiply dy and the slope element-wise, with * in place of @.":
            lambda dy, y: dy @ (y * (1 - y)).T,
        "Each number has a slope of its own: multiply dy and the slope element-wise, with * and without .T or @.":
            lambda dy, y: dy.T @ (y * (1 - y)),
        "The sign is off: the sigmoid only rises, so dx has the sign of dy.":
            lambda dy, y: -dy * y * (1 - y),
    },
    praise="It needs only the output, so the input can be forgotten.",
    names=("dy", "y"),
)


def _with_a_zero():
    """Upstream gradients, and inputs of which one is exactly 0."""
    dy, x = draws((3, 4), (3, 4))
    x[1, 2] = 0
    return dy, x


_TWO_PATHS_BACKWARD = Exercise(
    cases=[_with_a_zero()],
    truth=lambda dy, x: dy + dy * (x > 0),
    mistakes={
        "At x = 0 exactly this lesson takes the slope of ReLU as 0: x > 0, not x >= 0.":
            lambda dy, x: dy + dy * (x >= 0),
        "That is only the path through the ReLU: x also goes straight to y, and gradients of two paths add up.":
            lambda dy, x: dy * (x > 0),
        "That is only the straight path: x also goes through the ReLU, and gradients of two paths add up.":
            lambda dy, x: dy,
        "The straight path carries dy, not 1: its slope is 1, and the chain rule multiplies that by dy.":
            lambda dy, x: dy * (x > 0) + 1,
        "That is the slope alone: multiply it by dy, the upstream gradient.":
            lambda dy, x: (x > 0) + 1.0,
        "The path through the ReLU carries dy too: multiply its slope by dy.":
            lambda dy, x: dy + (x > 0),
        "You doubled dy everywhere: where x is negative, only the straight path is open.":
            lambda dy, x: 2 * dy,
        "The straight path has no ReLU on it: only one of the two terms is multiplied by x > 0.":
            lambda dy, x: 2 * dy * (x > 0),
        "Gradients of two paths add up; you multiplied them.":
            lambda dy, x: dy * dy * (x > 0),
        "Gradients of two paths add up; you took one from the other.":
            lambda dy, x: dy - dy * (x > 0),
        "The ReLU stops dy where x is negative, whatever the sign of dy.":
            lambda dy, x: dy + np.maximum(dy, 0),
        "Each path carries the gradient dy, not the value x.":
            lambda dy, x: x + np.maximum(x, 0),
        "Through the ReLU dy is multiplied by a slope, 0 or 1, and not by x.":
            lambda dy, x: dy * x + dy,
        "You opened the path through the ReLU where x is negative: it is open where x > 0.":
            lambda dy, x: dy + dy * (x < 0),
        "Multiply dy by the slope of ReLU, 0 or 1, not by its value.":
            lambda dy, x: dy + dy * np.maximum(x, 0),
    },
    praise="This sum is what a skip connection does, in lesson 07.",
    names=("dy", "x"),
)

_CORRECT_BACKWARD = Exercise(
    cases=[()],
    truth=lambda: "B",
    mistakes={
        "A has the correct direction, but look at its size: the loss is a mean over the images.":
            lambda: "A",
        "C has the correct shape, but only because w_last is square: which index is summed?":
            lambda: "C",
    },
    praise="ReLU's output is positive exactly where its input is. A misses the mean over 7 images, C transposes the weights.",
)

_MOVED_BY_FIRST_STEP = Exercise(
    cases=[()],
    truth=lambda: 10,
    mistakes={
        "Something does move: which parameters add to the logits whatever the activations are?":
            lambda: 0,
        "The gradient of w2 is dz times the activations, and with zeros all of these are 0.":
            lambda: 1290,
        "The gradient of w2 is dz times the activations, and with zeros all of these are 0. Count only the others.":
            lambda: 1280,
        "Not all: what does dz times w2 give for the hidden layer, if w2 is 0?":
            lambda: 101770,
        "Not both layers: what does dz times w2 give for the hidden layer, if w2 is 0?":
            lambda: 138,
        "Not the hidden layer: what does dz times w2 give for it, if w2 is 0?":
            lambda: 128,
    },
    praise="Only the last biases, and so it stays: the network learns how frequent each digit is, and nothing about images.",
)

EXERCISES = {
    "sigmoid_backward": _SIGMOID_BACKWARD,
    "two_paths_backward": _TWO_PATHS_BACKWARD,
    "correct_backward": _CORRECT_BACKWARD,
    "moved_by_first_step": _MOVED_BY_FIRST_STEP,
}
