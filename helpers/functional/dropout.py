"""Dropout (Srivastava et al. 2014), forward and backward."""
import numpy as np

from .checks import check_float, check_upstream


def dropout(x, p, rng):
    """Each number is set to 0 with probability p, and divided by 1 - p otherwise, so that its mean stays what it was.

    x of any shape, rng a random generator, from which nothing is drawn if p is 0 -> y in x's shape, cache.
    Raises ValueError unless 0 <= p <= 1.
    """
    check_float("dropout", x=x)
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p, the probability that a number is set to 0, must lie between 0 and 1, but is {p}")
    if p == 0:
        mask = np.ones_like(x)
    else:
        mask = (rng.random(x.shape) >= p) * x.dtype.type(1 / (1 - p) if p < 1 else 0)
    return x * mask, mask


def dropout_backward(dy, cache):
    """dx = dy times the mask of the forward pass, its factor 1 / (1 - p) included."""
    check_upstream("dropout_backward", dy, cache.shape, cache.dtype)
    return dy * cache
