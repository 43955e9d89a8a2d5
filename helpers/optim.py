"""Optimisers: how parameters move, given their gradients. Names, defaults and formulas follow torch.optim.

Each parameter has a state of its own, arrays of its shape, which are made once and changed in place. `g` is
the gradient, `t` counts the steps from 1. At the end: step sizes that change with time, for `training.fit`.
"""
from math import cos, pi, sqrt

import numpy as np


class Optimizer:
    """What all have in common. A new one names its arrays in `arrays` and defines `_move`.

    `parameters` is a list of objects with `.value` and `.grad`; values change in place, gradients never.
    `lr` may be changed between steps. Raises ValueError for a setting out of range or no parameters at all,
    TypeError for a network in their place.
    """

    arrays = ()

    def __init__(self, parameters, lr, weight_decay=0.0):
        if hasattr(parameters, "parameters"):
            raise TypeError(f"{type(self).__name__}: that is a network: pass net.parameters()")
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError(f"{type(self).__name__}: there are no parameters to train: pass net.parameters()")
        self._check("lr", lr, lr > 0, "above 0")
        self._check("weight_decay", weight_decay, weight_decay >= 0, "at least 0")
        self.lr, self.weight_decay, self.t = lr, weight_decay, 0
        self.state = [{name: np.zeros_like(parameter.value) for name in self.arrays} for parameter in self.parameters]
        self.work = [np.empty_like(parameter.value) for parameter in self.parameters]

    def _check(self, name, value, good, wanted):
        if not good:
            raise ValueError(f"{type(self).__name__}: {name} must be {wanted}, but it is {value}")

    def step(self):
        """Move every parameter once. Raises ValueError for a gradient that is not of its parameter's shape."""
        for number, parameter in enumerate(self.parameters):
            if parameter.grad.shape != parameter.value.shape:
                raise ValueError(f"{type(self).__name__}: parameter {number} has shape {parameter.value.shape} but its gradient "
                                 f"{parameter.grad.shape}: was backward run on this network?")
        self.t += 1
        for parameter, state, work in zip(self.parameters, self.state, self.work, strict=True):
            self._move(parameter.value, self._with_decay(parameter), state, work)

    def _with_decay(self, parameter):
        """The gradient of loss + weight_decay / 2 * |value|², which pulls every weight towards zero."""
        if not self.weight_decay:
            return parameter.grad
        return parameter.grad + self.weight_decay * parameter.value

    def _move(self, value, g, state, work):
        """Change `value` in place; `work` is an array of its shape to scribble on."""
        raise NotImplementedError(f"{type(self).__name__} does not say yet how a parameter moves")

    def state_dict(self):
        """{name: copy} of all that has changed since the start but the parameters themselves; `np.savez` stores it."""
        return {"t": np.array(self.t), "lr": np.array(self.lr)} | {
            f"{number}.{name}": array.copy() for number, state in enumerate(self.state) for name, array in state.items()}

    def load_state_dict(self, state):
        """Go on where `state_dict` was taken, with the settings of now. Raises KeyError for other names, ValueError for other shapes; then nothing changes."""
        own = self.state_dict()
        if state.keys() != own.keys():
            raise KeyError(f"load_state_dict: missing {sorted(own.keys() - state.keys())}, unknown "
                           f"{sorted(state.keys() - own.keys())}: was it saved by another kind of optimiser, or for another network?")
        for name, array in own.items():
            if np.shape(state[name]) != array.shape:
                raise ValueError(f"load_state_dict: {name} has shape {np.shape(state[name])} but this network's has {array.shape}")
        self.t, self.lr = int(state["t"]), float(state["lr"])
        for number, arrays in enumerate(self.state):
            for name, array in arrays.items():
                array[...] = state[f"{number}.{name}"]


class SGD(Optimizer):
    """Gradient descent on a batch at a time (Robbins and Monro 1951): value <- value - lr g."""

    def _move(self, value, g, state, work):
        np.multiply(g, self.lr, out=work)
        value -= work


class Momentum(Optimizer):
    """A ball that rolls (Polyak 1964): velocity <- momentum velocity + g, and value <- value - lr velocity.

    With `nesterov`, the step is lr (g + momentum velocity): where the ball will be, seen ahead (Nesterov 1983, in
    the form of Sutskever et al. 2013). PyTorch has it as SGD(momentum=...).
    """

    arrays = ("velocity",)

    def __init__(self, parameters, lr, momentum=0.9, nesterov=False, weight_decay=0.0):
        super().__init__(parameters, lr, weight_decay)
        self._check("momentum", momentum, 0 <= momentum < 1, "from 0 to below 1")
        self.momentum, self.nesterov = momentum, nesterov

    def _move(self, value, g, state, work):
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += g
        if self.nesterov:
            np.multiply(velocity, self.momentum, out=work)
            work += g
            work *= self.lr
        else:
            np.multiply(velocity, self.lr, out=work)
        value -= work


class RMSProp(Optimizer):
    """Steps in units of how large gradients usually are (Hinton 2012, lecture 6e), number by number:

    v <- alpha v + (1 - alpha) g², and value <- value - lr g / (sqrt(v) + eps).
    """

    arrays = ("v",)

    def __init__(self, parameters, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0):
        super().__init__(parameters, lr, weight_decay)
        self._check("alpha", alpha, 0 <= alpha < 1, "from 0 to below 1")
        self._check("eps", eps, eps >= 0, "at least 0")
        self.alpha, self.eps = alpha, eps

    def _move(self, value, g, state, work):
        v = state["v"]
        _running_mean(v, g, g, self.alpha, work)
        np.sqrt(v, out=work)
        work += self.eps
        np.divide(g, work, out=work)
        work *= self.lr
        value -= work


class Adam(Optimizer):
    """Momentum in units of RMSProp, both corrected for their start at zero (Kingma and Ba 2015, algorithm 1):

    m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g², and
    value <- value - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps), where (b1, b2) = `betas`.
    """

    arrays = ("m", "v")

    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(parameters, lr, weight_decay)
        for number, beta in enumerate(betas, start=1):
            self._check(f"beta {number}", beta, 0 <= beta < 1, "from 0 to below 1")
        self._check("eps", eps, eps >= 0, "at least 0")
        self.betas, self.eps = tuple(betas), eps

    def _move(self, value, g, state, work):
        (b1, b2), m, v = self.betas, state["m"], state["v"]
        _running_mean(m, g, 1, b1, work)
        _running_mean(v, g, g, b2, work)
        np.sqrt(v, out=work)
        work /= sqrt(1 - b2 ** self.t)
        work += self.eps
        np.divide(m, work, out=work)
        work *= self.lr / (1 - b1 ** self.t)
        value -= work


class AdamW(Adam):
    """Adam whose weights shrink by themselves: value <- (1 - lr weight_decay) value before each step.

    In `Adam` the decay is a part of the gradient, and is divided by its usual size like the rest; here it is not
    (Loshchilov and Hutter 2019, algorithm 2).
    """

    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def _with_decay(self, parameter):
        parameter.value *= 1 - self.lr * self.weight_decay
        return parameter.grad


def _running_mean(mean, a, b, beta, work):
    """mean <- beta mean + (1 - beta) a b, in place."""
    mean *= beta
    np.multiply(a, b, out=work)
    work *= 1 - beta
    mean += work


# --- Step sizes that change with time: functions of the step, from 0, for `training.fit(..., schedule=...)` --------

def constant_lr(lr):
    """The same at every step."""
    return lambda step: lr


def step_lr(lr, step_size, gamma=0.1):
    """`gamma` times smaller after every `step_size` steps (torch.optim.lr_scheduler.StepLR)."""
    if step_size < 1:
        raise ValueError(f"step_lr: step_size must be at least 1, but it is {step_size}")
    return lambda step: lr * gamma ** (step // step_size)


def cosine_lr(lr, total_steps, warm_up=0):
    """Up along a line to `lr` over `warm_up` steps, then down to 0 along half a cosine (Loshchilov and Hutter 2017, equation 5).

    From step `total_steps` on it is 0. Raises ValueError unless 0 <= warm_up < total_steps.
    """
    if not 0 <= warm_up < total_steps:
        raise ValueError(f"cosine_lr: warm_up must be from 0 to below total_steps, but they are {warm_up} and {total_steps}")

    def at(step):
        if step < warm_up:
            return lr * (step + 1) / (warm_up + 1)
        done = min(1, (step - warm_up) / (total_steps - warm_up))
        return lr * (1 + cos(pi * done)) / 2

    return at
