"""Live figures of lesson 07: products of many slopes, vanishing gradients in a real stack, and both gradients of a drawn digit."""
from copy import deepcopy
from functools import lru_cache

import numpy as np

from .. import functional as F
from ..analysis import gradient_norms, gradients_by_path
from ..data import drawing
from ..figures import style as G
from ..rounding import probability
from .core import Live, pick, slider
from .pad import Drawn

_POWERS = [10.0**power for power in range(-20, 11, 5)]  # marks of an axis, 1 among them


def factors():
    """How large the product of many slopes is, layer by layer, without a skip (f′) and with one (1 + f′).

    One draw of the slopes at a time; the dashed lines hold nine in ten of 4,000 other draws with skips.
    """
    most = 20
    fig, ax = G.canvas(10, 4.8)
    ax.set(yscale="log", xlim=(0, most + 1), ylim=(1e-20, 1e3), xlabel="layers", ylabel="size of the product",
           xticks=range(0, most + 1, 5), yticks=_POWERS[:-2])
    ax.axhline(1, color=G.QUIET, lw=2)
    low, = ax.plot([], [], "--", color=G.INK, lw=2, label="with skips, 5 to 95 % of draws")
    high, = ax.plot([], [], "--", color=G.INK, lw=2)
    plain, = ax.plot([], [], "o-", color=G.TEST, ms=6, label="f′ · f′ · f′ · …, one draw")
    skipped, = ax.plot([], [], "s-", color=G.OUTPUT, ms=6, label="(1 + f′)(1 + f′) · …, one draw")
    ax.legend(loc="lower left")
    title = fig.suptitle(" ")

    @lru_cache
    def band(size):
        others = size * np.random.default_rng((0, 0)).uniform(-1, 1, (4000, most))
        return np.percentile(np.cumprod(1 + others, axis=1), [5, 50, 95], axis=0)

    def update(depth, size, draw):
        f, layers = size * np.random.default_rng((1, draw)).uniform(-1, 1, most)[:depth], np.arange(1, depth + 1)
        products = [np.maximum(np.abs(np.cumprod(kind)), 1e-300) for kind in (f, 1 + f)]
        few, half, many = band(size)[:, :depth]
        for line, product in zip((plain, skipped, low, high), (*products, few, many)):
            line.set_data(layers, product)
        title.set_text(f"After {depth} layers: {products[0][-1]:.0e} without skips, {products[1][-1]:.2g} with "
                       f"(half of all draws above {half[-1]:.2g})")

    return Live(fig, update, [plain, skipped, low, high, title],
                "The product of many slopes against the number of layers, with and without skips, and where most draws lie",
                depth=slider("layers", most, 1, most), size=slider("slopes up to ±", 0.5, 0.05, 1.0, step=0.05),
                draw=slider("draw", 1, 1, 50))


_ACTIVATIONS = {"identity": (F.identity, F.identity_backward), "sigmoid": (F.sigmoid, F.sigmoid_backward),
                "tanh": (F.tanh, F.tanh_backward), "ReLU": (F.relu, F.relu_backward), "clip": (F.clip, F.clip_backward)}


_STARTS = {"0.03": 0.03, "0.3 of He's": 0.3 * 2**0.5, "Glorot's": 1.0, "He's": 2**0.5, "2": 2.0}


def vanishing(images):
    """The gradient at each layer of a stack of dense layers on digits (n, ...), against the one at its top.

    Each layer is activation(w x), or with a skip x + activation(w x). The standard deviation of the initial weights is
    in units of Glorot's, which for layers with as many outputs as inputs is 1 / sqrt(width).
    """
    width, most, rng = 64, 20, np.random.default_rng(0)
    x = images.reshape(len(images), -1).astype(np.float64)
    x = x @ rng.standard_normal((x.shape[1], width)) / np.linalg.norm(x, axis=1, keepdims=True)
    weights, dy = rng.standard_normal((most, width, width)) / width**0.5, rng.standard_normal((len(x), width))
    fig, ax = G.canvas(10, 4.4)
    ax.set(yscale="log", xlim=(0, most + 1), ylim=(1e-20, 1e10), xlabel="layer, from the input", ylabel="gradient, top = 1",
           xticks=range(0, most + 1, 5), yticks=_POWERS)
    ax.axhline(1, color=G.QUIET, lw=2)
    plain, = ax.plot([], [], "o-", color=G.TEST, ms=7, label="without skips")
    skipped, = ax.plot([], [], "s-", color=G.OUTPUT, ms=7, label="with skips")
    ax.legend(loc="upper right")
    title = fig.suptitle(" ")

    def update(depth, activation, start):
        ends = []
        for line, skip in ((plain, False), (skipped, True)):
            sizes = gradient_norms(x, _STARTS[start] * weights[:depth], dy, *_ACTIVATIONS[activation], skip)
            line.set_data(np.arange(1, depth + 1), np.clip(sizes, 1e-300, 1e300))
            ends.append(sizes[0])
        title.set_text(f"Layer 1 receives {ends[0]:.2g} times the gradient without skips, {ends[1]:.2g} times with")

    return Live(fig, update, [plain, skipped, title], "The size of the gradient at each layer of a deep stack, with and without skips",
                depth=slider("layers", most, 2, most), activation=pick("activation", list(_ACTIVATIONS), "sigmoid"),
                start=pick("initial weights", list(_STARTS), "Glorot's"))


def draw_skip(networks):
    """Draw a digit: the gradient of the loss for its pixels, through the convolution of a block, along its skip, and their sum.

    `networks` {name: Sequential(below, Residual(body), *above)} from images (1, 1, 28, 28) to logits (1, 10), as lesson 07
    makes one. The label of the loss is the digit that the network reads, or any other.
    """
    networks = {name: deepcopy(net).double() for name, net in networks.items()}  # so that small gradients keep their digits
    fig, ((left, middle, right), below) = G.canvas(7.6, 5.0, 2, 3)
    picture = G.framed(left).imshow(np.zeros((28, 28)), cmap=G.PIXELS, vmin=0, vmax=1)
    bars = middle.bar(range(10), np.ones(10), color=G.OUTPUT, edgecolor=G.INK, width=0.8, animated=True)
    middle.set(xticks=range(10), yticks=(0, 1), ylim=(0, 1.05))
    middle.tick_params(axis="x", length=0)
    G.bare(right).set(xlim=(-0.6, 0.6), ylim=(-0.6, 0.6), aspect="equal", title="as arrows")
    arrows = [right.plot([], [], f"{mark}{dash}", color=colour, lw=4, ms=13, markevery=[1])[0]
              for mark, dash, colour in (("o", "-", G.TEST), ("s", "--", G.OUTPUT), ("D", "-", G.GRADIENT))]
    sheets = [G.framed(ax).imshow(np.zeros((28, 28)), cmap=G.GRADIENTS) for ax in below]
    left.set_title("as networks see it")
    for ax, name, colour in zip(below, ("● convolution", "+  ■ skip", "=  ◆ sum"), (G.TEST, G.OUTPUT_TEXT, G.GRADIENT_TEXT)):
        ax.set_title(name, color=colour)
    head, title = middle.set_title(" "), fig.suptitle(" ")

    def update(strokes, pen, label, network):
        net, x = networks[network], drawing.digit(strokes, pen)[None, None].astype(np.float64)
        logits = net.forward(x)
        p = F.softmax(logits)[0][0]
        answer = int(p.argmax())
        label = answer if label == "as read" else label
        through, along = (part[0, 0] for part in gradients_by_path(net, F.cross_entropy(logits, np.array([label]))[1]))
        picture.set_data(x[0, 0])
        for place, (bar, height) in enumerate(zip(bars, p)):
            bar.set(height=height, hatch="//" if place == label else None)
        parts = through, along, through + along
        for sheet, part in zip(sheets, parts):
            sheet.set_data(part)
            sheet.set_clim(**G.span(np.array(parts)))  # one scale, so that they can be compared
        body, skip = np.linalg.norm(through), np.linalg.norm(along)
        cosine = np.vdot(through, along) / (body * skip) if body and skip else 0.0
        ends = _laid_out(body, skip, cosine)
        for arrow, (start, stop) in zip(arrows, ((0, 1), (1, 2), (0, 2))):
            arrow.set_data(*np.transpose([ends[start], (ends[start] + ends[stop]) / 2, ends[stop]]))
        head.set_text(f"p({label}) {probability(p[label])}")
        if not (body and skip):
            title.set_text("One of the parts is zero")
        elif body > skip:
            title.set_text(f"Convolution {body / skip:.2g} times as much as skip, cosine {cosine:+.2f}")
        else:
            title.set_text(f"Skip {skip / body:.2g} times as much as convolution, cosine {cosine:+.2f}")
        return f"The network reads a {answer}." if strokes else "Draw a digit."

    return Drawn(fig, update, [picture, *bars, *arrows, *sheets, head, title],
                 "A drawn digit, ten probabilities, and the gradient of the loss for each pixel: through the convolution, along the skip, "
                 "and their sum", label=pick("label", ["as read", *range(10)], "as read"),
                 network=pick("network", list(networks), list(networks)[-1]))


def _laid_out(first, second, cosine):
    """Where two arrows of these lengths begin and end, (3, 2), if the second lies flat and begins at the tip of the first.

    Within a square of side 1 around (0, 0).
    """
    corner = first * np.array([cosine, np.sqrt(max(0.0, 1 - cosine**2))])
    ends = np.array([(0, 0), corner, corner + (second, 0)])
    return (ends - (ends.min(axis=0) + ends.max(axis=0)) / 2) / (np.ptp(ends, axis=0).max() or 1.0)
