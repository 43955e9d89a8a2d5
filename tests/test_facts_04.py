"""What the figures of lesson 04 draw, computed a second way."""
import by_hand
import numpy as np
import pytest
from picture_facts import Facts, shown

from helpers.figures import style as G

facts = Facts()
DY = 1, -1, 2, 1, -2, 3, -1, 2, 1, -3, 2, 1  # the numbers of `explorer`
X, W = (1, -2, 3, 0, 2, -1, 1, 2), (2, -1, 1, 3)


@facts.live
def explorer(now):
    cells = range(-now.padding, 8 + now.padding)  # the first input that is no padding stands at 0
    starts = [cell for cell in cells[::now.stride] if cell + now.taps <= 8 + now.padding]
    chosen = min(now.output, len(starts) - 1)
    x = {cell: X[cell] if 0 <= cell < 8 else 0 for cell in cells}
    met = [(output, k, start + k) for output, start in enumerate(starts) for k in range(now.taps)]
    y = [sum(W[k] * x[cell] for output, k, cell in met if output == one) for one in range(len(starts))]
    dx = {one: sum(W[k] * DY[output] for output, k, cell in met if cell == one) for one in range(8)}
    dw = [sum(DY[output] * x[cell] for output, k, cell in met if k == one) for one in range(now.taps)]
    centres = [start + (now.taps - 1) / 2 for start in starts]
    pulled = {cell for output, k, cell in met if output == chosen}
    fed = {output for output, k, cell in met if cell == now.input}
    texts = [(cell, 0, [x[cell]]) for cell in cells] + [(cell, -0.52, [dx[cell]]) for cell in range(8)]
    texts += [(centre, 2, [number]) for centre, number in zip(centres, y)] + [(centre, 2.52, [number]) for centre, number in zip(centres, DY)]
    for k in range(now.taps):
        texts += [(-4.95, 1.45 - 0.3 * k, ["w", k, W[k]]), (-3.3, 1.45 - 0.3 * k, ["dw", k, dw[k]])]
    back = [factor for output, k, cell in met if cell == now.input for factor in (DY[output], W[k])]
    texts.append((0.5, 0.04, ["dx", now.input, *back, dx[now.input]]))
    forth = [factor for output, k, cell in met if output == chosen for factor in (W[k], x[cell])]
    wanted = {}
    for one in range(now.taps):
        lines = [(output, cell, [(cell, 0), (centres[output], 2)]) for output, k, cell in met if k == one]
        strong = [place for place, (output, cell, _) in enumerate(lines) if output == chosen or cell == now.input]
        wanted |= {f"0 segments {one}": [ends for _, _, ends in lines], f"0 segments {one} strong": strong if len(strong) < len(lines) else []}
    return wanted | {
        "controls": {"taps": (1, len(W)), "stride": (1, 3), "padding": (0, 2), "output": (0, len(DY) - 1), "input": (0, len(X) - 1)},
        "0 texts": texts, "suptitle": [len(starts)] * (now.output >= len(starts)) + ["y", chosen, *forth, y[chosen]],
        "0 dots 0": (cells, [0] * len(cells)), "0 dots 1": (centres, [2] * len(centres)),
        "0 dots 0 fills": [G.INPUT if cell in pulled else "#ffffff" if 0 <= cell < 8 else "#e4e4e4" for cell in cells],
        "0 dots 0 rings": [G.GRADIENT if cell == now.input else G.FRAME for cell in cells],
        "0 dots 1 fills": [G.OUTPUT if output == chosen else "#ffffff" for output in range(len(starts))],
        "0 dots 1 rings": [G.GRADIENT if output in fed else G.FRAME for output in range(len(starts))]}


@facts.live
def backward_pass(now, image, w, dy, stride):
    height, width = dy.shape
    places = [(row, column) for row in range(height) for column in range(width)][:now.sent]
    part = np.zeros(dy.shape)
    for place in places:
        part[place] = dy[place]
    (dx, dw), whole = (by_hand.conv_backward(some[None], image[None], w[None, None], stride) for some in (part, dy))
    shade = np.array([[dy[row, column] * (1 if (row, column) in places else 0.25) for column in range(width)] for row in range(height)])
    row, column = places[-1] if places else (0, 0)
    window, dw = by_hand.square(row * stride, column * stride, *w.shape), dw[0, 0]
    return {"controls": {"sent": (0, height * width), "row": (0, len(w) - 1), "column": (0, len(w) - 1)},
            **shown("0 image 0", image, (0, 1), "pixels"), **shown("1 image 0", shade, by_hand.largest(dy), "gradients"),
            **shown("2 image 0", dw, by_hand.largest(whole[1]), "gradients"), **shown("3 image 0", dx[0], by_hand.largest(whole[0]), "gradients"),
            "0 line 0": np.reshape([(c * stride + now.column, r * stride + now.row) for r, c in places], (-1, 2)).T,
            "0 line 1": window, "3 line 0": window, "0 title": ["image"], "1 title": ["dy"], "2 title": ["dw"], "3 title": ["dx"],
            "1 line 0": ([column], [row]), "2 line 0": ([now.column], [now.row]),
            "suptitle": [now.sent, height * width, now.row, now.column, dw[now.row, now.column]]}


@facts.live
def pooling_ties(now, pool_backward):
    x = [1, 5, 5, 2]
    x[now.place] = now.value
    starts = range(4 - now.size + 1)
    dy = [10**start for start in starts]

    def loss(numbers):
        return sum(10**start * max(numbers[start:start + now.size]) for start in starts)

    def nudged(place, to):
        return loss([to if other == place else number for other, number in enumerate(x)])

    rule, shared = [0] * 4, [0] * 4
    ways = {"lost": [], "tied": [], "first": []}
    for start in starts:
        window, best = range(start, start + now.size), max(x[start:start + now.size])
        winners = [r for r in window if x[r] == best]
        rule[winners[0]] += dy[start]
        for r in window:
            kind = "first" if r == winners[0] else "tied" if r in winners else "lost"
            ways[kind].append([(2 * r, 4), (2 * start + now.size - 1, 1)])
            shared[r] += dy[start] / len(winners) if r in winners else 0
    # Between whole numbers the loss is straight: a nudge of 1/2 meets no other corner.
    measured = [nudged(r, x[r] + 0.5) - nudged(r, x[r] - 0.5) for r in range(4)]
    centres = [2 * start + now.size - 1 for start in starts]
    numbers = {(0, centre): number for centre, number in zip(centres, dy)}
    numbers |= {(1, centre): max(x[start:start + now.size]) for start, centre in zip(starts, centres)}
    numbers |= {(4, 2 * r): number for r, number in enumerate(x)}
    for row, dx in ((6, rule), (7, shared), (8, measured)):
        numbers |= {(row, 2 * r): number for r, number in enumerate(dx)} | {(row, 8): sum(dx)}
    low, high = nudged(now.place, 0), nudged(now.place, 8)
    heights = [(nudged(now.place, to) - low) / (high - low) for to in range(9)]
    here = heights[now.value]
    tied = [start for start in starts if x[start:start + now.size].count(max(x[start:start + now.size])) > 1]
    rows = ((0, "dy"), (1, "y"), (4, "x"), (5, "dx"), (6, "rule"), (7, "shared"), (8, "measured"))
    return {"controls": {"place": (0, 3), "value": (0, 8), "size": (2, 3)}, "0 numbers": numbers, "0 inverted": "y",
            **{f"0 segments {place}": some for place, some in enumerate(ways.values())}, "0 texts": [(-1, row, [name]) for row, name in rows],
            "0 line 0": ([*centres, 0, 2, 4, 6], [1] * len(dy) + [4] * 4), "0 line 1": ([2 * now.place], [4]),
            "1 line 0": (range(9), heights), "1 line 3": ([now.value], [here]),
            **{f"1 line {name}": ([now.value - 2, now.value + 2], [here + step * dx[now.place] / (high - low) for step in (-2, 2)])
               for name, dx in (("by the rule", rule), ("measured", measured))}, "1 title": ["x", now.place],
            "suptitle": [*(["A tie", *(part for start in tied for part in ("y", start))] if tied else ["No tie"]),
                         "dx", now.place, rule[now.place], measured[now.place]]}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
