"""Live figures of lesson 09: paths of optimisers over surfaces, the start of a running mean, and learning rates."""
from functools import lru_cache

import numpy as np

from ..analysis import SURFACES, optimizer_path
from ..figures import style as G
from ..optim import SGD, Adam, Momentum, RMSProp
from .core import Live, pick, slider

_STARTS = {f"({x:g}, {y:g})".replace("-", "−"): (x, y) for x, y in [(-2.4, 1.0), (-2.0, 0.02), (-1.2, 1.4), (0.5, -1.8), (2.4, 0.3)]}
_MOST, _X, _Y = 120, (-3.0, 3.0), (-2.0, 2.0)
_COLOURS = {"SGD": (G.INK, "o"), "momentum": (G.INPUT, "s"), "RMSProp": (G.WEIGHT, "^"), "Adam": (G.TEST, "D")}


@lru_cache(maxsize=64)
def _paths(surface, start, condition, lr, b1, b2):
    """{optimiser: places (steps + 1, 2)} on a surface."""
    formula, makers = SURFACES[surface], {
        "SGD": lambda place: SGD(place, lr), "momentum": lambda place: Momentum(place, lr, b1),
        "RMSProp": lambda place: RMSProp(place, lr, b2), "Adam": lambda place: Adam(place, lr, (b1, b2))}
    return {name: optimizer_path(make, lambda place: np.array(formula(*place, condition)[1:]), start, _MOST)
            for name, make in makers.items()}


@lru_cache(maxsize=8)
def _ground(surface, condition):
    """The height of a surface in bands, like a map: (320, 480), from 0."""
    x, y = np.meshgrid(np.linspace(*_X, 480), np.linspace(*_Y, 320))
    height = SURFACES[surface](x, y, condition)[0]
    depth = np.log10(1 + 30 * (height - height.min()) / np.ptp(height))
    return np.floor(depth * 10) / 10


def playground():
    """SGD, momentum, RMSProp and Adam on one surface from one start, step by step."""
    fig, ax = G.canvas(10.2, 4.7)
    ax.set(xlim=_X, ylim=_Y, xlabel="x", ylabel="y", yticks=range(-2, 3))
    ground = ax.imshow(np.zeros((2, 2)), extent=(*_X, *_Y), origin="lower", aspect="auto", cmap="Greys", vmin=0, vmax=1.6)
    lines = {name: ax.plot([], [], "-", color=colour, lw=2.5)[0] for name, (colour, _) in _COLOURS.items()}
    heads = {name: ax.plot([], [], mark, color=colour, ms=11, mec="white", mew=1.5, label=name)[0]
             for name, (colour, mark) in _COLOURS.items()}
    fig.legend(loc="outside lower center", ncols=4)
    title = ax.set_title(" ")

    def update(surface, start, condition, lr, b1, b2, step):
        formula, reached = SURFACES[surface], {}
        ground.set_data(_ground(surface, condition))
        for name, path in _paths(surface, _STARTS[start], condition, lr, b1, b2).items():
            lines[name].set_data(*path[:step + 1].T)
            heads[name].set_data(*path[step:step + 1].T)
            reached[name] = formula(*path[step], condition)[0]
        best = min(reached, key=reached.get)
        title.set_text(f"Step {step}: lowest is {best}, loss {reached[best]:.2g}; SGD {reached['SGD']:.2g}")

    return Live(fig, update, [ground, *lines.values(), *heads.values(), title], "Paths of four optimisers over a surface, seen from above",
                surface=pick("surface", list(SURFACES), "bowl"), start=pick("start", list(_STARTS), "(−2.4, 1)"),
                condition=pick("condition number (bowl, ravine)", [1, 3, 10, 30, 100], 30),
                lr=pick("step size", [0.001, 0.003, 0.01, 0.03, 0.06, 0.1, 0.3], 0.06), b1=slider("β₁", 0.9, 0.0, 0.98, step=0.02),
                b2=pick("β₂", [0.0, 0.5, 0.9, 0.99, 0.999], 0.99), step=slider("step", 30, 0, _MOST))


def bias_correction():
    """A noisy gradient, its running mean from zero, and the same divided by 1 - β^t."""
    t = np.arange(1, _MOST + 1)
    g = 1 + 0.5 * np.random.default_rng(2).standard_normal(_MOST)
    fig, ax = G.canvas(10, 4.4)
    ax.set(xlim=(0, _MOST + 1), ylim=(-0.4, 3.0), xlabel="step", ylabel="gradient")
    ax.plot(t, g, ".", color=G.QUIET, ms=9, label="gradient")
    ax.axhline(1, color=G.INK, lw=2, ls="--", label="its true mean")
    plain, = ax.plot([], [], "-", color=G.TEST, label="running mean")
    corrected, = ax.plot([], [], "-", color=G.OUTPUT, label="corrected")
    ax.legend(loc="upper right", ncols=2)
    title = fig.suptitle(" ")

    def update(beta):
        m, means = 0.0, []
        for gradient in g:
            m = beta * m + (1 - beta) * gradient
            means.append(m)
        plain.set_data(t, means)
        corrected.set_data(t, np.array(means) / (1 - beta**t))
        title.set_text(f"After 10 steps the running mean is {means[9]:.2f}, corrected {means[9] / (1 - beta**10):.2f}")

    return Live(fig, update, [plain, corrected, title], "A noisy gradient, its running mean, and the corrected running mean",
                beta=pick("β", [0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999], 0.98))


def good_step_sizes(tuning):
    """How wide the range of good learning rates is, by what counts as good: {optimiser: (learning rates, accuracies)}, of one run each."""
    fig, ax = G.canvas(10, 4.2)
    ax.set(xscale="log", ylim=(len(tuning) - 0.4, -0.7), yticks=range(len(tuning)), yticklabels=list(tuning), xlabel="step size")
    tried, bars = {}, {}
    for row, ((name, (rates, right)), (colour, mark)) in enumerate(zip(tuning.items(), _COLOURS.values())):
        tried[name] = rates, lost = np.asarray(rates), np.round(100 * (np.max(right) - right), 6)  # 1 point, not 1 and a little
        for rate, points in zip(rates, lost):
            ax.text(rate, row - 0.22, f"−{points:.2g}" if points else "best", ha="center", va="bottom", fontsize=14)
        ax.plot(rates, np.full(len(rates), row), mark, color=colour, mfc="white", ms=10)
        bars[name], = ax.plot([], [], mark + "-", color=colour, lw=8, ms=12)
    ax.minorticks_off()
    ax.xaxis.set_major_formatter("{x:g}")
    title = ax.set_title(" ")

    def update(points):
        widths = {}
        for row, (name, (rates, lost)) in enumerate(tried.items()):
            good = rates[lost <= points]
            bars[name].set_data(good, np.full(len(good), row))
            widths[name] = round(good.max() / good.min())
        widest = [name for name, width in widths.items() if width == max(widths.values())]
        title.set_text(f"Good within {points:.1f} points of the best: widest is {' and '.join(widest)}, "
                       f"a factor of {max(widths.values())}")

    return Live(fig, update, [*bars.values(), title], "The step sizes tried, a row an optimiser, and the range of the good ones",
                points=slider("points", 1.0, 0.5, 2.0, step=0.1))


def _marks(low, high, digits):
    """Numbers such as 0.02 and 0.1 between two others: one of `digits` and zeros."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    return [digit * 10.0**power for power in powers for digit in digits if low <= digit * 10.0**power <= high]


def step_sizes(moments, sizes):
    """How far Adam would move each number per unit of its mean gradient, over a run.

    `moments`: steps; `sizes` {layer: arrays (moments, F, H, W)}: effective learning rates as images.
    """
    fig, (left, right) = G.canvas(10.2, 4.5, 1, 2, width_ratios=(1, 1.3))
    sheet = G.bare(left).imshow(np.zeros((2, 2)), cmap=G.PIXELS, vmin=-2, vmax=0, extent=(0, 1, 0, 1))
    left.set_facecolor(G.GAP)
    left.set_title("effective step size")
    bar = fig.colorbar(sheet, ax=left, shrink=0.8, ticks=range(-2, 1), format=lambda power, _: f"{10.0**power:g}")
    bar.outline.set_visible(False)
    right.set(xscale="log", yscale="log", xlabel="step", xlim=(moments[0] * 0.8, moments[-1] * 1.3), title="median of each layer")
    middle = {layer: np.median(np.reshape(arrays, (len(moments), -1)), axis=1) for layer, arrays in sizes.items()}
    for (layer, medians), colour, mark in zip(middle.items(), (G.INPUT, G.WEIGHT, G.OUTPUT, G.TEST), "os^D"):
        right.plot(moments, medians, mark + "-", color=colour, ms=6, label=layer)
    low, high = min(map(min, middle.values())), max(map(max, middle.values()))
    right.set_ylim(low / 1.3, high * (high / low) ** 0.5)  # with room for the legend
    right.minorticks_off()
    marks = [_marks(*right.get_ylim(), digits) for digits in ((1, 2, 4, 6), (1, 3), (1,))]
    right.set_yticks(next((some for some in marks if len(some) <= 6), marks[-1]))
    for axis in (right.xaxis, right.yaxis):
        axis.set_major_formatter("{x:g}")
    right.legend(loc="upper center", ncols=2, columnspacing=1, handlelength=1.5)
    here = right.axvline(moments[0], color=G.INK, lw=2, ls="--")
    title = fig.suptitle(" ")

    def update(moment, layer):
        place = list(moments).index(moment)
        now = np.asarray(sizes[layer][place])
        sheet.set_data(G.tiled(np.log10(now), 4, gap=1))
        here.set_xdata([moment, moment])
        low, high = np.quantile(now, (0.05, 0.95))
        title.set_text(f"Step {moment}, {layer}: {low:.2g} to {high:.2g}, a factor of {high / low:,.0f} within the layer")

    return Live(fig, update, [sheet, here, title], "Effective step sizes of every weight of a layer, and each layer's median over the run",
                moment=pick("step", list(moments), moments[-1]), layer=pick("layer", list(sizes), list(sizes)[0]))
