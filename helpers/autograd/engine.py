"""The engine: arrays that remember what they were computed from, and the walk back. It knows no formula."""
import inspect
import threading
from collections import Counter
from contextlib import contextmanager

import numpy as np

from ..functional.checks import check_float

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
        self.grad, self.requires_grad, self.retains_grad = None, requires_grad, False
        self.parents = {}  # {place among the function's arguments: Tensor}: what it was computed from, if that requires a gradient
        self.function = self.cache = None

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
        self.retains_grad = True

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
            if tensor.retains_grad or not tensor.parents:
                tensor.grad = np.array(gradient if tensor.grad is None else tensor.grad + gradient)
            for parent, part in tensor.function.parts(gradient, tensor) if tensor.parents else ():
                # A new sum: what has arrived may be an array that another tensor was handed too.
                arrived[parent] = arrived[parent] + part if parent in arrived else part

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

    def parts(self, dy, result):
        """Pairs (parent of `result`, the gradient that goes to it); a tensor that was used in two places comes twice."""
        wanted = {name: place in result.parents for name, place in self.optional.items()}
        gradients = self.backward(dy, result.cache, **wanted)
        gradients = gradients if isinstance(gradients, tuple) else (gradients,)
        for place, parent in result.parents.items():
            if place >= len(gradients):
                raise TypeError(f"{self}: there is no gradient for argument number {place}: hand in its .value")
            if np.shape(gradients[place]) != parent.shape:
                raise ValueError(f"{self}: its backward gives a gradient of shape {np.shape(gradients[place])} for argument number "
                                 f"{place}, which has shape {parent.shape}")
            yield parent, np.asarray(gradients[place])

    def __repr__(self):
        return self.forward.__name__.lstrip("_")
