"""Small networks for digits."""
import numpy as np

from ..init import he_normal
from ..layers import Conv2d, Flatten, Linear, Projection, ReLU, Residual, Sequential


def mlp(seed=0, sizes=(784, 128, 10), activation=ReLU):
    """Lesson 02: images (N, 1, 28, 28) -> Linear, activation, ..., Linear -> logits (N, sizes[-1]).

    `sizes` counts the numbers between layers, input first; weights are drawn by `he_normal` from
    `np.random.default_rng(seed)`, from input to output. Raises ValueError for fewer than two sizes.
    """
    if len(sizes) < 2:
        raise ValueError(f"mlp: sizes needs an input and an output at least, but is {sizes}")
    rng = np.random.default_rng(seed)
    layers = [Flatten()]
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [Linear(inputs, outputs, rng), activation()]
    return Sequential(*layers[:-1])  # the last scores go to the softmax as they are


def two_layer_cnn(seed=0):
    """The two-layer CNN: images (N, 1, 28, 28) -> 16 maps of 21 x 21 -> 8 maps of 9 x 9 -> logits (N, 10)."""
    rng = np.random.default_rng(seed)
    return Sequential(Conv2d(1, 16, 8, rng), ReLU(), *_head(rng))


SKIPS = ("constant", "fixed", "trained", "identity")


def skip_cnn(seed=0, skip="constant"):
    """The two-layer CNN with a skip from its first maps.

    Three kinds of `skip` lead straight to the logits, by (10, 16, 21, 21) weights: "constant", all 0.001 and never
    trained, as in the article; "fixed", random and never trained; "trained". The fourth, "identity", leads around one
    more convolution, 16 of 3 x 3 that keeps the maps' shape: a residual block, as `residual_block` makes it.
    Random weights are drawn by `he_normal`. Raises ValueError for another kind.
    """
    if skip not in SKIPS:
        raise ValueError(f"skip_cnn: skip must be one of {', '.join(map(repr, SKIPS))}, but it is {skip!r}")
    rng, shape = np.random.default_rng(seed), (10, 16, 21, 21)
    first, head = Conv2d(1, 16, 8, rng), Sequential(*_head(rng))
    if skip == "identity":
        return Sequential(first, ReLU(), residual_block(16, rng), head)
    weights = np.full(shape, 0.001, np.float32) if skip == "constant" else he_normal(shape, rng)
    return Sequential(first, ReLU(), Residual(head, Projection(weights, trained=skip == "trained")))


def residual_block(channels, rng):
    """y = relu(x + conv(x)): maps (N, channels, H, W) of any size keep their shape (He et al. 2016, equation 1)."""
    return Sequential(Residual(Conv2d(channels, channels, 3, rng, padding=1)), ReLU())


def _head(rng):
    """From the first maps to the logits."""
    return [Conv2d(16, 8, 4, rng, stride=2), ReLU(), Flatten(), Linear(8 * 9 * 9, 10, rng)]
