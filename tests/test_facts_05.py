"""What the figures of lesson 05 draw, computed a second way."""
from types import SimpleNamespace

import by_hand
import numpy as np
import pytest
from picture_facts import Facts, shown

from helpers import live
from helpers.live.pad import EXAMPLE

facts = Facts()
LAYERS = "first, before the ReLU", "first, after it", "second, before the ReLU", "second, after it"


@facts.live
def feature_maps(now, networks, images, labels):
    label, net = labels[now.image], now.once((now.network, now.image), lambda: by_hand.TwoLayers(networks[now.network], images[now.image]))
    p = by_hand.softmax(net.z)
    place = LAYERS.index(now.layer)
    maps = net.outputs[place]
    grads = now.once((now.network, now.image, "back"), lambda: net.backward(p - by_hand.one_hot(label))[0])[place]
    columns = 4 if place < 2 else 3
    return {"controls": {"image": (0, len(images) - 1), "layer": (LAYERS[0], LAYERS[-1]), "network": (list(networks)[0], list(networks)[-1])},
            **shown("0 image 0", images[now.image, 0], (0, 1), "pixels"),
            **shown("1 image 0", by_hand.sheet(maps, columns, 1), by_hand.largest(maps), "weights"),
            **shown("2 image 0", by_hand.sheet(grads, columns, 1), by_hand.largest(grads), "gradients"),
            "0 title": ["image"], "1 title": ["maps"], "2 title": ["gradients"],
            "0 texts": [(None, None, [label, *by_hand.told(p[label]), list(p).index(max(p))])],
            "suptitle": [*maps.shape, np.count_nonzero(maps == 0) / maps.size, by_hand.largest(grads)]}


@facts.live
def filters(now, snapshots):
    return by_hand.scrubbed(now, snapshots, {
        "first filters": ("0.weight", lambda w: by_hand.sheet(w[:, 0], 4, 1)),
        "second filters": ("2.weight", lambda w: by_hand.sheet([by_hand.sheet(channels, 4, 0) for channels in w], 3, 2))})


@facts.live
def shifts(now, networks, images, labels):
    names, steps = list(networks), [column - 5 for column in range(11)]

    def moved(image, rows, columns):
        """Pixel by pixel of the digit that is moved."""
        result = np.zeros((28, 28))
        for row in range(28):
            for column in range(28):
                if 0 <= row + rows < 28 and 0 <= column + columns < 28:
                    result[row + rows, column + columns] = image[0, row, column]
        return result

    def answers():
        """For each network, {columns: logits of all images}."""
        stacks = {columns: np.array([[moved(image, now.rows, columns)] for image in images], np.float32) for columns in steps}
        return {name: {columns: network.forward(stack) for columns, stack in stacks.items()} for name, network in networks.items()}

    z = now.once(now.rows, answers)
    p = {name: by_hand.softmax(z[name][now.columns][now.image]) for name in names}
    shares = {name: [sum(list(row).index(max(row)) == label for row, label in zip(z[name][columns], labels)) / len(labels)
                     for columns in steps] for name in names}
    wanted = {"controls": {"image": (0, len(images) - 1), "rows": (-5, 5), "columns": (-5, 5)}, "1 title": ["probabilities"]}
    for place, name in enumerate(names):
        wanted |= {f"1 bars {name}": ([digit + (-0.2, 0.2)[place] for digit in range(10)], p[name]), f"2 line {name}": (steps, shares[name])}
    read = [word for name in names for word in (f"{name} reads", list(p[name]).index(max(p[name])))]
    return wanted | {**shown("0 image 0", moved(images[now.image], now.rows, now.columns), (0, 1), "pixels"), "2 vertical 0": now.columns,
                     "0 title": [labels[now.image]], "2 title": [shares[name][steps.index(now.columns)] for name in names],
                     "suptitle": [now.rows, now.columns, *read]}


@facts.live
def saliency(now, network, images):
    image, key = images[now.image], (now.image, now.digit)
    slope = now.once(key, lambda: by_hand.TwoLayers(network, image).backward(by_hand.one_hot(now.digit))[1])
    moved = np.minimum(np.maximum(image + now.nudge * np.sign(slope), 0), 1)
    z = by_hand.TwoLayers(network, moved).z
    p = by_hand.softmax(z)
    return {"controls": {"image": (0, len(images) - 1), "digit": (0, 9), "nudge": (0, 0.25)},
            **shown("0 image 0", moved[0], (0, 1), "pixels"), **shown("1 image 0", slope[0], by_hand.largest(slope), "gradients_r"),
            "2 bars 0": (range(10), p), "2 bars 0 hatched": [now.digit], "0 title": [now.nudge] if now.nudge else [], "1 title": [now.digit],
            "suptitle": [now.digit, z[now.digit], now.digit, *by_hand.told(p[now.digit]), list(p).index(max(p))]}


def _drawn(strokes, pen):
    """A drawing as MNIST's makers would have had it, pixel by pixel: (28, 28)."""
    paper = np.zeros((320, 320))
    for stroke in strokes:
        for (x, y), (u, v) in zip(stroke, [*stroke[1:], stroke[-1]]):
            columns, rows = np.meshgrid(np.arange(320) - 20.0 - x, np.arange(320) - 20.0 - y)
            length = np.hypot(u - x, v - y)
            if length:  # in the line's own directions: along it, and away from it
                along, away = (columns * (u - x) + rows * (v - y)) / length, (rows * (u - x) - columns * (v - y)) / length
                gap = np.hypot(np.where(along < 0, along, np.maximum(along - length, 0)), away)
            else:
                gap = np.hypot(columns, rows)
            paper = np.maximum(paper, np.minimum(1, np.maximum(0, pen / 2 + 0.5 - gap)))
    if not paper.any():
        return np.zeros((28, 28))
    down, across = np.nonzero(paper > 1e-6)
    paper = paper[min(down):max(down) + 1, min(across):max(across) + 1]
    side = max(paper.shape)
    fine = np.repeat(np.repeat(paper, 20, axis=0), 20, axis=1)  # each pixel 20 x 20, so that a side is a whole number of cells
    above, before = ((20 * side - length) // 2 for length in fine.shape)
    square = np.zeros((20 * side, 20 * side))
    square[above:above + fine.shape[0], before:before + fine.shape[1]] = fine
    box = square.reshape(20, side, 20, side).mean(axis=(1, 3))
    corner = [int(np.floor(14.5 - np.average(range(20), weights=box.sum(axis)).round(6))) for axis in (1, 0)]
    image = np.zeros((28, 28))
    image[corner[0]:corner[0] + 20, corner[1]:corner[1] + 20] = box
    return np.rint(255 * image) / 255


@facts.live
def draw_cnn(now, cnn, dense):
    image = now.once((now.strokes, now.pen), lambda: _drawn(now.strokes, now.pen))
    net = now.once((now.strokes, now.pen, "net"), lambda: by_hand.TwoLayers(cnn, image[None]))
    w1, b1, w2, b2 = (parameter.value.astype(float) for parameter in dense.parameters())
    p, q = by_hand.softmax(net.z), by_hand.softmax(w2 @ by_hand.relu(w1 @ image.ravel() + b1) + b2)
    here, there = list(p).index(max(p)), list(q).index(max(q))
    slope = now.once((now.strokes, now.pen, "back"), lambda: net.backward(by_hand.one_hot(here))[1][0])
    return {"controls": {"strokes": ((), EXAMPLE), "pen": (12, 40)}, **shown("0 image 0", image, (0, 1), "pixels"),
            **shown("1 image 0", by_hand.sheet(net.outputs[1], 4, 1), by_hand.largest(net.outputs[1]), "weights"),
            **shown("2 image 0", by_hand.sheet(net.outputs[3], 3, 1), by_hand.largest(net.outputs[3]), "weights"),
            **shown("3 image 0", slope, by_hand.largest(slope), "gradients_r"), "4 bars 0": (range(10), p), "5 bars 0": (range(10), q),
            "0 title": ["as networks see it"], "1 title": [16, "maps"], "2 title": [8, "maps"], "3 title": [here],
            "4 title": ["CNN", here, *by_hand.told(p[here])], "5 title": ["dense", there, *by_hand.told(q[there])],
            "suptitle": ["Both", here] if here == there else ["CNN", here, "dense", there]}


@facts.picture(lambda: [(np.eye(320), np.eye(20) / 2, np.eye(28) / 3)])
def to_mnist(paper, box, image):
    return {**shown("0 image 0", paper, (0, 1), "pixels"), **shown("1 image 0", box, (0, 1), "pixels"),
            **shown("2 image 0", image, (0, 1), "pixels"), "0 title": ["ink"], "1 title": ["box", 20, 20], "2 title": ["centred", 28, 28],
            "alt": [20, 20, 28, 28]}


def _maps():
    rng = np.random.default_rng(0)
    return [(rng.random((28, 28)), rng.standard_normal((16, 21, 21)), rng.standard_normal((8, 9, 9)), rng.dirichlet(np.ones(10)), "A digit")]


@facts.picture(_maps)
def two_layers(image, first, second, p, title):
    texts = [(0.9, 0.17, [1, 28, 28]), (4.1, 0.52, [16]), (4.1, 0.17, [16, 21, 21]), (6.8, 0.52, [8]), (6.8, 0.17, [8, 9, 9]), (9.1, 0.17, [10]),
             (2.3, None, [16, 8, 8]), (5.75, None, [8, 4, 4, 2])]
    arrows = {f"4 patch {number}": ([x - 0.45, x + 0.45], [2.15, 2.15]) for number, x in enumerate((2.3, 5.75, 7.95))}
    return {**shown("0 image 0", image, (0, 1), "pixels"), **shown("1 image 0", by_hand.sheet(first, 4, 1), by_hand.largest(first), "weights"),
            **shown("2 image 0", by_hand.sheet(second, 2, 1), by_hand.largest(second), "weights"), "3 bars 0": (range(10), p),
            "4 texts": texts, **arrows, "3 inverted": "y", "alt": [16, 8, title]}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)


def test_a_moved_digit_opens_at_one_that_only_the_second_network_reads():
    def answering(guesses):
        return SimpleNamespace(forward=lambda images: np.eye(10, dtype=np.float32)[guesses])

    networks = {"one": answering([3, 0, 0, 6]), "other": answering([3, 0, 5, 6])}
    assert live.shifts(networks, np.zeros((4, 1, 28, 28), np.float32), np.array([3, 4, 5, 6])).values["image"] == 2
