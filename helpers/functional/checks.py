"""What the formulas share: checks before any work, which name the axes and both shapes, and how images lie in memory."""
import numpy as np


def check_float(where, **arrays):
    """All arrays must be NumPy arrays of one dtype, float32 or float64."""
    dtypes = {array.dtype if type(array) is np.ndarray else None for array in arrays.values()}
    if len(dtypes) == 1 and dtypes.pop() in (np.float32, np.float64):
        return  # nearly always: in a microsecond
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise TypeError(f"{where}: {name} must be a NumPy array, not {type(array).__name__}: "
                            f"use np.asarray({name}, dtype=np.float32)")
        if not np.issubdtype(array.dtype, np.floating):
            raise TypeError(f"{where}: {name} has dtype {array.dtype} but must be floating point: "
                            f"use {name}.astype(np.float32)")
        if array.dtype.type not in (np.float32, np.float64):
            raise TypeError(f"{where}: {name} has dtype {array.dtype} but must be float32, or float64 to prove: "
                            f"use {name}.astype(np.float32)")
    if len({array.dtype for array in arrays.values()}) > 1:
        found = ", ".join(f"{name} is {array.dtype}" for name, array in arrays.items())
        raise TypeError(f"{where}: the arrays must share one dtype, but {found}: convert with .astype(...)")


def check_weighted(where, x, w, b):
    """Inputs, weights and, unless it is None, bias: as `check_float`."""
    if b is None:
        check_float(where, x=x, w=w)
    else:
        check_float(where, x=x, w=w, b=b)


def check_axes(where, name, array, axes):
    """`array` must have as many axes as `axes` names, and none of them may be empty."""
    if array.ndim != len(axes):
        raise ValueError(f"{where}: {name} must have {len(axes)} axes ({', '.join(axes)}), "
                         f"but its shape is {array.shape}")
    if 0 in array.shape:
        empty = axes[array.shape.index(0)]
        raise ValueError(f"{where}: {name} is empty along {empty}: {name} ({', '.join(axes)}) = {array.shape}")


def check_upstream(where, dy, shape, dtype):
    """The gradient that arrives must look exactly like the output it belongs to."""
    check_float(where, dy=dy)
    if dy.shape != shape:
        raise ValueError(f"{where}: dy has shape {dy.shape} but the output had shape {shape}: "
                         "dy is dL/dy, one number for each output")
    if dy.dtype != dtype:
        raise TypeError(f"{where}: dy is {dy.dtype} but the forward pass ran in {dtype}: convert with .astype(...)")


def check_labels(where, labels, logits_shape):
    """One class number an image (N,), for logits of this shape (N, C)."""
    if not isinstance(labels, np.ndarray) or not np.issubdtype(labels.dtype, np.integer):
        found = getattr(labels, "dtype", type(labels).__name__)
        raise TypeError(f"{where}: labels must be a NumPy array of integers, one class number an image, not {found}")
    count, classes = logits_shape
    if labels.shape != (count,):
        raise ValueError(f"{where}: one label an image is wanted: logits (N, C) = {logits_shape}, labels (N,) = {labels.shape}")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"{where}: labels must lie between 0 and {classes - 1}, but run from {labels.min()} to {labels.max()}")


def pair(where, name, value, least):
    """A whole number, or two of them, as (along height, along width)."""
    if type(value) is tuple and [type(part) for part in value] == [int, int] and min(value) >= least:
        return value  # nearly always: in a fraction of a microsecond
    values = value if isinstance(value, (tuple, list)) else (value, value)
    if len(values) != 2 or not all(isinstance(part, (int, np.integer)) and not isinstance(part, bool) for part in values):
        raise TypeError(f"{where}: {name} must be a whole number or a pair of them (height, width), not {value!r}")
    if min(values) < least:
        raise ValueError(f"{where}: {name} must be at least {least}, but it is {value!r}")
    return tuple(map(int, values))


def channels_last(x):
    """The array (N, C, H, W) as (N, H, W, C), contiguous: a view if it lies so in memory, else a copy."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1))


def channels_first(x):
    """The array (N, H, W, C) as (N, C, H, W): always a view."""
    return x.transpose(0, 3, 1, 2)


def taps_first(w):
    """The filters (F, C, KH, KW) as taps (KH, KW, C, F), contiguous: a view if they lie so in memory, else a copy."""
    return np.ascontiguousarray(w.transpose(2, 3, 1, 0))


def filters_first(taps):
    """The taps (KH, KW, C, F) as filters (F, C, KH, KW): always a view."""
    return taps.transpose(3, 2, 0, 1)
