"""Static pictures, in the one style of the course: the same colour for the same thing everywhere.

Sizes are in inches of 100 screen pixels. No text is below 14 points, so that the last row can read it.
"""
import base64
import io

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

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


def tiled(images, columns, gap=2):
    """One array of all images (n, H, W) in rows of `columns`, NaN in the gaps."""
    count, height, width = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for index, image in enumerate(images):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        sheet[top:top + height, left:left + width] = image
    return sheet


def span(array):
    """Colour limits with zero in the middle."""
    largest = float(np.nanmax(np.abs(array))) or 1.0
    return {"vmin": -largest, "vmax": largest}


def mosaic(digits):
    """Each class in a row: the first sixteen images of x_train of each digit, one above the other."""
    columns = 16
    rows = [digits.x_train[digits.y_train == digit][:columns, 0] for digit in range(10)]
    fig, ax = canvas(9, 5.6)
    ax.imshow(tiled(np.concatenate(rows), columns), cmap=PIXELS, vmin=0, vmax=1)
    bare(ax).set_yticks(np.arange(10) * 30 + 13.5, [str(digit) for digit in range(10)])
    ax.tick_params(length=0, labelsize=18)
    ax.set_title("Every row is one digit, by many hands")
    return Picture(fig, f"A mosaic of handwritten digits, {columns} of each class")


def class_balance(digits):
    """How many images of each digit there are to train on and to test on."""
    fig, ax = canvas(10, 3.8)
    for labels, shift, colour, hatch, name in ((digits.y_train, -0.2, TRAIN, "", "training"),
                                               (digits.y_test, 0.2, TEST, "//", "test")):
        share = np.bincount(labels, minlength=10) / len(labels)
        ax.bar(np.arange(10) + shift, share, 0.38, color=colour, hatch=hatch, edgecolor="white", label=name)
    ax.axhline(0.1, color=INK, lw=2, ls="--")
    ax.set(xticks=range(10), xlabel="digit", ylabel="share of images", ylim=(0, 0.15), yticks=(0, 0.05, 0.1))
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(ncols=2, loc="upper right")
    ax.set_title("No digit is common: the best blind guess is right about one time in ten")
    return Picture(fig, "Bars: each digit makes up about a tenth of the training and of the test images")


def neuron(image, weights, bias):
    """One neuron's score: image (28, 28) times weights (28, 28), added up, plus the bias."""
    product = image * weights
    fig, axes = canvas(10, 3.6, 1, 3)
    for ax, array, colours, limits, title in (
            (axes[0], image, PIXELS, {"vmin": 0, "vmax": 1}, "pixels $x$"),
            (axes[1], weights, WEIGHTS, span(weights), "weights $w$"),
            (axes[2], product, WEIGHTS, span(product), "products $x_i w_i$")):
        framed(ax).imshow(array, cmap=colours, **limits)
        ax.set_title(title)
    for ax, sign in ((axes[1], "×"), (axes[2], "=")):
        ax.text(-0.13, 0.5, sign, transform=ax.transAxes, fontsize=30, ha="center", va="center")
    score = product.sum() + bias
    more, less = ("orange", "blue") if product.sum() > 0 else ("blue", "orange")
    fig.suptitle(f"Ink on {more} outweighs ink on {less}: the score is {score:+.2f}")
    return Picture(fig, "A digit, the neuron's weights, and their product pixel by pixel")


def weight_images(weights, title, names=()):
    """Rows of weights (n, 784) as images of 28 x 28, five across, all on one colour scale; `names` go above them."""
    images = weights.reshape(-1, 28, 28)
    fig, axes = canvas(9, (2.0 if names else 1.8) * len(images) / 5 + 0.6, -(-len(images) // 5), 5)
    for ax, image in zip(axes.flat, images):
        framed(ax).imshow(image, cmap=WEIGHTS, **span(weights))
    for ax, name in zip(axes.flat, names):
        ax.set_title(name, pad=4)
    fig.suptitle(title)
    return Picture(fig, f"{len(images)} sets of weights drawn as images: {title}")


def loss_curves(history, title):
    """Loss and accuracy of a `History`, training and test, epoch by epoch."""
    fig, (left, right) = canvas(10, 3.8, 1, 2)
    epochs = np.arange(1, len(history.test_loss) + 1)
    for ax, train, test, name in ((left, history.train_loss, history.test_loss, "loss"),
                                  (right, history.train_accuracy, history.test_accuracy, "accuracy")):
        ax.plot(epochs, train, color=TRAIN, marker="o", label="training")
        ax.plot(epochs, test, color=TEST, marker="s", ls="--", label="test")
        ax.set(xlabel="epoch", ylabel=name, xticks=epochs[:: max(1, len(epochs) // 5)])
    left.legend()
    right.yaxis.set_major_formatter("{x:.0%}")
    fig.suptitle(title)
    return Picture(fig, f"Loss and accuracy by epoch, training and test: {title}")


def confusion(labels, guesses):
    """How often each digit (rows) was taken for each other one (columns); the right ones are left out."""
    table = np.zeros((10, 10), dtype=int)
    np.add.at(table, (labels, guesses), 1)
    np.fill_diagonal(table, 0)
    fig, ax = canvas(8, 5.5)
    ax.imshow(table, cmap=WEIGHTS, aspect="auto", **span(table))
    for row, column in np.argwhere(table > 0):
        ax.text(column, row, table[row, column], ha="center", va="center", fontsize=15,
                color="white" if table[row, column] > 0.8 * table.max() else INK)
    ax.set(xticks=range(10), yticks=range(10), xlabel="read as", ylabel="is a")
    ax.tick_params(length=0)
    commonest, times = np.argwhere(table == table.max()), "once" if table.max() == 1 else f"{table.max()} times"
    if len(commonest) == 1:
        true, guess = (f"an {digit}" if digit == 8 else f"a {digit}" for digit in commonest[0])
        title = f"Most often {true} is read as {guess} ({times})"
    else:
        title = f"No digit is mistaken for another more than {times}"
    ax.set_title(title)
    return Picture(fig, f"A table of mistakes, true digit against guess: {title}")


def mistakes(images, labels, probabilities):
    """The twelve wrong guesses of which the network was surest: images (N, 1, 28, 28), probabilities (N, 10)."""
    guesses, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(guesses != labels)
    worst = wrong[np.argsort(-sure[wrong])][:12]
    fig, axes = canvas(10, 4.6, 2, 6)
    fig.get_layout_engine().set(hspace=0.08)
    for ax, index in zip(axes.flat, worst):
        framed(ax).imshow(images[index, 0], cmap=PIXELS, vmin=0, vmax=1)
        ax.set_title(f"{labels[index]} read as {guesses[index]}", fontsize=15, pad=5)
        ax.set_xlabel(f"{sure[index]:.2%} sure", fontsize=14)
    for ax in axes.flat[len(worst):]:
        ax.set_visible(False)
    fig.suptitle(f"Wrong and sure of it: the worst of {len(wrong)} mistakes on {len(labels):,} test images")
    return Picture(fig, "The most confident mistakes: each digit with its label, the network's guess, and how sure it was")


def regions(points, labels, classifiers):
    """Which side of its boundary each classifier puts the plane on: {title: function (n, 2) -> classes}."""
    fig, axes = canvas(9, 4, 1, len(classifiers))
    ticks = np.linspace(-1.6, 1.6, 161)
    plane = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    for ax, (title, classify) in zip(axes, classifiers.items()):
        ax.contourf(ticks, ticks, classify(plane).reshape(161, 161), levels=[-0.5, 0.5, 1.5],
                    colors=["#CCE3F0", "#FAE7C2"])
        for value, colour, marker in ((0, INPUT, "o"), (1, WEIGHT, "^")):
            ax.plot(*points[labels == value].T, marker, color=colour, ms=7, mec="white", mew=0.8)
        framed(ax).set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal")
        right = np.mean(classify(points) == labels)
        ax.set_title(f"{title}: {right:.0%} right")
    return Picture(fig, "Two classes of points in the plane and the regions that each classifier gives them")


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


def panel(fig, left, top, width, height=None):
    """Axes for an image at a place in inches from the figure's top left corner."""
    across, down = fig.get_size_inches()
    height = height or width
    return framed(fig.add_axes((left / across, 1 - (top + height) / down, width / across, height / down)))


def strip(panels, title):
    """Images and score maps side by side, {name: array}; the first is an image, and so is all that has its size."""
    fig, axes = canvas(10, 10 / len(panels) + 0.75, 1, len(panels))
    size = next(iter(panels.values())).shape
    for ax, (name, array) in zip(axes, panels.items()):
        is_image = array.shape == size  # without padding, a map is smaller than its image
        framed(ax).imshow(array, **({"cmap": PIXELS, "vmin": 0, "vmax": 1} if is_image else {"cmap": WEIGHTS, **span(array)}))
        ax.set_title(name)
    fig.suptitle(title)
    return Picture(fig, f"Side by side: {', '.join(panels)}. {title}")


def score_maps(images, filters, maps, title):
    """What each filter {name: (KH, KW)} makes of each image: images (N, H, W), maps (N, F, OH, OW)."""
    side, gap = 8.35 / len(images) - 0.08, 0.08
    fig = Figure(figsize=(10, 0.65 + (side + gap) * (len(filters) + 1)))
    for column, image in enumerate(images):
        panel(fig, 1.6 + column * (side + gap), 0.6, side).imshow(image, cmap=PIXELS, vmin=0, vmax=1)
    for row, (name, w) in enumerate(filters.items(), start=1):
        top = 0.6 + row * (side + gap)
        ax = panel(fig, 0.5, top + 0.1, side - 0.2)
        ax.imshow(w, cmap=WEIGHTS, **span(w))
        ax.set_ylabel(name)
        for column, scores in enumerate(maps[:, row - 1]):
            panel(fig, 1.6 + column * (side + gap), top, side).imshow(scores, cmap=WEIGHTS, **span(maps[:, row - 1]))
    fig.suptitle(title, y=1 - 0.12 / fig.get_figheight())
    return Picture(fig, f"The score maps of {len(images)} images for the filters {', '.join(filters)}: {title}")


def about(ratio):
    """A measured ratio in words, to the two digits that a single run can vouch for."""
    return f"about {float(f'{ratio:.2g}'):,.0f}"


def durations(seconds, title):
    """How long each of several ways takes, {name: seconds}, on a logarithmic scale."""
    fig, ax = canvas(10, 0.7 * len(seconds) + 1.5)
    names, slowest = list(seconds), max(seconds.values())
    ax.barh(names, seconds.values(), color=[QUIET] * (len(names) - 1) + [OUTPUT], edgecolor=INK, height=0.6)
    for place, value in enumerate(seconds.values()):
        text = f"{value:.1f} s" if value >= 1 else f"{value * 1e3:.2g} ms" if value < 0.01 else f"{value * 1e3:.0f} ms"
        ax.text(value * 1.15, place, text + (f"   ({about(slowest / value)} times faster)" if value < slowest else ""), va="center",
                bbox={"fc": "white", "ec": "none", "pad": 1})
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


def race(losses, title):
    """Training loss against steps, {name: losses (seeds, steps)}: the mean of 60 steps, over seeds, and the seeds' range."""
    window = 60
    fig, ax = canvas(10, 4.6)
    for (name, runs), colour, mark in zip(losses.items(), (INK, INPUT, WEIGHT, TEST), "os^D"):
        smooth = runs[:, :runs.shape[1] // window * window].reshape(len(runs), -1, window).mean(axis=2)
        steps = window * (np.arange(smooth.shape[1]) + 0.5)
        ax.fill_between(steps, smooth.min(axis=0), smooth.max(axis=0), color=colour, alpha=0.2, lw=0)
        ax.plot(steps, smooth.mean(axis=0), mark + "-", color=colour, label=name, markevery=4)
    ax.set(yscale="log", xlabel="step", ylabel="training loss", title=title)
    ax.legend()
    return Picture(fig, f"Training loss against steps, one line an optimiser: {title}")
