"""3 × 3 filters with stride 1 from fewer multiplications (Winograd 1980; Lavin and Gray 2016, section 4).

Along a line, two outputs of three taps take six multiplications, or four: those of G w with B x, number by number, where B
and G only add, subtract and halve; A adds the four up. That is F(2, 3). F(4, 3) takes six in place of twelve.
On a map the same is done along rows and along columns: a tile of 4 × 4 outputs, which sees 6 × 6 pixels, takes 36
multiplications a channel and filter in place of 144. Over all images, tiles, channels and filters they are 36 matrix products.

    y = A (G w Gᵀ * B x Bᵀ) Aᵀ        dw = Gᵀ (Aᵀ dy A * B x Bᵀ) G        dx: a convolution of dy with the filters turned round

It rounds more than plain sums do: F(4, 3) has weights up to 8. One nan in an image becomes one in each output of its tiles.
Images are (N, H, W, C) here, contiguous; transformed ones have pixels outermost: (rows of a tile, its columns, tiles, N, C).
"""
from functools import cache

import numpy as np

from .windows import view

# For tiles of 2 and 4 outputs: B (m + 2, m + 2), G (m + 2, 3), A (m, m + 2), from the points 0, 1, -1, (2, -2,) infinity.
_MATRICES = {
    2: ([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]],
        [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
        [[1, 1, 1, 0], [0, 1, -1, 1]]),
    4: ([[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]],
        [[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6], [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]],
        [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]),
}


CACHED = 2**18  # numbers of images that are worked on at a time; more, where reading the filters once for each such group takes longer


@cache
def matrices(m, dtype):
    """B, G and A of F(m, 3) in the dtype of the images."""
    return [np.array(matrix, dtype) for matrix in _MATRICES[m]]


def tile(out):
    """How many outputs a tile has along height and width: a map with one or two rows needs no more."""
    return tuple(2 if size <= 2 else 4 for size in out)


def forward(x, taps, stride, padding, out):
    """y (N, OH, OW, F) of x (N, H, W, C) and taps (3, 3, C, F), and what the backward pass keeps: B x Bᵀ. Stride is (1, 1)."""
    (b_h, g_h, a_h), (b_w, g_w, a_w) = (matrices(m, x.dtype) for m in tile(out))
    tiles = [-(-size // m) for size, m in zip(out, tile(out))]
    size = [m * count + 2 for m, count in zip(tile(out), tiles)]
    filters = _both_sides(g_h, g_w, taps).reshape(-1, *taps.shape[2:])
    y, kept = np.empty((len(x), *out, taps.shape[3]), x.dtype), []
    for few in _groups(len(x), size[0] * size[1] * max(taps.shape[2:]), filters.size):
        seen = _on_tiles(b_h, b_w, _framed(x[few], padding, size), tile(out)).reshape(len(filters), -1, taps.shape[2])
        maps = _from_tiles(a_h, a_w, (seen @ filters).reshape(len(b_h), len(b_w), *tiles, -1))
        y[few] = maps.reshape(*maps.shape[:2], -1, taps.shape[3])[:out[0], :out[1]].transpose(2, 0, 1, 3)
        kept.append((few, seen))
    return y, kept


def backward(dy, kept, taps, x_shape, stride, padding, input_gradient):
    """dx (N, H, W, C), or None without `input_gradient`, and dtaps (3, 3, C, F)."""
    out = dy.shape[1:3]
    (_, g_h, a_h), (_, g_w, a_w) = (matrices(m, dy.dtype) for m in tile(out))
    size = [m * -(-size // m) for size, m in zip(out, tile(out))]
    products = 0
    for few, seen in kept:
        upstream = _on_tiles(a_h.T.copy(), a_w.T.copy(), _framed(dy[few], (0, 0), size), tile(out))
        products = products + seen.transpose(0, 2, 1) @ upstream.reshape(len(seen), -1, dy.shape[3])
    dtaps = _both_sides(g_h.T, g_w.T, products.reshape(len(g_h), len(g_w), *taps.shape[2:]))
    if not input_gradient:
        return None, dtaps
    turned = np.ascontiguousarray(taps[::-1, ::-1].swapaxes(2, 3))
    return forward(dy, turned, stride, [2 - pad for pad in padding], x_shape[2:])[0], dtaps


def saved(count, out):
    """How many multiplications fewer than the plain form's it takes for `count` images, a channel and filter."""
    multiplications = np.prod([-(-size // m) * (m + 2) for size, m in zip(out, tile(out))])
    return count * (9 * out[0] * out[1] - int(multiplications))


def _groups(count, numbers, filters):
    """`count` images, of so many numbers each, as slices of as many as stay in a core's cache on the way, or hold a fourth as
    many numbers as the transformed filters."""
    some = max(1, max(CACHED, filters // 4) // numbers)
    return [slice(first, min(first + some, count)) for first in range(0, count, some)]


def _framed(x, padding, size):
    """Images (N, H, W, C) in a frame of zeros of this size, pixels outermost: (height, width, N C)."""
    count, height, width, channels = x.shape
    (above, left), frame = padding, np.zeros((*size, count, channels), x.dtype)
    frame[above:above + height, left:left + width] = x.transpose(1, 2, 0, 3)
    return frame.reshape(*size, -1)


def _both_sides(left, right, x):
    """left x rightᵀ over the first two axes of x (H, W, ...)."""
    half = left @ x.reshape(len(x), -1)
    return (right @ half.reshape(len(left), x.shape[1], -1)).reshape(len(left), len(right), *x.shape[2:])


def _on_tiles(left, right, frame, step):
    """left d rightᵀ for every tile d of a frame (H, W, M), tiles a `step` apart: (rows of left, of right, tiles down, across, M)."""
    (height, width, depth), (reach_h, reach_w) = frame.shape, (left.shape[1], right.shape[1])
    down, across = (height - reach_h) // step[0] + 1, (width - reach_w) // step[1] + 1
    row = width * depth
    bands = view(frame, (down, reach_h, row), (step[0] * row, row, 1))  # they overlap, and are not copied
    half = left @ bands
    tiles = view(half, (down, len(left), across, reach_w, depth), (len(left) * row, row, step[1] * depth, depth, 1))
    found = np.empty((len(left), len(right), down, across, depth), frame.dtype)
    np.matmul(right, tiles, out=found.transpose(2, 0, 3, 1, 4))
    return found


def _from_tiles(left, right, tiles):
    """left d rightᵀ for every d of tiles (rows of d, its columns, tiles down, across, M), side by side: (H, W, M)."""
    rows, _, down, across, depth = tiles.shape
    half = right @ tiles.transpose(2, 0, 3, 1, 4)
    return (left @ half.reshape(down, rows, -1)).reshape(down * len(left), across * len(right), depth)
