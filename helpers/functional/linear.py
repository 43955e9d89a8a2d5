"""The dense layer: weighted sums of all inputs."""
from .checks import channels_first, channels_last, check_axes, check_float, check_upstream, check_weighted


def linear(x, w, b):
    """Weighted sums of the inputs: y = x wᵀ + b.

    x (N, in), w (out, in), b (out,) or None -> y (N, out), cache.
    Raises TypeError for a dtype that is not floating point or not shared, ValueError for shapes that
    do not fit or an empty batch.
    """
    check_weighted("linear", x, w, b)
    check_axes("linear", "x", x, ("N", "in"))
    check_axes("linear", "w", w, ("out", "in"))
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"linear: x has {x.shape[1]} features but the weights expect {w.shape[1]}: "
                         f"x (N, in) = {x.shape}, w (out, in) = {w.shape}")
    if b is not None and b.shape != w.shape[:1]:
        raise ValueError(f"linear: w has {w.shape[0]} outputs but b has shape {b.shape}: "
                         f"w (out, in) = {w.shape}, b (out,) wanted")
    y = x @ w.T
    if b is not None:
        y += b
    return y, (x, w, b is not None)


def linear_backward(dy, cache, input_gradient=True):
    """dy (N, out) -> dx = dy w (N, in), dw = dyᵀ x (out, in), db = sum of dy over the batch (out,).

    Without a bias, db is None. Without `input_gradient`, dx is None and costs nothing: the first layer does not need it.
    """
    x, w, biased = cache
    check_upstream("linear_backward", dy, (x.shape[0], w.shape[0]), x.dtype)
    return dy @ w if input_gradient else None, dy.T @ x, dy.sum(axis=0) if biased else None


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
