"""Live figures of lesson 02: a training run to scrub through, and a digit drawn by hand."""
from copy import deepcopy

import numpy as np

from .. import functional as F
from ..data import drawing
from ..figures import style as G
from ..rounding import probability
from .core import scrub
from .pad import Drawn


def training(snapshots, name):
    """Scrub through a training run: weights of twelve neurons as images, their gradients, and both losses.

    `snapshots` as kept by `training.Snapshots`, `name` the weight (out, 784) to show.
    """
    return scrub(snapshots, {"first layer": (name, lambda weights: _sheet(weights[:12]))})


def _sheet(rows):
    """Rows of weights (n, 784) as one sheet of images, three across."""
    return G.tiled(rows.reshape(-1, 28, 28), 3)


def draw_dense(net):
    """Draw a digit: the weights times the ink of the six hidden neurons that add most to its score, and the probabilities.

    `net` as `models.mlp` makes it, with one hidden layer.
    """
    net = deepcopy(net).double()  # so that small differences keep their digits
    _, first, relu, last = net.layers
    fig, (left, middle, right) = G.canvas(7.6, 3.9, 1, 3, width_ratios=(1, 1.5, 1.3))
    picture = G.framed(left).imshow(np.zeros((28, 28)), cmap=G.PIXELS, vmin=0, vmax=1)
    sheet = G.bare(middle).imshow(np.zeros((1, 1)), cmap=G.WEIGHTS, extent=(0, 1.5, 0, 1))
    middle.set_facecolor(G.GAP)
    bars = right.bar(range(10), np.ones(10), color=G.OUTPUT, edgecolor=G.INK, width=0.8, animated=True)
    right.set(xticks=range(10), yticks=(0, 1), ylim=(0, 1.05), title="probabilities")
    right.tick_params(axis="x", length=0)
    left.set_title("input")
    middle.set_title("weights × ink")
    title = fig.suptitle(" ")

    def update(strokes, pen):
        x = drawing.digit(strokes, pen).astype(np.float64)
        hidden = relu.forward(first.forward(x.reshape(1, -1)))
        p = F.softmax(last.forward(hidden))[0][0]
        answer = int(p.argmax())
        adds = last.weight.value[answer] * hidden[0]
        most = np.argsort(-adds, kind="stable")[:6]
        products = first.weight.value[most].reshape(-1, 28, 28) * x
        picture.set_data(x)
        sheet.set_data(G.tiled(products, 3))
        sheet.set_clim(**G.span(products))
        for bar, height in zip(bars, p):
            bar.set_height(height)
        title.set_text(f"Read as {answer}, p({answer}) {probability(p[answer])}: "
                       f"six of {hidden.size} neurons add {adds[most].sum():.1f}")
        return f"The network reads a {answer}." if strokes else "Draw a digit."

    return Drawn(fig, update, [picture, sheet, *bars, title],
                 "A drawn digit, its pixels times the weights of the six hidden neurons that add most to its score, and ten probabilities")
