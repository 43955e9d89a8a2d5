"""Nonlinearities, number by number: each output looks at one input only, so dx = dy * slope."""
import numpy as np

from .checks import check_float, check_upstream


def identity(x):
    """y = x itself, not a copy, any shape. What a network without a nonlinearity uses, or a shortcut."""
    check_float("identity", x=x)
    return x, (x.shape, x.dtype)


def identity_backward(dy, cache):
    """dx = dy itself, not a copy: the slope is 1 everywhere."""
    check_upstream("identity_backward", dy, *cache)
    return dy


def relu(x):
    """y = max(0, x), any shape (Nair and Hinton 2010)."""
    check_float("relu", x=x)
    return np.maximum(x, 0), x


def relu_backward(dy, cache):
    """dx = dy where x > 0, else 0. At x = 0 exactly the slope is taken as 0, as PyTorch does."""
    x = cache
    check_upstream("relu_backward", dy, x.shape, x.dtype)
    dx = np.empty_like(x)  # it lies in memory as x did, for the layer below, whatever dy does
    dx[...] = dy
    dx *= x > 0
    return dx


def clip(x, low=0.0, high=1.0):
    """y = x held between low and high, any shape. Raises ValueError unless low < high."""
    check_float("clip", x=x)
    if not low < high:
        raise ValueError(f"clip: low must be below high, but low = {low} and high = {high}")
    low, high = x.dtype.type(low), x.dtype.type(high)  # a float64 bound would make float32 images float64
    return np.clip(x, low, high), (x, low, high)


def clip_backward(dy, cache):
    """dx = dy where low <= x <= high, else 0 (both ends count as inside, as in torch.clip)."""
    x, low, high = cache
    check_upstream("clip_backward", dy, x.shape, x.dtype)
    return dy * ((x >= low) & (x <= high))


def sigmoid(x):
    """y = 1 / (1 + exp(-x)), any shape, without overflow for any finite x (Rumelhart, Hinton and Williams 1986, equation 2)."""
    check_float("sigmoid", x=x)
    small = np.exp(-np.abs(x))  # never above 1, so it cannot overflow
    y = np.where(x >= 0, 1, small) / (1 + small)
    return y, y


def sigmoid_backward(dy, cache):
    """dx = dy y (1 - y), from the output alone."""
    y = cache
    check_upstream("sigmoid_backward", dy, y.shape, y.dtype)
    return dy * y * (1 - y)


def tanh(x):
    """y = tanh(x), any shape (LeCun et al. 1998, Efficient BackProp, section 4.4)."""
    check_float("tanh", x=x)
    y = np.tanh(x)
    return y, y


def tanh_backward(dy, cache):
    """dx = dy (1 - y²), from the output alone."""
    y = cache
    check_upstream("tanh_backward", dy, y.shape, y.dtype)
    return dy * (1 - y * y)
