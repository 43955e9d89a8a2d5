"""The fast layouts of a convolution: the same numbers as the plain loops, from few and large steps through memory.

Outside, images have the shape (N, C, H, W), but those that `conv2d` returns lie in memory channels last: here they are
(N, H, W, C), contiguous. Kernel, stride, padding and `out` are pairs (along height, along width). For each of the two
costly steps there are two ways to the same numbers:

- windows become rows of a matrix row by row, KW * C numbers that stand side by side at a time, or, where there are few
  channels, tap by tap, whole rows of the output at a time;
- the gradient of the input is gathered, each pixel from all outputs that saw it, or scattered, each output to all pixels
  of its window. Which is faster depends on the stride and on how many channels and filters there are.
"""
from math import ceil

import numpy as np


def view(array, shape, strides):
    """Another look at a contiguous array's memory; strides count numbers, not bytes."""
    return np.ndarray(shape, array.dtype, array, 0, [stride * array.itemsize for stride in strides])


def framed(x, above, left, height, width):
    """The images (N, H, W, C) in a frame of zeros (N, height, width, C), from row `above` and column `left` on.

    What would stand outside is cut off. Where frame and images are one, it is x itself, if it is contiguous.
    """
    if (above, left, height, width) == (0, 0, *x.shape[1:3]):
        return np.ascontiguousarray(x)
    frame = np.zeros((len(x), height, width, x.shape[3]), x.dtype)
    inside = x[:, max(0, -above):height - above, max(0, -left):width - left]
    above, left = max(0, above), max(0, left)
    frame[:, above:above + inside.shape[1], left:left + inside.shape[2]] = inside
    return frame


# --- One matrix product ---------------------------------------------------------------------------

def forward(x, taps, stride, padding, out):
    """y (N, OH, OW, F) of x (N, H, W, C) and taps (KH, KW, C, F), windows as rows times filters as columns; and the windows."""
    windows = laid_out(x, taps.shape[:2], stride, padding, out)
    return (windows @ taps.reshape(-1, taps.shape[3])).reshape(len(x), *out, -1), windows


def backward(dy, windows, taps, x_shape, stride, padding, input_gradient):
    """dx (N, H, W, C), or None without `input_gradient`, and dtaps (KH, KW, C, F) = windowsᵀ dy, dy as rows."""
    dtaps = (windows.T @ dy.reshape(-1, dy.shape[3])).reshape(taps.shape)
    return collected(dy, taps, x_shape, stride, padding) if input_gradient else None, dtaps


# --- Windows as rows of a matrix ------------------------------------------------------------------

def laid_out(x, kernel, stride, padding, out):
    """Every window of the images x (N, H, W, C) as a row: (N OH OW, KH KW C). It may share memory with x."""
    (_, height, width, channels), (above, left) = x.shape, padding
    x = framed(x, above, left, height + 2 * above, width + 2 * left)
    way = tap_by_tap if 2 * kernel[1] * channels < out[1] and kernel != (1, 1) else row_by_row
    return way(x, kernel, stride, out)


def row_by_row(x, kernel, stride, out):
    """Windows (N OH OW, KH KW C) of framed images (N, H, W, C): for windows of one pixel, the images themselves."""
    count, height, width, channels = x.shape
    if kernel == stride == (1, 1):
        return x.reshape(-1, channels)
    windows, row = np.empty((count, *out, kernel[0], kernel[1] * channels), x.dtype), width * channels
    windows[...] = view(x, windows.shape, (height * row, stride[0] * row, stride[1] * channels, row, 1))
    return windows.reshape(-1, kernel[0] * kernel[1] * channels)


def tap_by_tap(x, kernel, stride, out):
    """The same matrix, written column by column, and so it lies in memory.

    First all shifts along the width, then along the height: the second step copies whole maps.
    """
    (count, height, width, channels), (rows, columns) = x.shape, out
    shifted, row = np.empty((kernel[1], channels, count, height, columns), x.dtype), width * channels
    shifted[...] = view(x, shifted.shape, (channels, 1, height * row, row, stride[1] * channels))
    windows, area = np.empty((*kernel, channels, count, rows, columns), x.dtype), height * columns
    windows[...] = view(shifted, windows.shape, (columns, channels * count * area, count * area, area, stride[0] * columns, 1))
    return windows.reshape(kernel[0] * kernel[1] * channels, -1).T


# --- The gradient of the input --------------------------------------------------------------------

def collected(dy, taps, x_shape, stride, padding):
    """dx (N, H, W, C), from dy (N, OH, OW, F), taps (KH, KW, C, F) and the shape (N, C, H, W) of the images."""
    way = gathered if _gathering_is_faster(dy, taps, x_shape, stride, padding) else scattered
    return way(dy, taps, x_shape, stride, padding)


def _classes(kernel, size, stride, padding):
    """Along one axis: from how many outputs a pixel collects, the first class of pixels, and how many classes there are.

    Pixel S m + a of the padded image, 0 <= a < S, was seen by output m - t with tap a + S t, for t = 0 ... reach - 1:
    so the S pixels of class m collect from the same outputs.
    """
    first, last = padding // stride, (padding + size - 1) // stride
    return ceil(kernel / stride), first, last - first + 1


def _gathering_is_faster(dy, taps, x_shape, stride, padding):
    """An estimate: a number that is written, or read again, costs as much as 16 multiplications."""
    (kernel_h, kernel_w, channels, filters), (_, rows, columns, _) = taps.shape, dy.shape
    (reach_h, _, high), (reach_w, _, wide) = map(_classes, (kernel_h, kernel_w), x_shape[2:], stride, padding)
    gathered = high * wide * reach_h * reach_w * filters * (16 + stride[0] * stride[1] * channels)
    scattered = rows * columns * kernel_h * kernel_w * channels * (3 * 16 + filters)  # written, and added to others
    return gathered < scattered


def gathered(dy, taps, x_shape, stride, padding):
    """Every pixel collects from the outputs that saw it: a convolution of dy with the taps turned round."""
    (kernel_h, kernel_w, channels, filters), (step_h, step_w), (height, width) = taps.shape, stride, x_shape[2:]
    (reach_h, first_h, high), (reach_w, first_w, wide) = map(_classes, (kernel_h, kernel_w), x_shape[2:], stride, padding)
    around = framed(dy, reach_h - 1 - first_h, reach_w - 1 - first_w, high + reach_h - 1, wide + reach_w - 1)
    seen = row_by_row(around, (reach_h, reach_w), (1, 1), (high, wide))
    # Taps by (t, a) along both axes, zeros beyond the kernel's end; turned round: the output before has the later tap.
    turned = np.zeros((reach_h * step_h, reach_w * step_w, channels, filters), taps.dtype)
    turned[:kernel_h, :kernel_w] = taps
    turned = turned.reshape(reach_h, step_h, reach_w, step_w, channels, filters)[::-1, :, ::-1].transpose(0, 2, 5, 1, 3, 4)
    dx = seen @ turned.reshape(reach_h * reach_w * filters, -1)
    dx = dx.reshape(-1, high, wide, step_h, step_w, channels).transpose(0, 1, 3, 2, 4, 5)  # the S * S pixels of each class
    dx = dx.reshape(-1, high * step_h, wide * step_w, channels)
    above, left = padding[0] - first_h * step_h, padding[1] - first_w * step_w
    return dx[:, above:above + height, left:left + width]


def scattered(dy, taps, x_shape, stride, padding):
    """Every output adds to the pixels of its window, one tap of all windows at a time."""
    (count, channels, height, width), (above, left), (step_h, step_w) = x_shape, padding, stride
    _, rows, columns, filters = dy.shape
    dx = np.zeros((count, height + 2 * above, width + 2 * left, channels), dy.dtype)
    for i, j in np.ndindex(taps.shape[:2]):
        part = (dy.reshape(-1, filters) @ taps[i, j].T).reshape(count, rows, columns, channels)
        dx[:, i:i + step_h * (rows - 1) + 1:step_h, j:j + step_w * (columns - 1) + 1:step_w] += part
    return dx[:, above:above + height, left:left + width]
