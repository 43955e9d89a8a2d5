"""The formulas of `functional` as objects that remember what their backward pass needs.

A layer's `forward(x)` returns its output and keeps a cache; its `backward(dy)` returns the gradient
for its input and leaves each parameter's gradient in `.grad`, replacing the one before. Names follow
torch.nn.
"""
import copy
from pathlib import Path

import numpy as np

from . import functional as F
from . import init
from .files import replacing
from .functional import common


class Parameter:
    """An array that training changes: its `.value`, and in `.grad` dL/dvalue, of the same shape."""

    def __init__(self, value):
        self.value = value
        self.grad = np.zeros_like(value)

    def __repr__(self):
        return f"Parameter{self.value.shape}"


class Module:
    """What every layer and network can do. A new one defines `forward` and `backward`.

    Parameters and inner modules are found as attributes, in the order in which they were set; arrays that are
    attributes are weights that are not trained. An object remembers what it saw last, so it can stand in one place
    of a network only.
    """

    training = True
    cache = None  # what the last forward pass left for the backward pass
    private = False  # a worker's own copy, whose results may be overwritten by its next call
    input_gradient = True  # whether anybody wants what `backward` returns
    # How many images `training.fit` may hand to a copy of the network on another core: as many as keep the work arrays
    # in that core's cache. None: it must see its batches whole and itself, for it draws random numbers, or remembers
    # more than its parameters.
    shard_size = None

    def forward(self, x):
        """The output for input x; remembers what `backward` needs."""
        raise NotImplementedError(f"{type(self).__name__} has no forward pass yet")

    def backward(self, dy):
        """The gradient for the last input, given dy = dL/d(output); fills every parameter's `.grad`."""
        raise NotImplementedError(f"{type(self).__name__} has no backward pass yet")

    def __call__(self, x):
        return self.forward(x)

    def recall(self):
        """What the last forward pass left; raises RuntimeError if there was none."""
        if self.cache is None:
            raise RuntimeError(f"{self}: backward was called before forward: run forward(x) first")
        return self.cache

    def replica(self):
        """A private copy for a worker of `training.fit`: the same values in the same memory, all else its own.

        To be fast it writes results where it wrote the last ones, and hands no gradient to its input.
        """
        twin = copy.deepcopy(self, {id(parameter.value): parameter.value for parameter in self.parameters()})
        for module in twin.modules():
            module.private, module._kept = True, {}
        twin.drop_input_gradient()
        return twin

    def drop_input_gradient(self):
        """Let `backward` return None where that spares work."""
        self.input_gradient = False

    def room(self, name, like):
        """Memory for a result that lies in memory as `like` does: in a private copy the same each time, else None."""
        if not self.private:
            return None
        array = self._kept.get(name)
        if array is None or array.shape != like.shape or array.dtype != like.dtype:
            array = self._kept[name] = np.empty_like(like)
        return array

    def __getstate__(self):
        """What a copy or a pickle takes along: all but the traces of the last run."""
        return {name: value for name, value in vars(self).items() if name not in ("cache", "_kept")}

    def modules(self):
        """This module and all inside it."""
        return [module for _, module in self.named_modules()]

    def named_modules(self, name=""):
        """Pairs (name, module), this module first and nameless, inner modules' names joined by dots."""
        inner = [(f"{name}.{key}" if name else key, child) for key, child in self.children()]
        return [(name, self)] + [pair for key, child in inner for pair in child.named_modules(key)]

    def children(self):
        """Pairs (name, inner module)."""
        return [(name, value) for name, value in vars(self).items() if isinstance(value, Module)]

    def named_parameters(self, prefix=""):
        """Pairs (name, Parameter), inner modules' names joined by dots, as in PyTorch."""
        own = [(prefix + name, value) for name, value in vars(self).items() if isinstance(value, Parameter)]
        return own + [pair for name, child in self.children() for pair in child.named_parameters(f"{prefix}{name}.")]

    def named_buffers(self, prefix=""):
        """Pairs (name, array) of the weights that are not trained, named likewise."""
        own = [(prefix + name, value) for name, value in vars(self).items() if isinstance(value, np.ndarray) and name != "cache"]
        return own + [pair for name, child in self.children() for pair in child.named_buffers(f"{prefix}{name}.")]

    def parameters(self):
        """All parameters, from input to output."""
        if not self.private:
            return [parameter for _, parameter in self.named_parameters()]
        if "parameters" not in self._kept:  # what a private copy is made of never changes: looked up once
            self._kept["parameters"] = [parameter for _, parameter in self.named_parameters()]
        return self._kept["parameters"]

    def train(self, mode=True):
        """Set training mode here and in all inner modules; returns the module."""
        self.training = mode
        for _, child in self.children():
            child.train(mode)
        return self

    def eval(self):
        """Set evaluation mode: the opposite of `train`."""
        return self.train(False)

    def double(self):
        """Turn all weights to float64, for proofs; returns the module."""
        for module in self.modules():
            for name, value in vars(module).items():
                if isinstance(value, Parameter):
                    value.value, value.grad = value.value.astype(np.float64), value.grad.astype(np.float64)
                elif isinstance(value, np.ndarray):  # weights that are not trained
                    setattr(module, name, value.astype(np.float64))
        return self

    def state_dict(self):
        """{name: copy} of all weights, those that are not trained among them."""
        return {name: array.copy() for name, array in self._weights().items()}

    def _weights(self):
        return {name: parameter.value for name, parameter in self.named_parameters()} | dict(self.named_buffers())

    def load_state_dict(self, state):
        """Put the values of `state` in place, all or none. What is not trained may be missing: it stays as it is.

        Raises KeyError for names that are missing or unknown, ValueError for a shape that differs,
        TypeError for values that are not real numbers.
        """
        own, fixed = self._weights(), dict(self.named_buffers()).keys()
        missing, unknown = sorted(own.keys() - fixed - state.keys()), sorted(state.keys() - own.keys())
        if missing or unknown:
            raise KeyError(f"load_state_dict: missing {missing}, unknown {unknown}: was it saved from another network?")
        values = {name: np.asarray(state[name]) for name in own if name in state}
        own = {name: own[name] for name in values}
        for name, array in own.items():
            if values[name].shape != array.shape:
                raise ValueError(f"load_state_dict: {name} has shape {values[name].shape} but the network expects {array.shape}")
            if not np.can_cast(values[name].dtype, array.dtype, "same_kind"):
                raise TypeError(f"load_state_dict: {name} has dtype {values[name].dtype} but the network expects {array.dtype}")
        for name, array in own.items():
            array[...] = values[name]

    def save(self, path):
        """Write all weights to `path`, an .npz file. A file that stands there is replaced whole or not at all."""
        path = Path(path)
        if path.suffix != ".npz":
            raise ValueError(f"save: the file's name must end in .npz, but it is {path.name}")
        with replacing(path) as beside, open(beside, "wb") as file:
            np.savez(file, **self.state_dict())

    def load(self, path):
        """Read back what `save` wrote. Raises as `load_state_dict` does, ValueError for a damaged file."""
        try:
            # Opened here, for np.load would leave a damaged file open, and Windows not let it be replaced.
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
                state = dict(arrays)
        except (FileNotFoundError, IsADirectoryError, PermissionError):
            raise
        except Exception as error:  # one flipped bit can surface as any of a dozen kinds
            raise ValueError(f"load: {path} is not a whole .npz of weights ({error}): save the network again") from error
        self.load_state_dict(state)

    def __repr__(self):
        return f"{type(self).__name__}()"


class Linear(Module):
    """y = x wᵀ + b: x (N, in_features) -> y (N, out_features).

    `weight` (out, in) is drawn by `init` from the generator `rng`; `bias` (out,) begins at zero.
    """

    shard_size = 250

    def __init__(self, in_features, out_features, rng, init=init.he_normal, dtype=np.float32):
        self.weight = Parameter(init((out_features, in_features), rng, dtype))
        self.bias = Parameter(np.zeros(out_features, dtype))

    def forward(self, x):
        y, self.cache = F.linear(x, self.weight.value, self.bias.value)
        return y

    def backward(self, dy):
        dx, self.weight.grad, self.bias.grad = F.linear_backward(dy, self.recall(), self.input_gradient)
        return dx

    def __repr__(self):
        outputs, inputs = self.weight.value.shape
        return f"Linear({inputs}, {outputs})"


class Conv2d(Module):
    """A bank of filters sliding over images: x (N, in_channels, H, W) -> y (N, out_channels, OH, OW).

    `weight` (out, in, KH, KW) is drawn by `init` from the generator `rng`; `bias` (out,) begins at zero.
    `kernel_size`, `stride` and `padding` are whole numbers or pairs (along height, along width).
    """

    shard_size = 25  # windows overlap: laid out, they take many times the memory of the image

    def __init__(self, in_channels, out_channels, kernel_size, rng, stride=1, padding=0,
                 init=init.he_normal, dtype=np.float32):
        kernel = common.pair("Conv2d", "kernel_size", kernel_size, 1)
        self.stride = common.pair("Conv2d", "stride", stride, 1)
        self.padding = common.pair("Conv2d", "padding", padding, 0)
        self.weight = Parameter(init((out_channels, in_channels, *kernel), rng, dtype))
        self.bias = Parameter(np.zeros(out_channels, dtype))

    def forward(self, x):
        plan = self.cache if self.private else None
        y, self.cache = F.conv2d(x, self.weight.value, self.bias.value, self.stride, self.padding, plan)
        self.cache.reuse = self.private
        return y

    def backward(self, dy):
        dx, self.weight.grad, self.bias.grad = F.conv2d_backward(dy, self.recall(), self.input_gradient)
        return dx

    def __repr__(self):
        outputs, inputs, *kernel = self.weight.value.shape
        return f"Conv2d({inputs}, {outputs}, {tuple(kernel)}, stride={self.stride}, padding={self.padding})"


class _Pool(Module):
    """A window that slides over each channel by itself; it has no parameters."""

    shard_size = 250
    formula = backward_formula = None

    def __init__(self, kernel_size, stride=None, padding=0):
        name = type(self).__name__
        self.kernel_size = common.pair(name, "kernel_size", kernel_size, 1)
        self.stride = self.kernel_size if stride is None else common.pair(name, "stride", stride, 1)
        self.padding = common.pair(name, "padding", padding, 0)

    def forward(self, x):
        y, self.cache = type(self).formula(x, self.kernel_size, self.stride, self.padding)
        return y

    def backward(self, dy):
        return type(self).backward_formula(dy, self.recall())

    def __repr__(self):
        return f"{type(self).__name__}({self.kernel_size}, stride={self.stride}, padding={self.padding})"


class MaxPool2d(_Pool):
    """The largest number in each window: x (N, C, H, W) -> y (N, C, OH, OW). The stride is the window unless given."""

    formula, backward_formula = staticmethod(F.max_pool2d), staticmethod(F.max_pool2d_backward)


class AvgPool2d(_Pool):
    """The mean of each window: x (N, C, H, W) -> y (N, C, OH, OW). The stride is the window unless given."""

    formula, backward_formula = staticmethod(F.avg_pool2d), staticmethod(F.avg_pool2d_backward)


class _Activation(Module):
    """A formula without parameters, applied number by number."""

    shard_size = 250
    formula = backward_formula = None

    def forward(self, x):
        y, self.cache = type(self).formula(x)
        return y

    def backward(self, dy):
        return type(self).backward_formula(dy, self.recall())


class Identity(_Activation):
    """y = x."""

    formula, backward_formula = staticmethod(F.identity), staticmethod(F.identity_backward)


class ReLU(Module):
    """y = max(0, x)."""

    shard_size = 250

    def forward(self, x):
        y, self.cache = F.relu(x, self.room("y", x))
        return y

    def backward(self, dy):
        x = self.recall()
        return F.relu_backward(dy, x, self.room("dx", x))


class Sigmoid(_Activation):
    """y = 1 / (1 + exp(-x))."""

    formula, backward_formula = staticmethod(F.sigmoid), staticmethod(F.sigmoid_backward)


class Tanh(_Activation):
    """y = tanh(x)."""

    formula, backward_formula = staticmethod(F.tanh), staticmethod(F.tanh_backward)


class Clip(Module):
    """y = x held between low and high."""

    shard_size = 250

    def __init__(self, low=0.0, high=1.0):
        self.low, self.high = low, high

    def forward(self, x):
        y, self.cache = F.clip(x, self.low, self.high)
        return y

    def backward(self, dy):
        return F.clip_backward(dy, self.recall())

    def __repr__(self):
        return f"Clip({self.low}, {self.high})"


class Flatten(Module):
    """One row an image: x (N, ...) -> y (N, product of the rest)."""

    shard_size = 250

    def forward(self, x):
        common.check_float("Flatten", x=x)
        if x.ndim < 2 or x.size == 0:
            raise ValueError(f"Flatten: x needs a batch of images (N, ...), none of its axes empty, but its shape is {x.shape}")
        y = x.reshape(len(x), -1)
        self.cache = x.shape, y.shape, x.dtype
        return y

    def backward(self, dy):
        x_shape, y_shape, dtype = self.recall()
        common.check_upstream("Flatten.backward", dy, y_shape, dtype)
        return dy.reshape(x_shape)


class Projection(Module):
    """Weighted sums of all numbers of an image, without bias: x (N, C, H, W) -> y (N, out).

    `weight` (out, C, H, W) is given; with `trained=False` it stays as it is.
    """

    shard_size = 250

    def __init__(self, weight, trained=True):
        common.check_axes("Projection", "weight", weight, ("out", "C", "H", "W"))
        weight = common.channels_first(common.channels_last(weight))  # as the images lie in memory
        self.weight = Parameter(weight) if trained else weight
        self.trained = trained

    def __setstate__(self, state):
        vars(self).update(state)
        if not self.trained:  # a pickle forgets how they lay in memory
            self.weight = common.channels_first(common.channels_last(self.weight))

    def forward(self, x):
        y, self.cache = F.project(x, self.weight.value if self.trained else self.weight)
        return y

    def backward(self, dy):
        dx, dw = F.project_backward(dy, self.recall(), self.trained)
        if self.trained:
            self.weight.grad = dw
        return dx

    def __repr__(self):
        out, *image = (self.weight.value if self.trained else self.weight).shape
        return f"Projection({tuple(image)}, {out}, trained={self.trained})"


class Residual(Module):
    """Two paths from x, added up: y = body(x) + shortcut(x) (He et al. 2016, equations 1 and 2).

    Raises ValueError if an object stands in both.
    """

    shard_size = 250

    def __init__(self, body, shortcut=None):
        self.body, self.shortcut = body, Identity() if shortcut is None else shortcut
        _check_places(self)

    def forward(self, x):
        straight, around = self.body.forward(x), self.shortcut.forward(x)
        if straight.shape != around.shape:
            raise ValueError(f"Residual: body and shortcut must give one shape, but the body gives {straight.shape} "
                             f"and the shortcut {around.shape}")
        return straight + around

    def backward(self, dy):
        straight, around = self.body.backward(dy), self.shortcut.backward(dy)  # a sum of two paths: so of two gradients
        return np.add(straight, around, out=self.room("dx", straight))

    def __repr__(self):
        return f"Residual({self.body}, {self.shortcut})"


class Sequential(Module):
    """Layers one after the other; `backward` walks them in reverse.

    Raises TypeError for what is no layer, ValueError for an object that stands in two places.
    """

    shard_size = 250

    def __init__(self, *layers):
        for layer in layers:
            if not hasattr(layer, "forward"):
                raise TypeError(f"Sequential: {layer!r} is no layer: pass layers one by one, Sequential(*layers) for a list")
        self.layers = layers
        _check_places(self)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
            if dy is None:  # nobody below has anything to learn
                return None
        return dy

    def drop_input_gradient(self):
        # Layers below the first with parameters have nothing to learn: it is where the way back ends.
        for layer in self.layers:
            if layer.parameters():
                return layer.drop_input_gradient()

    def children(self):
        return [(str(index), layer) for index, layer in enumerate(self.layers)]

    def __repr__(self):
        return f"Sequential({', '.join(map(repr, self.layers))})"


def _check_places(net):
    seen = set()
    for module in net.modules():
        if id(module) in seen:
            raise ValueError(f"{type(net).__name__}: one {module} stands in two places, but remembers only what it saw last: "
                             "make an object for each place")
        seen.add(id(module))
