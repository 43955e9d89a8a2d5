"""Live figures of lesson 07: products of many slopes, and vanishing gradients in a real stack."""
from functools import lru_cache

import numpy as np

from .. import functional as F
from ..analysis import gradient_norms
from ..figures import style as G
from .core import Live, pick, slider

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
