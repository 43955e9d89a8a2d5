"""Every formula of the course: each forward pass with its hand-derived backward pass beside it.

Pure functions on arrays: nothing is remembered and nothing handed in is changed, but for memory that is handed in to
be used again (`plan`, `out`).

- `y, cache = name(x, ...)` runs forward; `cache` holds what the way back needs.
- `name_backward(dy, cache)` takes dL/dy, in y's shape, and returns the gradient of every input in
  the order in which the forward pass took them.
- A loss returns `loss, gradient`: it is where the way back begins.
- TypeError for arrays of other dtypes than floating point, or of different ones, and ValueError for shapes that do
  not fit are raised before any work; each backward pass checks that dy looks like the output it belongs to.

N is the number of images in a batch, C the number of classes. Arrays keep the dtype they come in:
float32 to train, float64 to prove.
"""
from .convolution import (
    avg_pool2d, avg_pool2d_backward, col2im, conv2d, conv2d_backward, conv2d_backward_loops,
    conv2d_loops, im2col, max_pool2d, max_pool2d_backward,
)
from .dense import (
    clip, clip_backward, cross_entropy, identity, identity_backward, linear, linear_backward, mse_loss,
    project, project_backward, relu, relu_backward, sigmoid, sigmoid_backward, softmax, softmax_backward, tanh, tanh_backward,
)

__all__ = [
    "avg_pool2d", "avg_pool2d_backward", "clip", "clip_backward", "col2im", "conv2d", "conv2d_backward",
    "conv2d_backward_loops", "conv2d_loops", "cross_entropy", "identity", "identity_backward", "im2col",
    "linear", "linear_backward", "max_pool2d", "max_pool2d_backward", "mse_loss", "project",
    "project_backward", "relu",
    "relu_backward", "sigmoid", "sigmoid_backward", "softmax", "softmax_backward", "tanh",
    "tanh_backward",
]
