"""The exercises of lesson 12: who writes into dy, zeros for new channels, an exclusive gate, paths after a cut, and where a fault shows."""
import numpy as np

from .core import Exercise, draws


class _Backward:
    """A backward pass, and what it does in words: a hint may name it."""

    def __init__(self, words, function):
        self.words, self.function = words, function

    def __call__(self, dy):
        return self.function(dy)

    def __repr__(self):
        return f"(it {self.words})"


def _masks(dy):
    dy[dy < 0] = 0
    return dy


def _turns(dy):
    dy[:] = dy[::-1].copy()
    return dy


def _halves_a_copy(dy):
    dx = dy.copy()
    dx *= 0.5
    return dx


def _clears(dy):
    dx = dy.copy()
    dy[0] = 0
    return dx


_BACKWARDS = [
    _Backward("sets some numbers of dy to 0", _masks), _Backward("returns a new array", lambda dy: 2 * dy),
    _Backward("returns dy itself, unchanged", lambda dy: dy), _Backward("changes a copy", _halves_a_copy),
    _Backward("turns dy round in place", _turns), _Backward("changes dy, and returns another array", _clears)]


def _after(backward, dy):
    """What is left of a copy of dy once `backward` had it."""
    handed = dy.copy()
    backward(handed)
    return handed


_WRITES = Exercise(
    cases=[(backward, draws((4, 3))[0]) for backward in _BACKWARDS],
    truth=lambda backward, dy: not np.array_equal(_after(backward, dy), dy),
    mistakes={
        "You say False always. Did you copy dy before the call? Without a copy, both sides of the comparison are one array.":
            lambda backward, dy: False,
        "You say True always.": lambda backward, dy: True,
        "The other way round: True if the array has changed.": lambda backward, dy: np.array_equal(_after(backward, dy), dy),
        "You compare what it returns with dy: of course they differ. Compare dy before and after.":
            lambda backward, dy: not np.array_equal(backward(dy.copy()), dy),
        "You compare what it returns with dy after the call: compare dy before and after.":
            lambda backward, dy: (lambda handed: not np.array_equal(backward(handed), handed))(dy.copy()),
        "To return dy itself is no harm: what counts is whether its numbers have changed.":
            lambda backward, dy: (lambda handed: backward(handed) is handed)(dy.copy()),
        "A sum can stay the same though numbers change: compare number by number.":
            lambda backward, dy: not np.isclose(_after(backward, dy).sum(), dy.sum()),
        "One number that has changed is enough: yours asks that all have.": lambda backward, dy: bool((_after(backward, dy) != dy).all()),
        "One number is too few to look at: any of them may have changed.":
            lambda backward, dy: bool(_after(backward, dy).flat[0] != dy.flat[0]),
        "You look at negative numbers: compare dy before and after.": lambda backward, dy: bool((_after(backward, dy) < 0).any()),
    },
    praise="A copy before, a comparison after: no look at the result is needed.",
)


def _pad_backward(dy, shape, first=0, spread=False, weight=1.0, together=False, down=0):
    dx = np.zeros(shape)
    kept = dy.sum(axis=1, keepdims=True) + np.zeros((1, shape[1], 1, 1)) if together else dy[:, first:first + shape[1]]
    if spread:
        return weight * kept.repeat(2, axis=2).repeat(2, axis=3)[:, :, :shape[2], :shape[3]]
    for row, column in np.ndindex(dy.shape[2:]):
        dx[:, :, min(2 * row + down, shape[2] - 1), min(2 * column + down, shape[3] - 1)] = weight * kept[:, :, row, column]
    return dx


def _corner(dy, shape):
    dx = np.zeros(shape)
    dx[:, :, :dy.shape[2], :dy.shape[3]] = dy[:, :shape[1]]
    return dx


def _rows_only(dy, shape):
    dx = np.zeros(shape)
    dx[:, :, ::2, :dy.shape[3]] = dy[:, :shape[1]]
    return dx


_PAD_BACKWARD = Exercise(
    cases=[(draws((2, 3, 2, 3))[0], (2, 2, 4, 6)), (draws((1, 5, 3, 2))[0], (1, 3, 5, 3))],
    truth=_pad_backward,
    mistakes={
        "The zeros stand behind the channels of x, so those of x are the first of dy, not the last.":
            lambda dy, shape: _pad_backward(dy, shape, first=dy.shape[1] - shape[1]),
        "The forward pass kept rows and columns 0, 2, 4, ...: the gradient returns there. Yours is all in one corner.": _corner,
        "Columns have a stride, too: yours returns to every second row, and to the first columns.": _rows_only,
        "The forward pass read one pixel in four, so only that one has a gradient: yours has it in all of them.":
            lambda dy, shape: _pad_backward(dy, shape, spread=True),
        "That is the gradient of a mean over 2 × 2 pixels. Here one of them is kept, and the others have no part in y.":
            lambda dy, shape: _pad_backward(dy, shape, spread=True, weight=0.25),
        "No mean was taken: what was read once has the gradient dy, undivided.": lambda dy, shape: _pad_backward(dy, shape, weight=0.25),
        "The added channels are zeros whatever x is: nothing comes back from them, and each channel of x has its own dy.":
            lambda dy, shape: _pad_backward(dy, shape, together=True),
        "The first row and column that are kept are number 0: yours begin at 1.": lambda dy, shape: _pad_backward(dy, shape, down=1),
        "Those are zeros everywhere: what was read has a gradient.": lambda dy, shape: np.zeros(shape),
    },
    praise="What was read gets dy, the rest gets 0: the adjoint of keeping and padding.",
    names=("dy",),
)


def _gate_backward(dy, body, x, g):
    return g * dy, (1 - g) * dy, (body - x) * dy


def _gated(seed, *shape):
    rng = np.random.default_rng(seed)
    return *rng.standard_normal((3, *shape)), rng.uniform(0.1, 0.9, shape)


_GATE_BACKWARD = Exercise(
    cases=[_gated(0, 3, 4), _gated(1, 2, 2, 3)],
    truth=_gate_backward,
    mistakes={
        "the sum passes dy to both, but then each is multiplied by its factor, forward and backward.":
            lambda dy, body, x, g: (dy, dy, (body - x) * dy),
        "x stands with a minus before it: the sign of one of the two is wrong.": lambda dy, body, x, g: (g * dy, (1 - g) * dy, (x - body) * dy),
        "g stands in 1 - g with a minus: body less x, not their sum.": lambda dy, body, x, g: (g * dy, -(1 - g) * dy, (body + x) * dy),
        "g stands in two places, and you took the first alone: 1 - g depends on it, too.":
            lambda dy, body, x, g: (g * dy, -g * dy, body * dy),
        "g stands in two places, and you took the second alone: before F, too.": lambda dy, body, x, g: (g * dy, (1 - g) * dy, -x * dy),
        "the upstream gradient dy is missing.": lambda dy, body, x, g: (g, 1 - g, body - x),
        "that belongs to what is before the sigmoid: here the gradient of g itself is wanted.":
            lambda dy, body, x, g: (g * dy, (1 - g) * dy, (body - x) * dy * g * (1 - g)),
        "that is a part of the forward pass times dy: the gradient of a product is the other factor times dy.":
            lambda dy, body, x, g: (g * body * dy, (1 - g) * x * dy, g * dy),
        "gradients are not summed here: all arrays have one shape, and each number has its own.":
            lambda dy, body, x, g: ((g * dy).sum(), ((1 - g) * dy).sum(), ((body - x) * dy).sum()),
    },
    praise="Each product sends back the other factor, and what stands in two places gets a sum.",
    names=("dy", "body", "x", "g"),
    outputs=("dbody", "dx", "dg"),
)

_PATHS_LEFT = Exercise(
    cases=[()],
    truth=lambda: 0.125,
    mistakes={
        "That is the share of blocks that are left. Paths are many more than blocks: how many does one cut take away?": lambda: 17 / 20,
        "That is the share of blocks that are cut. How many paths does one cut take away?": lambda: 3 / 20,
        "That is the number of paths that are left: divide by how many there were.": lambda: 2.0**17,
        "That is the share that is lost.": lambda: 7 / 8,
        "That is the share after one cut: there are three.": lambda: 0.5,
        "That is the share after two cuts: there are three.": lambda: 0.25,
        "Cuts do not add up: each takes half of the paths that are still there.": lambda: 0.5 / 3,
        "That is one over the paths that are left: they are compared with all that there were.": lambda: 2.0**-17,
        "That counts choices of three blocks. A path is another choice: for each block, through the body or along the shortcut.":
            lambda: 1140.0,
        "As many blocks in a plain network leave no path. Here the shortcut of a cut block stays.": lambda: 0.0,
    },
    praise="Each cut takes half of the paths: those that went through that body.",
)

_WHERE = Exercise(
    cases=[()],
    truth=lambda: "D",
    mistakes={
        "A: there is no sum, and nobody else reads the ReLU's dy.": lambda: "A",
        "B: the ReLU writes before the two paths part, so both get what they should.": lambda: "B",
        "C: which array is the ReLU handed there? The backward pass of w comes before it.": lambda: "C",
    },
    praise="There the body ends in the ReLU, and body and shortcut are handed one and the same array.",
    choices=("A", "B", "C", "D"),
)


EXERCISES = {
    "writes": _WRITES,
    "pad_backward": _PAD_BACKWARD,
    "gate_backward": _GATE_BACKWARD,
    "paths_left": _PATHS_LEFT,
    "where": _WHERE,
}
