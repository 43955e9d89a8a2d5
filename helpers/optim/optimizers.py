"""Optimisers: how parameters move, given their gradients. Names, defaults and formulas follow torch.optim.

Each parameter has a state of its own, arrays of its shape, which are made once and changed in place. `g` is the
gradient, `t` counts the steps from 1.
"""
from math import sqrt

import numpy as np

from ..spread import spread
from . import check

BLOCK = 2**17  # numbers that are moved at a time: they, their gradient and what a formula makes of them stay in the cache


class Optimizer:
    """What all have in common. A new one names its arrays in `arrays` and defines `_move`.

    `parameters` is a list of objects with `.value` and `.grad`, or a list of groups, each with settings of its own:
    [{"params": [...], "weight_decay": 0.0}, ...]; what a group does not name is as for the others. Values change in place,
    gradients never. Raises TypeError for what is no parameter or no number, ValueError for a setting that is out of range
    or not known, a parameter that is there twice, or no parameters at all.

    `parameters` holds them in one list, `groups` the groups with all their settings, which may be changed between steps.
    """

    arrays = ()
    # True: the formula treats each number by itself, so `_move` may be handed pieces of large arrays, by several threads.
    elementwise = False

    def __init__(self, parameters, lr, weight_decay=0.0, **more):
        if isinstance(self.arrays, str):
            raise TypeError(f"{self._name}: arrays must be a tuple of names, as ({self.arrays!r},)")
        defaults = {"lr": lr, "weight_decay": weight_decay} | more
        self._settings, self.groups = [*defaults], [defaults | group for group in check.groups(self._name, parameters)]
        for settings in (defaults, *self.groups):
            check.positive(f"{self._name}: lr", settings["lr"])  # later it may be 0, where a schedule ends
            self._checked(settings)
        self.parameters = [parameter for group in self.groups for parameter in group["params"]]
        if not self.parameters:
            raise ValueError(f"{self._name}: there are no parameters to train: pass net.parameters()")
        self._check_groups()
        check.values(self._name, [parameter.value for parameter in self.parameters])
        self._made_for = [(parameter.value.shape, parameter.value.dtype) for parameter in self.parameters]
        self.state = [{name: np.zeros_like(parameter.value) for name in self.arrays} for parameter in self.parameters]
        self.t = 0

    @property
    def _name(self):
        return type(self).__name__

    @property
    def lr(self):
        """The learning rate of all groups, a Python float. Raises ValueError, also when it is set, where they have several."""
        rates = [float(group["lr"]) for group in self.groups]
        if len(set(rates)) > 1:
            raise ValueError(f"{self._name}: the groups have learning rates {rates}, so there is no lr for all (which a schedule "
                             'sets): use groups[0]["lr"] and so on, or give all groups the same')
        return rates[0]

    @lr.setter
    def lr(self, lr):
        self.lr  # raises where the groups differ
        lr = check.not_negative(f"{self._name}: lr", lr)
        for group in self.groups:
            group["lr"] = lr

    def _checked(self, settings):
        """The settings, each in its range and all numbers Python's own."""
        return {name: check.SETTINGS[name](f"{self._name}: {name}", value) if name in check.SETTINGS else value
                for name, value in settings.items()}

    def _check_groups(self):
        """Settings may have changed since the last step, parameters not."""
        if [id(parameter) for group in self.groups for parameter in group["params"]] != [*map(id, self.parameters)]:
            raise ValueError(f"{self._name}: the groups hold other parameters than at the start: make a new optimiser")
        for number, group in enumerate(self.groups):
            if wrong := group.keys() ^ {"params", *self._settings}:
                raise ValueError(f"{self._name}: group {number} has unknown or missing settings {sorted(map(str, wrong))}: "
                                 f"there are params, {', '.join(self._settings)}")
            group.update(self._checked(group))

    def step(self):
        """Move every parameter once. Raises ValueError or TypeError, before any of them moves, for a gradient that is missing
        or not of its parameter's shape and dtype, and for values or settings that were changed to what does not fit."""
        self._check_groups()
        gradients = [self._gradient(number, parameter) for number, parameter in enumerate(self.parameters)]
        groups = [group for group in self.groups for _ in group["params"]]
        self.t += 1
        sizes = [parameter.value.size * self.elementwise for parameter in self.parameters]
        spread(self._move_one, zip(self.parameters, gradients, self.state, groups, strict=True), sizes)

    def _move_one(self, parameter, g, state, group):
        arrays = [parameter.value, g, *state.values()]
        for value, its_g, *its_state in _blocks(arrays) if self.elementwise else [arrays]:
            self._move(value, self._with_decay(value, its_g, group), dict(zip(state, its_state)), group)

    def _gradient(self, number, parameter):
        """A parameter's gradient as an array of its shape and dtype; for a scalar any real number will do."""
        value, g, who = parameter.value, parameter.grad, f"{self._name}: parameter {number}"
        shape, dtype = self._made_for[number]
        if not isinstance(value, np.ndarray) or not value.flags.writeable:
            raise TypeError(f"{who} cannot change in place: its value must be an array that may be written to, but it is "
                            f"{check.describe(value)}: set parameter.value = np.array(...)")
        if (value.shape, value.dtype) != (shape, dtype):
            raise ValueError(f"{who} was {dtype} {shape} when the optimiser was made, but it is {value.dtype} {value.shape} now: "
                             "make the optimiser after net.double() and other such changes")
        if g is None:
            raise ValueError(f"{who} has no gradient, it is None: was backward run on this network?")
        if check.kind(g) not in "iuf":
            raise TypeError(f"{who} has a gradient that is no array of real numbers but {check.describe(g)}")
        if np.shape(g) != shape:
            raise ValueError(f"{who} has shape {shape} but its gradient {np.shape(g)}: was backward run on this network?")
        if shape and g.dtype != dtype:
            raise TypeError(f"{who} is {dtype} but its gradient {g.dtype}: convert with .astype(np.{dtype})")
        g = np.asarray(g, dtype)
        if g.strides == value.strides:
            return g
        laid = np.empty_like(value)  # numbers in the order of the value's: then blocks of both can be taken
        laid[...] = g
        return laid

    def _with_decay(self, value, g, group):
        """The gradient of loss + weight_decay / 2 * |value|², which pulls every weight towards zero."""
        if not group["weight_decay"]:
            return g
        return g + group["weight_decay"] * value

    def _move(self, value, g, state, group):
        """Change `value` and the arrays in `state` in place, given g and the settings in `group`."""
        raise NotImplementedError(f"{self._name} does not say yet how a parameter moves")

    def state_dict(self):
        """{name: copy} of all that has changed since the start but the parameters themselves, and what it belongs to.

        `np.savez(path, **optimizer.state_dict())` stores it: no name is one of its arguments.
        """
        return {"kind": np.array(self._name), "groups": np.array([len(group["params"]) for group in self.groups]),
                "t": np.array(self.t), "lr": np.array([float(group["lr"]) for group in self.groups])} | {
            f"{number}.{name}": array.copy() for number, state in enumerate(self.state) for name, array in state.items()}

    def load_state_dict(self, state):
        """Go on where `state_dict` was taken; all settings but the learning rates stay as they are here.

        Raises KeyError for other names, ValueError for another kind of optimiser, other groups, other shapes or numbers that do
        not fit, TypeError for what is no real numbers. Then nothing has changed.
        """
        if not hasattr(state, "keys"):
            raise TypeError(f"load_state_dict: a state is a dictionary, but that is {check.describe(state)}: pass what state_dict() gave, "
                            "or dict(np.load(path))")
        own = self.state_dict()
        if state.keys() != own.keys():
            missing, unknown = check.few(own.keys() - state.keys()), check.few(state.keys() - own.keys())
            raise KeyError(f"load_state_dict: missing {missing}, unknown {unknown}: was it saved by another kind of optimiser, "
                           "or for another network?")
        if str(state["kind"]) != self._name:
            raise ValueError(f"load_state_dict: that is the state of another kind of optimiser: {state['kind']}, not {self._name}")
        new = {name: check.like(name, state[name], array) for name, array in own.items() if name != "kind"}
        if (new["groups"] != own["groups"]).any():
            raise ValueError(f"load_state_dict: its groups are of {new['groups'].tolist()} parameters, but here of "
                             f"{own['groups'].tolist()}: make the optimiser with the same groups")
        t = check.whole("load_state_dict: t", new["t"], least=0)
        rates = [check.not_negative("load_state_dict: lr", lr) for lr in new["lr"]]
        self.t = t
        for group, lr in zip(self.groups, rates, strict=True):
            group["lr"] = lr
        for number, arrays in enumerate(self.state):
            for name, array in arrays.items():
                array[...] = new[f"{number}.{name}"]


class SGD(Optimizer):
    """Gradient descent on a mini-batch at a time (Robbins and Monro 1951): value <- value - lr g."""

    elementwise = True

    def __init__(self, parameters, lr=1e-3, weight_decay=0.0):
        super().__init__(parameters, lr, weight_decay)

    def _move(self, value, g, state, group):
        value -= group["lr"] * g


class Momentum(Optimizer):
    """A ball that rolls (Polyak 1964): velocity <- momentum velocity + g, and value <- value - lr velocity.

    The velocity keeps gradients, not steps, so that a change of lr counts at once. With `nesterov`, the step is
    lr (g + momentum velocity): where the ball will be, seen ahead (Nesterov 1983, in the form of Sutskever et al. 2013).
    PyTorch has it as SGD(momentum=0.9).
    """

    arrays, elementwise = ("velocity",), True

    def __init__(self, parameters, lr=1e-3, momentum=0.9, nesterov=False, weight_decay=0.0):
        super().__init__(parameters, lr, weight_decay, momentum=momentum, nesterov=nesterov)

    def _move(self, value, g, state, group):
        velocity, momentum = state["velocity"], group["momentum"]
        velocity *= momentum
        velocity += g
        value -= group["lr"] * (g + momentum * velocity if group["nesterov"] else velocity)


class RMSProp(Optimizer):
    """Steps in units of how large gradients usually are (Hinton 2012, lecture 6e), number by number:

    v <- alpha v + (1 - alpha) g², and value <- value - lr g / (sqrt(v) + eps).
    """

    arrays, elementwise = ("v",), True

    def __init__(self, parameters, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0):
        super().__init__(parameters, lr, weight_decay, alpha=alpha, eps=eps)

    def _move(self, value, g, state, group):
        v, alpha = state["v"], group["alpha"]
        v *= alpha
        v += (1 - alpha) * g * g
        value -= group["lr"] * g / (np.sqrt(v) + group["eps"])


class Adam(Optimizer):
    """Momentum in units of RMSProp, both corrected for their start at zero (Kingma and Ba 2015, algorithm 1):

    m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g², and
    value <- value - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps), where (b1, b2) = `betas`.
    """

    arrays, elementwise = ("m", "v"), True

    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(parameters, lr, weight_decay, betas=betas, eps=eps)

    def _move(self, value, g, state, group):
        (b1, b2), m, v = group["betas"], state["m"], state["v"]
        part = np.empty_like(g)  # of the formula: arrays made anew for each of its parts would leave the cache
        m *= b1
        m += np.multiply(g, 1 - b1, out=part)
        v *= b2
        np.multiply(g, g, out=part)
        part *= 1 - b2
        v += part
        np.sqrt(v, out=part)
        part *= 1 / sqrt(1 - b2**self.t)
        part += group["eps"]
        np.divide(m, part, out=part)
        part *= group["lr"] / (1 - b1**self.t)
        value -= part


class AdamW(Adam):
    """Adam whose weights shrink by themselves: value <- (1 - lr weight_decay) value before each step.

    In `Adam` the decay is a part of the gradient, and is divided by its usual size like the rest; here it is not
    (Loshchilov and Hutter 2019, algorithm 2).
    """

    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def _with_decay(self, value, g, group):
        value *= 1 - group["lr"] * group["weight_decay"]
        return g


def decay_groups(parameters, weight_decay):
    """Two groups for an optimiser: matrices and filters with `weight_decay`, biases and norms' weights, of one axis, without.

    Decay keeps large weights from growing; a bias or a norm's scale has no reason to be near zero (He et al. 2019, section 3.1).
    """
    groups = [{"params": [], "weight_decay": weight_decay}, {"params": [], "weight_decay": 0.0}]
    for parameter in check.parameters("decay_groups", parameters):
        groups[parameter.value.ndim < 2]["params"].append(parameter)
    return [group for group in groups if group["params"]]


def _blocks(arrays):
    """The same BLOCK numbers of each array, block after block; the arrays as they are where they do not lie alike, in one piece."""
    size = arrays[0].size
    if size <= BLOCK or len({array.strides for array in arrays}) > 1:
        yield arrays
        return
    flat = [array.ravel(order="K") for array in arrays]  # in the order in which the numbers lie in memory
    if not all(map(np.may_share_memory, flat, arrays)):  # copies, for there are gaps
        yield arrays
        return
    for start in range(0, size, BLOCK):
        yield [array[start:start + BLOCK] for array in flat]
