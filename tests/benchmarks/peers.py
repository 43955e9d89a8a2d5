"""What is measured, each in a process of its own: `peers.py KIND PEER WHAT CORES` prints its figures as JSON.

KIND is a training step of a small network ("step"), or of ResNet-34 ("resnet"), its convolutions ("convolutions"), single
operations ("operations"), a batch norm of large maps ("norm"), a step by hand and by the engine ("engine"), where a step's time goes
("profile"), a step as batch and image grow ("growth"), or the whole run of the skip network ("run"). `speed.py` starts them.
"""
import json
import os
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

BATCH, STEPS, WARM_UP = 100, 40, 10
SHARD = 50


def cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def per_image(step, batches, warm_up=WARM_UP):
    """Median microseconds per image of `step(images, labels)`."""
    for images, labels in batches[:warm_up]:
        step(images, labels)
    times = []
    for images, labels in batches:
        began = time.perf_counter()
        step(images, labels)
        times.append((time.perf_counter() - began) / len(images) * 1e6)
    return statistics.median(times)


def batches(steps=STEPS, batch=BATCH, size=28):
    rng = np.random.default_rng(0)
    return [(rng.random((batch, 1, size, size), np.float32), rng.integers(0, 10, batch)) for _ in range(steps)]


def peak_memory():
    """Megabytes: the most that this process had."""
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


HELD = ExitStack()  # what holds for the life of this process


# --- Networks: a step in ours, in PyTorch, by loops over places, and the products alone --------------

def network(name, size=28):
    """One of `models`, "images", the two-layer CNN on images of any size, or "batch_norm", a residual network with batch norm."""
    from helpers import layers, models
    rng, rows = np.random.default_rng(0), ((size - 7) - 4) // 2 + 1
    if name == "batch_norm":
        return residual_network(rng)
    if name != "images":
        return getattr(models, name)(0)
    return layers.Sequential(layers.Conv2d(1, 16, 8, rng), layers.ReLU(), layers.Conv2d(16, 8, 4, rng, stride=2), layers.ReLU(),
                             layers.Flatten(), layers.Linear(8 * rows * rows, 10, rng))


def residual_network(rng):
    """Four residual blocks on images (N, 1, 28, 28), batch normalisation after every convolution."""
    from helpers import layers

    def conv(inputs, outputs):
        return [layers.Conv2d(inputs, outputs, 3, rng, padding=1, bias=False), layers.BatchNorm2d(outputs)]

    def block(channels):
        return [layers.Residual(layers.Sequential(*conv(channels, channels), layers.ReLU(), *conv(channels, channels))), layers.ReLU()]

    return layers.Sequential(*conv(1, 16), layers.ReLU(), *block(16), *block(16), layers.MaxPool2d(2), *conv(16, 32), layers.ReLU(),
                             *block(32), *block(32), layers.AvgPool2d(14), layers.Flatten(), layers.Linear(32, 10, rng))


def our_step(name, size=28):
    """A training step as `fit` takes it."""
    from helpers import functional as F
    from helpers import optim, parallel, training
    net = network(name, size)
    each, parameters = HELD.enter_context(parallel.workers(net, training=True)), net.parameters()
    optimizer = optim.SGD(parameters, 0.01)

    def step(images, labels):
        training.backpropagate(each, parameters, images, labels, F.cross_entropy, (F.accuracy,))
        optimizer.step()

    return step


def torch_step(name, size=28):
    """The same network and step in PyTorch."""
    import torch
    from torch import nn

    class Skip(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.head = nn.Sequential(nn.Conv2d(1, 16, 8), nn.ReLU()), head()
            self.register_buffer("skip", torch.full((10, 7056), 0.001))

        def forward(self, x):
            maps = self.first(x)
            return self.head(maps) + maps.flatten(1) @ self.skip.T

    def head():
        rows = ((size - 7) - 4) // 2 + 1
        return nn.Sequential(nn.Conv2d(16, 8, 4, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(8 * rows * rows, 10))

    torch.set_num_threads(cores())
    net = {"mlp": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)),
           "skip_cnn": Skip}.get(name, lambda: nn.Sequential(nn.Conv2d(1, 16, 8), nn.ReLU(), head()))()
    optimizer = torch.optim.SGD(net.parameters(), 0.01)

    def step(images, labels):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(torch.from_numpy(images)), torch.from_numpy(labels)).backward()
        optimizer.step()

    return step


def conv_by_place(x, w, b, stride):
    """One image, one place at a time, all filters at once: x (C, H, W), w (F, C, KH, KW) -> (F, OH, OW)."""
    rows, columns = ((size - taps) // stride + 1 for size, taps in zip(x.shape[1:], w.shape[2:]))
    y = np.empty((len(w), rows, columns), x.dtype)
    for p, q in np.ndindex(rows, columns):
        window = x[:, stride * p:stride * p + w.shape[2], stride * q:stride * q + w.shape[3]]
        y[:, p, q] = (w * window).sum(axis=(1, 2, 3)) + b
    return y


def conv_by_place_backward(dy, x, w, stride):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for p, q in np.ndindex(dy.shape[1:]):
        window, up = np.s_[:, stride * p:stride * p + w.shape[2], stride * q:stride * q + w.shape[3]], dy[:, p, q, None, None, None]
        dw += up * x[window]
        dx[window] += (up * w).sum(axis=0)
    return dx, dw, dy.sum(axis=(1, 2))


def loops_step(name):
    """The same step with every convolution by loops over places, image by image."""
    from helpers import functional as F
    net = network(name)
    parameters = [parameter.value for parameter in net.parameters()]
    skip = net.layers[2].shortcut.weight.value.reshape(10, -1) if name == "skip_cnn" else None

    def one(x, label):
        w1, b1, w2, b2, w3, b3 = parameters
        y1 = conv_by_place(x, w1, b1, 1)
        a1 = np.maximum(y1, 0)
        y2 = conv_by_place(a1, w2, b2, 2)
        a2 = np.maximum(y2, 0).reshape(1, -1)
        logits = a2 @ w3.T + b3 + (a1.reshape(1, -1) @ skip.T if skip is not None else 0)
        _, dlogits = F.cross_entropy(logits, np.array([label]))
        da1, dw2, db2 = conv_by_place_backward((dlogits @ w3).reshape(y2.shape) * (y2 > 0), a1, w2, 2)
        if skip is not None:
            da1 = da1 + (dlogits @ skip).reshape(da1.shape)
        _, dw1, db1 = conv_by_place_backward(da1 * (y1 > 0), x, w1, 1)
        for value, gradient in zip(parameters, (dw1, db1, dw2, db2, dlogits.T @ a2, dlogits[0])):
            value -= np.float32(0.01) * gradient

    return lambda images, labels: [one(x, label) for x, label in zip(images, labels)]


def products_step(name):
    """Only the matrix products of a step, a shard at a time on one BLAS thread: below this NumPy cannot go."""
    from helpers.blas import one_thread
    HELD.enter_context(one_thread())
    shard = {"mlp": BATCH}.get(name, SHARD)
    first, second, dense, skip = (shard * 441, 65, 16), (shard * 81, 257, 8), (shard, 648, 10), (shard, 7056, 10)
    shapes = {"mlp": [(shard, 784, 128), (784, shard, 128), (shard, 128, 10), (128, shard, 10), (shard, 10, 128)]}.get(name, [
        first, (first[1], first[0], 16), second, (second[1], second[0], 8), (shard * 121, 32, 32), (shard * 121, 32, 32),
        dense, (648, shard, 10), (shard, 10, 648)]) + ([skip, (shard, 10, 7056)] if name == "skip_cnn" else [])
    rng = np.random.default_rng(0)
    work = [(rng.random((a, b), np.float32), rng.random((b, c), np.float32), np.empty((a, c), np.float32)) for a, b, c in shapes]

    def step(images, labels):
        for _ in range(BATCH // shard):
            for left, right, out in work:
                np.matmul(left, right, out=out)

    return step


def step(peer, name):
    if peer == "loops":
        return per_image(loops_step(name), batches(1, 10), warm_up=1)
    return per_image({"ours": our_step, "torch": torch_step, "products": products_step}[peer](name), batches())


def resnet(peer, what):
    """[milliseconds, peak megabytes] of a step of ResNet-34 with Adam, for `what` = "BATCH SIZE"."""
    from helpers import functional as F
    from helpers import models, optim, parallel, training
    batch, size = map(int, what.split())
    rng = np.random.default_rng(0)
    images, labels = rng.random((batch, 3, size, size), np.float32), rng.integers(0, 2, batch)
    net = models.resnet34(2, 0)
    if peer == "torch":
        import torch
        sys.path.insert(0, str(Path(__file__).parent.parent))
        from torch_resnet import peer_of
        torch.set_num_threads(cores())
        net = peer_of(net)
        adam = torch.optim.Adam(net.parameters())

        def step(images, labels):
            adam.zero_grad()
            torch.nn.functional.cross_entropy(net(torch.from_numpy(images)), torch.from_numpy(labels)).backward()
            adam.step()
    else:
        each, parameters = HELD.enter_context(parallel.workers(net, training=True)), net.parameters()
        adam = optim.Adam(parameters)

        def step(images, labels):
            training.backpropagate(each, parameters, images, labels, F.cross_entropy, (F.accuracy,))
            adam.step()

    return [per_image(step, [(images, labels)] * 12, 3) * batch / 1000, peak_memory()]


def convolutions(peer, _):
    """Milliseconds of all convolutions of ResNet-34, forward and backward, for 64 images of 32 × 32.

    Ours: two shards at the same time, as a training step has them. "products": the products that the plain form takes, windows as
    rows, all images at once, by BLAS on all cores: the time that their multiplications need at the speed of sgemm.
    """
    rng, shapes = np.random.default_rng(0), convolutions_of_resnet34()
    if peer == "products":
        from threadpoolctl import threadpool_limits
        pairs = [pair for number, (x, w, y, _, _) in enumerate(shapes)
                 for pair in plain_products(64 * y[2] * y[3], x[1] * w[2] * w[3], w[0], input_gradient=number > 0)]
        work = [(rng.random(left, np.float32), rng.random(right, np.float32), np.empty((left[0], right[1]), np.float32))
                for left, right in pairs]
        HELD.enter_context(threadpool_limits(cores()))
        run = lambda *_: [np.matmul(left, right, out=out) for left, right, out in work]
    else:
        from concurrent.futures import ThreadPoolExecutor
        from helpers import functional as F
        from helpers.blas import one_thread
        HELD.enter_context(one_thread())
        pool = HELD.enter_context(ThreadPoolExecutor(cores()))
        given = [[channels_last_in_memory(rng.standard_normal((32, *shape[1:]), np.float32)) for shape in (x, y)]
                 for x, _, y, _, _ in shapes]
        filters = [np.ascontiguousarray(rng.standard_normal(w, np.float32).transpose(2, 3, 1, 0)).transpose(3, 2, 0, 1)
                   for _, w, _, _, _ in shapes]

        def shard(_):
            for number, ((x, dy), w, (_, _, _, stride, padding)) in enumerate(zip(given, filters, shapes)):
                F.conv2d_backward(dy, F.conv2d(x, w, None, stride, padding)[1], input_gradient=number > 0)

        run = lambda *_: list(pool.map(shard, range(2)))
    return per_image(run, [(np.empty(64), None)] * 20, 5) * 64 / 1000


def convolutions_of_resnet34():
    """(shape of x, of the filters, of y, stride, padding) of each, in order, for images of 32 × 32."""
    from helpers import layers, models
    net, found = models.resnet34(2, 0), []

    def watched(layer, forward):
        def run(x):
            y = forward(x)
            found.append((x.shape, layer.weight.value.shape, y.shape, layer.stride, layer.padding))
            return y
        return run

    for module in net.modules():
        if isinstance(module, layers.Conv2d):
            module.forward = watched(module, module.forward)
    net.forward(np.zeros((2, 3, 32, 32), np.float32))
    return found


def plain_products(rows, taps, filters, input_gradient):
    """Shapes of the factors: windows @ filters, windowsᵀ @ dy, and dy @ filtersᵀ."""
    return [((rows, taps), (taps, filters)), ((taps, rows), (rows, filters))] + [((rows, filters), (filters, taps))] * input_gradient


def channels_last_in_memory(array):
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


# --- Single operations of the skip network, forward and backward together ----------------------------

def operations(peer, _):
    """{operation: microseconds per image}, forward and backward, on one core."""
    kinds = {"ours": our_operations, "torch": torch_operations, "loops": loops_operations}[peer]()
    count = {"ours": SHARD, "torch": BATCH, "loops": 2}[peer]
    return {name: per_image(lambda *_: run(), [(np.empty(count), None)] * (3 if peer == "loops" else STEPS), 1 if peer == "loops" else WARM_UP)
            for name, run in kinds.items()}


def inputs(count):
    """{operation: (what it is called, input, upstream gradient)}."""
    rng = np.random.default_rng(0)
    shapes = {"convolution 1, 16 of 8 × 8": ((1, 28, 28), (16, 21, 21)), "convolution 2, 8 of 4 × 4, stride 2": ((16, 21, 21), (8, 9, 9)),
              "ReLU": ((16, 21, 21), (16, 21, 21)), "max pooling 3 × 3": ((16, 21, 21), (16, 7, 7)),
              "average pooling 3 × 3": ((16, 21, 21), (16, 7, 7)), "dense, 648 to 10": ((648,), (10,))}
    return {name: [rng.standard_normal((count, *shape)).astype(np.float32) for shape in pair] for name, pair in shapes.items()}


def our_operations():
    from helpers import functional as F
    from helpers import layers
    from helpers.blas import one_thread
    HELD.enter_context(one_thread())
    rng, given = np.random.default_rng(0), inputs(SHARD)
    made = [layers.Conv2d(1, 16, 8, rng), layers.Conv2d(16, 8, 4, rng, stride=2), layers.ReLU(), layers.MaxPool2d(3),
            layers.AvgPool2d(3), layers.Linear(648, 10, rng)]
    runs = {}
    for number, (layer, (name, (x, dy))) in enumerate(zip(made, given.items())):
        layer.input_gradient = number > 0  # the images of the first want none
        if x.ndim == 4 and x.shape[1] > 1:  # as the layer before leaves them: channels last in memory
            x, dy = map(channels_last_in_memory, (x, dy))
        runs[name] = lambda layer=layer, x=x, dy=dy: (layer.forward(x), layer.backward(dy))
    logits, labels = np.random.default_rng(0).standard_normal((SHARD, 10)).astype(np.float32), np.arange(SHARD) % 10
    runs["softmax and cross-entropy"] = lambda: F.cross_entropy(logits, labels)
    return runs


def torch_operations():
    import torch
    from torch import nn
    torch.set_num_threads(1)
    made = [nn.Conv2d(1, 16, 8), nn.Conv2d(16, 8, 4, stride=2), nn.ReLU(), nn.MaxPool2d(3), nn.AvgPool2d(3), nn.Linear(648, 10)]
    runs = {}
    for number, (layer, (name, pair)) in enumerate(zip(made, inputs(BATCH).items())):
        x, dy = map(torch.from_numpy, pair)
        x.requires_grad_(number > 0)
        runs[name] = lambda layer=layer, x=x, dy=dy: layer(x).backward(dy)
    logits, labels = torch.randn(BATCH, 10, requires_grad=True), torch.arange(BATCH) % 10
    runs["softmax and cross-entropy"] = lambda: nn.functional.cross_entropy(logits, labels).backward()
    return runs


def loops_operations():
    rng, given, runs = np.random.default_rng(0), inputs(2), {}
    for (name, (x, dy)), (shape, stride) in zip(given.items(), (((16, 1, 8, 8), 1), ((8, 16, 4, 4), 2))):
        w, b = rng.standard_normal(shape).astype(np.float32), np.zeros(shape[0], np.float32)
        runs[name] = lambda x=x, dy=dy, w=w, b=b, stride=stride: [
            (conv_by_place(image, w, b, stride), conv_by_place_backward(up, image, w, stride)) for image, up in zip(x, dy)]
    return runs


def norm(peer, _):
    """Microseconds per image of batch norm, forward and backward, on 64 images of 64 channels of 32 × 32."""
    x, dy = np.random.default_rng(0).standard_normal((2, 64, 64, 32, 32)).astype(np.float32)
    if peer == "torch":
        import torch
        torch.set_num_threads(cores())
        layer, x, dy = torch.nn.BatchNorm2d(64), torch.from_numpy(x).requires_grad_(), torch.from_numpy(dy)
        run = lambda *_: layer(x).backward(dy)
    else:
        from helpers import layers, parallel
        x, dy = map(channels_last_in_memory, (x, dy))
        layer = layers.BatchNorm2d(64)
        layer.shard_size = SHARD  # as beside a convolution
        each = HELD.enter_context(parallel.workers(layers.Sequential(layer), training=True))
        run = lambda *_: each(lambda worker, part: (worker.net.forward(x[part]), worker.net.backward(dy[part])), len(x))
    return per_image(run, [(x, dy)] * STEPS)


def engine(_, name):
    """[milliseconds by hand, milliseconds by the engine] of a forward and a backward pass on one core; the two take turns."""
    from helpers import autograd, models
    from helpers import functional as F
    from helpers.blas import one_thread
    HELD.enter_context(one_thread())
    deep = name == "resnet34"
    net, rng = models.resnet34(2, 0) if deep else network(name), np.random.default_rng(0)
    images = rng.random((16, 3, 32, 32) if deep else (SHARD, 1, 28, 28), np.float32)
    labels = np.arange(len(images)) % 2
    net.drop_input_gradient()

    def by_hand():
        net.backward(F.cross_entropy(net.forward(images), labels)[1])

    def by_the_engine():
        autograd.cross_entropy(autograd.functional_call(net, autograd.tensors_of(net), images), labels).backward()

    times = {by_hand: [], by_the_engine: []}
    for _ in range(15 if deep else STEPS):
        for step, found in times.items():
            began = time.perf_counter()
            step()
            found.append((time.perf_counter() - began) * 1000)
    return [statistics.median(found[3:]) for found in times.values()]


# --- Where a step's time goes ------------------------------------------------------------------------

def profile(_, name):
    """{layer and direction: microseconds per image} of a shard on one core; the layers' own time, inner layers left out.

    Of ResNet-34 a line for each kind of layer.
    """
    from helpers import functional as F
    from helpers import layers, models, optim, parallel, training
    spent, inside = {}, []

    def timed(function, label):
        def run(*args):
            inside.append(0.0)
            began = time.perf_counter()
            result = function(*args)
            took = time.perf_counter() - began
            spent[label] = spent.get(label, 0) + took - inside.pop()
            if inside:
                inside[-1] += took
            return result
        return run

    deep = name == "resnet34"
    net = models.resnet34(2, 0) if deep else network(name)
    for module in net.modules():
        if deep or not isinstance(module, layers.Sequential):
            label = type(module).__name__ if deep else str(module)
            for way in ("forward", "backward"):
                setattr(module, way, timed(getattr(module, way), f"{label} {way}"))
    count = 32 if deep else SHARD
    images, labels = (np.random.default_rng(0).random((count, 3, 32, 32), np.float32), np.arange(count) % 2) if deep else batches(1, count)[0]
    parameters, rounds, warm_up = net.parameters(), [], 3 if deep else 50
    optimizer = optim.Adam(parameters) if deep else optim.SGD(parameters, 0.01)
    with parallel.workers(net, training=True) as each:
        for _ in range(15 if deep else 200):
            spent.clear()
            timed(training.backpropagate, "the loss, and what a step does beside layers")(each, parameters, images, labels, F.cross_entropy)
            timed(optimizer.step, "the optimiser's step")()
            rounds.append(dict(spent))
    return {label: statistics.median(found[label] for found in rounds[warm_up:]) / count * 1e6 for label in rounds[-1]}


# --- Growth, and the whole run -------------------------------------------------------------------------

def growth(peer, what):
    """[microseconds per image, peak megabytes] of a step of the two-layer CNN, for `what` = "BATCH SIZE"."""
    batch, size = map(int, what.split())
    step = {"ours": our_step, "torch": torch_step}[peer]("images", size)
    return [per_image(step, batches(12, batch, size), 4), peak_memory()]


def run(_, seed):
    """Five epochs of 60,000 images with the skip network: seconds, accuracy, peak megabytes."""
    from helpers import data, models, optim, training
    digits, net = data.load_digits("mnist"), models.skip_cnn(0)
    began = time.perf_counter()
    history = training.fit(net, digits, optim.SGD(net.parameters(), 0.1), epochs=5, batch_size=BATCH, seed=int(seed))
    return [time.perf_counter() - began, history.test_accuracy[-1], peak_memory()]


def import_time(_, __):
    """Seconds to import all of `helpers` that needs no pictures."""
    began = time.perf_counter()
    from helpers import data, functional, gradcheck, init, layers, models, optim, parallel, training
    assert "matplotlib" not in sys.modules
    return time.perf_counter() - began


if __name__ == "__main__":
    kinds = {"step": step, "resnet": resnet, "convolutions": convolutions, "operations": operations, "norm": norm, "engine": engine,
             "profile": profile, "growth": growth, "run": run, "import": import_time}
    if len(sys.argv) == 5:
        _, kind, peer, what, where = sys.argv
        if where == "one" and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
        print(json.dumps(kinds[kind](peer, what)))
