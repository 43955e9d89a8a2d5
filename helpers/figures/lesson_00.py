"""Pictures of lesson 00: the map of the course, and the digits."""
import numpy as np
from matplotlib.patches import FancyBboxPatch

from .style import (FRAME, GRADIENT_TEXT, INK, INPUT, OUTPUT, PIXELS, TEST, TRAIN, WEIGHT, Picture, arrow, bare, canvas, kind, pictures,
                    tiled)


LESSONS = ("start here", "one layer", "dense nets", "convolution\nforward", "convolution\nbackward", "two-layer\nCNN",
           "clinic 1:\nthe CNN", "skip\nconnection", "clinic 2:\nthe skip", "Adam", "depth", "normalisation", "residual\nblocks",
           "ResNet-34", "pre-\nactivation", "autograd")
CLINICS = 6, 8  # lessons that may be left out


def course_map():
    """The sixteen lessons as a path; the first stands out. Two more ways lead through it.

    The novice's passes the clinics by, the engineer's begins at lesson 03.
    """
    fig, ax = canvas(10, 5.8)
    bare(ax).set(xlim=(-0.5, 3.95), ylim=(-0.92, 3.42))
    # Down one row and back along the next, so that the way on is always one arrow.
    places = [(column if row % 2 == 0 else 3 - column, 3 - row) for row in range(4) for column in range(4)]
    for (x0, y0), (x1, y1) in zip(places, places[1:]):
        ax.add_patch(arrow((x0 + 0.39 * (x1 - x0), y0 + 0.31 * (y1 - y0)), (x1 - 0.39 * (x1 - x0), y1 - 0.31 * (y1 - y0)), FRAME))
    for clinic in CLINICS:
        (x0, y0), (x1, y1) = places[clinic - 1], places[clinic + 1]
        start, stop = ((x0, y0 + 0.31), (x1, y1 + 0.31)) if y0 == y1 else ((x0 + 0.3, y0 - 0.31), (x1 - 0.1, y1 + 0.31))
        ax.add_patch(arrow(start, stop, OUTPUT, f"arc3,rad={0.16 if y0 == y1 else -0.12}", ls=(0, (4, 2))))
    ax.add_patch(arrow((3.92, 3), (3.39, 3), GRADIENT_TEXT))
    for number, ((x, y), name) in enumerate(zip(places, LESSONS)):
        ax.add_patch(FancyBboxPatch((x - 0.36, y - 0.28), 0.72, 0.56, boxstyle="round,pad=0.02,rounding_size=0.08",
                                    fc=WEIGHT if number == 0 else "#E3F0F8", ec=INPUT, lw=2.5))
        ax.text(x, y + 0.18, f"{number:02}", ha="center", va="center", fontsize=15, weight="bold", color=INK)
        ax.text(x, y - 0.09, name, ha="center", va="center", fontsize=14, linespacing=1.0, color=INK)
    for y, colour, dashes, words in ((-0.55, OUTPUT, (0, (4, 2)), "a novice may leave out the two clinics, 06 and 08"),
                                     (-0.81, GRADIENT_TEXT, "-", "an engineer may begin at 03")):
        ax.add_patch(arrow((-0.36, y), (0.16, y), colour, ls=dashes))
        ax.text(0.27, y, words, va="center", fontsize=15)
    ax.set_title("Sixteen lessons: each passes its code on to the next")
    names = ", ".join(f"{number:02} {name}" for number, name in enumerate(LESSONS)).replace("-\n", "-").replace("\n", " ")
    return Picture(fig, f"The map of the course: {names}. A novice may leave out 06 and 08; an engineer may begin at 03")


def mosaic(data, title="Every row is one digit, by many hands"):
    """Each class in a row: the first sixteen of its training images, or as many as there are."""
    columns, images = 16, pictures(data.x_train)
    sheet, height = np.full((len(data.classes), columns, *images.shape[1:]), np.nan), images.shape[1]
    for place, row in enumerate(sheet):
        first = images[data.y_train == place][:columns]
        row[:len(first)] = first
    fig, ax = canvas(9, 0.6 + 0.5 * len(data.classes))
    ax.imshow(tiled(sheet.reshape(-1, *images.shape[1:]), columns), cmap=PIXELS, vmin=0, vmax=1)
    bare(ax).set_yticks(np.arange(len(data.classes)) * (height + 2) + (height - 1) / 2, data.classes)
    ax.tick_params(length=0, labelsize=18)
    ax.set_title(title)
    return Picture(fig, f"A mosaic of images, {columns} of each class: {', '.join(data.classes)}")


def class_balance(data, title="No digit is common: the best blind guess is correct about one time in ten"):
    """The share of each class in the images to train on and in those to test on; a dashed line where all shares are alike."""
    places, alike = np.arange(len(data.classes)), 1 / len(data.classes)
    fig, ax = canvas(10, 3.8)
    for labels, shift, colour, hatch, name in ((data.y_train, -0.2, TRAIN, "", "training"), (data.y_test, 0.2, TEST, "//", "test")):
        share = np.bincount(labels, minlength=len(places)) / len(labels)
        ax.bar(places + shift, share, 0.38, color=colour, hatch=hatch, edgecolor="white", label=name)
    ax.axhline(alike, color=INK, lw=2, ls="--")
    ax.set(xticks=places, xticklabels=data.classes, xlabel=kind(data.classes), ylabel="share of images", ylim=(0, 1.5 * alike),
           yticks=(0, alike / 2, alike))
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(ncols=2, loc="upper right")
    ax.set_title(title)
    return Picture(fig, f"Bars: the share of each class in the training and in the test images. {title}")
