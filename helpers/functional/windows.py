"""The fast convolution: the same numbers as the plain loops, from few and large steps through memory.

What makes it fast:

- images keep their shape (N, C, H, W) but lie in memory channels last, so that KW * C numbers of a
  window stand side by side and are copied in one go; where there is one channel only, windows are
  laid out tap by tap instead, in runs as long as an output map;
- every window is laid out once, forward and backward use the same matrix;
- the bias is the weight of one more tap that always reads 1: it costs no pass of its own;
- the gradient of the input is gathered, not scattered, where that moves fewer numbers: with stride S
  the pixels fall into S * S classes, and all pixels of a class are served by the same taps.
"""
from math import ceil
from typing import NamedTuple

import numpy as np

from .checks import channels_first, channels_last


class Cache(NamedTuple):
    """What the backward pass needs; shapes and steps as (along height, along width)."""

    windows: np.ndarray  # (N OH OW, KH KW C), and a column of ones where there is a bias
    weights: np.ndarray  # (KH KW C, F), and the bias as one more row
    x_shape: tuple
    w_shape: tuple
    stride: tuple
    padding: tuple
    out: tuple


def forward(x, w, b, stride, padding, out):
    """y (N, F, OH, OW) as windows times weights, and the cache."""
    filters, channels, *kernel = w.shape
    taps, ones = channels * kernel[0] * kernel[1], int(b is not None)
    # Tap by tap where a row of the output is a longer run than a row of the window.
    lay_out = tap_by_tap if stride[1] == 1 and out[1] > kernel[1] * channels else row_by_row
    windows = lay_out(padded_last(x, padding), kernel, stride, out, ones)
    weights = np.empty((taps + ones, filters), w.dtype)
    weights[:taps].reshape(*kernel, channels, filters)[...] = w.transpose(2, 3, 1, 0)
    if b is not None:
        weights[taps] = b
    y = windows @ weights
    return channels_first(y.reshape(len(x), *out, filters)), Cache(windows, weights, x.shape, w.shape, stride, padding, out)


def backward(dy, cache, input_gradient):
    """dx (N, C, H, W), or None where it is not asked for, dw (F, C, KH, KW) and db (F,), or None without a bias."""
    dy = channels_last(dy)
    filters, channels, *kernel = cache.w_shape
    taps = channels * kernel[0] * kernel[1]
    dweights = cache.windows.T @ dy.reshape(-1, filters)
    dw = np.ascontiguousarray(dweights[:taps].reshape(*kernel, channels, filters).transpose(3, 2, 0, 1))
    db = dweights[taps].copy() if len(dweights) > taps else None
    if not input_gradient:
        return None, dw, db
    collect = gathered if _gather_moves_less(cache) else scattered
    return channels_first(collect(dy, cache)), dw, db


def _view(array, shape, strides):
    """A window on a contiguous array's memory; strides count numbers, not bytes."""
    return np.ndarray(shape, array.dtype, array, 0, [stride * array.itemsize for stride in strides])


def padded_last(x, padding):
    """The images (N, H + 2 PH, W + 2 PW, C), with their rim of zeros: a view where nothing need be done."""
    (count, channels, height, width), (above, left) = x.shape, padding
    if not above and not left:
        return channels_last(x)
    padded = np.zeros((count, height + 2 * above, width + 2 * left, channels), x.dtype)
    padded[:, above:above + height, left:left + width] = x.transpose(0, 2, 3, 1)
    return padded


def row_by_row(x, kernel, stride, out, ones):
    """Windows (places, taps + ones): each a row, copied KW * C numbers at a time."""
    (count, height, width, channels), (rows, columns) = x.shape, out
    length = kernel[0] * kernel[1] * channels + ones
    windows = np.empty((count * rows * columns, length), x.dtype)
    windows[:, length - ones:] = 1
    row, shape = width * channels, (count, rows, columns, kernel[0], kernel[1] * channels)
    np.copyto(_view(windows, shape, (rows * columns * length, columns * length, length, kernel[1] * channels, 1)),
              _view(x, shape, (height * row, stride[0] * row, stride[1] * channels, row, 1)))
    return windows


def tap_by_tap(x, kernel, stride, out, ones):
    """Windows (places, taps + ones), each a column: first all shifts along the width, then along the height.

    The second step copies whole maps, which is why two steps are faster than one. Only for a stride of 1 along the width.
    """
    (count, height, width, channels), (rows, columns) = x.shape, out
    shifted = np.empty((kernel[1], channels, count, height, columns), x.dtype)
    np.copyto(shifted, _view(x, shifted.shape, (channels, 1, height * width * channels, width * channels, channels)))
    windows = np.empty((kernel[0] * kernel[1] * channels + ones, count * rows * columns), x.dtype)
    windows[len(windows) - ones:] = 1
    area = height * columns
    view = _view(shifted, (*kernel, channels, count, rows, columns),
                 (columns, channels * count * area, count * area, area, stride[0] * columns, 1))
    np.copyto(windows[:len(windows) - ones].reshape(view.shape), view)
    return windows.T


def _classes(cache):
    """Along height and along width: taps that serve one pixel, and pixels in each class."""
    padded = [size + 2 * pad for size, pad in zip(cache.x_shape[2:], cache.padding)]
    reach = [ceil(kernel / step) for kernel, step in zip(cache.w_shape[2:], cache.stride)]
    return reach, [ceil(size / step) for size, step in zip(padded, cache.stride)]


def _gather_moves_less(cache):
    (reach, members), (filters, channels, *kernel) = _classes(cache), cache.w_shape
    gathered = members[0] * members[1] * reach[0] * reach[1] * filters
    # scattered numbers are written, then added
    return gathered <= 2 * cache.out[0] * cache.out[1] * kernel[0] * kernel[1] * channels


def scattered(dy, cache):
    """Every output adds to the pixels of its window, one tap of all windows at a time."""
    (count, channels, height, width), (filters, _, kernel_h, kernel_w) = cache.x_shape, cache.w_shape
    (rows, columns), (step_h, step_w), (above, left) = cache.out, cache.stride, cache.padding
    taps = kernel_h * kernel_w * channels
    dwindows = (dy.reshape(-1, filters) @ cache.weights[:taps].T).reshape(count, rows, columns, kernel_h, kernel_w, channels)
    dx = np.zeros((count, height + 2 * above, width + 2 * left, channels), dy.dtype)
    for i in range(kernel_h):
        for j in range(kernel_w):
            dx[:, i:i + step_h * (rows - 1) + 1:step_h, j:j + step_w * (columns - 1) + 1:step_w] += dwindows[:, :, :, i, j]
    return dx[:, above:above + height, left:left + width]


def gathered(dy, cache):
    """Every pixel collects from the outputs that saw it: for each class of pixels, a convolution of dy.

    Pixel S m + a was seen by output m - t with tap a + S t, for t = 0 ... reach - 1.
    """
    (filters, channels, kernel_h, kernel_w), (step_h, step_w), (rows, columns) = cache.w_shape, cache.stride, cache.out
    (reach_h, reach_w), (high, wide) = _classes(cache)
    count = len(dy)
    around = np.zeros((count, high + reach_h - 1, wide + reach_w - 1, filters), dy.dtype)
    around[:, reach_h - 1:reach_h - 1 + rows, reach_w - 1:reach_w - 1 + columns] = dy
    seen = row_by_row(around, (reach_h, reach_w), (1, 1), (high, wide), ones=0)
    # taps (reach, class) along both axes, turned round: the output before comes with the later tap
    taps = np.zeros((reach_h * step_h, reach_w * step_w, channels, filters), dy.dtype)
    taps[:kernel_h, :kernel_w] = cache.weights[:kernel_h * kernel_w * channels].reshape(kernel_h, kernel_w, channels, filters)
    taps = taps.reshape(reach_h, step_h, reach_w, step_w, channels, filters)[::-1, :, ::-1].transpose(1, 0, 2, 5, 3, 4)
    (above, left), (height, width) = cache.padding, cache.x_shape[2:]
    dx = np.empty((count, height, width, channels), dy.dtype)
    for a in range(step_h):
        part = seen @ taps[a].reshape(reach_h * reach_w * filters, step_w * channels)
        part = part.reshape(count, high, wide * step_w, channels)
        first = max(0, ceil((above - a) / step_h))  # the first row of this class below the rim
        target = dx[:, step_h * first + a - above::step_h]
        target[...] = part[:, first:first + target.shape[1], left:left + width]
    return dx
