"""How a network is walked through, from its input to its output, to write it down in other terms."""
from .. import layers


class Walk:
    """Calls one method for each layer that x passes, named as the layer's class: `Conv2d(layer, x)` returns what comes out.

    `names` has each module's name in the network. A subclass has a method for every layer that its framework has, and for
    sums and products: `add(layer, a, b)`, `open(layer, gate, x)`, which is gate x, and `close(layer, gate, x)`, (1 - gate) x.
    """

    framework = ""

    def __init__(self, net):
        self.names = {module: name for name, module in net.named_modules()}

    def __call__(self, layer, x):
        name = type(layer).__name__
        if getattr(layers, name, None) is type(layer) and hasattr(self, name):
            return getattr(self, name)(layer, x)
        if isinstance(getattr(layer, "path", None), layers.Module):  # a network that names its parts, and says how they follow
            return self(layer.path, x)
        raise TypeError(f"handover: {self.framework} has no {name}, or this course does not know how to write it there")

    def Sequential(self, net, x):
        for layer in net.layers:
            x = self(layer, x)
        return x

    def Residual(self, layer, x):
        straight, around = self(layer.body, x), self(layer.shortcut, x)
        if layer.gate is not None:
            gate = self(layer.gate, x)
            straight, around = self.open(layer, gate, straight), self.close(layer, gate, around)
        return self.add(layer, straight, around)

    def Carry(self, layer, x):
        return self.close(layer, self(layer.gate, x), x)

    def Identity(self, layer, x):
        return x
