"""Every formula of the course: each forward pass with its hand-derived backward pass beside it.

Pure functions on arrays: nothing is remembered, and nothing handed in is changed.

- `y, cache = name(x, ...)` runs forward; `cache` holds what the backward pass needs, arrays handed in or given back
  among them: leave those as they are until then.
- `name_backward(dy, cache)` takes the upstream gradient dL/dy, in y's shape, and returns the gradient of every input in
  the order in which the forward pass took them. It can run again: the cache is not used up. Results are new arrays;
  only `identity` hands on the array that it got.
- A loss is no exception: `loss, gradient = name(...)`, and the gradient is the cache: it is where the backward pass
  begins. `name_backward(dloss, gradient)` is dloss times it.
- A bias may be None, and then has the gradient None. With `input_gradient=False` dx is None, and costs nothing.
- TypeError for arrays of other dtypes than float32 and float64, or of different ones, and ValueError for shapes that do
  not fit are raised before any work; each backward pass checks that dy looks like the output it belongs to.

A convolution has three algorithms, `windows`, `pixels` and `winograd`, and picks one by its shapes (`conv.algorithm`).

N is the number of images in a batch, C the number of classes. Arrays keep the dtype they come in:
float32 to train, float64 to prove.
"""
from .. import memory
from .activations import (
    clip, clip_backward, identity, identity_backward, relu, relu_backward, sigmoid, sigmoid_backward, tanh, tanh_backward,
)
from .conv import col2im, conv2d, conv2d_backward, conv2d_backward_loops, conv2d_loops, im2col
from .dropout import dropout, dropout_backward
from .linear import linear, linear_backward, project, project_backward
from .losses import (
    accuracy, cross_entropy, cross_entropy_backward, l2_loss, l2_loss_backward, mse_loss, mse_loss_backward, softmax,
    softmax_backward,
)
from .norm import batch_norm, batch_norm_backward, local_response_norm, local_response_norm_backward
from .pool import (
    adaptive_avg_pool2d, adaptive_avg_pool2d_backward, avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward, subsample_pad,
    subsample_pad_backward,
)

memory.keep_freed_memory()

__all__ = [
    "accuracy", "adaptive_avg_pool2d", "adaptive_avg_pool2d_backward", "avg_pool2d", "avg_pool2d_backward", "batch_norm",
    "batch_norm_backward", "clip", "clip_backward", "col2im", "conv2d", "conv2d_backward", "conv2d_backward_loops",
    "conv2d_loops", "cross_entropy", "cross_entropy_backward", "dropout", "dropout_backward", "identity", "identity_backward",
    "im2col", "l2_loss", "l2_loss_backward", "linear", "linear_backward", "local_response_norm", "local_response_norm_backward",
    "max_pool2d", "max_pool2d_backward", "mse_loss", "mse_loss_backward", "project", "project_backward", "relu",
    "relu_backward", "sigmoid", "sigmoid_backward", "softmax", "softmax_backward", "subsample_pad", "subsample_pad_backward", "tanh",
    "tanh_backward",
]
