"""Optimisers: how parameters move, given their gradients. Names, defaults and formulas follow torch.optim.

Each parameter has a state of its own, arrays of its shape, which are made once and changed in place. `g` is the
gradient, `t` counts the steps from 1. At the end: learning rates that change with time, for `training.fit`.
"""
from math import cos, inf, pi, sqrt

import numpy as np

from .spread import spread

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
        self._settings, self.groups = [*defaults], [defaults | group for group in _groups(self._name, parameters)]
        for settings in (defaults, *self.groups):
            _positive(f"{self._name}: lr", settings["lr"])  # later it may be 0, where a schedule ends
            self._checked(settings)
        self.parameters = [parameter for group in self.groups for parameter in group["params"]]
        if not self.parameters:
            raise ValueError(f"{self._name}: there are no parameters to train: pass net.parameters()")
        self._check_groups()
        _check_values(self._name, [parameter.value for parameter in self.parameters])
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
        lr = _not_negative(f"{self._name}: lr", lr)
        for group in self.groups:
            group["lr"] = lr

    def _checked(self, settings):
        """The settings, each in its range and all numbers Python's own."""
        return {name: _SETTINGS[name](f"{self._name}: {name}", value) if name in _SETTINGS else value
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
                            f"{_what(value)}: set parameter.value = np.array(...)")
        if (value.shape, value.dtype) != (shape, dtype):
            raise ValueError(f"{who} was {dtype} {shape} when the optimiser was made, but it is {value.dtype} {value.shape} now: "
                             "make the optimiser after net.double() and other such changes")
        if g is None:
            raise ValueError(f"{who} has no gradient, it is None: was backward run on this network?")
        if _kind(g) not in "iuf":
            raise TypeError(f"{who} has a gradient that is no array of real numbers but {_what(g)}")
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
            raise TypeError(f"load_state_dict: a state is a dictionary, but that is {_what(state)}: pass what state_dict() gave, "
                            "or dict(np.load(path))")
        own = self.state_dict()
        if state.keys() != own.keys():
            missing, unknown = _few(own.keys() - state.keys()), _few(state.keys() - own.keys())
            raise KeyError(f"load_state_dict: missing {missing}, unknown {unknown}: was it saved by another kind of optimiser, "
                           "or for another network?")
        if str(state["kind"]) != self._name:
            raise ValueError(f"load_state_dict: that is the state of another kind of optimiser: {state['kind']}, not {self._name}")
        new = {name: _like(name, state[name], array) for name, array in own.items() if name != "kind"}
        if (new["groups"] != own["groups"]).any():
            raise ValueError(f"load_state_dict: its groups are of {new['groups'].tolist()} parameters, but here of "
                             f"{own['groups'].tolist()}: make the optimiser with the same groups")
        t = _whole("load_state_dict: t", new["t"], least=0)
        rates = [_not_negative("load_state_dict: lr", lr) for lr in new["lr"]]
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
    for parameter in _parameters("decay_groups", parameters):
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


# --- What is refused --------------------------------------------------------------------------------------------

def _kind(value):
    """NumPy's letter for a kind of numbers ("iuf" are the real ones), "O" for all else."""
    return np.asarray(value).dtype.kind if isinstance(value, (int, float, complex, np.generic, np.ndarray)) else "O"


def _what(value):
    """What to call a wrong value in a message."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    return "None" if value is None else f"of type {type(value).__name__}"


def _number(what, value, good, wanted):
    """`value` as a Python float, so that a run does not depend on the kind of number it was given."""
    if _kind(value) not in "iuf" or np.ndim(value):
        raise TypeError(f"{what} must be a number, but it is {value!r}")
    if not good(float(value)):
        raise ValueError(f"{what} must be {wanted}, but it is {value}")
    return float(value)


def _positive(what, value):
    return _number(what, value, lambda x: 0 < x < inf, "above 0 and finite")


def _not_negative(what, value):
    return _number(what, value, lambda x: 0 <= x < inf, "at least 0 and finite")


def _share(what, value):
    return _number(what, value, lambda x: 0 <= x < 1, "from 0 to below 1")


def _whole(what, value, least=1):
    return int(_number(what, value, lambda x: least <= x < inf and x == int(x), f"at least {least}, a whole number"))


def _betas(what, value):
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{what} must be two numbers, as (0.9, 0.999), but they are {value!r}")
    if len(value) != 2:
        raise ValueError(f"{what} must be two numbers, as (0.9, 0.999), but they are {value!r}")
    return _share(f"{what}: beta 1", value[0]), _share(f"{what}: beta 2", value[1])


def _flag(what, value):
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{what} must be True or False, but it is {value!r}")
    return bool(value)


_SETTINGS = {"lr": _not_negative, "weight_decay": _not_negative, "eps": _not_negative, "momentum": _share, "alpha": _share,
             "betas": _betas, "nesterov": _flag}


def _groups(who, given):
    """[{"params": [...], settings}, ...], all new, of a list of parameters or of groups."""
    given = _listed(who, given)
    if not any(isinstance(one, dict) for one in given):
        given = [{"params": given}]
    for number, group in enumerate(given):
        if not isinstance(group, dict) or "params" not in group:
            raise TypeError(f'{who}: entry {number} is no group: pass [{{"params": [...]}}, ...], or net.parameters() alone')
    return [group | {"params": _parameters(who, group["params"])} for group in given]


def _listed(who, given):
    """A new list of what can only be a list of parameters or groups."""
    mistakes = (
        (isinstance(given, type), "a class: make a network of it, and pass net.parameters()"),
        (isinstance(given, Optimizer), "an optimiser: pass net.parameters()"),
        (hasattr(given, "parameters"), "a network: pass net.parameters()"),
        (callable(given), "a function: call it, as in net.parameters()"),
        (_is_parameter(given), "one parameter: pass a list, [parameter]"),
        (isinstance(given, dict) and "params" in given, 'one group: pass a list, [{"params": [...]}]'),
        (isinstance(given, (set, frozenset)), "a set, which has no order: pass net.parameters()"),
        (isinstance(given, (str, bytes, dict, np.ndarray)) or not hasattr(given, "__iter__"),
         f"{_what(given)}: pass net.parameters()"))
    for is_it, words in mistakes:
        if is_it:
            raise TypeError(f"{who}: that is {words}")
    return list(given)


def _parameters(who, given):
    """A new list, of parameters only."""
    parameters = _listed(who, given)
    for number, one in enumerate(parameters):
        if isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str):
            raise TypeError(f"{who}: those are pairs of name and parameter: pass net.parameters(), not net.named_parameters()")
        if isinstance(one, (list, tuple)):
            raise TypeError(f"{who}: entry {number} is a list: join lists, as in first.parameters() + second.parameters()")
        if not _is_parameter(one):
            raise TypeError(f"{who}: entry {number} is no parameter but {_what(one)}: pass net.parameters(), or objects like "
                            "layers.Parameter(array)")
    return parameters


def _is_parameter(one):
    return hasattr(one, "value") and hasattr(one, "grad") and not isinstance(one, type)


def _check_values(who, values):
    """All must be float32 or float64 arrays, each there once."""
    first = {}
    for number, value in enumerate(values):
        if not isinstance(value, np.ndarray) or value.dtype not in (np.float32, np.float64):
            raise TypeError(f"{who}: parameter {number} must be a float32 array (or float64, to check gradients), but it is "
                            f"{_what(value)}: convert with np.asarray(..., np.float32)")
        if first.setdefault(id(value), number) != number:
            raise ValueError(f"{who}: parameter {number} is parameter {first[id(value)]} again: list each once, in one group")


def _like(name, given, own):
    """A state's array `given`, as the dtype of `own`, the one that it replaces."""
    given = np.asarray(given)
    if given.dtype.kind not in "iuf":
        raise TypeError(f"load_state_dict: {name} must hold real numbers, but its dtype is {given.dtype}")
    if given.shape != own.shape:
        raise ValueError(f"load_state_dict: {name} has shape {given.shape} but this network's has {own.shape}: "
                         "make the network and the groups of parameters as they were")
    with np.errstate(over="ignore", invalid="ignore"):
        new = given.astype(own.dtype)
    if own.dtype.kind == "i" and (new != given).any() or (np.isinf(new) & ~np.isinf(given)).any():
        raise ValueError(f"load_state_dict: {name} holds numbers that do not fit into {own.dtype}")
    return new


def _few(names):
    names = sorted(map(str, names))
    return f"{names[:4]}" + f" and {len(names) - 4} more" * (len(names) > 4)


# --- Learning rates that change with time: functions of the step, from 0, for `training.fit(..., schedule=...)` ----

def constant_lr(lr):
    """The same at every step."""
    lr = _positive("constant_lr: lr", lr)
    return lambda step: lr


def step_lr(lr, step_size, gamma=0.1):
    """`gamma` times smaller after every `step_size` steps (torch.optim.lr_scheduler.StepLR)."""
    lr, gamma = _positive("step_lr: lr", lr), _positive("step_lr: gamma", gamma)
    step_size = _whole("step_lr: step_size", step_size)
    return lambda step: lr * gamma ** (step // step_size)


def cosine_lr(lr, total_steps, warm_up=0):
    """Up along a line to `lr` over `warm_up` steps, then down to 0 along half a cosine (Loshchilov and Hutter 2017, equation 5).

    From step `total_steps` on it is 0. Raises ValueError unless 0 <= warm_up < total_steps.
    """
    lr, total_steps = _positive("cosine_lr: lr", lr), _whole("cosine_lr: total_steps", total_steps)
    warm_up = int(_number("cosine_lr: warm_up", warm_up, lambda x: 0 <= x < total_steps and x == int(x),
                          f"from 0 to below total_steps ({total_steps}), a whole number"))

    def at(step):
        if step < warm_up:
            return lr * (step + 1) / (warm_up + 1)
        done = min(1, (step - warm_up) / (total_steps - warm_up))
        return lr * (1 + cos(pi * done)) / 2

    return at
