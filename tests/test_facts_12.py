"""What the figures of lesson 12 draw, computed a second way."""
import itertools
from math import comb, sqrt

import numpy as np
import pytest
from picture_facts import Facts

facts = Facts()


@facts.live
def block(now):
    w = [[now.size * one for one in row] for row in ([0.9, -0.6, 0.41], [-0.8, 0.73, 0.5], [0.3, 0.62, -0.9])]
    x, dy = [now.first, 1, -1], [1, -0.5, 0.8]
    h = [sum(one * other for one, other in zip(row, x)) for row in w]
    a = [max(one, 0) for one in h]
    dh = [up if one > 0 else 0 for up, one in zip(dy, h)]
    body = [sum(dh[j] * w[j][i] for j in range(3)) for i in range(3)]
    shortcut = dh if now.relu == "writes into it" else dy
    dx, right = ([one + other for one, other in zip(body, path)] for path in (shortcut, dy))
    error = max(abs(one - other) for one, other in zip(dx, right)) / max(abs(one) for one in dx + right)
    boxes = {0.9: x, 3.3: h, 5.7: a, 9.2: [one + other for one, other in zip(x, a)]}
    below = {0.9: dx, 3.3: dh, 5.7: dy, 9.2: dy}
    texts = [(across, 2.58, numbers) for across, numbers in boxes.items()] + [(across, 1.9, numbers) for across, numbers in below.items()]
    for height, numbers in zip((0.45, 0.05, -0.35, -0.75), (body, shortcut, dx, right)):
        texts += [(across, height, [number]) for across, number in zip((3.6, 4.6, 5.6), numbers)]
    wrong = [error] if error > 1e-6 else []
    arrows = [[[1.75, 2.45], [2.58, 2.58]], [[4.15, 4.85], [2.58, 2.58]], [[6.55, 7.1], [2.58, 2.58]], [[7.7, 8.35], [2.58, 2.58]],
              [[1.1, 7.38], [3.5, 2.92]]]
    corners = [[[across - 0.75, across + 0.75], [2.0, 3.15]] for across in boxes]
    return {"controls": {"first": (-2, 2), "size": (0.25, 2), "relu": ("returns a new array", "writes into it")}, "0 texts": texts,
            **{f"0 patch {place}": some for place, some in enumerate(corners + arrows)},
            "suptitle": [now.size, "wrong by" if wrong else "correct", *wrong]}


@facts.live
def shortcut_factor(now):
    def draws():
        rng = np.random.default_rng(0)  # drawn as the figure does
        return rng.standard_normal((54, 64, 64)) / 8, rng.standard_normal((16, 64))

    weights, top = now.once("draws", draws)
    whole, matrix = [1], np.eye(64)
    for w in weights[:now.blocks]:
        matrix = matrix @ (now.factor * np.eye(64) + now.size * w)
        whole.append(sqrt(((top @ matrix)**2).sum() / (top**2).sum()))
    places, alone = range(now.blocks + 1), [now.factor**k for k in range(now.blocks + 1)]
    return {"controls": {"factor": (0, 1.5), "size": (0, 1), "blocks": (1, 54)}, "0 logarithmic": "y", "0 horizontal 0": 1, "0 ylabel": [1],
            "0 line along the shortcuts alone: a power of λ": (places, np.maximum(alone, 1e-300)),
            "0 line along all paths": (places, np.maximum(whole, 1e-300)), "suptitle": [now.blocks, alone[-1], whole[-1]]}


@facts.live
def paths_by_length(now):
    lengths = range(now.blocks + 1)
    counts, one = [comb(now.blocks, k) for k in lengths], [now.slope**k for k in lengths]
    total = sum(count * each for count, each in zip(counts, one))
    share = [count * each / total for count, each in zip(counts, one)]
    low, high = (next(k for k in lengths if sum(share[:k + 1]) >= bound) for bound in (0.05, 0.95))
    return {"controls": {"blocks": (1, 54), "slope": (0.05, 1.5)}, "0 line 0": (lengths, counts), "1 line 0": (lengths, one),
            "2 line 0": (lengths, share), "0 logarithmic": "y", "1 logarithmic": "y", "0 title": ["number"], "1 title": ["one path"],
            "2 title": ["all", 1], "suptitle": [2**now.blocks, low, high]}


@facts.live
def cut_blocks(now, nets, images, labels):
    ticked, order = {0: now.block_1, 1: now.block_2, 2: now.block_3}, {0: [0, 1, 2], 1: [1, 0, 2], 2: [0, 2, 1]}[now.swap]
    kept = [ticked[block] for block in order]

    def accuracy(name):
        state = nets[name][0].state_dict()
        x, path = images.reshape(len(images), -1) @ state["1.weight"].T + state["1.bias"], ".body" if name == "residual" else ""
        for place, block in enumerate(order):
            at = {key: state[f"{block + 2}{path}{key}"] for key in (".0.weight", ".1.weight", ".1.bias", ".1.running_mean", ".1.running_var")}
            h = x @ at[".0.weight"].T
            h = np.tanh((h - at[".1.running_mean"]) / np.sqrt(at[".1.running_var"] + 1e-5) * at[".1.weight"] + at[".1.bias"])
            if kept[place]:
                x = x + h if name == "residual" else h
        scores = x @ state["5.weight"].T + state["5.bias"]
        return sum(int(row.argmax()) == label for row, label in zip(scores, labels)) / len(labels)

    found = {name: now.once((name, *kept, now.swap), lambda name=name: accuracy(name)) for name in nets}
    boxes = [(place + 1, row, [order[place] + 1]) if kept[place] else (place + 1, row, ["cut"]) for row in (0, 1) for place in range(3)]
    exchanged = ["exchanged"] if now.swap else []
    return {"controls": {"block_1": (False, True), "block_2": (False, True), "block_3": (False, True), "swap": (0, 2)},
            "0 texts": boxes, "1 vertical 0": 0.1, "1 bars 0": ([1], [found["residual"]]), "1 bars 1": ([0], [found["plain"]]),
            "suptitle": [3 - sum(kept), 3, *([now.swap, now.swap + 1] if now.swap else []), *exchanged, "residual", found["residual"],
                         "plain", found["plain"]]}


@facts.picture(lambda: [(["identity", "scale", "none"], np.array([[0.9, 0.95, 0.93], [0.5, 0.3, 0.4], [0.1, 0.12, 0.2]])),
                        (["identity", "gate, b = -6", "none"], np.array([[0.8, 0.9], [0.91, 0.93], [0.81, 0.82]]))])
def other_shortcuts(names, accuracies):
    wanted, means = {"0 vertical 0": 0.1}, [sum(some) / len(some) for some in accuracies]
    for place, some in enumerate(accuracies):
        row = len(names) - 1 - place
        shifts = {2: (-0.08, 0.08), 3: (-0.16, 0, 0.16)}[len(some)]
        wanted[f"0 horizontal {place}"] = row
        wanted[f"0 line {place}"] = (some, [row + shift for shift in shifts])
    near = [name for name, mean in zip(names[1:], means[1:]) if means[0] - mean < 0.05]
    said = [5, *(token for name in near for token in _named(name))] if near else [5, "no other"]
    return wanted | {"0 yticks": {len(names) - 1 - place: _named(name) for place, name in enumerate(names)}, "suptitle": said, "alt": said}


def _named(name):
    """The words of a kind, and the bias of its gate, if it has one."""
    kind, gate, bias = name.partition(", b = ")
    return [kind, float(bias)] if gate else [kind]


def _paths(seed, scale):
    rng, jacobians = np.random.default_rng(seed), scale * np.random.default_rng(seed + 9).standard_normal((3, 4, 4))
    found = [(0, rng.standard_normal((2, 4)))]
    for jacobian in jacobians:
        found += [(length + 1, gradient @ jacobian) for length, gradient in found]
    return found


@facts.picture(lambda: [({"at the start": [_paths(0, 1), _paths(1, 2)], "trained": [_paths(2, 0.1), _paths(3, 0.4)]},)])
def by_length(networks):
    wanted, said = {"0 logarithmic": "y", "0 title": ["one path"], "1 title": ["all paths"], "0 ylabel": [1]}, []
    for row, (name, several) in enumerate(networks.items()):
        said.append(name)
        for seed, paths in enumerate(several):
            whole = sqrt((sum(gradient for _, gradient in paths)**2).sum())
            groups = {length: [gradient for k, gradient in paths if k == length] for length in range(4)}
            one = [sum(sqrt((gradient**2).sum()) for gradient in some) / len(some) / whole for some in groups.values()]
            together = [sqrt((sum(some)**2).sum()) / whole for some in groups.values()]
            said.append(together.index(max(together)))
            label = name if seed == 0 else 2 * row + seed
            wanted |= {f"0 line {label}": (range(4), one), f"1 line {label}": (range(4), together)}
    return wanted | {"suptitle": said, "alt": said}


@facts.picture(lambda: [({"residual": np.array([[0.95, 0.5, 0.93], [0.9, 0.7, 0.92]]), "plain": np.array([[0.9, 0.1, 0.12], [0.92, 0.08, 0.2]])},)])
def without_a_block(accuracies):
    wanted, said = {"0 horizontal 0": 0.1, "0 xticks": {0: ["none"], 1: [1], 2: [2]}}, []
    for row, (kind, table) in enumerate(accuracies.items()):
        cut = sorted(itertools.chain(*(runs[1:] for runs in table)))
        said += [kind, (cut[1] + cut[2]) / 2]
        for seed, runs in enumerate(table):
            wanted[f"0 line {kind if seed == 0 else 2 * row + seed}"] = ([place + (-0.06, 0.06)[seed] for place in range(3)], runs)
    return wanted | {"0 title": said, "alt": said}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
