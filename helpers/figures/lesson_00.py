"""Pictures of lesson 00: the map of the course, and the digits."""
import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from .style import FRAME, INK, INPUT, PIXELS, TEST, TRAIN, WEIGHT, Picture, bare, canvas, kind, pictures, tiled


def course_map():
    """The lessons as a path; the first, where the reader is, stands out."""
    stops = [("00", "start here"), ("01", "dense nets"), ("02", "convolution\nforward"), ("03", "convolution\nbackward"),
             ("04", "two-layer\nCNN"), ("05", "skip\nconnection"), ("06", "Adam and\nthe full run"), ("later", "ResNet-34")]
    fig, ax = canvas(10, 4.2)
    bare(ax).set(xlim=(-0.6, 3.6), ylim=(-0.62, 1.62))
    # Down one row and back along the next, so that the way on is always one arrow.
    places = [(column, 1) for column in range(4)] + [(column, 0) for column in (3, 2, 1, 0)]
    for (x0, y0), (x1, y1) in zip(places, places[1:]):
        ax.add_patch(FancyArrowPatch((x0, y0), (x1, y1), arrowstyle="-|>", mutation_scale=26, lw=3, color=FRAME,
                                     shrinkA=58 if y0 == y1 else 36, shrinkB=66 if y0 == y1 else 38))
    for index, ((x, y), (number, name)) in enumerate(zip(places, stops)):
        fill = WEIGHT if index == 0 else "white" if number == "later" else "#E3F0F8"
        ax.add_patch(FancyBboxPatch((x - 0.36, y - 0.3), 0.72, 0.6, boxstyle="round,pad=0.02,rounding_size=0.08",
                                    fc=fill, ec=INPUT, lw=2.5, ls="--" if number == "later" else "-"))
        ax.text(x, y + 0.17, number, ha="center", va="center", fontsize=17, weight="bold")
        ax.text(x, y - 0.09, name, ha="center", va="center", fontsize=15, linespacing=1.15)
    ax.set_title("Each lesson hands its code to the next")
    return Picture(fig, "The map of the course: start here, dense nets, convolution forward and backward, "
                        "two-layer CNN, skip connection, Adam and the full run, later ResNet-34")


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


def class_balance(data, title="No digit is common: the best blind guess is right about one time in ten"):
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
