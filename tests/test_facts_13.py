"""What the figures of lesson 13 draw, computed a second way."""
import numpy as np
import pytest
from picture_facts import Facts, shown

from helpers.models.resnet import BasicBlock

facts = Facts()


@facts.live
def blocks(now, rows, image):
    row, size, last = rows[now.place], image.shape[-1], len(rows) - 1
    bars = [one["weights"] if now.show == "weights" else one["products"] for one in rows]
    idle = [one["still"] if now.show == "weights" else 0 for one in rows]
    top, half = max(bars), min(row["field"] / 2, 0.99 * size)
    low, high = size / 2 - half, size / 2 + half
    corners = [low, high, high, low, low], [low, low, high, high, low]
    return {"controls": {"place": (0, last), "show": ("weights", "multiplications")},
            "0 image 0": image.transpose(1, 2, 0), "0 image 0 extent": (0, size, 0, size), "0 patch 0": corners, "0 line 0": corners,
            "1 bars learn": (range(last + 1), [bar / top for bar in bars]), "1 bars never learn": (range(last + 1), [bar / top for bar in idle]),
            "1 line 0": ([now.place], [bars[now.place] / top + 0.06]), "0 title": [row["field"]], "1 title": [now.show, top / 1e6], "1 xlabel": [0],
            "suptitle": [row["name"], row["filters"], row["size"], row["size"], row["weights"], row["still"] / row["weights"]]}


@facts.live
def stems(now, tables):
    rows, wanted = tables[now.stem][now.size], {}
    for stage in (1, 2, 3, 4):
        some = [row for row in rows if row["stage"] == stage]
        weights, still, met = sum(row["weights"] for row in some), sum(row["still"] for row in some), 100 * some[-1]["met"]
        table = np.array([[round(share) for share in row] for row in met])
        wanted |= {**shown(f"{stage - 1} image 0", table, (0, 300), "pixels"), f"{stage - 1} title": [stage, some[-1]["size"], some[-1]["size"]],
                   f"{stage - 1} numbers": {place: table[place] for place in np.ndindex(3, 3)},
                   f"{stage - 1} texts": [(1, 2.7, [still / weights])]}
    weights, still, products = (sum(row[name] for row in rows) for name in ("weights", "still", "products"))
    names, sizes = list(tables), list(tables[now.stem])
    return wanted | {"controls": {"stem": (names[0], names[-1]), "size": (sizes[0], sizes[-1])}, "alt": [3, 3],
                     "suptitle": [now.stem, now.size, still / weights, products / 1e6]}


def _sheet(pictures, columns, gap, hole):
    """Pictures (n, height, width, ...) in rows of `columns`, with a gap between them in which every number is `hole`."""
    lines = []
    while len(pictures) % columns:
        pictures = [*pictures, np.full_like(pictures[0], hole)]
    for start in range(0, len(pictures), columns):
        line = pictures[start]
        for one in pictures[start + 1:start + columns]:
            line = np.concatenate([line, np.full_like(one[:, :1], hole).repeat(gap, axis=1), one], axis=1)
        lines += [line, np.full_like(line[:1], hole).repeat(gap, axis=0)]
    return np.concatenate(lines[:-1], axis=0)


def _in_colour(filters):
    """Grey is 0, and the largest weight of each filter, by size, at an end."""
    filters = filters.astype(float)
    one_by_one = [(0.5 + 0.5 * one / (abs(one).max() or 1)).transpose(1, 2, 0) for one in filters]
    return _sheet(one_by_one, 8, 1, 1.0)


@facts.live
def maps(now, net, before, images):
    ends = [place for place, layer in enumerate(net.layers, 1) if isinstance(layer, BasicBlock)]
    number = 0 if now.part == "stem" else int(now.part.split()[1])
    x = images
    for layer in net.eval().layers[:[3, *ends][number]]:
        x = layer.forward(x)
    here = x[now.image].astype(float)
    order = sorted(range(len(here)), key=lambda channel: (-here[channel].max(), channel))[:16]
    filters = net.layers[0].weight.value - (before if now.show == "learned" else 0)
    return {"controls": {"image": (0, len(images) - 1), "part": ("stem", f"block {len(ends)}"), "show": ("weights", "learned")},
            "0 image 0": (images[now.image].transpose(1, 2, 0) + 1) / 2, "1 image 0": _in_colour(filters),
            **shown("2 image 0", _sheet([here[channel] for channel in order], 4, int(here.shape[1] > 1), np.nan), (0, here.max()), "pixels"),
            "0 title": ["image"], "1 title": [len(filters)],
            "suptitle": [now.part, *here.shape, (here == 0).sum() / here.size]}


@facts.live
def cuts(now, net, images, labels, classes):
    def margins():
        rows = []
        places = [place for place, layer in enumerate(net.layers) if isinstance(layer, BasicBlock)]
        for cut in [None, *places]:
            x = images
            for place, layer in enumerate(net.eval().layers):
                if place == cut:  # only its shortcut, and the ReLU after the sum
                    x = np.maximum(layer.downsample.forward(x) if layer.downsample else x, 0)
                else:
                    x = layer.forward(x)
            rows.append(x[:, 1] - x[:, 0])
        return rows

    whole, *without = now.once("margins", margins)
    right = [sum((margin > 0) == bool(label) for margin, label in zip(row, labels)) / len(labels) for row in (whole, *without)]
    here, wanted = without[now.block - 1], {}
    for label, name in enumerate(classes):
        of_class = [place for place, one in enumerate(labels) if one == label]
        wanted[f"1 line {name}"] = whole[of_class], here[of_class]
    changed = sum((one > 0) != (other > 0) for one, other in zip(whole, here))
    return wanted | {"controls": {"block": (1, len(without))}, "0 horizontal 0": right[0], "1 horizontal 0": 0, "1 vertical 0": 0,
                     "0 line 0": (range(1, len(without) + 1), right[1:]), "0 line 1": ([now.block], [right[now.block]]),
                     "0 title": ["accuracy"], "suptitle": [now.block, right[now.block], right[0], changed, len(labels)]}


@facts.live
def epochs(now, log):
    runs, birds, labels = log["accuracies"], log["probabilities"][now.epoch], log["labels"]
    seeds, last = runs.shape
    filters = log["filters"].astype(np.float32)
    drawn = filters[now.epoch] - filters[0] if now.show == "learned so far" else filters[now.epoch]
    places = [step - 0.1 + 0.2 * seed / (seeds - 1) for seed in range(seeds) for step in range(1, last + 1)]
    right = [(p > 0.5) == bool(label) for p, label in zip(birds, labels)]
    mean = [sum(runs[:, now.epoch - 1]) / seeds] if now.epoch else ["before training"]
    return {"controls": {"epoch": (0, last), "show": ("weights", "learned so far")}, "0 line 0": (places, runs.ravel()),
            "0 line 1": (range(1, last + 1), sum(runs) / seeds), "0 vertical 0": now.epoch, "1 image 0": _in_colour(drawn), "1 title": [0],
            **{f"{3 + place} image 0": image.transpose(1, 2, 0) for place, image in enumerate(log["images"])},
            **{f"{3 + place} title": [p, "✓" if good else "✗"] for place, (p, good) in enumerate(zip(birds, right))},
            "suptitle": [now.epoch, *mean, sum(right), len(labels)]}


@facts.picture(lambda: [(0.8 + 0.1 * np.random.default_rng(0).random((3, 4)), [0.82, 0.81, 0.86, 0.9]), (np.array([[0.55, 0.9], [0.6, 0.7]]), [0.9, 0.4])])
def five_epochs(accuracies, published):
    seeds, last = accuracies.shape
    mean = [sum(column) / seeds for column in accuracies.T]
    places = [epoch - 0.12 + 0.24 * seed / (seeds - 1) for seed in range(seeds) for epoch in range(1, last + 1)]
    words = [mean[-1], last, published[-1]]
    return {"0 line a run": (places, accuracies.ravel()), f"0 line mean of {seeds} runs": (range(1, last + 1), mean),
            "0 line the article": (range(1, last + 1), published), "0 title": words, "alt": [seeds, *words]}


@facts.picture(lambda: [(np.array([0.9, 0.88]), np.array([[0.7, 0.85, 0.9], [0.8, 0.6, 0.87]])), (np.array([0.7, 0.8, 0.9]), 0.5 + 0.4 * np.random.default_rng(0).random((3, 5)))])
def without_block(whole, without):
    seeds, count = without.shape
    places = [block - 0.2 + 0.4 * seed / (seeds - 1) for seed in range(seeds) for block in range(1, count + 1)]
    mean, all_of_it = [sum(column) / seeds for column in without.T], sum(whole) / seeds
    worst = min(range(count), key=lambda block: mean[block])
    words = [worst + 1, all_of_it, mean[worst]]
    return {"0 line a run": (places, without.ravel()), "0 line mean": (range(1, count + 1), mean), "0 horizontal 0": all_of_it,
            "0 title": words, "alt": [seeds, *words]}


@facts.picture(lambda: [({"all": np.array([2e6, 5e6, 1e6]), "some": np.array([1e6, 4e6, 1e6]), "few": np.array([1e6, 2e6, 5e5])},)])
def products(counts):
    wanted, names, stages = {}, list(counts), len(counts["all"])
    for number, name in enumerate(names):
        wanted[f"0 bars {name}"] = [stage + (number - 1) * 0.8 / 3 for stage in range(stages)], counts[name] / 1e6
    words = [sum(counts[names[-1]]) / 1e6, sum(counts[names[0]]) / 1e6]
    return wanted | {"0 title": words, "alt": words, "0 xticks": {0: ["stem"]} | {stage: [f"stage {stage}"] for stage in range(1, stages)}}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
