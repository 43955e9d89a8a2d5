"""What optimisers and schedules are given: numbers in their range, parameters, states; and what is refused, in words."""
from math import inf

import numpy as np


def kind(value):
    """NumPy's letter for a kind of numbers ("iuf" are the real ones), "O" for all else."""
    return np.asarray(value).dtype.kind if isinstance(value, (int, float, complex, np.generic, np.ndarray)) else "O"


def describe(value):
    """What to call a wrong value in a message."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    return "None" if value is None else f"of type {type(value).__name__}"


def number(what, value, good, wanted):
    """`value` as a Python float, so that a run does not depend on the kind of number it was given."""
    if kind(value) not in "iuf" or np.ndim(value):
        raise TypeError(f"{what} must be a number, but it is {value!r}")
    if not good(float(value)):
        raise ValueError(f"{what} must be {wanted}, but it is {value}")
    return float(value)


def positive(what, value):
    return number(what, value, lambda x: 0 < x < inf, "above 0 and finite")


def not_negative(what, value):
    return number(what, value, lambda x: 0 <= x < inf, "at least 0 and finite")


def share(what, value):
    return number(what, value, lambda x: 0 <= x < 1, "from 0 to below 1")


def whole(what, value, least=1):
    return int(number(what, value, lambda x: least <= x < inf and x == int(x), f"at least {least}, a whole number"))


def betas(what, value):
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{what} must be two numbers, as (0.9, 0.999), but they are {value!r}")
    if len(value) != 2:
        raise ValueError(f"{what} must be two numbers, as (0.9, 0.999), but they are {value!r}")
    return share(f"{what}: beta 1", value[0]), share(f"{what}: beta 2", value[1])


def flag(what, value):
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{what} must be True or False, but it is {value!r}")
    return bool(value)


SETTINGS = {"lr": not_negative, "weight_decay": not_negative, "eps": not_negative, "momentum": share, "alpha": share,
            "betas": betas, "nesterov": flag}


def groups(who, given):
    """[{"params": [...], settings}, ...], all new, of a list of parameters or of groups."""
    given = _listed(who, given)
    if not any(isinstance(one, dict) for one in given):
        given = [{"params": given}]
    for number, group in enumerate(given):
        if not isinstance(group, dict) or "params" not in group:
            raise TypeError(f'{who}: entry {number} is no group: pass [{{"params": [...]}}, ...], or net.parameters() alone')
    return [group | {"params": parameters(who, group["params"])} for group in given]


def _listed(who, given):
    """A new list of what can only be a list of parameters or groups."""
    mistakes = (
        (isinstance(given, type), "a class: make a network of it, and pass net.parameters()"),
        (hasattr(given, "load_state_dict") and hasattr(given, "groups"), "an optimiser: pass net.parameters()"),
        (hasattr(given, "parameters"), "a network: pass net.parameters()"),
        (callable(given), "a function: call it, as in net.parameters()"),
        (_is_parameter(given), "one parameter: pass a list, [parameter]"),
        (isinstance(given, dict) and "params" in given, 'one group: pass a list, [{"params": [...]}]'),
        (isinstance(given, (set, frozenset)), "a set, which has no order: pass net.parameters()"),
        (isinstance(given, (str, bytes, dict, np.ndarray)) or not hasattr(given, "__iter__"),
         f"{describe(given)}: pass net.parameters()"))
    for is_it, words in mistakes:
        if is_it:
            raise TypeError(f"{who}: that is {words}")
    return list(given)


def parameters(who, given):
    """A new list, of parameters only."""
    parameters = _listed(who, given)
    for number, one in enumerate(parameters):
        if isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str):
            raise TypeError(f"{who}: those are pairs of name and parameter: pass net.parameters(), not net.named_parameters()")
        if isinstance(one, (list, tuple)):
            raise TypeError(f"{who}: entry {number} is a list: join lists, as in first.parameters() + second.parameters()")
        if not _is_parameter(one):
            raise TypeError(f"{who}: entry {number} is no parameter but {describe(one)}: pass net.parameters(), or objects like "
                            "layers.Parameter(array)")
    return parameters


def _is_parameter(one):
    return hasattr(one, "value") and hasattr(one, "grad") and not isinstance(one, type)


def values(who, values):
    """All must be float32 or float64 arrays, each there once."""
    first = {}
    for number, value in enumerate(values):
        if not isinstance(value, np.ndarray) or value.dtype not in (np.float32, np.float64):
            raise TypeError(f"{who}: parameter {number} must be a float32 array (or float64, to check gradients), but it is "
                            f"{describe(value)}: convert with np.asarray(..., np.float32)")
        if first.setdefault(id(value), number) != number:
            raise ValueError(f"{who}: parameter {number} is parameter {first[id(value)]} again: list each once, in one group")


def like(name, given, own):
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


def few(names):
    names = sorted(map(str, names))
    return f"{names[:4]}" + f" and {len(names) - 4} more" * (len(names) > 4)
