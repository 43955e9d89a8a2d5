"""Normalisation, forward and backward: over a batch (Ioffe and Szegedy 2015), and over neighbouring channels
(Krizhevsky, Sutskever and Hinton 2012)."""
from typing import NamedTuple

import numpy as np

from .checks import channels_first, channels_last, check_axes, check_float, check_upstream


class Cache(NamedTuple):
    """What the backward pass needs: x less its mean, channels side by side as in `_as_rows`, and the statistics of the batch (C,)."""

    centred: np.ndarray
    scale: np.ndarray       # 1 / sqrt(var + eps)
    weight: np.ndarray
    mean: np.ndarray
    var: np.ndarray         # divided by `count`
    count: float            # how many numbers a channel has in the whole batch; None where the statistics were given
    shape: tuple            # of x


BLOCK = 2**17  # numbers that are worked on at a time: they stay in a core's cache
ROWS = 256     # and no more rows than this: numbers that are added one after the other lose digits


def _whole(array):
    return array


def batch_norm(x, weight, bias, eps=1e-5, statistics=None, total=_whole):
    """Each channel with mean 0 and variance 1 over the batch, then scaled and shifted: algorithm 1 of the paper.

    x (N, C, H, W), or (N, C) from a dense layer, weight and bias (C,)
    -> y = weight (x - mean) / sqrt(var + eps) + bias, in x's shape, cache.
    With `statistics` = (mean, var), both (C,), these are used in place of the batch's: what evaluation does.
    Where x is one shard of a batch, `total` adds up an array over all shards (see `layers.group`).
    Raises TypeError or ValueError for dtypes or shapes that do not fit, and for a batch with one number a channel.
    """
    check_float("batch_norm", x=x, weight=weight, bias=bias)
    axes = ("N", "C") if x.ndim == 2 else ("N", "C", "H", "W")
    check_axes("batch_norm", "x", x, axes)
    for name, array in (("weight", weight), ("bias", bias)):
        if array.shape != x.shape[1:2]:
            raise ValueError(f"batch_norm: x has {x.shape[1]} channels but {name} has shape {array.shape}: "
                             f"x ({', '.join(axes)}) = {x.shape}, {name} (C,) wanted")
    rows, count = _as_rows(x), None
    if statistics is None:
        sums = total(np.append(_sums(rows, len(weight)), x.dtype.type(x.size // len(weight))))
        count = sums[-1]
        if count < 2:
            raise ValueError("batch_norm: a batch with one number a channel has no variance to divide by: use larger batches "
                             f"or images, or evaluation mode: x ({', '.join(axes)}) = {x.shape}")
        mean = sums[:-1] / count
        centred, squares = _centred(rows, mean)
        var = total(squares) / count
    else:
        mean, var = statistics
        centred = rows - _along(rows, mean)[0]
    scale = 1 / np.sqrt(var + x.dtype.type(eps))
    y, (factor, offset) = np.empty_like(rows), _along(rows, scale * weight, bias)
    for part, out in _blocks(centred, y):
        np.multiply(part, factor, out=out)  # of what is centred, so that a large mean costs no digits
        out += offset
    return _from_rows(y, x.shape), Cache(centred, scale, weight, mean, var, count, x.shape)


def batch_norm_backward(dy, cache, total=_whole):
    """dy in y's shape -> dx in x's shape, dweight (C,), dbias (C,), these two the shard's own part.

    dx = weight / sqrt(var + eps) (dy - mean of dy - normalised times the mean of dy normalised): mean and variance depend
    on x, too. Where they were given, dx = weight / sqrt(var + eps) dy.
    """
    check_upstream("batch_norm_backward", dy, cache.shape, cache.centred.dtype)
    upstream, products = _as_rows(dy), np.zeros_like(cache.weight)
    for part, above in _blocks(cache.centred, upstream):
        products += _sums_of_products(part, above, len(products))
    dbias, dweight, factor = _sums(upstream, len(products)), cache.scale * products, cache.weight * cache.scale
    if cache.count is None:
        dx = upstream * _along(upstream, factor)[0]
    else:
        mean_dy, mean_product = total(np.stack([dbias, dweight])) / cache.count
        dx, (factor, lost, slope) = np.empty_like(upstream), _along(upstream, factor, mean_dy, mean_product * cache.scale)
        for part, above, out in _blocks(cache.centred, upstream, dx):
            np.subtract(above, lost, out=out)
            out -= part * slope  # normalised times the mean of dy normalised
            out *= factor
    return _from_rows(dx, cache.shape), dweight, dbias


# --- A few rows at a time, so that each number comes once from memory for several steps -------------

def _as_rows(x):
    """Images (N, C, H, W) as a matrix (N H, W C), channels side by side; (N, C) as it is."""
    return x if x.ndim == 2 else channels_last(x).reshape(x.shape[0] * x.shape[2], -1)


def _from_rows(rows, shape):
    """`_as_rows` undone."""
    if len(shape) == 2:
        return rows
    count, channels, height, width = shape
    return channels_first(rows.reshape(count, height, width, channels))


def _along(rows, *vectors):
    """Vectors (C,) repeated to the length of a row: long rows are faster to work on."""
    return [np.tile(vector, rows.shape[1] // len(vector)) for vector in vectors]


def _blocks(*arrays):
    """The same few rows of each of the arrays (R, M), one block after the other."""
    step = min(max(1, BLOCK // arrays[0].shape[1]), ROWS)
    for start in range(0, len(arrays[0]), step):
        yield [array[start:start + step] for array in arrays]


def _sums(rows, channels):
    """The sum of each channel (C,): as a product it rounds less than np.sum, and is faster."""
    return (np.ones(len(rows), rows.dtype) @ rows).reshape(-1, channels).sum(axis=0)


def _sums_of_products(rows, others, channels):
    """The sum of the products of each channel (C,)."""
    return np.einsum("rm,rm->m", rows, others).reshape(-1, channels).sum(axis=0)


def _centred(rows, mean):
    """Rows less their mean, and the sum of its squares for each channel (C,): E[x²] - mean² loses all digits in float32."""
    (shift,), centred, squares = _along(rows, mean), np.empty_like(rows), np.zeros_like(mean)
    for part, out in _blocks(rows, centred):
        np.subtract(part, shift, out=out)
        squares += _sums_of_products(out, out, len(mean))
    return centred, squares


# --- Over neighbouring channels -------------------------------------------------------------------

def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    """Each number divided by what its pixel has in `size` neighbouring channels: section 3.3 of the paper.

    x (N, C, H, W) -> y = x / d^beta, d = k + alpha / size times the sum of x² over channels c - size // 2 to
    c + (size - 1) // 2, those that there are; and cache. As in PyTorch, alpha is divided by `size`; in the paper it is not.
    Raises TypeError or ValueError for dtypes or shapes that do not fit, and for a size below 1 or a k that is not positive.
    """
    check_float("local_response_norm", x=x)
    check_axes("local_response_norm", "x", x, ("N", "C", "H", "W"))
    if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1:
        raise ValueError(f"local_response_norm: size, a count of channels, must be a whole number from 1, but it is {size!r}")
    if not k > 0:
        raise ValueError(f"local_response_norm: k must be above 0, or an image without ink is divided by 0, but it is {k!r}")
    share, beta = x.dtype.type(alpha / size), x.dtype.type(beta)
    d = x.dtype.type(k) + share * _over_channels(x * x, size // 2, (size - 1) // 2)
    return x * d**-beta, (x, d, size, share, beta)


def local_response_norm_backward(dy, cache):
    """dx = dy / d^beta - 2 alpha beta / size x times the sum of dy x / d^(beta + 1) over the channels that x was a neighbour of."""
    x, d, size, share, beta = cache
    check_upstream("local_response_norm_backward", dy, x.shape, x.dtype)
    scaled = dy * d**-beta
    return scaled - 2 * share * beta * x * _over_channels(scaled * x / d, (size - 1) // 2, size // 2)


def _over_channels(x, below, above):
    """Each channel's sum over the channels from `below` of it to `above` of it, those that there are."""
    channels, total = x.shape[1], x.copy()
    for shift in range(1, min(below, channels - 1) + 1):
        total[:, shift:] += x[:, :-shift]
    for shift in range(1, min(above, channels - 1) + 1):
        total[:, :-shift] += x[:, shift:]
    return total
