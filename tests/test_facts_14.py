"""What the figures of lesson 14 draw, computed a second way."""
import numpy as np
import pytest
from picture_facts import Facts

from helpers import functional as F
from helpers.init import he_normal

facts = Facts()

# what stands in each block, and what follows the sum: c a convolution, n batch norm, r ReLU
LAYERS = {"a": "cnrcn+r", "b": "cnrc+nr", "c": "cnrcnr+", "d": "rcnrcn+", "e": "nrcnrc+"}
FORWARD = {"c": lambda x, w: F.conv2d(x, w, None, 1, 1), "n": lambda x, w: F.batch_norm(x, np.ones(8), np.zeros(8), 1e-5),
           "r": lambda x, w: F.relu(x)}
BACKWARD = {"c": lambda dy, cache: F.conv2d_backward(dy, cache)[0], "n": lambda dy, cache: F.batch_norm_backward(dy, cache)[0],
            "r": lambda dy, cache: F.relu_backward(dy, cache)}


def stream_of(order, depth, images, labels):
    """The stream in front of each block and behind the last, and its gradient there: lists of arrays."""
    rng = np.random.default_rng(0)

    def weights(*shape):
        return he_normal(shape, rng).astype(np.float64)

    small = images.astype(np.float64).reshape(len(images), 1, 14, 2, 14, 2).mean(axis=(3, 5))
    x = FORWARD["n"](F.conv2d(small, weights(8, 1, 3, 3), None, 2, 1)[0], None)[0]
    stream, caches = [x], []
    for _ in range(depth):
        filters, around = [weights(8, 8, 3, 3) for _ in range(2)], x
        for layer in LAYERS[order]:
            if layer == "+":
                x = x + around
            else:
                x, cache = FORWARD[layer](x, filters.pop(0) if layer == "c" else None)
                caches.append(cache)
        stream.append(x)
    dense = weights(10, 8)
    x, normed = FORWARD["n"](x, None)
    means = np.maximum(x, 0).mean(axis=(2, 3))
    probabilities = F.softmax(means @ dense.T)[0]
    dz = (probabilities - np.eye(10)[labels]) / len(labels)
    dy = np.where(x > 0, (dz @ dense)[:, :, None, None] / x[0, 0].size, 0)
    dy = BACKWARD["n"](dy, normed)
    gradients = [dy]
    for _ in range(depth):
        for layer in reversed(LAYERS[order]):
            if layer == "+":
                around = dy
            else:
                dy = BACKWARD[layer](dy, caches.pop())
        dy = dy + around
        gradients.append(dy)
    return stream, gradients[::-1]


@facts.live
def orders(now, images, labels):
    def measured():
        stream, gradients = stream_of(now.order, now.depth, images, labels)
        norms = np.array([np.sqrt((gradient**2).sum()) for gradient in gradients])
        return [x.mean() for x in stream], [x.std() for x in stream], norms / norms[-1]

    means, deviations, norms = now.once((now.order, now.depth), measured)
    words = {"c": "conv", "n": "BN", "r": "ReLU", "+": "+"}
    plus, places = LAYERS[now.order].index("+") + 0.5, np.arange(now.depth + 1)
    return {"controls": {"order": ("a", "e"), "depth": (9, 54)}, "0 line 0": ([-0.9, 7.9], [0, 0]),
            "0 line 1": ([-0.3, -0.3, plus, plus], [0, 1.15, 1.15, 0.45]),
            "0 texts": [(place + 0.5, 0, [words[layer]]) for place, layer in enumerate(LAYERS[now.order])],
            "1 horizontal 0": 0, "2 horizontal 0": 1, "2 logarithmic": "y", "1 line mean": (places, means),
            "1 line standard deviation": (places, deviations), "2 line 0": (places, norms), "1 title": ["the stream"],
            "2 title": ["its gradient", 1], "suptitle": [f"({now.order})", now.depth, means[-1], deviations[-1], norms[0]]}


@facts.live
def bottleneck(now):
    width = now.channels // now.reduction
    narrow = now.channels * width + 3 * 3 * width * width + width * now.channels
    wide = 2 * 3 * 3 * now.channels * now.channels

    def shown(number):
        return [number] if number < 1e7 else [number / 1e6, "million"]

    wanted = {"controls": {"channels": (64, 512), "reduction": (1, 16), "blocks": (1, 18), "size": (8, 56)},
              "0 title": ["weights"], "1 title": ["products"], "2 title": ["receptive field"], "alt": [1],
              "0 yticks": {0: ["bottlenecks"], 1: ["basic blocks"]},
              "suptitle": [now.channels, width, width, now.channels, narrow / wide, 1 + 2 * now.blocks, 1 + 4 * now.blocks]}
    for axis, (low, high) in enumerate(((narrow, wide), (narrow * now.size**2, wide * now.size**2), (2, 4))):
        low, high = ((1 + now.blocks * one for one in (low, high)) if axis == 2 else (now.blocks * one for one in (low, high)))
        wanted[f"{axis} bars 0"], wanted[f"{axis} bars 1"] = ([0], [low / high]), ([1], [1])
        wanted[f"{axis} texts"] = [(0.02, 0.42, shown(low)), (0.02, 1.42, shown(high))]
    return wanted


@facts.live
def widths(now):
    def parameters(mids, count):
        """Weight by weight: the shapes of all arrays."""
        shapes, channels, stages = [(3, 3, 3, 16)], 16, []
        for mid, outputs in zip(mids, (64, 128, 256)):
            here = []
            for place in range(count):
                here += [(channels,)] * 2 + [(channels, mid)] + [(mid,)] * 4 + [(3, 3, mid, mid), (mid, outputs)]
                here += [(channels, outputs)] if place == 0 else []
                channels = outputs
            stages.append(sum(int(np.prod(shape)) for shape in here))
        shapes += [(256,), (256,), (256, 10), (10,)]
        return stages, sum(stages) + sum(int(np.prod(shape)) for shape in shapes)

    count = (now.depth - 2) // 9
    (paper, all_paper), (example, all_example) = parameters((16, 32, 64), count), parameters((16, 64, 128), count)
    heights = {shift: [one / all_paper for one in some] for shift, some in ((-0.2, paper), (0.2, example))}
    texts = [(place + shift, heights[shift][place] + 0.03, [some[place] / 1e6, "M"])
             for shift, some in ((-0.2, paper), (0.2, example)) for place in range(3)]
    labels = {place: [place + 1, "paper", outputs, mid, mid, outputs, "example", outputs, other, other, outputs]
              for place, (mid, other, outputs) in enumerate(((16, 16, 64), (32, 64, 128), (64, 128, 256)))}
    return {"controls": {"depth": (20, 1001)}, "0 xticks": labels, "0 ylabel": [1], "0 texts": texts,
            "0 bars paper": ([-0.2, 0.8, 1.8], heights[-0.2]), "0 bars example": ([0.2, 1.2, 2.2], heights[0.2]),
            "suptitle": [now.depth, all_paper / 1e6, all_example / 1e6, all_example / all_paper]}


@facts.picture(lambda: [({"a": np.array([[0.0, 1.0, 2.0], [0.1, 1.2, 2.4]]), "c": np.array([[0.0, -3.0, -7.0], [0.5, -2.0, -6.5]])},),
                        ({"e": np.linspace(0, 3, 40).reshape(2, 20)**2},)])
def stream_means(found):
    wanted, said, number = {"0 horizontal 0": 0}, [len(next(iter(found.values()))[0]) - 1], 0
    for order, lines in found.items():
        for seed, means in enumerate(lines):
            name = f"0 line ({order})" if seed == 0 else f"0 line {number}"
            wanted[name] = (range(len(means)), means)
            number += 1
        said += [f"({order})", sum(lines[:, -1]) / len(lines)]
    return wanted | {"0 title": said, "alt": said}


@facts.picture(lambda: [({"a": np.array([[0.9, 0.8, 0.7], [0.7, 0.6, 0.8]]), "b": np.array([[0.5, 0.4, 0.2], [0.1, 0.4, 0.3]]),
                          "e": np.array([[0.91, 0.92, 0.93], [0.92, 0.94, 0.99]])}, [0.03, 0.1]),
                        ({"a": np.array([[0.9, 0.85], [0.8, 0.75]]), "c": np.array([[0.3, 0.25], [0.31, 0.35]])}, [0.5, 2.0])])
def accuracies_by_order(accuracies, rates):
    wanted, means, lines = {}, [], 0
    for place, (order, (first, second)) in enumerate(accuracies.items()):
        for middle, rate, runs in ((place - 0.2, rates[0], first), (place + 0.2, rates[1], second)):
            mean = sum(runs) / len(runs)
            shifts = {2: (-0.05, 0.05), 3: (-0.1, 0, 0.1)}[len(runs)]
            wanted[f"0 line {lines}"] = ([middle + shift for shift in shifts], runs)
            wanted[f"0 line {lines + 1}"] = ([middle - 0.17, middle + 0.17], [mean] * 2)
            means, lines = [*means, (mean, rate, order)], lines + 2
    (worst, low, last), (best, high, first) = min(means), max(means)
    said = [f"({first})", high, best, f"({last})", low, worst]
    return wanted | {"0 xticks": {place: [f"({order})"] for place, order in enumerate(accuracies)}, "0 xlabel": rates,
                     "0 title": said, "alt": said}


@facts.picture(lambda: [(np.array([[0.5, 0.4, 0.2], [0.6, 0.3, 0.1]]), np.array([[0.7, 0.8, 0.9], [0.75, 0.88, 0.85]])),
                        (np.array([[0.5], [0.7]]), np.array([[0.5], [0.6]]))])
def runs_by_epoch(losses, accuracies):
    wanted = {"0 title": ["training loss"], "1 title": ["test accuracy"]}
    for axis, table in enumerate((losses, accuracies)):
        for seed, run in enumerate(table):
            wanted[f"{axis} line {seed}"] = ([epoch + 1 for epoch in range(len(run))], run)
    ends = [run[-1] for run in accuracies]
    said = [len(losses[0]), sum(ends) / len(ends), len(ends), min(ends), max(ends)]
    return wanted | {"suptitle": said, "alt": said}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
