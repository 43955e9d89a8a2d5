"""What the figures of lesson 07 draw, computed a second way."""
import by_hand
import numpy as np
import pytest
from picture_facts import Facts, shown

facts = Facts()


@facts.live
def factors(now):
    slopes = [now.size * float(slope) for slope in np.random.default_rng(4).uniform(-1, 1, 20)]  # drawn as the figure does
    products = {name: [abs(np.prod([start + slope for slope in slopes[:layer + 1]])) for layer in range(now.depth)]
                for name, start in (("f′ · f′ · f′ · …", 0), ("(1 + f′)(1 + f′) · …", 1))}
    layers = [layer + 1 for layer in range(now.depth)]
    return {**{f"0 line {name}": (layers, product) for name, product in products.items()}, "0 horizontal 0": 1, "0 logarithmic": "y",
            "suptitle": [now.depth, *(product[-1] for product in products.values())]}


_SLOPES = {"identity": lambda z: (z, 1.0 + 0 * z), "sigmoid": lambda z: (1 / (1 + np.exp(-z)), np.exp(-abs(z)) / (1 + np.exp(-abs(z)))**2),
           "tanh": lambda z: (np.tanh(z), 1 / np.cosh(np.clip(z, -300, 300))**2), "ReLU": lambda z: (z * (z > 0), 1.0 * (z > 0)),
           "clip": lambda z: (np.minimum(np.maximum(z, 0), 1), 1.0 * ((0 <= z) & (z <= 1)))}


@facts.live
def fading(now, images):
    rng = np.random.default_rng(0)  # drawn as the figure does
    lift, weights = rng.standard_normal((images[0].size, 64)), rng.standard_normal((20, 64, 64))
    x = np.array([image.ravel().astype(float) @ lift / np.sqrt((image.astype(float)**2).sum()) for image in images])
    dy, start = rng.standard_normal(x.shape), {"0.03": 0.03, "Glorot": 1, "He": np.sqrt(2), "2": 2}[now.start] / 8
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
    return {**{f"0 line {name}": (layers, [max(size, 1e-300) for size in sizes]) for name, sizes in norms.items()},
            "0 horizontal 0": 1, "0 logarithmic": "y", "0 ylabel": [1], "suptitle": [1, *(sizes[0] for sizes in norms.values())]}


@facts.live
def paths(now, by_path, networks, images, labels):
    first, _, residual = networks[now.kind].layers
    second, _, _, dense = residual.body.layers
    w1, w2, w3, skip = (layer.weight.value.astype(float) for layer in (first, second, dense, residual.shortcut))
    b1, b2, b3 = (layer.bias.value.astype(float) for layer in (first, second, dense))
    image = images[now.image].astype(float)
    h1 = by_hand.conv(image, w1, b1)
    a1 = by_hand.relu(h1)
    h2 = by_hand.conv(a1, w2, b2, stride=2)
    z = w3 @ by_hand.relu(h2).ravel() + b3 + now.scale * np.tensordot(skip, a1, 3)
    dz = by_hand.softmax(z) - by_hand.one_hot(labels[now.image])
    through = by_hand.conv_backward(np.where(h2 > 0, (w3.T @ dz).reshape(h2.shape), 0), a1, w2, stride=2)[0]
    along = now.scale * np.tensordot(dz, skip, 1)
    parts = [by_hand.conv_backward(np.where(h1 > 0, part, 0), image, w1)[1][:, 0] for part in (through, along, through + along)]
    limit = by_hand.largest(np.array(parts))
    sizes = [np.sqrt((part**2).sum()) for part in parts[:2]]
    wanted = {"0 title": ["through"], "1 title": ["along"], "suptitle": [sizes[1] / (sum(sizes) or 1), limit]}
    for axis, part in enumerate(parts):
        wanted |= shown(f"{axis} image 0", by_hand.sheet(part, 4, 1), limit, "gradients")
    return wanted


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
