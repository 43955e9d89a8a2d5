"""Pooling, forward and backward: a window slides over each channel by itself. Sizes and left-over rows are as in `conv`."""
import numpy as np

from .checks import channels_first, channels_last, check_axes, check_float, check_upstream, pair
from .conv import IMAGE, each_tap, geometry, out_size, pad


def _pool_geometry(where, x, kernel_size, stride, padding):
    """Checked (kernel, stride, padding, out) of a pooling; the stride is the window's size unless given."""
    check_float(where, x=x)
    check_axes(where, "x", x, IMAGE)
    kernel, stride, padding = geometry(where, kernel_size, kernel_size if stride is None else stride, padding)
    if any(2 * pad > window for pad, window in zip(padding, kernel)):
        raise ValueError(f"{where}: padding {padding} is more than half of the window {kernel}: "
                         "some windows would see no pixel at all")
    return kernel, stride, padding, out_size(where, x.shape[2:], kernel, stride, padding)


def max_pool2d(x, kernel_size, stride=None, padding=0):
    """The largest number in each window, channel by channel; padding never wins (Riesenhuber and Poggio 1999).

    x (N, C, H, W) -> y (N, C, OH, OW), cache. The stride is the window's size unless given.
    Raises as `conv2d` does, and ValueError for a padding above half the window, as PyTorch does.
    """
    kernel, stride, padding, out = _pool_geometry("max_pool2d", x, kernel_size, stride, padding)
    padded, y = pad(x, padding, -np.inf), None
    for number, (_, _, rows, columns) in enumerate(each_tap(kernel, stride, out)):
        seen = padded[:, :, rows, columns]
        if y is None:
            y, winner = seen.copy(order="K"), np.zeros_like(seen, np.min_scalar_type(kernel[0] * kernel[1]))
            continue
        larger = ~(seen <= y) & (y == y)  # of two equal numbers the first in reading order wins, as does the first nan
        np.maximum(winner, larger * winner.dtype.type(number), out=winner)
        np.maximum(y, seen, out=y)
    # Padding could tie only where a window sees nothing but -inf: there the first pixel of the image wins.
    row, column = (np.maximum(pad - step * np.arange(count), 0) for pad, step, count in zip(padding, stride, out))
    if padding != (0, 0):
        np.copyto(winner, row[:, None] * kernel[1] + column, where=y == -np.inf, casting="unsafe")
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
    padded, y = pad(x, padding), 0
    for _, _, rows, columns in each_tap(kernel, stride, out):
        y += padded[:, :, rows, columns]
    y /= y.dtype.type(kernel[0] * kernel[1])
    return y, (x.shape, x.dtype, kernel, stride, padding)


def avg_pool2d_backward(dy, cache):
    """dy (N, C, OH, OW) -> dx (N, C, H, W): each window's gradient is shared out evenly."""
    x_shape, dtype, kernel, stride, padding = cache
    out = out_size("avg_pool2d_backward", x_shape[2:], kernel, stride, padding)
    check_upstream("avg_pool2d_backward", dy, (*x_shape[:2], *out), dtype)
    share = dy / dy.dtype.type(kernel[0] * kernel[1])
    return _spread(lambda i, j: share, dy, x_shape, kernel, stride, padding)


def adaptive_avg_pool2d(x, output_size):
    """Means of as many windows as are wanted, whatever the image's size: with 1, of each whole channel (Lin et al. 2014).

    x (N, C, H, W), output_size a whole number or (OH, OW) -> y (N, C, OH, OW), cache. Row i of the output is the mean of
    the rows from floor(i H / OH) to ceil((i + 1) H / OH), as in PyTorch; columns likewise.
    """
    check_float("adaptive_avg_pool2d", x=x)
    check_axes("adaptive_avg_pool2d", "x", x, IMAGE)
    out = pair("adaptive_avg_pool2d", "output_size", output_size, 1)
    rows, columns = (_means(size, count, x.dtype) for size, count in zip(x.shape[2:], out))
    return rows @ x @ columns.T, (rows, columns, x.shape)


def adaptive_avg_pool2d_backward(dy, cache):
    """dy (N, C, OH, OW) -> dx (N, C, H, W): each window's gradient is shared out evenly."""
    rows, columns, x_shape = cache
    check_upstream("adaptive_avg_pool2d_backward", dy, (*x_shape[:2], len(rows), len(columns)), rows.dtype)
    return rows.T @ dy @ columns


def subsample_pad(x, filters, stride):
    """Every stride-th pixel, and channels of zeros put after x's own (He et al. 2016, section 3.3, option A).

    x (N, C, H, W), stride a whole number or (along height, along width) -> y (N, filters, H / stride, W / stride), rounded up, cache.
    """
    check_float("subsample_pad", x=x)
    check_axes("subsample_pad", "x", x, IMAGE)
    stride = pair("subsample_pad", "stride", stride, 1)
    if x.shape[1] > filters:
        raise ValueError(f"subsample_pad: x has {x.shape[1]} channels, more than the {filters} wanted: channels are only added")
    kept = x[:, :, ::stride[0], ::stride[1]]
    count, channels, height, width = kept.shape
    y = channels_first(np.zeros((count, height, width, filters), x.dtype))  # lies as convolutions' outputs do
    y[:, :channels] = kept
    return y, (x.shape, x.dtype, y.shape, stride)


def subsample_pad_backward(dy, cache):
    """dy (N, filters, OH, OW) -> dx (N, C, H, W): pixels that were left out get zeros, and channels that were added have no say."""
    x_shape, dtype, y_shape, stride = cache
    check_upstream("subsample_pad_backward", dy, y_shape, dtype)
    count, channels, height, width = x_shape
    dx = channels_first(np.zeros((count, height, width, channels), dtype))
    dx[:, :, ::stride[0], ::stride[1]] = dy[:, :channels]
    return dx


def _means(size, count, dtype):
    """A matrix (count, size) whose product with `size` numbers is the mean of each of `count` windows."""
    means = np.zeros((count, size), dtype)
    for i in range(count):
        first, last = i * size // count, -(-(i + 1) * size // count)
        means[i, first:last] = 1 / (last - first)
    return means


def _spread(part, dy, x_shape, kernel, stride, padding):
    """Adds `part(i, j)`, what tap (i, j) of every window receives, back to the pixels that it met."""
    (count, channels, height, width), (above, left) = x_shape, padding
    padded = channels_first(np.zeros((count, height + 2 * above, width + 2 * left, channels), dy.dtype))
    for i, j, rows, columns in each_tap(kernel, stride, dy.shape[2:]):
        padded[:, :, rows, columns] += part(i, j)
    return channels_first(channels_last(padded[:, :, above:above + height, left:left + width]))
