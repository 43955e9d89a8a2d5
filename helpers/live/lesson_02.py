"""Live figures of lesson 02: a training run to scrub through."""
from ..figures import style as G
from .core import scrub


def training(snapshots, name):
    """Scrub through a training run: weights of twelve neurons as images, their gradients, and both losses.

    `snapshots` as kept by `training.Snapshots`, `name` the weight (out, 784) to show.
    """
    return scrub(snapshots, {"first layer": (name, lambda weights: _sheet(weights[:12]))})


def _sheet(rows):
    """Rows of weights (n, 784) as one sheet of images, three across."""
    return G.tiled(rows.reshape(-1, 28, 28), 3)
