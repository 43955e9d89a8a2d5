"""What happens inside networks and optimisers, as numbers: what the live figures draw."""
from contextlib import contextmanager

import numpy as np

from . import functional as F
from . import autograd, geometry, training
from .layers import Module, Parameter, Residual, Sequential
from .models.resnet import BasicBlock


class LossPlane:
    """A flat slice of a loss surface, through the weights `origin` (Li et al. 2018).

    Its axes: down the gradient at `origin`, and, at a right angle to it, along the direction of largest curvature there.
    `loss_and_gradient(weights)` -> loss, gradient in weights' shape. A place of the plane is (a, u).
    """

    def __init__(self, loss_and_gradient, origin):
        self.loss_and_gradient, self.origin = loss_and_gradient, origin
        downhill = -loss_and_gradient(origin)[1]
        self.x = downhill / np.linalg.norm(downhill)
        steep = self._steepest()
        steep = steep - np.vdot(steep, self.x) * self.x
        self.y = steep / np.linalg.norm(steep)

    def _steepest(self, rounds=30, nudge=0.05):
        """The direction of largest curvature, by power iteration: how the gradient changes along it turns it there."""
        direction = np.random.default_rng(1).standard_normal(self.origin.shape)
        for _ in range(rounds):
            direction *= nudge / np.linalg.norm(direction)
            direction = self.loss_and_gradient(self.origin + direction)[1] - self.loss_and_gradient(self.origin - direction)[1]
        return direction

    def at(self, a, u):
        """Loss at one place of the plane, and its gradient inside the plane (2,)."""
        loss, gradient = self.loss_and_gradient(self.origin + a * self.x + u * self.y)
        return loss, np.array([np.vdot(gradient, self.x), np.vdot(gradient, self.y)])

    def descend(self, lr, steps, start):
        """Places (steps + 1, 2) and losses (steps + 1,) of gradient descent from `start` with the learning rate `lr`."""
        places, losses = np.zeros((steps + 1, 2)), np.zeros(steps + 1)
        places[0] = start
        for step in range(steps + 1):
            losses[step], slope = self.at(*places[step])
            if step < steps:
                places[step + 1] = places[step] - lr * slope
        return places, losses


def outputs_and_gradients(net, x, labels):
    """What each layer of a `Sequential` gives for x (N, ...), and the gradient of the cross-entropy for it: lists of arrays."""
    outputs, gradients = [], []
    for layer in net.layers:
        x = layer.forward(x)
        outputs.append(x)
    dy = F.cross_entropy(x, labels)[1]
    for layer in reversed(net.layers):
        gradients.append(dy)
        dy = layer.backward(dy)
    return outputs, gradients[::-1]


def score_gradient(net, images, place):
    """The gradient of one class's score, the logit at `place`, for images (N, ...): its saliency (Simonyan et al. 2013).

    The upstream gradient is 1 for that class and 0 for the others.
    """
    dz = np.zeros_like(net.forward(images))
    dz[:, place] = 1
    return net.backward(dz)


def gradient_norms(x, weights, dy, formula, formula_backward, skip):
    """The norm of the gradient for the input of each layer of a stack, over that of dy, the upstream gradient at its top.

    Each layer is formula(x wᵀ), or x + formula(x wᵀ) if `skip`: x, dy (n, width), weights (depth, width, width).
    """
    caches = []
    for w in weights:
        y, cache = formula(x @ w.T)
        caches.append(cache)
        x = x + y if skip else y
    norms, top = [], np.linalg.norm(dy)
    for w, cache in zip(weights[::-1], caches[::-1]):
        through = formula_backward(dy, cache) @ w
        dy = dy + through if skip else through
        norms.append(np.linalg.norm(dy) / top)
    return np.array(norms[::-1])


def gradients_by_path(net, dlogits):
    """The gradient for the input of `net` in two parts: what went through the body of its block, and what came along the skip.

    `net`: a Sequential(below, Residual(body, shortcut), *above) after a forward pass. The parts add up to what its backward
    pass gives for dlogits, because all below the block is linear in the gradient.
    """
    below, block, *above = net.layers
    dy = Sequential(*above).backward(dlogits)
    return tuple(below.backward(path.backward(dy)) for path in (block.body, block.shortcut))


def skip_to_logits(net, image, label, rows):
    """A `published.skip.SkipNet` with another skip: `rows` (10, 16, 21, 21) times the first feature maps, added to the logits.

    Returns, for one image (28, 28), what is added (10,), the probabilities (10,), and the gradient of the first filters.
    """
    before, _, (conv1, relu1, a1, conv2, relu2, _) = net.forward(image[None])
    added = a1.reshape(1, -1) @ rows.reshape(len(rows), -1).T
    _, dz = F.cross_entropy(before + added, np.array([label]))
    through, _, _ = F.conv2d_backward(F.relu_backward(np.tensordot(dz, net.params["w3"], 1), relu2), conv2)
    along = np.tensordot(dz, rows, 1)
    _, dw1, _ = F.conv2d_backward(F.relu_backward(through + along, relu1), conv1, input_gradient=False)
    return added[0], F.softmax(before + added)[0][0], dw1


# --- Lesions: a trained network without some of its blocks, or with blocks in other places ---------------

class _CutResidual(Residual):
    """A residual block whose body gives zero."""

    def forward(self, x):
        around = self.shortcut.forward(x)
        if self.gate is None:
            return around
        gate = self.gate.forward(x)
        self.cache = around, gate
        return (1 - gate) * around

    def backward(self, dy):
        if self.gate is None:
            return self.shortcut.backward(dy)
        around, gate = self.recall()
        return self.shortcut.backward((1 - gate) * dy) + self.gate.backward(-around * dy)


class _LeftOut(Module):
    """A layer that passes on what it is handed, forward and backward."""

    def forward(self, x):
        return x

    def backward(self, dy):
        return dy


def residual_blocks(net):
    """The `Residual` modules of a network that lie in no other one, from input to output."""
    blocks = [module for module in net.modules() if isinstance(module, Residual)]
    inner = {id(module) for block in blocks for module in block.modules()[1:]}
    return [block for block in blocks if id(block) not in inner]


@contextmanager
def without(blocks, cut):
    """While this lasts, a network lacks those of its `blocks` for which `cut`, a bool for each, is True.

    Of a `Residual` the body gives zero and the shortcut stays. Any other layer is left out: what it is handed it passes on,
    so the layers of a plain network can be cut too, where they keep the shape. Forward and backward, in training and in
    evaluation. Raises ValueError unless there is one bool for each block.
    """
    if len(cut) != len(blocks):
        raise ValueError(f"without: one bool a block is wanted, but there are {len(blocks)} blocks and {len(cut)} bools")
    kinds = [type(block) for block in blocks]
    try:
        for block, gone in zip(blocks, cut):
            if gone:
                block.__class__ = _CutResidual if isinstance(block, Residual) else _LeftOut
        yield
    finally:
        for block, kind in zip(blocks, kinds):
            block.__class__ = kind


@contextmanager
def reordered(blocks, order):
    """While this lasts, the place of blocks[i] in a network is taken by blocks[order[i]]: [1, 0] swaps two.

    Blocks that change places must take and give the same shapes. Raises ValueError unless `order` holds each place once.
    """
    if sorted(order) != list(range(len(blocks))):
        raise ValueError(f"reordered: the order must hold each of 0 to {len(blocks) - 1} once, but it is {list(order)}")
    kept = [(type(block), vars(block)) for block in blocks]
    try:
        for block, place in zip(blocks, order):
            block.__class__, block.__dict__ = kept[place]
        yield
    finally:
        for block, (kind, inside) in zip(blocks, kept):
            block.__class__, block.__dict__ = kind, inside


def accuracies_without(net, blocks, cuts, images, labels):
    """Accuracy of `net` on images (N, ...) for each of `cuts`, rows of bools, one for each of its `blocks`: see `without`.

    `np.eye(len(blocks), dtype=bool)` cuts each block in turn, and no other.
    """
    found = []
    for cut in cuts:
        with without(blocks, cut):
            found.append(training.evaluate(net, images, labels))
    return np.array(found)


# --- Optimisers on surfaces of two parameters ----------------------------------------------------------

def kept_arrays(output):
    """The arrays that the graph of a tensor of `autograd` keeps for its backward pass, each once, without the values of leaves.

    A view counts as the array that it looks at.
    """
    order = autograd.topological_order(output)
    found, waiting = {}, [part for tensor in order if tensor.parents for part in (tensor.value, tensor.cache)]
    while waiting:
        part = waiting.pop()
        if isinstance(part, (tuple, list)):
            waiting.extend(part)
        elif isinstance(part, np.ndarray):
            found[id(_owner(part))] = _owner(part)
    for tensor in order:
        if not tensor.parents:
            found.pop(id(_owner(tensor.value)), None)
    return list(found.values())


def _owner(array):
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def costs(net, images):
    """[(name, MB, MB, multiplications)] of the stem and of each block of a residual network, for square images (N, C, S, S).

    The first number of megabytes is that of all arrays that the part's backward pass reads, counted in its graph, the second
    that of its output.
    """
    size, found, x = images.shape[2], [], images
    blocks = [module for module in net.modules() if isinstance(module, BasicBlock)]
    stem = Sequential(*net.path.layers[:net.path.layers.index(net.layer1)])
    for part, row in zip([stem, *blocks], geometry.walk(net, size), strict=True):
        output = autograd.functional_call(part, autograd.tensors_of(part), autograd.Tensor(x, requires_grad=True))
        kept = sum(array.nbytes for array in kept_arrays(output))
        found.append((row["name"], kept / 1e6, output.value.nbytes / 1e6, len(images) * row["products"]))
        x = output.value
    return found


def _bowl(x, y, k):
    return (x * x + k * y * y) / 2, x, k * y


def _ravine(x, y, k):
    u, v = x + y, x - y
    return (u * u / k + v * v) / 2, u / k + v, u / k - v


def _saddle(x, y, k):
    return (x * x - y * y / 4 + y**4 / 16) / 2, x, -y / 4 + y**3 / 8


def _rosenbrock(x, y, k):
    return ((1 - x) ** 2 + 10 * (y - x * x) ** 2) / 10, (-2 * (1 - x) - 40 * x * (y - x * x)) / 10, 2 * (y - x * x)


# name: loss and slopes at (x, y), for a condition number k
SURFACES = {"bowl": _bowl, "ravine": _ravine, "saddle": _saddle, "Rosenbrock": _rosenbrock}


def optimizer_path(make, gradient, start, steps, limit=50.0):
    """Places (steps + 1, n) of the optimiser make([parameter]) from `start` (n,) on; gradient(place) is (n,).

    A path that reaches beyond `limit` in any direction stays where it was before.
    """
    place, path = Parameter(np.array(start)), [start]
    optimizer = make([place])
    while len(path) <= steps:
        place.grad = gradient(place.value)
        optimizer.step()
        if not np.abs(place.value).max() < limit:
            path += [path[-1]] * (steps + 1 - len(path))
        else:
            path.append(tuple(place.value))
    return np.array(path)


RATES = np.geomspace(0.001, 1, 31)


def best_runs(surface, start, condition, b1=0.9, b2=0.99, steps=120):
    """{optimiser: (learning rate, losses (steps,))}: of RATES, the one whose mean loss over the steps from `start` is the lowest.

    All rates are tried at once, a row each; a row that leaps to infinity loses.
    """
    formula, rates, found = SURFACES[surface], RATES[:, None], {}
    for name in ("SGD", "momentum", "RMSProp", "Adam"):
        place, losses = np.tile(np.asarray(start, np.float64), (len(RATES), 1)), np.zeros((steps, len(RATES)))
        m, v = np.zeros_like(place), np.zeros_like(place)
        with np.errstate(all="ignore"):
            for t in range(1, steps + 1):
                losses[t - 1], *slopes = formula(*place.T, condition)
                g = np.stack(slopes, axis=1)
                m = b1 * m + (g if name == "momentum" else (1 - b1) * g)
                v = b2 * v + (1 - b2) * g * g
                place = place - rates * {
                    "SGD": g, "momentum": m, "RMSProp": g / (np.sqrt(v) + 1e-8),
                    "Adam": m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + 1e-8)}[name]
            means = losses.mean(axis=0)
        best = np.argmin(np.where(np.isfinite(means), means, np.inf))
        found[name] = float(RATES[best]), losses[:, best]
    return found
