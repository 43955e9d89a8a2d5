"""Live figures of lesson 01: softmax, a graph with its gradients, the slope of one weight, and the learning rate."""
from functools import lru_cache

import numpy as np
from matplotlib.patches import Rectangle

from .. import functional as F
from ..analysis import LossPlane
from ..figures import style as G
from .core import Live, pick, slider


class _Bars:
    """Bars with their values written at their ends, on one axis."""

    def __init__(self, ax, names, colour, limits, title, form):
        self.form, self.reach = form, 0.015 * (limits[1] - limits[0])
        self.bars = ax.bar(names, [1] * len(names), color=colour, edgecolor=G.INK, width=0.7)
        self.texts = [ax.text(place, 0, "", ha="center", fontsize=14) for place in range(len(names))]
        self.artists = [*self.bars, *self.texts]
        ax.axhline(0, color=G.INK, lw=2)
        ax.tick_params(axis="x", length=0)
        ax.set(ylim=limits, title=title)

    def set(self, values, marked):
        for place, (bar, text, value) in enumerate(zip(self.bars, self.texts, values)):
            up = value >= 0
            bar.set(height=value, hatch="//" if place == marked else None)
            text.set(text=self.form.format(value), y=value + (self.reach if up else -self.reach), va="bottom" if up else "top")


def softmax():
    """Four logits to move, and what softmax and cross-entropy make of them."""
    names = "zero", "one", "two", "three"
    fig, axes = G.canvas(10, 4.3, 1, 3)
    logits = _Bars(axes[0], names, G.INPUT, (-11.5, 11.5), "logits $z$", "{:.1f}")
    probabilities = _Bars(axes[1], names, G.OUTPUT, (0, 1.1), "probabilities $p$", "{:.3f}")
    gradient = _Bars(axes[2], names, G.GRADIENT, (-1.15, 1.15), "slope $dz$ of the loss", "{:+.2f}")
    title = fig.suptitle(" ")

    def update(true, shift, **z):
        scores, label = np.array([list(z.values())]) + shift, names.index(true)
        p = F.softmax(scores)[0][0]
        loss, dlogits = F.cross_entropy(scores, np.array([label]))
        for bars, values in ((logits, scores[0]), (probabilities, p), (gradient, dlogits[0])):
            bars.set(values, marked=label)
        title.set_text(f"true class: {true} (hatched)      loss = −ln {p[label]:.4g} = {loss:.3f}")

    controls = {f"z{place}": slider(name, start, -6.0, 6.0, 0.5)
                for place, (name, start) in enumerate(zip(names, (2.0, 1.0, -1.0, 0.5)))}
    controls["shift"] = slider("added to all", 0.0, -3.0, 3.0, 0.5)
    controls["true"] = pick("true class", names, names[1])
    return Live(fig, update, [*logits.artists, *probabilities.artists, *gradient.artists, title],
                "Bars: four logits, their probabilities, and the slope of the loss for each logit", **controls)


# The graph of L = (w x₁ + b − t₁)² + (w x₂ + b − t₂)²: each node's place, what it computes, and the nodes that it reads.
_NODES = {
    "x₁": (0, 1, "", ()), "w": (0, 0, "", ()), "x₂": (0, -1, "", ()), "b": (1, 0, "", ()),
    "u₁": (1, 1, "w x₁", ("x₁", "w")), "u₂": (1, -1, "w x₂", ("x₂", "w")),
    "z₁": (2, 1, "u₁ + b", ("u₁", "b")), "z₂": (2, -1, "u₂ + b", ("u₂", "b")),
    "e₁": (3, 1, "z₁ − t₁", ("z₁",)), "e₂": (3, -1, "z₂ − t₂", ("z₂",)),
    "s₁": (4, 1, "e₁²", ("e₁",)), "s₂": (4, -1, "e₂²", ("e₂",)),
    "L": (5, 0, "s₁ + s₂", ("s₁", "s₂")),
}
_FORWARD = [("u₁", "u₂"), ("z₁", "z₂"), ("e₁", "e₂"), ("s₁", "s₂"), ("L",)]
_BACKWARD = [("L",), ("s₁", "s₂"), ("e₁", "e₂"), ("z₁", "z₂"), ("u₁", "u₂", "b"), ("w", "x₁", "x₂")]


def graph():
    """Two images of one pixel, one weight, one bias, squared errors: the graph step by step, forward and then backward.

    The weight and the bias are read twice, so two gradients meet in each of them.
    """
    fig, ax = G.canvas(10, 5.4)
    G.bare(ax).set(xlim=(-0.42, 5.42), ylim=(-1.5, 1.5))
    boxes, values, slopes, edges, locals_ = {}, {}, {}, {}, {}
    for name, (x, y, formula, reads) in _NODES.items():
        boxes[name] = ax.add_patch(Rectangle((x - 0.37, y - 0.22), 0.74, 0.44, fc="none"))
        ax.text(x, y + 0.1, f"{name} = {formula}" if formula else name, ha="center", va="center", fontsize=14)
        values[name] = ax.text(x, y - 0.1, "", ha="center", va="center", fontsize=16, weight="bold")
        slopes[name] = ax.text(x, y + (0.34 if y > 0 else -0.36), "", ha="center", va="center", fontsize=15,
                               color=G.GRADIENT_TEXT, weight="bold")
        for source in reads:
            x0, y0 = _NODES[source][:2]
            turn = np.sign(y - y0)  # of the edge: up, along its row, or down
            ends = ((x0 + 0.43, x - 0.43), (y, y)) if y == y0 else ((x0 + 0.32, x - 0.32), (y0 + 0.3 * turn, y - 0.3 * turn))
            edges[source, name], = ax.plot(*ends, ms=12, mew=0)
            place = ((x0 + x) / 2, y + (0.34 if y > 0 else -0.36)) if y == y0 else ((x0 + x) / 2 + 0.17, (y0 + y) / 2)
            locals_[source, name] = ax.text(*place, "", ha="center", va="center", fontsize=14)
    for target, y in (("t₁ = 1", 0.64), ("t₂ = 4", -0.66)):
        ax.text(3, y, target, ha="center", va="center", fontsize=15)
    title = fig.suptitle(" ", fontsize=17)

    def update(step, w):
        value, local, slope = _graph_numbers(w)
        forward = {"x₁", "x₂", "w", "b"}.union(*_FORWARD[:step])
        backward = set().union(*_BACKWARD[:max(0, step - len(_FORWARD))])
        now = (_FORWARD + _BACKWARD)[step - 1] if step else ()
        for name in _NODES:
            values[name].set_text(_signed(value[name]) if name in forward else "")
            slopes[name].set_text(f"d{name} = {_signed(slope[name])}" if name in backward else "")
            boxes[name].set(linewidth=6 if name in now else 2.5,
                            edgecolor=G.INK if name not in now else G.GRADIENT if name in backward else G.INPUT)
        for (source, name), edge in edges.items():
            passed, turn = source in backward, np.sign(_NODES[name][1] - _NODES[source][1])
            edge.set(color=G.GRADIENT if passed else G.INPUT if name in forward else G.QUIET, linestyle=(0, (1.6, 0.8)) if passed else "-",
                     marker=(3, 0, -90 + 52 * turn + 180 * passed), markevery=[0 if passed else 1])
            locals_[source, name].set_text(f"×{_signed(local[source, name])}" if passed else "")
        title.set_text(_graph_title(step, now, value, local, slope))

    moving = [*edges.values(), *boxes.values(), *values.values(), *slopes.values(), *locals_.values(), title]
    return Live(fig, update, moving, "A graph of nodes: values go forward through it, then gradients backward",
                step=slider("step", 11, 0, 11), w=slider("w", 1.0, -1.0, 3.0, 0.5))


def _graph_numbers(w):
    """The value of each node, the local gradient of each edge, and the gradient of L for each node."""
    value = {"x₁": 2.0, "x₂": 3.0, "w": w, "b": 0.5}
    local = {}
    for i, target in (("₁", 1.0), ("₂", 4.0)):
        value["u" + i] = w * value["x" + i]
        value["z" + i] = value["u" + i] + value["b"]
        value["e" + i] = value["z" + i] - target
        value["s" + i] = value["e" + i] ** 2
        local |= {("w", "u" + i): value["x" + i], ("x" + i, "u" + i): w, ("u" + i, "z" + i): 1.0, ("b", "z" + i): 1.0,
                  ("z" + i, "e" + i): 1.0, ("e" + i, "s" + i): 2 * value["e" + i], ("s" + i, "L"): 1.0}
    value["L"] = value["s₁"] + value["s₂"]
    slope = dict.fromkeys(_NODES, 0.0) | {"L": 1.0}
    for name in reversed(_NODES):  # every node comes after those that it reads
        for source in _NODES[name][3]:
            slope[source] += slope[name] * local[source, name]
    return value, local, slope


def _graph_title(step, now, value, local, slope):
    if step == 0:
        return "Two images x₁ and x₂ share one weight w and one bias b"
    if step <= len(_FORWARD):
        return "Forward:  " + ",   ".join(f"{name} = {_NODES[name][2]} = {_signed(value[name])}" for name in now)
    if now == ("L",):
        return "Backward begins at the loss:  dL = 1"
    fork = next((name for name in now if name in "wb"), None)
    if fork:
        readers = [name for name in _NODES if fork in _NODES[name][3]]
        products = " + ".join(f"({_signed(slope[name])} × {_signed(local[fork, name])})" for name in readers)
        return f"Backward: {fork} is read twice, so add:  d{fork} = {products} = {_signed(slope[fork])}"
    reader = {source: name for name in _NODES for source in _NODES[name][3]}
    return "Upstream × local:  " + ",   ".join(
        f"d{name} = {_signed(slope[reader[name]])} × {_signed(local[name, reader[name]])} = {_signed(slope[name])}" for name in now)


def _signed(number):
    return f"{number:.4g}".replace("-", "−")


def one_weight(loss_and_gradient, weights, digit=3):
    """Move one weight of a layer (10, 784): the loss along it, its tangent from the gradient, and a chord.

    `loss_and_gradient(weights)` -> loss, gradient (10, 784), the reader's own function. The weight is the
    one that joins the chosen pixel to `digit`.
    """
    loss, first = loss_and_gradient(weights)
    fig, (left, right) = G.canvas(10, 4.5, 1, 2, width_ratios=(1, 1.5))
    G.framed(left).imshow(first[digit].reshape(28, 28), cmap=G.GRADIENTS, **G.span(first[digit]))
    left.set_title(f"slope for each weight of {digit}")
    ring, = left.plot([], [], "s", ms=15, mfc="none", mec=G.WEIGHT, mew=4)
    offsets = np.linspace(-8, 8, 17)
    right.set(xlim=(-8, 8), ylim=(loss - 0.6, loss + 1.4), xlabel="change of this weight", ylabel="loss")
    curve, = right.plot([], [], color=G.INK, label="loss")
    tangent, = right.plot([], [], color=G.GRADIENT, lw=5, alpha=0.8, label="your gradient")
    chord, = right.plot([], [], "--", color=G.TEST, label="finite difference")
    ends, = right.plot([], [], "o", color=G.TEST)
    point, = right.plot([], [], "o", color=G.WEIGHT, ms=14, mec=G.INK, zorder=5)
    right.legend(loc="upper center")
    title = fig.suptitle(" ")

    def at(pixel, offset):
        moved = weights.copy()
        moved[digit, pixel] += offset
        return loss_and_gradient(moved)

    @lru_cache(maxsize=None)
    def losses_along(pixel):
        return [at(pixel, offset)[0] for offset in offsets]

    def update(row, column, change, nudge):
        pixel = 28 * row + column
        here, gradient = at(pixel, change)
        slope = gradient[digit, pixel]
        above, below = at(pixel, change + nudge)[0], at(pixel, change - nudge)[0]
        middle, numeric = (above + below) / 2, (above - below) / (2 * nudge)
        reach = max(nudge, 3.0)
        ring.set_data([column], [row])
        curve.set_data(offsets, losses_along(pixel))
        tangent.set_data([change - 3, change + 3], [here - 3 * slope, here + 3 * slope])
        chord.set_data([change - reach, change + reach], [middle - reach * numeric, middle + reach * numeric])
        ends.set_data([change - nudge, change + nudge], [below, above])
        point.set_data([change], [here])
        title.set_text(f"slope: your gradient {slope:+.5f}, finite difference {numeric:+.5f}")

    return Live(fig, update, [ring, curve, tangent, chord, ends, point, title],
                "The loss along one weight, with the tangent from the gradient and a chord",
                row=slider("pixel row", 14, 0, 27), column=slider("pixel column", 14, 0, 27),
                change=slider("change", 0.0, -6.0, 6.0, 0.5),
                nudge=pick("nudge ε", [0.001, 0.1, 0.5, 1.0, 2.0, 4.0], 2.0))


def step_size(loss_and_gradient, weights, sizes):
    """Gradient descent with different learning rates, `sizes`, on a flat slice of the real loss surface.

    The slice runs through `weights` along the first gradient and along the direction in which the
    surface curves most; descent begins up that steep wall and follows the gradient inside the slice.
    `loss_and_gradient(weights)` -> loss, gradient in weights' shape.
    """
    plane, steps = LossPlane(loss_and_gradient, weights), 30
    across, up = np.linspace(-1, 5, 31), np.linspace(-2.4, 2.4, 31)
    heights = np.array([[plane.at(a, u)[0] for a in across] for u in up])
    fig, (left, right) = G.canvas(10, 4.7, 1, 2, width_ratios=(1.35, 1))
    left.contourf(across, up, np.log(heights), levels=24, cmap="Blues_r")
    left.set(xticks=[], yticks=[], xlim=across[[0, -1]], ylim=up[[0, -1]],
             xlabel="down the first gradient", ylabel="where it curves most")
    path, = left.plot([], [], "o-", color=G.WEIGHT, ms=7, lw=2.5, mec=G.INK, mew=2)
    head, = left.plot([], [], "o", color=G.TEST, ms=14, mec="white", mew=2)
    right.set(xlim=(-0.5, steps + 0.5), ylim=(0.8, 100), yscale="log", xlabel="step", ylabel="loss")
    right.set_yticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    right.minorticks_off()
    losses, = right.plot([], [], color=G.WEIGHT)
    now, = right.plot([], [], "o", color=G.TEST, ms=14, mec="white", mew=2)
    title = fig.suptitle(" ")
    runs = {size: plane.descend(size, steps, start=(0.0, 1.2)) for size in sizes}

    def update(size, step):
        places, seen = runs[size]
        path.set_data(*places[:step + 1].T)
        head.set_data(*places[[step]].T)
        losses.set_data(range(step + 1), seen[:step + 1])
        now.set_data([step], [seen[step]])
        title.set_text(f"learning rate {size:g}, step {step}: the loss went from {seen[0]:.2f} to {seen[step]:.2f}, "
                       f"at most {seen[:step + 1].max():.2f}")

    return Live(fig, update, [path, head, losses, now, title],
                "A slice of the loss surface with the path of gradient descent, and the loss step by step",
                size=pick("learning rate", list(sizes), sizes[len(sizes) // 2]), step=slider("steps taken", steps, 0, steps))
