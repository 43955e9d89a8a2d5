"""Layers: the formulas of `functional` as objects that remember what their backward pass needs.

A layer's `forward(x)` returns its output and keeps a cache; its `backward(dy)` returns the gradient
for its input and leaves each parameter's gradient in `.grad`, replacing the one before.
"""
import numpy as np

from .. import functional as F
from .. import init
from ..functional import checks
from ..init import generator
from .module import Module
from .parameter import Buffer, Parameter


class Linear(Module):
    """y = x wᵀ + b: x (N, in_features) -> y (N, out_features).

    `weight` (out, in) is drawn by `init` from the generator or seed `rng`; `bias` (out,) begins at zero, if there is one.
    """

    def __init__(self, in_features, out_features, rng, bias=True, init=init.he_normal, dtype=np.float32):
        self.weight = Parameter(init((out_features, in_features), generator(rng), dtype))
        self.bias = Parameter(np.zeros(out_features, dtype)) if bias else None

    def forward(self, x):
        y, self.cache = F.linear(x, self.weight.value, self.bias and self.bias.value)
        return y

    def backward(self, dy):
        dx, self.weight.grad, db = F.linear_backward(dy, self.recall(), self.input_gradient)
        if self.bias:
            self.bias.grad = db
        return dx

    def __repr__(self):
        outputs, inputs = self.weight.value.shape
        return f"Linear({inputs}, {outputs})"


class Conv2d(Module):
    """A bank of filters sliding over images: x (N, in_channels, H, W) -> y (N, out_channels, OH, OW).

    `weight` (out, in, KH, KW) is drawn by `init` from the generator or seed `rng`; `bias` (out,) begins at zero, if there is one.
    `kernel_size`, `stride` and `padding` are whole numbers or pairs (along height, along width).
    """

    shard_size = 50  # windows overlap: laid out, they take many times the memory of the image

    def __init__(self, in_channels, out_channels, kernel_size, rng, stride=1, padding=0, bias=True,
                 init=init.he_normal, dtype=np.float32):
        kernel = checks.pair("Conv2d", "kernel_size", kernel_size, 1)
        self.stride = checks.pair("Conv2d", "stride", stride, 1)
        self.padding = checks.pair("Conv2d", "padding", padding, 0)
        filters = init((out_channels, in_channels, *kernel), generator(rng), dtype)
        self.weight = Parameter(checks.filters_first(checks.taps_first(filters)))  # lies in memory as `conv2d` reads it
        self.bias = Parameter(np.zeros(out_channels, dtype)) if bias else None

    def forward(self, x):
        self.cache = None  # lets go of the last windows before new ones are laid out
        y, self.cache = F.conv2d(x, self.weight.value, self.bias and self.bias.value, self.stride, self.padding)
        return y

    def backward(self, dy):
        dx, self.weight.grad, db = F.conv2d_backward(dy, self.recall(), self.input_gradient)
        if self.bias:
            self.bias.grad = db
        return dx

    def __repr__(self):
        outputs, inputs, *kernel = self.weight.value.shape
        return f"Conv2d({inputs}, {outputs}, {tuple(kernel)}, stride={self.stride}, padding={self.padding})"


class _Pool(Module):
    """A window that slides over each channel by itself; it has no parameters."""

    formula = backward_formula = None

    def __init__(self, kernel_size, stride=None, padding=0):
        name = type(self).__name__
        self.kernel_size = checks.pair(name, "kernel_size", kernel_size, 1)
        self.stride = self.kernel_size if stride is None else checks.pair(name, "stride", stride, 1)
        self.padding = checks.pair(name, "padding", padding, 0)

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


class AdaptiveAvgPool2d(Module):
    """Means over as many windows as are wanted, with 1 over each whole channel: x (N, C, H, W) -> y (N, C, OH, OW)."""

    def __init__(self, output_size):
        self.output_size = checks.pair("AdaptiveAvgPool2d", "output_size", output_size, 1)

    def forward(self, x):
        y, self.cache = F.adaptive_avg_pool2d(x, self.output_size)
        return y

    def backward(self, dy):
        return F.adaptive_avg_pool2d_backward(dy, self.recall())

    def __repr__(self):
        return f"AdaptiveAvgPool2d({self.output_size})"


class _Activation(Module):
    """A formula without parameters, applied number by number."""

    formula = backward_formula = None

    def forward(self, x):
        y, self.cache = type(self).formula(x)
        return y

    def backward(self, dy):
        return type(self).backward_formula(dy, self.recall())


class Identity(_Activation):
    """y = x."""

    formula, backward_formula = staticmethod(F.identity), staticmethod(F.identity_backward)


class ReLU(_Activation):
    """y = max(0, x)."""

    formula, backward_formula = staticmethod(F.relu), staticmethod(F.relu_backward)


class Sigmoid(_Activation):
    """y = 1 / (1 + exp(-x))."""

    formula, backward_formula = staticmethod(F.sigmoid), staticmethod(F.sigmoid_backward)


class Tanh(_Activation):
    """y = tanh(x)."""

    formula, backward_formula = staticmethod(F.tanh), staticmethod(F.tanh_backward)


class Clip(Module):
    """y = x held between low and high."""

    def __init__(self, low=0.0, high=1.0):
        self.low, self.high = low, high

    def forward(self, x):
        y, self.cache = F.clip(x, self.low, self.high)
        return y

    def backward(self, dy):
        return F.clip_backward(dy, self.recall())

    def __repr__(self):
        return f"Clip({self.low}, {self.high})"


class Scale(Module):
    """y = factor x, with a factor that is not trained."""

    def __init__(self, factor):
        self.factor = float(factor)

    def forward(self, x):
        checks.check_float("Scale", x=x)
        return self.factor * x

    def backward(self, dy):
        return self.factor * dy

    def __repr__(self):
        return f"Scale({self.factor})"


class SubsamplePad(Module):
    """Every stride-th pixel, and channels of zeros put after x's own: x (N, C, H, W) -> y (N, filters, H / stride, W / stride), rounded up.

    The shortcut without parameters where a block changes the shape (He et al. 2016, section 3.3, option A).
    """

    def __init__(self, filters, stride=2):
        self.filters, self.stride = filters, checks.pair("SubsamplePad", "stride", stride, 1)

    def forward(self, x):
        y, self.cache = F.subsample_pad(x, self.filters, self.stride)
        return y

    def backward(self, dy):
        return F.subsample_pad_backward(dy, self.recall())

    def __repr__(self):
        return f"SubsamplePad({self.filters}, stride={self.stride})"


class Flatten(Module):
    """One row an image: x (N, ...) -> y (N, product of the rest)."""

    def forward(self, x):
        checks.check_float("Flatten", x=x)
        if x.ndim < 2 or x.size == 0:
            raise ValueError(f"Flatten: x needs a batch of images (N, ...), none of its axes empty, but its shape is {x.shape}")
        y = x.reshape(len(x), -1)
        self.cache = x.shape, y.shape, x.dtype
        return y

    def backward(self, dy):
        x_shape, y_shape, dtype = self.recall()
        checks.check_upstream("Flatten.backward", dy, y_shape, dtype)
        return dy.reshape(x_shape)


class Projection(Module):
    """Weighted sums of all numbers of an image, without bias: x (N, C, H, W) -> y (N, out).

    `weight` (out, C, H, W) is given; with `trained=False` it is a buffer, and stays as it is.
    """

    def __init__(self, weight, trained=True):
        checks.check_axes("Projection", "weight", weight, ("out", "C", "H", "W"))
        weight = checks.channels_first(checks.channels_last(weight))  # as the images lie in memory
        self.weight = Parameter(weight) if trained else Buffer(weight)
        self.trained = trained

    def forward(self, x):
        y, self.cache = F.project(x, self.weight.value)
        return y

    def backward(self, dy):
        dx, dw = F.project_backward(dy, self.recall(), self.trained)
        if self.trained:
            self.weight.grad = dw
        return dx

    def __repr__(self):
        out, *image = self.weight.value.shape
        return f"Projection({tuple(image)}, {out}, trained={self.trained})"
