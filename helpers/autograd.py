"""Automatic differentiation: write the forward pass, and the backward pass follows.

Nothing here knows a derivative that was not derived by hand before: each `Function` is one pair `f`, `f_backward` of
`functional`, or a few lines of arithmetic below. What is automatic is the order in which they are called.

- A `Tensor` is an array that remembers from which tensors, and by which function, it was computed.
- `y.backward()` walks from y to its leaves, the tensors that were not computed, and adds dy/dleaf to each leaf's `.grad`.
  A tensor passes its gradient on when everything that used it has reported, and not before.
- Inside `no_grad()` nothing is remembered.
- `functional_call(net, tensors, x)` computes a network of `layers` with tensors for its parameters, and `Automatic(net)` is
  the network itself, for `training.fit` and all else, with the engine's backward pass in place of the layers' own.

Names follow PyTorch, `.value` apart, which is a `Parameter`'s.
"""
import inspect
import threading
from collections import Counter
from contextlib import contextmanager

import numpy as np

from . import functional as F
from . import layers
from .functional.checks import check_float

_state = threading.local()  # of each thread, as in PyTorch: one may measure while another trains


@contextmanager
def no_grad():
    """Within it no tensor remembers where it came from: for measuring, and for steps that move weights."""
    before = is_grad_enabled()
    _state.enabled = False
    try:
        yield
    finally:
        _state.enabled = before


def is_grad_enabled():
    """Whether tensors remember where they came from: everywhere but inside `no_grad`."""
    return getattr(_state, "enabled", True)


class Tensor:
    """An array, `.value`, with its gradient, `.grad`, and its history.

    The value is the array that is given, no copy; Python's numbers become float32. `.grad` is None, or an array of the
    value's shape and dtype that nothing else shares. Raises TypeError for all but float32 and float64.
    """

    __array_ufunc__ = None  # array + tensor is a tensor's business, not NumPy's

    def __init__(self, value, requires_grad=False):
        is_array = isinstance(value, (np.ndarray, np.generic))
        self.value = np.asarray(value) if is_array else np.asarray(value, np.float32)
        check_float("Tensor", value=self.value)
        self.grad, self.requires_grad = None, requires_grad
        self.parents = {}              # {place: Tensor}: what it was computed from, if that requires a gradient
        self.function = self.cache = None
        self._retains = False

    shape = property(lambda self: self.value.shape)
    dtype = property(lambda self: self.value.dtype)

    def item(self):
        """The number in a tensor that holds one."""
        return self.value.item()

    def detach(self):
        """The same array without its history: a constant."""
        return Tensor(self.value)

    def retain_grad(self):
        """Keep `.grad` here too, although this tensor is no leaf."""
        self._retains = True

    def backward(self, gradient=None):
        """Add the gradient of this tensor to the `.grad` of every leaf that it was computed from.

        `gradient` is the upstream gradient, in this tensor's shape; a tensor of one number begins with 1.
        Raises RuntimeError where nothing was remembered, ValueError for an upstream gradient that is missing or of another shape.
        """
        if not self.requires_grad:
            raise RuntimeError("backward: nothing that this tensor was computed from requires a gradient, or it was computed "
                               "inside no_grad: use Tensor(value, requires_grad=True)")
        if gradient is None and self.value.size != 1:
            raise ValueError(f"backward: this tensor has shape {self.shape}: hand in the upstream gradient, or make one number of it")
        gradient = np.ones_like(self.value) if gradient is None else np.asarray(gradient, self.dtype)
        if gradient.shape != self.shape:
            raise ValueError(f"backward: the upstream gradient has shape {gradient.shape}, but this tensor has {self.shape}")
        arrived = {self: gradient}
        for tensor in topological_order(self):
            gradient = arrived.pop(tensor)
            if tensor._retains or not tensor.parents:
                tensor.grad = np.array(gradient if tensor.grad is None else tensor.grad + gradient)
            for parent, part in tensor._parts(gradient):
                # A new sum: what has arrived may be an array that another tensor was handed too.
                arrived[parent] = arrived[parent] + part if parent in arrived else part

    def _parts(self, gradient):
        """Pairs (parent, gradient that goes to it); one that was used in two places comes twice."""
        if not self.parents:
            return
        parts = self.function.gradients(gradient, self.cache, self.parents)
        for place, parent in self.parents.items():
            if place >= len(parts):
                raise TypeError(f"{self.function}: there is no gradient for argument number {place}: hand in its .value")
            if np.shape(parts[place]) != parent.shape:
                raise ValueError(f"{self.function}: its backward gives a gradient of shape {np.shape(parts[place])} for argument "
                                 f"number {place}, which has shape {parent.shape}")
            yield parent, np.asarray(parts[place])

    def __add__(self, other):
        return add(self, self._like(other))

    def __mul__(self, other):
        return mul(self, self._like(other))

    def __matmul__(self, other):
        return matmul(self, other)

    def __pow__(self, exponent):
        return power(self, exponent)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -self._like(other)

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        return self * self._like(other)**-1

    def __rtruediv__(self, other):
        return self**-1 * other

    __radd__, __rmul__ = __add__, __mul__

    def _like(self, other):
        """A number or an array as a constant tensor; a number takes this tensor's dtype, and so can promote nothing."""
        return other if isinstance(other, Tensor) else Tensor(np.asarray(other, None if isinstance(other, np.ndarray) else self.dtype))

    def sum(self):
        """The sum of all numbers."""
        return total(self)

    def mean(self):
        """The mean of all numbers."""
        return total(self) * (1 / self.value.size)

    def reshape(self, *shape):
        """The same numbers in another shape."""
        return reshape(self, shape)

    def __repr__(self):
        return f"Tensor({self.value}, requires_grad={self.requires_grad})"


def topological_order(output):
    """`output`, and all that it was computed from and requires a gradient, each tensor after everything that used it.

    Two sweeps with lists of what is still to be done, and no recursion: a chain may be as long as memory is large.
    """
    uses, waiting = Counter(), [output]
    while waiting:
        for parent in waiting.pop().parents.values():
            if parent not in uses:
                waiting.append(parent)
            uses[parent] += 1
    order, ready = [], [output]
    while ready:
        order.append(ready.pop())
        for parent in order[-1].parents.values():
            uses[parent] -= 1
            if uses[parent] == 0:  # all that used it have had their turn
                ready.append(parent)
    return order


class Function:
    """A pair of formulas, `y, cache = forward(...)` and `backward(dy, cache)`, as a function of tensors.

    Tensors go first, and are handed on as arrays; the backward pass gives a gradient for each of them, in order. Where it
    has `input_gradient` and `weight_gradient` to leave out what nobody needs, these are used.
    """

    def __init__(self, forward, backward):
        self.forward, self.backward = forward, backward
        self.optional = {name: place for place, name in enumerate(("input_gradient", "weight_gradient"))
                         if name in inspect.signature(backward).parameters}

    def __call__(self, *arguments, **settings):
        tensors = {place: one for place, one in enumerate(arguments) if isinstance(one, Tensor)}
        if not tensors or any(isinstance(setting, Tensor) for setting in settings.values()):
            raise TypeError(f"{self}: hand in one Tensor at least, and tensors without their names, before all settings")
        y, cache = self.forward(*(np.asarray(one.value) if isinstance(one, Tensor) else one for one in arguments), **settings)
        result = Tensor(np.asarray(y, tensors[min(tensors)].dtype))  # a loss comes as Python's number
        result.parents = {place: one for place, one in tensors.items() if one.requires_grad and is_grad_enabled()}
        if result.parents:
            result.requires_grad, result.function, result.cache = True, self, cache
        return result

    def gradients(self, dy, cache, wanted):
        """The gradients of all inputs, as a tuple; what is not among the places `wanted` may be None."""
        parts = self.backward(dy, cache, **{name: place in wanted for name, place in self.optional.items()})
        return parts if isinstance(parts, tuple) else (parts,)

    def __repr__(self):
        return self.forward.__name__.lstrip("_")


# --- Arithmetic -----------------------------------------------------------------------------------

def undo_broadcasting(gradient, shape):
    """The gradient of an array of this shape that was broadcast to the gradient's: what was copied collects from all copies."""
    added = tuple(range(gradient.ndim - len(shape)))
    stretched = tuple(axis + len(added) for axis, size in enumerate(shape) if size == 1)
    return gradient.sum(axis=added + stretched).reshape(shape) if added or stretched else gradient


def _add(a, b):
    check_float("add", a=a, b=b)
    return a + b, (a.shape, b.shape)


def _add_backward(dy, cache):
    return tuple(undo_broadcasting(dy, shape) for shape in cache)


def _mul(a, b):
    check_float("mul", a=a, b=b)
    return a * b, (a, b)


def _mul_backward(dy, cache):
    a, b = cache
    return undo_broadcasting(dy * b, a.shape), undo_broadcasting(dy * a, b.shape)


def _matmul(a, b):
    check_float("matmul", a=a, b=b)
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError(f"matmul: two matrices are wanted, but the shapes are {a.shape} and {b.shape}")
    return a @ b, (a, b)


def _matmul_backward(dy, cache):
    a, b = cache
    return dy @ b.T, a.T @ dy


def _power(a, exponent):
    return a**exponent, (a, exponent)


def _power_backward(dy, cache):
    a, exponent = cache
    return dy * (exponent * a**(exponent - 1)) if exponent else np.zeros_like(a)


def _exp(a):
    y = np.exp(a)
    return y, y


def _exp_backward(dy, cache):
    return dy * cache


def _log(a):
    return np.log(a), a


def _log_backward(dy, cache):
    return dy / cache


def _total(a):
    return np.sum(a), a.shape


def _total_backward(dy, cache):
    return np.broadcast_to(dy, cache)


def _reshape(a, shape):
    return a.reshape(shape), a.shape


def _reshape_backward(dy, cache):
    return dy.reshape(cache)


add, mul, matmul = Function(_add, _add_backward), Function(_mul, _mul_backward), Function(_matmul, _matmul_backward)
power, exp, log = Function(_power, _power_backward), Function(_exp, _exp_backward), Function(_log, _log_backward)
total, reshape = Function(_total, _total_backward), Function(_reshape, _reshape_backward)


# --- The pairs of `functional` ----------------------------------------------------------------------

adaptive_avg_pool2d = Function(F.adaptive_avg_pool2d, F.adaptive_avg_pool2d_backward)
avg_pool2d = Function(F.avg_pool2d, F.avg_pool2d_backward)
batch_norm = Function(F.batch_norm, F.batch_norm_backward)
clip = Function(F.clip, F.clip_backward)
conv2d = Function(F.conv2d, F.conv2d_backward)
cross_entropy = Function(F.cross_entropy, F.cross_entropy_backward)
dropout = Function(F.dropout, F.dropout_backward)
identity = Function(F.identity, F.identity_backward)
l2_loss = Function(F.l2_loss, F.l2_loss_backward)
linear = Function(F.linear, F.linear_backward)
local_response_norm = Function(F.local_response_norm, F.local_response_norm_backward)
max_pool2d = Function(F.max_pool2d, F.max_pool2d_backward)
mse_loss = Function(F.mse_loss, F.mse_loss_backward)
project = Function(F.project, F.project_backward)
relu = Function(F.relu, F.relu_backward)
sigmoid = Function(F.sigmoid, F.sigmoid_backward)
softmax = Function(F.softmax, F.softmax_backward)
tanh = Function(F.tanh, F.tanh_backward)


# --- Whole networks -----------------------------------------------------------------------------------

def _sequential(net, x, tensor):
    for layer in net.layers:
        x = _call(layer, x, tensor)
    return x


def _batch_norm(layer, x, tensor):
    statistics = None if layer.training else (layer.running_mean.value, layer.running_var.value)

    def forward(x, weight, bias):
        y, cache = F.batch_norm(x, weight, bias, layer.eps, statistics, layer.group.sum)
        if layer.training and layer.group.rank == 0:
            layer.keep_statistics(cache)
        return y, cache

    def backward(dy, cache):
        return F.batch_norm_backward(dy, cache, layer.group.sum)

    return Function(forward, backward)(x, tensor(layer.weight), tensor(layer.bias))


# What each layer computes from a tensor x; `tensor(parameter)` is the tensor that stands for a parameter.
LAYERS = {
    layers.AdaptiveAvgPool2d: lambda layer, x, tensor: adaptive_avg_pool2d(x, layer.output_size),
    layers.AvgPool2d: lambda layer, x, tensor: avg_pool2d(x, layer.kernel_size, layer.stride, layer.padding),
    layers.BatchNorm1d: _batch_norm,
    layers.BatchNorm2d: _batch_norm,
    layers.Clip: lambda layer, x, tensor: clip(x, layer.low, layer.high),
    layers.Conv2d: lambda layer, x, tensor: conv2d(x, tensor(layer.weight), tensor(layer.bias), layer.stride, layer.padding),
    layers.Dropout: lambda layer, x, tensor: dropout(x, layer.p if layer.training else 0.0, layer.rng),
    layers.Flatten: lambda layer, x, tensor: x.reshape(len(x.value), -1),
    layers.Identity: lambda layer, x, tensor: x,
    layers.Linear: lambda layer, x, tensor: linear(x, tensor(layer.weight), tensor(layer.bias)),
    layers.LocalResponseNorm: lambda layer, x, tensor: local_response_norm(x, layer.size, layer.alpha, layer.beta, layer.k),
    layers.MaxPool2d: lambda layer, x, tensor: max_pool2d(x, layer.kernel_size, layer.stride, layer.padding),
    layers.Projection: lambda layer, x, tensor: project(x, tensor(layer.weight)),
    layers.ReLU: lambda layer, x, tensor: relu(x),
    layers.Residual: lambda layer, x, tensor: _call(layer.body, x, tensor) + _call(layer.shortcut, x, tensor),
    layers.Sequential: _sequential,
    layers.Sigmoid: lambda layer, x, tensor: sigmoid(x),
    layers.Tanh: lambda layer, x, tensor: tanh(x),
}


def _call(layer, x, tensor):
    if type(layer) in LAYERS:
        return LAYERS[type(layer)](layer, x, tensor)
    if isinstance(getattr(layer, "path", None), layers.Module):  # a network that names its parts, and says how they follow
        return _call(layer.path, x, tensor)
    raise TypeError(f"functional_call: {type(layer).__name__} is not in autograd.LAYERS: put in what it computes from a tensor")


def functional_call(net, tensors, x):
    """The output of a network whose parameters are `tensors` {name: Tensor}, as torch.func.functional_call.

    x is an array or a Tensor. `net.forward` and `net.backward` are not called; in training mode running statistics move,
    and dropout draws, as they do there. Raises KeyError for names that are missing or unknown, TypeError for a layer that is not in LAYERS.
    """
    names = dict(net.named_parameters())
    missing, unknown = sorted(names.keys() - tensors.keys()), sorted(tensors.keys() - names.keys())
    if missing or unknown:
        raise KeyError(f"functional_call: missing {missing}, unknown {unknown}: one tensor for each of net.named_parameters() is wanted")
    found = {None: None} | {buffer: buffer.value for _, buffer in net.named_buffers()}
    found |= {parameter: tensors[name] for name, parameter in names.items()}
    return _call(net, x if isinstance(x, Tensor) else Tensor(x), found.__getitem__)


def tensors_of(net):
    """{name: Tensor} for the parameters of a network: they require gradients, and share its arrays."""
    return {name: Tensor(parameter.value, requires_grad=True) for name, parameter in net.named_parameters()}


class Automatic(layers.Module):
    """A network with the engine's backward pass in place of the one that its layers have: `training.fit` takes it as it is."""

    def __init__(self, net):
        self.net = net

    def forward(self, x):
        tensors, image = tensors_of(self.net), Tensor(x, self.input_gradient)
        y = functional_call(self.net, tensors, image)
        self.cache = y, image, tensors
        return y.value

    def backward(self, dy):
        y, image, tensors = self.recall()
        y.backward(dy)
        for name, parameter in self.net.named_parameters():
            parameter.grad = np.zeros_like(parameter.value) if tensors[name].grad is None else tensors[name].grad
            tensors[name].grad = None  # a backward pass of the course replaces gradients, and does not add to them
        dx, image.grad = image.grad, None
        return dx

    def __repr__(self):
        return f"Automatic({self.net})"
