"""Live figures of lesson 09: paths of optimisers over surfaces, and the start of a running mean."""
from functools import lru_cache

import numpy as np
from matplotlib import colormaps

from ..analysis import SURFACES, best_runs, optimizer_path
from ..figures import style as G
from ..figures.lesson_09 import MARKS
from ..optim import SGD, Adam, Momentum, RMSProp
from .core import Live, pick, slider

_STARTS = {f"({x:g}, {y:g})".replace("-", "−"): (x, y) for x, y in [(-2.4, 1.0), (-2.0, 0.02), (-1.2, 1.4), (0.5, -1.8), (2.4, 0.3)]}
_MOST, _X, _Y = 120, (-3.0, 3.0), (-2.0, 2.0)
_TUNED = "each its best"


@lru_cache(maxsize=64)
def _paths(surface, start, condition, lr, b1, b2):
    """{optimiser: (its learning rate, its places (steps + 1, 2))} on a surface; `lr` is one for all, or _TUNED."""
    formula, makers = SURFACES[surface], {
        "SGD": lambda place, lr: SGD(place, lr), "momentum": lambda place, lr: Momentum(place, lr, b1),
        "RMSProp": lambda place, lr: RMSProp(place, lr, b2), "Adam": lambda place, lr: Adam(place, lr, (b1, b2))}
    rates = dict.fromkeys(makers, lr)
    if lr == _TUNED:
        rates = {name: rate for name, (rate, _) in best_runs(surface, start, condition, b1, b2, _MOST).items()}

    def path(name):
        return optimizer_path(lambda place: makers[name](place, rates[name]),
                              lambda place: np.array(formula(*place, condition)[1:]), start, _MOST)

    return {name: (rates[name], path(name)) for name in makers}


@lru_cache(maxsize=8)
def _ground(surface, condition):
    """The height of a surface in bands, like a map, white is low: bytes (320, 480, 4), which are drawn faster than numbers."""
    x, y = np.meshgrid(np.linspace(*_X, 480), np.linspace(*_Y, 320))
    height = SURFACES[surface](x, y, condition)[0]
    depth = np.log10(1 + 30 * (height - height.min()) / np.ptp(height))
    return colormaps["Greys"](np.floor(depth * 10) / 16, bytes=True)


def playground():
    """SGD, momentum, RMSProp and Adam on one surface from one start, step by step, and the loss of each."""
    fig, (ax, table) = G.canvas(10.2, 4.7, 1, 2, width_ratios=(1.8, 1))
    ax.set(xlim=_X, ylim=_Y, xlabel="x", ylabel="y", yticks=range(-2, 3))
    ground = ax.imshow(_ground("bowl", 1), extent=(*_X, *_Y), origin="lower", aspect="auto")
    G.bare(table).set(xlim=(0, 1), ylim=(0, 1))
    lines, heads, says = {}, {}, {}
    for place, (name, (colour, mark)) in enumerate(MARKS.items()):
        lines[name], = ax.plot([], [], "-", color=colour, lw=2.5)
        heads[name], = ax.plot([], [], mark, color=colour, ms=11, mec="white", mew=2)
        height = 0.9 - 0.26 * place
        table.plot(0.06, height, mark, color=colour, ms=11, mec="white", mew=2)
        says[name] = table.text(0.16, height, " ", va="center", linespacing=1.3)
    title = fig.suptitle(" ")

    def update(surface, start, condition, lr, b1, b2, step):
        formula, reached = SURFACES[surface], {}
        ground.set_data(_ground(surface, condition))
        for name, (rate, path) in _paths(surface, _STARTS[start], condition, lr, b1, b2).items():
            lines[name].set_data(*path[:step + 1].T)
            heads[name].set_data(*path[step:step + 1].T)
            reached[name] = formula(*path[step], condition)[0]
            says[name].set_text(f"{name}, η = {rate:.2g}\nloss {reached[name]:.2g}".replace("-", "−"))
        title.set_text(f"After {step} step{'s' * (step != 1)} {min(reached, key=reached.get)} is lowest")

    return Live(fig, update, [ground, *lines.values(), *heads.values(), *says.values(), title],
                "Paths of four optimisers over a surface, seen from above, with the learning rate and the loss of each",
                surface=pick("surface", list(SURFACES), "bowl"), start=pick("start", list(_STARTS), "(−2.4, 1)"),
                condition=pick("condition number (bowl, ravine)", [1, 3, 10, 30, 100], 100),
                lr=pick("learning rate η", [_TUNED, 0.001, 0.003, 0.01, 0.03, 0.06, 0.1, 0.3], _TUNED),
                b1=slider("β₁", 0.9, 0.0, 0.98, step=0.02),
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
