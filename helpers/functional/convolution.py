"""Convolution and pooling, forward and backward, for images (N, C, H, W).

A filter bank w is (F, C, KH, KW): F filters, each as deep as the image has channels. Strides and
paddings are a whole number or a pair (along height, along width). An output has

    OH = floor((H + 2 PH - KH) / SH) + 1        OW = floor((W + 2 PW - KW) / SW) + 1

rows and columns; rows and columns at the far end that no window reaches are left over, and their
gradient is zero. Like every deep-learning library, "convolution" here does not flip the filter.
"""
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .common import check_axes, check_float, check_upstream, pair
from .plan import Plan

IMAGE, FILTERS = ("N", "C", "H", "W"), ("F", "C", "KH", "KW")


def _out_size(where, image, kernel, stride, padding):
    """(OH, OW) for an image (H, W); raises ValueError where the window is larger than the padded image."""
    padded = [size + 2 * pad for size, pad in zip(image, padding)]
    if kernel[0] > padded[0] or kernel[1] > padded[1]:
        raise ValueError(f"{where}: the window (KH, KW) = {tuple(kernel)} is larger than the padded image, which is "
                         f"(H + 2 PH, W + 2 PW) = {tuple(padded)}: use a smaller window or more padding")
    return tuple((size - window) // step + 1 for size, window, step in zip(padded, kernel, stride))


def _padded(x, padding, value=0):
    (above, left) = padding
    return np.pad(x, ((0, 0), (0, 0), (above, above), (left, left)), constant_values=value) if above or left else x


def _windows(padded, kernel, stride):
    """Every window of every image, as a view that copies nothing: (N, C, OH, OW, KH, KW)."""
    return sliding_window_view(padded, kernel, axis=(2, 3))[:, :, ::stride[0], ::stride[1]]


def _taps(kernel, stride, out):
    """For each tap (i, j) of a window: which rows and which columns of the padded image it ever met."""
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            yield i, j, slice(i, i + stride[0] * (out[0] - 1) + 1, stride[0]), slice(j, j + stride[1] * (out[1] - 1) + 1, stride[1])


def _cropped(padded, padding):
    (above, left), (height, width) = padding, padded.shape[2:]
    return np.ascontiguousarray(padded[:, :, above:height - above, left:width - left])


# --- Windows as columns: what turns a convolution into one matrix product --------------------------

def im2col(x, kernel_size, stride=1, padding=0):
    """Lay every window of every image out as a column (torch.nn.functional.unfold).

    x (N, C, H, W) -> (N, C KH KW, OH OW). Raises TypeError or ValueError as `conv2d` does.
    """
    check_float("im2col", x=x)
    check_axes("im2col", "x", x, IMAGE)
    kernel, stride, padding = _geometry("im2col", kernel_size, stride, padding)
    _out_size("im2col", x.shape[2:], kernel, stride, padding)
    windows = _windows(_padded(x, padding), kernel, stride)
    count, channels, out_h, out_w = windows.shape[:4]
    columns = windows.transpose(0, 1, 4, 5, 2, 3).copy()  # also where a view would do, so that it is never x itself
    return columns.reshape(count, channels * kernel[0] * kernel[1], out_h * out_w)


def col2im(columns, size, kernel_size, stride=1, padding=0):
    """Add every column back to where `im2col` took it from (torch.nn.functional.fold): its adjoint.

    columns (N, C KH KW, OH OW), size = (H, W) -> (N, C, H, W). A pixel that lay in several windows
    collects from all of them; one that lay in none stays zero. Raises ValueError for columns that
    `im2col` cannot have made from images of this size.
    """
    check_float("col2im", columns=columns)
    check_axes("col2im", "columns", columns, ("N", "C KH KW", "OH OW"))
    size, (kernel, stride, padding) = pair("col2im", "size", size, 1), _geometry("col2im", kernel_size, stride, padding)
    out = _out_size("col2im", size, kernel, stride, padding)
    count, depth, places = columns.shape
    if depth % (kernel[0] * kernel[1]) or places != out[0] * out[1]:
        raise ValueError(f"col2im: columns (N, C KH KW, OH OW) = {columns.shape} do not fit windows (KH, KW) = {kernel} "
                         f"at (OH, OW) = {out} places")
    columns = columns.reshape(count, -1, *kernel, *out)
    padded = np.zeros((count, columns.shape[1], size[0] + 2 * padding[0], size[1] + 2 * padding[1]), columns.dtype)
    for i, j, rows, cols in _taps(kernel, stride, out):
        padded[:, :, rows, cols] += columns[:, :, i, j]
    return _cropped(padded, padding)


def _geometry(where, kernel_size, stride, padding):
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
    kernel, stride, padding = _geometry(where, w.shape[2:], stride, padding)
    return stride, padding, _out_size(where, x.shape[2:], kernel, stride, padding)


def _check_bias(where, w, b):
    if b.shape != w.shape[:1]:
        raise ValueError(f"{where}: there are {w.shape[0]} filters but b has shape {b.shape}: "
                         f"w (F, C, KH, KW) = {w.shape}, b (F,) wanted")


def conv2d(x, w, b, stride=1, padding=0, plan=None):
    """Slide every filter over every image: y_nf = b_f + sum of window times filter, at each place.

    x (N, C, H, W), w (F, C, KH, KW), b (F,) -> y (N, F, OH, OW), cache (LeCun et al. 1998, section 2).
    `plan` may be the cache of an earlier call, which spares the checks where the shapes are the same; it then is the
    cache of this call, and no longer of that one.
    Raises TypeError for dtypes that are not floating point or not shared, ValueError for shapes that
    do not fit, a filter larger than the padded image, a stride below 1 or a negative padding.
    """
    if plan is None or not plan.fits(x, w, b, stride, padding):
        check_float("conv2d", x=x, w=w, b=b)
        stride, padding, out = _conv_geometry("conv2d", x, w, stride, padding)
        _check_bias("conv2d", w, b)
        plan = Plan(x.shape, w.shape, out, stride, padding, x.dtype)
    return plan.forward(x, w, b), plan


def conv2d_backward(dy, cache, input_gradient=True):
    """Where the forward pass read a number, the backward pass adds to its gradient.

    dy (N, F, OH, OW) -> dx (N, C, H, W), dw (F, C, KH, KW), db (F,). With windows as rows of a matrix:
    dw = windowsᵀ dy, and each pixel collects wᵀ dy from every window that saw it. Without
    `input_gradient`, dx is None and costs nothing: a first layer has nobody to hand it to.
    """
    check_upstream("conv2d_backward", dy, (cache.x_shape[0], cache.w_shape[0], *cache.out), cache.dtype)
    return cache.backward(dy, input_gradient)


def conv2d_loops(x, w, b, stride=1, padding=0):
    """`conv2d` as plainly as it can be written, one multiplication at a time; returns y alone."""
    check_float("conv2d_loops", x=x, w=w, b=b)
    (step_h, step_w), padding, out = _conv_geometry("conv2d_loops", x, w, stride, padding)
    _check_bias("conv2d_loops", w, b)
    padded = _padded(x, padding)
    y = np.zeros((len(x), len(w), *out), x.dtype)
    for n, f, row, column in np.ndindex(y.shape):
        y[n, f, row, column] = b[f]
        for c, i, j in np.ndindex(w.shape[1:]):
            y[n, f, row, column] += padded[n, c, step_h * row + i, step_w * column + j] * w[f, c, i, j]
    return y


def conv2d_backward_loops(dy, x, w, stride=1, padding=0):
    """`conv2d_backward` as plainly as it can be written: the same loops, with every arrow turned round."""
    check_float("conv2d_backward_loops", x=x, w=w)
    (step_h, step_w), padding, out = _conv_geometry("conv2d_backward_loops", x, w, stride, padding)
    check_upstream("conv2d_backward_loops", dy, (len(x), len(w), *out), w.dtype)
    padded = _padded(x, padding)
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros(len(w), w.dtype)
    for n, f, row, column in np.ndindex(dy.shape):
        db[f] += dy[n, f, row, column]
        for c, i, j in np.ndindex(w.shape[1:]):
            place = n, c, step_h * row + i, step_w * column + j
            dw[f, c, i, j] += dy[n, f, row, column] * padded[place]
            dpadded[place] += dy[n, f, row, column] * w[f, c, i, j]
    return _cropped(dpadded, padding), dw, db


# --- Pooling ------------------------------------------------------------------------------------

def _pool_geometry(where, x, kernel_size, stride, padding):
    """Checked (kernel, stride, padding, out) of a pooling; the stride is the window's size unless given."""
    check_float(where, x=x)
    check_axes(where, "x", x, IMAGE)
    kernel, stride, padding = _geometry(where, kernel_size, kernel_size if stride is None else stride, padding)
    if any(2 * pad > window for pad, window in zip(padding, kernel)):
        raise ValueError(f"{where}: padding {padding} is more than half of the window {kernel}: "
                         "some windows would see no pixel at all")
    return kernel, stride, padding, _out_size(where, x.shape[2:], kernel, stride, padding)


def max_pool2d(x, kernel_size, stride=None, padding=0):
    """The largest number in each window, channel by channel; padding never wins (Riesenhuber and Poggio 1999).

    x (N, C, H, W) -> y (N, C, OH, OW), cache. The stride is the window's size unless given.
    Raises as `conv2d` does, and ValueError for a padding above half the window, as PyTorch does.
    """
    kernel, stride, padding, out = _pool_geometry("max_pool2d", x, kernel_size, stride, padding)
    windows = _windows(_padded(x, padding, -np.inf), kernel, stride).reshape(*x.shape[:2], *out, -1)
    winner = windows.argmax(axis=4)  # of two equal numbers the first in reading order
    y = np.take_along_axis(windows, winner[..., None], axis=4)[..., 0]
    # Padding could tie only where a window sees nothing but -inf: there the first pixel of the image wins.
    row, column = (np.maximum(pad - step * np.arange(count), 0) for pad, step, count in zip(padding, stride, out))
    if padding != (0, 0):
        winner = np.where(y == -np.inf, row[:, None] * kernel[1] + column, winner)
    return y, (winner, x.shape, x.dtype, kernel, stride, padding)


def max_pool2d_backward(dy, cache):
    """dy (N, C, OH, OW) -> dx (N, C, H, W): each window's gradient goes to the pixel that won it."""
    winner, x_shape, dtype, kernel, stride, padding = cache
    check_upstream("max_pool2d_backward", dy, winner.shape, dtype)
    return _spread(lambda i, j: np.where(winner == i * kernel[1] + j, dy, 0), dy, x_shape, kernel, stride, padding)


def avg_pool2d(x, kernel_size, stride=None, padding=0):
    """The mean of each window, channel by channel (LeCun et al. 1998, section 2); padding counts as zeros, as in PyTorch.

    x (N, C, H, W) -> y (N, C, OH, OW), cache. Raises as `max_pool2d` does.
    """
    kernel, stride, padding, out = _pool_geometry("avg_pool2d", x, kernel_size, stride, padding)
    padded, y = _padded(x, padding), 0
    for _, _, rows, columns in _taps(kernel, stride, out):
        y += padded[:, :, rows, columns]
    y /= y.dtype.type(kernel[0] * kernel[1])
    return y, (x.shape, x.dtype, kernel, stride, padding)


def avg_pool2d_backward(dy, cache):
    """dy (N, C, OH, OW) -> dx (N, C, H, W): each window's gradient is shared out evenly."""
    x_shape, dtype, kernel, stride, padding = cache
    out = _out_size("avg_pool2d_backward", x_shape[2:], kernel, stride, padding)
    check_upstream("avg_pool2d_backward", dy, (*x_shape[:2], *out), dtype)
    share = dy / dy.dtype.type(kernel[0] * kernel[1])
    return _spread(lambda i, j: share, dy, x_shape, kernel, stride, padding)


def _spread(part, dy, x_shape, kernel, stride, padding):
    """Adds `part(i, j)`, what tap (i, j) of every window receives, back to the pixels that it met."""
    padded = np.zeros((*x_shape[:2], x_shape[2] + 2 * padding[0], x_shape[3] + 2 * padding[1]), dy.dtype)
    for i, j, rows, columns in _taps(kernel, stride, dy.shape[2:]):
        padded[:, :, rows, columns] += part(i, j)
    return _cropped(padded, padding)
