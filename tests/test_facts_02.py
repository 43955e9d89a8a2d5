"""What the figures of lesson 02 draw, computed a second way."""
import by_hand
import numpy as np
import pytest
from live_figures import MAKERS
from picture_facts import Facts, shown

from helpers.data import drawing
from helpers.figures import style as G
from helpers.live.pad import EXAMPLE

facts = Facts()


@facts.live
def training(now, snapshots, name):
    def images(weights):
        return by_hand.sheet([[neuron[28 * row:28 * row + 28] for row in range(28)] for neuron in weights[:12]], 3, 2)

    return by_hand.scrubbed(now, snapshots, {"first layer": (name, images)})


@facts.live
def boundary(now, points, labels, new_network, sgd, forward):
    nonlinear = now.kind == "ReLU"

    def train():
        rng, looks = np.random.default_rng(now.seed), []  # drawn as the figure does
        net = new_network((2, now.neurons, 2), rng)
        for step in range(0, 301, 10):
            if step:
                sgd(net, points, labels, now.lr, 10, rng, nonlinear)
            looks.append({name: array.copy() for name, array in net.items()})
        return looks

    def scores(net, x, y):
        """By loops over neurons, at any places."""
        z = [net["b2"][0] + 0 * x, net["b2"][1] + 0 * x]
        for (across, up), shift, out in zip(net["w1"], net["b1"], net["w2"].T):
            h = across * x + up * y + shift
            a = np.where(h > 0, h, 0) if nonlinear else h
            z = [z[0] + out[0] * a, z[1] + out[1] * a]
        return z

    looks = now.once((now.neurons, now.kind, now.lr, now.seed), train)[:now.step // 10 + 1]
    net, losses = looks[-1], []
    for some in looks:
        zero, one = scores(some, *points.T)
        losses.append(np.mean([np.logaddexp(0, other - own) for own, other in zip(np.where(labels, one, zero), np.where(labels, zero, one))]))
    zero, one = scores(net, *points.T)
    hits = [(high > low) == label for low, high, label in zip(zero, one, labels)]
    square, folds = np.array([(-1.6, -1.6), (1.6, -1.6), (1.6, 1.6), (-1.6, 1.6)]), []
    cells = [square]
    for w, b in zip(net["w1"], net["b1"]) if nonlinear else ():
        def height(at, w=w, b=b):
            return at @ w + b

        if ends := _passed(square, height):
            folds.append(sorted(ends, key=lambda at: at @ (-w[1], w[0])))
        cells = [part for cell in cells for part in _halves(cell, height)]

    def lead(at):
        low, high = scores(net, *at)
        return high - low

    pieces = [sorted(map(tuple, ends)) for cell in cells if (ends := _passed(cell, lead))]
    pieces.sort(key=lambda ends: ends[0][0] + ends[1][0])
    across, up = np.meshgrid(np.linspace(-1.6, 1.6, 161), np.linspace(1.6, -1.6, 161))
    low, high = scores(net, across, up)
    straight = [len(pieces), "straight piece"] if pieces else ["no boundary"]
    steps = [10 * look for look in range(len(looks))]
    return {"controls": {"step": (10, 300), "neurons": (1, 16), "kind": ("none", "ReLU"), "lr": (0.03, 3), "seed": (0, 9)},
            **shown("0 image 0", high > low, (0, 1), "sides"), "0 image 0 extent": (-1.61, 1.61, -1.61, 1.61),
            "0 line 0": _gapped(folds), "0 line 1": _gapped(pieces),
            "0 line 2": points[labels == 0].T, "0 line 2 colour": G.INPUT, "0 line 3": points[labels == 1].T, "0 line 3 colour": G.WEIGHT,
            "1 line 0": (steps, losses), "1 line 1": ([now.step], losses[-1:]), "1 logarithmic": "y",
            "suptitle": [now.neurons, *([] if nonlinear else ["no nonlinearity"]), now.step, sum(hits) / len(hits), *straight]}


@facts.live
def draw_dense(now, net):
    w1, b1, w2, b2 = (parameter.value.astype(float) for parameter in net.parameters())
    image = drawing.digit(now.strokes, now.pen).astype(float)  # the facts of lesson 05's figure make this anew
    hidden = by_hand.relu(w1 @ image.ravel() + b1)
    p = by_hand.softmax(w2 @ hidden + b2)
    answer = list(p).index(max(p))
    adds = {neuron: w2[answer, neuron] * hidden[neuron] for neuron in range(len(hidden))}
    most = sorted(adds, key=lambda neuron: -adds[neuron])[:6]
    products = [w1[neuron].reshape(28, 28) * image for neuron in most]
    return {"controls": {"strokes": ((), EXAMPLE), "pen": (12, 40)}, **shown("0 image 0", image, (0, 1), "pixels"),
            **shown("1 image 0", by_hand.sheet(products, 3, 2), by_hand.largest(products), "weights"), "2 bars 0": (range(10), p),
            "0 title": ["input"], "1 title": ["weights"], "2 title": ["probabilities"],
            "suptitle": [answer, answer, *by_hand.told(p[answer]), len(hidden), sum(adds[neuron] for neuron in most)]}


def _history():
    rng = np.random.default_rng(0)
    return [(SimpleNamespace(**{name: list(rng.random(epochs)) for name in ("train_loss", "test_loss", "train_accuracy", "test_accuracy")}),
             "A training") for epochs in (1, 4, 12)]


def _passed(polygon, value):
    """The points on the sides of a polygon at which a linear function passes 0: none or two."""
    found = []
    for one, other in zip(polygon, np.roll(polygon, -1, axis=0)):
        if (value(one) > 0) != (value(other) > 0):
            found.append(one + value(one) / (value(one) - value(other)) * (other - one))
    return found


def _halves(polygon, value):
    """The parts of a convex polygon on both sides of the line on which a linear function is 0."""
    parts = {True: [], False: []}
    for one, other in zip(polygon, np.roll(polygon, -1, axis=0)):
        parts[bool(value(one) > 0)].append(one)
        for point in _passed(np.array([one, other]), value)[:1]:
            parts[True].append(point)
            parts[False].append(point)
    return [np.array(part) for part in parts.values() if part]


def _gapped(lines):
    """x and y of straight lines, each followed by a gap."""
    return np.transpose([at for line in lines for at in (*line, (np.nan, np.nan))]) if lines else np.zeros((2, 0))


@facts.live
def overfitting(now, log):
    counts, moments = list(log["counts"]), list(log["moments"])
    row, column, seeds = counts.index(now.count), moments.index(now.step), log["test losses"].shape[1]
    wanted, means = {"controls": {"count": (counts[0], counts[-1]), "step": (moments[0], moments[-1])}, "0 logarithmic": "x",
                            "1 logarithmic": "x", "0 vertical 0": now.step, "1 vertical 0": now.count}, {}
    for place, (key, colour) in enumerate((("train", G.TRAIN), ("test", G.TEST))):
        for seed in range(seeds):
            name = f"0 line {place * seeds + seed}"
            wanted |= {name: (moments, [log[f"{key} losses"][row, seed, some] for some in range(len(moments))]), f"{name} colour": colour}
        table = [[log[f"{key} accuracies"][some, seed, column] for seed in range(seeds)] for some in range(len(counts))]
        means[key] = [sum(map(float, some)) / seeds for some in table]
        wanted |= {f"1 line {3 * place}": (counts, means[key]), f"1 line {3 * place} colour": colour,
                   f"1 line {3 * place + 1}": ([count for count in counts for _ in range(seeds)], np.ravel(table)),
                   f"1 line {3 * place + 1} colour": colour, f"1 line {('training', 'test')[place]}": np.zeros((2, 0))}
    losses = [sum(map(float, log["test losses"][row, :, some])) / seeds for some in range(len(moments))]
    train, test = means["train"][row], means["test"][row]
    return wanted | {"0 title": [min(losses), moments[losses.index(min(losses))]],
                     "suptitle": [now.count, now.step, train, test, 100 * (train - test)]}


def _guesses():
    """Many mistakes with ties among the surest, few, and none but one; digits and colour images with names."""
    rng = np.random.default_rng(0)
    ties = np.round(rng.dirichlet(np.ones(3) / 2, 90), 1)
    return [(rng.random((90, 1, 28, 28)), rng.integers(0, 3, 90), ties, ("0", "1", "2")),
            (rng.random((5, 3, 4, 6)), np.array([1, 0, 1, 1, 0]), np.array([[0.7, 0.3], [0.8, 0.2], [0.9, 0.1], [0.4, 0.6], [0.1, 0.9]]),
             ("ant", "bird"))]


@facts.picture(_guesses)
def mistakes(images, labels, probabilities, classes):
    wrong = []
    for place, (label, p) in enumerate(zip(labels, probabilities)):
        guess = list(p).index(max(p))
        if guess != label:
            wrong.append((-max(p), place, label, guess))
    wanted = {"suptitle": [len(wrong), len(labels)]}
    for axis, (sure, place, label, guess) in enumerate(sorted(wrong)[:12]):  # of two that are equally sure the earlier one
        names = [float(classes[some]) if classes[some].isdigit() else classes[some] for some in (label, guess)]
        wanted |= {f"{axis} title": names, f"{axis} xlabel": [-sure]}
        picture = np.moveaxis(images[place], 0, -1)
        wanted |= {f"{axis} image 0": picture} if len(images[place]) == 3 else shown(f"{axis} image 0", picture[..., 0], (0, 1), "pixels")
    return wanted


@facts.picture(lambda: [({"small": np.array([1e-3, 1e-4, 0.0]), "He": np.array([1.0, 0.93, 1.1]), "large": np.array([1, 10, 900.4])}, "Three")])
def initialisation(sizes, title):
    wanted, texts = {}, []
    for place, (name, values) in enumerate(sizes.items()):
        wanted[f"0 line {place}"] = [layer + 1 for layer in range(len(values))], values
        texts.append((len(values), values[-1], [name, values[-1]]))
    return wanted | {"0 texts": texts}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)


def test_a_training_run_opens_at_its_end():
    moment = MAKERS["training"]().controls["moment"]
    assert moment.value == moment.max
