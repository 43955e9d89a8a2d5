"""Live figures of lesson 13: ResNet-34 block by block, its stem, its maps, without a block, and epoch by epoch."""
import numpy as np

from ..analysis import residual_blocks, without
from ..figures import style as G
from ..layers import ReLU
from ..models.resnet import BasicBlock
from ..training import predict
from .cells import Grid
from .core import Live, pick, slider


def blocks(rows, image):
    """A walk through a network: what a number in the middle of each part's maps sees, and each part's weights and multiplications.

    `rows` as `geometry.walk` gives them, for the size of the image (3, size, size), from 0 to 1.
    """
    size, places = image.shape[1], np.arange(len(rows))
    table = {name: np.array([row[name] for row in rows], dtype=float) for name in ("weights", "still", "products")}
    fig, (left, right) = G.canvas(10.2, 4.7, 1, 2, width_ratios=(1, 1.7))
    G.bare(left).imshow(image.transpose(1, 2, 0), extent=(0, size, size, 0))
    left.set(xlim=(-0.5 * size, 1.5 * size), ylim=(1.5 * size, -0.5 * size), facecolor=G.GAP)
    shade, = left.fill([0, 1, 1, 0], [0, 0, 1, 1], color=G.WEIGHT, alpha=0.35, lw=0)
    edge, = left.plot([], [], color=G.INK)
    learn = right.bar(places, np.ones(len(rows)), 0.8, color=G.OUTPUT, lw=0, label="learn")
    never = right.bar(places, np.ones(len(rows)), 0.8, color=G.QUIET, hatch="//", edgecolor=G.INK, lw=0, label="never learn")
    here, = right.plot([], [], "v", color=G.INK, ms=14)
    right.set(xlim=(-0.7, len(rows) - 0.3), ylim=(0, 1.3), yticks=[], xlabel="block (0: the stem)")
    right.legend(loc="upper left", ncols=2)
    head, words, title = right.set_title(" "), left.set_title(" "), fig.suptitle(" ")

    def update(place, show):
        row, tall = rows[place], table["products" if show == "multiplications" else "weights"]
        never_learn = table["still"] if show == "weights" else 0 * tall
        # What lies outside of the picture is cut off.
        low, high = (float(np.clip((size + sign * row["field"]) / 2, -0.49 * size, 1.49 * size)) for sign in (-1, 1))
        shade.set_xy([(low, low), (high, low), (high, high), (low, high)])
        edge.set_data([low, high, high, low, low], [low, low, high, high, low])
        for bar, other, value, still in zip(learn, never, tall, never_learn):
            bar.set_height(value / tall.max())
            other.set_height(still / tall.max())
        here.set_data([place], [tall[place] / tall.max() + 0.06])
        head.set_text(f"{show}: the highest bar is {tall.max() / 1e6:.1f} million")
        words.set_text(f"sees {row['field']} pixels across")
        title.set_text(f"{row['name']}: {row['filters']} maps of {row['size']} × {row['size']}; {row['weights']:,} weights, "
                       f"{row['still'] / row['weights']:.0%} never learn")

    return Live(fig, update, [shade, edge, *learn, *never, here, head, words, title],
                "What a number of each part of the network sees of the image, and the weights and multiplications of all parts",
                place=slider("block", len(rows) - 1, 0, len(rows) - 1), show=pick("bars", ["weights", "multiplications"], "weights"))


def stems(tables):
    """At what percentage of its places each tap of a stage's 3 × 3 filters meets a pixel, for several stems and sizes of the image.

    `tables` {stem: {image size: rows}}, rows as `geometry.walk` gives them.
    """
    first = next(iter(tables))
    sizes = list(tables[first])
    fig, axes = G.canvas(10.2, 4.5, 1, 4)
    grids, heads, notes = [], [], []
    for ax in axes:
        grids.append(Grid(G.framed(ax), 3, G.PIXELS, {"vmin": 0, "vmax": 300}, dark=100, letters=0.3))  # no number lies on dark
        heads.append(ax.set_title(" "))
        notes.append(ax.text(1, 2.7, " ", ha="center", va="top", fontsize=16))
    title = fig.suptitle(" ")

    def update(stem, size):
        rows = tables[stem][size]
        for number, (grid, head, note) in enumerate(zip(grids, heads, notes), 1):
            stage = [row for row in rows if row["stage"] == number]
            weights, still = (sum(row[name] for row in stage) for name in ("weights", "still"))
            grid.show(np.rint(100 * stage[-1]["met"]))
            head.set_text(f"stage {number}: {stage[-1]['size']} × {stage[-1]['size']}")
            note.set_text(f"{still / weights:.0%} never learn")
        weights, still, products = (sum(row[name] for row in rows) for name in ("weights", "still", "products"))
        title.set_text(f"{stem}, image {size}: {still / weights:.0%} never learn; {products / 1e6:,.0f} million products")

    return Live(fig, update, [*(artist for grid in grids for artist in grid.artists), *heads, *notes, title],
                "At what percentage of its places each tap of 3 × 3 filters meets a pixel, in four stages, for a stem and a size of the image",
                stem=pick("stem", list(tables), first), size=pick("image", sizes, sizes[0]))


def maps(net, before, images, shown=16):
    """The filters of the stem, and what each part of a trained network makes of an image: its maps with the largest numbers.

    `net`: a `Sequential` of a stem that begins with a convolution, blocks and a head; `before` (F, 3, K, K), the stem's filters before
    training; images (n, 3, H, W), from -1 to 1.
    """
    net.eval()
    found, x = [], images
    for layer in net.layers:
        x = layer.forward(x)
        if isinstance(layer, (ReLU, BasicBlock)):
            found.append(x)
    names = ["stem", *(f"block {number}" for number in range(1, len(found)))]
    now = net.layers[0].weight.value
    filters = {"weights": _colours(now), "learned": _colours(now - before)}
    fig, axes = G.canvas(10.2, 4.6, 1, 3, width_ratios=(0.8, 1, 1))
    picture = G.framed(axes[0]).imshow(np.zeros((*images.shape[2:], 3)), vmin=0, vmax=1)
    bank = G.bare(axes[1]).imshow(filters["weights"])
    sheet = G.bare(axes[2]).imshow(np.zeros((1, 1)), cmap=G.PIXELS, extent=(0, 1, 0, 1), vmin=0, vmax=1)
    axes[2].set_facecolor(G.GAP)
    for ax, words in zip(axes, ("image", f"{len(now)} filters of the stem", "strongest maps")):
        ax.set_title(words)
    title = fig.suptitle(" ")

    def update(image, part, show):
        here = found[names.index(part)][image]
        peaks = here.max(axis=(1, 2))
        chosen = np.argsort(-peaks, kind="stable")[:shown]
        picture.set_data(G.pictures(images[[image]])[0] / 2 + 0.5)
        bank.set_data(filters[show])
        sheet.set_data(G.tiled(here[chosen], 4, 0 if here.shape[1] == 1 else 1))
        sheet.set_clim(0, float(peaks.max()) or 1)
        title.set_text(f"{part}: {len(here)} maps of {here.shape[1]} × {here.shape[2]}, {np.mean(here == 0):.0%} of their numbers zero")

    return Live(fig, update, [picture, bank, sheet, title],
                "An image, the filters of the stem, and the strongest maps of one part of the network",
                image=slider("image", 1, 0, len(images) - 1), part=pick("part", names, names[1]),
                show=pick("filters", list(filters), "learned"))


def _colours(filters):
    """Filters (F, 3, K, K) as one picture in colour, eight in a row, each on its own scale: zero is grey."""
    largest = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    return np.nan_to_num(G.tiled(G.pictures(filters / np.maximum(largest, 1e-12) / 2 + 0.5), 8, 1), nan=1)


def cuts(net, images, labels, classes):
    """What the loss of one block's body does: accuracy without each, and the margin of every image with it and without it.

    The margin is the logit of the second of two `classes` less that of the first; `net` takes images (n, ...), labels (n,).
    """
    margins = _margins(net, images)
    right = (margins > 0) == (labels == 1)
    accuracies, places = right.mean(axis=1), np.arange(1, len(margins))
    fig, (left, ax) = G.canvas(10.2, 4.6, 1, 2, width_ratios=(1.4, 1))
    left.axhline(accuracies[0], color=G.QUIET, lw=4)
    left.plot(places, accuracies[1:], "o", color=G.TEST, ms=11, mec="white")
    here, = left.plot([], [], "o", color="none", mec=G.INK, mew=3, ms=18)
    left.set(xticks=places, xlabel="block that is cut", xlim=(0.3, len(margins) - 0.3), ylim=(0.4, 1.02), title="accuracy")
    left.yaxis.set_major_formatter("{x:.0%}")
    far = 1.05 * np.abs(margins).max()
    ax.axhline(0, color=G.QUIET, lw=2)
    ax.axvline(0, color=G.QUIET, lw=2)
    dots = [ax.plot([], [], mark, color=colour, ms=6, mec="white", mew=0, label=name)[0]
            for mark, colour, name in zip("os", (G.INPUT, G.WEIGHT), classes)]
    ax.set(xlim=(-far, far), ylim=(-far, far), xlabel="margin of the whole", ylabel="without the block")
    ax.legend(loc="upper left", handletextpad=0.1)
    title = fig.suptitle(" ")

    def update(block):
        here.set_data([block], [accuracies[block]])
        for label, line in enumerate(dots):
            line.set_data(margins[:, labels == label][[0, block]])
        other = ((margins[0] > 0) != (margins[block] > 0)).sum()
        title.set_text(f"Without block {block}: {accuracies[block]:.1%} in place of {accuracies[0]:.1%}; {other} of {len(labels)} answers change")

    return Live(fig, update, [here, *dots, title], "Accuracy without each block, and every image's margin with one block and without it",
                block=slider("cut block", 1, 1, len(margins) - 1))


def _margins(net, images):
    """(1 + blocks, n): margins of the whole network, and without the body of each block in turn."""
    blocks, found = residual_blocks(net), []
    for cut in np.eye(1 + len(blocks), dtype=bool):
        with without(blocks, cut[1:]):
            logits = predict(net, images)
            found.append(logits[:, 1] - logits[:, 0])
    return np.array(found)


def epochs(log):
    """Scrub through five epochs of the log `resnet34`: accuracies, some filters of seed 0, and what it says of some images."""
    accuracies, filters, birds = log["accuracies"], log["filters"].astype(np.float32), log["probabilities"]
    count, steps = birds.shape[1], np.arange(1, accuracies.shape[1] + 1)
    fig = G.canvas(10.2, 5.4)[0]
    fig.clear()
    grid = fig.add_gridspec(3, 13, height_ratios=(1.5, 1, 1))
    curve, sheet, legend = fig.add_subplot(grid[0, :7]), G.bare(fig.add_subplot(grid[0, 7:])), G.bare(fig.add_subplot(grid[1:, 0]))
    beside = np.linspace(-0.1, 0.1, len(accuracies))
    curve.plot(np.add.outer(beside, steps).ravel(), accuracies.ravel(), "o", color=G.TEST, mfc="white", ms=6)
    curve.plot(steps, accuracies.mean(axis=0), color=G.TEST)
    curve.set(xlim=(-0.3, len(steps) + 0.3), xticks=range(len(steps) + 1), xlabel="epoch", ylabel="accuracy")
    curve.yaxis.set_major_formatter("{x:.0%}")
    here = curve.axvline(0, color=G.INK, lw=2, ls="--")
    tiles = sheet.imshow(_colours(filters[0]))
    sheet.set_title("filters of the stem, seed 0", pad=4)
    legend.text(0.5, 0.5, "probability of a bird", rotation=90, ha="center", va="center", fontsize=16)
    answers = []
    for place in range(count):
        row, column = divmod(place, count // 2)
        ax = G.framed(fig.add_subplot(grid[1 + row, 1 + 2 * column:3 + 2 * column]))
        ax.imshow(log["images"][place].transpose(1, 2, 0))
        answers.append(ax.set_title(" ", fontsize=15, pad=3))
    title = fig.suptitle(" ")

    def update(epoch, show):
        tiles.set_data(_colours(filters[epoch] - (filters[0] if show == "learned so far" else 0)))
        here.set_xdata([epoch, epoch])
        right = (birds[epoch] > 0.5) == (log["labels"] == 1)
        for answer, p, good in zip(answers, birds[epoch], right):
            answer.set_text(f"{p:.0%} {'✓' if good else '✗'}")
            answer.set_color(G.OUTPUT_TEXT if good else G.TEST)
        mean = f"mean test accuracy {accuracies[:, epoch - 1].mean():.1%}" if epoch else "before training"
        title.set_text(f"Epoch {epoch}: {mean}; {right.sum()} of these {count} correct")

    return Live(fig, update, [tiles, here, *answers, title], "Accuracy by epoch, filters of the stem, and the answers for some images at one epoch",
                epoch=slider("epoch", len(steps), 0, len(steps)), show=pick("filters", ["weights", "learned so far"], "learned so far"))
