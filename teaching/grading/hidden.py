"""Cases that no learner has seen: for each exercise with arguments, new ones of the same kind as those in `helpers.checks`."""
import dataclasses

import numpy as np

from helpers.checks import EXERCISES

COUNT = 3  # new cases for each exercise


def exercise(name, seed):
    """The exercise with new cases, the same for the same seed; None where it has no arguments.

    Without its usual mistakes: the lesson's own cases tell them, and some of them stop with an error at other sizes.
    """
    if name not in MAKERS:
        return None
    rng = np.random.default_rng([seed, *name.encode()])
    return dataclasses.replace(EXERCISES[name], cases=[MAKERS[name](rng) for _ in range(COUNT)], mistakes={})


def _normal(rng, *shapes):
    return tuple(rng.standard_normal(shape) for shape in shapes)


def _size(rng, low=2, high=7):
    return int(rng.integers(low, high))


def _shape(rng, axes=2):
    return tuple(int(n) for n in rng.integers(2, 7, axes))


def _log_softmax(rng):
    logits = 3 * rng.standard_normal(_shape(rng))
    logits[0, 0] += 2000  # too large for exp
    return (logits,)


def _sigmoid_backward(rng):
    shape = _shape(rng)
    return rng.standard_normal(shape), rng.uniform(0.05, 0.95, shape)


def _two_paths_backward(rng):
    dy, x = _normal(rng, *2 * [_shape(rng)])
    x.flat[rng.integers(x.size)] = 0  # where the slope is fixed to be 0
    return dy, x


def _map_size(rng):
    layers = [(_size(rng, 1, 4), _size(rng, 1, 3), _size(rng, 0, 3)) for _ in range(_size(rng, 1, 4))]
    return _size(rng, 20, 60), layers


def _conv_channels(rng):
    channels, kernel, stride = _size(rng, 2, 4), (_size(rng, 2, 4), _size(rng, 2, 4)), _size(rng, 1, 4)
    return *_normal(rng, (channels, _size(rng, 6, 11), _size(rng, 6, 11)), (3, channels, *kernel), (3,)), stride


def _is_corner(rng):
    """The corner's patch among strokes and other corners: the lesson promises no others."""
    patches = [case[0] for case in EXERCISES["is_corner"].cases]
    return (patches[rng.integers(len(patches))],)


def _dw_2d(rng):
    taps, stride, (rows, columns) = _size(rng, 2, 4), _size(rng, 1, 4), _shape(rng)
    left_over = rng.integers(0, stride, 2)
    size = stride * (np.array([rows, columns]) - 1) + taps + left_over
    return *_normal(rng, (rows, columns), tuple(size)), taps, stride


def _dx_1d(rng):
    outputs, taps, stride, padding = _size(rng), _size(rng, 2, 5), _size(rng, 1, 4), _size(rng, 0, 2)
    size = stride * (outputs - 1) + taps - 2 * padding + _size(rng, 0, stride)
    return (*_normal(rng, outputs, taps), size, stride, padding)


def _max_pool_backward(rng):
    size, stride, (rows, columns) = _size(rng, 2, 4), _size(rng, 1, 3), _shape(rng)
    x = rng.integers(0, 6, (stride * (rows - 1) + size + 1, stride * (columns - 1) + size))  # so few values that some are equal
    return *_normal(rng, (rows, columns)), x.astype(float), size, stride


def _receptive_field(rng):
    return ([(_size(rng, 1, 8), _size(rng, 1, 4)) for _ in range(_size(rng, 2, 5))],)


def _dead_relus(rng):
    h = rng.standard_normal((3, *_shape(rng, 3))) - 0.5
    h[:, 0, 0, 0] = -np.abs(h[:, 0, 0, 0])
    h[1, 0, 0, 0] = 0
    return (h,)


def _probability_gradient(rng):
    z = rng.standard_normal(_size(rng, 3, 12)) + rng.choice([0, 900])
    return z, _size(rng, 0, len(z))


def _gain(rng):
    seeds = _size(rng, 4, 12)
    before = rng.uniform(0.4, 0.7, seeds)
    return before, before + rng.normal(0.03, 0.02, seeds)


def _block_backward(rng):
    rows, width = _shape(rng)
    dy, x, w = _normal(rng, (rows, width), (rows, width), (width, width))
    x[0] = 0
    return dy, x, w


def _skip_backward(rng):
    classes, shape = _size(rng, 3, 9), _shape(rng, 3)
    return *_normal(rng, (_size(rng), classes), (classes, *shape)), float(rng.uniform(0.01, 2))


def _true_class_term(rng):
    rows, classes = _size(rng), _size(rng, 3, 9)
    z = rng.standard_normal((rows, classes))
    z[0] += 3000
    return z, rng.integers(0, classes, rows)


def _adam_step(rng):
    shape = _shape(rng)
    w, g, m, v = _normal(rng, *4 * [shape])
    return w, 1e-3 * g, 1e-3 * m, 1e-6 * v**2, _size(rng, 1, 50)


def _images_backward(rng):
    shape = _shape(rng, 4)
    return rng.standard_normal(shape), rng.normal(2, 0.02, shape), rng.uniform(0.5, 2, shape[1])


def _running(rng):
    rows, channels = _shape(rng)
    return rng.standard_normal(channels), rng.uniform(0.5, 2, channels), rng.normal(3, 2, (rows, channels)), float(rng.uniform(0.05, 0.4))


def _dropout_backward(rng):
    shape, p = _shape(rng), float(rng.uniform(0.1, 0.8))
    return rng.standard_normal(shape), rng.random(shape) >= p, p


def _neighbours_backward(rng):
    return _normal(rng, *2 * [_shape(rng)])


def _of_the_lesson(name, place):
    """One of the lesson's own arguments, for what is no array: a function, or a graph."""
    def take(rng):
        return EXERCISES[name].cases[rng.integers(len(EXERCISES[name].cases))][place]
    return take


def _pad_backward(rng):
    channels, more, (height, width) = _size(rng, 1, 4), _size(rng, 1, 4), _shape(rng)
    dy = rng.standard_normal((_size(rng, 1, 4), channels + more, height, width))
    return dy, (len(dy), channels, 2 * height - _size(rng, 0, 2), 2 * width - _size(rng, 0, 2))


def _gate_backward(rng):
    shape = _shape(rng)
    return *_normal(rng, *3 * [shape]), rng.uniform(0.1, 0.9, shape)


def _winograd_dw(rng):
    _, _, *transforms = EXERCISES["winograd_dw"].cases[0]
    return *_normal(rng, 2, 4), *transforms


def _divide_backward(rng):
    shape = _shape(rng)
    return rng.standard_normal(shape), rng.uniform(-2, 2, shape), rng.uniform(0.5, 3, shape)


def _times_used(rng):
    """A graph whose values use some of those before them, one of them perhaps twice."""
    names = list("abcdefg")
    graph = {name: [str(parent) for parent in rng.choice(names[:place], min(place, 2))] if place else [] for place, name in enumerate(names)}
    return graph, str(rng.choice(names))


MAKERS = {
    "ink": lambda rng: (np.clip(rng.standard_normal((28, 28)) - rng.uniform(0, 1), 0, 1),),
    "log_softmax": _log_softmax,
    "decayed_step": lambda rng: (*_normal(rng, *2 * [_shape(rng)]), float(rng.uniform(0.01, 1)), float(rng.uniform(0.001, 0.1))),
    "sigmoid_backward": _sigmoid_backward,
    "two_paths_backward": _two_paths_backward,
    "map_size": _map_size,
    "conv_channels": _conv_channels,
    "is_corner": _is_corner,
    "bias_backward": lambda rng: _normal(rng, _shape(rng, 4)),
    "dw_2d": _dw_2d,
    "dx_1d": _dx_1d,
    "max_pool_backward": _max_pool_backward,
    "receptive_field": _receptive_field,
    "dead_relus": _dead_relus,
    "probability_gradient": _probability_gradient,
    "chain_step": lambda rng: tuple(rng.uniform(0.2, 2, 5).tolist()),
    "gain": _gain,
    "chain_slope": lambda rng: _normal(rng, _size(rng)),
    "block_backward": _block_backward,
    "body_scale": lambda rng: (_size(rng, 2, 200),),
    "skip_backward": _skip_backward,
    "true_class_term": _true_class_term,
    "adam_step": _adam_step,
    "nesterov_direction": lambda rng: (*_normal(rng, *2 * [_shape(rng)]), float(rng.uniform(0.5, 0.99))),
    "real_epsilon": lambda rng: (10.0 ** -_size(rng, 3, 9), float(rng.uniform(0.9, 0.999)), _size(rng, 1, 500)),
    "leaky_std": lambda rng: (_size(rng, 5, 900), float(rng.uniform(0, 1))),
    "fan_in": lambda rng: (_shape(rng, 4), tuple(10 + n for n in _shape(rng)), _size(rng, 1, 4)),
    "copying_layers": lambda rng: (_size(rng, 1, 9),),
    "images_backward": _images_backward,
    "running": _running,
    "dropout_backward": _dropout_backward,
    "neighbours_backward": _neighbours_backward,
    "writes": lambda rng: (_of_the_lesson("writes", 0)(rng), *_normal(rng, _shape(rng))),
    "pad_backward": _pad_backward,
    "gate_backward": _gate_backward,
    "block_parameters": lambda rng: (16 * _size(rng, 1, 3), 16 * _size(rng, 1, 3), _size(rng, 1, 3)),
    "winograd_dw": _winograd_dw,
    "stream_backward": lambda rng: (rng.standard_normal((_size(rng), 3)), _of_the_lesson("stream_backward", 1)(rng)),
    "widths": lambda rng: (_size(rng, 1, 7),),
    "bottleneck_weights": lambda rng: (16 * _size(rng, 1, 20), int(2 ** rng.integers(0, 5))),
    "divide_backward": _divide_backward,
    "times_used": _times_used,
}
