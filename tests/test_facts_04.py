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


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
