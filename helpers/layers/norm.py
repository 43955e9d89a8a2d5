"""Layers that behave otherwise in training than in evaluation: batch normalisation and dropout."""
import numpy as np

from .. import functional as F
from ..init import generator
from .module import Module
from .parameter import Buffer, Parameter


class BatchNorm2d(Module):
    """Each channel normalised over the batch: x (N, C, H, W) -> y (N, C, H, W) (Ioffe and Szegedy 2015).

    In training by the mean and variance of the whole batch, also where it is divided into shards; in evaluation by the
    running ones, the buffers `running_mean` and `running_var`, each moved by `momentum` of the way towards a batch's.
    As in PyTorch the running variance is the unbiased one, divided by one less than the count.
    """

    synchronised = True

    def __init__(self, channels, eps=1e-5, momentum=0.1, dtype=np.float32):
        self.weight, self.bias = Parameter(np.ones(channels, dtype)), Parameter(np.zeros(channels, dtype))
        self.running_mean, self.running_var = Buffer(np.zeros(channels, dtype)), Buffer(np.ones(channels, dtype))
        self.eps, self.momentum = eps, momentum

    def forward(self, x):
        statistics = None if self.training else (self.running_mean.value, self.running_var.value)
        y, cache = F.batch_norm2d(x, self.weight.value, self.bias.value, self.eps, statistics, self.group.sum)
        if self.training and self.group.rank == 0:
            unbiased = cache.var * (cache.count / (cache.count - 1))
            for buffer, new in ((self.running_mean, cache.mean), (self.running_var, unbiased)):
                buffer.value += buffer.value.dtype.type(self.momentum) * (new - buffer.value)
        self.cache = cache
        return y

    def backward(self, dy):
        dx, self.weight.grad, self.bias.grad = F.batch_norm2d_backward(dy, self.recall(), self.group.sum)
        return dx

    def __repr__(self):
        return f"BatchNorm2d({len(self.weight.value)}, eps={self.eps}, momentum={self.momentum})"


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
