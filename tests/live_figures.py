"""Every live figure of the lessons on a little data, for the tests and the benchmark of frame times."""
from functools import cache
from time import process_time

import numpy as np

from helpers import data, functional as F, geometry, layers, live, models, optim, training
from helpers.models.resnet import BasicBlock
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


def _plane_network():
    """Points in the plane, their labels, and the functions of lesson 02 that make, train and ask a network."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-1.4, 1.4, (60, 2))

    def new_network(sizes, rng):
        inputs, hidden, outputs = sizes
        return {"w1": rng.standard_normal((hidden, inputs)), "b1": np.zeros(hidden),
                "w2": rng.standard_normal((outputs, hidden)) * np.sqrt(2 / hidden), "b2": np.zeros(outputs)}

    def forward(net, x, nonlinear):
        h, first = F.linear(x, net["w1"], net["b1"])
        z, second = F.linear(np.maximum(h, 0) if nonlinear else h, net["w2"], net["b2"])
        return z, (first, h, second)

    def sgd(net, x, labels, lr, steps, rng, nonlinear):
        for _ in range(steps):
            batch, grads = rng.integers(0, len(x), 20), {}
            z, (first, h, second) = forward(net, x[batch], nonlinear)
            da, grads["w2"], grads["b2"] = F.linear_backward(F.cross_entropy(z, labels[batch])[1], second)
            _, grads["w1"], grads["b1"] = F.linear_backward(da * (h > 0) if nonlinear else da, first)
            for name, grad in grads.items():
                net[name] -= lr * grad

    return points, (np.hypot(points[:, 0] - 0.6, points[:, 1] - 0.5) < 0.8).astype(int), new_network, sgd, forward


def _few_and_many():
    """Two seeds, three numbers of images and four moments: what the log `overfitting` has."""
    rng = np.random.default_rng(0)
    return {"counts": np.array([100, 400, 1500]), "moments": np.array([10, 30, 200, 1000])} | {
        f"{key} {what}": rng.uniform(0.5, 1, (3, 2, 4)).astype(np.float32) for key in ("train", "test") for what in ("losses", "accuracies")}


@cache
def _snapshots():
    net = models.mlp(seed=0)
    snapshots = training.Snapshots([0, 1, 3, 7, 13], ["1.weight"], _digits().x_test, _digits().y_test)
    training.fit(net, _digits(), optim.SGD(net.parameters(), lr=0.5), epochs=1, batch_size=100, callback=snapshots)
    return snapshots


def _digit_and_filter():
    return _digits().x_train[0, 0].astype(np.float64), np.random.default_rng(0).standard_normal((5, 5))


def _slide(image, w):
    return F.conv2d(image[None, None].astype(np.float64), w[None, None].astype(np.float64), np.zeros(1))[0][0, 0]


def _lay_out(image, size, stride):
    starts = range(0, len(image) - size + 1, stride)
    return np.array([image[p:p + size, q:q + size].ravel() for p in starts for q in starts])


def _feature_map(image):
    rising = 1 - np.abs(np.add.outer(np.arange(5), np.arange(5)) - 4)
    return np.maximum(_slide(image, rising), 0)


def _max_pool(x, size, stride):
    return F.max_pool2d(x[None, None], size, stride)[0][0, 0]


@cache
def _cnn():
    """A two-layer CNN after a short training, and what `Snapshots` kept of it."""
    net = models.two_layer_cnn(seed=0)
    snapshots = training.Snapshots([0, 3, 9], ["0.weight", "2.weight"], _digits().x_test, _digits().y_test)
    training.fit(net, _digits(), optim.SGD(net.parameters(), lr=0.1), epochs=1, batch_size=100, callback=snapshots)
    return net, snapshots


@cache
def _skip_net(trained):
    """A CNN with an identity skip as lesson 07 makes it, before or after a short training."""
    rng = np.random.default_rng(0)
    below = layers.Sequential(layers.Conv2d(1, 16, 8, rng), layers.ReLU())
    head = layers.Sequential(layers.Conv2d(16, 8, 4, rng, stride=2), layers.ReLU(), layers.Flatten(), layers.Linear(648, 10, rng))
    net = layers.Sequential(below, layers.Residual(layers.Conv2d(16, 16, 3, rng, padding=1)), layers.ReLU(), head)
    if trained:
        training.fit(net, _digits().take(1000), optim.Adam(net.parameters()), epochs=1, batch_size=50)
    return net


def _pool_backward(dy, x, size, stride):
    dx = np.zeros(x.size)
    for p in range(dy.size):
        dx[stride * p + x[stride * p:stride * p + size].argmax()] += dy[p]
    return dx


def _ten():
    return np.array([np.flatnonzero(_digits().y_test == digit)[0] for digit in range(10)])


def _accuracies():
    """Two rows, three learning rates, four seeds, with one and with all exploded, and one at chance."""
    accuracies = np.random.default_rng(0).random((2, 3, 4))
    accuracies[0, 1, 2] = accuracies[0, 2] = np.nan
    accuracies[0, 0, 1] = 0.1
    return accuracies


def _depths():
    """Two seeds of four depths, without skips and with: training losses, and norms of gradients that end in any number."""
    rng = np.random.default_rng(0)
    return {(skips, depth): [(rng.random(), rng.uniform(0.5, 2, depth)) for _ in range(2)] for skips in (False, True) for depth in (1, 4, 9, 20)}


@cache
def _with_batch_norm():
    """A network with batch norm after a short training."""
    rng = np.random.default_rng(0)
    net = layers.Sequential(layers.Flatten(), layers.Linear(784, 16, rng), layers.BatchNorm1d(16), layers.ReLU(), layers.Linear(16, 10, rng))
    training.fit(net, _digits(), optim.Adam(net.parameters(), lr=0.01), epochs=2, batch_size=50)
    return net


def _local_response():
    """Forward and backward of a local response norm, the latter with a formula that takes the own x twice, too."""
    def forward(x, size, alpha, beta, k):
        return F.local_response_norm(x, size, alpha, beta, k)[0]

    def backward(dy, x, size, alpha, beta, k, twice):
        cache = F.local_response_norm(x, size, alpha, beta, k)[1]
        if not twice:
            return F.local_response_norm_backward(dy, cache)
        d = k + alpha / size * _near(x * x)
        return dy / d**beta - 2 * alpha * beta / size * x * x * _near(dy / d**(beta + 1))

    return forward, backward


def _near(x):
    return np.stack([x[:, max(0, c - 2):c + 3].sum(axis=1) for c in range(x.shape[1])], axis=1)


@cache
def _cuttable():
    """A residual and a plain network of three blocks after a short training."""
    nets = {}
    for name in ("residual", "plain"):
        rng, blocks = np.random.default_rng(0), []
        for _ in range(3):
            body = layers.Sequential(layers.Linear(16, 16, rng, bias=False), layers.BatchNorm1d(16), layers.Tanh())
            blocks.append(layers.Residual(body) if name == "residual" else body)
        net = layers.Sequential(layers.Flatten(), layers.Linear(784, 16, rng), *blocks, layers.Linear(16, 10, rng))
        training.fit(net, _digits(), optim.Adam(net.parameters(), lr=0.01), epochs=2, batch_size=50)
        nets[name] = net, blocks
    return nets


def _narrow(seed=0, pooled=True):
    """A residual network of six blocks in four stages, for two classes."""
    rng = np.random.default_rng(seed)
    stem = [layers.Conv2d(3, 4, 5, rng, 2, 2, bias=False), layers.BatchNorm2d(4), layers.ReLU(), layers.MaxPool2d(3, 2, 1)]
    blocks = [BasicBlock(4, 4, 1, rng), BasicBlock(4, 6, 2, rng), BasicBlock(6, 6, 1, rng), BasicBlock(6, 8, 2, rng),
              BasicBlock(8, 8, 1, rng), BasicBlock(8, 8, 2, rng)]
    return layers.Sequential(*stem[:3 + pooled], *blocks, layers.AdaptiveAvgPool2d(1), layers.Flatten(), layers.Linear(8, 2, rng))


def _two_trainings():
    """Two seeds and 40 steps: what the log `two_trainings` has, once with no difference at all."""
    rng = np.random.default_rng(0)
    here = {name: rng.uniform(0.1, 2, (2, 40)) for name in ("float32", "float64")}
    apart = {"float32": 1e-6 * rng.standard_normal((2, 40)), "float64": 1e-15 * rng.standard_normal((2, 40)) * (np.arange(40) > 0)}
    return {f"{name} here": here[name] for name in here} | {f"{name} PyTorch": here[name] + apart[name] for name in here}


@cache
def _narrow_trained():
    """Such a network after some steps on planes and birds, and its first filters before them."""
    net, some = _narrow(), _colour()
    before = net.layers[0].weight.value.copy()
    training.fit(net, some, optim.Adam(net.parameters(), lr=0.01), epochs=3, batch_size=50)
    return net, before


@cache
def _colour():
    return data.load_planes_birds("bundled").every(6)


def _epochs():
    """Three seeds and three epochs: what the log `resnet34` has, of four images."""
    rng = np.random.default_rng(0)
    return {"accuracies": 0.5 + 0.4 * rng.random((3, 3)), "filters": rng.standard_normal((4, 16, 3, 7, 7)).astype(np.float16),
            "images": rng.integers(0, 256, (4, 3, 8, 8), np.uint8), "labels": np.array([0, 0, 1, 1]), "probabilities": rng.random((4, 4))}


def _out_size(size, kernel, stride, padding):
    return (size + 2 * padding - kernel) // stride + 1


MAKERS = {
    "how_many_pixels": lambda: live.how_many_pixels(_digits().x_train[7, 0]),
    "look_inside": lambda: live.look_inside(_digits().x_train[:200]),
    "softmax": live.softmax,
    "graph": live.graph,
    "one_weight": lambda: live.one_weight(*_layer()),
    "step_size": lambda: live.step_size(*_layer(), sizes=[0.02, 0.5, 8.0]),
    "boundary": lambda: live.boundary(*_plane_network()),
    "overfitting": lambda: live.overfitting(_few_and_many()),
    "training": lambda: live.training(_snapshots(), "1.weight"),
    "slide": lambda: live.slide(_digits().x_train[15, 0], np.arange(25).reshape(5, 5) % 4 - 2, _slide),
    "design_filter": lambda: live.design_filter(_digits().x_train[:10, 0], _slide, [[-1, -1, 2], [-1, 2, -1], [2, -1, -1]]),
    "stride_and_padding": lambda: live.stride_and_padding(_out_size),
    "im2col": lambda: live.im2col(_lay_out),
    "max_pooling": lambda: live.max_pooling(_digits().x_train[15, 0], _feature_map, _max_pool),
    "explorer": live.explorer,
    "backward_pass": lambda: live.backward_pass(*_digit_and_filter(), np.random.default_rng(1).standard_normal((12, 12)), stride=2),
    "pooling_ties": lambda: live.pooling_ties(_pool_backward),
    "feature_maps": lambda: live.feature_maps({"untrained": models.two_layer_cnn(seed=0), "trained": _cnn()[0]},
                                              _digits().x_test[_ten()], _digits().y_test[_ten()]),
    "filters": lambda: live.filters(_cnn()[1]),
    "fixes": lambda: live.fixes(["as published", "stride"], [0.001, 0.01, 0.1], _accuracies(), 0.126),
    "shifts": lambda: live.shifts({"dense": models.mlp(seed=0), "CNN": _cnn()[0]}, _digits().x_test[:12], _digits().y_test[:12]),
    "saliency": lambda: live.saliency(_cnn()[0], _digits().x_test[_ten()]),
    "draw_dense": lambda: live.draw_dense(models.mlp(seed=0)),
    "draw_cnn": lambda: live.draw_cnn(_cnn()[0], models.mlp(seed=0)),
    "playground": live.playground,
    "bias_correction": live.bias_correction,
    "factors": live.factors,
    "vanishing": lambda: live.vanishing(_digits().x_train[:32]),
    "draw_skip": lambda: live.draw_skip({"before": _skip_net(False), "after": _skip_net(True)}),
    "histograms": lambda: live.histograms(_digits().x_train[:32]),
    "degradation": lambda: live.degradation(_depths()),
    "two_images": lambda: live.two_images(_digits().x_test[_ten()]),
    "shattered": live.shattered,
    "routes": live.routes,
    "batch_mates": lambda: live.batch_mates(_with_batch_norm(), _digits().x_test[:300]),
    "weight_scale": live.weight_scale,
    "dropout_masks": lambda: live.dropout_masks(_digits().x_test[0, 0].astype(np.float64)),
    "local_response": lambda: live.local_response(*_local_response()),
    "block": live.block,
    "shortcut_factor": live.shortcut_factor,
    "paths_by_length": live.paths_by_length,
    "orders": lambda: live.orders(_digits().x_train[:4], _digits().y_train[:4]),
    "bottleneck": live.bottleneck,
    "widths": live.widths,
    "cut_blocks": lambda: live.cut_blocks(_cuttable(), _digits().x_test, _digits().y_test),
    "blocks": lambda: live.blocks(geometry.walk(_narrow(), 32), _colour().x_test[0]),
    "stems": lambda: live.stems({name: {size: geometry.walk(_narrow(pooled=pooled), size) for size in (16, 32, 64)}
                                 for name, pooled in (("pooled", True), ("not pooled", False))}),
    "maps": lambda: live.maps(*_narrow_trained(), 2 * _colour().x_test[:3] - 1),
    "cuts": lambda: live.cuts(_narrow_trained()[0], _colour().x_test, _colour().y_test, _colour().classes),
    "epochs": lambda: live.epochs(_epochs()),
    "residual_graph": live.residual_graph,
    "checkpoints": lambda: live.checkpoints([("stem", 6.0, 0.6, 30), ("block 1", 4.0, 0.5, 20), ("block 2", 3.0, 0.4, 25),
                                            ("block 3", 1.0, 0.3, 10), ("block 4", 0.8, 0.2, 15)], 3),  # with 3 kept, two ways need 6 MB
    "two_trainings": lambda: live.two_trainings(_two_trainings()),
    "inert": lambda: live.inert(skip.SkipNet(0, list(skip.FAULTS)), cnn.pixels(_digits().x_test[:1])[0], _digits().y_test[0]),
}


def ends_and_middle(control):
    """The values of a control to try: its first, its middle and its last."""
    if hasattr(control, "options"):
        values = list(control.options)
        return values[0], values[len(values) // 2], values[-1]
    middle = (control.min + control.max) / 2
    return control.min, type(control.min)(middle), control.max


def random_value(control, rng):
    """A value of a control, any of them alike likely."""
    if hasattr(control, "options"):
        return list(control.options)[rng.integers(len(control.options))]
    return control.min + type(control.min)(control.step * rng.integers(round((control.max - control.min) / control.step) + 1))


def parts(figure, moves=30):
    """What each move of one control takes of the processor to compute, to draw and to pack, in ms, and the kB to send: (moves, 4).

    The first moves, while matplotlib fills its caches, are not counted.
    """
    rng, values, took = np.random.default_rng(0), dict(figure.values), []
    for _ in range(5 + moves):
        name = rng.choice(list(figure.controls))
        values[name] = random_value(figure.controls[name], rng)
        moments = [process_time()]
        for step in (lambda: figure.update(**values), figure.pixels.draw, figure.pixels.png):
            packed = step()
            moments.append(process_time())
        took.append([*(1000 * np.diff(moments)), len(packed) / 1000])
    return np.array(took[5:])
