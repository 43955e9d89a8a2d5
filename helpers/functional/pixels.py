"""Convolutions of small maps: each tap times those pixels that it meets, and never the padding.

On a map of 2 × 2, 20 of the 36 products of a 3 × 3 filter meet nothing but padding, on one of 1 × 1 eight of nine; laid out
as windows, they are computed all the same. Images are (N, H, W, C) here, contiguous; inside, pixels are outermost.
"""
import numpy as np


def forward(x, taps, stride, padding, out):
    """y (N, OH, OW, F) of x (N, H, W, C) and taps (KH, KW, C, F), and what the backward pass keeps."""
    pixels = _pixels_first(x)
    y = np.zeros((*out, len(x), taps.shape[3]), x.dtype)
    for tap, outputs, inputs in meetings(taps.shape[:2], x.shape[1:3], stride, padding, out):
        seen = pixels[inputs]
        y[outputs] += (seen.reshape(-1, seen.shape[3]) @ taps[tap]).reshape(*seen.shape[:3], -1)  # one product of many rows
    return _images_first(y), pixels


def backward(dy, pixels, taps, x_shape, stride, padding, input_gradient):
    """dx (N, H, W, C), or None without `input_gradient`, and dtaps (KH, KW, C, F)."""
    upstream, dtaps, unmet = _pixels_first(dy), np.empty_like(taps), np.ones(taps.shape[:2], bool)
    dx = np.zeros_like(pixels) if input_gradient else None
    for tap, outputs, inputs in meetings(taps.shape[:2], x_shape[2:], stride, padding, dy.shape[1:3]):
        met = upstream[outputs]
        rows = met.reshape(-1, taps.shape[3])
        np.matmul(pixels[inputs].reshape(-1, taps.shape[2]).T, rows, out=dtaps[tap])
        unmet[tap] = False
        if input_gradient:
            dx[inputs] += (rows @ taps[tap].T).reshape(*met.shape[:3], -1)
    dtaps[unmet] = 0
    return _images_first(dx) if input_gradient else None, dtaps


def meetings(kernel, size, stride, padding, out):
    """For each tap that meets a pixel: (i, j), the outputs for which it does, and the pixels, both as slices."""
    along_h, along_w = ([_along(tap, *axis) for tap in range(taps)]
                        for taps, *axis in zip(kernel, size, stride, padding, out))
    for i, (rows, from_rows) in enumerate(along_h):
        for j, (columns, from_columns) in enumerate(along_w):
            if rows.start < rows.stop and columns.start < columns.stop:
                yield (i, j), (rows, columns), (from_rows, from_columns)


def _along(tap, size, stride, padding, out):
    """Along one axis: output p meets pixel p stride + tap - padding, if that lies in the image."""
    first, last = max(0, -(-(padding - tap) // stride)), min(out - 1, (size - 1 + padding - tap) // stride)
    start = first * stride + tap - padding
    return slice(first, last + 1), slice(start, start + (last - first) * stride + 1, stride)


def multiplications(kernel, size, stride, padding, out):
    """How many taps meet a pixel, over all outputs of a map."""
    along_h, along_w = (sum(max(0, outputs.stop - outputs.start) for outputs, _ in (_along(tap, *axis) for tap in range(taps)))
                        for taps, *axis in zip(kernel, size, stride, padding, out))
    return along_h * along_w


def _pixels_first(x):
    """(N, H, W, C) -> (H, W, N, C), contiguous."""
    return np.ascontiguousarray(x.transpose(1, 2, 0, 3))


def _images_first(x):
    """(H, W, N, C) -> (N, H, W, C), contiguous."""
    return np.ascontiguousarray(x.transpose(2, 0, 1, 3))
