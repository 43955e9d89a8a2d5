"""Live figures of lesson 07: products of many slopes, vanishing gradients in a real stack, and a gradient's two paths."""
import numpy as np
from .. import functional as F
from ..analysis import gradient_norms
from ..figures import style as G
from .core import Live, pick, slider


_POWERS = [10.0**power for power in range(-20, 11, 5)]  # marks of an axis, 1 among them


def factors():
    """How large the product of many slopes is, layer by layer, without a skip (f′) and with one (1 + f′)."""
    most = 20
    slopes = np.random.default_rng(4).uniform(-1, 1, most)
    fig, ax = G.canvas(10, 4.4)
    ax.set(yscale="log", xlim=(0, most + 1), ylim=(1e-20, 1e6), xlabel="layers", ylabel="size of the product",
           xticks=range(0, most + 1, 5), yticks=_POWERS[:-1])
    plain, = ax.plot([], [], "o-", color=G.TEST, ms=6, label="f′ · f′ · f′ · …")
    skipped, = ax.plot([], [], "s-", color=G.OUTPUT, ms=6, label="(1 + f′)(1 + f′) · …")
    ax.axhline(1, color=G.QUIET, lw=2)
    ax.legend(loc="lower left")
    title = fig.suptitle(" ")

    def update(depth, size):
        f, layers = size * slopes[:depth], np.arange(1, depth + 1)
        products = [np.maximum(np.abs(np.cumprod(kind)), 1e-300) for kind in (f, 1 + f)]
        for line, product in zip((plain, skipped), products):
            line.set_data(layers, product)
        title.set_text(f"After {depth} layers: {products[0][-1]:.0e} without a skip, {products[1][-1]:.2g} with skips")

    return Live(fig, update, [plain, skipped, title], "The product of many slopes against the number of layers, with and without skips",
                depth=slider("layers", most, 1, most), size=slider("slopes up to ±", 0.5, 0.05, 1.0, step=0.05))


_ACTIVATIONS = {"identity": (F.identity, F.identity_backward), "sigmoid": (F.sigmoid, F.sigmoid_backward),
                "tanh": (F.tanh, F.tanh_backward), "ReLU": (F.relu, F.relu_backward), "clip": (F.clip, F.clip_backward)}


_STARTS = {"0.03": 0.03, "Glorot": 1.0, "He": 2**0.5, "2": 2.0}


def fading(images):
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
                start=pick("weights begin at", list(_STARTS), "Glorot"))


def paths(by_path, networks, images, labels):
    """The gradient of the first filters, by the path on which it came, and both together.

    `by_path(net, x, labels, scale)` gives dw1 (16, 1, 8, 8) through the body and along the skip, whose output is
    taken `scale` times; `networks` {kind: network}, images (n, 1, 28, 28), labels (n,).
    """
    fig, axes = G.canvas(10.4, 4.3, 1, 3)
    sheets = [G.bare(ax).imshow(np.zeros((35, 35)), cmap=G.GRADIENTS) for ax in axes]
    for ax, head in zip(axes, ("through the convolution", "along the skip", "what arrives")):
        ax.set_title(head)
        ax.set_facecolor(G.GAP)
    fig.get_layout_engine().set(wspace=0.14)
    for x, sign in ((0.329, "+"), (0.671, "=")):
        fig.text(x, 0.42, sign, fontsize=30, ha="center", va="center")
    title = fig.suptitle(" ")

    def update(image, kind, scale):
        through, along = (part[:, 0] for part in by_path(networks[kind], images[[image]], labels[[image]], scale))
        limit = max(np.abs(part).max() for part in (through, along, through + along)) or 1.0
        for sheet, part in zip(sheets, (through, along, through + along)):
            sheet.set_data(G.tiled(part, 4, gap=1))
            sheet.set_clim(-limit, limit)
        sizes = np.linalg.norm(through), np.linalg.norm(along)
        title.set_text(f"{sizes[1] / (sum(sizes) or 1):.0%} of the first filters' gradient comes along the skip "
                       f"(largest number {limit:.1g})")

    return Live(fig, update, [*sheets, title], "The gradient of sixteen filters through the convolution, along the skip, and the sum",
                image=slider("image", 4, 0, len(images) - 1), kind=pick("skip", list(networks), list(networks)[-1]),
                scale=pick("scale", [0.0, 0.1, 0.5, 1.0, 2.0, 10.0], 1.0))
