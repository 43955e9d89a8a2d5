"""Live figures of lesson 12: a block with its numbers, the shortcut's factor, paths by length, and blocks cut out of trained networks."""
from copy import deepcopy
from functools import lru_cache
from math import comb

import numpy as np

from .. import functional as F
from ..analysis import reordered, without
from ..figures import style as G
from ..gradcheck import numeric_gradient, relative_error
from .core import Live, pick, slider, tick

_W = np.array([[0.9, -0.6, 0.41], [-0.8, 0.73, 0.5], [0.3, 0.62, -0.9]])  # no h is 0, where a ReLU has its kink
_DY = np.array([1.0, -0.5, 0.8])


def block():
    """y = x + ReLU(h), h = x wᵀ, with three numbers at each place, forward and backward, and the gradient of x by path.

    One of two ReLUs' backward passes can be chosen: one returns a new array, the other writes into the gradient that it was handed.
    """
    fig, ax = G.canvas(10.4, 5.0)
    G.bare(ax).set(xlim=(0, 10.4), ylim=(-1.1, 4.3))
    places = {"x": (0.9, "x"), "h": (3.3, "h = x wᵀ"), "a": (5.7, "ReLU(h)"), "y": (9.2, "y = x + ReLU(h)")}
    values, slopes = {}, {}
    for name, (across, head) in places.items():
        ax.add_patch(G.box(across - 0.75, 2.0, 1.5, 1.15, G.INPUT if name == "x" else G.OUTPUT))
        ax.text(across, 3.22, head, ha="center", va="bottom", fontsize=16)
        values[name] = ax.text(across, 2.58, " ", ha="center", va="center", color=G.INK)
        slopes[name] = ax.text(across, 1.9, _column(_DY), ha="center", va="top", color=G.GRADIENT_TEXT)
    for start, stop in ((1.75, 2.45), (4.15, 4.85), (6.55, 7.1), (7.7, 8.35)):
        ax.add_patch(G.arrow((start, 2.58), (stop, 2.58), G.FRAME))
    ax.text(7.4, 2.58, "+", ha="center", va="center", fontsize=26)
    ax.add_patch(G.arrow((1.1, 3.5), (7.38, 2.92), G.FRAME, "arc3,rad=-0.25"))
    ax.text(4.3, 3.78, "shortcut", ha="center", va="top")
    ax.text(10.3, 0.2, "in the boxes: forward", ha="right", va="center")
    ax.text(10.3, -0.2, "below them: backward", ha="right", va="center", color=G.GRADIENT_TEXT)
    rows = {"through the body": 0.45, "along the shortcut": 0.05, "their sum, dx": -0.35, "finite differences": -0.75}
    routes = {}
    for name, height in rows.items():
        colour = G.INK if name == "finite differences" else G.GRADIENT_TEXT
        ax.text(0.15, height, name, va="center", color=colour)
        routes[name] = [ax.text(across, height, " ", ha="right", va="center", color=colour) for across in (3.6, 4.6, 5.6)]
    title = fig.suptitle(" ")

    def update(first, size, relu):
        x, w = np.array([first, 1.0, -1.0]), size * _W
        h = w @ x
        dy = _DY.copy()
        da = dy if relu == "writes into it" else dy.copy()
        da[h <= 0] = 0
        through, along = da @ w, dy  # the shortcut reads dy after the ReLU has
        moved = x.copy()
        wanted = numeric_gradient(lambda: _DY @ (moved + np.maximum(w @ moved, 0)), moved)
        for name, array in (("x", x), ("h", h), ("a", np.maximum(h, 0)), ("y", x + np.maximum(h, 0))):
            values[name].set_text(_column(array))
        for name, array in (("x", through + along), ("h", da)):
            slopes[name].set_text(_column(array))
        for texts, array in zip(routes.values(), (through, along, through + along, wanted)):
            for text, one in zip(texts, array + 0.0):
                text.set_text(f"{one:.2f}")
        error = relative_error(through + along, wanted)
        title.set_text(f"w times {size:g}: the block's dx is {'correct' if error < 1e-6 else f'wrong by {error:.2f}'}")

    return Live(fig, update, [*values.values(), slopes["x"], slopes["h"], *sum(routes.values(), []), title],
                "A residual block as a picture: three numbers at each place, forward and backward, and the gradient of x by path",
                first=slider("first x", 1.5, -2.0, 2.0, step=0.25), size=slider("w times", 1.0, 0.25, 2.0, step=0.25),
                relu=pick("ReLU's backward, given dy,", ["returns a new array", "writes into it"], "returns a new array"))


def _column(array):
    return "\n".join(f"{one:.2f}" for one in array + 0.0)  # without the minus of zero


def shortcut_factor():
    """Blocks y = λ x + s w x with random w: the gradient that the shortcuts alone carry down to each block, and that of all paths.

    64 numbers wide; each w is normal, with variance 1 / 64, so that a body with s = 1 keeps the size of what it is handed.
    """
    width, most, rng = 64, 54, np.random.default_rng(0)
    weights, top = rng.standard_normal((most, width, width)) / width**0.5, rng.standard_normal((16, width))
    fig, ax = G.canvas(10.2, 4.8)
    ax.set(yscale="log", xlim=(-1, most + 1), ylim=(1e-17, 1e12), xlabel="blocks, from the top", ylabel="gradient, top = 1",
           yticks=[1e-16, 1e-12, 1e-8, 1e-4, 1, 1e4, 1e8])
    ax.axhline(1, color=G.QUIET, lw=2)
    alone, = ax.plot([], [], "s-", color=G.OUTPUT, ms=5, label="along the shortcuts alone: a power of λ")
    whole, = ax.plot([], [], "o-", color=G.GRADIENT, ms=5, label="along all paths")
    ax.legend(loc="upper left")
    title = fig.suptitle(" ")

    def update(factor, size, blocks):
        dy, norms = top, [1.0]
        for w in weights[:blocks]:
            dy = factor * dy + size * dy @ w
            norms.append(np.linalg.norm(dy) / np.linalg.norm(top))
        powers = np.power(factor, np.arange(blocks + 1.0))
        alone.set_data(range(blocks + 1), np.maximum(powers, 1e-300))
        whole.set_data(range(blocks + 1), np.maximum(norms, 1e-300))
        title.set_text(f"After {blocks} blocks: {powers[-1]:.2g} along the shortcuts alone, {norms[-1]:.2g} along all paths")

    return Live(fig, update, [alone, whole, title], "The gradient down a stack of blocks, along the shortcuts alone and along all paths",
                factor=pick("λ", [0.0, 0.5, 0.9, 0.99, 1.0, 1.01, 1.1, 1.5], 0.5), size=pick("bodies s", [0.0, 0.1, 0.3, 0.6, 1.0], 0.3),
                blocks=slider("blocks", 27, 1, most))


def paths_by_length():
    """n blocks: how many paths go through how many bodies, what one of them carries if a body has slope a, and all of a length together."""
    most = 54
    fig, axes = G.canvas(10.4, 4.8, 1, 3)
    ink = (G.INPUT, "o", "number of paths"), (G.GRADIENT, "s", "one path carries"), (G.OUTPUT, "D", "all of a length, sum = 1")
    lines = []
    for ax, (colour, mark, name) in zip(axes, ink):
        lines += ax.plot([], [], f"{mark}-", color=colour, ms=6, lw=2)
        ax.set(xlim=(-1, most + 1), xlabel="length", xticks=(0, 18, 36, 54))
        ax.set_title(name, fontsize=15)
    axes[0].set(yscale="log", ylim=(0.5, 1e17), yticks=[1, 1e5, 1e10, 1e15])
    axes[1].set(yscale="log", ylim=(1e-55, 1e12), yticks=[1e-50, 1e-25, 1, 1e10])
    axes[2].set(ylim=(0, 1.05))
    title = fig.suptitle(" ")

    def update(blocks, slope):
        lengths = np.arange(blocks + 1)
        counts, one = np.array([float(comb(blocks, k)) for k in lengths]), slope**lengths
        share = counts * one / (1 + slope)**blocks
        for line, numbers in zip(lines, (counts, one, share)):
            line.set_data(lengths, numbers)
        below = np.cumsum(share)
        low, high = np.searchsorted(below, 0.05), np.searchsorted(below, 0.95)
        title.set_text(f"{2.0**blocks:.2g} paths; nine tenths of the gradient come along those of length {low} to {high}")

    return Live(fig, update, [*lines, title], "Paths through a stack of blocks, by length: how many, what one carries, and what all carry",
                blocks=slider("blocks", 54, 1, most), slope=pick("slope of a body", [0.05, 0.1, 0.2, 0.5, 1.0, 1.5], 0.2))


def cut_blocks(nets, images, labels):
    """Trained networks {name: (network, list of its blocks)}, all with as many blocks: accuracy on images (N, ...) with any of them
    cut out, and with a block and the next one exchanged. Copies are used, as the networks are now.
    """
    nets = {name: deepcopy(pair) for name, pair in nets.items()}  # a pair at once, so that the blocks are those of the copy
    count = len(next(iter(nets.values()))[1])
    for net, _ in nets.values():
        for module in net.eval().modules():
            module.recording = False
    fig, (left, right) = G.canvas(10.4, 4.4, 1, 2, width_ratios=(1.5, 1))
    G.bare(left).set(xlim=(0.4, count + 0.6), ylim=(-0.75, len(nets) - 0.2))
    here, gone = [], []
    rows = range(len(nets) - 1, -1, -1)
    for row, name in zip(rows, nets):
        left.text(0.5, row + 0.4, f"{name}, its blocks", va="bottom")
        for place in range(1, count + 1):
            here.append(left.text(place, row, " ", ha="center", va="center", fontsize=17, weight="bold",
                                  bbox={"boxstyle": "square,pad=0.35", "fc": "#E3F0F8", "ec": G.INPUT, "lw": 2.5}))
            gone.append(left.text(place, row, "cut", ha="center", va="center", fontsize=14, color=G.FRAME))
    right.set(xlim=(0, 1), yticks=[], xticks=(0, 0.5, 1), ylim=(-0.75, len(nets) - 0.2), title="test accuracy")
    right.xaxis.set_major_formatter("{x:.0%}")
    right.axvline(0.1, color=G.INK, lw=2, ls="--")
    right.text(0.12, -0.55, "a guess", va="center", fontsize=14)
    bars = [right.barh([row], [1.0], 0.5, color=colour, hatch=hatch, edgecolor="white")
            for row, (colour, hatch) in zip(rows, ((G.OUTPUT, ""), (G.TEST, "//")))]
    title = fig.suptitle(" ")

    @lru_cache
    def measured(cut, order):
        found = []
        for net, blocks in nets.values():
            with reordered(blocks, order):
                with without(blocks, cut):
                    found.append(float(F.accuracy(net.forward(images), labels).mean()))
        return found

    def update(swap, **ticks):
        order = list(range(count))
        if swap:
            order[swap - 1], order[swap] = order[swap], order[swap - 1]
        kept = [ticks[f"block_{block + 1}"] for block in order]  # place by place
        found = measured(tuple(not one for one in kept), tuple(order))
        for number, (text, other) in enumerate(zip(here, gone)):
            place = number % count
            text.set_text(str(order[place] + 1))
            text.set_visible(kept[place])
            other.set_visible(not kept[place])
        for bar, accuracy in zip(bars, found):
            bar[0].set_width(accuracy)
        exchanged = f", {swap} and {swap + 1} exchanged" if swap else ""
        accuracies = ", ".join(f"{name} {accuracy:.0%}" for name, accuracy in zip(nets, found))
        title.set_text(f"{count - sum(kept)} of {count} blocks cut{exchanged}: {accuracies}")

    return Live(fig, update, [*here, *gone, *(bar[0] for bar in bars), title],
                "Trained networks with some of their blocks cut out or exchanged, and their test accuracy",
                **{f"block_{place}": tick(f"block {place}", place != count // 2 + 1) for place in range(1, count + 1)},
                swap=slider("swap with the next", 0, 0, count - 1))
