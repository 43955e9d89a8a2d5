"""The skip network as the article on ResNets has it, each of its faults under a name.

    net = skip.SkipNet(seed=0)                          # as published
    net = skip.SkipNet(seed=0, fixed=["softmax"])      # one fault fixed
    skip.train(net, images, labels, epochs=5)           # the article's run: batches of 100, Adam

The article goes image by image and adds the gradients up; here a batch is computed at once, in float64.
"""
import numpy as np

from .. import functional as F
from ..init import fans
from . import SHAPES, left_over

FAULTS = {
    "softmax": "the loss goes back through powers that overflow, and over a probability that may be 0",
    "mixed": "in the softmax's derivative, the true class's term has the logits before the skip",
    "stride": "the second filters' gradient ignores the stride of 2",
    "test": "the test leaves out the first ReLU and the skip: it measures another network",
    "init": "Glorot's standard deviation is computed from sizes of maps instead of fans",
}
# What the article puts under 2 in Glorot's variance, where fan-in + fan-out is meant.
_SIZES = {"w1": 16 * 8 * 8 + 16 * 21 * 21, "w2": 8 * 16 * 4 * 4 + 8 * 9 * 9, "w3": 8 * 9 * 9 + 10}
STRIDE, BATCH, RATE, BETAS, EPS = 2, 100, 1e-3, (0.9, 0.999), 1e-7


class SkipNet:
    """Two convolutions, a dense layer, and `scale` times the sum of the first maps added to every logit.

    `params` {name: array}, float64, are drawn from NumPy's legacy generator in the article's order.
    `fixed`: names of faults to leave out. Raises ValueError for a name that FAULTS does not have.
    """

    def __init__(self, seed=0, fixed=(), scale=1e-3):
        self.faults, self.scale, self.steps = left_over(FAULTS, fixed), scale, 0
        rng = np.random.RandomState(seed)
        self.params = {name: self._drawn(name, rng) if name in _SIZES else np.zeros(shape) for name, shape in SHAPES.items()}
        self.moments = {name: (np.zeros(shape), np.zeros(shape)) for name, shape in SHAPES.items()}

    def _drawn(self, name, rng):
        flat = (10, 648) if name == "w3" else SHAPES[name]
        return rng.normal(0, np.sqrt(2 / (_SIZES[name] if "init" in self.faults else sum(fans(flat)))), SHAPES[name])

    def forward(self, images):
        """Logits before and after the skip, each (N, 10), of images (N, 28, 28), and what the backward pass needs."""
        p = self.params
        h1, conv1 = F.conv2d(images[:, None], p["w1"], p["b1"])
        a1, relu1 = F.relu(h1)
        h2, conv2 = F.conv2d(a1, p["w2"], p["b2"], STRIDE)
        a2, relu2 = F.relu(h2)
        before = a2.reshape(len(a2), -1) @ p["w3"].reshape(10, -1).T + p["b3"]
        after = before + self.scale * a1.sum(axis=(1, 2, 3))[:, None]
        return before, after, (conv1, relu1, a1, conv2, relu2, a2)

    def gradients(self, images, labels):
        """{name: gradient of the mean cross-entropy} as the article computes it."""
        before, after, (conv1, relu1, a1, conv2, relu2, a2) = self.forward(images)
        dz = self.loss_backward(before, after, labels) / len(images)
        grads = {"w3": np.tensordot(dz, a2, (0, 0)), "b3": dz.sum(axis=0)}
        dh2 = F.relu_backward(np.tensordot(dz, self.params["w3"], 1), relu2)
        da1, grads["w2"], grads["b2"] = F.conv2d_backward(dh2, conv2)
        if "stride" in self.faults:
            corner = a1[:, :, :12, :12]  # 9 places, one cell apart, with 4 taps: all that they meet
            grads["w2"] = F.conv2d_backward(dh2, F.conv2d(corner, self.params["w2"], self.params["b2"])[1])[1]
        da1 = da1 + self.scale * dz.sum(axis=1)[:, None, None, None]
        _, grads["w1"], grads["b1"] = F.conv2d_backward(F.relu_backward(da1, relu1), conv1, input_gradient=False)
        return {name: grads[name] for name in SHAPES}

    def loss_backward(self, before, after, labels):
        """dL/dz (N, 10) of each image's own loss: p - t, or as published by way of the softmax's derivative over p."""
        rows = np.arange(len(labels))
        mixed = before if "mixed" in self.faults else after
        if "softmax" not in self.faults:
            top = after.max(axis=1, keepdims=True)
            powers = np.exp(after - top)
            total = powers.sum(axis=1)
            dz = powers / total[:, None]
            dz[rows, labels] = np.exp(mixed[rows, labels] - top[:, 0]) / total - 1
            return dz
        powers = np.exp(after)
        total, true = powers.sum(axis=1), powers[rows, labels]
        dp = -true[:, None] * powers / total[:, None]**2
        dp[rows, labels] = true * (total - np.exp(mixed[rows, labels])) / total**2
        return -(1 / (true / total))[:, None] * dp

    def step(self, images, labels):
        """One step of Adam, its corrections folded into the step size as the article does it; returns the gradients."""
        grads = self.gradients(images, labels)
        self.steps += 1
        rate = RATE * np.sqrt(1 - BETAS[1]**self.steps) / (1 - BETAS[0]**self.steps)
        for name, g in grads.items():
            m, v = self.moments[name]
            m += (1 - BETAS[0]) * (g - m)
            v += (1 - BETAS[1]) * (g**2 - v)
            self.params[name] = self.params[name] - rate * m / (np.sqrt(v) + EPS)
        return grads

    def accuracy(self, images, labels):
        """Accuracy on images (N, 28, 28); as published, of another network than the trained one."""
        right = 0
        for start in range(0, len(images), 500):
            part = images[start:start + 500]
            logits = self._tested(part) if "test" in self.faults else self.forward(part)[1]
            right += np.count_nonzero(logits.argmax(axis=1) == labels[start:start + 500])
        return right / len(images)

    def _tested(self, images):
        p = self.params
        h1, _ = F.conv2d(images[:, None], p["w1"], p["b1"])
        a2, _ = F.relu(F.conv2d(h1, p["w2"], p["b2"], STRIDE)[0])
        return a2.reshape(len(a2), -1) @ p["w3"].reshape(10, -1).T + p["b3"]


def batches(images, labels, epoch):
    """The article's batches of one epoch, in an order drawn from its number: 100 images each, without those left over."""
    order = np.random.RandomState(epoch).permutation(len(images))
    for start in range(0, len(images) - BATCH + 1, BATCH):
        chosen = order[start:start + BATCH]
        yield images[chosen], labels[chosen]


def train(net, images, labels, epochs=5):
    """The article's run on images (N, 28, 28). Stops, and returns the number of the batch from 0, where the gradients
    are no longer finite; returns None if they stay so."""
    for epoch in range(epochs):
        for part in batches(images, labels, epoch):
            if not all(np.isfinite(g).all() for g in net.step(*part).values()):
                return net.steps - 1
    return None
