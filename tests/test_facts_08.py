"""What the figures of lesson 08 draw, computed a second way."""
import by_hand
import numpy as np
import pytest
from picture_facts import Facts, shown

facts = Facts()


@facts.live
def inert(now, net, image, label):
    equal = now.kind == "as published"
    rows = np.ones((10, 16, 21, 21)) if equal else now.once("rows", lambda: np.random.default_rng(0).standard_normal((10, 16, 21, 21)))
    p0, _, without = now.once("without", lambda: _felt(net, image, label, np.zeros(rows.shape)))
    p, added, gradient = now.once((now.kind, now.scale), lambda: _felt(net, image, label, now.scale * rows))
    most, moved = max(abs(added)), max(abs(p - p0))
    return {"controls": {"scale": (0, 100), "kind": ("as published", "random")},
            "0 bars 0": (range(10), added / (most or 1)), "0 horizontal 0": 0, "1 bars 0": (range(10), p), "1 horizontal 0": 0,
            "0 title": ["added"], "1 title": ["probabilities"],
            **shown("2 image 0", by_hand.sheet(gradient, 4, 1), by_hand.largest(without), "gradients"),
            "suptitle": [added[0] if equal else most, moved if moved > 1e-9 else lambda said: said < 1e-9]}


def _felt(net, image, label, rows):
    """Probabilities, what the skip adds to the logits, and the gradient of the first filters."""
    h1 = by_hand.conv(image[None], net.params["w1"], net.params["b1"])
    a1 = by_hand.relu(h1)
    h2 = by_hand.conv(a1, net.params["w2"], net.params["b2"], stride=2)
    added = np.array([(row * a1).sum() for row in rows])
    p = by_hand.softmax(np.array([(w * by_hand.relu(h2)).sum() for w in net.params["w3"]]) + net.params["b3"] + added)
    dz = p - by_hand.one_hot(label)
    dh2 = np.where(h2 > 0, sum(one * w for one, w in zip(dz, net.params["w3"])), 0)
    da1 = by_hand.conv_backward(dh2, a1, net.params["w2"], stride=2)[0] + sum(one * row for one, row in zip(dz, rows))
    return p, added, by_hand.conv_backward(np.where(h1 > 0, da1, 0), image[None], net.params["w1"])[1][:, 0]


@facts.picture(lambda: [(np.array([0.0, -0.5, 3, 77.8]), np.array([0.2, 1, 102, 406.15]), 354.9), (np.zeros(11), np.arange(11.0), 300)])
def logit_trace(lowest, highest, limit):
    batches = range(len(lowest))
    return {"0 horizontal 0": limit, "0 texts": [(0, limit, ["overflows", round(limit)])], "0 line largest logit": (batches, highest),
            "0 line smallest logit": (batches, lowest), "0 line nan": (batches[-1:], highest[-1:]),
            "0 title": [batches[-1], round(max(highest))], "alt": [batches[-1]]}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
