"""The exercise of lesson 00."""
import numpy as np

from .core import Exercise, draws

_INK = Exercise(
    cases=[(np.clip(draws((28, 28))[0], 0, 1),)],
    truth=lambda image: np.mean(image > 0),
    mistakes={
        "That is how many pixels hold ink; their share is that number divided by all 784.":
            lambda image: np.sum(image > 0),
        "That is the mean of the pixel values; here each pixel with ink counts as one, however faint.":
            lambda image: np.mean(image),
        "That is the share of the background: you counted the pixels that are zero.":
            lambda image: np.mean(image == 0),
        "You count the pixels that are zero as well: every pixel is >= 0.":
            lambda image: np.mean(image >= 0),
        "That is the share in per cent: a share lies between 0 and 1.":
            lambda image: 100 * np.mean(image > 0),
        "You divided by 28: an image has 28 × 28 pixels.":
            lambda image: np.sum(image > 0) / 28,
        "That is the mean of the pixels that hold ink: their share of all pixels is wanted.":
            lambda image: np.mean(image[image > 0]),
    },
    praise="Most of an image is background.",
    names=("image",),
)

EXERCISES = {
    "ink": _INK,
}
