"""The functions of tensors: a few lines of arithmetic with their backward passes, and every pair of `functional`."""
import numpy as np

from .. import functional as F
from ..functional.checks import check_float
from .engine import Function, Tensor


# --- Arithmetic -----------------------------------------------------------------------------------

def undo_broadcasting(gradient, shape):
    """The gradient of an array of this shape that was broadcast to the gradient's: what was copied collects from all copies."""
    added = tuple(range(gradient.ndim - len(shape)))
    stretched = tuple(axis + len(added) for axis, size in enumerate(shape) if size == 1)
    return gradient.sum(axis=added + stretched).reshape(shape) if added or stretched else gradient


def _add(a, b):
    check_float("add", a=a, b=b)
    return a + b, (a.shape, b.shape)


def _add_backward(dy, cache):
    return tuple(undo_broadcasting(dy, shape) for shape in cache)


def _mul(a, b):
    check_float("mul", a=a, b=b)
    return a * b, (a, b)


def _mul_backward(dy, cache, input_gradient=True, weight_gradient=True):
    a, b = cache
    return undo_broadcasting(dy * b, a.shape) if input_gradient else None, undo_broadcasting(dy * a, b.shape) if weight_gradient else None


def _matmul(a, b):
    check_float("matmul", a=a, b=b)
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError(f"matmul: two matrices are wanted, but the shapes are {a.shape} and {b.shape}")
    return a @ b, (a, b)


def _matmul_backward(dy, cache):
    a, b = cache
    return dy @ b.T, a.T @ dy


def _power(a, exponent):
    return a**exponent, (a, exponent)


def _power_backward(dy, cache):
    a, exponent = cache
    return dy * (exponent * a**(exponent - 1)) if exponent else np.zeros_like(a)


def _exp(a):
    y = np.exp(a)
    return y, y


def _exp_backward(dy, cache):
    return dy * cache


def _log(a):
    return np.log(a), a


def _log_backward(dy, cache):
    return dy / cache


def _total(a):
    return np.sum(a), a.shape


def _total_backward(dy, cache):
    return np.broadcast_to(dy, cache)


def _reshape(a, shape):
    return a.reshape(shape), a.shape


def _reshape_backward(dy, cache):
    return dy.reshape(cache)


add, mul, matmul = Function(_add, _add_backward), Function(_mul, _mul_backward), Function(_matmul, _matmul_backward)
power, exp, log = Function(_power, _power_backward), Function(_exp, _exp_backward), Function(_log, _log_backward)
total, reshape = Function(_total, _total_backward), Function(_reshape, _reshape_backward)


# --- Python's signs between tensors ---------------------------------------------------------------

def _like(tensor, other):
    """A number or an array as a constant tensor; a number takes the tensor's dtype, and so can promote nothing."""
    return other if isinstance(other, Tensor) else Tensor(np.asarray(other, None if isinstance(other, np.ndarray) else tensor.dtype))


Tensor.__add__ = Tensor.__radd__ = lambda self, other: add(self, _like(self, other))
Tensor.__mul__ = Tensor.__rmul__ = lambda self, other: mul(self, _like(self, other))
Tensor.__matmul__ = lambda self, other: matmul(self, other)
Tensor.__pow__ = lambda self, exponent: power(self, exponent)
Tensor.__neg__ = lambda self: self * -1
Tensor.__sub__ = lambda self, other: self + -_like(self, other)
Tensor.__rsub__ = lambda self, other: -self + other
Tensor.__truediv__ = lambda self, other: self * _like(self, other)**-1
Tensor.__rtruediv__ = lambda self, other: self**-1 * other
Tensor.sum = lambda self: total(self)
Tensor.mean = lambda self: total(self) * (1 / self.value.size)
Tensor.reshape = lambda self, *shape: reshape(self, shape)


# --- The pairs of `functional` --------------------------------------------------------------------

adaptive_avg_pool2d = Function(F.adaptive_avg_pool2d, F.adaptive_avg_pool2d_backward)
avg_pool2d = Function(F.avg_pool2d, F.avg_pool2d_backward)
batch_norm = Function(F.batch_norm, F.batch_norm_backward)
clip = Function(F.clip, F.clip_backward)
conv2d = Function(F.conv2d, F.conv2d_backward)
cross_entropy = Function(F.cross_entropy, F.cross_entropy_backward)
dropout = Function(F.dropout, F.dropout_backward)
identity = Function(F.identity, F.identity_backward)
l2_loss = Function(F.l2_loss, F.l2_loss_backward)
linear = Function(F.linear, F.linear_backward)
local_response_norm = Function(F.local_response_norm, F.local_response_norm_backward)
max_pool2d = Function(F.max_pool2d, F.max_pool2d_backward)
mse_loss = Function(F.mse_loss, F.mse_loss_backward)
project = Function(F.project, F.project_backward)
relu = Function(F.relu, F.relu_backward)
sigmoid = Function(F.sigmoid, F.sigmoid_backward)
softmax = Function(F.softmax, F.softmax_backward)
subsample_pad = Function(F.subsample_pad, F.subsample_pad_backward)
tanh = Function(F.tanh, F.tanh_backward)
