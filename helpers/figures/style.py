"""The one style of all pictures: colours, sizes of text and lines, and the parts that pictures are made of.

The same colour stands for the same thing everywhere. Sizes are in inches of 100 screen pixels. No text is below
14 points, so that the last row can read it.
"""
import base64
import io

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

# Okabe and Ito's palette, safe for colour-blind readers. One colour, one meaning.
INPUT, WEIGHT, OUTPUT, GRADIENT = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
TRAIN, TEST = "#56B4E9", "#D55E00"
INK, FRAME, QUIET, GAP = "#222222", "#7F7F7F", "#C8C8C8", "#E8E8E8"  # text, axes, what stands back, what is no image
OUTPUT_TEXT, GRADIENT_TEXT = "#00634A", "#A3467F"  # dark enough for words
MEANINGS = {"input": INPUT, "weight": WEIGHT, "output": OUTPUT, "gradient": GRADIENT, "training": TRAIN, "test": TEST}
PALETTE = MEANINGS | {"output, text": OUTPUT_TEXT, "gradient, text": GRADIENT_TEXT}  # and greys, and all of these with white added

# Images run from paper to blue ink; weights and gradients are white at zero.
PIXELS = LinearSegmentedColormap.from_list("pixels", ["#FFFFFF", INPUT, "#00243A"])
WEIGHTS = LinearSegmentedColormap.from_list("weights", ["#004D80", "#8EC5E8", "#FFFFFF", "#F5C265", "#A85F00"])
GRADIENTS = LinearSegmentedColormap.from_list("gradients", ["#1E5B1E", "#A3C76D", "#FFFFFF", "#E59CC4", "#8F2D65"])

SCREEN = 100   # pixels an inch on the page
SHARP = 130    # pixels an inch in a stored picture: sharp on a dense screen, small in the file

matplotlib.rcParams.update({
    "font.size": 15, "axes.titlesize": 16, "axes.labelsize": 15, "xtick.labelsize": 14, "ytick.labelsize": 14,
    "legend.fontsize": 15, "figure.titlesize": 18, "legend.frameon": False, "text.color": INK,
    "axes.labelcolor": INK, "axes.edgecolor": FRAME, "axes.linewidth": 2, "axes.titlepad": 10,
    "xtick.major.width": 2, "ytick.major.width": 2, "patch.linewidth": 2, "hatch.linewidth": 2, "grid.linewidth": 2,
    "axes.spines.top": False, "axes.spines.right": False, "lines.linewidth": 3, "lines.markersize": 9, "lines.markeredgewidth": 2,
    "xtick.color": INK, "ytick.color": INK, "figure.dpi": SCREEN, "image.interpolation": "nearest",
})


class Picture:
    """A finished figure as a cell's result: a PNG with alt text for those who cannot see it."""

    def __init__(self, fig, alt):
        self.fig, self.alt = fig, alt

    def png(self):
        """The picture's bytes."""
        buffer = io.BytesIO()
        FigureCanvasAgg(self.fig)
        self.fig.savefig(buffer, format="png", dpi=SHARP)
        return buffer.getvalue()

    def _repr_mimebundle_(self, **kwargs):
        data = {"image/png": base64.b64encode(self.png()).decode(), "text/plain": self.alt}
        width = round(self.fig.get_figwidth() * SCREEN)
        return data, {"image/png": {"width": width, "alt": self.alt}}


def canvas(width, height, rows=1, columns=1, **kwargs):
    """A figure of width x height inches without pyplot, and its axes: nothing leaks, nothing shows twice."""
    fig = Figure(figsize=(width, height), layout="constrained")
    fig.get_layout_engine().set(w_pad=0.1, h_pad=0.08)
    return fig, fig.subplots(rows, columns, **kwargs)


def bare(ax):
    """Take frame and ticks from an axis that shows an image."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return ax


def framed(ax):
    """A thin frame and no ticks, for an image whose paper is white."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)
    ax.spines[:].set_color(QUIET)
    return ax


def panel(fig, left, top, width, height=None):
    """Axes for an image at a place in inches from the figure's top left corner."""
    across, down = fig.get_size_inches()
    height = height or width
    return framed(fig.add_axes((left / across, 1 - (top + height) / down, width / across, height / down)))


def box(x, y, width, height, colour):
    """A box of a diagram, with its lower left corner at (x, y)."""
    return FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0.02,rounding_size=0.08", fc="#E3F0F8", ec=colour, lw=2.5)


def arrow(start, stop, colour, way="arc3", ls="-"):
    """An arrow of a diagram, from `start` to `stop`, both (x, y)."""
    return FancyArrowPatch(start, stop, arrowstyle="-|>", mutation_scale=24, lw=3, color=colour, ls=ls, connectionstyle=way,
                           shrinkA=0, shrinkB=0)


def pictures(images):
    """Images (n, C, H, W) as matplotlib shows them: one channel as (n, H, W), to be drawn in PIXELS, three as (n, H, W, 3)."""
    return images[:, 0] if images.shape[1] == 1 else images.transpose(0, 2, 3, 1)


def tiled(images, columns, gap=2):
    """One array of all images (n, H, W), or (n, H, W, 3), in rows of `columns`, NaN in the gaps."""
    count, height, width, *colours = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, *colours), np.nan)
    for index, image in enumerate(images):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        sheet[top:top + height, left:left + width] = image
    return sheet


def span(array):
    """Colour limits with zero in the middle."""
    largest = float(np.nanmax(np.abs(array))) or 1.0
    return {"vmin": -largest, "vmax": largest}


def kind(classes):
    """What a text calls the members of `classes`, a tuple of names: digits, if they are such, else classes."""
    return "digit" if all(name.isdigit() for name in classes) else "class"
