"""Networks in PyTorch: modules of torch.nn with the names that they have here."""
import torch
from torch import nn

from .. import layers


class Residual(nn.Module):
    """body(x) + shortcut(x), or, with a gate g, g(x) body(x) + (1 - g(x)) shortcut(x)."""

    def __init__(self, body, shortcut, gate):
        super().__init__()
        self.body, self.shortcut, self.gate = body, shortcut, gate

    def forward(self, x):
        if self.gate is None:
            return self.body(x) + self.shortcut(x)
        gate = self.gate(x)
        return gate * self.body(x) + (1 - gate) * self.shortcut(x)


class Carry(nn.Module):
    """(1 - gate(x)) x."""

    def __init__(self, gate):
        super().__init__()
        self.gate = gate

    def forward(self, x):
        return (1 - self.gate(x)) * x


class Scale(nn.Module):
    """factor x."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.factor * x

    def extra_repr(self):
        return f"{self.factor}"


class SubsamplePad(nn.Module):
    """Every stride-th pixel, and channels of zeros after x's own."""

    def __init__(self, filters, stride):
        super().__init__()
        self.filters, self.stride = filters, stride

    def forward(self, x):
        kept = x[:, :, ::self.stride[0], ::self.stride[1]]
        return nn.functional.pad(kept, (0, 0, 0, 0, 0, self.filters - x.shape[1]))

    def extra_repr(self):
        return f"{self.filters}, stride={self.stride}"


class Projection(nn.Module):
    """Weighted sums of all numbers of an image: weight (out, C, H, W)."""

    def __init__(self, weight, trained):
        super().__init__()
        empty = torch.empty(weight.shape)
        self.weight = nn.Parameter(empty) if trained else nn.Buffer(empty)

    def forward(self, x):
        return x.flatten(1) @ self.weight.flatten(1).T


class Clip(nn.Module):
    """x held between low and high."""

    def __init__(self, low, high):
        super().__init__()
        self.low, self.high = low, high

    def forward(self, x):
        return torch.clip(x, self.low, self.high)

    def extra_repr(self):
        return f"{self.low}, {self.high}"


class Network(nn.Module):
    """Parts with names, and the path that x takes through them; the path is no part, for its weights have names already."""

    def __init__(self, parts, path):
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)
        self.hidden = (path,)

    def forward(self, x):
        return self.hidden[0](x)

    def train(self, mode=True):
        self.hidden[0].train(mode)
        return super().train(mode)


def _norm(kind):
    return lambda layer: kind(len(layer.weight.value), layer.eps, layer.momentum)


def _conv(layer):
    filters, channels, *kernel = layer.weight.value.shape
    return nn.Conv2d(channels, filters, kernel, layer.stride, layer.padding, bias=layer.bias is not None)


# The module of torch.nn that does what a layer does.
LAYERS = {
    layers.AdaptiveAvgPool2d: lambda layer: nn.AdaptiveAvgPool2d(layer.output_size),
    layers.AvgPool2d: lambda layer: nn.AvgPool2d(layer.kernel_size, layer.stride, layer.padding),
    layers.BatchNorm1d: _norm(nn.BatchNorm1d),
    layers.BatchNorm2d: _norm(nn.BatchNorm2d),
    layers.Clip: lambda layer: Clip(layer.low, layer.high),
    layers.Conv2d: _conv,
    layers.Dropout: lambda layer: nn.Dropout(layer.p),
    layers.Flatten: lambda layer: nn.Flatten(),
    layers.Identity: lambda layer: nn.Identity(),
    layers.Linear: lambda layer: nn.Linear(*layer.weight.value.shape[::-1], bias=layer.bias is not None),
    layers.LocalResponseNorm: lambda layer: nn.LocalResponseNorm(layer.size, layer.alpha, layer.beta, layer.k),
    layers.MaxPool2d: lambda layer: nn.MaxPool2d(layer.kernel_size, layer.stride, layer.padding),
    layers.Projection: lambda layer: Projection(layer.weight.value, layer.trained),
    layers.ReLU: lambda layer: nn.ReLU(),
    layers.Scale: lambda layer: Scale(layer.factor),
    layers.Sigmoid: lambda layer: nn.Sigmoid(),
    layers.SubsamplePad: lambda layer: SubsamplePad(layer.filters, layer.stride),
    layers.Tanh: lambda layer: nn.Tanh(),
}


def _translated(module, made):
    """The module in PyTorch; `made` {module: its translation} holds those that were met before."""
    if module in made:
        return made[module]

    def inner(one):
        return _translated(one, made)

    if isinstance(module, layers.Sequential):
        peer = nn.Sequential(*map(inner, module.layers))
    elif isinstance(module, layers.Residual):
        peer = Residual(inner(module.body), inner(module.shortcut), module.gate and inner(module.gate))
    elif isinstance(module, layers.Carry):
        peer = Carry(inner(module.gate))
    elif type(module) in LAYERS:
        peer = LAYERS[type(module)](module)
    elif isinstance(getattr(module, "path", None), layers.Module):
        parts = {name: inner(part) for name, part in module.own(layers.Module) if name.partition(".")[0] != "path"}
        peer = Network(parts, inner(module.path))
    else:
        raise TypeError(f"handover: PyTorch has no {type(module).__name__}, or this course does not know how to write it there")
    peer.training = module.training
    made[module] = peer
    return peer


def to_torch(net):
    with torch.device("meta"):  # no weights are drawn, and the random generator stays where it is
        peer = _translated(net, {})
    peer.load_state_dict({name: torch.from_numpy(value) for name, value in net.state_dict().items()}, strict=True, assign=True)
    return peer


def from_torch(peer, net):
    state = peer.state_dict() if isinstance(peer, nn.Module) else peer
    net.load_state_dict({name: tensor.detach().cpu().numpy() for name, tensor in state.items()
                         if not name.endswith("num_batches_tracked")})
    return net
