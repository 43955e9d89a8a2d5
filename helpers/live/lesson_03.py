"""Live figures of lesson 03: a window that slides, a filter to design, stride and padding, windows as rows, and max pooling."""
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from ..figures import style as G
from .cells import Grid, numerals
from .core import Live, outline, pick, slider


def slide(image, w, slide_filter):
    """A filter (5, 5) slides over an image (28, 28): patch, filter, products, and the score being written.

    `slide_filter(image, w)` -> map (24, 24), the reader's own function. Pixels are rounded to tenths, so
    that every number on the screen is exact.
    """
    image = np.round(image, 1)
    scores, (height, width) = slide_filter(image, w), w.shape
    best, written = np.argwhere(scores == scores.max())[0], np.full(scores.shape, np.nan)
    fig = Figure(figsize=(10, 4.9))
    whole, target = G.panel(fig, 0.15, 1.15, 3.0), G.panel(fig, 6.85, 1.15, 3.0)
    near, taps, products = G.panel(fig, 3.35, 0.78, 1.6), G.panel(fig, 5.05, 0.78, 1.6), G.panel(fig, 3.95, 2.72, 2.1)
    whole.imshow(image, cmap=G.PIXELS, vmin=0, vmax=1)
    target.set_facecolor(G.GAP)
    shown = target.imshow(written, cmap=G.WEIGHTS, **G.span(scores))
    patch = Grid(near, height, G.PIXELS, {"vmin": 0, "vmax": 1}, dark=0.35, letters=0.6)
    product = Grid(products, height, G.WEIGHTS, G.span(2 * w), dark=9, letters=0.5)
    Grid(taps, height, G.WEIGHTS, G.span(2 * w), dark=9, letters=0.6).show(w)
    window, = whole.plot([], [], color=G.WEIGHT, lw=4)
    pixel, = target.plot([], [], "s", ms=13, mfc="none", mec=G.OUTPUT, mew=4, clip_on=False)
    for ax, name in ((whole, "image"), (near, "patch"), (taps, "× filter"), (target, "feature map")):
        ax.set_title(name, pad=7)
    products.set_title("= products", pad=7)
    title = fig.suptitle(" ", y=0.985)

    def update(row, column):
        part = image[row:row + height, column:column + width]
        window.set_data(*outline(row, column, height, width))
        patch.show(part)
        product.show(part * w)
        written[:] = np.nan
        written.flat[:row * scores.shape[1] + column + 1] = scores.flat[:row * scores.shape[1] + column + 1]
        shown.set_data(written)
        pixel.set_data([column], [row])
        title.set_text(f"the {w.size} products add up to {scores[row, column] + 0.0:.1f}: "
                       f"written to row {row}, column {column} of the map")

    return Live(fig, update, [window, *patch.artists, *product.artists, shown, pixel, title],
                "A window on a digit, its pixels times the filter's weights, and the feature map filled up to there",
                row=slider("row", int(best[0]), 0, scores.shape[0] - 1), column=slider("column", int(best[1]), 0, scores.shape[1] - 1))


def design_filter(images, slide_filter, start):
    """Nine sliders make a filter (3, 3); images (n, 28, 28) to try it on, and the feature map of each.

    `slide_filter(image, w)` -> map, the reader's own function. `start`: nine whole numbers to begin with.
    """
    fig = Figure(figsize=(10, 4))
    left, middle, right = G.panel(fig, 0.15, 0.8, 3.1), G.panel(fig, 3.85, 1.25, 2.2), G.panel(fig, 6.65, 0.8, 3.1)
    picture = left.imshow(images[0], cmap=G.PIXELS, vmin=0, vmax=1)
    taps = Grid(middle, 3, G.WEIGHTS, {"vmin": -9, "vmax": 9}, dark=6.5, letters=0.45)
    shown = right.imshow(slide_filter(images[0], np.array(start)), cmap=G.WEIGHTS)
    for x, sign in ((3.55, "∗"), (6.35, "=")):
        fig.text(x / 10, 1 - 2.35 / 4, sign, fontsize=28, ha="center", va="center")
    for ax, name in ((left, "image"), (middle, "filter"), (right, "feature map")):
        ax.set_title(name)
    title = fig.suptitle(" ", y=0.98)

    def update(image, **weights):
        w = np.array(list(weights.values())).reshape(3, 3)
        scores = slide_filter(images[image], w)
        picture.set_data(images[image])
        taps.show(w)
        shown.set_data(scores)
        shown.set_clim(**G.span(scores))
        even = f"{w.sum()} × the ink" if w.sum() else "0"
        title.set_text(f"the weights add up to {w.sum()}: where the ink is even, the score is {even}")

    controls = {f"w{row}{column}": slider(f"w[{row}, {column}]", int(start[row][column]), -9, 9)
                for row in range(3) for column in range(3)}
    return Live(fig, update, [picture, *taps.artists, shown, title],
                "A digit, a filter of nine numbers, and the feature map that the filter makes of the digit",
                **controls, image=slider("image", 0, 0, len(images) - 1))


def stride_and_padding(out_size):
    """How often each cell of a square image is touched, for any filter, stride and padding.

    `out_size(size, kernel, stride, padding)` -> windows a side, the reader's own function.
    """
    most, cells = 2, 11  # the widest padding, and the largest padded image
    fig = Figure(figsize=(10, 4.9))
    left, right = G.panel(fig, 0.4, 0.8, 3.75), G.panel(fig, 5.5, 0.8, 3.75)
    for ax in (left, right):
        G.bare(ax).set(xlim=(-0.6, cells - 0.4), ylim=(cells - 0.4, -0.6))
    counts = np.full((cells, cells), np.nan)
    heat = left.imshow(counts, cmap=_TOUCHES, vmin=0, vmax=np.log1p(25))
    ring = left.add_patch(PathPatch(Path([(0, 0)]), fc="none", ec="#999999", hatch="//", lw=0))
    mesh, = left.plot([], [], color="white", lw=2)
    edge, = left.plot([], [], color=G.INPUT, lw=3)
    window, = left.plot([], [], color=G.WEIGHT, lw=5)
    unused, = left.plot([], [], "x", color=G.TEST, ms=13, mew=3.5)
    numbers = left.add_patch(PathPatch(Path([(0, 0)]), fc=G.INK, lw=0))
    out_heat = right.imshow(counts, cmap=_OUTPUTS, vmin=0, vmax=1)
    out_mesh, = right.plot([], [], color="white", lw=2)
    pixel, = right.plot([], [], color=G.OUTPUT, lw=5)
    left.set_title("how many windows touch each cell")
    heading, title = right.set_title(" "), fig.suptitle(" ", y=0.985)
    left.text(-0.5, cells + 0.2, "hatched: padding      ×: no window touches it", fontsize=15)

    def update(size, kernel, stride, padding, row, column):
        out, padded, first = out_size(size, kernel, stride, padding), size + 2 * padding, most - padding
        row, column = min(row, out - 1), min(column, out - 1)
        along = np.zeros(padded)
        for start in range(0, out * stride, stride):
            along[start:start + kernel] += 1
        touched = np.full((cells, cells), np.nan)
        touched[first:first + padded, first:first + padded] = np.outer(along, along)
        heat.set_data(np.log1p(touched))
        ring.set(path=_frame(first, padded, most, size))
        mesh.set_data(*_mesh(first, padded))
        edge.set_data(*outline(most, most, size, size))
        window.set_data(*outline(first + row * stride, first + column * stride, kernel, kernel))
        unused.set_data(*np.argwhere(touched == 0).T[::-1])
        numbers.set(path=numerals(touched, touched > 0, 0.62))
        corner, outputs = (cells - out) // 2, np.full((cells, cells), np.nan)
        outputs[corner:corner + out, corner:corner + out] = 0.3
        outputs[corner + row, corner + column] = 1
        out_heat.set_data(outputs)
        out_mesh.set_data(*_mesh(corner, out))
        pixel.set_data(*outline(corner + row, corner + column, 1, 1))
        heading.set_text(f"output: {out} × {out}")
        over = (size + 2 * padding - kernel) % stride
        left_over = f"{over} row{'s' * (over > 1)} left over at the end" if over else "none left over"
        title.set_text(rf"$\lfloor({size} + 2\cdot{padding} - {kernel})\,/\,{stride}\rfloor + 1 = {out}$ windows a side, {left_over}")

    return Live(fig, update, [heat, ring, mesh, numbers, unused, edge, window, out_heat, out_mesh, pixel, heading, title],
                "A padded image with the number of windows that touch each cell, and the grid of outputs",
                size=slider("image size", 6, 5, 7), kernel=slider("filter size", 3, 2, 5), stride=slider("stride", 2, 1, 3),
                padding=slider("padding", 1, 0, most), row=slider("window row", 1, 0, 9), column=slider("window column", 0, 0, 9))


def im2col(lay_out):
    """The windows of a 4 x 4 image as the rows of a matrix; the chosen window's row and a pixel's copies light up.

    `lay_out(image, size, stride)` -> one row a window, the reader's own function.
    """
    image, most = np.arange(1, 17).reshape(4, 4), 9  # the most rows, and the most columns
    kernels = {2: np.array([[1, 0], [2, -1]]), 3: np.array([[1, 0, 1], [0, 2, 0], [-1, 0, -1]])}
    fig = Figure(figsize=(10, 5.0))
    left, right = G.panel(fig, 0.15, 1.2, 2.4), G.panel(fig, 2.95, 1.15, 7.0, 3.7)
    for ax in (left, right):
        G.bare(ax)
    shown = left.imshow(image, cmap=_MARKED, vmin=0, vmax=4)
    table = right.imshow(np.zeros((most, 17)), cmap=_MARKED, vmin=0, vmax=4)
    numbers = [ax.add_patch(PathPatch(Path([(0, 0)]), fc=G.INK, lw=0)) for ax in (left, right)]
    window, = left.plot([], [], color=G.WEIGHT, lw=5)
    row_frame, = right.plot([], [], color=G.WEIGHT, lw=5, clip_on=False)
    score_frame, = right.plot([], [], color=G.OUTPUT, lw=5, clip_on=False)
    numbers[0].set(path=numerals(image, image > 0, 0.5))
    heads = [right.text(0, -0.85, name, ha="center", va="center", fontsize=16)
             for name in ("one row a window", "kernel", "scores")]
    signs = [right.text(0, 1.5, sign, ha="center", va="center", fontsize=22) for sign in "@="]
    left.set_title("image")
    title = fig.suptitle(" ", y=0.985)

    def update(size, stride, number, pixel):
        rows, w = lay_out(image, size, stride), kernels[size]
        scores, side = rows @ w.ravel(), (len(image) - size) // stride + 1
        number = min(number, len(rows) - 1)
        p, q = stride * (number // side), stride * (number % side)
        marks = np.where(image == pixel, 2, 0)
        marks[p:p + size, q:q + size] += 1
        shown.set_data(marks)
        window.set_data(*outline(p, q, size, size))
        tall, wide = rows.shape
        first = (most - wide) // 2  # where the matrix begins; then come the kernel and the scores
        columns = first, first + wide + 2, first + wide + 5
        marks, cells = np.full((2, most, 17), np.nan)
        for column, part, colours in zip(columns, (rows, w.reshape(-1, 1), scores.reshape(-1, 1)), (2 * (rows == pixel), 1, 0)):
            place = slice(len(part)), slice(column, column + part.shape[1])
            cells[place], marks[place] = part, colours
        marks[number, first:first + wide] += 1
        marks[number, columns[2]] = 4
        table.set_data(marks)
        numbers[1].set(path=numerals(cells, ~np.isnan(cells), 0.52))
        row_frame.set_data(*outline(number, columns[0], 1, wide))
        score_frame.set_data(*outline(number, columns[2], 1, 1))
        for head, at in zip(heads, (columns[0] + (wide - 1) / 2, columns[1], columns[2])):
            head.set_x(at)
        for sign, at in zip(signs, (columns[1] - 1, columns[2] - 1.5)):
            sign.set_x(at)
        copies = int((rows == pixel).sum())
        title.set_text(f"window {number} is row {number}, its score {scores[number]};   "
                       f"pixel {pixel} stands in {copies} row{'s' * (copies != 1)}")

    return Live(fig, update, [shown, table, numbers[1], window, row_frame, score_frame, *heads, *signs, numbers[0], title],
                "A small image with a window, and a matrix whose rows are the windows, times a kernel",
                size=slider("kernel size", 2, 2, 3), stride=slider("stride", 1, 1, 2), number=slider("window", 4, 0, 8),
                pixel=slider("pixel", 7, 1, 16))


def max_pooling(image, features, pool):
    """A digit (28, 28) that moves, its feature map, and the map pooled: the largest number of each window.

    `features(image)` -> map (24, 24), not negative; `pool(x, size, stride)` -> pooled map: the reader's own functions.
    """
    before, sizes = features(image), [1, 2, 3, 4, 6, 8, 12, 24]
    fig = Figure(figsize=(10, 4.4))
    left, middle, right = (G.panel(fig, at, 1.15, 3.05) for at in (0.15, 3.48, 6.8))
    picture = left.imshow(image, cmap=G.PIXELS, vmin=0, vmax=1)
    shown, pooled = (ax.imshow(before, cmap=G.WEIGHTS, extent=(-0.5, 23.5, 23.5, -0.5), **G.span(before))
                     for ax in (middle, right))
    grid, = middle.plot([], [], color=G.FRAME, lw=2)
    winners, = middle.plot([], [], "o", color=G.OUTPUT, mec=G.INK, mew=2, ms=8)
    left.set_title("image")
    head, pooled_head, title = middle.set_title(" "), right.set_title(" "), fig.suptitle(" ", y=0.985)

    def update(size, columns):
        moved = np.pad(image, ((0, 0), (columns, 0)))[:, :28]
        after, windows = features(moved), len(before) // size
        small = pool(after, size, size)
        picture.set_data(moved)
        shown.set_data(after)
        pooled.set_data(small)
        grid.set_data(*_mesh(0, windows, size))
        blocks = after.reshape(windows, size, windows, size).transpose(0, 2, 1, 3).reshape(windows, windows, -1)
        rows, across = np.divmod(blocks.argmax(axis=2), size)
        found = np.argwhere(blocks.max(axis=2) > 0)
        rows, across = (places[tuple(found.T)] for places in (rows, across))
        winners.set_data(size * found[:, 1] + across, size * found[:, 0] + rows)
        winners.set_visible(size > 1)
        head.set_text(f"feature map: changed by {_change(before, after):.0%}")
        pooled_head.set_text(f"pooled: changed by {_change(pool(before, size, size), small):.0%}")
        places = f"{windows} × {windows} numbers are" if windows > 1 else "1 number is"
        title.set_text(f"Windows of {size} × {size}, digit moved by {columns}: {places} left")

    return Live(fig, update, [picture, shown, grid, winners, pooled, head, pooled_head, title],
                "A digit that moves, its feature map with the largest number of each window marked, and the pooled map",
                size=pick("window size", sizes, 4), columns=slider("move the digit by", 1, 0, 5))


def _change(before, after):
    """How much numbers changed, as a share of what they were, all added up."""
    return np.abs(after - before).sum() / np.abs(before).sum()


_TOUCHES = LinearSegmentedColormap.from_list("touches", ["#FFFFFF", "#5FACDC"])
_OUTPUTS = LinearSegmentedColormap.from_list("outputs", ["#FFFFFF", G.OUTPUT])
# A cell as it is, in the chosen window, the chosen pixel, both, and a score.
_MARKED = ListedColormap(["#F2F2F2", "#FBE5BF", "#9CCBE8", "#5FACDC", "#A6DCCA"], name="marked")


def _mesh(first, count, size=1):
    """The lines between count x count blocks of size x size cells, as x and y of one line with gaps."""
    cuts = first + size * np.arange(count + 1) - 0.5
    ends = cuts[0], cuts[-1]
    along = np.array([[ends[0], ends[1], np.nan]] * len(cuts)).ravel()
    across = np.repeat(cuts, 3)
    return np.concatenate([along, across]), np.concatenate([across, along])


def _frame(outer, outer_size, inner, inner_size):
    """The cells of a square that lie outside a smaller square within it, as a path."""
    corners = [list(zip(*outline(start, start, size, size))) for start, size in ((outer, outer_size), (inner, inner_size))]
    turned = corners[0] + corners[1][::-1]  # the hole runs the other way round
    return Path(turned, [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY] * 2)
