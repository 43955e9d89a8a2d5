"""Live figures of lesson 04: who touched whom, the backward pass of a real gradient, and ties in max pooling."""
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from .. import functional as F
from ..figures import style as G
from ..gradcheck import numeric_gradient
from .cells import numerals
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


def pooling_ties(pool_backward):
    """Max pooling of four whole numbers, one of which moves: its gradient by the reader's rule, shared among ties, and measured.

    `pool_backward(dy, x, size, stride)` -> dx, the reader's own function, in one dimension. Windows overlap: the stride is 1.
    """
    most, upstream = 8, np.array([1.0, 10, 100])  # the largest value; which output a gradient came from can be read off its digits
    fig, (left, right) = G.canvas(10, 4.7, 1, 2, width_ratios=(1.6, 1))
    # Number r of x stands in column 2r, number p of y over the middle of its window.
    G.bare(left).set(xlim=(-4.4, 9.2), ylim=(8.6, -0.6), aspect="equal")
    for row, name, colour in ((0, "$dy$", G.GRADIENT_TEXT), (1, "$y$", G.OUTPUT_TEXT), (4, "$x$", G.INPUT), (5, "$dx$", G.GRADIENT_TEXT),
                              (6, "by the rule", G.INK), (7, "shared", G.INK), (8, "measured", G.INK)):
        left.text(-1, row, name, ha="right", va="center", fontsize=16, color=colour)
    left.text(8.2, 5, "sum", ha="center", va="center", fontsize=16)
    lines = [LineCollection([], linewidths=width, colors=colour, linestyles=dash, zorder=1)
             for width, colour, dash in ((2, G.QUIET, "solid"), (4, G.GRADIENT, (0, (1.5, 1))), (5, G.GRADIENT, "solid"))]
    for collection in lines:
        left.add_collection(collection)
    boxes, ring = (left.plot([], [], "s", ms=27, mfc=fill, mec=edge, mew=width, zorder=2)[0]
                   for fill, edge, width in (("white", G.FRAME, 2), ("none", G.INPUT, 5)))
    numbers = left.add_patch(PathPatch(Path([(0, 0)]), fc=G.INK, lw=0, zorder=3))
    curve, = right.plot([], [], color=G.INK)
    slopes = [right.plot([], [], dash, color=colour, lw=width, label=name)[0]
              for name, dash, colour, width in (("by the rule", "-", G.GRADIENT, 6), ("measured", "--", G.TEST, 4))]
    here, = right.plot([], [], "o", color=G.INPUT, ms=12)
    right.set(xlim=(-0.4, most + 0.4), ylim=(-0.3, 1.7), xticks=range(0, most + 1, 2), yticks=[])
    right.legend(loc="upper left", title="slope")
    head, title = right.set_title(" "), fig.suptitle(" ")

    def update(place, value, size):
        x = np.array([1.0, 5, 5, 2])
        x[place] = value
        windows = np.lib.stride_tricks.sliding_window_view(x, size)  # a view: it follows x
        dy, wins = upstream[:len(windows)], windows == windows.max(axis=1, keepdims=True)
        rule, shared = pool_backward(dy, x, size, 1), np.zeros(len(x))
        for p, ones in enumerate(wins):
            shared[p:p + size] += dy[p] * ones / ones.sum()
        measured = numeric_gradient(lambda: dy @ windows.max(axis=1), x).round(6)
        table, centres = np.full((9, 9), np.nan), 2 * np.arange(len(dy)) + size - 1
        table[0, centres], table[1, centres], table[4, 0:8:2] = dy, windows.max(axis=1), x
        for row, dx in enumerate((rule, shared, measured), start=6):
            table[row, 0:8:2], table[row, 8] = dx, dx.sum()
        numbers.set(path=numerals(table, ~np.isnan(table), 0.62))
        firsts = wins & (np.cumsum(wins, axis=1) == 1)
        for collection, chosen in zip(lines, (~wins, wins & ~firsts, firsts)):
            collection.set_segments([[(2 * (p + k), 4), (centres[p], 1)] for p, k in np.argwhere(chosen)])
        boxes.set_data([*centres, *range(0, 8, 2)], [1] * len(dy) + [4] * 4)
        ring.set_data([2 * place], [4])
        losses, moved = [], x.copy()
        for moved[place] in range(most + 1):
            losses.append(dy @ np.lib.stride_tricks.sliding_window_view(moved, size).max(axis=1))
        rise = losses[-1] - losses[0]  # the loss fills the panel from 0 to 1, however steep it is
        heights = (np.array(losses) - losses[0]) / rise
        curve.set_data(range(most + 1), heights)
        for line, dx in zip(slopes, (rule, measured)):
            line.set_data([value - 2, value + 2], heights[value] + np.array([-2, 2]) * dx[place] / rise)
        here.set_data([value], heights[[value]])
        ties = ", ".join(f"$y_{p}$" for p in np.flatnonzero(wins.sum(axis=1) > 1))
        head.set_text(rf"$dy \cdot y$ as $x_{place}$ moves")
        title.set_text(f"{f'A tie in {ties}' if ties else 'No tie'}: $dx_{place}$ is {rule[place]:g} by the rule, {measured[place]:g} measured")

    return Live(fig, update, [*lines, boxes, ring, numbers, curve, *slopes, here, head, title],
                "Four numbers, the largest of each window, and the gradient that goes back to them: by the rule, shared, and measured",
                place=slider("place of x", 1, 0, 3), value=slider("its value", 5, 0, most), size=slider("window", 2, 2, 3))
