"""The networks that the lessons name, ready to train."""
import numpy as np

from .layers import Flatten, Linear, ReLU, Sequential


def mlp(seed=0, sizes=(784, 128, 10), activation=ReLU):
    """Lesson 01: images (N, 1, 28, 28) -> Linear, activation, ..., Linear -> logits (N, sizes[-1]).

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
