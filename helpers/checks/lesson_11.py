"""The exercises of lesson 11: batch norm's backward pass, running statistics, dropout, local response norm, and a lost route."""
import numpy as np

from .core import Exercise, draws

_EPS = 1e-5


def _images_backward(dy, x, gamma, axes=(0, 2, 3), mean=1, variance=1, ddof=0, outside=False, gain=True):
    def over(array):
        return array.mean(axis=axes, keepdims=True)

    var = x.var(axis=axes, keepdims=True, ddof=ddof)
    s = 1 / (np.sqrt(var) + _EPS) if outside else 1 / np.sqrt(var + _EPS)
    n = (x - over(x)) * s
    dx = s * (dy - mean * over(dy) - variance * n * over(dy * n))
    return gamma[:, None, None] * dx if gain else dx


def _count(x):
    """How many numbers a channel has."""
    return x.size / x.shape[1]


def _images(seed, *shape):
    rng = np.random.default_rng(seed)
    x = rng.normal(2, 0.02, shape)  # of a small deviation, so that the place of eps shows
    return rng.standard_normal(shape), x, rng.uniform(0.5, 2, shape[1])


_IMAGES_BACKWARD = Exercise(
    cases=[_images(0, 2, 3, 4, 5), _images(1, 5, 2, 3, 2)],
    truth=_images_backward,
    mistakes={
        "Mean and variance are taken as constants: x moves both, so two more routes come back.":
            lambda dy, x, gamma: _images_backward(dy, x, gamma, mean=0, variance=0),
        "The variance's route is missing: subtract n times the mean of dy n.":
            lambda dy, x, gamma: _images_backward(dy, x, gamma, variance=0),
        "The mean's route is missing: subtract the mean of dy.":
            lambda dy, x, gamma: _images_backward(dy, x, gamma, mean=0),
        "The variance's route has the wrong sign: it is subtracted.":
            lambda dy, x, gamma: _images_backward(dy, x, gamma, variance=-1),
        "The means are over the batch alone: a channel is normalised over its places, too, axes (0, 2, 3).":
            lambda dy, x, gamma: _images_backward(dy, x, gamma, axes=0),
        "The means are over each image by itself: the batch belongs to them, axes (0, 2, 3).":
            lambda dy, x, gamma: _images_backward(dy, x, gamma, axes=(2, 3)),
        "The means are over all channels together: each channel has its own, axes (0, 2, 3).":
            lambda dy, x, gamma: _images_backward(dy, x, gamma, axes=(0, 1, 2, 3)),
        "eps stands inside the root: 1 / sqrt(var + eps).":
            lambda dy, x, gamma: _images_backward(dy, x, gamma, outside=True),
        "gamma is missing: y = gamma n + beta.":
            lambda dy, x, gamma: _images_backward(dy, x, gamma, gain=False),
        "The variance in a batch norm is the biased one, divided by the count.":
            lambda dy, x, gamma: _images_backward(dy, x, gamma, ddof=1),
        "There are sums where means belong: of dy, and of dy n.":
            lambda dy, x, gamma: _images_backward(dy, x, gamma, mean=_count(x), variance=_count(x)),
    },
    praise="Three routes, over the axes that the mean was over.",
    names=("dy", "x", "gamma"),
)


def _running(mean, var, x, momentum, ddof=1):
    return mean + momentum * (x.mean(axis=0) - mean), var + momentum * (x.var(axis=0, ddof=ddof) - var)


def _statistics(seed, rows, channels, momentum):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(channels), rng.uniform(0.5, 2, channels), rng.normal(3, 2, (rows, channels)), momentum


_RUNNING = Exercise(
    cases=[_statistics(0, 6, 3, 0.1), _statistics(1, 3, 4, 0.3)],
    truth=_running,
    mistakes={
        "Momentum is the weight of the new here, as in PyTorch, not of the old, as in Keras.":
            lambda mean, var, x, momentum: _running(mean, var, x, 1 - momentum),
        "PyTorch keeps the unbiased variance: divide by one less than the number of rows.":
            lambda mean, var, x, momentum: _running(mean, var, x, momentum, ddof=0),
        "Momentum is the weight of the new here, and the variance is the unbiased one: that is how Keras does both.":
            lambda mean, var, x, momentum: _running(mean, var, x, 1 - momentum, ddof=0),
        "Those are the batch's own: move the running ones by `momentum` of the way towards them.":
            lambda mean, var, x, momentum: _running(mean, var, x, 1),
        "The old ones lose the share that the new ones get: (1 - momentum) old + momentum new.":
            lambda mean, var, x, momentum: (mean + momentum * x.mean(axis=0), var + momentum * x.var(axis=0, ddof=1)),
        "Each channel has its own mean and variance: yours are one for all channels, axis=0 is missing.":
            lambda mean, var, x, momentum: (mean + momentum * (x.mean() - mean), var + momentum * (x.var(ddof=1) - var)),
        "The running one is the variance, not the standard deviation.":
            lambda mean, var, x, momentum: (_running(mean, var, x, momentum)[0], var + momentum * (x.std(axis=0, ddof=1) - var)),
    },
    praise="A share of the way with each batch, and the variance divided by one less than the rows.",
    names=("mean", "var", "x", "momentum"),
    outputs=("mean", "var"),
)

_kept = np.random.default_rng(5).random((4, 6)) >= 0.4

_DROPOUT_BACKWARD = Exercise(
    cases=[(draws((4, 6))[0], _kept, 0.4), (draws((4, 6))[0], ~_kept, 0.7)],
    truth=lambda dy, kept, p: dy * kept / (1 - p),
    mistakes={
        "The mask is missing: what was set to 0 has no part in the output.": lambda dy, kept, p: dy / (1 - p),
        "The factor 1 / (1 - p) is missing: the forward pass divided what it kept.": lambda dy, kept, p: dy * kept,
        "Mask and factor are missing: that is dy itself.": lambda dy, kept, p: dy,
        "The forward pass divided by 1 - p, and so does the backward pass: you multiplied.": lambda dy, kept, p: dy * kept * (1 - p),
        "p is the probability of being dropped: divide by 1 - p, not by p.": lambda dy, kept, p: dy * kept / p,
        "`kept` is True where the number was kept: the gradient goes there, not to the others.": lambda dy, kept, p: dy * ~kept / (1 - p),
    },
    praise="The same mask, the same factor: dropout is a product with an array.",
    names=("dy", "kept", "p"),
)


def _near(x):
    padded = np.pad(x, [(0, 0), (1, 1)])
    return padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]


def _neighbours_backward(dy, x, cross=lambda dy, x, d: x * _near(dy * x / d**2), factor=2 / 3, share=1 / 3):
    d = 1 + share * _near(x * x)
    return dy / d - factor * cross(dy, x, d)


_NEIGHBOURS_BACKWARD = Exercise(
    cases=[tuple(draws((2, 5), (2, 5))), tuple(draws((3, 3), (3, 3)))],
    truth=_neighbours_backward,
    mistakes={
        "d depends on x, too: you took it for a constant.":
            lambda dy, x: _neighbours_backward(dy, x, factor=0),
        "The terms across channels are missing: x is in the d of its neighbours, too, so sum over them.":
            lambda dy, x: _neighbours_backward(dy, x, lambda dy, x, d: x * dy * x / d**2),
        "Your own x is squared where own times neighbour belongs: x stands once inside the sum and once before it.":
            lambda dy, x: _neighbours_backward(dy, x, lambda dy, x, d: x * x * _near(dy / d**2)),
        "The neighbour is squared where own times neighbour belongs: one x is your own, before the sum.":
            lambda dy, x: _neighbours_backward(dy, x, lambda dy, x, d: _near(dy * x * x / d**2)),
        "dy belongs inside the sum: each neighbour has its own.":
            lambda dy, x: _neighbours_backward(dy, x, lambda dy, x, d: x * dy * _near(x / d**2)),
        "d belongs inside the sum: each neighbour has its own.":
            lambda dy, x: _neighbours_backward(dy, x, lambda dy, x, d: x * _near(dy * x) / d**2),
        "The slope of 1 / d is -1 / d²: the square is missing.":
            lambda dy, x: _neighbours_backward(dy, x, lambda dy, x, d: x * _near(dy * x / d)),
        "The slope of x² is 2 x: the factor 2 is missing.":
            lambda dy, x: _neighbours_backward(dy, x, factor=1 / 3),
        "The 1/3 is missing in the slope of d.":
            lambda dy, x: _neighbours_backward(dy, x, factor=2),
        "The sum of squares is divided by the size, 3, in d.":
            lambda dy, x: _neighbours_backward(dy, x, factor=2, share=1),
        "The slope of 1 / d has a minus: the second part is subtracted.":
            lambda dy, x: _neighbours_backward(dy, x, factor=-2 / 3),
        "That is the forward pass, y = x / d: dx is wanted.":
            lambda dy, x: x / (1 + _near(x * x) / 3),
    },
    praise="Own times neighbour, each neighbour with its own dy and d.",
    names=("dy", "x"),
)

_WHICH_ROUTE = Exercise(
    cases=[()],
    truth=lambda: "B",
    mistakes={
        "A: there dx does not sum to 0. Which route takes care of that sum?": lambda: "A",
        "C: both sums are as they must be.": lambda: "C",
    },
    praise="Without the variance's route, dx still has a part along n.",
)


EXERCISES = {
    "images_backward": _IMAGES_BACKWARD,
    "running": _RUNNING,
    "dropout_backward": _DROPOUT_BACKWARD,
    "neighbours_backward": _NEIGHBOURS_BACKWARD,
    "which_route": _WHICH_ROUTE,
}
