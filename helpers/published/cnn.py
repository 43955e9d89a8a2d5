"""The two-layer CNN as the article on convolutional networks has it, each of its faults under a name.

    net = cnn.CNN(seed=0)                            # as published
    net = cnn.CNN(seed=0, fixed=["stride"])          # one fault fixed
    cnn.train(net, images[:1000], labels[:1000])     # the article's run: one image a step, once

As published, rounding errors grow until they decide the result. So numbers are added up in the article's
own order, with the places of a map side by side where the article takes one after the other.
"""
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .. import functional as F
from ..init import fans
from . import SHAPES, left_over

FAULTS = {
    "stride": "the second filters' gradient ignores the stride of 2",
    "biases": "the biases of both convolutions are never updated",
    "order": "weights move before the gradient has passed through them",
    "relu": "the ReLUs that the text describes are not in the code",
    "init": "weights begin uniform between -0.5 and 0.5, whatever the fan-in",
    "softmax": "the loss goes back through powers that overflow, and over a probability that may be 0",
    "swap": "height and width are exchanged in the first filters' gradient",
}
STRIDE, RATE = 2, 3e-4


class CNN:
    """16 filters 8 x 8, 8 filters 4 x 4 at stride 2, a dense layer: one image (28, 28) -> logits (10,).

    `params` {name: array}, float64, are drawn from NumPy's legacy generator in the article's order.
    `fixed`: names of faults to leave out. Raises ValueError for a name that FAULTS does not have.
    """

    def __init__(self, seed=0, fixed=()):
        self.faults = left_over(FAULTS, fixed)
        rng, zero = np.random.RandomState(seed), {"b1", "b2"} if "init" in self.faults else {"b1", "b2", "b3"}
        self.params = {name: np.zeros(shape) if name in zero else self._drawn(shape, rng) for name, shape in SHAPES.items()}

    def _drawn(self, shape, rng):
        return rng.random_sample(shape) - 0.5 if "init" in self.faults else rng.standard_normal(shape) * np.sqrt(2 / fans(shape)[0])

    def forward(self, image):
        """Logits (10,) of one image (28, 28), and both maps before and after the ReLU."""
        p = self.params
        h1 = _convolved(image[None], p["w1"], p["b1"])
        a1 = self._relu(h1)
        h2 = _convolved(a1, p["w2"], p["b2"], STRIDE)
        a2 = self._relu(h2)
        return (p["w3"] * a2).sum(axis=(1, 2, 3)) + p["b3"], (h1, a1, h2, a2)

    def gradients(self, image, label, rate=RATE):
        """{name: gradient of the cross-entropy} as computed on the way to a step of size `rate`."""
        z, (h1, a1, h2, a2) = self.forward(image)
        dz = self.loss_backward(z, label)
        grads = {"w3": dz[:, None, None, None] * a2, "b3": dz}
        dh2 = self._relu_backward((dz[:, None, None, None] * self._passed("w3", grads, rate)).sum(axis=0), h2)
        grads["w2"] = _filter_gradient(dh2, a1, SHAPES["w2"], 1 if "stride" in self.faults else STRIDE)
        dh1 = self._relu_backward(_input_gradient(dh2, a1.shape, self._passed("w2", grads, rate), STRIDE), h1)
        window = dh1.shape[:0:-1] if "swap" in self.faults else dh1.shape[1:]
        grads["w1"] = _filter_gradient(dh1, image[None], SHAPES["w1"], 1, window)
        for name, dh in (("b1", dh1), ("b2", dh2)):
            grads[name] = np.zeros(SHAPES[name]) if "biases" in self.faults else dh.sum(axis=(1, 2))
        return {name: grads[name] for name in SHAPES}

    def step(self, image, label, rate=RATE):
        """Move every parameter once, against its gradient."""
        for name, gradient in self.gradients(image, label, rate).items():
            self.params[name] = self.params[name] - gradient * rate

    def accuracy(self, images, labels):
        """Share of images (N, 28, 28) whose largest logit is at their label."""
        return float(np.mean([self.forward(image)[0].argmax() == label for image, label in zip(images, labels)]))

    def _relu(self, h):
        return h if "relu" in self.faults else np.maximum(h, 0)

    def _relu_backward(self, da, h):
        return da if "relu" in self.faults else da * (h > 0)

    def loss_backward(self, z, label):
        """dL/dz = p - t; as published by way of the softmax's derivative over p, which may both be 0 or infinite."""
        if "softmax" not in self.faults:
            return F.cross_entropy(z[None], np.array([label]))[1][0]
        powers = np.exp(z)
        total = np.sum(powers)
        dp = -powers[label] * powers / total**2
        dp[label] = powers[label] * (total - powers[label]) / total**2
        return -(1 / (powers / total)[label] * dp)

    def _passed(self, name, grads, rate):
        """The weights that the gradient passes through: with the fault "order", those after the step."""
        return self.params[name] - grads[name] * rate if "order" in self.faults else self.params[name]


def _convolved(x, w, b, stride=1):
    """x (C, H, W), w (F, C, KH, KW), b (F,) -> y (F, OH, OW)."""
    windows = sliding_window_view(x, w.shape[1:])[0, ::stride, ::stride]
    rows = windows.reshape(*windows.shape[:2], 1, -1)
    return np.ascontiguousarray(((w.reshape(len(w), -1) * rows).sum(axis=3) + b).transpose(2, 0, 1))


def _filter_gradient(dy, x, shape, stride, window=None):
    """dw (F, C, KH, KW): dy (F, OH, OW) times the numbers of x (C, H, W) that each tap met, added up."""
    rows, columns = window or dy.shape[1:]
    reach = stride * (rows - 1) + 1, stride * (columns - 1) + 1
    met = sliding_window_view(x, reach, axis=(1, 2))[:, :shape[2], :shape[3], ::stride, ::stride]
    return (dy.reshape(len(dy), 1, 1, 1, -1) * met.reshape(*met.shape[:3], -1)).sum(axis=4)


def _input_gradient(dy, shape, w, stride):
    """dx (C, H, W): every output adds to its window, in reading order of the outputs."""
    (_, rows, columns), (_, _, high, wide), dx = dy.shape, w.shape, np.zeros(shape)
    parts = sum(dy[f, :, :, None, None] * w[f, :, None, None] for f in range(len(w)))
    for i in reversed(range(high)):  # where outputs overlap, the earlier one met the pixel with the later tap
        for j in reversed(range(wide)):
            dx[:, i:i + stride * (rows - 1) + 1:stride, j:j + stride * (columns - 1) + 1:stride] += parts[..., i, j]
    return dx


def pixels(images):
    """Images (N, 1, 28, 28), float32, as the article has them: (N, 28, 28), bytes over 255 in float64."""
    return np.rint(images[:, 0].astype(np.float64) * 255) / 255


def train(net, images, labels, rate=RATE):
    """One pass over images (N, 28, 28), one a step, in the order in which they come; returns the network."""
    for image, label in zip(images, labels):
        net.step(image, label, rate)
    return net
