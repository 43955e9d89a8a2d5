"""Convolution, forward and backward, for images (N, C, H, W).

A filter bank w is (F, C, KH, KW): F filters, each as deep as the image has channels. Strides and
paddings are a whole number or a pair (along height, along width). An output has

    OH = floor((H + 2 PH - KH) / SH) + 1        OW = floor((W + 2 PW - KW) / SW) + 1

rows and columns; rows and columns at the far end that no window reaches are left over, and their
gradient is zero. Like every deep-learning library, "convolution" here does not flip the filter.
"""
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from . import pixels, windows, winograd
from .checks import channels_first, channels_last, check_axes, check_float, check_upstream, check_weighted, filters_first, pair, taps_first

IMAGE, FILTERS = ("N", "C", "H", "W"), ("F", "C", "KH", "KW")


def out_size(where, image, kernel, stride, padding):
    """(OH, OW) for an image (H, W); raises ValueError where the window is larger than the padded image."""
    padded = [size + 2 * pad for size, pad in zip(image, padding)]
    if kernel[0] > padded[0] or kernel[1] > padded[1]:
        raise ValueError(f"{where}: the window (KH, KW) = {tuple(kernel)} is larger than the padded image, which is "
                         f"(H + 2 PH, W + 2 PW) = {tuple(padded)}: use a smaller window or more padding")
    return tuple((size - window) // step + 1 for size, window, step in zip(padded, kernel, stride))


def pad(x, padding, value=0):
    (above, left) = padding
    if not (above or left):
        return x
    return channels_first(np.pad(x.transpose(0, 2, 3, 1), ((0, 0), (above, above), (left, left), (0, 0)), constant_values=value))


def window_view(padded, kernel, stride):
    """Every window of every image, as a view that copies nothing: (N, C, OH, OW, KH, KW)."""
    return sliding_window_view(padded, kernel, axis=(2, 3))[:, :, ::stride[0], ::stride[1]]


def each_tap(kernel, stride, out):
    """For each tap (i, j) of a window: which rows and which columns of the padded image it ever met."""
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            yield i, j, slice(i, i + stride[0] * (out[0] - 1) + 1, stride[0]), slice(j, j + stride[1] * (out[1] - 1) + 1, stride[1])


def crop(padded, padding):
    (above, left), (height, width) = padding, padded.shape[2:]
    return np.ascontiguousarray(padded[:, :, above:height - above, left:width - left])


# --- Windows as columns: what turns a convolution into one matrix product --------------------------

def im2col(x, kernel_size, stride=1, padding=0):
    """Lay every window of every image out as a column (torch.nn.functional.unfold).

    x (N, C, H, W) -> (N, C KH KW, OH OW). Raises TypeError or ValueError as `conv2d` does.
    """
    check_float("im2col", x=x)
    check_axes("im2col", "x", x, IMAGE)
    kernel, stride, padding = geometry("im2col", kernel_size, stride, padding)
    out_size("im2col", x.shape[2:], kernel, stride, padding)
    view = window_view(pad(x, padding), kernel, stride)
    count, channels, out_h, out_w = view.shape[:4]
    columns = view.transpose(0, 1, 4, 5, 2, 3).copy()  # also where a view would do, so that it is never x itself
    return columns.reshape(count, channels * kernel[0] * kernel[1], out_h * out_w)


def col2im(columns, size, kernel_size, stride=1, padding=0):
    """Add every column back to where `im2col` took it from (torch.nn.functional.fold): its adjoint.

    columns (N, C KH KW, OH OW), size = (H, W) -> (N, C, H, W). A pixel that lay in several windows
    collects from all of them; one that lay in none stays zero. Raises ValueError for columns that
    `im2col` cannot have made from images of this size.
    """
    check_float("col2im", columns=columns)
    check_axes("col2im", "columns", columns, ("N", "C KH KW", "OH OW"))
    size, (kernel, stride, padding) = pair("col2im", "size", size, 1), geometry("col2im", kernel_size, stride, padding)
    out = out_size("col2im", size, kernel, stride, padding)
    count, depth, places = columns.shape
    if depth % (kernel[0] * kernel[1]) or places != out[0] * out[1]:
        raise ValueError(f"col2im: columns (N, C KH KW, OH OW) = {columns.shape} do not fit windows (KH, KW) = {kernel} "
                         f"at (OH, OW) = {out} places")
    columns = columns.reshape(count, -1, *kernel, *out)
    padded = np.zeros((count, columns.shape[1], size[0] + 2 * padding[0], size[1] + 2 * padding[1]), columns.dtype)
    for i, j, rows, cols in each_tap(kernel, stride, out):
        padded[:, :, rows, cols] += columns[:, :, i, j]
    return crop(padded, padding)


def geometry(where, kernel_size, stride, padding):
    return (pair(where, "kernel_size", kernel_size, 1), pair(where, "stride", stride, 1),
            pair(where, "padding", padding, 0))


# --- Convolution --------------------------------------------------------------------------------

def _conv_geometry(where, x, w, stride, padding):
    """Checked (stride, padding, out) of a convolution of images x with filters w."""
    check_axes(where, "x", x, IMAGE)
    check_axes(where, "w", w, FILTERS)
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"{where}: x has {x.shape[1]} channels but the filters expect {w.shape[1]}: "
                         f"x (N, C, H, W) = {x.shape}, w (F, C, KH, KW) = {w.shape}")
    stride, padding = pair(where, "stride", stride, 1), pair(where, "padding", padding, 0)
    return stride, padding, out_size(where, x.shape[2:], w.shape[2:], stride, padding)


def _check_bias(where, w, b):
    if b is not None and b.shape != w.shape[:1]:
        raise ValueError(f"{where}: there are {w.shape[0]} filters but b has shape {b.shape}: "
                         f"w (F, C, KH, KW) = {w.shape}, b (F,) wanted")


def conv2d(x, w, b, stride=1, padding=0):
    """Slide every filter over every image: y_nf = b_f + sum of window times filter, at each place.

    x (N, C, H, W), w (F, C, KH, KW), b (F,) or None -> y (N, F, OH, OW), cache (LeCun et al. 1998, section 2).
    The numbers are those of `conv2d_loops`, but for rounding; how they are computed hangs on the shapes (`algorithm`).
    Raises TypeError for dtypes that are not floating point or not shared, ValueError for shapes that
    do not fit, a filter larger than the padded image, a stride below 1 or a negative padding.
    """
    check_weighted("conv2d", x, w, b)
    stride, padding, out = _conv_geometry("conv2d", x, w, stride, padding)
    _check_bias("conv2d", w, b)
    way = algorithm(x.shape, w.shape, stride, padding, out)
    taps = taps_first(w)
    y, kept = way.forward(x.transpose(0, 2, 3, 1), taps, stride, padding, out)
    if b is not None:
        images = y.reshape(len(x), -1)
        images += np.tile(b, out[0] * out[1])  # a whole image at a time, not F numbers: three times as fast
    return channels_first(y), (way, kept, taps, x.shape, out, stride, padding, b is not None)


def conv2d_backward(dy, cache, input_gradient=True):
    """Where the forward pass read a number, the backward pass adds to its gradient.

    dy (N, F, OH, OW) -> dx (N, C, H, W), dw (F, C, KH, KW), db (F,). Without a bias, db is None.
    Without `input_gradient`, dx is None and costs nothing: the first layer does not need it.
    """
    way, kept, taps, x_shape, out, stride, padding, biased = cache
    filters = taps.shape[3]
    check_upstream("conv2d_backward", dy, (x_shape[0], filters, *out), taps.dtype)
    dy = channels_last(dy)
    rows = dy.reshape(-1, filters)
    db = np.ones(len(rows), dy.dtype) @ rows if biased else None  # the sum over rows, ten times as fast as sum(axis=0)
    dx, dtaps = way.backward(dy, kept, taps, x_shape, stride, padding, input_gradient)
    return channels_first(dx) if input_gradient else None, filters_first(dtaps), db


def algorithm(x_shape, w_shape, stride, padding, out):
    """Which module computes a convolution: `windows`, `pixels` or `winograd`, by what is fastest.

    - `windows`, with fewer than 16 channels or filters: then layout costs more than products;
    - `pixels`, where at least half of the taps meet nothing but padding: maps of 2 × 2 and less under 3 × 3 filters;
    - `winograd`, for 3 × 3 filters with stride 1 and padding of at most 2, where there are so many images, or such large
      ones, that the multiplications saved pay for transforming the filters: the more channels, the dearer (measured);
    - `windows`, for all others.
    """
    (filters, channels, *kernel), size = w_shape, x_shape[2:]
    if min(filters, channels) < 16:
        return windows
    if 2 * pixels.multiplications(kernel, size, stride, padding, out) <= kernel[0] * kernel[1] * out[0] * out[1]:
        return pixels
    fits = kernel == [3, 3] and stride == (1, 1) and max(padding) <= 2
    if fits and winograd.saved(x_shape[0], out) >= 2000 + 6 * max(filters, channels):
        return winograd
    return windows


def conv2d_loops(x, w, b, stride=1, padding=0):
    """`conv2d` as plainly as it can be written, one multiplication at a time; returns y alone."""
    check_weighted("conv2d_loops", x, w, b)
    (step_h, step_w), padding, out = _conv_geometry("conv2d_loops", x, w, stride, padding)
    _check_bias("conv2d_loops", w, b)
    padded = pad(x, padding)
    y = np.zeros((len(x), len(w), *out), x.dtype)
    for n, f, row, column in np.ndindex(y.shape):
        y[n, f, row, column] = 0 if b is None else b[f]
        for c, i, j in np.ndindex(w.shape[1:]):
            y[n, f, row, column] += padded[n, c, step_h * row + i, step_w * column + j] * w[f, c, i, j]
    return y


def conv2d_backward_loops(dy, x, w, stride=1, padding=0):
    """`conv2d_backward` as plainly as it can be written: the same loops, with every arrow turned round."""
    check_float("conv2d_backward_loops", x=x, w=w)
    (step_h, step_w), padding, out = _conv_geometry("conv2d_backward_loops", x, w, stride, padding)
    check_upstream("conv2d_backward_loops", dy, (len(x), len(w), *out), w.dtype)
    padded = pad(x, padding)
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros(len(w), w.dtype)
    for n, f, row, column in np.ndindex(dy.shape):
        db[f] += dy[n, f, row, column]
        for c, i, j in np.ndindex(w.shape[1:]):
            place = n, c, step_h * row + i, step_w * column + j
            dw[f, c, i, j] += dy[n, f, row, column] * padded[place]
            dpadded[place] += dy[n, f, row, column] * w[f, c, i, j]
    return crop(dpadded, padding), dw, db
