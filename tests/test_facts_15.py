"""What the figures of lesson 15 draw, computed a second way; and its cells for Keras and ONNX, which other tests do not compare."""
import contextlib
import io
import itertools
from pathlib import Path

import nbformat
import numpy as np
import pytest
from picture_facts import Facts

facts = Facts()

BACK = "y", "s", "v", "a", "u", "x"
AT = {"p": (0, 1), "w₀": (1, 0), "w₁": (2, 0), "w₂": (4, 0), "x": (1, 1), "u": (2, 1), "a": (3, 1), "v": (4, 1), "s": (5, 1), "y": (6, 1)}
USED = {"x": "w₀ p", "u": "w₁ x", "a": "u", "v": "w₂ a", "s": "v x", "y": "s"}


@facts.live
def residual_graph(now):
    p, w0, w1, w2 = 1.5, 0.8, now.w1, -0.6
    x = w0 * p
    a = max(w1 * x, 0)
    value = {"p": p, "w₀": w0, "w₁": w1, "w₂": w2, "x": x, "u": w1 * x, "a": a, "v": w2 * a, "s": x + w2 * a, "y": x + w2 * a}
    alive = float(w1 > 0)  # s is positive for every w1 of the slider
    recursion, visits = now.way == "by plain recursion", now.step - 6
    last = 7 if recursion else 6
    visits = min(visits, last)
    # After which visit each slope is there, and which: x has its second report after the fifth, what made it after the sixth.
    slopes = {"y": (0, 1), "s": (1, 1), "v": (2, 1), "a": (3, w2), "w₂": (3, a), "u": (4, w2 * alive), "w₁": (5, w2 * alive * x),
              "x": (2, 1 + (w2 * alive * w1 if visits >= 5 else 0))}
    dx = 1 + w2 * alive * w1
    slopes |= {"p": (6, dx * w0 * max(1, visits - 5)), "w₀": (6, dx * p * max(1, visits - 5))}
    there = {name: slope for name, (first, slope) in slopes.items() if visits >= first}

    place = {name: (0.72 + 1.49 * column, 0.5 + 1.75 * row) for name, (column, row) in AT.items()}
    texts = [(across, up + 0.19, [name, *([{"a": "ReLU(u)", "y": "ReLU(s)", "s": "v + x"}.get(name, USED[name])] if name in USED else [])])
             for name, (across, up) in place.items()]
    made = list(USED)[:now.step]
    texts += [(across, up - 0.17, [value[name]]) for name, (across, up) in place.items() if name in made or name not in USED]
    texts += [(place[name][0], place[name][1] + (0.62 if AT[name][1] else -0.62), [slope]) for name, slope in there.items()]
    current = (*BACK, "x")[visits - 1] if visits > 0 else made[-1] if made else None
    if visits > 0:
        local = {"y": [1], "s": [1, 1], "v": [a, w2], "a": [alive], "u": [x, w1], "x": [p, w0]}[current]
        said = [token for name, one in zip(USED[current].split(), local) for token in (there[current], one, there[current] * one, name)]
        texts.append((0.1, -0.66, [current, *said]))
    else:
        texts.append((0.1, -0.66, ["values"]))
    wanted = {"controls": {"step": (0, 13), "way": ("in topological order", "by plain recursion"), "w1": (-1, 1)}, "0 texts": texts}
    for number, (across, up) in enumerate(place.values()):
        wanted[f"0 patch {number}"] = [[across - 0.64, across + 0.64], [up - 0.4, up + 0.4]]
    for number, (parent, name) in enumerate((parent, name) for name in USED for parent in USED[name].split()):
        line = _line(place[parent], place[name], parent == "x" and name == "s")
        wanted[f"0 line {2 * number}"] = line
        if name == current if visits > 0 else name in made:
            wanted[f"0 line {2 * number + 1}"] = line
            wanted[f"0 line {2 * number + 1} colour"] = "#CC79A7" if visits > 0 else "#0072B2"
    across, up = place.get(current, (-9, -9))
    wanted["0 line 20"] = ([across + 0.7 * one for one in (-1, 1, 1, -1, -1, 0)], [up + 0.46 * one for one in (-1, -1, 1, 1, -1, -1)])
    if visits <= 0:
        title = ["twice"] if now.step == 0 else [now.step, 6, current, value[current]]
    elif visits < last:
        title = [now.way, visits, *(["one"] if 2 <= visits < 5 else [])]
    else:
        title = [visits, now.way, *(["p", "w₀", "twice"] if recursion else ["every", "correct"])]
    return wanted | {"suptitle": title}


def _line(start, stop, shortcut):
    (x0, y0), (x1, y1) = start, stop
    if shortcut:
        return [x0 + 0.4, x0 + 0.4, x1 - 0.4, x1 - 0.4], [y0 + 0.4, y0 + 1.3, y0 + 1.3, y0 + 0.4]
    return ([x0 + 0.64, x1 - 0.64], [y0, y1]) if y0 == y1 else ([x0, x1], [y0 + 0.4, y1 - 0.4])


@facts.live
def checkpoints(now, parts, images):
    names, kept, passed, products = zip(*parts)
    count = len(parts)

    def step(cuts):
        """(MB at the worst moment, multiplications done again, which parts are held then), of a step gone through from its end."""
        ends = [-1, *cuts, count - 1]
        most, again, which = 0, 0, None
        for number in reversed(range(len(ends) - 1)):
            inside = range(ends[number] + 1, ends[number + 1] + 1)
            held = sum(passed[cut] for cut in cuts if cut < inside[0]) + sum(kept[place] for place in inside)
            again += sum(products[place] for place in inside) if number < len(cuts) else 0
            if held >= most:
                most, which = held, inside
        return most, again, which, cuts

    def best(number):
        return min((step(cuts) for cuts in itertools.combinations(range(count - 1), number)), key=lambda one: (round(one[0], 9), one[1]))

    chosen = now.once("chosen", lambda: [best(number) for number in range(count)])
    times = [(3 * sum(products) + again) / (3 * sum(products)) for _, again, _, _ in chosen]
    most, _, held, cuts = chosen[now.outputs]
    places = range(count)
    return {"controls": {"outputs": (0, count - 1)}, "0 bars all that a part keeps": (places, kept), "0 ylabel": [images],
            "0 bars held at the worst moment": (places, [kept[place] if place in held else 0 for place in places]),
            "0 line output kept": ([cut + 0.5 for cut in cuts], [0.06 * max(kept)] * len(cuts)),
            "0 xticks": {place: [name] for place, name in enumerate(names) if place % 4 == 0},
            "1 line 0": (times, [one[0] for one in chosen]), "1 line 1": ([times[now.outputs]], [most]), "1 xlabel": ["multiplications"],
            "1 ylabel": ["worst"], "suptitle": [now.outputs, count - 1, most, sum(kept), times[now.outputs]]}


@facts.live
def two_trainings(now, log):
    steps, apart = list(range(1, now.step + 1)), {}
    for name in ("float32", "float64"):
        pairs = zip(log[f"{name} here"][now.seed], log[f"{name} PyTorch"][now.seed])
        apart[name] = [max(here, there) - min(here, there) for here, there in pairs][:now.step]
    rounded = {name: [max(one, 1e-17) for one in some] for name, some in apart.items()}
    return {"controls": {"step": (1, 40), "seed": (0, 1)}, "0 line PyTorch": (steps, log["float32 PyTorch"][now.seed][:now.step]),
            "0 line this course": (steps, log["float32 here"][now.seed][:now.step]), "0 ylabel": ["loss"], "1 ylabel": ["difference"],
            "1 line float32": (steps, rounded["float32"]), "1 line float64": (steps, rounded["float64"]), "1 logarithmic": "y",
            "suptitle": ["one curve", max(apart["float32"]), max(apart["float64"]), "float64"]}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)


@pytest.mark.handover
def test_cells_for_keras_and_onnx_print_what_is_stored():
    for package in ("keras", "onnx", "onnxruntime"):
        pytest.importorskip(package)
    cells = nbformat.read(Path(__file__).parent.parent / "notebooks" / "15_autograd.ipynb", as_version=4).cells
    cells = [cell for cell in cells if cell.cell_type == "code" and "autograd-41" > cell.id]
    names, compared = {}, 0
    for cell in cells:
        handed_over = any(f'if there["{package}"]' in cell.source for package in ("keras", "onnx"))
        if handed_over or cell.source.startswith(("import numpy", "from importlib")):
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                exec(cell.source, names)
            if handed_over:
                assert said.getvalue() == "".join(output.text for output in cell.outputs)
                compared += 1
    assert compared == 3
