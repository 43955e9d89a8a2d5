"""Dense layers, activations, softmax and the losses: each forward pass with its backward pass beside it."""
import numpy as np

from .common import channels_first, channels_last, check_axes, check_float, check_labels, check_upstream


# --- Linear -------------------------------------------------------------------------------------

def linear(x, w, b):
    """Weighted sums of the inputs: y = x wᵀ + b.

    x (N, in), w (out, in), b (out,) -> y (N, out), cache.
    Raises TypeError for a dtype that is not floating point or not shared, ValueError for shapes that
    do not fit or an empty batch.
    """
    check_float("linear", x=x, w=w, b=b)
    check_axes("linear", "x", x, ("N", "in"))
    check_axes("linear", "w", w, ("out", "in"))
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"linear: x has {x.shape[1]} features but the weights expect {w.shape[1]}: "
                         f"x (N, in) = {x.shape}, w (out, in) = {w.shape}")
    if b.shape != w.shape[:1]:
        raise ValueError(f"linear: w has {w.shape[0]} outputs but b has shape {b.shape}: "
                         f"w (out, in) = {w.shape}, b (out,) wanted")
    return x @ w.T + b, (x, w)


def linear_backward(dy, cache, input_gradient=True):
    """dy (N, out) -> dx = dy w (N, in), dw = dyᵀ x (out, in), db = sum of dy over the batch (out,).

    Without `input_gradient`, dx is None and costs nothing: a first layer has nobody to hand it to.
    """
    x, w = cache
    check_upstream("linear_backward", dy, (x.shape[0], w.shape[0]), x.dtype)
    return dy @ w if input_gradient else None, dy.T @ x, dy.sum(axis=0)


def project(x, w):
    """Weighted sums of all numbers of an image: y_nk = sum over c, h, w of x_nchw w_kchw.

    x (N, C, H, W), w (out, C, H, W) -> y (N, out), cache. A linear layer without bias whose weights keep
    the image's shape, so that neither need be laid out anew. Raises as `linear` does.
    """
    check_float("project", x=x, w=w)
    check_axes("project", "x", x, ("N", "C", "H", "W"))
    check_axes("project", "w", w, ("out", "C", "H", "W"))
    if x.shape[1:] != w.shape[1:]:
        raise ValueError(f"project: the weights expect images of another shape: x (N, C, H, W) = {x.shape}, "
                         f"w (out, C, H, W) = {w.shape}")
    flat_x, flat_w = (channels_last(array).reshape(len(array), -1) for array in (x, w))
    return flat_x @ flat_w.T, (flat_x, flat_w, x.shape)


def project_backward(dy, cache, weight_gradient=True):
    """dy (N, out) -> dx (N, C, H, W), dw (out, C, H, W).

    Without `weight_gradient`, dw is None and costs nothing: weights that never move need none.
    """
    flat_x, flat_w, (count, channels, height, width) = cache
    check_upstream("project_backward", dy, (count, len(flat_w)), flat_x.dtype)
    image = -1, height, width, channels
    dx = channels_first((dy @ flat_w).reshape(image))
    return dx, channels_first((dy.T @ flat_x).reshape(image)) if weight_gradient else None


# --- Activations: each output looks at one input only, so dx = dy * slope -------------------------

def identity(x):
    """y = x, any shape. What a network without a nonlinearity uses."""
    check_float("identity", x=x)
    return x.copy(), x


def identity_backward(dy, cache):
    """dx = dy: the slope is 1 everywhere."""
    check_upstream("identity_backward", dy, cache.shape, cache.dtype)
    return dy.copy()


def relu(x, out=None):
    """y = max(0, x), any shape (Nair and Hinton 2010). The result is written into `out` where one is given."""
    check_float("relu", x=x)
    return np.clip(x, 0, np.inf, out=out), x  # np.maximum(x, 0) says the same, three times as slowly


def relu_backward(dy, cache, out=None):
    """dx = dy where x > 0, else 0. At x = 0 exactly the slope is taken as 0, as PyTorch does."""
    x = cache
    check_upstream("relu_backward", dy, x.shape, x.dtype)
    return np.multiply(dy, x > 0, out=out)


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


# --- Softmax ------------------------------------------------------------------------------------

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


# --- Losses: a number, and the gradient with which the way back begins ----------------------------

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
