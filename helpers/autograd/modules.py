"""Whole networks: what each layer of `layers` computes from a tensor."""
import numpy as np

from .. import functional as F
from .. import layers
from . import functions as A
from .engine import Function, Tensor, no_grad


def _sequential(net, x, tensor):
    for layer in net.layers:
        x = _call(layer, x, tensor)
    return x


def _residual(net, x, tensor):
    straight, around = _call(net.body, x, tensor), _call(net.shortcut, x, tensor)
    if net.gate is None:
        return straight + around
    gate = _call(net.gate, x, tensor)
    return gate * straight + (1 - gate) * around


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
    layers.AdaptiveAvgPool2d: lambda layer, x, tensor: A.adaptive_avg_pool2d(x, layer.output_size),
    layers.AvgPool2d: lambda layer, x, tensor: A.avg_pool2d(x, layer.kernel_size, layer.stride, layer.padding),
    layers.BatchNorm1d: _batch_norm,
    layers.BatchNorm2d: _batch_norm,
    layers.Carry: lambda layer, x, tensor: (1 - _call(layer.gate, x, tensor)) * x,
    layers.Clip: lambda layer, x, tensor: A.clip(x, layer.low, layer.high),
    layers.Conv2d: lambda layer, x, tensor: A.conv2d(x, tensor(layer.weight), tensor(layer.bias), layer.stride, layer.padding),
    layers.Dropout: lambda layer, x, tensor: A.dropout(x, layer.p if layer.training else 0.0, layer.rng),
    layers.Flatten: lambda layer, x, tensor: x.reshape(len(x.value), -1),
    layers.Identity: lambda layer, x, tensor: x,
    layers.Linear: lambda layer, x, tensor: A.linear(x, tensor(layer.weight), tensor(layer.bias)),
    layers.LocalResponseNorm: lambda layer, x, tensor: A.local_response_norm(x, layer.size, layer.alpha, layer.beta, layer.k),
    layers.MaxPool2d: lambda layer, x, tensor: A.max_pool2d(x, layer.kernel_size, layer.stride, layer.padding),
    layers.Projection: lambda layer, x, tensor: A.project(x, tensor(layer.weight)),
    layers.ReLU: lambda layer, x, tensor: A.relu(x),
    layers.Residual: _residual,
    layers.Scale: lambda layer, x, tensor: layer.factor * x,
    layers.Sequential: _sequential,
    layers.Sigmoid: lambda layer, x, tensor: A.sigmoid(x),
    layers.SubsamplePad: lambda layer, x, tensor: A.subsample_pad(x, layer.filters, layer.stride),
    layers.Tanh: lambda layer, x, tensor: A.tanh(x),
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
        self.cache = None  # lets go of the last graph before a new one grows
        tensors, image = tensors_of(self.net), Tensor(x, self.input_gradient)
        if not self.recording:
            with no_grad():
                return functional_call(self.net, tensors, image).value
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
