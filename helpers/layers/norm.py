"""Normalisation and dropout; batch normalisation and dropout do something else in training than in evaluation."""
import numpy as np

from .. import functional as F
from ..functional import checks
from ..init import generator
from .module import Module
from .parameter import Buffer, Parameter


class _BatchNorm(Module):
    """Each channel normalised over the batch (Ioffe and Szegedy 2015).

    In training by the mean and variance of the whole batch, also where it is divided into shards; in evaluation by the
    running ones, the buffers `running_mean` and `running_var`, each moved by `momentum` of the way towards a batch's.
    As in PyTorch the running variance is the unbiased one, divided by one less than the count.
    """

    synchronised, axes = True, ()

    def __init__(self, channels, eps=1e-5, momentum=0.1, dtype=np.float32):
        self.weight, self.bias = Parameter(np.ones(channels, dtype)), Parameter(np.zeros(channels, dtype))
        self.running_mean, self.running_var = Buffer(np.zeros(channels, dtype)), Buffer(np.ones(channels, dtype))
        self.eps, self.momentum = eps, momentum

    def forward(self, x):
        checks.check_axes(type(self).__name__, "x", x, self.axes)
        statistics = None if self.training else (self.running_mean.value, self.running_var.value)
        y, cache = F.batch_norm(x, self.weight.value, self.bias.value, self.eps, statistics, self.group.sum)
        if self.training and self.group.rank == 0:
            self.keep_statistics(cache)
        self.cache = cache
        return y

    def keep_statistics(self, cache):
        """Move the running statistics towards those of the batch that left this cache."""
        unbiased = cache.var * (cache.count / (cache.count - 1))
        for buffer, new in ((self.running_mean, cache.mean), (self.running_var, unbiased)):
            buffer.value *= buffer.value.dtype.type(1 - self.momentum)
            buffer.value += buffer.value.dtype.type(self.momentum) * new

    def backward(self, dy):
        dx, self.weight.grad, self.bias.grad = F.batch_norm_backward(dy, self.recall(), self.group.sum)
        return dx

    def __repr__(self):
        return f"{type(self).__name__}({len(self.weight.value)}, eps={self.eps}, momentum={self.momentum})"


class BatchNorm1d(_BatchNorm):
    """Batch normalisation after a dense layer: x (N, C) -> y (N, C), each of C features normalised over the batch."""

    axes = "N", "C"


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of images: x (N, C, H, W) -> y (N, C, H, W), each channel normalised over all pixels of the batch."""

    axes = "N", "C", "H", "W"


class LocalResponseNorm(Module):
    """Each number divided by what its pixel has in `size` neighbouring channels: x (N, C, H, W) -> y (N, C, H, W).

    y = x / (k + alpha / size * sum of x²)^beta (Krizhevsky, Sutskever and Hinton 2012, section 3.3), as in PyTorch.
    """

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0):
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x):
        y, self.cache = F.local_response_norm(x, self.size, self.alpha, self.beta, self.k)
        return y

    def backward(self, dy):
        return F.local_response_norm_backward(dy, self.recall())

    def __repr__(self):
        return f"LocalResponseNorm({self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k})"


class Dropout(Module):
    """In training each number is set to 0 with probability p, and divided by 1 - p otherwise; in evaluation y = x.

    The masks are drawn from the generator or seed `rng`; in `training.fit` they depend on its seed, the step and the shard alone.
    """

    def __init__(self, p=0.5, rng=0):
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout: p, the probability that a number is set to 0, must lie between 0 and 1, but is {p}")
        self.p, self.rng = p, generator(rng)

    def forward(self, x):
        y, self.cache = F.dropout(x, self.p if self.training else 0.0, self.rng)
        return y

    def backward(self, dy):
        return F.dropout_backward(dy, self.recall())

    def __repr__(self):
        return f"Dropout({self.p})"
