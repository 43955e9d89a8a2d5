"""What the figures of lesson 03 draw, computed a second way."""
import by_hand
import numpy as np
import pytest
from picture_facts import Facts, shown

from helpers.figures import style as G

facts = Facts()


def _cells(array):
    return {place: array[place] for place in np.ndindex(array.shape)}


@facts.live
def slide(now, image, w, slide_filter):
    image = np.array([[round(float(pixel), 1) for pixel in row] for row in image])
    scores = now.once("scores", lambda: by_hand.filter_scores(image, w))
    patch = np.array([[image[now.row + k, now.column + l] for l in range(5)] for k in range(5)])
    written = [[scores[row, column] if (row, column) <= (now.row, now.column) else np.nan for column in range(24)] for row in range(24)]
    limit = 2 * by_hand.largest(w)
    return {"controls": {"row": (0, 28 - 5), "column": (0, 28 - 5)},
            "0 image 0": image, "0 image 0 limits": (0, 1), "0 image 0 colours": "pixels",
            "0 line 0": by_hand.square(now.row, now.column, 5, 5), "1 line 0": ([now.column], [now.row]),
            **shown("1 image 0", written, by_hand.largest(scores), "weights"),
            **shown("2 image 0", patch, (0, 1), "pixels"), "2 numbers": _cells(patch),
            **shown("3 image 0", w, limit, "weights"), "3 numbers": _cells(w),
            **shown("4 image 0", patch * w, limit, "weights"), "4 numbers": _cells(patch * w),
            "suptitle": [25, (patch * w).sum(), now.row, now.column]}


@facts.live
def design_filter(now, images, slide_filter, start):
    w = np.array([[getattr(now, f"w{row}{column}") for column in range(3)] for row in range(3)])
    scores = by_hand.conv(images[now.image][None], w[None, None])[0]
    total = sum(w.ravel())
    return {"controls": {"image": (0, len(images) - 1), **{f"w{row}{column}": (-9, 9) for row in range(3) for column in range(3)}},
            **shown("0 image 0", images[now.image], (0, 1), "pixels"), **shown("1 image 0", w, 9, "weights"), "1 numbers": _cells(w),
            **shown("2 image 0", scores, by_hand.largest(scores), "weights"), "suptitle": [total, total]}


def _mesh(first, count):
    """x and y of the lines between the cells of a square, all horizontal ones first, with a gap after each."""
    cuts, end = [first + number - 0.5 for number in range(count + 1)], first + count - 0.5
    across = [point for cut in cuts for point in ((cuts[0], cut), (end, cut), (np.nan, cut))]
    return np.transpose(across + [(y, x) for x, y in across])


@facts.live
def stride_and_padding(now, out_size):
    padded, first = now.size + 2 * now.padding, 2 - now.padding  # the image's own first cell is always drawn at (2, 2)
    starts = [start for start in range(0, padded, now.stride) if start + now.kernel <= padded]
    out = len(starts)
    row, column = (place if place < out else out - 1 for place in (now.row, now.column))
    counts = np.full((11, 11), np.nan)
    for y in range(padded):
        for x in range(padded):
            counts[first + y, first + x] = sum(top <= y < top + now.kernel and left <= x < left + now.kernel
                                               for top in starts for left in starts)
    outputs, corner = np.full((11, 11), np.nan), (11 - out) // 2
    outputs[corner:corner + out, corner:corner + out] = 0.3
    outputs[corner + row, corner + column] = 1
    outer, inner = (list(zip(*by_hand.square(start, start, size, size))) for start, size in ((first, padded), (2, now.size)))
    untouched = [(x, y) for y in range(11) for x in range(11) if counts[y, x] == 0]
    left_over = padded - starts[-1] - now.kernel
    return {"controls": {"size": (5, 7), "kernel": (2, 5), "stride": (1, 3), "padding": (0, 2), "row": (0, 9), "column": (0, 9)},
            **shown("0 image 0", np.log(1 + counts), (0, np.log(26)), "touches"), "0 patch 0": np.transpose(outer + inner[::-1]),
            "0 line 0": _mesh(first, padded), "0 line 1": by_hand.square(2, 2, now.size, now.size),
            "0 line 2": by_hand.square(first + starts[row], first + starts[column], now.kernel, now.kernel),
            "0 line 3": np.reshape(untouched, (-1, 2)).T, "0 numbers": {place: count for place, count in _cells(counts).items() if count > 0},
            **shown("1 image 0", outputs, (0, 1), "outputs"), "1 line 0": _mesh(corner, out),
            "1 line 1": by_hand.square(corner + row, corner + column, 1, 1), "1 title": [out, out],
            "suptitle": [now.size, 2, now.padding, now.kernel, now.stride, 1, out] + [left_over] * (left_over > 0)}


@facts.live
def im2col(now, lay_out):
    kernel = {2: (1, 0, 2, -1), 3: (1, 0, 1, 0, 2, 0, -1, 0, -1)}[now.size]
    corners = [(row, column) for row in range(0, 5 - now.size, now.stride) for column in range(0, 5 - now.size, now.stride)]
    windows = [[(row + k, column + l) for k in range(now.size) for l in range(now.size)] for row, column in corners]
    rows = [[4 * row + column + 1 for row, column in window] for window in windows]  # the image counts from 1 to 16
    scores = [sum(one * weight for one, weight in zip(row, kernel)) for row in rows]
    number, wide = min(now.number, len(rows) - 1), len(kernel)
    seen = [[2 * (4 * row + column + 1 == now.pixel) + ((row, column) in windows[number]) for column in range(4)] for row in range(4)]
    first = (9 - wide) // 2
    weights, results = first + wide + 2, first + wide + 5
    marks, cells = np.full((9, 17), np.nan), {}
    for place, row in enumerate(rows):
        for column, pixel in enumerate(row):
            cells[place, first + column] = pixel
            marks[place, first + column] = 2 * (pixel == now.pixel) + (place == number)
        cells[place, results], marks[place, results] = scores[place], 4 if place == number else 0
    for place, weight in enumerate(kernel):
        cells[place, weights], marks[place, weights] = weight, 1
    heads = [(first + (wide - 1) / 2, -0.85, ["row"]), (weights, -0.85, ["kernel"]), (results, -0.85, ["scores"])]
    return {"controls": {"size": (2, 3), "stride": (1, 2), "number": (0, 8), "pixel": (1, 16)},
            **shown("0 image 0", seen, (0, 4), "marked"), "0 line 0": by_hand.square(*corners[number], now.size, now.size),
            "0 numbers": {(row, column): 4 * row + column + 1 for row in range(4) for column in range(4)},
            **shown("1 image 0", marks, (0, 4), "marked"), "1 numbers": cells, "1 line 0": by_hand.square(number, first, 1, wide),
            "1 line 1": by_hand.square(number, results, 1, 1), "1 texts": heads + [(weights - 1, 1.5, ["@"]), (results - 1.5, 1.5, ["="])],
            "suptitle": [number, number, scores[number], now.pixel, sum(now.pixel in row for row in rows)]}


@facts.live
def max_pooling(now, image, features, pool):
    count = 24 // now.size
    moved = [[row[column - now.columns] if column >= now.columns else 0 for column in range(28)] for row in image]
    before, after = features(image), features(np.array(moved))
    best, pooled = [], {"before": np.zeros((count, count)), "after": np.zeros((count, count))}
    for place in np.ndindex(count, count):
        inside = [(now.size * place[0] + k, now.size * place[1] + l) for k in range(now.size) for l in range(now.size)]
        pooled["before"][place] = max(before[cell] for cell in inside)
        pooled["after"][place] = max(after[cell] for cell in inside)
        if pooled["after"][place] > 0:
            best.append(next(cell for cell in inside if after[cell] == pooled["after"][place]))

    def change(one, other):
        return sum(abs(a - b) for a, b in zip(one.ravel(), other.ravel())) / sum(abs(a) for a in one.ravel())

    cuts = [now.size * number - 0.5 for number in range(count + 1)]
    across = [point for cut in cuts for point in ((-0.5, cut), (cuts[-1], cut), (np.nan, cut))]
    winners = {"1 line 1": np.reshape([(column, row) for row, column in best], (-1, 2)).T} if now.size > 1 else {}
    return {"controls": {"size": (1, 24), "columns": (0, 5)}, **shown("0 image 0", moved, (0, 1), "pixels"), **winners,
            **shown("1 image 0", after, by_hand.largest(before), "weights"), "1 line 0": np.transpose(across + [(y, x) for x, y in across]),
            **shown("2 image 0", pooled["after"], by_hand.largest(before), "weights"), "1 title": ["map", change(before, after)],
            "2 title": ["pooled", change(pooled["before"], pooled["after"])],
            "suptitle": [now.size, now.size, now.columns, count, count] if count > 1 else [now.size, now.size, now.columns, 1]}


def _maps():
    rng = np.random.default_rng(0)
    images, filters = rng.random((3, 8, 8)), {"edge": rng.standard_normal((3, 3)), "none": np.zeros((3, 3))}
    maps = np.array([[by_hand.filter_scores(image, w) for w in filters.values()] for image in images])
    return [(images, filters, maps, "Two filters"), (images[:1], filters, maps[:1], "One image")]


@facts.picture(_maps)
def feature_maps(images, filters, maps, title):
    wanted, axis = {"alt": [len(images), *filters]}, len(images)
    for place, image in enumerate(images):
        wanted |= shown(f"{place} image 0", image, (0, 1), "pixels")
    for place, (name, w) in enumerate(filters.items()):
        scores = [by_hand.filter_scores(image, w) for image in images]
        wanted |= {**shown(f"{axis} image 0", w, by_hand.largest(w), "weights"), f"{axis} ylabel": [name]}
        for column, some in enumerate(scores):
            wanted |= shown(f"{axis + 1 + column} image 0", some, by_hand.largest(scores), "weights")
        axis += 1 + len(images)
    return wanted


@facts.picture(lambda: [({"loops": 1.52, "one by one": 0.0243, "all at once": 0.00612}, "Faster"), ({"slow": 4.0, "none faster": 4.0}, "Alike")])
def durations(seconds, title):
    names, texts, slowest = list(seconds), [], max(seconds.values())
    for place, value in enumerate(seconds.values()):
        faster = [float(f"{slowest / value:.1e}")] if value < slowest else []
        texts.append((None, place, ([value, "s"] if value >= 1 else [value * 1000, "ms"]) + faster))
    return {"0 bars 0": (range(len(names)), list(seconds.values())), "0 yticks": {place: [name] for place, name in enumerate(names)},
            "0 bars 0 colour": [G.QUIET] * (len(names) - 1) + [G.OUTPUT], "0 texts": texts, "0 logarithmic": "x", "0 inverted": "y"}


@facts.picture(lambda: [()])
def depth():
    wanted, number = {}, 0

    def square(x, y, side):
        nonlocal number
        wanted[f"0 patch {number}"] = [[x, x + side], [y, y + side]]
        number += 1

    def stack(left, bottom, side, deep, step=0.1, window=False):
        for sheet in range(deep - 1, -1, -1):  # the hindmost first
            square(left + sheet * step, bottom + sheet * step, side)
            if window:
                square(left + sheet * step + 0.25, bottom + sheet * step + side - 0.6, 0.3)

    maps, deeper = 4, 8
    stack(0.2, 1.4, 1.5, 1, window=True)
    stack(3.55, 1.35, 1.3, maps, window=True)
    stack(7.95, 1.3, 1.15, deeper)
    for row in range(maps):  # eight filters in two columns
        for left, deep in ((2.5, 1), (6.05, maps), (6.85, maps)):
            stack(left, 1.05 + 0.62 * row, 0.3, deep, 0.06)
    once, twice = 28 - 5 + 1, 28 - 5 + 1 - 5 + 1
    names = (0.95, [], [1, 28, 28]), (2.65, [maps], [1, 5, 5]), (4.35, [maps], [maps, once, once]), (6.68, [deeper], [maps, 5, 5]), (
        8.85, [deeper], [deeper, twice, twice])
    return wanted | {"0 texts": [(x, y, tokens) for x, name, shape in names
                                 for y, tokens in ((0.55, name), (0.17, shape)) if tokens], "alt": [1, 1, 4]}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
