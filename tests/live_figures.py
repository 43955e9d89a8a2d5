"""Every live figure of the lessons on a little data, for the tests and the benchmark of frame times."""
from functools import cache

import numpy as np

from helpers import data, functional as F, live, models, optim, training
from helpers.published import cnn, skip


@cache
def _digits():
    return data.load_digits("bundled")


def _layer(images=500):
    """A one-layer network's loss and gradient as lesson 01 writes it, and weights to begin with."""
    x, labels = _digits().x_train[:images].reshape(images, -1).astype(np.float64), _digits().y_train[:images]

    def loss_and_gradient(w):
        loss, dlogits = F.cross_entropy(x @ w.T, labels)
        return loss, dlogits.T @ x

    return loss_and_gradient, np.random.default_rng(0).standard_normal((10, 784)) * 0.01


@cache
def _snapshots():
    net = models.mlp(seed=0)
    snapshots = training.Snapshots([0, 1, 3, 7, 13], ["1.weight"], _digits().x_test, _digits().y_test)
    training.fit(net, _digits(), optim.SGD(net.parameters(), lr=0.5), epochs=1, batch_size=100, callback=snapshots)
    return snapshots


def _filter_gradient(dy, x, taps, stride):
    """dw of one filter on one image, by the stride."""
    cache = F.conv2d(x[None, None], np.zeros((1, 1, taps, taps)), np.zeros(1), stride)[1]
    return F.conv2d_backward(dy[None, None], cache)[1][0, 0]


def _filter_gradient_as_published(dy, x, taps, stride):
    return np.array([[(dy * x[i:i + len(dy), j:j + len(dy)]).sum() for j in range(taps)] for i in range(taps)])


def _one_convolution(x, w, stride):
    return F.conv2d(x[None, None], w[None, None], np.zeros(1), stride)[0][0, 0]


def _digit_and_filter():
    return _digits().x_train[0, 0].astype(np.float64), np.random.default_rng(0).standard_normal((5, 5))


def _slide(image, w):
    return F.conv2d(image[None, None].astype(np.float64), w[None, None].astype(np.float64), np.zeros(1))[0][0, 0]


@cache
def _cnn():
    """A two-layer CNN after a short training, and what `Snapshots` kept of it."""
    net = models.two_layer_cnn(seed=0)
    snapshots = training.Snapshots([0, 3, 9], ["0.weight", "2.weight"], _digits().x_test, _digits().y_test)
    training.fit(net, _digits(), optim.SGD(net.parameters(), lr=0.1), epochs=1, batch_size=100, callback=snapshots)
    return net, snapshots


def _ten():
    return np.array([np.flatnonzero(_digits().y_test == digit)[0] for digit in range(10)])


def _accuracies():
    """Two rows, three step sizes, four seeds, with one and with all exploded."""
    accuracies = np.random.default_rng(0).random((2, 3, 4))
    accuracies[0, 1, 2] = accuracies[0, 2] = np.nan
    return accuracies


def _out_size(size, kernel, stride, padding):
    return (size + 2 * padding - kernel) // stride + 1


def _by_path(net, x, labels, scale):
    """dw1 through the body and along the skip, for skips that lead to the logits, as lesson 07 writes it."""
    first, bend, residual = net.layers
    a1 = bend.forward(first.forward(x))
    _, dy = F.cross_entropy(residual.body.forward(a1) + np.float32(scale) * residual.shortcut.forward(a1), labels)
    gradients = []
    for part in (residual.body.backward(dy), np.float32(scale) * residual.shortcut.backward(dy)):
        first.backward(bend.backward(part))
        gradients.append(first.weight.grad)
    return gradients


MAKERS = {
    "how_many_pixels": lambda: live.how_many_pixels(_digits().x_train[7, 0]),
    "look_inside": lambda: live.look_inside(_digits().x_train[:200]),
    "softmax": live.softmax,
    "one_weight": lambda: live.one_weight(*_layer()),
    "step_size": lambda: live.step_size(*_layer(), sizes=[0.02, 0.5, 8.0]),
    "training": lambda: live.training(_snapshots(), "1.weight"),
    "slide": lambda: live.slide(_digits().x_train[15, 0], np.arange(25).reshape(5, 5) % 4 - 2, _slide),
    "design_filter": lambda: live.design_filter(_digits().x_train[:10, 0], _slide, [[-1, -1, 2], [-1, 2, -1], [2, -1, -1]]),
    "stride_and_padding": lambda: live.stride_and_padding(_out_size),
    "explorer": live.explorer,
    "tap_check": lambda: live.tap_check(
        _one_convolution, {"step by the stride": _filter_gradient, "as published": _filter_gradient_as_published},
        *_digit_and_filter()),
    "way_back": lambda: live.way_back(*_digit_and_filter(), np.random.default_rng(1).standard_normal((12, 12)), stride=2),
    "feature_maps": lambda: live.feature_maps({"untrained": models.two_layer_cnn(seed=0), "trained": _cnn()[0]},
                                              _digits().x_test[_ten()], _digits().y_test[_ten()]),
    "filters": lambda: live.filters(_cnn()[1]),
    "mends": lambda: live.mends(["as published", "mended"], [0.001, 0.01, 0.1], _accuracies()),
    "saliency": lambda: live.saliency(_cnn()[0], _digits().x_test[_ten()]),
    "playground": live.playground,
    "bias_correction": live.bias_correction,
    "factors": live.factors,
    "fading": lambda: live.fading(_digits().x_train[:32]),
    "inert": lambda: live.inert(skip.SkipNet(0, list(skip.FAULTS)), cnn.pixels(_digits().x_test[:1])[0], _digits().y_test[0]),
    "paths": lambda: live.paths(_by_path, {kind: models.skip_cnn(0, kind) for kind in ("constant", "trained")},
                                _digits().x_test[_ten()], _digits().y_test[_ten()]),
}


def ends_and_middle(control):
    """The values of a control to try: its first, its middle and its last."""
    if hasattr(control, "options"):
        values = list(control.options)
        return values[0], values[len(values) // 2], values[-1]
    middle = (control.min + control.max) / 2
    return control.min, type(control.min)(middle), control.max
