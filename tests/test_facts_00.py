"""What the figures of lesson 00 draw, computed a second way."""
import by_hand
import numpy as np
import pytest
from picture_facts import Facts, shown

from helpers import data

facts = Facts()


@facts.live
def how_many_pixels(now, image):
    # The mean over a coarse pixel by the areas that it shares with fine ones, where its edges lie at quarters of a pixel.
    edges = [round(112 * place / now.pixels) / 4 for place in range(now.pixels + 1)]
    share = np.array([[max(0, min(high, fine + 1) - max(low, fine)) / (high - low) for fine in range(28)]
                      for low, high in zip(edges, edges[1:])])
    return {"controls": {"pixels": (1, 28)},
            **shown("0 image 0", share @ image @ share.T, (0, 1), "pixels"), "0 title": [now.pixels, now.pixels, now.pixels**2]}


@facts.live
def look_inside(now, images):
    digit, cells = images[now.image][0], [(row, column) for row in range(5) for column in range(5)]
    window = np.array([[digit[now.row + row][now.column + column] for column in range(5)] for row in range(5)])
    return {"controls": {"image": (0, len(images) - 1), "row": (0, 28 - 5), "column": (0, 28 - 5)},
            **shown("0 image 0", digit, (0, 1), "pixels"), **shown("1 image 0", window, (0, 1), "pixels"),
            "0 line 0": by_hand.square(now.row, now.column, 5, 5), "0 title": [28, 28],
            "1 texts": [(column, row, [window[row, column]]) for row, column in cells],
            "1 title": [now.row, now.row + 4, now.column, now.column + 4]}


@facts.picture(lambda: [()])
def course_map():
    names = ["start", "one layer", "dense", "forward", "backward", "CNN", ["clinic", 1], "skip", ["clinic", 2], "Adam", "depth",
             "normalisation", "residual", ["ResNet", 34], "activation", "autograd"]
    names = [name if isinstance(name, list) else [name] for name in names]
    places = [(0, 3), (1, 3), (2, 3), (3, 3), (3, 2), (2, 2), (1, 2), (0, 2), (0, 1), (1, 1), (2, 1), (3, 1), (3, 0), (2, 0), (1, 0), (0, 0)]

    def edge(start, stop):
        """Where the box at `start` ends towards `stop`, another place."""
        return tuple(one + far * np.sign(other - one) for one, other, far in zip(start, stop, (0.39, 0.31)))

    arrows = [(edge(*pair), edge(*pair[::-1])) for pair in zip(places, places[1:])]
    over, around = (places[5], places[7]), (places[7], places[9])  # past the clinics 06 and 08
    arrows.append(((over[0][0], over[0][1] + 0.31), (over[1][0], over[1][1] + 0.31)))
    arrows.append(((around[0][0] + 0.3, around[0][1] - 0.31), (around[1][0] - 0.1, around[1][1] + 0.31)))
    arrows.append(((places[3][0] + 0.92, places[3][1]), edge(places[3], (9, places[3][1]))))  # into 03, from outside
    corners = [np.transpose(arrow) for arrow in arrows]
    corners += [[[x - 0.36, x + 0.36], [y - 0.28, y + 0.28]] for x, y in places]
    corners += [[[-0.36, 0.16], [y, y]] for y in (-0.55, -0.81)]
    texts = [(x, y + 0.18, [number]) for number, (x, y) in enumerate(places)] + [(x, y - 0.09, name) for name, (x, y) in zip(names, places)]
    numbered = [token for number, name in enumerate(names) for token in (number, *name)]
    return {**{f"0 patch {place}": some for place, some in enumerate(corners)},
            "0 texts": texts + [(0.27, -0.55, [6, 8]), (0.27, -0.81, [3])], "alt": [*numbered, 6, 8, 3]}


def _sets():
    """Data sets with few images of a class and with many, of digits and of colour images that are wider than high."""
    rng = np.random.default_rng(0)
    digits, animals = np.arange(200) % 7 % 3, np.array([1, 0, 1, 1])
    return [data.Dataset(rng.random((200, 1, 28, 28), np.float32), digits, rng.random((4, 1, 28, 28), np.float32), np.array([2, 2, 0, 1]),
                         ("0", "1", "2"), "digits"),
            data.Dataset(rng.random((4, 3, 4, 6), np.float32), animals, rng.random((2, 3, 4, 6), np.float32), np.arange(2),
                         ("ant", "bird"), "animals")]


@facts.picture(lambda: [(some, "Every row is one class") for some in _sets()])
def mosaic(some, title):
    count, channels, height, width = some.x_train.shape
    sheet = np.full((len(some.classes) * (height + 2) - 2, 16 * (width + 2) - 2, channels), np.nan)
    taken = [0] * len(some.classes)
    for image, label in zip(some.x_train, some.y_train):
        if taken[label] < 16:
            left, top = taken[label] * (width + 2), label * (height + 2)
            for channel in range(channels):
                sheet[top:top + height, left:left + width, channel] = image[channel]
            taken[label] += 1
    names = [float(name) if name.isdigit() else name for name in some.classes]
    ticks = {place * (height + 2) + (height - 1) / 2: [name] for place, name in enumerate(names)}
    wanted = {"0 yticks": ticks, "alt": [16, *names]}
    return wanted | (shown("0 image 0", sheet[..., 0], (0, 1), "pixels") if channels == 1 else {"0 image 0": sheet})


@facts.picture(lambda: [(some, "No class is common") for some in _sets()])
def class_balance(some, title):
    classes, bars = len(some.classes), {}
    for name, labels, shift in (("training", some.y_train, -0.2), ("test", some.y_test, 0.2)):
        shares = [sum(1 for label in labels if label == place) / len(labels) for place in range(classes)]
        bars[f"0 bars {name}"] = [place + shift for place in range(classes)], shares
    names = {} if some.classes[0] == "0" else {"0 xticks": {place: [name] for place, name in enumerate(some.classes)}}
    half = {"0 yticks": {0: [0], 1 / 6: [1 / 6], 1 / 3: [1 / 3]}} if classes == 3 else {}
    return {**bars, **names, **half, "0 horizontal 0": 1 / classes}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
