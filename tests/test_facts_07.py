"""What the figures of lesson 07 draw, computed a second way."""
import by_hand
import numpy as np
import pytest
from picture_facts import Facts, shown

from helpers.data import drawing
from helpers.figures import style as G
from helpers.live.pad import EXAMPLE

facts = Facts()


@facts.live
def factors(now):
    slopes = [now.size * float(slope) for slope in np.random.default_rng((1, now.draw)).uniform(-1, 1, 20)]  # drawn as the figure does
    products = {name: [abs(np.prod([start + slope for slope in slopes[:layer + 1]])) for layer in range(now.depth)]
                for name, start in (("f′ · f′ · f′ · …, one draw", 0), ("(1 + f′)(1 + f′) · …, one draw", 1))}
    layers = [layer + 1 for layer in range(now.depth)]
    others = np.log1p(now.size * np.random.default_rng((0, 0)).uniform(-1, 1, (4000, 20)))  # logarithms add up
    ends = [np.sort(np.exp(others[:, :layer].sum(axis=1))) for layer in layers]
    low, half, high = ([end[place] + part * (end[place + 1] - end[place]) for end in ends]  # 3,999 steps from least to most
                       for place, part in ((199, 0.95), (1999, 0.5), (3799, 0.05)))
    return {"controls": {"depth": (1, 20), "size": (0.05, 1), "draw": (1, 50)},
            **{f"0 line {name}": (layers, product) for name, product in products.items()}, "0 horizontal 0": 1, "0 logarithmic": "y",
            "0 line with skips, 5 to 95 % of draws": (layers, low), "0 line 1": (layers, high),
            "suptitle": [now.depth, *(product[-1] for product in products.values()), half[-1]]}


_SLOPES = {"identity": lambda z: (z, 1.0 + 0 * z), "sigmoid": lambda z: (1 / (1 + np.exp(-z)), np.exp(-abs(z)) / (1 + np.exp(-abs(z)))**2),
           "tanh": lambda z: (np.tanh(z), 1 / np.cosh(np.clip(z, -300, 300))**2), "ReLU": lambda z: (z * (z > 0), 1.0 * (z > 0)),
           "clip": lambda z: (np.minimum(np.maximum(z, 0), 1), 1.0 * ((0 <= z) & (z <= 1)))}


@facts.live
def vanishing(now, images):
    rng = np.random.default_rng(0)  # drawn as the figure does
    lift, weights = rng.standard_normal((images[0].size, 64)), rng.standard_normal((20, 64, 64))
    x = np.array([image.ravel().astype(float) @ lift / np.sqrt((image.astype(float)**2).sum()) for image in images])
    dy, start = rng.standard_normal(x.shape), {"0.03": 0.03, "0.3 of He's": 0.3 * np.sqrt(2), "Glorot's": 1, "He's": np.sqrt(2), "2": 2}[now.start] / 8
    norms = {}
    for name, skip in (("without skips", 0), ("with skips", 1)):
        y, slopes = x, []
        for w in weights[:now.depth]:
            out, slope = _SLOPES[now.activation](start * (y @ w.T))
            y = out + skip * y
            slopes.append(slope)
        upstream, sizes = dy, []
        for w, slope in zip(weights[now.depth - 1::-1], reversed(slopes)):
            upstream = skip * upstream + start * ((upstream * slope) @ w)
            sizes.append(np.sqrt((upstream**2).sum() / (dy**2).sum()))
        norms[name] = sizes[::-1]
    layers = [layer + 1 for layer in range(now.depth)]
    return {"controls": {"depth": (2, 20), "activation": ("identity", "clip"), "start": ("0.03", "2")},
            **{f"0 line {name}": (layers, [max(size, 1e-300) for size in sizes]) for name, sizes in norms.items()},
            "0 horizontal 0": 1, "0 logarithmic": "y", "0 ylabel": [1], "suptitle": [1, *(sizes[0] for sizes in norms.values())]}


def _by_path(net, image, label):
    """Logits of one image (28, 28), and the gradient of the loss for its pixels through the convolution and along the skip."""
    w1, b1, w, b, w2, b2, w3, b3 = (parameter.value.astype(float) for parameter in net.parameters())
    h1 = by_hand.conv(image[None], w1, b1)
    a1 = by_hand.relu(h1)
    padded = np.pad(a1, ((0, 0), (1, 1), (1, 1)))
    h = a1 + by_hand.conv(padded, w, b)
    h2 = by_hand.conv(by_hand.relu(h), w2, b2, stride=2)
    z = w3 @ by_hand.relu(h2).ravel() + b3
    label = list(z).index(max(z)) if label == "as read" else label
    dz = by_hand.softmax(z) - by_hand.one_hot(label)
    dh2 = np.where(h2 > 0, (w3.T @ dz).reshape(h2.shape), 0)
    dy = np.where(h > 0, by_hand.conv_backward(dh2, by_hand.relu(h), w2, stride=2)[0], 0)
    through = by_hand.conv_backward(dy, padded, w)[0][:, 1:-1, 1:-1]
    return z, label, *(by_hand.conv_backward(np.where(h1 > 0, part, 0), image[None], w1)[0][0] for part in (through, dy))


@facts.live
def draw_skip(now, networks):
    image = drawing.digit(now.strokes, now.pen).astype(float)  # the facts of lesson 05's figure make this anew
    key = now.strokes, now.pen, now.label, now.network
    z, label, through, along = now.once(key, lambda: _by_path(networks[now.network], image, now.label))
    p, body, skip = by_hand.softmax(z), np.sqrt((through**2).sum()), np.sqrt((along**2).sum())
    wanted, limit = {}, max(by_hand.largest(part) for part in (through, along, through + along) if part.any()) if body + skip else 1
    for place, part in enumerate((through, along, through + along), start=3):
        wanted |= shown(f"{place} image 0", part, limit, "gradients")
    if body and skip:
        cosine = (through * along).sum() / (body * skip)
        larger, less = ("Convolution", "skip") if body > skip else ("Skip", "convolution")
        said = [larger, max(body, skip) / min(body, skip), less, cosine]
    else:
        cosine, said = 0, ["zero"]
    ends = np.array([0, body * np.exp(1j * np.arccos(cosine)), 0]) + [0, 0, body * np.exp(1j * np.arccos(cosine)) + skip]
    across, up = (max(some) - min(some) for some in (ends.real, ends.imag))
    middle = (max(ends.real) + min(ends.real)) / 2 + 1j * (max(ends.imag) + min(ends.imag)) / 2
    ends = (ends - middle) / (max(across, up) or 1)
    for number, (start, stop) in enumerate(((0, 1), (1, 2), (0, 2))):
        points = np.linspace(ends[start], ends[stop], 3)
        wanted[f"2 line {number}"] = points.real, points.imag
    return wanted | {"controls": {"strokes": ((), EXAMPLE), "pen": (12, 40), "label": ("as read", 9), "network": ("before", "after")},
                     **shown("0 image 0", image, (0, 1), "pixels"), "1 bars 0": (range(10), p), "1 bars 0 hatched": [label],
                     "2 line 0 colour": G.TEST, "2 line 1 colour": G.OUTPUT, "2 line 2 colour": G.GRADIENT, "0 title": ["as networks see it"],
                     "1 title": [label, *by_hand.told(p[label])], "3 title": ["convolution"], "4 title": ["skip"], "5 title": ["sum"],
                     "suptitle": said, "alt": []}


@facts.picture(lambda: [({"sigmoids from He's": ([0.11, 0.12], [0.9, 0.93]), "ReLUs from He's": ([0.86, 0.88], [0.5, 0.61])},),
                        ({"one": ([0.2], [0.4]), "two from 0.3": ([0.3, 0.5, 0.1], [0.31, 0.6, 0.2])},),
                        ({"a": ([0.5], [0.4]), "b": ([0.5], [0.3])},)])
def with_and_without(accuracies):
    names, wanted, texts = list(accuracies), {}, []
    for place, pair in enumerate(accuracies.values()):
        for way, (runs, side) in enumerate(zip(pair, (-1, 1))):
            label = ("without skips", "with skips")[way] if place == 0 else str(way * len(names) + place)
            wanted[f"0 line {label}"] = ([place + 0.12 * side] * len(runs), runs)
            texts.append((place + 0.18 * side, sum(runs) / len(runs), [sum(runs) / len(runs)]))
    hurt = [name for name, (before, after) in accuracies.items() if sum(after) < sum(before)]
    return wanted | {"0 horizontal 0": 0.1, "0 texts": texts, "0 xticks": {place: [*name.split(" from ")] for place, name in enumerate(names)},
                     "0 title": ["hurts", *" and ".join(hurt).split(" and ")] if hurt else ["helps"], "alt": []}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
