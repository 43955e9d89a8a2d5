"""From the last scores to one number: softmax, the losses, and the accuracy."""
import numpy as np

from .checks import check_axes, check_float, check_labels, check_upstream


def _below_largest(logits):
    """Every row less its largest number: no probability changes, and exp stays at or below 1.

    Half the dtype's range is as far as it goes, so that no finite logits give an infinite difference.
    A logit of minus infinity stays what it is: its loss is not finite, and must not look so.
    """
    with np.errstate(over="ignore"):
        shifted = logits - logits.max(axis=1, keepdims=True)
    return np.maximum(shifted, np.finfo(logits.dtype).min / 2, out=shifted, where=logits != -np.inf)


def softmax(logits):
    """Probabilities from scores, row by row: p_k = exp(z_k) / sum over j of exp(z_j) (Bridle 1990).

    logits (N, C) -> p (N, C), none negative, each row with sum 1, and cache. Finite for any finite logits.
    """
    check_float("softmax", logits=logits)
    check_axes("softmax", "logits", logits, ("N", "C"))
    powers = np.exp(_below_largest(logits))
    p = powers / powers.sum(axis=1, keepdims=True)
    return p, p


def softmax_backward(dp, cache):
    """dp (N, C) -> dlogits = p (dp - sum over k of dp_k p_k), row by row (N, C)."""
    p = cache
    check_upstream("softmax_backward", dp, p.shape, p.dtype)
    return p * (dp - (dp * p).sum(axis=1, keepdims=True))


# --- Losses: a number, and the gradient with which the backward pass begins ----------------------

def cross_entropy(logits, labels):
    """Mean over the batch of -log(probability of the true class), and its gradient (Bishop 1995, section 6.9).

    logits (N, C), labels (N,) integers -> loss (a number), dlogits = (p - onehot) / N (N, C).
    Finite for any finite logits: the logarithm is taken of no probability, only of the row's sum.
    Raises TypeError or ValueError for wrong shapes or dtypes, labels out of range, an empty batch.
    """
    check_float("cross_entropy", logits=logits)
    check_axes("cross_entropy", "logits", logits, ("N", "C"))
    check_labels("cross_entropy", labels, logits.shape)
    rows, count = np.arange(len(labels)), logits.dtype.type(len(labels))
    shifted = _below_largest(logits)
    powers = np.exp(shifted)
    sums = powers.sum(axis=1)
    losses = np.log(sums) - shifted[rows, labels]
    dlogits = powers / sums[:, None]
    dlogits[rows, labels] -= 1
    # Divided before they are added: a sum of huge losses could overflow where their mean does not.
    return float(np.sum(losses / count)), dlogits / count


def cross_entropy_backward(dloss, cache):
    """dlogits (N, C) = dloss times the gradient that `cross_entropy` returned; dloss is one number, 1 for the loss itself."""
    return _times("cross_entropy_backward", dloss, cache)


def mse_loss(y, target):
    """Mean over all numbers of (y - target)², and its gradient.

    y and target of one shape -> loss (a number), dy = 2 (y - target) / (how many numbers).
    Raises TypeError or ValueError for dtypes or shapes that differ, or empty arrays.
    """
    check_float("mse_loss", y=y, target=target)
    if y.shape != target.shape:
        raise ValueError(f"mse_loss: y and target must have one shape, but y is {y.shape} and target {target.shape}")
    if y.size == 0:
        raise ValueError(f"mse_loss: y is empty: its shape is {y.shape}")
    difference = y - target
    return float(np.mean(difference * difference)), difference * y.dtype.type(2 / y.size)


def mse_loss_backward(dloss, cache):
    """dy = dloss times the gradient that `mse_loss` returned; dloss is one number, 1 for the loss itself."""
    return _times("mse_loss_backward", dloss, cache)


def l2_loss(w, strength):
    """strength / 2 times the sum of w², a term that pulls weights towards zero, and its gradient (L2 regularisation).

    w of any shape, strength a number from 0 -> loss (a number), dw = strength w. Keras's L2 has no half: twice the gradient.
    """
    check_float("l2_loss", w=w)
    if not strength >= 0:
        raise ValueError(f"l2_loss: strength must be 0 or above, or weights grow without end, but it is {strength!r}")
    dw = w * w.dtype.type(strength)
    return float(np.sum(w * dw)) / 2, dw


def l2_loss_backward(dloss, cache):
    """dw = dloss times the gradient that `l2_loss` returned; dloss is one number, 1 for the loss itself."""
    return _times("l2_loss_backward", dloss, cache)


def _times(where, dloss, gradient):
    number = np.asarray(dloss)
    if number.ndim or number.dtype.kind not in "fiu":
        raise TypeError(f"{where}: dloss must be one number, dL/d(loss), but it is {dloss!r}")
    return gradient * gradient.dtype.type(number)


# --- A metric ------------------------------------------------------------------------------------

def accuracy(logits, labels):
    """Whether the largest logit of each image stands at its label, the first of several that are equal.

    logits (N, C), labels (N,) integers -> (N,) of True and False; their mean is the accuracy. A row that holds nan is
    wrong. Raises as `cross_entropy` does.
    """
    check_float("accuracy", logits=logits)
    check_axes("accuracy", "logits", logits, ("N", "C"))
    check_labels("accuracy", labels, logits.shape)
    best = logits.argmax(axis=1)  # where nan is, if there is one
    return (best == labels) & ~np.isnan(logits[np.arange(len(logits)), best])
