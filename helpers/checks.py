"""Feedback on exercises: whether an answer is right and, if not, which usual mistake it looks like.

Each exercise is the true function, arguments to try it on, and the usual wrong answers with a hint each.
"""
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Exercise:
    """`cases`: tuples of arguments; `truth`: the right function; `mistakes`: {hint: wrong function}."""

    cases: list
    truth: callable
    mistakes: dict
    praise: str = ""
    names: tuple = field(default=())  # of the arguments, for messages


def check(answer):
    """Print what the function `answer`, named as in its exercise, does right or wrong."""
    print(verdict(answer, EXERCISES[answer.__name__]))


def verdict(answer, exercise):
    """One sentence on `answer`: not tried, stopped with an error, wrong shape, a known mistake, or right."""
    found, wanted = [], [exercise.truth(*case) for case in exercise.cases]
    for case in exercise.cases:
        given = [np.copy(argument) for argument in case]
        try:
            found.append(answer(*given))
        except Exception as error:  # whatever the reader's code raises is for the reader to see
            return f"Your function stopped with {type(error).__name__}: {error}"
        for name, before, after in zip(exercise.names, case, given):
            if not np.array_equal(before, after):
                return f"Your function changed {name}, which its caller still needs: compute a new array instead."
    if any(result is None for result in found):
        return "Not tried yet: the function returns nothing."
    for result, want in zip(found, wanted):
        if np.shape(result) != np.shape(want):
            return f"The result must have shape {np.shape(want)}, but yours has shape {np.shape(result)}."
    if _same(found, wanted):
        return f"Right. {exercise.praise}".strip()
    for hint, wrong in exercise.mistakes.items():
        with np.errstate(all="ignore"):  # some mistakes overflow: that is the mistake
            if _same(found, [wrong(*case) for case in exercise.cases]):
                return hint
    return "Not right yet. Try it on one small case whose answer you know."


def _same(found, wanted):
    return all(np.allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True) for a, b in zip(found, wanted))


def _draws(*shapes):
    rng = np.random.default_rng(7)
    return [rng.standard_normal(shape) for shape in shapes]


# --- Lesson 00 ----------------------------------------------------------------------------------

_INK = Exercise(
    cases=[(np.clip(_draws((28, 28))[0], 0, 1),)],
    truth=lambda image: np.mean(image > 0),
    mistakes={
        "That is how many pixels hold ink; their share is that number divided by all 784.":
            lambda image: np.sum(image > 0),
        "That is the mean of the pixel values; here each pixel with ink counts as one, however faint.":
            lambda image: np.mean(image),
        "That is the share of the paper: you counted the pixels that are zero.":
            lambda image: np.mean(image == 0),
    },
    praise="Most of a digit is paper.",
    names=("image",),
)

# --- Lesson 01 ----------------------------------------------------------------------------------


def _log_softmax(z, axis=1, largest=lambda z: z.max(axis=1, keepdims=True)):
    shifted = z - largest(z)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


_LOG_SOFTMAX = Exercise(
    cases=[(_draws((3, 4))[0],), (np.array([[1000.0, 0.0, -1000.0], [2.0, 1.0, -999.0]]),)],
    truth=_log_softmax,
    mistakes={
        "It overflows: exp(1000) is infinite. Take the largest logit from its row first.":
            lambda z: np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)),
        "It overflows in the sum: take the largest logit from its row before exp.":
            lambda z: z - np.log(np.exp(z).sum(axis=1, keepdims=True)),
        "A probability too small for a float became log(0). Never form it: shifted − log(sum(exp(shifted))).":
            lambda z: np.log(np.exp(_log_softmax(z))),
        "You summed over the batch: each row, axis=1, is one image.":
            lambda z: _log_softmax(z, axis=0),
        "You took the largest logit of the whole batch; a row far below it underflows. Each row has its own.":
            lambda z: _log_softmax(z, largest=np.max),
        "Those are the probabilities: their logarithm is wanted.":
            lambda z: np.exp(_log_softmax(z)),
    },
    praise="No logits are too large for it now.",
    names=("logits",),
)

_SIGMOID_BACKWARD = Exercise(
    cases=[(_draws((3, 4))[0], 1 / (1 + np.exp(-_draws((3, 4), (3, 4))[1])))],
    truth=lambda dy, y: dy * y * (1 - y),
    mistakes={
        "That is the slope alone: multiply by dy, the gradient that arrives.":
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
    cases=[tuple(_draws((3, 4), (3, 4)))],
    truth=lambda dy, x: dy + dy * (x > 0),
    mistakes={
        "That is only the way through the ReLU: x also goes straight to y, and gradients of two ways add up.":
            lambda dy, x: dy * (x > 0),
        "That is only the straight way: x also goes through the ReLU, and gradients of two ways add up.":
            lambda dy, x: dy,
        "The straight way has no ReLU on it: only one of the two terms is multiplied by x > 0.":
            lambda dy, x: 2 * dy * (x > 0),
        "Both ways carry dy: the ReLU stops it where x is negative, whatever the sign of dy.":
            lambda dy, x: dy + np.maximum(dy, 0),
        "Each way carries the gradient dy, not the value x.":
            lambda dy, x: x + np.maximum(x, 0),
    },
    praise="This sum is what a skip connection does, in lesson 05.",
    names=("dy", "x"),
)

_DECAYED_STEP = Exercise(
    cases=[(*_draws((3, 4), (3, 4)), 0.1, 0.01)],
    truth=lambda w, dw, lr, decay: w - lr * (dw + decay * w),
    mistakes={
        "The weights climb: a step goes against the gradient.":
            lambda w, dw, lr, decay: w + lr * (dw + decay * w),
        "The decay is missing: add decay × w to the gradient.":
            lambda w, dw, lr, decay: w - lr * dw,
        "The decay skips the step size: it is part of the gradient, so lr multiplies it too.":
            lambda w, dw, lr, decay: w - lr * dw - decay * w,
        "The decay has the wrong sign: it must pull the weights towards zero.":
            lambda w, dw, lr, decay: w - lr * (dw - decay * w),
        "You moved by the gradient of the decay only: dw is missing.":
            lambda w, dw, lr, decay: w - lr * decay * w,
    },
    praise="Every step now shrinks each weight a little, too.",
    names=("w", "dw"),
)

EXERCISES = {
    "ink": _INK,
    "log_softmax": _LOG_SOFTMAX,
    "sigmoid_backward": _SIGMOID_BACKWARD,
    "two_paths_backward": _TWO_PATHS_BACKWARD,
    "decayed_step": _DECAYED_STEP,
}
