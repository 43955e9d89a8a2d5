"""What the figures of lesson 01 draw, computed a second way."""
import by_hand
import numpy as np
import pytest
from live_figures import MAKERS
from picture_facts import Facts, shown

from helpers.analysis import LossPlane

facts = Facts()


@facts.live
def softmax(now):
    names = "zero", "one", "two", "three"
    z = [getattr(now, f"z{place}") + now.shift for place in range(4)]
    p, true = by_hand.softmax(z), names.index(now.true)
    slope = [p[place] - 1 if place == true else p[place] for place in range(4)]
    ticks = {place: [name] for place, name in enumerate(names)}
    wanted = {"controls": {"shift": (-3, 3), "true": (names[0], names[-1]), **{f"z{place}": (-6, 6) for place in range(4)}},
              "suptitle": [now.true, p[true], -np.log(p[true])]}
    for axis, (heights, name) in enumerate(((z, "logits"), (p, "probabilities"), (slope, "dz"))):
        wanted |= {f"{axis} title": [name], f"{axis} bars 0": (range(4), heights), f"{axis} bars 0 hatched": [true],
                   f"{axis} horizontal 0": 0, f"{axis} xticks": ticks,
                   f"{axis} texts": [(place, None, [height]) for place, height in enumerate(heights)]}
    return wanted


@facts.live
def graph(now):
    x, t, b, w = (2.0, 3.0), (1.0, 4.0), 0.5, now.w
    z = [w * one + b for one in x]
    e = [one - other for one, other in zip(z, t)]
    value, slope = {"w": w, "b": b, "L": e[0]**2 + e[1]**2}, {"w": 2 * (e[0] * x[0] + e[1] * x[1]), "b": 2 * (e[0] + e[1]), "L": 1}
    places, reads = {"w": (0, 0), "b": (1, 0), "L": (5, 0)}, {"L": {"s₁": 1, "s₂": 1}}  # {node: {what it reads: local gradient}}
    for i, (mark, y) in enumerate((("₁", 1), ("₂", -1))):
        value |= {"x" + mark: x[i], "u" + mark: w * x[i], "z" + mark: z[i], "e" + mark: e[i], "s" + mark: e[i]**2}
        slope |= {"x" + mark: 2 * e[i] * w, "u" + mark: 2 * e[i], "z" + mark: 2 * e[i], "e" + mark: 2 * e[i], "s" + mark: 1}
        places |= {letter + mark: (column, y) for column, letter in enumerate("xuzes")}
        reads |= {"u" + mark: {"x" + mark: w, "w": x[i]}, "z" + mark: {"u" + mark: 1, "b": 1}, "e" + mark: {"z" + mark: 1},
                  "s" + mark: {"e" + mark: 2 * e[i]}}
    order = ["x₁", "w", "x₂", "b", "u₁", "u₂", "z₁", "z₂", "e₁", "e₂", "s₁", "s₂", "L"]
    forth = [["u₁", "u₂"], ["z₁", "z₂"], ["e₁", "e₂"], ["s₁", "s₂"], ["L"]]
    back = [*forth[:0:-1], ["u₁", "u₂", "b"], ["w", "x₁", "x₂"]]
    known = {"x₁", "x₂", "w", "b", *(name for names in forth[:now.step] for name in names)}
    sent = {name for names in back[:max(now.step - 5, 0)] for name in names}
    wanted, texts = {}, [(3, 0.64, ["t₁", 1]), (3, -0.66, ["t₂", 4])]
    for place, name in enumerate(order):
        column, y = places[name]
        wanted[f"0 patch {place}"] = [column - 0.37, column + 0.37], [y - 0.22, y + 0.22]
        texts += [(column, y - 0.1, [value[name]])] * (name in known) + [(column, None, ["d" + name, slope[name]])] * (name in sent)
    number = 0
    for name in order:
        for source, local in reads.get(name, {}).items():
            (x0, y0), (x1, y1) = places[source], places[name]
            far, up = (0.43, 0) if y0 == y1 else (0.32, 0.3 * np.sign(y1 - y0))
            wanted[f"0 line {number}"] = [x0 + far, x1 - far], [y0 + up, y1 - up]
            texts += [(None, None, ["×", local])] * (source in sent)
            number += 1
    names = ([[]] + forth + back)[now.step]
    said = [token for name in names for token in (name, value[name])]
    if now.step == 6:
        said = ["dL", 1]
    elif now.step > 6:
        fork = next((name for name in names if name in "wb"), None)
        readers = {name: [reader for reader in order if name in reads.get(reader, {})] for name in names}
        said = [token for name in names for token in ("d" + name, slope[readers[name][0]], reads[readers[name][0]][name], slope[name])]
        if fork:
            products = [number for reader in readers[fork] for number in (slope[reader], reads[reader][fork])]
            said = ["d" + fork, *products, slope[fork]]
    return wanted | {"controls": {"step": (0, 11), "w": (-1, 3)}, "0 texts": texts, "suptitle": said}


@facts.live
def one_weight(now, loss_and_gradient, weights, digit=3):

    def loss(change):
        moved = weights.copy()
        moved[digit, 28 * now.row + now.column] += change
        return now.once((now.row, now.column, change), lambda: loss_and_gradient(moved)[0])

    here, below, above = (loss(now.change + nudge) for nudge in (0, -now.nudge, now.nudge))
    slope = (loss(now.change + 1e-4) - loss(now.change - 1e-4)) / 2e-4
    rise = (above - below) / (2 * now.nudge)
    far = 3 if now.nudge < 3 else now.nudge
    ends = np.array([-far, far])
    first = loss_and_gradient(weights)[1][digit]
    return {"controls": {"row": (0, 27), "column": (0, 27), "change": (-6, 6), "nudge": (0.001, 4)},
            **shown("0 image 0", [first[28 * row:28 * row + 28] for row in range(28)], by_hand.largest(first), "gradients"),
            "0 line 0": ([now.column], [now.row]), "0 title": [digit],
            "1 line loss": (np.arange(-8, 9), [loss(change) for change in range(-8, 9)]),
            "1 line your gradient": (now.change + np.array([-3, 3]), here + slope * np.array([-3, 3])),
            "1 line finite difference": (now.change + ends, (below + above) / 2 + rise * ends),
            "1 line 3": ([now.change - now.nudge, now.change + now.nudge], [below, above]), "1 line 4": ([now.change], [here]),
            "suptitle": [slope, rise]}


@facts.live
def step_size(now, loss_and_gradient, weights, sizes):
    plane = now.once("plane", lambda: LossPlane(loss_and_gradient, weights))  # tests/test_analysis.py checks its axes
    places, losses = now.once(now.size, lambda: _descent(loss_and_gradient, weights, plane, now.size))
    seen = losses[:now.step + 1]

    def heights(across, up):
        return now.once("heights", lambda: [np.log(loss_and_gradient(weights + a * plane.x + u * plane.y)[0]) for a, u in zip(across, up)])

    return {"controls": {"size": (sizes[0], sizes[-1]), "step": (0, 30)},
            "0 contours 0": heights, "0 line 0": np.transpose(places[:now.step + 1]), "0 line 1": np.transpose([places[now.step]]),
            "1 logarithmic": "y", "1 line 0": (range(now.step + 1), seen), "1 line 1": ([now.step], [losses[now.step]]),
            "suptitle": [now.size, now.step, losses[0], losses[now.step], max(seen)]}


def _descent(loss_and_gradient, weights, plane, size):
    """Places and losses of thirty steps from (0, 1.2): the weights move, by their gradient's part that lies in the plane."""
    axes = np.array([plane.x.ravel(), plane.y.ravel()])
    w, places, losses = weights.ravel() + 1.2 * axes[1], [], []
    for _ in range(31):
        loss, gradient = loss_and_gradient(w.reshape(weights.shape))
        places.append(axes @ (w - weights.ravel()))
        losses.append(loss)
        w = w - size * axes.T @ (axes @ gradient.ravel())
    return places, losses


def _neurons():
    """A neuron whose ink on positive weights outweighs that on negative ones, and the other way round; blank paper."""
    rng = np.random.default_rng(0)
    image, weights = rng.random((28, 28)), rng.standard_normal((28, 28))
    sign = np.sign((image * weights).sum())
    return [(image, sign * weights, -0.5), (image, -sign * weights, 900.0), (np.zeros((28, 28)), weights, 0.25)]


@facts.picture(_neurons)
def neuron(image, weights, bias):
    products = np.array([[image[row, column] * weights[row, column] for column in range(28)] for row in range(28)])
    above, below = products[products > 0].sum(), -products[products < 0].sum()
    more, less = ("orange", "blue") if above > below else ("blue", "orange")
    return {**shown("0 image 0", image, (0, 1), "pixels"), **shown("1 image 0", weights, by_hand.largest(weights), "weights"),
            **shown("2 image 0", products, by_hand.largest(products), "weights"),
            "0 title": ["pixels"], "1 title": ["weights"], "2 title": ["products"], "suptitle": [more, less, above - below + bias]}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)


def test_a_small_step_size_goes_down_and_a_large_one_leaps():
    figure = MAKERS["step_size"]()
    figure.update(size=0.02, step=30)
    losses = figure.fig.axes[1].lines[0].get_ydata()
    assert len(losses) == 31 and (np.diff(losses) < 0).all()
    figure.update(size=8.0, step=30)
    assert max(figure.fig.axes[1].lines[0].get_ydata()) > 2 * losses[0]
