"""Formulas of the course written a second time, straight from their definitions, for one image at a time and without `helpers`."""
import numpy as np


def softmax(z):
    powers = [np.exp(score - max(z)) for score in map(float, z)]
    return np.array(powers) / sum(powers)


def windows(size, taps, stride):
    """How many windows of so many taps fit into `size` cells: counted."""
    return sum(1 for start in range(0, size, stride) if start + taps <= size)


def _met(x, row, column, stride, height, width):
    """What a tap meets of x (..., H, W) at all (height, width) places of the window."""
    return x[..., row:row + stride * (height - 1) + 1:stride, column:column + stride * (width - 1) + 1:stride]


def conv(x, w, b=None, stride=1):
    """x (C, H, W), w (F, C, KH, KW), b (F,) -> (F, OH, OW): tap by tap."""
    taps_high, taps_wide = w.shape[2:]
    height, width = windows(x.shape[1], taps_high, stride), windows(x.shape[2], taps_wide, stride)
    y = np.zeros((len(w), height, width))
    for row in range(taps_high):
        for column in range(taps_wide):
            y += np.tensordot(w[:, :, row, column], _met(x, row, column, stride, height, width), 1)
    return y if b is None else y + b[:, None, None]


def conv_backward(dy, x, w, stride=1):
    """dy (F, OH, OW) -> dx, dw: each tap hands back what it was multiplied with."""
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for row in range(w.shape[2]):
        for column in range(w.shape[3]):
            met = _met(x, row, column, stride, *dy.shape[1:])
            dw[:, :, row, column] = np.einsum("fhw,chw->fc", dy, met)
            _met(dx, row, column, stride, *dy.shape[1:])[...] += np.tensordot(w[:, :, row, column].T, dy, 1)
    return dx, dw


def filter_scores(image, w):
    """One filter over one image, (H, W): loops over every window."""
    (height, width), (taps_high, taps_wide) = image.shape, w.shape
    return np.array([[sum(image[row + k, column + l] * w[k, l] for k in range(taps_high) for l in range(taps_wide))
                      for column in range(width - taps_wide + 1)] for row in range(height - taps_high + 1)], dtype=float)


def sheet(images, columns, gap):
    """Images (n, H, W) in rows of `columns`, NaN in gaps and where the last row ends: cell by cell of the sheet."""
    count, height, width = np.shape(images)
    rows = (count + columns - 1) // columns
    tall, wide = rows * (height + gap) - gap, columns * (width + gap) - gap
    whole = np.full((tall, wide), np.nan)
    for number in range(count):
        for row in range(height):
            top = (number // columns) * (height + gap) + row
            left = (number % columns) * (width + gap)
            whole[top, left:left + width] = images[number][row]
    return whole


def largest(array):
    """The largest size of any number in an array, gaps left out, or 1 if all are 0: the limit of its colours."""
    return max(abs(float(value)) for value in np.ravel(array) if value == value) or 1.0


def square(row, column, height, width):
    """The outline of a block of cells, clockwise from its top left corner."""
    left, top = column - 0.5, row - 0.5
    return [left, left + width, left + width, left, left], [top, top, top + height, top + height, top]


def scrubbed(now, snapshots, sheets):
    """The facts of a run to scrub through; `sheets` {layer: (parameter's name, function that makes its array one image)}."""
    name, image = sheets[getattr(now, "layer", next(iter(sheets)))]
    values, last, grads = snapshots.values[name][now.moment], snapshots.values[name][-1], snapshots.grads[name][now.moment]
    if now.show == "learned so far":
        values, last = values - snapshots.values[name][0], last - snapshots.values[name][0]
    values, last, grads = image(values), image(last), image(grads)
    step, train, test = snapshots.steps[now.moment] + 1, snapshots.train_loss[now.moment], snapshots.test_loss[now.moment]
    steps = [some + 1 for some in snapshots.steps]  # the first step of all stands at 1 of a logarithmic axis
    return {"0 image 0": values, "0 image 0 limits": (-largest(last), largest(last)), "0 image 0 colours": "weights", "0 title": [now.show],
            "1 title": ["gradients"], "2 title": ["loss"],
            "1 image 0": grads, "1 image 0 limits": (-largest(grads), largest(grads)), "1 image 0 colours": "gradients",
            "2 line training batch": (steps, snapshots.train_loss), "2 line test": (steps, snapshots.test_loss),
            "2 line 2": ([step, step], [train, test]), "2 vertical 0": step, "2 logarithmic": "x", "suptitle": [step - 1, test, largest(grads)]}


def relu(x):
    return np.where(x > 0, x, 0)


class TwoLayers:
    """The two-layer CNN of lesson 05 for one image, with the weights of a network that `models.two_layer_cnn` made."""

    def __init__(self, net, image):
        weights = {name: parameter.value.astype(float) for name, parameter in net.named_parameters()}
        self.image, (self.w1, self.w2, self.w3) = image.astype(float), (weights[f"{place}.weight"] for place in (0, 2, 5))
        b1, b2, b3 = (weights[f"{place}.bias"] for place in (0, 2, 5))
        h1 = conv(self.image, self.w1, b1)
        h2 = conv(relu(h1), self.w2, b2, stride=2)
        self.z = self.w3 @ relu(h2).ravel() + b3
        self.outputs = h1, relu(h1), h2, relu(h2)

    def backward(self, dz):
        """The gradients of the four outputs, and of the image."""
        h1, a1, h2, a2 = self.outputs
        da2 = (self.w3.T @ dz).reshape(a2.shape)
        dh2 = np.where(h2 > 0, da2, 0)
        da1, _ = conv_backward(dh2, a1, self.w2, stride=2)
        dh1 = np.where(h1 > 0, da1, 0)
        return (dh1, da1, dh2, da2), conv_backward(dh1, self.image, self.w1)[0]


def one_hot(place, count=10):
    return np.array([1.0 if other == place else 0.0 for other in range(count)])


def told(p):
    """What a text says of a probability: none below 1 is rounded up to it."""
    return [">", 0.9999] if p > 0.9999 else ["=", p]
