"""Automatic differentiation: write the forward pass, and the backward pass follows.

Nothing here knows a derivative that was not derived by hand before. What is automatic is the order in which they are called.

- `engine`: a `Tensor` is an array that remembers from which tensors, and by which function, it was computed. `y.backward()`
  walks from y to its leaves, the tensors that were not computed, and adds dy/dleaf to each leaf's `.grad`. A tensor passes its
  gradient on when everything that used it has reported, and not before. Inside `no_grad()` nothing is remembered.
- `functions`: each is one pair `f`, `f_backward` of `functional`, or a line or two of arithmetic.
- `modules`: `functional_call(net, tensors, x)` computes a network of `layers` with tensors for its parameters, and
  `Automatic(net)` is the network itself, for `training.fit` and all else, with the engine's backward pass in place of the layers' own.

Names follow PyTorch, `.value` apart, which is a `Parameter`'s.
"""
from .engine import Function, Tensor, is_grad_enabled, no_grad, topological_order
from .functions import (
    adaptive_avg_pool2d, add, avg_pool2d, batch_norm, clip, conv2d, cross_entropy, dropout, exp, identity, l2_loss, linear,
    local_response_norm, log, matmul, max_pool2d, mse_loss, mul, power, project, relu, reshape, sigmoid, softmax, subsample_pad, tanh,
    total,
)
from .modules import LAYERS, Automatic, functional_call, tensors_of

__all__ = [
    "LAYERS", "Automatic", "Function", "Tensor", "adaptive_avg_pool2d", "add", "avg_pool2d", "batch_norm", "clip", "conv2d",
    "cross_entropy", "dropout", "exp", "functional_call", "identity", "is_grad_enabled", "l2_loss", "linear", "local_response_norm",
    "log", "matmul", "max_pool2d", "mse_loss", "mul", "no_grad", "power", "project", "relu", "reshape", "sigmoid", "softmax",
    "subsample_pad", "tanh", "tensors_of", "topological_order", "total",
]
