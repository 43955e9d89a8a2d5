"""The exercises of lesson 13: a block's parameters, living taps, Winograd backward, and a suspicious test."""
import numpy as np

from .core import Exercise


def _parameters(convs=lambda c, f: 9 * f * (c + f), norms=4, side=lambda c, f: f * c + 2 * f, needed=lambda c, f, s: s > 1 or c != f):
    def count(channels, filters, stride):
        projection = side(channels, filters) if needed(channels, filters, stride) else 0
        return convs(channels, filters) + norms * filters + projection
    return count


_BLOCK_PARAMETERS = Exercise(
    cases=[(64, 64, 1), (64, 128, 2), (3, 5, 1), (16, 16, 2)],
    truth=_parameters(),
    mistakes={
        "The projection is missing: where the shape changes, a 1 × 1 convolution with its batch norm stands on the shortcut.":
            _parameters(needed=lambda c, f, s: False),
        "Where the block keeps the shape, its shortcut is the identity, which has no parameters.": _parameters(needed=lambda c, f, s: True),
        "A stride alone changes the shape, too: then a projection is needed although channels == filters.":
            _parameters(needed=lambda c, f, s: c != f),
        "More filters alone change the shape, too: then a projection is needed although the stride is 1.": _parameters(needed=lambda c, f, s: s > 1),
        "The projection has a batch norm of its own: 2 × filters more.": _parameters(side=lambda c, f: f * c),
        "The projection is 1 × 1, so it has filters × channels weights.": _parameters(side=lambda c, f: 9 * f * c + 2 * f),
        "The batch norms are missing: each has a scale and a shift for each of its channels.": _parameters(norms=0, side=lambda c, f: f * c),
        "A batch norm has two numbers a channel that are learned: a scale and a shift.": _parameters(norms=2, side=lambda c, f: f * c + f),
        "Running mean and variance are no parameters: nothing learns them.": _parameters(norms=8, side=lambda c, f: f * c + 4 * f),
        "The second convolution has `filters` channels: those that the first one gave.": _parameters(convs=lambda c, f: 18 * f * c),
        "The first convolution has `channels` channels, and not `filters`.": _parameters(convs=lambda c, f: 18 * f * f),
        "That is one convolution: a basic block has two.": _parameters(convs=lambda c, f: 9 * f * c),
        "These convolutions have no biases: the batch norm after each would take them away.": _parameters(norms=6, side=lambda c, f: f * c + 3 * f),
        "A 3 × 3 kernel has nine taps for each pair of channel and filter.": _parameters(convs=lambda c, f: 3 * f * (c + f)),
    },
    praise="A stride costs no weights of its own, but a projection.",
    names=("channels", "filters", "stride"),
)


_LIVING_TAPS = Exercise(
    cases=[()],
    truth=lambda: 9,
    mistakes={
        "Those are all taps: a tap two steps away from the centre meets only padding on a map of 2 × 2.": lambda: 25,
        "Those are the taps that never do: 25 less the living ones.": lambda: 16,
        "That would be a map of 1 × 1. With two pixels a side, a tap one step off the centre meets a pixel, too.": lambda: 1,
        "Those are the pixels. Both outputs along a side count: for one the tap to the left meets a pixel, for the other that to the right.":
            lambda: 4,
        "That is along one side: there are two.": lambda: 3,
        "The corners live, too: the tap one step up and one to the left meets a pixel at the output in the lower right corner.": lambda: 5,
    },
    praise="At most one step from the centre, along each side.",
)

_A = np.array([[1, 1, 1, 0], [0, 1, -1, 1]])
_B = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]])
_G = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]) / 2


def _examples():
    rng = np.random.default_rng(13)
    pairs = [(np.array([1.0, 0.0]), np.array([1.0, 2.0, 3.0, 4.0]))] + [(rng.standard_normal(2), rng.standard_normal(4)) for _ in range(2)]
    return [(dy, x, _A.astype(float), _B.astype(float), _G) for dy, x in pairs]


_WINOGRAD_DW = Exercise(
    cases=_examples(),
    truth=lambda dy, x, A, B, G: G.T @ ((A.T @ dy) * (B @ x)),
    mistakes={
        "G is missing at the end: the three taps went through G to four numbers, and their gradient comes back through G's transpose.":
            lambda dy, x, A, B, G: (A.T @ dy) * (B @ x),
        "The other factor of the product is B x, and not x.": lambda dy, x, A, B, G: G.T @ ((A.T @ dy) * x),
        "The upstream gradient goes through A's transpose, and then meets B x as a factor: B x is missing.":
            lambda dy, x, A, B, G: G.T @ (A.T @ dy),
        "dy is missing.": lambda dy, x, A, B, G: G.T @ (B @ x),
        "B is not transposed here: it belongs to x, and no gradient for x is wanted.": lambda dy, x, A, B, G: G.T @ ((A.T @ dy) * (B.T @ x)),
        "That would be dx's way out: the gradient for the weights goes back through G.": lambda dy, x, A, B, G: B.T @ ((A.T @ dy) * (B @ x)),
        "The taps come out in reverse order: tap k meets x[k] for the first output and x[k + 1] for the second.":
            lambda dy, x, A, B, G: np.correlate(x, dy, "valid")[::-1],
        "The outputs are exchanged: dy[0] belongs to x[0], x[1], x[2].": lambda dy, x, A, B, G: np.convolve(x, dy, "valid"),
        "Only the first output: the second reads the same weights, so its gradient is added.": lambda dy, x, A, B, G: dy[0] * x[:3],
        "Only the second output: the first reads the same weights, so its gradient is added.": lambda dy, x, A, B, G: dy[1] * x[1:],
        "A sum over the outputs is wanted, and not a mean.": lambda dy, x, A, B, G: np.correlate(x, dy, "valid") / 2,
        "The halves in G are missing.": lambda dy, x, A, B, G: 2 * np.correlate(x, dy, "valid"),
    },
    praise="Forward and backward from four multiplications each.",
)

_WHAT_IS_WRONG = Exercise(
    cases=[()],
    truth=lambda: "B",
    mistakes={
        "A: then it would read the same low number in any order of the images.": lambda: "A",
        "C: those weights never did anything, so they change no answer, in whatever order.": lambda: "C",
        "D: then the shuffled set would read low, too, unless the labels were shuffled apart from their images.": lambda: "D",
    },
    praise="Only in training mode does an answer depend on the other images of its batch.",
    choices=("A", "B", "C", "D"),
)


EXERCISES = {
    "block_parameters": _BLOCK_PARAMETERS,
    "living_taps": _LIVING_TAPS,
    "winograd_dw": _WINOGRAD_DW,
    "what_is_wrong": _WHAT_IS_WRONG,
}
