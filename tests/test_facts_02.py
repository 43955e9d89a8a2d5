"""What the figures of lesson 02 draw, computed a second way."""
from types import SimpleNamespace

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


@facts.picture(_history)
def loss_curves(history, title):
    epochs = [epoch + 1 for epoch in range(len(history.test_loss))]
    return {"0 line training": (epochs, history.train_loss), "0 line test": (epochs, history.test_loss),
            "1 line training": (epochs, history.train_accuracy), "1 line test": (epochs, history.test_accuracy),
            "0 ylabel": ["loss"], "1 ylabel": ["accuracy"]}


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


def _planes():
    rng = np.random.default_rng(0)
    points, labels = rng.uniform(-1.5, 1.5, (40, 2)), rng.integers(0, 2, 40)
    return [(points, labels, {"a line": lambda places: (places[:, 0] + 0.5 * places[:, 1] > 0.3).astype(int),
                              "a ring": lambda places: (np.hypot(*places.T) > 1).astype(int)})]


@facts.picture(_planes)
def regions(points, labels, classifiers):
    wanted = {}
    for axis, classify in enumerate(classifiers.values()):
        hits = [classify(point[None])[0] == label for point, label in zip(points, labels)]
        wanted |= {f"{axis} contours 0": lambda x, y, classify=classify: classify(np.column_stack([x, y])),
                   f"{axis} title": [sum(hits) / len(hits)]}
        for label, colour in enumerate((G.INPUT, G.WEIGHT)):  # as the regions, which are paler
            wanted[f"{axis} line {label}"] = np.transpose([point for point, some in zip(points, labels) if some == label])
            wanted[f"{axis} line {label} colour"] = colour
        wanted[f"{axis} contours 0 colour"] = ["#CCE3F0", "#FAE7C2"]
    return wanted


@facts.picture(lambda: [({"small": np.array([1e-3, 1e-4, 0.0]), "He": np.array([1.0, 0.93, 1.1]), "large": np.array([1, 10, 900.4])}, "Three")])
def initialisation(sizes, title):
    wanted, texts = {}, []
    for place, (name, values) in enumerate(sizes.items()):
        wanted[f"0 line {place}"] = [layer + 1 for layer in range(len(values))], values
        texts.append((len(values), values[-1], [name, values[-1]]))
    return wanted | {"0 texts": texts}


@facts.picture(lambda: [([100, 400, 1500], np.random.default_rng(0).random((2, 3)), np.random.default_rng(1).random((2, 3)), "Fewer")])
def overfitting(counts, train, test, title):
    wanted, place = {"0 logarithmic": "x", "0 line training": np.zeros((2, 0)), "0 line test": np.zeros((2, 0))}, 0
    for accuracies, colour in ((train, G.TRAIN), (test, G.TEST)):
        lines = [[sum(column) / len(column) for column in zip(*accuracies)], None, *accuracies]  # None: the name's own, of no points
        for line in lines:
            if line is not None:
                wanted |= {f"0 line {place}": (counts, line), f"0 line {place} colour": colour}
            place += 1
    return wanted


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)


def test_a_training_run_opens_at_its_end():
    moment = MAKERS["training"]().controls["moment"]
    assert moment.value == moment.max
