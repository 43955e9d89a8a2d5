"""The pictures of lesson 05: a digit on its way through the two-layer CNN, and a drawing on its way to MNIST's form."""
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from .style import GAP, INK, OUTPUT, PIXELS, WEIGHT, WEIGHTS, Picture, bare, canvas, framed, panel, span, tiled


def two_layers(image, first, second, p, title):
    """The two-layer CNN at work: image (28, 28), maps (16, 21, 21) and (8, 9, 9), probabilities (10,), with all shapes."""
    fig = Figure(figsize=(10, 4.0))
    panel(fig, 0.1, 1.05, 1.6).imshow(image, cmap=PIXELS, vmin=0, vmax=1)
    for left, maps, columns in ((2.9, first, 4), (6.2, second, 2)):
        wide, high = (2.4, 2.4) if columns == 4 else (1.2, 2.4)
        ax = bare(panel(fig, left, 0.65, wide, high))
        ax.imshow(tiled(maps, columns, gap=1), cmap=WEIGHTS, **span(maps))
        ax.set_facecolor(GAP)
    bars = bare(fig.add_axes((0.86, 1 - 3.05 / 4, 0.11, 2.4 / 4)))
    bars.barh(range(10), p, color=OUTPUT, edgecolor=INK)
    bars.set(ylim=(9.6, -0.6), xlim=(0, 1.05), yticks=range(10))
    bars.tick_params(length=0)
    names = (("image", "(1, 28, 28)", 0.9), ("16 maps", "(16, 21, 21)", 4.1), ("8 maps", "(8, 9, 9)", 6.8), ("probabilities", "(10,)", 9.1))
    steps = (("16 filters\n8 × 8", 2.3), ("8 filters\n4 × 4,\nstride 2", 5.75), ("dense", 7.95))
    overlay = bare(fig.add_axes((0, 0, 1, 1), facecolor="none"))
    overlay.set(xlim=(0, 10), ylim=(0, 4))
    for name, shape, x in names:
        overlay.text(x, 0.52, name, ha="center", fontsize=16, weight="bold")
        overlay.text(x, 0.17, shape, ha="center", fontsize=15)
    for name, x in steps:
        overlay.text(x, 2.35, name, ha="center", va="bottom", fontsize=14, linespacing=1.1)
        overlay.add_patch(FancyArrowPatch((x - 0.45, 2.15), (x + 0.45, 2.15), arrowstyle="-|>", mutation_scale=24, lw=3, color=WEIGHT))
    fig.suptitle(title, y=0.97)
    return Picture(fig, f"A digit, 16 maps, 8 smaller maps and ten probabilities, with the shapes of all: {title}")


def to_mnist(paper, box, image):
    """How a drawing gets MNIST's form: the ink on the paper, the box (20, 20), and the image (28, 28)."""
    fig, axes = canvas(9, 3.7, 1, 3)
    for ax, (head, array) in zip(axes, (("ink", paper), ("in a box of 20 × 20", box), ("centred in 28 × 28", image))):
        framed(ax).imshow(array, cmap=PIXELS, vmin=0, vmax=1)
        ax.set_title(head)
    fig.suptitle("A drawing in MNIST's form")
    return Picture(fig, "A drawn digit: its ink on the paper, scaled into a box of 20 by 20, and centred in 28 by 28 pixels")
