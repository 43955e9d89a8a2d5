"""Checks that a backward pass is right: finite differences, and the adjoint identity.

Run everything here in float64: in float32 rounding hides errors of one part in a thousand.
"""
import numpy as np

from .trial import watched


def relative_error(found, wanted):
    """Largest |found - wanted|, measured against the largest number in either array: 0 is perfect.

    Against the largest, not number by number: where a true gradient is zero, rounding alone would
    make the ratio one. Infinite where either array holds a number that is not finite. Raises
    ValueError for shapes that differ.
    """
    found, wanted = np.asarray(found), np.asarray(wanted)
    if found.shape != wanted.shape:
        raise ValueError(f"relative_error: the arrays have shapes {found.shape} and {wanted.shape}")
    if not (np.isfinite(found).all() and np.isfinite(wanted).all()):
        return float("inf")
    scale = max(np.abs(found).max(initial=0), np.abs(wanted).max(initial=0))
    return float(np.abs(found - wanted).max(initial=0) / scale) if scale > 0 else 0.0


def numeric_gradient(loss, x, eps=1e-6):
    """Slope of the number `loss()` along every number in the array x, by central differences.

    x (any shape, float64) is nudged in place by plus and minus `eps`, one number at a time, and put
    back; `loss` must read it. -> gradient in x's shape; the error is of order eps squared.
    Raises TypeError if x is not a float64 array.
    """
    _check_float64("numeric_gradient", x=x)
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        kept = x[place]
        try:
            x[place] = kept + eps
            above = loss()
            x[place] = kept - eps
            below = loss()
        finally:
            x[place] = kept  # also when the check is interrupted
        gradient[place] = (above - below) / (2 * eps)
    return gradient


def adjoint_error(forward, backward, x, dy):
    """How far a linear map and its backward pass are from <forward(x), dy> = <x, backward(dy)>.

    -> the difference of the two inner products over the size that they could have, |forward(x)| |dy|
    or |x| |backward(dy)|, whichever is larger: below 1e-12 in float64 where backward is the adjoint.
    Infinite where a number is not finite. Raises ValueError for shapes that do not belong together.
    """
    y, dx = forward(x), backward(dy)
    if y.shape != dy.shape or dx.shape != x.shape:
        raise ValueError(f"adjoint_error: forward takes x {x.shape} to y {y.shape}, so backward must take dy in y's shape "
                         f"to dx in x's shape, but it took dy {dy.shape} to dx {dx.shape}")
    if not all(np.isfinite(array).all() for array in (x, y, dx, dy)):
        return float("inf")
    size = max(np.linalg.norm(y) * np.linalg.norm(dy), np.linalg.norm(x) * np.linalg.norm(dx))
    return float(abs(np.vdot(y, dy) - np.vdot(x, dx)) / size) if size > 0 else 0.0


def check_module(net, x, rng, eps=1e-6):
    """Relative error of every gradient of a layer or network, with a random upstream gradient.

    The loss is sum(dy * net.forward(x)) with dy drawn from `rng`, so that no mistake hides behind a
    symmetry. -> {name: error}, the input under "x". The network first sees two other batches, one of them one image larger, so
    that what it keeps from one pass to the next shows. Its buffers and random generators, such as dropout's, are put back
    after each pass.
    At a kink, such as ReLU's at 0, there is no gradient to compare with: an input within `eps` of one gives a large error
    although nothing is wrong, so draw inputs at random.
    Raises TypeError unless x and all parameters are float64, ValueError if the network writes into the x or dy that it is
    handed, or gives other gradients in a second pass, and what `trial.watched` raises.
    """
    _check_float64("check_module", x=x, **{name: parameter.value for name, parameter in net.named_parameters()})
    given, x, put_back = x, x.copy(), _state_of(net)

    def forward(x):
        put_back()
        return net.forward(x)

    def gradients(x, dy):
        for parameter in net.parameters():
            parameter.clear()
        with watched("check_module", net):
            forward(x)
            dx = net.backward(dy)
        if dx is None:
            raise TypeError(f"check_module: {net}.backward returned nothing: end it with a return, so that dx can be checked")
        return {"x": dx} | {name: np.array(parameter.grad) for name, parameter in net.named_parameters()}

    try:
        other = 0.9 * np.flip(x)
        for batch in (np.concatenate([other, other[:1]]), other):
            gradients(batch, rng.standard_normal(forward(batch).shape))
        dy = rng.standard_normal(forward(x).shape)
        handed = dy.copy()
        found = gradients(x, handed)
        for name, before, after in (("forward", given, x), ("backward", dy, handed)):
            if not np.array_equal(before, after, equal_nan=True):
                raise ValueError(f"check_module: {net}.{name} wrote into the array it was handed, which others may share: "
                                 "return a new array")
        for name, gradient in gradients(x, dy.copy()).items():
            if not np.allclose(gradient, found[name], rtol=1e-9, atol=1e-12, equal_nan=True):
                raise ValueError(f"check_module: {net} gives another gradient for {name} when the same pass is run again: "
                                 "what does it keep from the first?")
        values = {"x": x} | {name: parameter.value for name, parameter in net.named_parameters()}
        return {name: relative_error(gradient, numeric_gradient(lambda: np.vdot(dy, forward(x)), values[name], eps))
                for name, gradient in found.items()}
    finally:
        put_back()


def _state_of(net):
    """A function that puts the network's buffers and random generators back to what they are now."""
    buffers = [(buffer, buffer.value.copy()) for _, buffer in net.named_buffers()]
    generators = [(generator.bit_generator, generator.bit_generator.state)
                  for module in net.modules() for _, generator in module.own(np.random.Generator)]

    def put_back():
        for buffer, value in buffers:
            buffer.value = value.copy()
        for generator, state in generators:
            generator.state = state

    return put_back


def _check_float64(where, **arrays):
    """All arrays must be of float64, in which a nudge of a millionth can be felt."""
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype != np.float64:
            raise TypeError(f"{where}: {name} is {getattr(array, 'dtype', type(array).__name__)}, and nudges need float64: use "
                            "np.asarray(x, dtype=np.float64), and net.double() for a network")
