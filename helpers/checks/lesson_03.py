"""The exercises of lesson 03: sizes through several layers, all channels in loops, a corner to find, and work to predict."""
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
        "/ leaves fractions: half a step is no step, so divide with //, which rounds down.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: (n + 2 * p - k) / s + 1),
        "// comes before - and +: put size + 2 * padding - kernel in brackets, and divide all of it by the stride.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: n + 2 * p - k // s + 1),
        "You round to the nearest: half a step is no step, so divide with //, which always rounds down.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: round((n + 2 * p - k) / s) + 1),
        "You round up: a window that only half fits is left out, so the division rounds down.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1),
        "The + 1 is missing: the first window costs no step.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: (n + 2 * p - k) // s),
        "Padding goes on both sides: count it twice.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: (n + p - k) // s + 1),
        "The padding is missing: it makes the image larger before the window slides.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: (n - k) // s + 1),
        "You took the padding away: it makes the image larger, so add 2 * padding.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: (n - 2 * p - k) // s + 1),
        "The stride is missing: divide by it.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: n + 2 * p - k + 1),
        "The 1 comes last: first divide, then count the first window, which costs no step.":
            lambda size, layers: _sizes(size, layers, lambda n, k, s, p: (n + 2 * p - k + 1) // s),
        "That is the size after the first layer: pass it on to the next one.":
            lambda size, layers: _sizes(size, layers[:1]),
    },
    praise="Run it before you build a network: a layer that does not fit shows up here.",
    names=("size", "layers"),
)


def _conv_channels(x, w, b, stride, steps=None, window=lambda part, w: (part * w).sum(), bias=1):
    """`steps`: how far the window goes along rows and columns; `bias`: how often it is added."""
    (_, H, W), (F, _, KH, KW), (down, right) = x.shape, w.shape, steps or (stride, stride)
    y = np.zeros((F, (H - KH) // stride + 1, (W - KW) // stride + 1))
    for f, p, q in np.ndindex(y.shape):
        y[f, p, q] = window(x[:, down * p:down * p + KH, right * q:right * q + KW], w[f]) + bias * b[f]
    return y


_CONV_CHANNELS = Exercise(
    cases=[(*draws((3, 8, 10), (4, 3, 3, 2), (4,)), 2), (*draws((2, 7, 6), (3, 2, 2, 3), (3,)), 1)],
    truth=_conv_channels,
    mistakes={
        "The bias is added once a channel: add it once for each place, after the sum over channels.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, bias=len(x)),
        "The bias is added with every product: add it once for each place.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, bias=w[0].size),
        "The bias is missing: each filter has one, and adds it at every place.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, bias=0),
        "The sign of the bias is off: it is added.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, bias=-1),
        "Each channel overwrites the one before, so only the last one is left: add them up, += instead of =.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, window=lambda part, w: (part[-1] * w[-1]).sum()),
        "Only the first channel is used: a filter is as deep as its input, and adds up what all channels say.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, window=lambda part, w: (part[0] * w[0]).sum()),
        "You took the mean over the channels: their sums are added up.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, window=lambda part, w: (part * w).sum() / len(w)),
        "You took the mean of each window: the products are added up, and not divided.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, window=lambda part, w: (part * w).mean()),
        "The bias is added, not multiplied.":
            lambda x, w, b, stride: _conv_channels(x, w, 0 * b, stride) * b[:, None, None],
        "You added the first filter's bias to every map: map f has its own, b[f].":
            lambda x, w, b, stride: _conv_channels(x, w, np.full(len(b), b[0]), stride),
        "Each pixel is multiplied by the weight that lies over it, and only then all is added up.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, window=lambda part, w: (part + w).sum()),
        "@ is the matrix product: pixel and weight at the same place belong together, *.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, window=lambda part, w: (part @ w.transpose(0, 2, 1)).sum()),
        "You kept the largest product of each window: the products are added up.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, window=lambda part, w: (part * w).max()),
        "You used the first filter for every map: map f has its own, w[f].":
            lambda x, w, b, stride: _conv_channels(x, np.broadcast_to(w[:1], w.shape), b, stride),
        "The filter is turned by half a turn, as in np.convolve: slide it as it is.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, window=lambda part, w: (part * w[:, ::-1, ::-1]).sum()),
        "The stride is missing where the window begins: row p of the map begins at row stride * p of the image.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, steps=(1, 1)),
        "The stride is missing along the rows: the window begins at row stride * p.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, steps=(1, stride)),
        "The stride is missing along the columns: the window begins at column stride * q.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride, steps=(stride, 1)),
        "The stride is missing: the window goes stride pixels at a time, so the map is smaller.":
            lambda x, w, b, stride: _conv_channels(x, w, b, 1),
        "The last row and column are missing: the first window costs no step, so the size is (H - KH) // stride + 1.":
            lambda x, w, b, stride: _conv_channels(x, w, b, stride)[:, :-1, :-1],
    },
    praise="A batch is one more loop around it.",
    names=("x", "w", "b"),
)

_CORNER = np.array([[0, 0, 0], [0, 1, 1], [0, 1, 0]])
_PATCHES = [_CORNER, _CORNER[:, ::-1], _CORNER[::-1], _CORNER[::-1, ::-1], np.repeat([[0], [1], [0]], 3, axis=1),
            np.repeat([[0, 1, 0]], 3, axis=0), np.outer([0, 1, 0], [0, 1, 0]), np.ones((3, 3)), np.zeros((3, 3))]


def _fires(patch, w=2 * _CORNER - 1, b=-2):
    return bool((patch * w).sum() + b > 0)


_IS_CORNER = Exercise(
    cases=[(patch.astype(float),) for patch in _PATCHES],
    truth=_fires,
    mistakes={
        "The bias is missing or too high: a stroke and another corner share some pixels with your corner, and score above zero.":
            lambda patch: _fires(patch, b=0),
        "The sign of the bias is off: empty background must not be above zero, so the bias is negative.":
            lambda patch: _fires(patch, b=2),
        "You say no to every patch, your corner among them. Does the bias take off more than its own pixels bring in?":
            lambda patch: False,
        "Solid ink has the corner's three pixels, too: the weights elsewhere must be negative.":
            lambda patch: _fires(patch, w=_CORNER),
        "Strokes, other corners and solid ink share pixels with the corner: make the other weights negative, and choose a bias.":
            lambda patch: _fires(patch, w=_CORNER, b=0),
        "That finds the top right corner: ink goes to the left and down from its middle.":
            lambda patch: _fires(patch[:, ::-1]),
        "That finds the bottom left corner: ink goes to the right and up from its middle.":
            lambda patch: _fires(patch[::-1]),
        "That finds the bottom right corner: turn the kernel by half a turn.":
            lambda patch: _fires(patch[::-1, ::-1]),
        "You say yes to every patch, even to empty background: it must be above zero for your corner alone.":
            lambda patch: True,
        "@ is the matrix product: each pixel meets the weight at its own place, patch * w.":
            lambda patch: bool((patch @ (2 * _CORNER - 1)).sum() - 2 > 0),
        "Those are nine answers: add the nine products up first, then the bias, and compare that one number with zero.":
            lambda patch: patch * (2 * _CORNER - 1) - 2 > 0,
        "The comparison is turned round: return whether the sum is above zero.":
            lambda patch: not _fires(patch),
        "That is the sum itself: return whether it is above zero.":
            lambda patch: float((patch * (2 * _CORNER - 1)).sum() - 2),
    },
    praise="The kernel says what to look for, the bias how much of it must be there.",
    names=("patch",),
)

_MULTIPLICATIONS = Exercise(
    cases=[()],
    truth=lambda: 32 * 7 * 7 * 16 * 3 * 3,
    mistakes={
        "The channels are forgotten: a filter is as deep as its input, so each output takes 16 * 3 * 3 products.":
            lambda: 32 * 7 * 7 * 3 * 3,
        "The stride is forgotten: the window goes two pixels at a time, so the map is 7 wide, not 14.":
            lambda: 32 * 14 * 14 * 16 * 3 * 3,
        "Your map is 6 wide: with its padding the image is 16 wide, and the first window costs no step.":
            lambda: 32 * 6 * 6 * 16 * 3 * 3,
        "Your map is 8 wide: half a step is no step, so the division rounds down.":
            lambda: 32 * 8 * 8 * 16 * 3 * 3,
        "Stride and padding are forgotten: your map is 12 wide.":
            lambda: 32 * 12 * 12 * 16 * 3 * 3,
        "That is the number of parameters: each weight is used at every place of the map.":
            lambda: 32 * 16 * 3 * 3 + 32,
        "That is the number of weights: each of them is used at every place of the map.":
            lambda: 32 * 16 * 3 * 3,
        "The bias is only added: it takes no multiplication.":
            lambda: 32 * 7 * 7 * (16 * 3 * 3 + 1),
        "That is the work of one filter: there are 32.":
            lambda: 7 * 7 * 16 * 3 * 3,
        "A filter has 3 * 3 weights a channel: you counted one side only.":
            lambda: 32 * 7 * 7 * 16 * 3,
        "That is one row of the map: it has 7 * 7 places.":
            lambda: 32 * 7 * 16 * 3 * 3,
    },
    praise="The size of the map counts, although the number of parameters does not depend on it.",
)

EXERCISES = {
    "map_size": _MAP_SIZE,
    "conv_channels": _CONV_CHANNELS,
    "is_corner": _IS_CORNER,
    "multiplications": _MULTIPLICATIONS,
}
