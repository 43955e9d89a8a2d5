"""Modules made of modules: one after the other, or two side by side."""
from .basic import Identity
from .module import Module


class Sequential(Module):
    """Layers one after the other; `backward` walks them in reverse.

    Raises TypeError for what is no layer, ValueError for an object that stands in two places.
    """

    def __init__(self, *layers):
        check_layers(type(self).__name__, layers)
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = returned(layer.forward(x), layer, "forward")
        return x

    def backward(self, dy):
        for place in reversed(range(len(self.layers))):
            layer = self.layers[place]
            dy = layer.backward(dy)
            if dy is None:
                if any(below.parameters() for below in self.layers[:place]):
                    returned(dy, layer, "backward")
                return None  # no layer below has anything to learn
        return dy

    def drop_input_gradient(self):
        # Layers below the first with parameters have nothing to learn: the backward pass ends there.
        for layer in self.layers:
            if layer.parameters():
                return layer.drop_input_gradient()

    def attributes(self):  # the layers' names are their numbers, as in PyTorch
        named = dict(super().attributes())
        return [(str(number), layer) for number, layer in enumerate(named.pop("layers", ()))] + list(named.items())

    def __getstate__(self):
        return {"layers": self.layers} | dict(super().attributes())

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(map(repr, self.layers))})"


class Residual(Module):
    """Two paths from x, added up: y = body(x) + shortcut(x) (He et al. 2016, equations 1 and 2).

    The shortcut is the identity unless given. With a `gate`, a layer that gives g between 0 and 1 in the shape of y, the
    two share: y = g body(x) + (1 - g) shortcut(x) (Srivastava et al. 2015; the exclusive gate of He et al. 2016b).
    Raises TypeError for what is no layer, ValueError if an object stands in two of them.
    """

    def __init__(self, body, shortcut=None, gate=None):
        self.body, self.shortcut, self.gate = body, Identity() if shortcut is None else shortcut, gate
        check_layers("Residual", self._paths())

    def _paths(self):
        return [self.body, self.shortcut] + [self.gate] * (self.gate is not None)

    def forward(self, x):
        straight, around, *gate = (returned(path.forward(x), path, "forward") for path in self._paths())
        for name, y in zip(("shortcut", "gate"), (around, *gate)):
            if straight.shape != y.shape:
                raise ValueError(f"Residual: body and {name} must give one shape, but the body gives {straight.shape} "
                                 f"and the {name} {y.shape}")
        if not gate:
            return straight + around
        self.cache = straight, around, *gate
        return gate[0] * straight + (1 - gate[0]) * around

    def backward(self, dy):
        # The output is a sum of two paths, and so is the gradient.
        parts = [dy, dy]
        if self.gate is not None:
            straight, around, gate = self.recall()
            parts = gate * dy, (1 - gate) * dy, (straight - around) * dy
        straight, around, *gate = (returned(path.backward(part), path, "backward") for path, part in zip(self._paths(), parts))
        return straight + around + gate[0] if gate else straight + around

    def __repr__(self):
        return f"Residual({', '.join(map(repr, self._paths()))})"


class Carry(Module):
    """y = (1 - gate(x)) x, where the layer `gate` gives numbers between 0 and 1 in x's shape.

    A shortcut that can be closed (Srivastava et al. 2015); by itself the shortcut-only gate of He et al. 2016b.
    """

    def __init__(self, gate):
        check_layer("Carry", gate)
        self.gate = gate

    def forward(self, x):
        gate = returned(self.gate.forward(x), self.gate, "forward")
        if gate.shape != x.shape:
            raise ValueError(f"Carry: the gate must give one number for each of x, but x has shape {x.shape} and the gate gives {gate.shape}")
        self.cache = x, gate
        return (1 - gate) * x

    def backward(self, dy):
        x, gate = self.recall()
        return (1 - gate) * dy + returned(self.gate.backward(-x * dy), self.gate, "backward")

    def __repr__(self):
        return f"Carry({self.gate})"


def returned(array, layer, method):
    """The array that a layer's method returned; raises TypeError, naming the layer, where it returned nothing."""
    if array is None:
        whose = "that of one of its layers" if isinstance(layer, Sequential) else f"{type(layer).__name__}.{method}"
        raise TypeError(f"{layer}: its {method} returned nothing: end {whose} with a return")
    return array


def check_layer(where, thing):
    """Raises TypeError, in words, unless `thing` is a Module."""
    if isinstance(thing, Module):
        return
    name = thing.__name__ if isinstance(thing, type) else type(thing).__name__
    if isinstance(thing, type):
        raise TypeError(f"{where}: {name} is a class, and an object is wanted: {name}(...)")
    if isinstance(thing, (list, tuple)):
        raise TypeError(f"{where}: a {name} is no layer: pass layers one by one, Sequential(*layers) for a list")
    if any(kind.__name__ == "Module" and kind.__module__ == Module.__module__ for kind in type(thing).__mro__):
        raise TypeError(f"{where}: this {name} was made before helpers was loaded anew: restart the kernel, or run the notebook from its "
                        "first cell")
    raise TypeError(f"{where}: {name} is no Module: write class {name}(layers.Module), and define forward and backward")


def check_layers(where, layers):
    seen = set()
    for layer in layers:
        check_layer(where, layer)
        for module in layer.modules():
            if id(module) in seen:
                raise ValueError(f"{where}: one {module} stands in two places, but remembers only its last forward pass: "
                                 "make an object for each place")
        seen |= set(map(id, layer.modules()))
