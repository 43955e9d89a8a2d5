"""The exercises of lesson 08: what a skip to the logits sends back, a fault found with `audit`, and two numbers of a safe softmax."""
import numpy as np
from .core import Exercise, draws


def _skip_backward(dz, w, scale):
    return scale * np.tensordot(dz, w, 1)


def _softmax(z):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _true_class(shifted, labels, axis=1):
    powers = np.exp(shifted)
    return powers[np.arange(len(powers)), labels] / powers.sum(axis=axis) - 1


_SKIP_BACKWARD = Exercise(
    cases=[(*draws((3, 10), (10, 2, 4, 5)), 0.5), (*draws((1, 4), (4, 1, 2, 2)), 0.001)],
    truth=_skip_backward,
    mistakes={
        "The scale is missing: it multiplied the maps in the forward pass, so it multiplies the gradient in the backward pass.":
            lambda dz, w, scale: _skip_backward(dz, w, 1.0),
        "The scale multiplied the skip in the forward pass: in the backward pass it multiplies the gradient, and is not added to it.":
            lambda dz, w, scale: scale + _skip_backward(dz, w, 1.0),
        "You took the mean over the classes: every score was reached, so their gradients add up.":
            lambda dz, w, scale: _skip_backward(dz, w, scale) / dz.shape[1],
        "You added the images up: each has maps of its own, and so a gradient of its own.":
            lambda dz, w, scale: scale * np.tensordot(dz.sum(axis=0), w, 1),
        "That is the article's skip, whose weights are all 1: here class k has weights w[k] of its own.":
            lambda dz, w, scale: scale * dz.sum(axis=1)[:, None, None, None] * np.ones(w.shape[1:]),
        "That is one row of the weights for every image: all classes send something back.":
            lambda dz, w, scale: scale * dz[:, :1, None, None] * w[0],
        "You added the weights of all classes up before dz came in: each class multiplies its own weights by its own dz.":
            lambda dz, w, scale: scale * dz.sum(axis=1)[:, None, None, None] * w.sum(axis=0),
        "You divided by the scale: the skip's output was multiplied by it, and so is its gradient.":
            lambda dz, w, scale: _skip_backward(dz, w, 1 / scale),
        "The scale comes in once: it multiplied the skip once.":
            lambda dz, w, scale: _skip_backward(dz, w, scale**2),
        "dz has its mean over the images already: do not divide by the number of images again.":
            lambda dz, w, scale: _skip_backward(dz, w, scale) / len(dz),
    },
    praise="With equal rows it is a multiple of the sum of dz over the classes: zero.",
    names=("dz", "w"),
)

_FAILING_ARRAY = Exercise(
    cases=[()],
    truth=lambda: "C",
    mistakes={
        "A: the bias b1 gets the same upstream gradient as before. Run audit, and look for an error of more than 1e-6.": lambda: "A",
        "B: w1 and the upstream gradient that reaches it are correct. Run audit, and look for an error of more than 1e-6.": lambda: "B",
        "D: w3's gradient is written in another way here, and is the same sum. Run audit, and look for an error of more than 1e-6.":
            lambda: "D",
    },
    praise="Its gradient is a mean over the places of a feature map, where each place adds its part: a sum is correct.",
    choices=("A", "B", "C", "D"),
)

_FAR_APART = np.array([[0.3, 1.1, -2000.0, 0.7], [4000.5, 4000.0, 1000.0, 4001.0]])

_TRUE_CLASS_TERM = Exercise(
    cases=[(draws((3, 10))[0], np.array([3, 0, 9])), (_FAR_APART, np.array([1, 0]))],
    truth=lambda z, labels: _softmax(z)[np.arange(len(z)), labels] - 1,
    mistakes={
        "That is p of the true class: its derivative has 1 taken away, because t is 1 there.":
            lambda z, labels: _softmax(z)[np.arange(len(z)), labels],
        "The sign: p - t is p - 1, so that a step against the gradient raises the true class.":
            lambda z, labels: 1 - _softmax(z)[np.arange(len(z)), labels],
        "That is a mean over the images already: each image's own number is wanted.":
            lambda z, labels: (_softmax(z)[np.arange(len(z)), labels] - 1) / len(z),
        "That is the whole of p - t: only the number of the true class of each image is wanted.":
            lambda z, labels: _softmax(z) - np.eye(z.shape[1])[labels],
        "e^z overflows for a logit of some hundreds: take the largest logit of each image away first.":
            lambda z, labels: np.exp(z)[np.arange(len(z)), labels] / np.exp(z).sum(axis=1) - 1,
        "You took the largest logit of the whole batch; a row far below it underflows. Each row has its own, axis=1.":
            lambda z, labels: _true_class(z - z.max(), labels),
        "You took the largest logit of each class, axis=0: each row has its own, axis=1.":
            lambda z, labels: _true_class(z - z.max(axis=0), labels),
        "You divided by the sum over the whole batch: each row has its own, axis=1.":
            lambda z, labels: _true_class(z - z.max(), labels, axis=None),
        "You divided by the sum over the whole batch: the sum needs axis=1, too.":
            lambda z, labels: _true_class(z - z.max(axis=1, keepdims=True), labels, axis=None),
        "p[:, labels] takes all labels' columns for each image: p[np.arange(len(z)), labels] takes one number of each.":
            lambda z, labels: _softmax(z)[:, labels] - 1,
        "Each image's own loss has a whole 1 in its t: it is not divided by the number of images.":
            lambda z, labels: _softmax(z)[np.arange(len(z)), labels] - 1 / len(z),
        "You took the likeliest class for the true one: use the labels.":
            lambda z, labels: _softmax(z).max(axis=1) - 1,
        "The logarithm is gone once you differentiate: the term is p - 1, not ln p - 1.":
            lambda z, labels: np.log(_softmax(z)[np.arange(len(z)), labels]) - 1,
        "The labels count from 0, as NumPy's columns do: take no 1 off them.":
            lambda z, labels: _softmax(z)[np.arange(len(z)), labels - 1] - 1,
        "You added the images up: each image has a number of its own.":
            lambda z, labels: (_softmax(z)[np.arange(len(z)), labels] - 1).sum(),
        "You took the mean over the images: each image has a number of its own.":
            lambda z, labels: (_softmax(z)[np.arange(len(z)), labels] - 1).mean(),
        "That is the loss, - ln p: its derivative for the true logit is p - 1.":
            lambda z, labels: -np.log(_softmax(z)[np.arange(len(z)), labels]),
        "You took the first classes for the true ones: use the labels.":
            lambda z, labels: _softmax(z)[:, 0] - 1,
    },
    praise="The true class's term is p - 1, and the others' are their p: together they add up to 0.",
    names=("z", "labels"),
)

_LARGEST_SQUARE = Exercise(
    cases=[()],
    truth=lambda: np.log(np.finfo(np.float64).max) / 2,
    mistakes={
        "That is where e^z itself overflows: its square does so at half of it.": lambda: np.log(np.finfo(np.float64).max),
        "The square of e^z is e^(2z): divide by 2, where you have multiplied.": lambda: 2 * np.log(np.finfo(np.float64).max),
        "The square of e^z is e^(2z): halve the exponent, the root is not of z.": lambda: np.sqrt(np.log(np.finfo(np.float64).max)),
        "That is what e^z · e^z may be at most: the z for which it is that large is wanted, so a logarithm is missing.":
            lambda: np.finfo(np.float64).max,
        "That is what e^z may be at most: z is wanted, so a logarithm is missing.": lambda: np.sqrt(np.finfo(np.float64).max),
        "Halve z, not e^z: the logarithm is missing, and half of it is z.": lambda: np.finfo(np.float64).max / 2,
        "That is float32: the article computes in float64.": lambda: np.log(np.finfo(np.float32).max) / 2,
        "That is where e^z overflows in float32: the article computes in float64, and squares.": lambda: np.log(np.finfo(np.float32).max),
        "That is the power of ten: e^z wants the natural logarithm.": lambda: np.log10(np.finfo(np.float64).max) / 2,
        "That is the power of two: e^z wants the natural logarithm.": lambda: np.log2(np.finfo(np.float64).max) / 2,
    },
    praise="Half of 709.8: batch 60 ended below it, batch 61 began above.",
    tolerance=0.0005,
)


EXERCISES = {
    "largest_square": _LARGEST_SQUARE,
    "skip_backward": _SKIP_BACKWARD,
    "failing_array": _FAILING_ARRAY,
    "true_class_term": _TRUE_CLASS_TERM,
}
