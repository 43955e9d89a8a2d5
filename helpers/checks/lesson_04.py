"""The exercises of lesson 04: a bias, an input in one dimension, a filter in two, and a pooled gradient."""
import numpy as np

from .core import Exercise, draws


def _dx_1d(dy, w, size, stride, padding, start=lambda i, stride: i * stride, flip=False, add=True, crop=True):
    padded = np.zeros(size + 2 * padding)
    for i in range(dy.size):
        window = slice(start(i, stride), start(i, stride) + w.size)
        padded[window] = (padded[window] if add else 0) + dy[i] * (w[::-1] if flip else w)
    return padded[padding:padding + size] if crop else padded[:size]


def _dw_2d(dy, x, taps, stride, step_h=None, step_w=None):
    step_h, step_w = step_h or stride, step_w or stride
    dw = np.zeros((taps, taps))
    for i in range(taps):
        for j in range(taps):
            rows, columns = i + step_h * np.arange(dy.shape[0]), j + step_w * np.arange(dy.shape[1])
            dw[i, j] = (dy * x[np.ix_(rows, columns)]).sum()
    return dw


def _wrapped(dy, w, size, stride, padding):
    dx = np.zeros(size)
    for i, k in np.ndindex(len(dy), len(w)):
        if stride * i + k - padding < size:
            dx[stride * i + k - padding] += dy[i] * w[k]
    return dx


_BIAS_BACKWARD = Exercise(
    cases=[(draws((3, 4, 5, 2))[0],)],
    truth=lambda dy: dy.sum(axis=(0, 2, 3)),
    mistakes={
        "You took the mean over images and places: b is added at each of them, so its slopes add up.":
            lambda dy: dy.mean(axis=(0, 2, 3)),
        "You took the mean over the batch: the loss has its 1/N already, so the images' gradients add up.":
            lambda dy: dy.sum(axis=(2, 3)).mean(axis=0),
        "You took the mean over the places: b is added at each of them, so its slopes add up.":
            lambda dy: dy.mean(axis=(2, 3)).sum(axis=0),
        "That is one image's gradient: b is added in every image of the batch.":
            lambda dy: dy[0].sum(axis=(1, 2)),
    },
    praise="One number for each filter, from every place where it was added.",
    names=("dy",),
)

_DX_1D = Exercise(
    cases=[(*draws((4,), (3,)), 8, 2, 1), (*draws((3,), (3,)), 9, 3, 0), (*draws((7,), (2,)), 6, 1, 1)],
    truth=_dx_1d,
    mistakes={
        "The stride is missing: output p begins at padded input p times the stride.":
            lambda dy, w, size, stride, padding: _dx_1d(dy, w, size + 9, 1, padding)[:size],
        "Scatter with the filter as it is; only the gather view flips it.":
            lambda dy, w, size, stride, padding: _dx_1d(dy, w, size, stride, padding, flip=True),
        "Inputs touched twice collect from both outputs: add, do not overwrite.":
            lambda dy, w, size, stride, padding: _dx_1d(dy, w, size, stride, padding, add=False),
        "Without padding, [padding:-padding] is empty: cut with padding:padding + size.":
            lambda dy, w, size, stride, padding: _dx_1d(dy, w, size, stride, padding) if padding else np.zeros(0),
        "Index -1 is the last input: leave negative places out, they are padding.":
            lambda dy, w, size, stride, padding: _wrapped(dy, w, size, stride, padding),
        "The padding is still in it: cut `padding` cells off the front as well as off the end.":
            lambda dy, w, size, stride, padding: _dx_1d(dy, w, size, stride, padding, crop=False),
    },
    praise="Left-over inputs stay zero by themselves.",
    names=("dy", "w"),
)

_DW_2D = Exercise(
    cases=[(*draws((3, 4), (9, 12)), 3, 2), (*draws((2, 3), (8, 11)), 2, 3)],
    truth=_dw_2d,
    mistakes={
        "The stride is missing: tap (i, j) met rows i, i + stride, i + 2 stride and so on, and columns likewise.":
            lambda dy, x, taps, stride: _dw_2d(dy, x, taps, stride, 1, 1),
        "The stride is missing along the rows.":
            lambda dy, x, taps, stride: _dw_2d(dy, x, taps, stride, 1, None),
        "The stride is missing along the columns.":
            lambda dy, x, taps, stride: _dw_2d(dy, x, taps, stride, None, 1),
        "Rows and columns are swapped: square images would hide it, and these are not square.":
            lambda dy, x, taps, stride: _dw_2d(dy, x, taps, stride).T,
        "You took the mean over the places: a tap collects the sum.":
            lambda dy, x, taps, stride: _dw_2d(dy, x, taps, stride) / dy.size,
    },
    praise="This is the line that the published articles get wrong.",
    names=("dy", "x"),
)

_AVG_POOL_BACKWARD = Exercise(
    cases=[(draws((3, 4))[0], 2), (draws((2, 3))[0], 3)],
    truth=lambda dy, size: np.repeat(np.repeat(dy, size, axis=0), size, axis=1) / size ** 2,
    mistakes={
        "Each of the size × size pixels gets its share: divide by size squared.":
            lambda dy, size: np.repeat(np.repeat(dy, size, axis=0), size, axis=1),
        "You divided by size; a window has size × size pixels.":
            lambda dy, size: np.repeat(np.repeat(dy, size, axis=0), size, axis=1) / size,
        "The shares are right, but not where they belong: repeat each number, rather than tile the whole array.":
            lambda dy, size: np.tile(dy, (size, size)) / size ** 2,
    },
    praise="The upstream gradient is shared out, and none is lost: dx adds up to what dy does.",
    names=("dy",),
)

EXERCISES = {
    "bias_backward": _BIAS_BACKWARD,
    "dx_1d": _DX_1D,
    "dw_2d": _DW_2D,
    "avg_pool_backward": _AVG_POOL_BACKWARD,
}
