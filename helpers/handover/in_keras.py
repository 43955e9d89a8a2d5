"""Networks in Keras: its own layers, for images with channels last, under the names that the layers have here."""
from functools import partial

import keras
import numpy as np

from .. import layers
from .walk import Walk


def _padded(layer, name, fill, settings):
    """Padding on both sides, for Keras's "same" pads below and to the right where a stride leaves it the choice."""
    (above, left) = layer.padding
    if not (above or left):
        return []
    if fill == 0:
        return [keras.layers.ZeroPadding2D(((above, above), (left, left)), name=f"{name}_padding", **settings)]
    return [partial(keras.ops.pad, pad_width=((0, 0), (above, above), (left, left), (0, 0)), constant_values=fill)]


def _conv(layer, name, settings):
    filters, channels, *kernel = layer.weight.value.shape
    conv = keras.layers.Conv2D(filters, kernel, layer.stride, use_bias=layer.bias is not None, name=name, **settings)
    conv.build((None, None, None, channels))
    return [*_padded(layer, name, 0, settings), conv]


def _dense(weight, bias, name, settings):
    outputs, inputs = weight.reshape(len(weight), -1).shape
    dense = keras.layers.Dense(outputs, use_bias=bias is not None, name=name, **settings)
    dense.build((None, inputs))
    return dense


def _norm(layer, name, settings):
    norm = keras.layers.BatchNormalization(epsilon=layer.eps, momentum=1 - layer.momentum, name=name, **settings)
    norm.build((None,) * (len(layer.axes) - 1) + layer.weight.value.shape)
    return [norm]


def _channels_first(x):
    """(N, H, W, C) -> (N, C, H, W); rows (N, C) as they are."""
    return keras.ops.transpose(x, (0, 3, 1, 2)) if len(x.shape) == 4 else x


def _flatten(layer, name, settings):
    """Channel by channel, as here, so that the weights that follow stay as they are."""
    return [_channels_first, keras.layers.Flatten(name=name, **settings)]


def _projection(layer, name, settings):
    dense = _dense(layer.weight.value, None, name, settings)
    dense.trainable = layer.trained
    return [*_flatten(layer, f"{name}_flat", settings), dense]


def _global_mean(layer, name, settings):
    if layer.output_size != (1, 1):
        raise TypeError("handover: Keras has no AdaptiveAvgPool2d but that with one number a channel")
    return [keras.layers.GlobalAveragePooling2D(keepdims=True, name=name, **settings)]


def _pool(kind, fill):
    return lambda layer, name, settings: [*_padded(layer, name, fill, settings),
                                          kind(layer.kernel_size, layer.stride, name=name, **settings)]


def _subsample_pad(layer, name, settings):
    """Windows of one pixel, and zeros in channels after its own."""
    def padded(x):
        return keras.ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, layer.filters - x.shape[-1])))

    return [keras.layers.MaxPooling2D(1, layer.stride, name=name, **settings), padded]


def _activation(function):
    return lambda layer, name, settings: [keras.layers.Activation(function, name=name, **settings)]


# The layers of Keras that do, one after the other, what a layer does.
LAYERS = {
    layers.AdaptiveAvgPool2d: _global_mean,
    layers.AvgPool2d: _pool(keras.layers.AveragePooling2D, 0),
    layers.BatchNorm1d: _norm,
    layers.BatchNorm2d: _norm,
    layers.Clip: lambda layer, name, settings: [partial(keras.ops.clip, x_min=layer.low, x_max=layer.high)],
    layers.Conv2d: _conv,
    layers.Dropout: lambda layer, name, settings: [keras.layers.Dropout(layer.p, name=name, **settings)],
    layers.Flatten: _flatten,
    layers.Identity: lambda layer, name, settings: [],
    layers.Linear: lambda layer, name, settings: [_dense(layer.weight.value, layer.bias, name, settings)],
    layers.MaxPool2d: _pool(keras.layers.MaxPooling2D, float(np.finfo(np.float32).min)),
    layers.Projection: _projection,
    layers.ReLU: _activation("relu"),
    layers.Residual: lambda layer, name, settings: [keras.layers.Add(name=name, **settings)],
    layers.Scale: lambda layer, name, settings: [keras.layers.Rescaling(layer.factor, name=name, **settings)],
    layers.Sigmoid: _activation("sigmoid"),
    layers.SubsamplePad: _subsample_pad,
    layers.Tanh: _activation("tanh"),
}


class Graph(Walk):
    """Makes the layers of Keras once, and lets x, Keras's tensor or one of its inputs, pass through them."""

    framework = "Keras"

    def __init__(self, net, dtype):
        super().__init__(net)
        self.made = {module: LAYERS[type(module)](module, keras_name(name, module), {"dtype": dtype})
                     for module, name in self.names.items() if type(module) in LAYERS}

    def leaf(self, layer, x):
        for part in self.made[layer]:
            x = part(x)
        return x

    def add(self, layer, a, b):
        return self.made[layer][0]([a, b])

    def open(self, layer, gate, x):
        return gate * x

    def close(self, layer, gate, x):
        return (1 - gate) * x

    def all(self):
        """Every layer of Keras in it."""
        return [part for made in self.made.values() for part in made if isinstance(part, keras.layers.Layer)]


for kind in LAYERS.keys() - {layers.Residual, layers.Identity}:
    setattr(Graph, kind.__name__, Graph.leaf)


class Network(keras.Model):
    """A network for images of any size."""

    def __init__(self, net, graph):
        super().__init__(name=type(net).__name__)
        self.parts = graph.all()
        self.walk = lambda x: graph(net, x)

    def call(self, x):
        return self.walk(x)


def keras_name(name, module):
    """layer1.0.conv1 -> layer1_0_conv1: Keras lets no dots into names; a layer by itself has its class for a name."""
    return name.replace(".", "_") or type(module).__name__


OUR_NAMES = {"kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias", "moving_mean": "running_mean",
             "moving_variance": "running_var"}


def _variables(found, net):
    """Pairs (our name, variable) of layers of Keras that have the names of those of `net`; an unknown name is left as it is."""
    names = {}
    for name, module in net.named_modules():
        if names.setdefault(keras_name(name, module), name) != name:
            raise ValueError(f"handover: {names[keras_name(name, module)]} and {name} would both be {keras_name(name, module)} in Keras")
    for layer in found:
        for variable in layer.weights:
            yield f"{names.get(layer.name, layer.name)}.{OUR_NAMES.get(variable.name, variable.name)}".lstrip("."), variable


def to_keras(net, example=None):
    state, parameters = net.state_dict(), net.parameters()
    graph = Graph(net, parameters[0].value.dtype.name if parameters else "float32")
    for name, variable in _variables(graph.all(), net):
        value = state[name]
        if value.ndim > 1:  # filters (F, C, KH, KW) -> (KH, KW, C, F), and rows (out, in) -> (in, out)
            value = value.transpose(2, 3, 1, 0) if len(variable.shape) == 4 else value.reshape(len(value), -1).T
        variable.assign(value)
    if example is None:
        return Network(net, graph)
    shape = (*example.shape[2:], example.shape[1]) if example.ndim == 4 else example.shape[1:]
    images = keras.Input(shape, dtype=example.dtype.name, name="images")
    return keras.Model(images, graph(net, images), name=type(net).__name__)


def from_keras(model, net):
    places, state = net.state_dict(), {}
    for name, variable in _variables(model.layers, net):
        value = keras.ops.convert_to_numpy(variable.value)
        if value.ndim > 1:
            value = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T
        if name in places and value.ndim == 2 and value.shape == places[name].reshape(len(places[name]), -1).shape:
            value = value.reshape(places[name].shape)  # a projection's weights keep the image's shape here
        state[name] = value
    net.load_state_dict(state)
    return net
