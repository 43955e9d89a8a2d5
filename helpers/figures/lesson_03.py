"""Pictures of lesson 03: feature maps, times on a logarithmic scale, and the depth of filters."""
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..rounding import about, duration
from .style import INK, INPUT, OUTPUT, PIXELS, QUIET, WEIGHT, WEIGHTS, Picture, bare, canvas, panel, span


def feature_maps(images, filters, maps, title):
    """What each filter {name: (KH, KW)} makes of each image: images (N, H, W), maps (N, F, OH, OW)."""
    side, gap = 8.35 / len(images) - 0.08, 0.08
    fig = Figure(figsize=(10, 0.65 + (side + gap) * (len(filters) + 1)))
    for column, image in enumerate(images):
        panel(fig, 1.6 + column * (side + gap), 0.6, side).imshow(image, cmap=PIXELS, vmin=0, vmax=1)
    for row, (name, w) in enumerate(filters.items(), start=1):
        top = 0.6 + row * (side + gap)
        ax = panel(fig, 0.5, top + 0.1, side - 0.2)
        ax.imshow(w, cmap=WEIGHTS, **span(w))
        ax.set_ylabel(name, fontsize=14)
        for column, scores in enumerate(maps[:, row - 1]):
            panel(fig, 1.6 + column * (side + gap), top, side).imshow(scores, cmap=WEIGHTS, **span(maps[:, row - 1]))
    fig.suptitle(title, y=1 - 0.12 / fig.get_figheight())
    return Picture(fig, f"The feature maps of {len(images)} images for the filters {', '.join(filters)}: {title}")


def durations(seconds, title):
    """How long each of several ways takes, {name: seconds}, on a logarithmic scale."""
    fig, ax = canvas(10, 0.7 * len(seconds) + 1.5)
    names, slowest = list(seconds), max(seconds.values())
    ax.barh(names, seconds.values(), color=[QUIET] * (len(names) - 1) + [OUTPUT], edgecolor=INK, height=0.6)
    for place, value in enumerate(seconds.values()):
        gain = f"   ({about(slowest / value)} times faster)" if value < slowest else ""
        ax.text(value * 1.15, place, duration(value) + gain, va="center", bbox={"fc": "white", "ec": "none", "pad": 1})
    ax.set(xscale="log", xlim=(min(seconds.values()) / 3, slowest * 20))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g} s" if value >= 1 else f"{value * 1e3:g} ms")
    ax.invert_yaxis()
    ax.minorticks_off()
    ax.grid(axis="x", color=QUIET)
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0, labelsize=16)
    ax.set_title(title)
    return Picture(fig, f"Bars on a logarithmic scale: {title}")


def depth():
    """Two layers of convolution drawn as stacks: a filter is as deep as what it slides over."""
    fig = Figure(figsize=(10, 4.4))
    ax = bare(fig.add_axes((0, 0, 1, 0.88)))
    ax.set(xlim=(0, 10), ylim=(0, 3.87))

    def stack(left, bottom, side, deep, colour, step=0.1, window=0.0):
        for sheet in reversed(range(deep)):
            x, y = left + step * sheet, bottom + step * sheet
            ax.add_patch(Rectangle((x, y), side, side, fc=colour, ec="white", lw=1.5))
            if window:
                ax.add_patch(Rectangle((x + 0.25, y + side - 0.6), window, window, fc="none", ec=WEIGHT, lw=3.5))

    stack(0.2, 1.4, 1.5, 1, INPUT, window=0.3)
    stack(3.55, 1.35, 1.3, 4, OUTPUT, window=0.3)
    stack(7.95, 1.3, 1.15, 8, OUTPUT)
    for row in range(4):
        stack(2.5, 1.05 + 0.62 * row, 0.3, 1, WEIGHT, 0.06)
        stack(6.05, 1.05 + 0.62 * row, 0.3, 4, WEIGHT, 0.06)
        stack(6.85, 1.05 + 0.62 * row, 0.3, 4, WEIGHT, 0.06)
    for x, sign in ((2.1, "∗"), (3.17, "="), (5.6, "∗"), (7.6, "=")):
        ax.text(x, 2.15, sign, fontsize=26, ha="center", va="center")
    for x, name, shape in ((0.95, "image", "(1, 28, 28)"), (2.65, "4 filters", "each (1, 5, 5)"), (4.35, "4 maps", "(4, 24, 24)"),
                           (6.68, "8 filters", "each (4, 5, 5)"), (8.85, "8 maps", "(8, 20, 20)")):
        ax.text(x, 0.55, name, ha="center", fontsize=17, weight="bold")
        ax.text(x, 0.17, shape, ha="center", fontsize=15)
    fig.suptitle("A filter is as deep as what it slides over, and makes one map", y=0.97)
    return Picture(fig, "An image of depth 1, four filters of depth 1, four maps, eight filters of depth 4, eight maps, with their shapes")
