"""What the pictures of several lessons draw, computed a second way."""
import by_hand
import numpy as np
import pytest
from picture_facts import Facts, shown

facts = Facts()
RNG = np.random.default_rng(0)


@facts.picture(lambda: [({"image": RNG.random((8, 8)), "map": RNG.standard_normal((6, 6)), "clean": RNG.random((8, 8))}, "Three")])
def strip(panels, title):
    wanted, first = {}, next(iter(panels.values()))
    for axis, (name, array) in enumerate(panels.items()):
        image = array.shape == first.shape
        limits, colours = ((0, 1), "pixels") if image else (by_hand.largest(array), "weights")
        wanted |= {f"{axis} title": [name]} | shown(f"{axis} image 0", array, limits, colours)
    return wanted


@facts.picture(lambda: [(RNG.standard_normal((10, 784)), "Ten", tuple("0123456789")), (RNG.standard_normal((3, 784)), "Three")])
def weight_images(weights, title, names=()):
    wanted = {"alt": [len(weights)]}
    for axis, neuron in enumerate(weights):
        rows = [neuron[28 * row:28 * row + 28] for row in range(28)]
        wanted |= shown(f"{axis} image 0", rows, by_hand.largest(weights), "weights")
        wanted |= {f"{axis} title": [float(names[axis])]} if names else {}
    return wanted


@facts.picture(lambda: [(np.array(labels), np.array(guesses), names) for labels, guesses, names in (
    ([7, 7, 7, 8, 0], [2, 2, 7, 1, 0], tuple("0123456789")), ([4, 4, 9, 9], [1, 1, 1, 1], tuple("0123456789")),
    ([0, 0, 1, 1], [1, 1, 1, 0], ("ant", "bird")), ([0, 1], [1, 0], ("ant", "bird")))])
def confusion(labels, guesses, classes):
    times = {}
    for label, guess in zip(labels, guesses):
        if label != guess:
            times[label, guess] = times.get((label, guess), 0) + 1
    table = [[times.get((row, column), 0) for column in range(len(classes))] for row in range(len(classes))]
    most = max(times.values())
    often = [place for place, count in times.items() if count == most]
    names = [float(classes[place]) if classes[place].isdigit() else classes[place] for place in often[0]] if len(often) == 1 else []
    title = [*names, "once" if most == 1 else most]
    ticks = {} if classes[0].isdigit() else {place: [name] for place, name in enumerate(classes)}
    return {**shown("0 image 0", table, most, "weights"), "0 texts": [(column, row, [count]) for (row, column), count in times.items()],
            "0 title": title, "alt": title, "0 xlabel": ["read as"], "0 ylabel": ["is a"], "0 xticks": ticks, "0 yticks": ticks}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
