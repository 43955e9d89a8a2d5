"""The exercises of lesson 07: a chain of skips, and a block's backward pass."""
import numpy as np
from .core import Exercise, draws


def _block_backward(dy, x, w, straight=1.0, mask=lambda x, w: x @ w.T > 0, turn=lambda w: w):
    return straight * dy + (dy * mask(x, w)) @ turn(w)


_CHAIN_SLOPE = Exercise(
    cases=[(np.array([0.5, -0.25, 0.1]),), (np.array([-1.5, 0.3]),), (np.array([2.0]),), (draws((6,))[0],)],
    truth=lambda slopes: np.prod(1 + slopes),
    mistakes={
        "That is the chain without skips: each layer adds its input, so its slope is 1 + f.":
            lambda slopes: np.prod(slopes),
        "That is one skip around all layers: here each layer has its own.":
            lambda slopes: 1 + np.prod(slopes),
        "Slopes of layers one after the other multiply; only the two paths through one layer add up.":
            lambda slopes: 1 + np.sum(slopes),
        "Slopes of layers one after the other multiply: you added the layers' slopes.":
            lambda slopes: np.sum(1 + slopes),
    },
    praise="Even where every f is 0, the slope is 1: the path along the skips is always open.",
    names=("slopes",),
)


_BLOCK_BACKWARD = Exercise(
    cases=[tuple(draws((4, 3), (4, 3), (3, 3))), tuple(draws((2, 5), (2, 5), (5, 5)))],
    truth=_block_backward,
    mistakes={
        "The path along the skip is missing: x reaches y twice, so two gradients add up.":
            lambda dy, x, w: _block_backward(dy, x, w, straight=0.0),
        "The ReLU's mask is of its own input, x wᵀ, not of the sum that leaves the block.":
            lambda dy, x, w: _block_backward(dy, x, w, mask=lambda x, w: x + np.maximum(x @ w.T, 0) > 0),
        "The ReLU is missing: where x wᵀ is not above 0, nothing comes back through the body.":
            lambda dy, x, w: _block_backward(dy, x, w, mask=lambda x, w: 1.0),
        "The weights must not be turned: forward is x wᵀ, so backward is times w.":
            lambda dy, x, w: _block_backward(dy, x, w, turn=lambda w: w.T),
        "The body is x wᵀ: the mask needs w.T, and the backward pass w.":
            lambda dy, x, w: _block_backward(dy, x, w, mask=lambda x, w: x @ w > 0, turn=lambda w: w.T),
        "You masked the path along the skip, too: the ReLU is in the body alone.":
            lambda dy, x, w: (dy * (x @ w.T > 0)) @ w + dy * (x @ w.T > 0),
    },
    praise="Two paths forward, two gradients back, one sum.",
    names=("dy", "x", "w"),
)


EXERCISES = {
    "chain_slope": _CHAIN_SLOPE,
    "block_backward": _BLOCK_BACKWARD,
}
