"""Live figures of lesson 04: who touched whom, and the backward pass of a real gradient."""
import numpy as np
from matplotlib.collections import LineCollection

from .. import functional as F
from ..figures import style as G
from .core import Live, outline, slider

# One colour and one dash for each tap, so that a line is known by either.
_TAPS = (G.WEIGHT, G.TRAIN, G.TEST, G.INK)
_DASHES = ("solid", (0, (5, 1.5)), (0, (1.5, 1)), (0, (6, 1.5, 1.5, 1.5)))


class _Cells:
    """A row of boxes with a number in each and a number beside each, of which only the first few are in use."""

    def __init__(self, ax, most, level, beside):
        self.level, self.beside = level, beside
        self.boxes = ax.scatter(np.zeros(most), np.zeros(most), s=1150, marker="s", linewidths=3, zorder=3)
        self.inside = [ax.text(0, level, "", ha="center", va="center", fontsize=17, zorder=4) for _ in range(most)]
        self.outside = [ax.text(0, level + beside, "", ha="center", va="center", fontsize=16, color=G.GRADIENT_TEXT, weight="bold")
                        for _ in range(most)]
        self.artists = [self.boxes, *self.inside, *self.outside]

    def set(self, places, inside, outside, fills, rings):
        self.boxes.set_offsets(np.column_stack([places, np.full(len(places), self.level)]))
        self.boxes.set(facecolors=fills, edgecolors=rings)
        for texts, words, height in ((self.inside, inside, self.level), (self.outside, outside, self.level + self.beside)):
            for slot, text in enumerate(texts):
                used = slot < len(places) and words[slot] != ""
                text.set(text=words[slot] if used else "", position=(places[slot], height) if used else (0, height))
        for text, fill in zip(self.inside, fills):
            text.set_color("white" if fill in (G.INPUT, G.OUTPUT) else G.INK)


def explorer():
    """Who touched whom when up to four taps slide over eight inputs: forward from them, and back to them."""
    x, every_w = np.array([1, -2, 3, 0, 2, -1, 1, 2]), np.array([2, -1, 1, 3])
    every_dy = np.array([1, -1, 2, 1, -2, 3, -1, 2, 1, -3, 2, 1])
    fig, ax = G.canvas(10, 4.9)
    G.bare(ax).set(xlim=(-5, 10), ylim=(-0.95, 2.95))
    for level, text, colour in ((0, "$x$", G.INPUT), (2, "$y$", G.OUTPUT), (-0.52, "$dx$", G.GRADIENT_TEXT), (2.52, "$dy$", G.GRADIENT_TEXT)):
        ax.text(-3.3, level, text, fontsize=20, color=colour, va="center")
    lines = [LineCollection([], linewidths=[], colors=colour, linestyles=[dash], zorder=1)
             for colour, dash in zip(_TAPS, _DASHES)]
    for collection in lines:
        ax.add_collection(collection)
    inputs, outputs = _Cells(ax, 12, 0, -0.52), _Cells(ax, 12, 2, 0.52)
    taps_text, slopes_text = ([ax.text(left, 1.45 - 0.3 * k, "", fontsize=16, color=colour, va="center", weight="bold")
                               for k, colour in enumerate(colours)] for left, colours in ((-4.95, _TAPS), (-3.3, [G.GRADIENT_TEXT] * 4)))
    forward = fig.suptitle(" ", y=0.985, color=G.OUTPUT_TEXT)
    backward = ax.text(0.5, 0.04, "", transform=fig.transFigure, ha="center", va="center", fontsize=18, color=G.GRADIENT_TEXT)

    def update(taps, stride, padding, output, input):
        w, padded = every_w[:taps], np.pad(x, padding)
        count = (padded.size - taps) // stride + 1
        beyond, output, here = output >= count, min(output, count - 1), input + padding
        dy, starts = every_dy[:count], stride * np.arange(count)
        y = np.array([padded[start:start + taps] @ w for start in starts])
        dx = np.zeros(padded.size, dtype=int)
        for start, upstream in zip(starts, dy):
            dx[start:start + taps] += upstream * w
        centres, inside = starts - padding + (taps - 1) / 2, np.arange(padded.size) - padding
        for k, collection in enumerate(lines):
            on = (np.arange(count) == output) | (starts + k == here)
            collection.set(segments=[[(start + k - padding, 0), (centre, 2)] for start, centre in zip(starts, centres)],
                           linewidths=np.where(on, 4.5, 2), alpha=np.where(on, 1.0, 0.35), visible=k < taps)
        pulled, fed = np.isin(np.arange(padded.size), starts[output] + np.arange(taps)), np.isin(here - starts, np.arange(taps))
        real = (inside >= 0) & (inside < x.size)
        inputs.set(inside, [str(v) for v in padded], [str(v) if r else "" for v, r in zip(dx, real)],
                   [G.INPUT if p else "white" if r else "#E4E4E4" for p, r in zip(pulled, real)],
                   [G.GRADIENT if j == here else G.FRAME for j in range(padded.size)])
        outputs.set(centres, [str(v) for v in y], [str(v) for v in dy],
                    [G.OUTPUT if i == output else "white" for i in range(count)],
                    [G.GRADIENT if f else G.FRAME for f in fed])
        dw = [dy @ padded[starts + k] for k in range(taps)]
        for k, (text, slope) in enumerate(zip(taps_text, slopes_text)):
            text.set_text(f"$w_{k}$ = {every_w[k]}" if k < taps else "")
            slope.set_text(f"$dw_{k}$ = {dw[k]}" if k < taps else "")
        note = f"only {count} outputs: " if beyond else ""
        forward.set_text(note + _sum(rf"y_{{{output}}}", w, padded[starts[output]:starts[output] + taps], y[output]))
        backward.set_text(_sum(f"dx_{{{input}}}", dy[fed], w[here - starts[fed]], dx[here]))

    return Live(fig, update, [*lines, *inputs.artists, *outputs.artists, *taps_text, *slopes_text, forward, backward],
                "Inputs below, outputs above, and a line for each multiplication; the sums for one output and for one input",
                taps=slider("taps", 3, 1, 4), stride=slider("stride", 2, 1, 3), padding=slider("padding", 0, 0, 2),
                output=slider("output", 1, 0, 11), input=slider("input", 4, 0, 7))


def _sum(name, left, right, total):
    """A sum of products, written out."""
    terms = " + ".join(rf"{_bracketed(a)}\cdot{_bracketed(b)}" for a, b in zip(left, right))
    return f"${name} = {terms} = {total}$" if terms else f"${name} = 0$: no output ever touched it"


def _bracketed(number):
    return f"({number})" if number < 0 else str(number)


def backward_pass(image, w, dy, stride):
    """The backward pass of an upstream gradient dy (OH, OW) through a convolution of image (H, W) with one filter (K, K).

    Output cells send it back one after the other, in reading order; a tap of the filter can be followed.
    """
    cells, (out_h, out_w) = dy.size, dy.shape
    fig, axes = G.canvas(10, 4.1, 1, 4, width_ratios=(1.35, 1, 1, 1.35))
    heads = ("image", "upstream $dy$", "$dw$", "$dx$")
    colours = (G.PIXELS, G.GRADIENTS, G.GRADIENTS, G.GRADIENTS)
    images = [G.framed(ax).imshow(array, cmap=colour) for ax, array, colour in zip(axes, (image, dy, w, image), colours)]
    for ax, head in zip(axes, heads):
        ax.set_title(head, fontsize=15)
    images[0].set_clim(0, 1)
    images[1].set_clim(**G.span(dy))
    met, = axes[0].plot([], [], "o", color=G.WEIGHT, ms=6, mec="white", mew=0.5)
    windows = [ax.plot([], [], color=G.WEIGHT, lw=4)[0] for ax in (axes[0], axes[3])]
    cell, = axes[1].plot([], [], "s", ms=12, mfc="none", mec=G.WEIGHT, mew=3)
    ring, = axes[2].plot([], [], "s", ms=22, mfc="none", mec=G.WEIGHT, mew=4)
    title, x4 = fig.suptitle(" "), image[None, None]
    cache = F.conv2d(x4, w[None, None], np.zeros(1, w.dtype), stride=stride)[1]
    whole = [gradient[0, 0] for gradient in F.conv2d_backward(dy[None, None], cache)[:2]]

    def update(sent, row, column):
        part = np.where(np.arange(cells).reshape(dy.shape) < sent, dy, 0)
        dx, dw, _ = F.conv2d_backward(part[None, None], cache)
        images[1].set_data(np.where(part != 0, dy, 0.25 * dy))
        for shown, array, full in ((images[2], dw[0, 0], whole[1]), (images[3], dx[0, 0], whole[0])):
            shown.set_data(array)
            shown.set_clim(**G.span(full))
        r, c = divmod(max(sent - 1, 0), out_w)
        for window in windows:
            window.set_data(*outline(r * stride, c * stride, *w.shape))
        cell.set_data([c], [r])
        ring.set_data([column], [row])
        rows, columns = np.divmod(np.arange(sent), out_w)
        met.set_data(columns * stride + column, rows * stride + row)
        title.set_text(f"{sent} of {cells} outputs have sent their gradient back: tap ({row}, {column}) has {dw[0, 0, row, column]:+.4f}")

    return Live(fig, update, [*images, met, *windows, cell, ring, title],
                "A digit, the upstream gradient of the convolution's output, and what has come of it for filter and image",
                sent=slider("outputs done", cells // 2, 0, cells), row=slider("tap row", 1, 0, len(w) - 1),
                column=slider("tap column", 2, 0, len(w) - 1))
