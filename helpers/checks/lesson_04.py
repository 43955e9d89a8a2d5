"""The exercises of lesson 04: a bias, a filter, an input with padding, a pooled gradient, and one of three that is wrong."""
import numpy as np

from .core import Exercise, draws


def _dx_1d(dy, w, size, stride, padding, start=lambda i, stride: i * stride, flip=False, add=True, crop=True):
    padded = np.zeros(size + 2 * padding)
    for i in range(dy.size):
        window = slice(start(i, stride), start(i, stride) + w.size)
        padded[window] = (padded[window] if add else 0) + dy[i] * (w[::-1] if flip else w)
    return padded[padding:padding + size] if crop else padded[:size]


def _dw_2d(dy, x, taps, stride, step_h=None, step_w=None, tap=1):
    """`step_h`, `step_w`: from one output's row and column of x to the next; `tap`: from one tap's to the next."""
    step_h, step_w = step_h or stride, step_w or stride
    dw = np.zeros((taps, taps))
    for i in range(taps):
        for j in range(taps):
            rows, columns = tap * i + step_h * np.arange(dy.shape[0]), tap * j + step_w * np.arange(dy.shape[1])
            dw[i, j] = (dy * x[np.ix_(rows, columns)]).sum()
    return dw


def _wrapped(dy, w, size, stride, padding):
    dx = np.zeros(size)
    for i, k in np.ndindex(len(dy), len(w)):
        if stride * i + k - padding < size:
            dx[stride * i + k - padding] += dy[i] * w[k]
    return dx


def _tap_times_stride(dy, w, size, stride, padding):
    padded = np.zeros(stride * w.size + size + 2 * padding + dy.size)
    for p, i in np.ndindex(dy.size, w.size):
        padded[p + stride * i] += dy[p] * w[i]
    return padded[padding:padding + size]


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
        "That is one number for all filters: each has a bias of its own, so leave the axis of the filters out of the sum.":
            lambda dy: dy.sum(),
        "The images are still apart: b is added in every image of the batch, so add up over them, too.":
            lambda dy: dy.sum(axis=(2, 3)),
        "The places are still apart: b is added at each of them, so add up over both axes, too.":
            lambda dy: dy.sum(axis=0),
        "You kept the axis of the images; what must stay is the axis of the filters, the second one.":
            lambda dy: dy.sum(axis=(1, 2, 3)),
        "The numbers are correct, but the axes that were added up are still there: db has the shape (F,), so leave keepdims out.":
            lambda dy: dy.sum(axis=(0, 2, 3), keepdims=True),
        "You kept the largest: b is added at every place, so all that comes back from them adds up.":
            lambda dy: dy.max(axis=(0, 2, 3)),
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
        "The stride stands on the tap: it belongs to the outputs. Output p and tap i meet at padded input stride * p + i.":
            _tap_times_stride,
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
        "The stride stands on the tap: it belongs to the outputs. Tap (i, j) met rows i, i + stride, i + 2 stride and so on.":
            lambda dy, x, taps, stride: _dw_2d(dy, x, taps, stride, 1, 1, tap=stride),
        "The stride stands on the tap, too: tap i begins at row i, and only goes on by the stride.":
            lambda dy, x, taps, stride: _dw_2d(dy, x, taps, stride, tap=stride),
        "Only the last place is left, because each overwrites the one before: a tap adds up over all places, += instead of =.":
            lambda dy, x, taps, stride: dy[-1, -1] * x[stride * (len(dy) - 1):, stride * (dy.shape[1] - 1):][:taps, :taps],
        "The taps are turned by half a turn: tap (i, j) met the rows from i on and the columns from j on.":
            lambda dy, x, taps, stride: _dw_2d(dy, x, taps, stride)[::-1, ::-1],
        "You added up the pixels alone: each is multiplied by the dy of the place where the tap met it.":
            lambda dy, x, taps, stride: _dw_2d(np.ones_like(dy), x, taps, stride),
        "You took the mean over the places: a tap collects the sum.":
            lambda dy, x, taps, stride: _dw_2d(dy, x, taps, stride) / dy.size,
    },
    praise="This is the line that the published articles get wrong.",
    names=("dy", "x"),
)


def _first(window):
    mask = np.zeros(window.size)
    mask[window.argmax()] = 1
    return mask.reshape(window.shape)


def _last(window):
    return _first(window[::-1, ::-1])[::-1, ::-1]


def _max_pool_backward(dy, x, size, stride, share=_first, step=None, add=True, values=None, begin=None):
    """`share(window)`: how much of its gradient each number of a window gets; `step`: from window to window; `begin`: in dx."""
    dx, step = np.zeros(x.shape), step or stride
    begin = begin or step
    for p, q in np.ndindex(dy.shape):
        place = slice(step * p, step * p + size), slice(step * q, step * q + size)
        part = share(x[place])
        place = slice(begin * p, begin * p + size), slice(begin * q, begin * q + size)
        if add:
            dx[place] += (dy if values is None else values)[p, q] * part
        else:
            dx[place] = np.where(part > 0, dy[p, q], dx[place])
    return dx


def _without_corner(dy, x, size, stride):
    """What adding to dx[i, j], places inside the window, gives."""
    dx = np.zeros(x.shape)
    for p, q in np.ndindex(dy.shape):
        dx[:size, :size] += dy[p, q] * _first(x[stride * p:stride * p + size, stride * q:stride * q + size])
    return dx


_TIED = np.array([[1, 3, 3, 0, 2, 2, 1], [3, 0, 3, 1, 2, 0, 2], [1, 3, 0, 0, 2, 1, 1], [0, 2, 2, 5, 5, 0, 4], [4, 1, 0, 5, 1, 4, 4],
                  [2, 0, 1, 3, 3, 1, 0.0]])
_MAX_POOL_BACKWARD = Exercise(
    cases=[(*draws((2, 3)), _TIED, 3, 2), (*draws((5, 6)), _TIED, 2, 1), (*draws((2, 2), (5, 4)), 2, 2)],
    truth=_max_pool_backward,
    mistakes={
        "A number that wins two windows collects from both: add, += instead of =.":
            lambda dy, x, size, stride: _max_pool_backward(dy, x, size, stride, add=False),
        "At a tie the last one wins in yours: here the first in reading order does, as argmax finds it.":
            lambda dy, x, size, stride: _max_pool_backward(dy, x, size, stride, _last),
        "At a tie all winners get the whole gradient, so more goes back than came: give it to the first alone.":
            lambda dy, x, size, stride: _max_pool_backward(dy, x, size, stride, lambda window: window == window.max()),
        "At a tie you share the gradient out: here the first in reading order takes all of it.":
            lambda dy, x, size, stride: _max_pool_backward(
                dy, x, size, stride, lambda window: (window == window.max()) / (window == window.max()).sum()),
        "The stride is missing: window (p, q) begins at row stride * p and column stride * q.":
            lambda dy, x, size, stride: _max_pool_backward(dy, x, size, stride, step=1),
        "The window begins at row stride * p and column stride * q, and so in dx: (stride * p + i, stride * q + j).":
            lambda dy, x, size, stride: _max_pool_backward(dy, x, size, stride, begin=1),
        "(i, j) is a place inside the window: in dx it is (stride * p + i, stride * q + j).":
            _without_corner,
        "Row and column of the winner are exchanged.":
            lambda dy, x, size, stride: _max_pool_backward(dy, x, size, stride, lambda window: _first(window).T),
        "That is average pooling: here the winner takes the whole gradient.":
            lambda dy, x, size, stride: _max_pool_backward(dy / size**2, x, size, stride, np.ones_like),
        "Every number of a window gets its whole gradient: only the winner touched the output.":
            lambda dy, x, size, stride: _max_pool_backward(dy, x, size, stride, np.ones_like),
        "The gradient goes to the winner's place, which is not always the first of its window: add i and j.":
            lambda dy, x, size, stride: _max_pool_backward(dy, x, size, stride, lambda window: _first(np.ones_like(window))),
        "You multiplied dy by the window's numbers: the winner gets dy as it is, and the others nothing.":
            lambda dy, x, size, stride: _max_pool_backward(dy, x, size, stride, lambda window: window),
        "You multiplied dy by the winner's number: it gets dy as it is.":
            lambda dy, x, size, stride: _max_pool_backward(dy, x, size, stride, lambda window: _first(window) * window),
        "That is the mask of a ReLU: of each window only the winner gets dy.":
            lambda dy, x, size, stride: _max_pool_backward(dy, x, size, stride, lambda window: window > 0),
        "You passed the winner's own number back: what goes back is the window's dy.":
            lambda dy, x, size, stride: _max_pool_backward(dy, x, size, stride, lambda window: _first(window) * window,
                                                           values=np.ones_like(dy)),
        "You counted the windows that a number won: each passes on its dy, not 1.":
            lambda dy, x, size, stride: _max_pool_backward(dy, x, size, stride, values=np.ones_like(dy)),
        "That is the smallest number of each window: argmax, not argmin.":
            lambda dy, x, size, stride: _max_pool_backward(dy, x, size, stride, lambda window: _first(-window)),
    },
    praise="A tie, an overlap and a left-over row were among the cases.",
    names=("dy", "x"),
)

_WRONG_BACKWARD = Exercise(
    cases=[()],
    truth=lambda: "B",
    mistakes={
        "A passes the adjoint test at every stride. Test the other two at stride 1, where windows overlap.":
            lambda: "A",
        "C looks unlike the lesson, but passes the adjoint test. Test the other two at stride 1, where windows overlap.":
            lambda: "C",
    },
    praise="It is correct where windows do not overlap: a test at stride 3 alone would have let it pass.",
)

EXERCISES = {
    "bias_backward": _BIAS_BACKWARD,
    "dw_2d": _DW_2D,
    "dx_1d": _DX_1D,
    "max_pool_backward": _MAX_POOL_BACKWARD,
    "wrong_backward": _WRONG_BACKWARD,
}
