"""Live figures of lesson 10: activations and gradients by layer, degradation, two images, and the slope along a line of inputs."""
from functools import lru_cache

import numpy as np

from .. import functional as F
from ..figures import style as G
from .core import Live, pick, slider

_LAYERS = (1, 10, 20)
_ACTIVATIONS = {"identity": (F.identity, F.identity_backward), "sigmoid": (F.sigmoid, F.sigmoid_backward),
                "tanh": (F.tanh, F.tanh_backward), "ReLU": (F.relu, F.relu_backward)}
_STARTS = {"PyTorch's Linear": 1 / 3, "LeCun's = Glorot's": 1.0, "He's": 2.0, "twice He's": 8.0}  # fan_in times the variance
_EDGES = np.linspace(-3.1, 3.1, 32)


def histograms(images):
    """How activations and gradients are spread in three of twenty dense layers, for digits (n, ...) and a random gradient at the top.

    All layers are 100 wide, so that LeCun's and Glorot's initialisations are the same. Gradients are in units of those at the top.
    """
    width, most, rng = 100, max(_LAYERS), np.random.default_rng(0)
    x = images.reshape(len(images), -1).astype(np.float64)
    x = x @ rng.standard_normal((x.shape[1], width)) / np.linalg.norm(x, axis=1, keepdims=True)
    weights, top = rng.standard_normal((most, width, width)) / width**0.5, rng.standard_normal((len(x), width))
    fig, axes = G.canvas(8.8, 4.6, 2, len(_LAYERS), sharex=True, sharey=True)
    middles = (_EDGES[1:] + _EDGES[:-1]) / 2
    lines, sizes = np.empty(axes.shape, object), np.empty(axes.shape, object)
    for row, (colour, text, name) in enumerate(((G.OUTPUT, G.OUTPUT_TEXT, "activations"), (G.GRADIENT, G.GRADIENT_TEXT, "gradients"))):
        for column, ax in enumerate(axes[row]):
            ax.set(yscale="log", ylim=(5e-4, 2), yticks=[1e-3, 1e-2, 1e-1, 1], xlim=(-3.1, 3.1), xticks=(-2, 0, 2))
            lines[row, column], = ax.plot([], [], drawstyle="steps-mid", color=colour, lw=2.5)
            sizes[row, column] = ax.text(0.5, 1.0, " ", transform=ax.transAxes, ha="center", va="bottom", color=text)
        axes[row, 0].set_ylabel(name)
    for ax, layer in zip(axes[0], _LAYERS):
        ax.set_title(f"layer {layer}", pad=30)
    title = fig.suptitle(" ")

    def update(activation, start):
        formula, backward = _ACTIVATIONS[activation]
        y, dy, caches, found = x, top, [], {}
        for number, w in enumerate(weights * _STARTS[start]**0.5, 1):
            y, cache = formula(y @ w.T)
            caches.append((w, cache))
            found[0, number] = y
        for number, (w, cache) in zip(range(most, 0, -1), reversed(caches)):
            found[1, number] = dy
            dy = backward(dy, cache) @ w
        ends = np.empty(axes.shape)
        for row in (0, 1):
            for column, layer in enumerate(_LAYERS):
                values = found[row, layer].ravel()
                count = np.histogram(np.clip(values, -3, 3), _EDGES)[0]
                lines[row, column].set_data(middles, count / len(values))
                ends[row, column] = np.sqrt(np.mean(values**2))
                sizes[row, column].set_text(f"size {ends[row, column]:.1g}")
        up, down = ends[0, -1] / ends[0, 0], ends[1, 0] / ends[1, -1]
        title.set_text(f"Layer 1 to {most}: activations × {up:.1g}; {most} to 1: gradients × {down:.1g}")

    return Live(fig, update, [*lines.ravel(), *sizes.ravel(), title],
                "Activations and gradients as histograms in layers 1, 10 and 20 of a dense stack",
                activation=pick("activation", list(_ACTIVATIONS), "ReLU"), start=pick("initialisation", list(_STARTS), "PyTorch's Linear"))


def degradation(runs):
    """Training loss against depth, and the gradient of each layer's weights at the start, over the last layer's.

    `runs`: {(skips, depth): [(training loss, norms of the gradients, one a layer), ...], one a seed}.
    """
    depths = sorted({depth for _, depth in runs})
    kinds = {False: (G.TEST, "o", "without skips"), True: (G.OUTPUT, "s", "with skips")}
    fig, (left, right) = G.canvas(10.2, 4.6, 1, 2)
    left.set(xlabel="depth", ylabel="training loss", xticks=depths, ylim=(0, 1.4 * max(loss for some in runs.values() for loss, _ in some)))
    for skips, (colour, mark, label) in kinds.items():
        places = [(depth, loss) for depth in depths for loss, _ in runs[skips, depth]]
        left.plot(*np.transpose(places), mark, color=colour, ms=8, label=label)
    left.legend(loc="upper left")
    here = left.axvline(depths[-1], color=G.INK, lw=2, ls=":", ymax=0.72)
    right.set(yscale="log", ylim=(1e-2, 1e2), xlim=(0, depths[-1] + 1), xlabel="layer", ylabel="gradient, last layer = 1")
    right.axhline(1, color=G.QUIET, lw=2)
    seeds = range(len(next(iter(runs.values()))))
    lines = {(skips, seed): right.plot([], [], f"{mark}-", color=colour, ms=5, lw=2)[0]
             for skips, (colour, mark, _) in kinds.items() for seed in seeds}
    title = fig.suptitle(" ")

    def update(depth):
        here.set_xdata([depth] * 2)
        for (skips, seed), line in lines.items():
            norms = np.asarray(runs[skips, depth][seed][1])
            line.set_data(np.arange(1, depth + 1), norms / norms[-1])
        without, with_skips = (np.mean([loss for loss, _ in runs[skips, depth]]) for skips in (False, True))
        ratios = [norms[0] / norms[-1] for _, norms in runs[False, depth]]
        title.set_text(f"{depth} deep: loss {without:.2f} without skips, {with_skips:.2f} with; "
                       f"first gradient {min(ratios):.1f} to {max(ratios):.1f} without")

    return Live(fig, update, [here, *lines.values(), title], "Training loss against depth, and the size of the gradient at each layer",
                depth=pick("depth", depths, depths[-1]))


def two_images(images):
    """The cosine of two images (n, ...) in each of forty layers, without skips and with skips around small bodies."""
    width, most = 64, 40
    flat = images.reshape(len(images), -1).astype(np.float64)
    fig, axes = G.canvas(10.2, 4.4, 1, 3, width_ratios=(1, 1, 3))
    shown = [G.framed(ax).imshow(np.zeros(images.shape[-2:]), cmap=G.PIXELS, vmin=0, vmax=1) for ax in axes[:2]]
    ax = axes[2]
    ax.set(xlim=(-1, most + 1), ylim=(0, 1.03), xlabel="layer", ylabel="cosine of the two")
    ax.axhline(1, color=G.QUIET, lw=2)
    plain, = ax.plot([], [], "o-", color=G.TEST, ms=5, label="without skips")
    skipped, = ax.plot([], [], "s-", color=G.OUTPUT, ms=5, label="skips, bodies of a tenth")
    ax.legend(loc="lower right")
    title = fig.suptitle(" ")

    @lru_cache
    def streams(draw):
        rng = np.random.default_rng(draw)
        first = np.maximum(flat @ rng.standard_normal((flat.shape[1], width)), 0)
        weights = rng.standard_normal((most, width, width)) * (2 / width)**0.5
        found = []
        for skip in (False, True):
            x, layers = first, [first]
            for w in weights:
                x = x + np.maximum(0.1 * x @ w.T, 0) if skip else np.maximum(x @ w.T, 0)
                layers.append(x)
            found.append([layer / np.linalg.norm(layer, axis=1, keepdims=True) for layer in layers])
        return found

    def update(first, second, draw):
        for image, place in zip(shown, (first, second)):
            image.set_data(G.pictures(images)[place])
        ends = []
        for line, layers in zip((plain, skipped), streams(draw)):
            cosines = [layer[first] @ layer[second] for layer in layers]
            line.set_data(range(most + 1), cosines)
            ends.append(cosines)
        title.set_text(f"Cosine of the two: {ends[0][0]:.2f} below, after {most} layers {ends[0][-1]:.3f} without skips, {ends[1][-1]:.3f} with")

    last = len(images) - 1
    return Live(fig, update, [*shown, plain, skipped, title], "Two images, and the cosine of what forty layers make of them",
                first=slider("first image", 0, 0, last), second=slider("second image", 1, 0, last), draw=slider("draw", 1, 1, 20))


def shattered():
    """The output of a deep network along a line of inputs, and its slope there: He's initialisation, 100 wide, 256 inputs.

    With batch norm each unit is normalised over these inputs; the slope is that of one input, mean and deviation held.
    """
    width, count, most = 100, 256, 50
    line = np.linspace(-2, 2, count)
    fig, (left, right) = G.canvas(10.2, 4.4, 1, 2)
    value, = left.plot([], [], color=G.OUTPUT)
    slope, = right.plot([], [], color=G.GRADIENT)
    for ax, label in ((left, "output, largest = 1"), (right, "slope, largest = 1")):
        ax.set(xlim=(-2, 2), ylim=(-1.1, 1.1), xlabel="input", ylabel=label)
        ax.axhline(0, color=G.QUIET, lw=2)
    title = fig.suptitle(" ")

    @lru_cache
    def curves(norm, skip, draw):
        """Outputs and slopes (most, count) after each layer."""
        rng = np.random.default_rng(draw)
        rise, shift, out = rng.standard_normal((3, width))
        x, dx, found = np.outer(line, rise) + shift, np.tile(rise, (count, 1)), []
        for _ in range(most):
            w = rng.standard_normal((width, width)) * (2 / width)**0.5
            h, dh = (x, dx) if skip else (x @ w.T, dx @ w.T)
            if norm:
                size = h.std(axis=0) + 1e-9
                h, dh = (h - h.mean(axis=0)) / size, dh / size
            a, da = np.maximum(h, 0), dh * (h > 0)
            x, dx = (x + a @ w.T, dx + da @ w.T) if skip else (a, da)
            found.append((x @ out, dx @ out))
        return found

    def update(depth, norm, skip, draw):
        y, dy = curves(norm == "on", skip == "on", draw)[depth - 1]
        value.set_data(line, y / np.abs(y).max())
        slope.set_data(line, dy / np.abs(dy).max())
        title.set_text(f"{depth} layers, batch norm {norm}, skips {skip}: "
                       f"neighbouring slopes correlate by {np.corrcoef(dy[1:], dy[:-1])[0, 1]:.2f}")

    return Live(fig, update, [value, slope, title], "The output of a deep network along a line of inputs, and its slope",
                depth=slider("layers", most, 1, most), norm=pick("batch norm", ["off", "on"], "off"),
                skip=pick("skips", ["off", "on"], "off"), draw=slider("draw", 1, 1, 20))
