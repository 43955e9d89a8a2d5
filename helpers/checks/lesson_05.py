"""The exercises of lesson 05: how far a place sees, a planted fault, dead ReLUs, and one probability."""
import numpy as np

from .. import functional as F
from .core import Exercise, draws


def _seen(layers, first=1, grow=lambda seen, kernel, jump, stride: seen + (kernel - 1) * jump,
          widen=lambda jump, stride: jump * stride):
    seen, jump = first, 1
    for kernel, stride in layers:
        seen = grow(seen, kernel, jump, stride)
        jump = widen(jump, stride)
    return seen


def _seen_backwards(layers):
    seen = 1
    for kernel, stride in layers:
        seen = (seen - 1) * stride + kernel
    return seen


_RECEPTIVE_FIELD = Exercise(
    cases=[([(8, 1), (4, 2)],), ([(5, 2), (3, 2), (3, 1)],), ([(3, 1)],), ([(7, 3), (2, 2), (3, 2)],)],
    truth=_seen,
    mistakes={
        "You added the filters up: a filter of K adds only K - 1 pixels, for its first one was there already.":
            lambda layers: _seen(layers, first=0, grow=lambda seen, kernel, jump, stride: seen + kernel * jump),
        "A filter of K adds K - 1 steps to what is seen, not K: its first place was seen already.":
            lambda layers: _seen(layers, grow=lambda seen, kernel, jump, stride: seen + kernel * jump),
        "What is seen is not multiplied: each filter adds (K - 1) times the product of the strides before it.":
            lambda layers: _seen(layers, grow=lambda seen, kernel, jump, stride: seen * kernel),
        "You added the strides up. They multiply: after strides of 2 and 2, neighbours are 4 pixels apart.":
            lambda layers: _seen(layers, widen=lambda jump, stride: jump + stride),
        "The strides are missing: after a stride of 2, neighbours on the map are 2 pixels apart, and so on.":
            lambda layers: _seen(layers, widen=lambda jump, stride: jump),
        "A layer's own stride does not widen what it sees, only what the layers after it see.":
            lambda layers: _seen(layers, grow=lambda seen, kernel, jump, stride: seen + (kernel - 1) * jump * stride),
        "You multiplied by a layer's own stride only: multiply by all strides before it.":
            lambda layers: 1 + sum((kernel - 1) * stride for kernel, stride in layers),
        "That rule, seen = (seen - 1) * stride + kernel, runs from the last layer to the first.":
            lambda layers: _seen_backwards(layers),
        "seen * stride + kernel - 1 counts the map's own stride on all that was seen: what a filter adds is (K - 1) "
        "times the strides before it.":
            lambda layers: _seen(layers, grow=lambda seen, kernel, jump, stride: seen * stride + kernel - 1),
        "You added the filters up, without strides: each adds K - 1 pixels, times the strides before it.":
            lambda layers: sum(kernel for kernel, _ in layers),
        "You used the stride of the layer before alone. Strides multiply: after 2 and 2, neighbours are 4 pixels apart.":
            lambda layers: 1 + sum((kernel - 1) * (([1] + [stride for _, stride in layers])[place])
                                   for place, (kernel, _) in enumerate(layers)),
    },
    praise="One number of the second feature maps sees 11 × 11 pixels of the digit.",
    names=("layers",),
)


def planted_backward(dz, cache, shape=(8, 9, 9)):
    """Lesson 05's `backward` with a fault: (dx, {parameter: gradient}), in which the first ReLU lets everything pass."""
    conv1, _, conv2, relu2, dense = cache
    grads = {}
    da2, grads["w3"], grads["b3"] = F.linear_backward(dz, dense)
    dh2 = F.relu_backward(da2.reshape(-1, *shape), relu2)
    da1, grads["w2"], grads["b2"] = F.conv2d_backward(dh2, conv2)
    dx, grads["w1"], grads["b1"] = F.conv2d_backward(da1, conv1)
    return dx, grads


_WRONG_LINE = Exercise(
    cases=[()],
    truth=lambda: "C",
    mistakes={
        "If da2 were wrong, every gradient computed from it would be wrong, dw2 among them: but dw2 agrees.":
            lambda: "A",
        "dw2 is computed from dh2: if that line were wrong, dw2 would not agree.":
            lambda: "B",
    },
    praise="A wrong line spoils every gradient after it, and none before.",
)


def _before_a_relu():
    """(N, C, H, W) with dead places, some of them at exactly 0, a dead channel, two dark images, places that one wakes."""
    h = draws((4, 3, 4, 5))[0]
    h[:, 0, 0, 0] = -np.abs(h[:, 0, 0, 0])
    h[:, 1] = -np.abs(h[:, 1]) - 0.1
    h[2:] = -np.abs(h[2:])
    h[:, 2, 1, 2:] = 0
    h[1:, 2, 0, 1], h[0, 2, 0, 1] = -1, 0.5
    h[1:, 2, 1, 0], h[0, 2, 1, 0] = -1, 0
    return h


_DEAD_RELUS = Exercise(
    cases=[(_before_a_relu(),), (draws((3, 2, 5, 6))[0],)],
    truth=lambda h: (h <= 0).all(axis=0).sum(),
    mistakes={
        "You counted every zero after the ReLU: a place is dead only if it is zero for all images.":
            lambda h: (h <= 0).sum(),
        "You counted places that some image leaves at zero: a place is dead only if all do.":
            lambda h: (h <= 0).any(axis=0).sum(),
        "At exactly 0 the slope is 0: such a place is dead, too.":
            lambda h: (h < 0).all(axis=0).sum(),
        "h is what goes into the ReLU: after it there is a zero wherever h <= 0, not only where h == 0.":
            lambda h: (h == 0).all(axis=0).sum(),
        "You looked at the first image alone: a place is dead only if all images leave it at zero.":
            lambda h: (h[0] <= 0).sum(),
        "You asked whether all of h is zero after the ReLU: axis=0 asks each place on its own, and then count.":
            lambda h: (h <= 0).all(),
        "Those are the places that every image wakes: count those that none does.":
            lambda h: (h > 0).all(axis=0).sum(),
        "Those are all places, dead or not.":
            lambda h: h[0].size,
        "Each place has a ReLU of its own in every channel: all over axis=0 alone.":
            lambda h: (h <= 0).all(axis=(0, 1)).sum(),
        "Most images are not all: a place is dead only if every image leaves it at zero.":
            lambda h: ((h <= 0).sum(axis=0) > len(h) / 2).sum(),
        "You asked along the axis of the channels: the images are along the first axis, axis=0.":
            lambda h: (h <= 0).all(axis=1).sum(),
        "You counted each dead place once an image: it is one place for all of them.":
            lambda h: len(h) * (h <= 0).all(axis=0).sum(),
        "That is the number of channels, as len gives it: add the True values up with sum.":
            lambda h: h.shape[1],
        "You counted whole channels: each place of a feature map has a ReLU of its own.":
            lambda h: (h <= 0).all(axis=(0, 2, 3)).sum(),
        "That is their share: their number is asked for.":
            lambda h: (h <= 0).all(axis=0).mean(),
        "Those are the places that live: count the others.":
            lambda h: (h > 0).any(axis=0).sum(),
        "You took the mean over the images first: one image that makes it positive keeps a place alive.":
            lambda h: (h.mean(axis=0) <= 0).sum(),
        "You counted images: ask of each place, along the axis of the images.":
            lambda h: (h <= 0).all(axis=(1, 2, 3)).sum(),
    },
    praise="Such a place passes no gradient, whatever the image.",
    names=("h",),
)


def _softmax(z):
    powers = np.exp(z - z.max())
    return powers / powers.sum()


def _probability_gradient(z, k):
    p = _softmax(z)
    return p[k] * (np.eye(len(z))[k] - p)


_PROBABILITY_GRADIENT = Exercise(
    cases=[(draws((10,))[0], 3), (3 * draws((4,))[0], 0), (draws((6,))[0] + 800, 2)],
    truth=_probability_gradient,
    mistakes={
        "That is the gradient of the loss, p - t: here the probability itself is wanted, and upwards.":
            lambda z, k: _softmax(z) - np.eye(len(z))[k],
        "That is the gradient of ln p: the slope of p is p times that.":
            lambda z, k: np.eye(len(z))[k] - _softmax(z),
        "That is the gradient of the score: raising the other scores lowers the probability.":
            lambda z, k: np.eye(len(z))[k],
        "Those are the probabilities themselves: how p_k changes with each score is wanted.":
            lambda z, k: _softmax(z),
        "The sign is turned: raising the class's own score raises its probability.":
            lambda z, k: -_probability_gradient(z, k),
        "That is right for the class itself only: raising another score z_j changes p_k by -p_k p_j.":
            lambda z, k: _softmax(z) * (1 - _softmax(z)),
        "Its powers overflow: take the largest logit away first.":
            lambda z, k: (lambda p: p[k] * (np.eye(len(z))[k] - p))(np.exp(z) / np.exp(z).sum()),
        "The factor is the probability of the class k, one number: you multiplied by each class's own.":
            lambda z, k: _softmax(z) * (np.eye(len(z))[k] - _softmax(z)),
        "Only the class's own score is left: the others pull its probability down.":
            lambda z, k: _probability_gradient(z, k) * np.eye(len(z))[k],
    },
    praise="It adds up to zero, and vanishes where the network is sure.",
    names=("z", "k"),
)


EXERCISES = {
    "receptive_field": _RECEPTIVE_FIELD,
    "wrong_line": _WRONG_LINE,
    "dead_relus": _DEAD_RELUS,
    "probability_gradient": _PROBABILITY_GRADIENT,
}
