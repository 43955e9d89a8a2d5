"""Live figures of lesson 14: the order of a block's layers, what a bottleneck costs and sees, and two networks' widths."""
import numpy as np

from ..analysis import outputs_and_gradients
from ..figures import style as G
from ..layers import AdaptiveAvgPool2d, AvgPool2d, BatchNorm2d, Conv2d, Flatten, Linear, ReLU, Sequential
from ..models import ORDERS, ordered_block
from .core import Live, pick, slider

DEPTHS, MAPS = (9, 18, 36, 54), 8


def ordered_stack(order, depth, seed):
    """`depth` blocks of 8 maps in one order, for grey images (N, 1, H, W), which are first made small; 10 logits.

    Layers 0 to 2 lead to the first block, the last five from the last one to the logits.
    """
    rng = np.random.default_rng(seed)
    layers = [AvgPool2d(2), Conv2d(1, MAPS, 3, rng, 2, 1, bias=False), BatchNorm2d(MAPS)]
    for _ in range(depth):
        first, second = (Conv2d(MAPS, MAPS, 3, rng, 1, 1, bias=False) for _ in range(2))
        layers.append(ordered_block(order, first, second, lambda: BatchNorm2d(MAPS)))
    return Sequential(*layers, BatchNorm2d(MAPS), ReLU(), AdaptiveAvgPool2d(1), Flatten(), Linear(MAPS, 10, rng))


def _measured(order, depth, images, labels):
    """Mean and deviation of the stream in front of each block and behind the last, and the norm of the gradient there, the last's = 1."""
    outputs, gradients = outputs_and_gradients(ordered_stack(order, depth, 0).double(), images.astype(np.float64), labels)
    stream, norms = outputs[2:-5], np.array([np.linalg.norm(gradient) for gradient in gradients[2:-5]])
    return [float(x.mean()) for x in stream], [float(x.std()) for x in stream], norms / norms[-1]


def orders(images, labels):
    """A block's six layers and its sum in one of the orders (a) to (e): the stream and its gradient by block, before training.

    For grey images (N, 1, H, W) with labels (N,), and a stack of `ordered_stack` from seed 0.
    """
    found = {(order, depth): _measured(order, depth, images, labels) for order in ORDERS for depth in DEPTHS}
    fig, ((top, hidden), (left, right)) = G.canvas(10.4, 5.5, 2, 2, height_ratios=(1, 2.4))
    hidden.remove()
    grid = left.get_subplotspec().get_gridspec()
    top.set_subplotspec(grid[0, :])
    G.bare(top).set(xlim=(-0.9, 8.3), ylim=(-0.7, 1.5))
    top.plot([-0.9, 7.9], [0, 0], color=G.FRAME, lw=3, zorder=0)
    for x, name in ((-0.85, "x"), (8.0, "y")):
        top.text(x, 0.12, name, va="bottom", ha="left")
    around, = top.plot([], [], color=G.OUTPUT, lw=4)
    names = [top.text(place + 0.5, 0, " ", ha="center", va="center", fontsize=16,
                      bbox={"boxstyle": "square,pad=0.4", "fc": "#E3F0F8", "ec": G.INPUT, "lw": 2.5}) for place in range(7)]
    left.axhline(0, color=G.QUIET, lw=2)
    right.axhline(1, color=G.QUIET, lw=2)
    mean, = left.plot([], [], "o-", color=G.OUTPUT, ms=5, label="mean")
    spread, = left.plot([], [], "--", color=G.INK, lw=2, label="standard deviation")
    slope, = right.plot([], [], "s-", color=G.GRADIENT, ms=5)
    left.legend(loc="upper left")
    highest = max(max(*some[0], *some[1]) for some in found.values())
    left.set(xlim=(-1, DEPTHS[-1] + 1), ylim=(-0.06 * highest, 1.45 * highest), xlabel="block", title="the stream")
    right.set(xlim=(-1, DEPTHS[-1] + 1), yscale="log", ylim=(0.3, 3 * max(some[2].max() for some in found.values())),
              xlabel="block", title="its gradient, behind the last block = 1")
    title = fig.suptitle(" ")

    def update(order, depth):
        body, after = ORDERS[order](Conv2d(1, 1, 1, 0), Conv2d(1, 1, 1, 0), lambda: BatchNorm2d(1))
        row = [{Conv2d: "conv", BatchNorm2d: "BN", ReLU: "ReLU"}[type(layer)] for layer in body]
        row = [*row, "+", *({BatchNorm2d: "BN", ReLU: "ReLU"}[type(layer)] for layer in after)]
        for text, name in zip(names, row):
            text.set_text(name)
            text.get_bbox_patch().set_edgecolor(G.OUTPUT if name == "+" else G.INPUT)
        plus = len(body) + 0.5
        around.set_data([-0.3, -0.3, plus, plus], [0, 1.15, 1.15, 0.45])
        means, deviations, norms = found[order, depth]
        places = range(depth + 1)
        mean.set_data(places, means)
        spread.set_data(places, deviations)
        slope.set_data(places, norms)
        title.set_text(f"({order}), {depth} blocks: mean {round(means[-1], 1) + 0.0:.1f}, deviation {deviations[-1]:.1f}; "
                       f"gradient of the first {norms[0]:.0f} times the last")

    return Live(fig, update, [around, *names, mean, spread, slope, title],
                "The layers of a block in one of five orders, and below it the stream and its gradient by block",
                order=pick("order", list(ORDERS), "a"), depth=pick("blocks", list(DEPTHS), DEPTHS[-1]))


def bottleneck():
    """Blocks of two 3 × 3 convolutions against bottlenecks: weights, products on a map, and receptive field."""
    fig, axes = G.canvas(10.4, 4.2, 1, 3, sharey=True)
    names = "bottlenecks", "basic blocks"
    bars, numbers = [], []
    for ax, what in zip(axes, ("weights", "products an image", "receptive field")):
        bars.append([ax.barh([place], [1.0], 0.5, color=colour, hatch=hatch, edgecolor="white")[0]
                     for place, (colour, hatch) in enumerate(((G.OUTPUT, ""), (G.TEST, "//")))])
        numbers.append([ax.text(0.02, place + 0.42, " ", va="center", transform=ax.get_yaxis_transform()) for place in range(2)])
        ax.set(title=what, ylim=(-0.5, 1.7), xlim=(0, 1.05), xticks=(0, 0.5, 1))
        ax.xaxis.set_major_formatter("{x:.0%}")
        ax.spines["left"].set_visible(False)
    axes[0].set(yticks=(0, 1), yticklabels=names)
    for ax in axes:
        ax.tick_params(axis="y", length=0)
    title = fig.suptitle(" ")

    def update(channels, reduction, blocks, size):
        width = channels // reduction
        weights = 2 * channels * width + 9 * width**2, 18 * channels**2
        fields = 1 + 2 * blocks, 1 + 4 * blocks
        for place in range(2):
            values = blocks * weights[place], blocks * weights[place] * size**2, fields[place]
            for some, texts, value, share in zip(bars, numbers, values, (weights[place] / weights[1],) * 2 + (fields[place] / fields[1],)):
                some[place].set_width(share)
                texts[place].set_text(f"{value:,}" if value < 1e7 else f"{value / 1e6:,.0f} million")
        title.set_text(f"{channels}-{width}-{width}-{channels}: {weights[0] / weights[1]:.1%} of the weights and products of "
                       f"a basic block, {fields[0]} pixels of {fields[1]}")

    return Live(fig, update, [*(bar for some in bars for bar in some), *(text for some in numbers for text in some), title],
                "Bottlenecks and basic blocks compared: their weights, their products, and their receptive fields, basic blocks = 100%",
                channels=pick("filters", [64, 128, 256, 512], 256), reduction=pick("reduction", [1, 2, 4, 8, 16], 4),
                blocks=slider("blocks", 1, 1, 18), size=pick("map", [8, 16, 32, 56], 16))


# a stage's maps inside its bottlenecks, and between them
WIDTHS = {"paper": ((16, 64), (32, 128), (64, 256)), "example": ((16, 64), (64, 128), (128, 256))}


def stage_parameters(blocks, channels, width, filters):
    """The parameters of a stage of so many pre-activation bottlenecks, of which the first has a projection, with their batch norms."""
    found = 0
    for place in range(blocks):
        found += channels * width + 9 * width**2 + width * filters + 2 * (channels + 2 * width)
        found += channels * filters if place == 0 else 0
        channels = filters
    return found


def widths():
    """The parameters of a pre-activation network for ten classes by stage, with the widths of He et al. (2016b) and of an example.

    Bars are shares of all that the paper's network has, the first convolution's and the last layers' too.
    """
    fig, ax = G.canvas(10.2, 4.8)
    places = np.arange(3)
    shifts = -0.2, 0.2
    rows = [ax.bar(places + shift, [1.0] * 3, 0.36, color=colour, hatch=hatch, edgecolor="white", label=name)
            for name, shift, colour, hatch in zip(WIDTHS, shifts, (G.OUTPUT, G.TEST), ("", "//"))]
    numbers = [[ax.text(place + shift, 1, " ", ha="center", va="bottom") for place in places] for shift in shifts]
    labels = ["\n".join([f"stage {place + 1}", *(f"{name} {wide[place][1]}-{wide[place][0]}-{wide[place][0]}-{wide[place][1]}"
                                                 for name, wide in WIDTHS.items())]) for place in places]
    ax.set(xticks=places, xticklabels=labels, ylabel="the paper's network = 100%", ylim=(0, 2.9), yticks=(0, 1, 2))
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(loc="upper left")
    title = fig.suptitle(" ")

    def update(depth):
        blocks, totals, counts = (depth - 2) // 9, [], []
        for wide in WIDTHS.values():
            channels, counts_here = 16, []
            for width, filters in wide:
                counts_here.append(stage_parameters(blocks, channels, width, filters))
                channels = filters
            counts.append(counts_here)
            totals.append(sum(counts_here) + 3 * 9 * 16 + 2 * 256 + 256 * 10 + 10)
        for row, texts, counts_here in zip(rows, numbers, counts):
            for bar, text, count in zip(row, texts, counts_here):
                bar.set_height(count / totals[0])
                text.set_text(f"{count / 1e6:.2f} M")
                text.set_y(count / totals[0] + 0.03)
        title.set_text(f"{depth} layers: {totals[0] / 1e6:.2f} and {totals[1] / 1e6:.2f} million parameters, "
                       f"{totals[1] / totals[0]:.2f} times as many")

    return Live(fig, update, [*(bar for row in rows for bar in row), *(text for texts in numbers for text in texts), title],
                "Parameters by stage of a pre-activation network, with two choices of its bottlenecks' widths",
                depth=pick("layers", [20, 56, 110, 164, 1001], 164))
