"""Batch normalisation (Ioffe and Szegedy 2015), forward and backward."""
from typing import NamedTuple

import numpy as np

from .checks import channels_first, channels_last, check_axes, check_float, check_upstream


class Cache(NamedTuple):
    """What the backward pass needs, pixels as rows (N H W, C), and the statistics of the batch."""

    normalised: np.ndarray
    scale: np.ndarray       # 1 / sqrt(var + eps) (C,)
    weight: np.ndarray      # (C,)
    shape: tuple            # of x
    mean: np.ndarray        # (C,)
    var: np.ndarray         # (C,), divided by `count`
    count: float            # how many numbers a channel has in the whole batch; None where the statistics were given


def _whole(array):
    return array


def batch_norm2d(x, weight, bias, eps=1e-5, statistics=None, total=_whole):
    """Each channel with mean 0 and variance 1 over the batch, then scaled and shifted: algorithm 1 of the paper.

    x (N, C, H, W), weight and bias (C,) -> y (N, C, H, W) = weight (x - mean) / sqrt(var + eps) + bias, cache.
    With `statistics` = (mean, var), both (C,), these are used in place of the batch's: what evaluation does.
    Where x is one shard of a batch, `total` adds up an array over all shards (see `layers.group`).
    Raises TypeError or ValueError for dtypes or shapes that do not fit, and for a batch with one number a channel.
    """
    check_float("batch_norm2d", x=x, weight=weight, bias=bias)
    check_axes("batch_norm2d", "x", x, ("N", "C", "H", "W"))
    for name, array in (("weight", weight), ("bias", bias)):
        if array.shape != x.shape[1:2]:
            raise ValueError(f"batch_norm2d: x has {x.shape[1]} channels but {name} has shape {array.shape}: "
                             f"x (N, C, H, W) = {x.shape}, {name} (C,) wanted")
    rows, count = channels_last(x).reshape(-1, x.shape[1]), None
    if statistics is None:
        *sums, count = total(np.append(_sums(rows), rows.dtype.type(len(rows))))
        if count < 2:
            raise ValueError("batch_norm2d: a batch with one number a channel has no variance to divide by: use larger batches "
                             f"or images, or evaluation mode: x (N, C, H, W) = {x.shape}")
        mean = np.array(sums, rows.dtype) / count
        centred = rows - mean
        var = total(_sums(centred * centred)) / count  # of the differences: E[x²] - mean² loses all digits in float32
    else:
        mean, var = statistics
        centred = rows - mean
    scale = 1 / np.sqrt(var + x.dtype.type(eps))
    normalised = np.multiply(centred, scale, out=centred)
    y = normalised * weight + bias
    (batch, channels, height, width) = x.shape
    return (channels_first(y.reshape(batch, height, width, channels)),
            Cache(normalised, scale, weight, x.shape, mean, var, count))


def batch_norm2d_backward(dy, cache, total=_whole):
    """dy (N, C, H, W) -> dx (N, C, H, W), dweight (C,), dbias (C,), these two the shard's own part.

    dx = weight / sqrt(var + eps) (dy - mean of dy - normalised times the mean of dy normalised): mean and variance depend
    on x, too. Where they were given, dx = weight / sqrt(var + eps) dy.
    """
    check_upstream("batch_norm2d_backward", dy, cache.shape, cache.normalised.dtype)
    rows = channels_last(dy).reshape(-1, cache.shape[1])
    dbias, dweight = _sums(rows), _sums(rows * cache.normalised)
    if cache.count is None:
        dx = rows * (cache.weight * cache.scale)
    else:
        mean_dy, mean_product = total(np.stack([dbias, dweight])) / cache.count
        dx = (rows - mean_dy - cache.normalised * mean_product) * (cache.weight * cache.scale)
    (batch, channels, height, width) = cache.shape
    return channels_first(dx.reshape(batch, height, width, channels)), dweight, dbias


def _sums(rows):
    """The sum of each column: as a product it rounds less than np.sum, and is faster."""
    return np.ones(len(rows), rows.dtype) @ rows
