"""The exercise of lesson 08: what a skip to the logits sends to the maps."""
import numpy as np
from .core import Exercise, draws


def _skip_backward(dz, w, scale):
    return scale * np.tensordot(dz, w, 1)


_SKIP_BACKWARD = Exercise(
    cases=[(*draws((3, 10), (10, 2, 4, 5)), 0.5), (*draws((1, 4), (4, 1, 2, 2)), 0.001)],
    truth=_skip_backward,
    mistakes={
        "The scale is missing: it multiplied the maps in the forward pass, so it multiplies the gradient in the backward pass.":
            lambda dz, w, scale: _skip_backward(dz, w, 1.0),
        "You took the mean over the classes: every score was reached, so their gradients add up.":
            lambda dz, w, scale: _skip_backward(dz, w, scale) / dz.shape[1],
        "You added the images up: each has maps of its own, and so a gradient of its own.":
            lambda dz, w, scale: scale * np.tensordot(dz.sum(axis=0), w, 1),
        "That is the article's skip, whose weights are all 1: here class k has weights w[k] of its own.":
            lambda dz, w, scale: scale * dz.sum(axis=1)[:, None, None, None] * np.ones(w.shape[1:]),
        "That is one row of the weights for every image: all classes send something back.":
            lambda dz, w, scale: scale * dz[:, :1, None, None] * w[0],
    },
    praise="With equal rows it is a multiple of the sum of dz over the classes: zero.",
    names=("dz", "w"),
)


EXERCISES = {
    "skip_backward": _SKIP_BACKWARD,
}
