"""The exercises of lesson 03: sizes through several layers, same size, one dimension with a stride, numbers to train."""
import numpy as np

from .core import Exercise, draws


def _sizes(size, layers, step=lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride + 1):
    for kernel, stride, padding in layers:
        size = step(size, kernel, stride, padding)
    return size


_MAP_SIZE = Exercise(
    cases=[(28, [(5, 1, 0), (4, 2, 1), (3, 2, 0)]), (32, [(7, 3, 2), (3, 1, 1)]), (11, [(4, 3, 1)]), (9, [(3, 1, 1), (2, 2, 0)])],
    truth=_sizes,
    mistakes={
        "You round up: a window that only half fits is left out, so the division rounds down.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1),
        "The + 1 is missing: the first window costs no step.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: (n + 2 * p - k) // s),
        "Padding goes on both sides: count it twice.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: (n + p - k) // s + 1),
        "The padding is missing: it makes the image larger before the window slides.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: (n - k) // s + 1),
        "The stride is missing: divide by it.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: n + 2 * p - k + 1),
        "The 1 comes last: first divide, then count the first window, which costs no step.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: (n + 2 * p - k + 1) // s),
        "That is the size after the first layer: hand it to the next one.":
            lambda size, layers: _sizes(size, layers[:1]),
    },
    praise="Run it before you build a network: a layer that does not fit shows up here.",
    names=("size", "layers"),
)

_SAME_PADDING = Exercise(
    cases=[(1,), (2,), (3,), (4,), (5,), (8,)],
    truth=lambda kernel: np.array([(kernel - 1) // 2, kernel // 2]),
    mistakes={
        "An even filter makes the map one too small: kernel - 1 is odd, and its half was rounded down on both sides.":
            lambda kernel: np.array([(kernel - 1) // 2] * 2),
        "An even filter makes the map one too large: kernel - 1 zeros are needed in all, not kernel.":
            lambda kernel: np.array([kernel // 2] * 2),
        "The map grows: kernel - 1 zeros are needed on both sides together.":
            lambda kernel: np.array([kernel - 1] * 2),
        "The map keeps its size, but where one side needs more, it is the far one: (before, after).":
            lambda kernel: np.array([kernel // 2, (kernel - 1) // 2]),
        "The map keeps its size, but all zeros stand on one side: share them out.":
            lambda kernel: np.array([0, kernel - 1]),
    },
    praise="An odd filter needs as much on either side, which is why most filters are odd.",
    names=("kernel",),
)


def _conv1d(x, w, stride, start=lambda p, stride: p * stride):
    count = (len(x) - len(w)) // stride + 1
    return np.array([x[start(p, stride):][:len(w)] @ w for p in range(count)])


def _without_the_last(x, w, stride):
    y = _conv1d(x, w, stride)
    y[-(-(len(x) - len(w)) // stride):] = 0  # what range(0, len(x) - len(w), stride) never reaches
    return y


_CONV1D = Exercise(
    cases=[(*draws((9,), (3,)), 2), (*draws((10,), (3,)), 2), (*draws((6,), (4,)), 1)],
    truth=_conv1d,
    mistakes={
        "The filter is flipped, as in np.convolve: slide it as it is.":
            lambda x, w, stride: _conv1d(x, w[::-1], stride),
        "The stride is missing: window p starts at input p × stride.":
            lambda x, w, stride: _conv1d(x, w, stride, start=lambda p, _: p),
        "The last window is dropped: a window may end at the very end of x, so its start may be len(x) - len(w).":
            _without_the_last,
        "The last window is dropped: range(0, len(x) - len(w), stride) ends one too early.":
            lambda x, w, stride: _conv1d(x, w, stride)[:-(-(len(x) - len(w)) // stride)],
        "The stride is missing: only every stride-th window counts.":
            lambda x, w, stride: _conv1d(x, w, 1),
        "That is the mean of each window: the products are added up, and not divided.":
            lambda x, w, stride: _conv1d(x, w, stride) / len(w),
    },
    praise="Left-over inputs are never read.",
    names=("x", "w"),
)

_CONV_PARAMETERS = Exercise(
    cases=[(16, 1, 8), (8, 16, 4), (4, 3, 5)],
    truth=lambda filters, channels, kernel: filters * channels * kernel**2 + filters,
    mistakes={
        "The biases are forgotten: each filter has one.":
            lambda filters, channels, kernel: filters * channels * kernel**2,
        "The channels are forgotten: a filter is as deep as its input.":
            lambda filters, channels, kernel: filters * kernel**2 + filters,
        "One bias is not enough: each filter has its own.":
            lambda filters, channels, kernel: filters * channels * kernel**2 + 1,
        "Too many biases: a filter has one, whatever its depth.":
            lambda filters, channels, kernel: filters * channels * (kernel**2 + 1),
        "A filter has kernel × kernel weights a channel: you counted one side only.":
            lambda filters, channels, kernel: filters * channels * kernel + filters,
        "That is one filter: there are several.":
            lambda filters, channels, kernel: channels * kernel**2 + 1,
    },
    praise="The size of the image is not in it.",
    names=("filters", "channels", "kernel"),
)

EXERCISES = {
    "map_size": _MAP_SIZE,
    "same_padding": _SAME_PADDING,
    "conv1d": _CONV1D,
    "conv_parameters": _CONV_PARAMETERS,
}
