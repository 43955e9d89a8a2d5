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
