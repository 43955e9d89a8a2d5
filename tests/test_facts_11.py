"""What the figures of lesson 11 draw, computed a second way."""
from math import sqrt

import numpy as np
import pytest
from picture_facts import Facts, shown

facts = Facts()


@facts.live
def routes(now):
    rng = np.random.default_rng(3)  # drawn as the figure does
    x, random = 2 + 1.5 * rng.standard_normal(12), rng.standard_normal(12)
    mean = sum(x) / 12
    scale = 1 / sqrt(sum((one - mean) ** 2 for one in x) / 12 + 1e-5)
    n = [(one - mean) * scale for one in x]
    dy = {"random": random, "all ones": [1.0] * 12, "normalised x": n}[now.upstream]

    def slopes(*on):
        """The product of dy with the matrix of dn_i / dx_j, of which each route is a part."""
        parts = np.eye(12), np.full((12, 12), -1 / 12), [[-one * other / 12 for other in n] for one in n]
        return scale * np.dot(dy, sum(np.array(part) for part, where in zip(parts, on) if where == "on") + np.zeros((12, 12)))

    wanted, found, rows = slopes("on", "on", "on").round(4), slopes(now.straight, now.mean, now.variance), range(1, 13)
    return {"controls": {"straight": ("off", "on"), "mean": ("off", "on"), "variance": ("off", "on"),
                         "upstream": ("random", "normalised x")},
            "0 horizontal 0": 0, "0 line x": (rows, x), "0 line normalised": (rows, n),
            "1 horizontal 0": 0, "1 line finite differences": (rows, wanted), "1 line routes switched on": (rows, found),
            "suptitle": [max(abs(found - wanted)), sum(found), sum(one * other for one, other in zip(found, n))]}


@facts.live
def batch_mates(now, net, images):
    state = net.state_dict()

    def through(batch, in_training):
        """Logits of the first image of a batch."""
        hidden = batch.reshape(len(batch), -1) @ state["1.weight"].T + state["1.bias"]
        mean, var = (hidden.mean(axis=0), hidden.var(axis=0)) if in_training else (state["2.running_mean"], state["2.running_var"])
        hidden = (hidden[0] - mean) / np.sqrt(var + 1e-5) * state["2.weight"] + state["2.bias"]
        return np.where(hidden > 0, hidden, 0) @ state["4.weight"].T + state["4.bias"]

    def drawn():
        rng, others = np.random.default_rng((now.size, now.image)), [place for place in range(len(images)) if place != now.image]
        return [through(images[[now.image, *rng.choice(others, now.size - 1, replace=False)]], True) for _ in range(10)]

    dots, dashes = now.once((now.size, now.image), drawn), through(images[now.image:now.image + 1], False)
    read = list(dashes).index(max(dashes))
    agree = sum(list(one).index(max(one)) == read for one in dots)
    vary = sum(np.std([one[place] for one in dots]) for place in range(10)) / 10
    return {"controls": {"size": (2, 256), "image": (0, 9)}, "0 horizontal 0": 0,
            "0 line training mode, ten draws": (list(range(10)) * 10, np.concatenate(dots)),
            "0 line evaluation mode": (range(10), dashes), "suptitle": [now.size, agree, 10, read, vary]}


@facts.live
def weight_scale(now):
    rng = np.random.default_rng(0)  # drawn as the figure does
    x, w, dy = rng.standard_normal((64, 20)), rng.standard_normal(20) / sqrt(20), rng.standard_normal(64)
    scales = [10.0**power for power in range(-4, 5)]

    def output(scale, eps):
        h = scale * x @ w
        return (h - h.mean()) / sqrt(h.var() + eps)

    def norm(scale):
        """Of the gradient: dy through the matrix of dy_i / dh_j, then times x."""
        h, y = scale * x @ w, output(scale, now.eps)
        jacobian = (np.eye(64) - 1 / 64 - np.outer(y, y) / 64) / sqrt(h.var() + now.eps)
        return sqrt(sum((dy @ jacobian @ x) ** 2))

    y, norms = output(now.scale, now.eps), now.once(now.eps, lambda: [norm(scale) for scale in scales])
    return {"controls": {"scale": (1e-4, 1e4), "eps": (0, 1e-3)}, "0 line 0": ([-3, 3], [-3, 3]), "0 line 1": (output(1, 0), y),
            "1 logarithmic": "xy", "1 line no batch norm": (scales, [sqrt(sum((dy @ x) ** 2))] * 9),
            "1 line batch norm": (scales, norms), "1 line 2": ([now.scale], [norm(now.scale)]),
            "suptitle": [now.scale, sqrt(np.mean(y**2)), norm(now.scale)]}


@facts.live
def dropout_masks(now, image):
    draws = np.random.default_rng(0).random((256, 28, 28))  # as the figure draws

    def averages():
        total, found = np.zeros((28, 28)), {}
        for count, draw in enumerate(draws, 1):
            total = total + np.where(draw < now.p, 0, image / (1 - now.p))
            if count in (1, 2, 4, 8, 16, 32, 64, 128, 256):
                found[count] = total / count
        return found, [sqrt(sum(((mean - image) ** 2).ravel()) / 784) for mean in found.values()]

    means, off = now.once(now.p, averages)
    here = off[list(means).index(now.masks)]
    return {"controls": {"p": (0.1, 0.8), "masks": (1, 256), "mask": (1, 256)},
            **shown("0 image 0", np.where(draws[now.mask - 1] < now.p, 0, image / (1 - now.p)), (0, 1.5), "pixels"),
            **shown("1 image 0", means[now.masks], (0, 1.5), "pixels"), "1 title": [now.masks], "2 logarithmic": "xy",
            "2 line 0": (list(means), off), "2 line 1": ([now.masks], [here]), "suptitle": [now.p, off[0], now.masks, here]}


@facts.live
def local_response(now, forward, backward):
    rng = np.random.default_rng(2)  # drawn as the figure does
    x, dy = 2 * np.abs(rng.standard_normal(9)), rng.standard_normal(9)
    x[4] = 4
    alphas = [10.0**power for power in range(-5, 3)]

    def scales(alpha):
        return [now.k + alpha / 5 * sum(x[j] ** 2 for j in range(9) if abs(j - c) <= 2) for c in range(9)]

    def slopes(alpha, twice):
        """Each dy_c times each dy_c / dx_j."""
        found, d = [], scales(alpha)
        for j in range(9):
            own = dy[j] * d[j] ** -0.75
            for c in range(9):
                if abs(j - c) <= 2:
                    own -= 2 * alpha / 5 * 0.75 * x[j] * (x[j] if twice else x[c]) * dy[c] * d[c] ** -1.75
            found.append(own)
        return np.array(found)

    def errors():
        off = []
        for alpha in alphas:
            right, wrong = slopes(alpha, False), slopes(alpha, True)
            off.append(max(abs(right - wrong)) / max(abs(np.append(right, wrong))))
        return off

    twice = now.once(now.k, errors)
    y = x * np.array(scales(now.alpha)) ** -0.75
    here = twice[alphas.index(now.alpha)]
    return {"controls": {"alpha": (1e-5, 100), "k": (1, 5)}, "0 line x": (range(9), x),
            "0 line y, largest = that of x": (range(9), y * max(x) / max(y)), "1 logarithmic": "xy", "1 horizontal 0": 1e-3,
            "1 texts": [(150, 5e-4, [0.001]), (150, 5e-9, [1e-8])], "1 line own times neighbour": (alphas, [1e-8] * 8),
            "1 line own twice": (alphas, twice), "1 line 2": ([now.alpha], [here]), "suptitle": [now.alpha, now.k, here]}


@facts.picture(lambda: [({"evaluation": [0.93, 0.9, 0.925], "training": [0.91, 0.88, 0.9], "sorted": [0.16, 0.2, 0.12]},),
                        ({"evaluation": [0.5], "training": [0.25]},)])
def by_mode(accuracies):
    wanted, means, texts = {"0 horizontal 0": 0.1}, [], [(None, 0.12, ["a guess"])]
    for place, runs in enumerate(accuracies.values()):
        means.append(sum(runs) / len(runs))
        wanted[f"0 line {place}"] = [place + 0.06 * run for run in range(len(runs))], runs
        texts.append((place + 0.06 * len(runs) + 0.02, means[-1], [means[-1]]))
    return wanted | {"0 xticks": {place: [name] for place, name in enumerate(accuracies)}, "0 texts": texts,
                     "0 title": [means[0], means[-1]], "alt": [means[0], means[-1]]}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
