"""Live figures of lesson 05: feature maps and their gradients, filters in training, digits that move or are drawn, pixels that matter."""
from copy import deepcopy

import numpy as np

from .. import functional as F
from ..analysis import outputs_and_gradients, score_gradient
from ..data import drawing
from ..figures import style as G
from ..rounding import probability
from .core import Live, pick, scrub, slider
from .pad import Drawn


def feature_maps(networks, images, labels):
    """All feature maps of both convolutions for one image, and the gradient of the loss for each of their numbers.

    `networks` {name: two-layer CNN as `models.two_layer_cnn` makes it}, images (n, 1, 28, 28), labels (n,).
    """
    names = ("first, before the ReLU", "first, after it", "second, before the ReLU", "second, after it")
    seen = {(name, place): outputs_and_gradients(network, images[[place]], labels[[place]])
            for name, network in networks.items() for place in range(len(images))}
    fig, axes = G.canvas(10, 4.5, 1, 3, width_ratios=(0.75, 1, 1))
    picture = G.framed(axes[0]).imshow(images[0, 0], cmap=G.PIXELS, vmin=0, vmax=1)
    sheets = [G.bare(ax).imshow(np.zeros((1, 1)), cmap=colours, extent=(0, 1, 0, 1)) for ax, colours in
              ((axes[1], G.WEIGHTS), (axes[2], G.GRADIENTS))]
    for ax, head in zip(axes, ("image", "feature maps", "their gradients")):
        ax.set_title(head)
        ax.set_facecolor(G.GAP)
    answer = axes[0].text(0.5, -0.1, "", transform=axes[0].transAxes, ha="center", va="top", fontsize=16)
    title = fig.suptitle(" ")

    def update(image, layer, network):
        outputs, gradients = seen[network, image]
        p, maps, grads = F.softmax(outputs[-1])[0][0], outputs[names.index(layer)][0], gradients[names.index(layer)][0]
        picture.set_data(images[image, 0])
        for sheet, array in zip(sheets, (maps, grads)):
            tiles = G.tiled(array, 4 if len(array) == 16 else 3, gap=1)
            sheet.set_data(tiles)
            sheet.set_clim(**G.span(array))
        answer.set_text(f"p({labels[image]}) {probability(p[labels[image]])}\nread as {p.argmax()}")
        title.set_text(f"{len(maps)} maps of {maps.shape[1]} × {maps.shape[2]}, {np.mean(maps == 0):.0%} zero; "
                       f"largest gradient {np.abs(grads).max():.1g}")

    return Live(fig, update, [picture, *sheets, answer, title],
                "A digit, the feature maps that a layer of the network makes of it, and the gradient of the loss for each map",
                image=slider("image", 4, 0, len(images) - 1), layer=pick("maps", names, names[1]),
                network=pick("network", list(networks), list(networks)[-1]))


def filters(snapshots):
    """Scrub through a run: the filters of both convolutions, their gradients, and the loss.

    `snapshots` as kept by `training.Snapshots` for "0.weight" (16, 1, 8, 8) and "2.weight" (8, 16, 4, 4).
    """
    return scrub(snapshots, {"first filters": ("0.weight", lambda w: G.tiled(w[:, 0], 4, gap=1)),
                             "second filters": ("2.weight", _deep)}, gaps=G.GAP)


def _deep(w):
    """Filters (F, C, KH, KW) as one image, each a block of its C slices, two blocks across."""
    return G.tiled(np.array([np.nan_to_num(G.tiled(one, 4, gap=0)) for one in w]), 3, gap=2)


_FARTHEST = 5  # pixels that a digit is moved, in each direction
_MARKS = (G.TEST, "o", "//"), (G.OUTPUT, "s", None)


def shifts(networks, images, labels):
    """A digit moved down and sideways: what two networks say of it, and how many of all images they read when so moved.

    `networks` {name: network that takes images (n, 1, 28, 28) to logits (n, 10)}, two; labels (n,).
    """
    steps = range(-_FARTHEST, _FARTHEST + 1)
    padded = np.pad(images, ((0, 0), (0, 0), (_FARTHEST, _FARTHEST), (_FARTHEST, _FARTHEST)))

    def moved(rows, columns):
        top, left = _FARTHEST - rows, _FARTHEST - columns
        return padded[:, :, top:top + 28, left:left + 28]

    logits = {name: {(rows, columns): network.forward(moved(rows, columns)) for rows in steps for columns in steps}
              for name, network in networks.items()}
    first, second = (some[0, 3].argmax(axis=1) == labels for some in logits.values())
    telling = int(np.argmax(second & ~first))  # a digit that only the second still reads, to begin with
    fig, (left, middle, right) = G.canvas(10.2, 4.3, 1, 3, width_ratios=(0.8, 1.2, 1.1))
    picture = G.framed(left).imshow(images[0, 0], cmap=G.PIXELS, vmin=0, vmax=1)
    bars, curves = {}, {}
    for place, (name, (colour, mark, hatch)) in enumerate(zip(networks, _MARKS)):
        bars[name] = middle.bar(np.arange(10) + 0.4 * place - 0.2, np.ones(10), 0.38, color=colour, edgecolor=G.INK, hatch=hatch,
                                label=name)
        curves[name], = right.plot([], [], f"{mark}-", color=colour, label=name)
    middle.set(xticks=range(10), ylim=(0, 1.3), yticks=(0, 0.5, 1), title="probabilities")
    middle.tick_params(axis="x", length=0)
    middle.legend(loc="upper center", ncols=2)
    right.set(xlim=(-_FARTHEST - 0.3, _FARTHEST + 0.3), ylim=(0, 1.03), xticks=range(-4, 5, 2), xlabel="columns to the right")
    right.yaxis.set_major_formatter("{x:.0%}")
    here = right.axvline(0, color=G.INK, lw=2, ls=":")
    heads, title = [ax.set_title(" ") for ax in (left, right)], fig.suptitle(" ")

    def update(image, rows, columns):
        picture.set_data(moved(rows, columns)[image, 0])
        answers, found = [], []
        for name in networks:
            p = F.softmax(logits[name][rows, columns][[image]])[0][0]
            for bar, value in zip(bars[name], p):
                bar.set_height(value)
            shares = [np.mean(logits[name][rows, to].argmax(axis=1) == labels) for to in steps]
            curves[name].set_data(steps, shares)
            answers.append(f"{name} reads {p.argmax()}")
            found.append(f"{shares[columns + _FARTHEST]:.0%}")
        here.set_xdata([columns] * 2)
        heads[0].set_text(f"a {labels[image]}")
        heads[1].set_text(f"accuracy {' and '.join(found)}")
        title.set_text(f"Moved by {rows} down and {columns} to the right: {', '.join(answers)}".replace("-", "−"))

    return Live(fig, update, [picture, *(bar for some in bars.values() for bar in some), *curves.values(), here, *heads, title],
                "A digit that moves, the probabilities that two networks give it, and their accuracy on all digits so moved",
                image=slider("image", telling, 0, len(images) - 1), rows=slider("rows down", 0, -_FARTHEST, _FARTHEST),
                columns=slider("columns to the right", 3, -_FARTHEST, _FARTHEST))


def saliency(network, images):
    """Which pixels a class depends on, its saliency: the gradient of its score for each pixel, and what a step along it does.

    `network` takes images (1, 1, 28, 28) to logits (1, 10); images (n, 1, 28, 28).
    """
    fig, axes = G.canvas(10, 4.4, 1, 3, width_ratios=(1, 1, 1.15))
    picture = G.framed(axes[0]).imshow(images[0, 0], cmap=G.PIXELS, vmin=0, vmax=1)
    gradient = G.framed(axes[1]).imshow(images[0, 0], cmap=G.GRADIENTS.reversed())
    bars = axes[2].bar(range(10), np.ones(10), color=G.OUTPUT, edgecolor=G.INK, width=0.7)
    axes[2].set(xticks=range(10), ylim=(0, 1.05), title="probabilities")
    axes[2].tick_params(axis="x", length=0)
    heads = [ax.set_title(" ") for ax in axes[:2]]
    title = fig.suptitle(" ")

    def update(image, digit, nudge):
        x = images[[image]]
        dx = score_gradient(network, x, digit)
        moved = np.clip(x + nudge * np.sign(dx), 0, 1)
        logits = network.forward(moved)
        p = F.softmax(logits)[0][0]
        picture.set_data(moved[0, 0])
        gradient.set_data(dx[0, 0])
        gradient.set_clim(**G.span(dx))
        for place, (bar, value) in enumerate(zip(bars, p)):
            bar.set(height=value, hatch="//" if place == digit else None)
        heads[0].set_text("image" if nudge == 0 else f"every pixel moved by {nudge:g}")
        heads[1].set_text(f"slope of the score for {digit}")
        title.set_text(f"score for {digit}: {logits[0, digit]:+.1f}, p({digit}) {probability(p[digit])}; read as {p.argmax()}")

    return Live(fig, update, [picture, gradient, *bars, *heads, title],
                "A digit, the gradient of one class's score for each of its pixels, and the ten probabilities",
                image=slider("image", 3, 0, len(images) - 1), digit=slider("class", 5, 0, 9),
                nudge=slider("nudge each pixel by", 0.0, 0.0, 0.25, 0.01))


def draw_cnn(cnn, dense):
    """Draw a digit: what each layer of the CNN makes of it, which pixels matter, and the answers of two networks.

    `cnn` as `models.two_layer_cnn` makes it, `dense` any network from images (1, 1, 28, 28) to logits (1, 10).
    """
    cnn, dense = (deepcopy(net).double() for net in (cnn, dense))  # so that small slopes keep their digits
    fig, axes = G.canvas(7.6, 5.0, 2, 3, width_ratios=(1, 1, 1.15))
    (left, first, second), (slope, *answers) = axes
    picture = G.framed(left).imshow(np.zeros((28, 28)), cmap=G.PIXELS, vmin=0, vmax=1)
    maps = [G.bare(ax).imshow(np.zeros((1, 1)), cmap=G.WEIGHTS, extent=(0, 1, 0, 1)) for ax in (first, second)]
    for ax in (first, second):
        ax.set_facecolor(G.GAP)
    gradient = G.framed(slope).imshow(np.zeros((28, 28)), cmap=G.GRADIENTS.reversed())
    bars = [ax.bar(range(10), np.ones(10), color=colour, edgecolor=G.INK, hatch=hatch, width=0.8, animated=True)
            for ax, colour, hatch in zip(answers, (G.OUTPUT, G.QUIET), ("", "//"))]
    for ax in answers:
        ax.set(xticks=range(10), yticks=(0, 1), ylim=(0, 1.05))
        ax.tick_params(axis="x", length=0)
    for ax, head in zip((left, first, second), ("as networks see it", "16 maps", "8 maps")):
        ax.set_title(head)
    heads = [ax.set_title(" ") for ax in axes[1]]
    title = fig.suptitle(" ")

    def update(strokes, pen):
        x = drawing.digit(strokes, pen)[None, None].astype(np.float64)
        outputs = [x]
        for layer in cnn.layers:
            outputs.append(layer.forward(outputs[-1]))
        both = [F.softmax(logits)[0][0] for logits in (outputs[-1], dense.forward(x))]
        here, there = (int(p.argmax()) for p in both)
        dx = cnn.backward(np.eye(10)[[here]])[0, 0]
        picture.set_data(x[0, 0])
        for sheet, array, columns in zip(maps, (outputs[2][0], outputs[4][0]), (4, 3)):
            sheet.set_data(G.tiled(array, columns, gap=1))
            sheet.set_clim(**G.span(array))
        gradient.set_data(dx)
        gradient.set_clim(**G.span(dx))
        for row, p in zip(bars, both):
            for bar, height in zip(row, p):
                bar.set_height(height)
        heads[0].set_text(f"slope of the {here}")
        for head, name, place, p in zip(heads[1:], ("CNN", "dense"), (here, there), both):
            head.set_text(f"{name}: p({place}) {probability(p[place])}")
        title.set_text(f"Both read a {here}" if here == there else f"The CNN reads a {here}, the dense network a {there}")
        return f"The CNN reads a {here}, the dense network a {there}." if strokes else "Draw a digit."

    return Drawn(fig, update, [picture, *maps, gradient, *bars[0], *bars[1], *heads, title],
                 "A drawn digit, the feature maps of both layers of a CNN, which pixels matter, and the probabilities of two networks")
