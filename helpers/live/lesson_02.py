"""Live figures of lesson 02: a decision boundary, a training run to scrub through, few training images against many, and a digit drawn by hand."""
from copy import deepcopy
from functools import lru_cache

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from .. import functional as F
from ..data import drawing
from ..figures import style as G
from ..rounding import probability
from .core import Live, pick, scrub, slider
from .pad import Drawn

_REACH = 1.6                 # the plane is shown from -1.6 to 1.6, both ways
_EVERY, _MOST = 10, 300      # steps from one look at the network to the next, and in all
_SIDES = ListedColormap(["#CCE3F0", "#FAE7C2"], name="sides")


def boundary(points, labels, new_network, sgd, forward):
    """Where a network of two layers changes its answer, 0 or 1, on the plane, while it trains on points (n, 2).

    The reader's own functions: `new_network(sizes, rng)` -> {"w1", "b1", "w2", "b2"}, `sgd(net, x, labels, lr, steps, rng,
    nonlinear)`, which trains it in place, and `forward(net, x, nonlinear)` -> logits (n, 2), cache.
    """
    @lru_cache(maxsize=None)
    def run(neurons, lr, nonlinear, seed):
        """[(copy of the network, its loss, its accuracy), ...] every few steps, and before the first."""
        rng, looks = np.random.default_rng(seed), []
        net = new_network((2, neurons, 2), rng)
        for look in range(_MOST // _EVERY + 1):
            if look:
                sgd(net, points, labels, lr, _EVERY, rng, nonlinear)
            z = forward(net, points, nonlinear)[0]
            looks.append(({name: array.copy() for name, array in net.items()},
                          F.cross_entropy(z, labels)[0], F.accuracy(z, labels).mean()))
        return looks

    ticks = np.linspace(-_REACH, _REACH, 161)
    plane = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    fig = Figure(figsize=(10, 4.9))
    left, right = G.panel(fig, 0.15, 0.9, 3.9), fig.add_axes((0.52, 0.16, 0.455, 0.656))
    sides = left.imshow(np.zeros((161, 161)), cmap=_SIDES, vmin=0, vmax=1, origin="lower",
                        extent=(-1.61, 1.61, -1.61, 1.61), aspect="auto")  # cells lie around their points
    folds, = left.plot([], [], ":", color=G.FRAME, lw=2.5)
    edge, = left.plot([], [], "-", color=G.INK, lw=4)
    dots = [left.plot(*points[labels == label].T, mark, color=colour, ms=7, mec="white", mew=0.8)[0]
            for label, colour, mark in ((0, G.INPUT, "o"), (1, G.WEIGHT, "^"))]
    left.set(xlim=(-_REACH, _REACH), ylim=(-_REACH, _REACH), title="dotted: where a ReLU folds")
    right.set(yscale="log", xlim=(0, _MOST), ylim=(0.02, 5), xlabel="step", ylabel="loss", title="loss on these points")
    right.set_yticks([0.03, 0.1, 0.3, 1, 3], ["0.03", "0.1", "0.3", "1", "3"])
    right.minorticks_off()
    losses, = right.plot([], [], color=G.TRAIN)
    now, = right.plot([], [], "o", color=G.INK)
    title = fig.suptitle(" ", y=0.985)

    def update(step, neurons, kind, lr, seed):
        nonlinear, look = kind == "ReLU", step // _EVERY
        looks = run(neurons, lr, nonlinear, seed)
        net, loss, accuracy = looks[look]
        w, b = (net["w1"], net["b1"]) if nonlinear else (np.empty((0, 2)), np.empty(0))  # of the neurons that fold

        def score(at):
            z = forward(net, at, nonlinear)[0]
            return z[:, 1] - z[:, 0]

        pieces = _pieces(score, w, b)
        sides.set_data((score(plane) > 0).reshape(161, 161))
        folds.set_data(*_broken(_folds(w, b)[0]))
        edge.set_data(*_broken(pieces))
        losses.set_data(np.arange(look + 1) * _EVERY, [some[1] for some in looks[:look + 1]])
        now.set_data([step], [loss])
        name = f"{neurons} neuron{'s' * (neurons > 1)}{'' if nonlinear else ', no nonlinearity'}"
        count = f"a boundary of {len(pieces)} straight piece{'s' * (len(pieces) > 1)}" if len(pieces) else "no boundary here"
        title.set_text(f"{name}, step {step}: accuracy {accuracy:.0%}, {count}")

    return Live(fig, update, [sides, folds, edge, *dots, losses, now, title],
                "Two classes of points in the plane, the regions that a network gives them, its boundary, and its loss while it trains",
                step=slider("step", _MOST, _EVERY, _MOST, _EVERY), neurons=pick("neurons", [1, 2, 3, 4, 6, 16], 16),
                kind=pick("nonlinearity", ["none", "ReLU"], "ReLU"), lr=pick("learning rate", [0.03, 0.1, 0.3, 1.0, 3.0], 1.0),
                seed=slider("seed", 0, 0, 9))


def _folds(w, b):
    """The lines on which a neuron's w · x + b is 0, as far as the plane is shown: their ends (n, 2, 2), and whose they are (n,)."""
    foot = -w * (b / (w * w).sum(axis=1))[:, None]  # the point of the line that is nearest to the origin
    way = np.stack([-w[:, 1], w[:, 0]], axis=1)
    with np.errstate(divide="ignore"):  # along an axis the line meets two sides only
        met = np.sort([(side - foot) / way for side in (-_REACH, _REACH)], axis=0)
    span = np.stack([met[0].max(axis=1), met[1].min(axis=1)], axis=1)
    seen = np.flatnonzero(span[:, 0] < span[:, 1])
    return (foot[:, None] + span[..., None] * way[:, None])[seen], seen


def _pieces(score, w, b):
    """The straight pieces of the line on which `score(places)` is 0, as far as the plane is shown: their ends (n, 2, 2).

    The score is linear in each of the regions that the folds of neurons w (n, 2), b (n,) leave, so that a region has one
    piece or none. Pieces end where the score changes its sign along a fold or along a side of the plane.
    """
    folds, owners = _folds(w, b)
    corners = _REACH * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)])
    lines = np.concatenate([folds, np.stack([corners[:-1], corners[1:]], axis=1)])
    begin, way = lines[:, :1], lines[:, 1:] - lines[:, :1]
    with np.errstate(divide="ignore", invalid="ignore"):  # parallels; where a fold cuts itself does not matter
        cuts = np.nan_to_num(np.clip(-(begin @ w.T + b) / (way @ w.T), 0, 1))
    cuts = np.sort(np.pad(cuts[:, 0], ((0, 0), (1, 1)), constant_values=(0, 1)), axis=1)
    places = begin + cuts[..., None] * way
    values = score(places.reshape(-1, 2)).reshape(cuts.shape)
    ends = {}  # of each region's piece
    for line, cut in np.argwhere((values[:, 1:] > 0) != (values[:, :-1] > 0)):
        (one, other), (low, high) = places[line, cut:cut + 2], values[line, cut:cut + 2]
        region = (one + other) / 2 @ w.T + b > 0
        for above in (False, True) if line < len(folds) else (None,):
            if above is not None:
                region[owners[line]] = above
            ends.setdefault(region.tobytes(), []).append(one + low / (low - high) * (other - one))
    pieces = sorted((sorted(map(tuple, pair)) for pair in ends.values()), key=lambda pair: pair[0][0] + pair[1][0])
    return np.array(pieces).reshape(-1, 2, 2)  # from left to right


def _broken(lines):
    """Lines (n, 2, 2) as x and y of one line with gaps."""
    return np.pad(lines, ((0, 0), (0, 1), (0, 0)), constant_values=np.nan).reshape(-1, 2).T


def training(snapshots, name):
    """Scrub through a training run: weights of twelve neurons as images, their gradients, and both losses.

    `snapshots` as kept by `training.Snapshots`, `name` the weight (out, 784) to show.
    """
    return scrub(snapshots, {"first layer": (name, lambda weights: _sheet(weights[:12]))})


def _sheet(rows):
    """Rows of weights (n, 784) as one sheet of images, three across."""
    return G.tiled(rows.reshape(-1, 28, 28), 3)


def overfitting(log):
    """Training on few images and on many, from the log of this name: losses step by step, and accuracies against the number of images."""
    counts, moments = log["counts"].tolist(), log["moments"].tolist()
    kinds = {"train": (G.TRAIN, "o", "-", "training"), "test": (G.TEST, "s", "--", "test")}
    fig, (left, right) = G.canvas(10, 4.8, 1, 2)
    left.set(xscale="log", xlabel="step", ylabel="loss", xlim=(moments[0] / 1.2, 1.2 * moments[-1]), ylim=(0, 1.05 * log["test losses"].max()))
    right.set(xscale="log", xlabel="training images", ylabel="accuracy", ylim=(0.4, 1.03))
    left.xaxis.set_major_formatter("{x:,.0f}")
    right.xaxis.set_major_formatter("{x:,.0f}")
    right.yaxis.set_major_formatter("{x:.0%}")
    for ax in (left, right):
        ax.minorticks_off()
    curves, means, runs = {}, {}, {}
    for key, (colour, mark, dash, name) in kinds.items():
        curves[key] = [left.plot([], [], dash, color=colour, lw=2)[0] for _ in log[f"{key} losses"][0]]  # one a seed
        means[key], = right.plot([], [], dash, color=colour)
        runs[key], = right.plot([], [], mark, color=colour)
        right.plot([], [], mark + dash, color=colour, label=name)
    here, chosen = left.axvline(1, color=G.INK, lw=2, ls=":"), right.axvline(1, color=G.INK, lw=2, ls=":")
    right.legend(loc="lower right")
    right.set(xlim=(counts[0] / 1.3, counts[-1] * 1.3), title="accuracy after this step")
    lowest, title = left.set_title(" "), fig.suptitle(" ")

    def update(count, step):
        row, column = counts.index(count), moments.index(step)
        middle = {}
        for key in kinds:
            for curve, losses in zip(curves[key], log[f"{key} losses"][row]):
                curve.set_data(moments, losses)
            accuracies = log[f"{key} accuracies"][..., column]
            middle[key] = accuracies.mean(axis=1)
            means[key].set_data(counts, middle[key])
            runs[key].set_data(np.repeat(counts, accuracies.shape[1]), accuracies.ravel())
        here.set_xdata([step] * 2)
        chosen.set_xdata([count] * 2)
        losses = log["test losses"][row].mean(axis=0)
        lowest.set_text(f"test loss lowest, {losses.min():.2f}, at step {moments[losses.argmin()]:,}")
        train, test = (middle[key][row] for key in kinds)
        title.set_text(f"{count:,} images, step {step:,}: training {train:.1%}, test {test:.1%}, a gap of {100 * (train - test):.1f} points"
                       .replace("-", "−"))

    return Live(fig, update, [*curves["train"], *curves["test"], *means.values(), *runs.values(), here, chosen, lowest, title],
                "Training and test loss step by step, and accuracy against the number of training images",
                count=pick("training images", counts, counts[0]), step=pick("step", moments, moments[-1]))


def draw_dense(net):
    """Draw a digit: the weights times the ink of the six hidden neurons that add most to its score, and the probabilities.

    `net` as `models.mlp` makes it, with one hidden layer.
    """
    net = deepcopy(net).double()  # so that small differences keep their digits
    _, first, relu, last = net.layers
    fig, (left, middle, right) = G.canvas(7.6, 3.9, 1, 3, width_ratios=(1, 1.5, 1.3))
    picture = G.framed(left).imshow(np.zeros((28, 28)), cmap=G.PIXELS, vmin=0, vmax=1)
    sheet = G.bare(middle).imshow(np.zeros((1, 1)), cmap=G.WEIGHTS, extent=(0, 1.5, 0, 1))
    middle.set_facecolor(G.GAP)
    bars = right.bar(range(10), np.ones(10), color=G.OUTPUT, edgecolor=G.INK, width=0.8, animated=True)
    right.set(xticks=range(10), yticks=(0, 1), ylim=(0, 1.05), title="probabilities")
    right.tick_params(axis="x", length=0)
    left.set_title("input")
    middle.set_title("weights × ink")
    title = fig.suptitle(" ")

    def update(strokes, pen):
        x = drawing.digit(strokes, pen).astype(np.float64)
        hidden = relu.forward(first.forward(x.reshape(1, -1)))
        p = F.softmax(last.forward(hidden))[0][0]
        answer = int(p.argmax())
        adds = last.weight.value[answer] * hidden[0]
        most = np.argsort(-adds, kind="stable")[:6]
        products = first.weight.value[most].reshape(-1, 28, 28) * x
        picture.set_data(x)
        sheet.set_data(G.tiled(products, 3))
        sheet.set_clim(**G.span(products))
        for bar, height in zip(bars, p):
            bar.set_height(height)
        title.set_text(f"Read as {answer}, p({answer}) {probability(p[answer])}: "
                       f"six of {hidden.size} neurons add {adds[most].sum():.1f}")
        return f"The network reads a {answer}." if strokes else "Draw a digit."

    return Drawn(fig, update, [picture, sheet, *bars, title],
                 "A drawn digit, its pixels times the weights of the six hidden neurons that add most to its score, and ten probabilities")
