"""The exercises of lesson 07: a chain of skips, a block's backward pass, a scaled skip, how small a body must be, and when a skip hurts."""
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
        "exp of the sum is only the first order: ln(1 + f) = f - f²/2 + ... Multiply the factors 1 + f themselves.":
            lambda slopes: np.exp(np.sum(slopes)),
        "exp of the sum of f - f²/2 is only the second order of the product: multiply the factors 1 + f themselves.":
            lambda slopes: np.exp(np.sum(slopes - slopes**2 / 2)),
        "A slope has a sign: where a factor 1 + f is below 0, the gradient turns round. Leave the abs out.":
            lambda slopes: np.prod(np.abs(1 + slopes)),
        "That is the logarithm of the size of the slope: the product itself is wanted.":
            lambda slopes: np.sum(np.log(np.abs(1 + slopes))),
        "Those are the slopes of the single layers: multiply them, as the chain rule does for layers one after the other.":
            lambda slopes: 1 + slopes,
        "That is the slope after each layer: only the last of them, after all layers, is wanted.":
            lambda slopes: np.cumprod(1 + slopes),
    },
    praise="Even where every f is 0, the slope is 1: the path along the skips is always open.",
    names=("slopes",),
)

_x, _w = draws((4, 3), (3, 3))
_x[0] = 0  # rows whose x wᵀ is exactly 0: the slope there is 0

_BLOCK_BACKWARD = Exercise(
    cases=[(draws((4, 3), (4, 3))[1], _x, _w), tuple(draws((2, 5), (2, 5), (5, 5)))],
    truth=_block_backward,
    mistakes={
        "The path along the skip is missing: x reaches y twice, so two gradients add up.":
            lambda dy, x, w: _block_backward(dy, x, w, straight=0.0),
        "dy multiplies the skip's part as well: along the skip dy comes back, not 1.":
            lambda dy, x, w: 1 + (dy * (x @ w.T > 0)) @ w,
        "Mask first, weights afterwards: the ReLU is the last thing that the body does, so it is the first in the backward pass.":
            lambda dy, x, w: dy + (dy @ w) * (x @ w.T > 0),
        "Mask first, weights afterwards, and the mask is of the ReLU's own input, x wᵀ: here it is of x.":
            lambda dy, x, w: dy + (dy @ w) * (x > 0),
        "The mask is of x, but the ReLU's own input is x wᵀ.":
            lambda dy, x, w: _block_backward(dy, x, w, mask=lambda x, w: x > 0),
        "The ReLU's mask is of its own input, x wᵀ, not of the sum that leaves the block.":
            lambda dy, x, w: _block_backward(dy, x, w, mask=lambda x, w: x + np.maximum(x @ w.T, 0) > 0),
        "The ReLU is missing: where x wᵀ is not above 0, nothing comes back through the body.":
            lambda dy, x, w: _block_backward(dy, x, w, mask=lambda x, w: 1.0),
        "The slope of the ReLU at exactly 0 is 0 in this course: the mask is > 0, not >= 0.":
            lambda dy, x, w: _block_backward(dy, x, w, mask=lambda x, w: x @ w.T >= 0),
        "The weights must not be transposed: forward is x wᵀ, so backward is times w.":
            lambda dy, x, w: _block_backward(dy, x, w, turn=lambda w: w.T),
        "Mask first, weights afterwards, and these not transposed: forward is x wᵀ, so backward is times w.":
            lambda dy, x, w: dy + (dy @ w.T) * (x @ w.T > 0),
        "The body is x wᵀ: the mask needs w.T, and the backward pass w.":
            lambda dy, x, w: _block_backward(dy, x, w, mask=lambda x, w: x @ w > 0, turn=lambda w: w.T),
        "The ReLU's own input is x wᵀ, but your mask is of x w: transpose the weights there.":
            lambda dy, x, w: _block_backward(dy, x, w, mask=lambda x, w: x @ w > 0),
        "You masked the path along the skip, too: the ReLU is in the body alone.":
            lambda dy, x, w: (dy * (x @ w.T > 0)) @ w + dy * (x @ w.T > 0),
        "Through the ReLU goes the mask, 0 or 1, and not the ReLU's output.":
            lambda dy, x, w: _block_backward(dy, x, w, mask=lambda x, w: np.maximum(x @ w.T, 0)),
        "That is y, the forward pass, with dy for x: the backward pass goes through the mask and times w.":
            lambda dy, x, w: dy + np.maximum(dy @ w.T, 0),
        "Your path through the body ends at the ReLU: go on through the weights, (dy * mask) @ w.":
            lambda dy, x, w: dy + dy * (x @ w.T > 0),
        "The skip goes round the weights: only what comes through the ReLU is multiplied by w, and dy is added to that.":
            lambda dy, x, w: (dy + dy * (x @ w.T > 0)) @ w,
        "The skip is missing, and the mask comes too early in w: multiply dy by the mask first, then by w, (dy * mask) @ w.":
            lambda dy, x, w: dy * ((x @ w.T > 0) @ w),
        "Multiply dy by the mask first, then by w: (dy * mask) @ w, and not dy * (mask @ w).":
            lambda dy, x, w: dy + dy * ((x @ w.T > 0) @ w),
        "x comes back along the skip in your answer: dy does.":
            lambda dy, x, w: x + (dy * (x @ w.T > 0)) @ w,
    },
    praise="Two paths forward, two gradients back, one sum.",
    names=("dy", "x", "w"),
)

_HALVED = Exercise(
    cases=[()],
    truth=lambda: 0.5**20,
    mistakes={
        "One layer halves: there are twenty of them, one after the other.": lambda: 0.5,
        "Factors of layers one after the other multiply, they do not add up.": lambda: 20 * 0.5,
        "That is nearly all of it, as with skips of weight 1: here each skip passes on one half. What comes through?": lambda: 1.0,
        "A layer's slope is 1/2 + f', and f' is 0 here: not 1 + 1/2.": lambda: 1.5**20,
        "That is twice too often: 1/2 a layer, not 1/4.": lambda: 0.25**20,
        "Twenty layers, twenty factors: you took one too few.": lambda: 0.5**19,
        "Twenty layers, twenty factors: you took one too many.": lambda: 0.5**21,
        "One half for each of twenty layers is a power, not 1 / (2 · 20).": lambda: 0.5 / 20,
    },
    praise="One millionth: a skip must have the weight 1, or the gradient vanishes along it.",
    tolerance=0.05,
)

_BODY_SCALE = Exercise(
    cases=[(20,), (1,), (100,)],
    truth=lambda layers: 1 / np.sqrt(layers),
    mistakes={
        "L s² = 1 holds the square of s: take the square root of 1 / L.": lambda layers: 1 / layers,
        "That holds for 20 layers: return it for any number of them.": lambda layers: 1 / np.sqrt(20),
        "L s² = 1 holds the square of s: take the root of 1 / L, and do not square it.": lambda layers: 1 / layers**2,
        "The more layers, the smaller each body: you have the inverse.": lambda layers: np.sqrt(layers),
        "The more layers, the smaller each body, and by the root: you have the inverse of 1 / L.": lambda layers: float(layers),
        "That is the growth (1 + 1/L)^L, which stays below e: the scale s of one body is wanted.":
            lambda layers: (1 + 1 / layers) ** layers,
        "That is the growth of one layer, 1 + s²: the scale s is wanted.": lambda layers: 1 + 1 / layers,
        "The bound is L s² = 1: where does your 2 come from? He's 2 is already in the body.": lambda layers: np.sqrt(2 / layers),
        "That solves (1 + s²)^L = 2: the bound asked for is L s² = 1.": lambda layers: np.sqrt(2 ** (1 / layers) - 1),
        "That solves (1 + s²)^L = e exactly: the first-order bound L s² = 1 is asked for.":
            lambda layers: np.sqrt(np.exp(1 / layers) - 1),
    },
    praise="(1 + 1/L)^L is below e = 2.72 at any depth: for 20 layers it is 2.65.",
)

_WORST_START = Exercise(
    cases=[()],
    truth=lambda: "B",
    mistakes={
        "A: a body of a tenth adds little, and the factors 1 + f' stay near 1. Look for a body as large as its input.": lambda: "A",
        "C: a body divided by the root of the depth is what exercise 4 asks for. Look for a body as large as its input.": lambda: "C",
        "D: a body that gives 0 has slope 0, and along the skip the gradient arrives as it is.": lambda: "D",
    },
    praise="Only there is each body as large as its input: the gradient explodes.",
    choices=("A", "B", "C", "D"),
)


EXERCISES = {
    "chain_slope": _CHAIN_SLOPE,
    "block_backward": _BLOCK_BACKWARD,
    "halved": _HALVED,
    "body_scale": _BODY_SCALE,
    "worst_start": _WORST_START,
}
