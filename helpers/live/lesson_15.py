"""Live figures of lesson 15: a block's graph walked back in two ways, checkpoints against memory, and one training here and in PyTorch."""
import numpy as np

from ..figures import style as G
from ..gradcheck import numeric_gradient
from .core import Live, pick, slider

# The graph of y = ReLU(x + w₂ ReLU(w₁ x)), where x = w₀ p: each node's place, its formula, and what it is computed from.
_NODES = {
    "p": (0, 1, "", ()), "w₀": (1, 0, "", ()), "w₁": (2, 0, "", ()), "w₂": (4, 0, "", ()),
    "x": (1, 1, "w₀ p", ("w₀", "p")), "u": (2, 1, "w₁ x", ("w₁", "x")), "a": (3, 1, "ReLU(u)", ("u",)),
    "v": (4, 1, "w₂ a", ("w₂", "a")), "s": (5, 1, "v + x", ("v", "x")), "y": (6, 1, "ReLU(s)", ("s",)),
}
_COMPUTED = [name for name, (*_, parents) in _NODES.items() if parents]
_IN_ORDER, _RECURSION = "in topological order", "by plain recursion"


def residual_graph():
    """A small residual block's graph, forward and then backward, visit by visit, with the number and the gradient at each node.

    Backward in topological order, or by recursion, which visits x once for each of its uses. Beside the gradients of the leaves
    stand finite differences.
    """
    fig, ax = G.canvas(10.4, 5.1)
    G.bare(ax).set(xlim=(-0.05, 10.4), ylim=(-0.85, 4.25))
    values, slopes, where = {}, {}, {}
    for name, (column, row, formula, parents) in _NODES.items():
        x, y = where[name] = 0.72 + 1.49 * column, 0.5 + 1.75 * row
        ax.add_patch(G.box(x - 0.64, y - 0.4, 1.28, 0.8, G.OUTPUT if parents else G.WEIGHT if "w" in name else G.INPUT))
        ax.text(x, y + 0.19, f"{name} = {formula}" if parents else name, ha="center", va="center", fontsize=14)
        values[name] = ax.text(x, y - 0.17, " ", ha="center", va="center", fontsize=16, weight="bold")
        slopes[name] = ax.text(x, y + 0.62 if row else y - 0.62, " ", ha="center", va="center", fontsize=15, weight="bold", color=G.GRADIENT_TEXT)
    edges = {(parent, name): _edge(where[parent], where[name]) for name in _COMPUTED for parent in _NODES[name][3]}
    lines = {}
    for pair, points in edges.items():
        ax.plot(*points, color=G.QUIET, lw=3, zorder=0)
        lines[pair], = ax.plot(*points, color=G.INPUT, lw=5, zorder=1)
    ring, = ax.plot([], [], color=G.INK, lw=6)
    now = ax.text(0.1, -0.66, " ", ha="left", va="center", fontsize=16)
    title = fig.suptitle(" ")

    def update(step, way, w1):
        start = {"p": 1.5, "w₀": 0.8, "w₁": w1, "w₂": -0.6}
        value, forward = _values(start), _COMPUTED[:step]
        visits = _visits(way == _IN_ORDER)[:max(0, step - len(_COMPUTED))]
        slope, used = {"y": 1.0} if step >= len(_COMPUTED) else {}, set()
        for name in visits:
            for parent, local in _locals(name, value).items():
                slope[parent] = slope.get(parent, 0.0) + local * slope[name]
                used.add((parent, name))
        for name in _NODES:
            values[name].set_text(_signed(value[name]) if name in start or name in forward else " ")
            slopes[name].set_text(_signed(slope[name]) if name in slope else " ")
        current = visits[-1] if visits else forward[-1] if forward else None
        for (parent, name), line in lines.items():
            backward = bool(visits) and name == current
            line.set(visible=backward or (not visits and name in forward), color=G.GRADIENT if backward else G.INPUT,
                     linestyle=(0, (1.6, 0.8)) if backward else "-")
        x, y = where[current] if current else (-9, -9)
        ring.set_data([x - 0.7, x + 0.7, x + 0.7, x - 0.7, x - 0.7, x], [y - 0.46, y - 0.46, y + 0.46, y + 0.46, y - 0.46, y - 0.46])
        now.set_text(_passed_on(visits, value, slope) if visits else "in the boxes: values; beside them, backward: slopes of y")
        title.set_text(_title(step, way, visits, value, slope, start))

    return Live(fig, update, [*lines.values(), ring, *values.values(), *slopes.values(), now, title],
                "The graph of a small residual block: values go forward through it, then slopes backward, in topological order or by recursion",
                step=slider("step", 12, 0, len(_COMPUTED) + 7), way=pick("back", [_IN_ORDER, _RECURSION], _IN_ORDER),
                w1=pick("w₁", [-1.0, -0.5, 0.25, 0.5, 1.0], 0.5))  # no 0, where a ReLU has its kink


def _edge(start, stop):
    """A line between two boxes, as x and y: straight, and over the boxes between them where there are some."""
    (x0, y0), (x1, y1) = start, stop
    if y0 == y1 and x1 - x0 > 2:
        return [x0 + 0.4, x0 + 0.4, x1 - 0.4, x1 - 0.4], [y0 + 0.4, y0 + 1.3, y0 + 1.3, y0 + 0.4]
    return ([x0 + 0.64, x1 - 0.64], [y0, y1]) if y0 == y1 else ([x0, x1], [y0 + 0.4, y1 - 0.4])


def _values(start):
    value = dict(start)
    value["x"] = value["w₀"] * value["p"]
    value["u"] = value["w₁"] * value["x"]
    value["a"] = max(value["u"], 0.0)
    value["v"] = value["w₂"] * value["a"]
    value["s"] = value["v"] + value["x"]
    value["y"] = max(value["s"], 0.0)
    return value


def _locals(name, value):
    """{parent: local gradient} of one node."""
    parents = _NODES[name][3]
    if name in "ay":
        return {parents[0]: float(value[parents[0]] > 0)}
    if name == "s":
        return dict.fromkeys(parents, 1.0)
    first, second = parents
    return {first: value[second], second: value[first]}


def _visits(in_order, name="y"):
    """The computed nodes in the order in which they pass on; by recursion, whenever a node that used them has."""
    if in_order:
        return _COMPUTED[::-1]
    return [name] + [one for parent in _NODES[name][3] if parent in _COMPUTED for one in _visits(False, parent)]


def _passed_on(visits, value, slope):
    name = visits[-1]
    parts = [f"{_signed(slope[name])} × {_signed(local)} = {_signed(slope[name] * local)} to {parent}"
             for parent, local in _locals(name, value).items()]
    return f"{name} passes on " + ",  ".join(parts)


def _title(step, way, visits, value, slope, start):
    if step == 0:
        return "y = ReLU(x + w₂ ReLU(w₁ x)), where x is used twice"
    if not visits:
        return f"Forward, {step} of {len(_COMPUTED)}: {_COMPUTED[step - 1]} = {_signed(value[_COMPUTED[step - 1]])}"
    count, last = len(visits), len(_visits(way == _IN_ORDER))
    if count < last:
        waits = "s" in visits and "u" not in visits
        return f"Backward {way}, visit {count}" + (": x has one of its two reports" if waits else "")
    names, point = list(start), np.array(list(start.values()))
    wanted = numeric_gradient(lambda: _values(dict(zip(names, point)))["y"], point)
    wrong = [name for name, one in zip(names, wanted) if abs(slope[name] - one) > 1e-6]
    return f"{count} visits {way}: " + (f"{' and '.join(wrong)} get twice their slope" if wrong else "every slope is correct")


def _signed(number):
    return f"{number + 0.0:.3g}".replace("-", "−")


def checkpoints(parts, images):
    """What a backward pass of a chain of parts holds at its worst moment, and what it multiplies, by the number of parts whose
    output is kept.

    `parts` [(name, MB of all arrays that its backward pass reads, MB of its output, multiplications of its forward pass)], for
    `images` images. Between two kept outputs everything is computed again when the backward pass comes there; those after the
    last are kept from the forward pass. For each number of kept outputs the choice that needs least memory, and of these least work.
    """
    names, kept, passed, products = zip(*parts)
    count, total, work = len(parts), sum(kept), sum(products)
    chosen = _best_choices(kept, passed, products)
    fig, (left, right) = G.canvas(10.4, 5.0, 1, 2, width_ratios=(1.45, 1))
    places = np.arange(count)
    left.bar(places, kept, color=G.GAP, edgecolor=G.FRAME, width=0.8, label="all that a part keeps")
    held = left.bar(places, kept, color=G.OUTPUT, edgecolor="white", hatch="//", width=0.8, label="held at the worst moment")
    marks, = left.plot([], [], "D", color=G.WEIGHT, mec=G.INK, ms=10, label="output kept")
    left.set(xticks=places, ylabel=f"MB, {images} images", ylim=(0, 1.25 * max(kept)))
    left.set_xticks(places, [name if place % 4 == 0 else "" for place, name in enumerate(names)])
    left.legend(loc="upper right")
    times = [1 + again / (3 * work) for _, _, again, _ in chosen]
    right.plot(times, [peak for _, peak, _, _ in chosen], "o", color=G.INPUT, ms=8)
    ring, = right.plot([], [], "o", mfc="none", mec=G.INK, mew=4, ms=18)
    right.set(xlabel="multiplications of a step", ylabel="MB at the worst moment", ylim=(0, 1.1 * total), xlim=(0.97, 4 / 3 + 0.03))
    title = fig.suptitle(" ")

    def update(outputs):
        cuts, peak, again, worst = chosen[outputs]
        first, last = worst
        for place, bar in enumerate(held):
            bar.set_height(kept[place] if first <= place < last else 0)
        marks.set_data([cut + 0.5 for cut in cuts], [0.06 * max(kept)] * len(cuts))
        ring.set_data([times[outputs]], [peak])
        title.set_text(f"Keep {outputs} of {count - 1} outputs: {peak:.1f} MB in place of {total:.1f}, for {times[outputs]:.2f} times the multiplications")

    return Live(fig, update, [*held, marks, ring, title], "Parts of a network and what each keeps for its backward pass; memory against work",
                outputs=slider("outputs kept", 3, 0, count - 1))


def _best_choices(kept, passed, products):
    """For each number of kept outputs: (parts after which, MB at the worst moment, multiplications done again, parts then held).

    All choices at once: bit k of `choice` says whether the output of part k is kept.
    """
    count = len(kept)
    choice = np.arange(2 ** (count - 1))
    outputs, inside, peak, again, waiting = (np.zeros(len(choice)) for _ in range(5))
    for place in range(count):
        inside, waiting = inside + kept[place], waiting + products[place]
        peak = np.maximum(peak, outputs + inside)
        if place < count - 1:
            cut = (choice >> place & 1).astype(bool)
            outputs = outputs + cut * passed[place]
            again, inside, waiting = again + cut * waiting, np.where(cut, 0, inside), np.where(cut, 0, waiting)
    numbers = sum(choice >> place & 1 for place in range(count - 1))
    found = []
    for number in range(count):
        some = np.flatnonzero(numbers == number)
        best = some[np.lexsort((again[some], peak[some].round(9)))[0]]
        cuts = [place for place in range(count - 1) if best >> place & 1]
        ends = [0, *(cut + 1 for cut in cuts), count]
        segments = list(zip(ends, ends[1:]))
        held = [sum(passed[cut] for cut in cuts[:j]) + sum(kept[first:last]) for j, (first, last) in enumerate(segments)]
        found.append((cuts, float(peak[best]), float(again[best]), segments[int(np.argmax(held))]))
    return found


def two_trainings(log):
    """Losses of one network trained here and in PyTorch, step by step, and below how far apart they are, in both precisions.

    `log`: the log `two_trainings`.
    """
    steps = np.arange(1, log["float32 here"].shape[1] + 1)
    fig, (above, below) = G.canvas(10.4, 5.0, 2, 1, sharex=True, height_ratios=(3, 2.6))
    above.set(ylabel="training loss", ylim=(0, 1.05 * log["float32 here"].max()), xlim=(-0.01 * len(steps), 1.01 * len(steps)))
    theirs, = above.plot([], [], color=G.TRAIN, lw=7, label="PyTorch")
    ours, = above.plot([], [], color=G.INK, lw=2, ls="--", label="this course")
    above.legend(loc="upper right", ncols=2)
    below.set(xlabel="step", ylabel="difference", yscale="log", ylim=(4e-18, 1), yticks=[1e-16, 1e-12, 1e-8, 1e-4, 1])
    apart = {name: below.plot([], [], mark, color=colour, ms=4, label=name)[0]
             for name, mark, colour in (("float32", "o", G.TEST), ("float64", "s", G.INPUT))}
    below.legend(loc="center right", ncols=2, markerscale=2.5)
    title = fig.suptitle(" ")

    def update(step, seed):
        here, there = (log[f"float32 {which}"][seed][:step] for which in ("here", "PyTorch"))
        theirs.set_data(steps[:step], there)
        ours.set_data(steps[:step], here)
        most = {}
        for name, line in apart.items():
            difference = np.abs(log[f"{name} here"][seed] - log[f"{name} PyTorch"][seed])[:step]
            line.set_data(steps[:step], np.maximum(difference, 1e-17))
            most[name] = max(difference)
        title.set_text(f"Two trainings, one curve: {most['float32']:.0e} apart at most, {most['float64']:.0e} in float64")

    return Live(fig, update, [theirs, ours, *apart.values(), title],
                "Training losses of one network, in this course and in PyTorch, step by step, and their difference",
                step=slider("step", len(steps), 1, len(steps)), seed=slider("seed", 0, 0, len(log["float32 here"]) - 1))
