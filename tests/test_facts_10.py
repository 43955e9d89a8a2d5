"""What the figures of lesson 10 draw, computed a second way."""
import numpy as np
import pytest
from picture_facts import Facts, shown

facts = Facts()

_SLOPES = {"identity": lambda z: (z, 1.0 + 0 * z), "sigmoid": lambda z: (1 / (1 + np.exp(-z)), np.exp(-abs(z)) / (1 + np.exp(-abs(z)))**2),
           "tanh": lambda z: (np.tanh(z), 1 / np.cosh(np.clip(z, -300, 300))**2), "ReLU": lambda z: (z * (z > 0), 1.0 * (z > 0))}


def _shares(values):
    """How many numbers lie within each of 31 bins of 0.2 around 0, those beyond in the last: by rounding."""
    places = np.rint(np.minimum(np.maximum(values, -3), 3) / 0.2).astype(int)
    return np.array([(places == place).mean() for place in range(-15, 16)])


@facts.live
def histograms(now, images):
    def draws():
        rng = np.random.default_rng(0)  # drawn as the figure does
        lift, weights = rng.standard_normal((images[0].size, 100)), rng.standard_normal((20, 100, 100))
        x = np.array([image.ravel().astype(float) @ lift / np.sqrt((image.astype(float)**2).sum()) for image in images])
        return x, weights, rng.standard_normal(x.shape)

    y, weights, top = now.once("draws", draws)
    variance = {"PyTorch's Linear": 1 / 300, "LeCun's = Glorot's": 1 / 100, "He's": 2 / 100, "twice He's": 8 / 100}[now.start]
    outputs, slopes, gradients = [], [], [top]
    for w in weights:
        y, slope = _SLOPES[now.activation](np.sqrt(variance) * (y @ w.T))
        outputs.append(y)
        slopes.append(slope)
    for w, slope in zip(weights[:0:-1], slopes[:0:-1]):
        gradients.append(np.sqrt(variance) * ((gradients[-1] * slope) @ w))
    gradients.reverse()
    wanted, sizes = {"controls": {"activation": ("identity", "ReLU"), "start": ("PyTorch's Linear", "twice He's")}}, {}
    for row, (name, some) in enumerate((("activations", outputs), ("gradients", gradients))):
        wanted[f"{3 * row} ylabel"] = [name]
        for column, layer in enumerate((1, 10, 20)):
            place, sizes[row, layer] = 3 * row + column, np.sqrt((some[layer - 1]**2).mean())
            wanted |= {f"{place} line 0": ([0.2 * bin for bin in range(-15, 16)], _shares(some[layer - 1])), f"{place} logarithmic": "y",
                       f"{place} texts": [(0.5, 1, [sizes[row, layer]])]} | ({f"{place} title": [layer]} if row == 0 else {})
    return wanted | {"suptitle": [1, 20, sizes[0, 20] / sizes[0, 1], 20, 1, sizes[1, 1] / sizes[1, 20]], "alt": [1, 10, 20]}


@facts.live
def degradation(now, runs):
    wanted = {"controls": {"depth": (1, 20)}, "0 vertical 0": now.depth, "1 horizontal 0": 1, "1 logarithmic": "y", "1 ylabel": [1]}
    losses = {}
    for way, name in enumerate(("without skips", "with skips")):
        places = [(depth, loss) for (skips, depth), some in runs.items() if skips == bool(way) for loss, _ in some]
        wanted[f"0 line {name}"] = tuple(zip(*places))
        losses[way] = sum(loss for depth, loss in places if depth == now.depth) / sum(depth == now.depth for depth, _ in places)
        for seed, (_, norms) in enumerate(runs[bool(way), now.depth]):
            wanted[f"1 line {2 * way + seed}"] = ([layer + 1 for layer in range(now.depth)], [norm / norms[now.depth - 1] for norm in norms])
    ends = sorted(norms[0] / norms[now.depth - 1] for _, norms in runs[False, now.depth])
    return wanted | {"suptitle": [now.depth, losses[0], losses[1], ends[0], ends[-1]]}


@facts.live
def two_images(now, images):
    rng = np.random.default_rng(now.draw)  # drawn as the figure does
    lift, weights = rng.standard_normal((images[0].size, 64)), rng.standard_normal((40, 64, 64)) / np.sqrt(32)
    begin = [np.maximum(images[place].ravel().astype(float) @ lift, 0) for place in (now.first, now.second)]
    cosines = {}
    for name, keep, share in (("without skips", 0, 1), ("skips, bodies of a tenth", 1, 0.1)):
        pair, cosines[name] = begin, []
        for layer in range(41):
            one, other = pair
            cosines[name].append(sum(one * other) / np.sqrt(sum(one**2) * sum(other**2)))
            pair = [keep * x + share * np.maximum(weights[layer] @ x, 0) for x in pair] if layer < 40 else pair
    plain, skips = cosines.values()
    return {"controls": {"first": (0, 9), "second": (0, 9), "draw": (1, 20)}, "2 horizontal 0": 1,
            **shown("0 image 0", images[now.first, 0], (0, 1), "pixels"), **shown("1 image 0", images[now.second, 0], (0, 1), "pixels"),
            **{f"2 line {name}": (list(range(41)), some) for name, some in cosines.items()},
            "suptitle": [plain[0], 40, plain[40], skips[40]]}


@facts.live
def shattered(now):
    def curves():
        """Outputs at 256 inputs after each layer, and the slopes by the backward pass from there."""
        rng = np.random.default_rng(now.draw)  # drawn as the figure does
        rise, shift, out = rng.standard_normal((3, 100))
        inputs = [-2 + 4 * place / 255 for place in range(256)]
        x, layers = np.array([shift + t * rise for t in inputs]), []
        for _ in range(now.depth):
            w = rng.standard_normal((100, 100)) * np.sqrt(0.02)
            h = x if now.skip == "on" else x @ w.T
            mean, size = (h.mean(axis=0), np.sqrt(((h - h.mean(axis=0))**2).mean(axis=0)) + 1e-9) if now.norm == "on" else (0, 1)
            h = (h - mean) / size
            layers.append((w, h > 0, size))
            x = x + np.maximum(h, 0) @ w.T if now.skip == "on" else np.maximum(h, 0)
        y, dy = x @ out, np.array([out] * 256)
        for w, on, size in reversed(layers):
            dy = dy + (dy @ w) * on / size if now.skip == "on" else (dy * on / size) @ w
        return inputs, y, dy @ rise

    inputs, y, slope = now.once((now.depth, now.norm, now.skip, now.draw), curves)
    left, right = slope[:-1] - sum(slope[:-1]) / 255, slope[1:] - sum(slope[1:]) / 255
    correlation = sum(left * right) / np.sqrt(sum(left**2) * sum(right**2))
    return {"controls": {"depth": (1, 50), "norm": ("off", "on"), "skip": ("off", "on"), "draw": (1, 20)},
            "0 line 0": (inputs, y / max(abs(y))), "1 line 0": (inputs, slope / max(abs(slope))), "0 horizontal 0": 0, "1 horizontal 0": 0,
            "0 ylabel": [1], "1 ylabel": [1], "suptitle": [now.depth, now.norm, now.skip, correlation]}


def _tables(*rows):
    return tuple({(skips, depth): numbers for skips, line in zip((False, True), table) for depth, numbers in line.items()} for table in rows)


@facts.picture(lambda: [_tables(({1: [0.95, 0.94], 40: [0.7, 0.72]}, {1: [0.94, 0.94], 40: [0.97, 0.96]}), ({1: [1, 1], 40: [5, 0.9]}, {1: [1, 1], 40: [0.2, 0.3]})),
                        _tables(({1: [0.9], 9: [0.8]}, {1: [0.9], 9: [0.8]}), ({1: [1], 9: [0.05]}, {1: [1], 9: [2]})),
                        _tables(({2: [0.9], 3: [0.9]}, {2: [0.95], 3: [0.8]}), ({2: [1], 3: [1]}, {2: [1], 3: [2]}))])
def degradation(accuracies, ratios):
    depths = [depth for skips, depth in accuracies if not skips]
    wanted = _dots(depths, accuracies, ratios)
    first, last = (sum(accuracies[False, depth]) / len(accuracies[False, depth]) for depth in (depths[0], depths[-1]))
    vanish = min(value for some in ratios.values() for value in some) <= 0.1
    words = ["no harm"] if last >= first else ["fit worse", "gradients vanish" if vanish else "no gradient vanishes"]
    return wanted | {"0 title": ["accuracy"], "suptitle": words, "alt": words}


def _log(plain, ratio, residual=(0.1, 0.3)):
    """Two depths, two seeds, two epochs; the deepest plain losses and the first plain ratio as said."""
    losses = np.array([[[[9, 0.4], [8, 0.2]], [[9, plain], [9, 1.1]]], [[[7, 0.1], [7, 0.2]], [[6, residual[0]], [8, residual[1]]]]])
    return {"depths": np.array([8, 56]), "losses": losses, "first over last": np.array([[[ratio, 2], [3000, 40]], [[1, 0.5], [7, 20]]])}


@facts.picture(lambda: [(_log(1.5, 1.5),), (_log(0.35, 1.5),), (_log(1.5, 0.05),), (_log(1.5, 1.5, (0.1, 1.2)),)])
def very_deep(log):
    depths = [int(depth) for depth in log["depths"]]
    losses, ratios = {}, {}
    for way in (0, 1):
        for row, depth in enumerate(depths):
            losses[bool(way), depth] = [epochs[-1] for epochs in log["losses"][way][row]]
            ratios[bool(way), depth] = list(log["first over last"][way][row])
    others = [loss for (skips, depth), some in losses.items() for loss in some if skips or depth != 56]
    vanish = min(value for some in ratios.values() for value in some) <= 0.1
    words = [56, "fit worst" if min(losses[False, 56]) > max(others) else "do no harm", "gradients vanish" if vanish else "no gradient vanishes"]
    return _dots(depths, losses, ratios) | {"0 title": ["loss"], "suptitle": words, "alt": words}


def _dots(depths, fits, ratios):
    wanted = {"1 horizontal 0": 1, "1 logarithmic": "y", "1 title": ["first / last"]}
    for place, table in enumerate((fits, ratios)):
        for way, name in enumerate(("without skips", "with skips")):
            dots = []
            for number, depth in enumerate(depths):
                some = table[bool(way), depth]
                spread = {1: [0], 2: [-0.05, 0.05]}[len(some)]
                dots += [(number + 0.36 * way - 0.18 + shift, value) for shift, value in zip(spread, some)]
            wanted[f"{place} line {name}"] = tuple(zip(*dots))
        wanted[f"{place} xticks"] = {number: [depth] for number, depth in enumerate(depths)}
    return wanted


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
