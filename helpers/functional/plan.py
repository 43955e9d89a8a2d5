"""The fast convolution: the same numbers as the plain loops, from few and large steps through memory.

What makes it fast:

- images keep their shape (N, C, H, W) but lie in memory channels last, so that KW * C numbers of a
  window stand side by side and are copied in one go; where there is one channel only, windows are
  laid out tap by tap instead, in runs as long as an output map;
- every window is laid out once, forward and backward use the same matrix;
- the bias is the weight of one more tap that always reads 1: it costs no pass of its own;
- the gradient of the input is gathered, not scattered, where that moves fewer numbers: with stride S
  the pixels fall into S * S classes, and all pixels of a class are served by the same taps;
- a plan that is used again uses its memory again, so that the system is never asked for more.
"""
from math import ceil

import numpy as np

from .common import channels_first, channels_last


def _view(array, shape, strides, offset=0):
    """A window on a contiguous array's memory; strides and offset count numbers, not bytes."""
    size = array.itemsize
    return np.ndarray(shape, array.dtype, array, offset * size, [stride * size for stride in strides])


class Plan:
    """Convolutions of one shape: x (N, C, H, W) with w (F, C, KH, KW), and the memory that they need.

    Once `reuse` is set, each call writes where the one before did, results included: for a network that
    nobody but its owner looks at. Until then, every result is a new array.
    """

    reuse = False

    def __init__(self, x_shape, w_shape, out, stride, padding, dtype):
        self.x_shape, self.w_shape, self.out, self.dtype = x_shape, w_shape, out, dtype
        self.stride, self.padding = stride, padding
        self.kept = {}
        (count, channels, height, width), (filters, _, *kernel) = x_shape, w_shape
        self.padded_shape = count, height + 2 * padding[0], width + 2 * padding[1], channels
        self.taps = channels * kernel[0] * kernel[1]
        self.places = count * out[0] * out[1]
        # Tap by tap where a row of the output is a longer run than a row of the window.
        self.tap_by_tap = stride[1] == 1 and out[1] > kernel[1] * channels

    def fits(self, x, w, b, stride, padding):
        return (x.shape == self.x_shape and w.shape == self.w_shape and b.shape == w.shape[:1]
                and x.dtype == w.dtype == b.dtype == self.dtype and stride == self.stride and padding == self.padding)

    def room(self, name, shape, fill=None):
        """An array of this shape: the same at each call under `reuse`, and filled when it is new."""
        array = self.kept.get(name)
        if array is None:
            array = np.empty(shape, self.dtype) if fill is None else np.full(shape, fill, self.dtype)
            if self.reuse:
                self.kept[name] = array
        return array

    def forward(self, x, w, b):
        """y (N, F, OH, OW), as windows (places, taps + 1) times weights (taps + 1, F)."""
        filters = len(w)
        self.windows = self._tap_by_tap(x) if self.tap_by_tap else self._row_by_row(x)
        self.weights = self.room("weights", (self.taps + 1, filters))
        self.weights[:-1].reshape(*w.shape[2:], w.shape[1], filters)[...] = w.transpose(2, 3, 1, 0)
        self.weights[-1] = b
        y = np.matmul(self.windows, self.weights, out=self.room("y", (self.places, filters)))
        return channels_first(y.reshape(len(x), *self.out, filters))

    def _padded(self, x):
        """The images channels last and with their rim of zeros."""
        above, left = self.padding
        x = x.transpose(0, 2, 3, 1)
        if not above and not left and x.flags.c_contiguous:
            return x
        padded = self.room("padded", self.padded_shape, fill=0)
        padded[:, above:above + x.shape[1], left:left + x.shape[2]] = x
        return padded

    def _row_by_row(self, x):
        """Windows (places, taps + 1): each a row, copied KW * C numbers at a time."""
        x = self._padded(x)
        (count, height, width, channels), (rows, columns) = x.shape, self.out
        (step_h, step_w), (kernel_h, kernel_w) = self.stride, self.w_shape[2:]
        windows = self.room("windows", (self.places, self.taps + 1), fill=1)
        row, shape = width * channels, (count, rows, columns, kernel_h, kernel_w * channels)
        length = self.taps + 1
        np.copyto(_view(windows, shape, (rows * columns * length, columns * length, length, kernel_w * channels, 1)),
                  _view(x, shape, (height * row, step_h * row, step_w * channels, row, 1)))
        return windows

    def _tap_by_tap(self, x):
        """Windows (places, taps + 1), each a column: first all shifts along the width, then along the height.

        The second step copies whole maps, which is why two steps are faster than one.
        """
        x = self._padded(x)
        (count, height, width, channels), (rows, columns) = x.shape, self.out
        step, (kernel_h, kernel_w) = self.stride[0], self.w_shape[2:]
        shifted = self.room("shifted", (kernel_w, channels, count, height, columns))
        np.copyto(shifted, _view(x, shifted.shape, (channels, 1, height * width * channels, width * channels, channels)))
        windows = self.room("windows", (self.taps + 1, self.places), fill=1)
        area = height * columns
        view = _view(shifted, (kernel_h, kernel_w, channels, count, rows, columns),
                     (columns, channels * count * area, count * area, area, step * columns, 1))
        np.copyto(windows[:-1].reshape(view.shape), view)
        return windows.T

    def backward(self, dy, input_gradient=True):
        """dx (N, C, H, W), or None where nobody asks for it, dw (F, C, KH, KW) and db (F,)."""
        dy = channels_last(dy)
        filters, channels, *kernel = self.w_shape
        flat = dy.reshape(self.places, filters)
        dweights = self.windows.T @ flat
        dw = np.ascontiguousarray(dweights[:-1].reshape(*kernel, channels, filters).transpose(3, 2, 0, 1))
        dx = None
        if input_gradient:
            dx = channels_first(self._gathered(dy) if self._gather_moves_less() else self._scattered(flat))
        return dx, dw, dweights[-1].copy()

    def _classes(self):
        """Along height and along width: taps that serve one pixel, and pixels in each class."""
        reach = [ceil(kernel / step) for kernel, step in zip(self.w_shape[2:], self.stride)]
        members = [ceil(size / step) for size, step in zip(self.padded_shape[1:3], self.stride)]
        return reach, members

    def _gather_moves_less(self):
        reach, members = self._classes()
        gathered = members[0] * members[1] * reach[0] * reach[1] * self.w_shape[0]
        return gathered <= 2 * self.out[0] * self.out[1] * self.taps  # scattered numbers are written, then added

    def _scattered(self, dy):
        """Every output adds to the pixels of its window, one tap of all windows at a time."""
        count, height, width, channels = self.padded_shape
        (kernel_h, kernel_w), (step_h, step_w), (rows, columns) = self.w_shape[2:], self.stride, self.out
        dwindows = np.matmul(dy, self.weights[:-1].T, out=self.room("dwindows", (self.places, self.taps)))
        dwindows = dwindows.reshape(count, rows, columns, kernel_h, kernel_w, channels)
        dx = self.room("dx", self.padded_shape)
        dx[...] = 0
        for i in range(kernel_h):
            for j in range(kernel_w):
                dx[:, i:i + step_h * (rows - 1) + 1:step_h, j:j + step_w * (columns - 1) + 1:step_w] += dwindows[:, :, :, i, j]
        above, left = self.padding
        return dx[:, above:height - above, left:width - left]

    def _gathered(self, dy):
        """Every pixel collects from the outputs that saw it: for each class of pixels, a convolution of dy.

        Pixel S m + a was seen by output m - t with tap a + S t, for t = 0 ... reach - 1.
        """
        (filters, channels, kernel_h, kernel_w), (step_h, step_w), (rows, columns) = self.w_shape, self.stride, self.out
        (reach_h, reach_w), (high, wide) = self._classes()
        count, length = len(dy), reach_h * reach_w * filters
        around = self.room("around", (count, high + reach_h - 1, wide + reach_w - 1, filters), fill=0)
        around[:, reach_h - 1:reach_h - 1 + rows, reach_w - 1:reach_w - 1 + columns] = dy
        seen, row = self.room("seen", (count * high * wide, length)), around.shape[2] * filters
        shape = count, high, wide, reach_h, reach_w * filters
        np.copyto(seen.reshape(shape), _view(around, shape, (around.shape[1] * row, row, filters, row, 1)))
        # taps (reach, class) along both axes, turned round: the output before comes with the later tap
        taps = np.zeros((reach_h * step_h, reach_w * step_w, channels, filters), self.dtype)
        taps[:kernel_h, :kernel_w] = self.weights[:-1].reshape(kernel_h, kernel_w, channels, filters)
        taps = taps.reshape(reach_h, step_h, reach_w, step_w, channels, filters)[::-1, :, ::-1].transpose(1, 0, 2, 5, 3, 4)
        (above, left), (height, width) = self.padding, self.x_shape[2:]
        dx = self.room("dx", (count, height, width, channels))
        for a in range(step_h):
            part = np.matmul(seen, taps[a].reshape(length, step_w * channels),
                             out=self.room("part", (count * high * wide, step_w * channels)))
            part = part.reshape(count, high, wide * step_w, channels)
            first = max(0, ceil((above - a) / step_h))  # the first row of this class below the rim
            target = dx[:, step_h * first + a - above::step_h]
            target[...] = part[:, first:first + target.shape[1], left:left + width]
        return dx
