"""Answers to the exercises as learners write them: wrong ones, each with a word of the hint that it must get, and right ones.

The bodies stand below the exercise's own first line. A word is a regular expression, and several of them are several words
that will do; "" stands for any hint at all, or none: the answer must be refused.
"""
from textwrap import indent
from typing import NamedTuple


class Answer(NamedTuple):
    exercise: str
    arguments: str
    body: str
    word: str = ""

    def function(self, space):
        exec(f"def {self.exercise}({self.arguments}):\n{indent(self.body, '    ')}", space)
        return space[self.exercise]

    def __str__(self):
        return f"{self.exercise}: {self.body.splitlines()[-1]}"


WRONG, RIGHT = [], []


def _to(exercise, arguments, wrong, right):
    WRONG.extend(Answer(exercise, arguments, body, word) for body, word in wrong.items())
    RIGHT.extend(Answer(exercise, arguments, body) for body in right)


_to("ink", "image", {
    "print((image > 0).mean())": "print instead of return",
    "share = (image > 0).mean()\nprint(share)": "print instead of return",
    "share = (image > 0).mean()": "does not hand over",
    "(image > 0).mean()": "does not hand over",
    "return (image > 0).sum()": "784",
    "return np.count_nonzero(image)": "784",
    "return image.mean()": "mean of the pixel values",
    "return (image == 0).mean()": "pixels that are zero",
    "return 100 * (image > 0).mean()": "100 times|per cent",
    "return image > 0": "mean over axes 0 and 1 is missing",
    "return (image > 0).sum() // 784": "rounds? it down|//",
    "return (image > 0).sum() / 28": "",
    "return (image > 0).mean(axis=0)": "mean over axis 0 is missing",
    "return (image > 0).mean(keepdims=True)": "axis of length 1 too many",
    "return (image < 0).mean()": "every number of yours is 0",
    "if image > 0:\n    return 1": "one True or False",
    "ink = 0\nfor row in image:\n    for pixel in row:\n        if pixel > 0:\n            ink += 1\n    return ink / 784": "",
    "return sum(image > 0) / len(image)": "mean over axis 0 is missing|shape",
    "return images.mean()": "images spelt",
    "return 'half'": "text",
    "return image.mean": "brackets",
}, [
    "return np.sum(image > 0) / image.size",
    "return np.count_nonzero(image) / 784",
    "ink = 0\nfor row in image:\n    for pixel in row:\n        if pixel > 0:\n            ink += 1\nreturn ink / 784",
    "return len(image[image > 0]) / (28 * 28)",
    "print(image.shape)\nreturn float(np.mean(image != 0))",
    "return np.float32(np.mean(image > 0))",
    "return np.array((image > 0).mean())",
])

_to("log_softmax", "logits", {
    "p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)\nreturn np.log(p)": "overflow",
    "z = logits - logits.max(axis=1, keepdims=True)\np = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)\nreturn np.log(p + 1e-12)": "floor|never form|",
    "z = logits - logits.max(axis=1, keepdims=True)\np = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)\nreturn np.log(p)": "log\\(0\\)",
    "z = logits - logits.max(axis=1)\nreturn z - np.log(np.exp(z).sum(axis=1))": "keepdims",
    "z = logits - logits.max(axis=1, keepdims=True)\nreturn z - np.log(np.exp(z).sum(axis=1))": "keepdims",
    "z = logits - logits.max(axis=0)\nreturn z - np.log(np.exp(z).sum(axis=0))": "axis=0",
    "z = logits - logits.max()\nreturn z - np.log(np.exp(z).sum(axis=1, keepdims=True))": "whole batch",
    "z = logits - logits.max(axis=1, keepdims=True)\nreturn z / np.log(np.exp(z).sum(axis=1, keepdims=True))": "",
    "z = logits - logits.max(axis=1, keepdims=True)\nreturn np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)": "probabilities",
    "z = logits - logits.max(axis=1, keepdims=True)\nreturn np.log(np.exp(z).sum(axis=1, keepdims=True)) - z": "wrong sign|loss",
    "return logits - logits.max(axis=1, keepdims=True)": "same number, another one for each row|logarithm of the sum",
    "z = logits - logits.max(axis=1, keepdims=True)\nreturn z - np.log(np.exp(z).sum())": "same number, another one for each row|whole",
    "return softmax(logits)": "softmax spelt",
    "z = logits - logits.max(axis=1, keepdims=True)\nreturn z - np.log2(np.exp(z).sum(axis=1, keepdims=True))": "same number, another one for each row",
    "z = logits - logits.max(axis=1, keepdim=True)\nreturn z - np.log(np.exp(z).sum(axis=1, keepdim=True))": "axis and keepdims",
    "logits -= logits.max(axis=1, keepdims=True)\nreturn logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))": "changed logits",
}, [
    "m = np.max(logits, axis=1)[:, None]\nreturn logits - m - np.log(np.sum(np.exp(logits - m), axis=1))[:, np.newaxis]",
    "return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)",
    "z = logits.copy()\nz -= z.max(axis=1, keepdims=True)\nreturn z - np.log(np.einsum('ij->i', np.exp(z)))[:, None]",
    "out = []\nfor row in logits:\n    z = row - max(row)\n    out.append(z - np.log(sum(np.exp(z))))\nreturn np.array(out)",
    "out = []\nfor row in logits:\n    z = row - max(row)\n    out.append(list(z - np.log(sum(np.exp(z)))))\nreturn out",
    "z = logits - logits.max(-1, keepdims=True)\nreturn (z - np.log(np.exp(z).sum(-1, keepdims=True))).astype(np.float32)",
    "z = (logits.T - logits.max(axis=1)).T\nreturn (z.T - np.log(np.exp(z).sum(axis=1))).T",
])

_to("decayed_step", "w, dw, lr, decay", {
    "return w + lr * (dw + decay * w)": "against the gradient",
    "return w - lr * dw": "decay is missing",
    "return w - lr * (dw + decay)": "",
    "return w - lr * dw - decay * w": "learning rate",
    "return w - lr * (dw - decay * w)": "wrong sign",
    "return w - lr * (dw + 2 * decay * w)": "half",
    "return w - lr * (dw + decay / 2 * w**2)": "slope",
    "return -lr * (dw + decay * w)": "",
    "return w - (dw + decay * w)": "what you add to w is 10 times|learning rate",
    "return lr * (dw + decay * w)": "",
    "return w - lr * (dw + decay / 2 * np.sum(w**2))": "",
    "w -= lr * (dw + decay * w)\nreturn w": "changed w",
    "w = w - lr * (dw + decay * w)": "does not hand over",
    "return dw + decay * w": "",
    "return w - 2 * lr * (dw + decay * w)": "what you add to w is 2 times",
    "return (w - lr * (dw + decay * w)).T": "transposed",
    "return w": "your result is w",
}, [
    "return (1 - lr * decay) * w - lr * dw",
    "return w - lr * dw - lr * decay * w",
    "new = w.copy()\nnew -= lr * (dw + decay * w)\nreturn new",
    "new = np.zeros_like(w)\nfor i in range(w.shape[0]):\n    for j in range(w.shape[1]):\n        new[i, j] = w[i, j] - lr * (dw[i, j] + decay * w[i, j])\nreturn new",
    "return w.astype(np.float32) - np.float32(lr) * (dw.astype(np.float32) + np.float32(decay) * w.astype(np.float32))",
])

_to("correct_gradient", "", {
    "return 'A'": "divides by the 10 classes",
    "return 'b'": "label of another",
    "return 'C)'": "transpose",
    "return D": "quotation marks",
    "print('D')": "print instead of return",
    "return 4": "one of the letters A, B, C, D",
    "return 'the last'": "none of the choices",
    "return ['D']": "one of the letters",
}, [
    "return 'd'",
    "letter = 'D'\nreturn letter",
    "errors = {'A': 2.2, 'B': 1.3, 'C': 1.1, 'D': 3e-11}\nreturn min(errors, key=errors.get)",
])

_to("first_loss", "", {
    "return np.log(10)": "ten classes",
    "return 0.01": "probability of each kind",
    "return np.log(0.01)": "minus it",
    "return np.log10(100)": "base 10",
    "return np.log2(100)": "base 2",
    "return 100 * np.log(100)": "do not sum",
    "return np.log(100) / 100": "do not average",
    "return -100 * 0.01 * np.log(0.01) / 100": "do not average",
    "return 2.302": "ten classes",
    "return 1": "too small",
    "return 4,605": "decimal number with a point",
    "return 'ln(100)'": "text",
    "return log(100)": "log spelt",
    "return 0": "other than 0",
    "print(np.log(100))": "print instead of return",
}, [
    "return -np.log(1 / 100)",
    "return 4.605",
    "import math\nreturn math.log(100)",
    "p = np.full(100, 1 / 100)\nreturn -np.sum(np.eye(100)[7] * np.log(p))",
    "return 2 * np.log(10)",
])

_to("sigmoid_backward", "dy, y", {
    "return dy * (1 - y)": "",
    "return y * (1 - y)": "upstream",
    "return dy * y": "",
    "return dy * (1 - y**2)": "tanh",
    "s = 1 / (1 + np.exp(-y))\nreturn dy * s * (1 - s)": "already is the sigmoid",
    "return -dy * y * (1 - y)": "sign",
    "return dy * y * (y - 1)": "sign",
    "return dy.T * y * (1 - y)": "could not be broadcast",
    "return dy @ (y * (1 - y))": "matrix product",
    "return dy @ (y * (1 - y)).T": "element-wise",
    "return np.dot(dy.T, y * (1 - y))": "element-wise",
    "return 2 * dy * y * (1 - y)": "2 times",
    "return dy * y * (1 - y) / len(dy)": "1/3 of",
    "return (dy * y * (1 - y)).sum(axis=0)": "sum of the wanted result over axis 0",
    "return (dy * y * (1 - y)).mean()": "mean of the wanted result over axes 0 and 1",
    "dx = dy * y * (1 - y)\nprint(dx)": "print instead of return",
    "return np.abs(dy * y * (1 - y))": "absolute values",
    "return dy + y * (1 - y)": "multiplies",
    "return dy * (y > 0)": "passed dy on unchanged",
    "return dy * np.exp(-y) / (1 + np.exp(-y))**2": "already is the sigmoid|",
    "dx = np.zeros(dy.shape, int)\ndx += dy * y * (1 - y)\nreturn dx": "numbers with a fraction",
    "dx = np.zeros_like(dy)\nfor i in range(len(dy)):\n    for j in range(dy.shape[1] - 1):\n        dx[i, j] = dy[i, j] * y[i, j] * (1 - y[i, j])\nreturn dx": "last place along axis 1",
    "dx = np.zeros_like(dy)\nfor i in range(len(dy)):\n    for j in range(dy.shape[1]):\n        dx[i, j] = dy[i, j] * y[i, j] * (1 - y[i, j])\n    return dx": "first round",
    "dx = np.zeros_like(dy)\nfor i in range(dy.shape[1]):\n    for j in range(dy.shape[0]):\n        dx[i, j] = dy[i, j] * y[i, j] * (1 - y[i, j])\nreturn dx": "counted from 0",
    "return dy": "passed dy on unchanged",
    "return [dy, y * (1 - y)]": "one number or one array|shape",
}, [
    "return dy * (y - y**2)",
    "return np.multiply(dy, y * (1.0 - y))",
    "dx = np.empty_like(y)\nfor place in np.ndindex(y.shape):\n    dx[place] = dy[place] * y[place] * (1 - y[place])\nreturn dx",
    "x = np.log(y / (1 - y))\nreturn dy * np.exp(-x) / (1 + np.exp(-x))**2",
    "return (dy * y * (1 - y)).tolist()",
    "return np.einsum('ij,ij,ij->ij', dy, y, 1 - y)",
    "return (dy.astype('f') * y.astype('f')) * (1 - y.astype('f'))",
])

_to("two_paths_backward", "dy, x", {
    "return dy * (x > 0)": "only the way through|straight",
    "return dy * (x > 0) + 1": "",
    "return (x > 0) + 1": "",
    "return dy * (x > 0) * 2": "straight",
    "return dy": "straight way|straight path|dy",
    "return 2 * dy": "doubled",
    "return dy + np.maximum(0, dy)": "sign of dy|carry dy",
    "return np.maximum(0, x) + x": "gradient dy",
    "return dy + (x > 0)": "",
    "return dy + dy * (x < 0)": "where x is negative",
    "dy += dy * (x > 0)\nreturn dy": "changed dy",
    "dx = dy\ndx[x > 0] *= 2\nreturn dx": "changed dy",
    "if x > 0:\n    return 2 * dy\nreturn dy": "one True or False",
    "return dy * (x > 0), dy": "their sum",
    "return dy * x + dy": "not by x",
}, [
    "return dy * (1 + (x > 0))",
    "return np.where(x > 0, 2 * dy, dy)",
    "dx = dy.copy()\ndx[x > 0] *= 2\nreturn dx",
    "return dy * (np.sign(np.maximum(x, 0)) + 1)",
])

_to("correct_backward", "", {
    "return 'A'": "look at its size",
    "return 'a.'": "look at its size",
    "return 'C'": "w_last is square",
    "return B": "quotation marks",
    "return 'A and B'": "none of the choices",
    "return 2": "one of the letters",
    "return True": "one of the letters",
    "answer = 'B'": "returns None",
}, [
    "return 'b'",
    "return '(B)'",
    "errors = dict(A=6.0, B=1e-10, C=1.3)\nreturn min(errors, key=errors.get)",
])

_to("moved_by_first_step", "", {
    "return 0": "Something does move",
    "return 101770": "Not all",
    "return 101_770": "Not all",
    "return 128 * 10 + 10": "activations",
    "return 128 * 10": "activations",
    "return 128 + 10": "Not both layers",
    "return 128": "Not the hidden layer",
    "return 784": "too large by a factor",
    "return 9": "too small",
    "return 11": "too large",
    "return 784 * 128 + 128": "too large by a factor",
    "return 'ten'": "text",
    "return [10]": "axis of length 1",
}, [
    "return 10.0",
    "return 101770 - 784 * 128 - 128 - 128 * 10",
    "b2 = np.zeros(10)\ndz = np.linspace(-1, 3, 10)\nreturn np.count_nonzero(b2 - 0.1 * dz)",
])

_to("map_size", "size, layers", {
    "for k, s, p in layers:\n    size = (size + 2 * p - k) / s + 1\nreturn size": "rounds? down",
    "for k, s, p in layers:\n    size = (size + 2 * p - k) // s\nreturn size": "\\+ 1",
    "for k, s, p in layers:\n    size = (size + p - k) // s + 1\nreturn size": "both sides|twice",
    "for k, s, p in layers:\n    size = (size - k) // s + 1\nreturn size": "padding",
    "for k, s, p in layers:\n    size = size + 2 * p - k + 1\nreturn size": "stride",
    "for k, s, p in layers:\n    size = (size + 2 * p - k) // s + 1\n    return size": "first layer",
    "for k, p, s in layers:\n    size = (size + 2 * p - k) // s + 1\nreturn size": "division|",
    "for k, s, p in layers:\n    size = round((size + 2 * p - k) / s) + 1\nreturn size": "",
    "for k, s, p in layers:\n    size = (size - 2 * p - k) // s + 1\nreturn size": "padding away",
    "k, s, p = layers\nreturn (size + 2 * p - k) // s + 1": "stopped with",
    "for layer in layers:\n    size = (size + 2 * layer[2] - layer[0]) // layer[1] + 1\nprint(size)": "print instead of return",
    "sizes = []\nfor k, s, p in layers:\n    size = (size + 2 * p - k) // s + 1\n    sizes.append(size)\nreturn sizes": "",
}, [
    "for kernel, stride, padding in layers:\n    size = int(np.floor((size + 2 * padding - kernel) / stride)) + 1\nreturn size",
    "for k, s, p in layers:\n    size = np.floor((size + 2 * p - k) / s + 1)\nreturn size",
    "for k, s, p in layers:\n    size = len(range(0, size + 2 * p - k + 1, s))\nreturn size",
    "if not layers:\n    return size\nk, s, p = layers[0]\nreturn map_size((size + 2 * p - k) // s + 1, layers[1:])",
])

_SHAPES = "F, C, KH, KW = w.shape\nOH, OW = (x.shape[1] - KH) // stride + 1, (x.shape[2] - KW) // stride + 1\ny = np.zeros((F, OH, OW))\n"
_LOOPS = _SHAPES + "for f in range(F):\n    for p in range(OH):\n        for q in range(OW):\n            i, j = stride * p, stride * q\n"
_to("conv_channels", "x, w, b, stride", {
    _LOOPS + "            y[f, p, q] = np.sum(x[:, i:i + KH, j:j + KW] * w[f])\nreturn y": "bias is missing",
    _LOOPS + "            y[f, p, q] = np.sum(x[:, i:i + KH, j:j + KW] * w[f] + b[f])\nreturn y": "every product",
    _LOOPS + "            for c in range(C):\n                y[f, p, q] += np.sum(x[c, i:i + KH, j:j + KW] * w[f, c]) + b[f]\nreturn y": "once a channel",
    _LOOPS + "            for c in range(C):\n                y[f, p, q] = np.sum(x[c, i:i + KH, j:j + KW] * w[f, c]) + b[f]\nreturn y": "overwrites",
    _LOOPS + "            y[f, p, q] = np.sum(x[0, i:i + KH, j:j + KW] * w[f, 0]) + b[f]\nreturn y": "first channel",
    _LOOPS + "            y[f, p, q] = np.sum(x[:, p:p + KH, q:q + KW] * w[f]) + b[f]\nreturn y": "stride is missing",
    _LOOPS + "            y[f, p, q] = np.mean(x[:, i:i + KH, j:j + KW] * w[f]) + b[f]\nreturn y": "mean of each window",
    _LOOPS + "            y[f, p, q] = np.sum(x[:, i:i + KH, j:j + KW] * w[f, :, ::-1, ::-1]) + b[f]\nreturn y": "half a turn",
    _LOOPS + "            y[f, p, q] = np.sum(x[:, i:i + KH, j:j + KW] * w[f]) - b[f]\nreturn y": "sign of the bias",
    _LOOPS + "            y[f, p, q] = np.sum(x[:, i:i + KH, j:j + KW] * w[f]) + b\nreturn y": "One place holds one number",
    _LOOPS + "            y[f, p, q] = np.sum(x[:, i:i + KH, j:j + KH] * w[f]) + b[f]\nreturn y": "do not fit|broadcast",
    _LOOPS + "            y[f, p, q] = np.sum(x[i:i + KH, j:j + KW] * w[f]) + b[f]\nreturn y": "do not fit|broadcast",
    _LOOPS + "            y[f, p, q] = np.sum(x[:, i:i + KH, j:j + KW] * w[f]) + b[f]\n    return y": "first round",
    _LOOPS + "            y[f, q, p] = np.sum(x[:, i:i + KH, j:j + KW] * w[f]) + b[f]\nreturn y": "out of bounds|IndexError|counted from 0",
    "F, C, KH, KW = w.shape\ny = np.zeros((F, x.shape[1] - KH + 1, x.shape[2] - KW + 1))\nfor f, p, q in np.ndindex(y.shape):\n"
    "    y[f, p, q] = np.sum(x[:, p:p + KH, q:q + KW] * w[f]) + b[f]\nreturn y": "the map is smaller",
    _LOOPS + "            y[f, p, q] = np.sum(x[:, i:i + KH, j:j + KW] * w[f]) + b[f]\nprint(y)": "print instead of return",
    _LOOPS + "            y[f, p, q] = np.sum(x[:, i:i + KH, j:j + KW] * w[f]) * b[f]\nreturn y": "not multiplied",
    _LOOPS + "            y[f, p, q] = np.sum(x[:, i:i + KH, j:j + KW] * w[f]) + b[0]\nreturn y": "first filter's bias",
    _LOOPS + "            y[f, p, q] = np.sum(x[:, i:i + KH, j:j + KW] + w[f]) + b[f]\nreturn y": "only then all is added up",
    _LOOPS + "            y[f, p, q] = np.max(x[:, i:i + KH, j:j + KW] * w[f]) + b[f]\nreturn y": "largest product",
    _LOOPS + "            y[f, p, q] = np.sum(x[:, i:i + KH, j:j + KW] * w[0]) + b[f]\nreturn y": "first filter",
}, [
    _LOOPS + "            y[f, p, q] = b[f]\n            for c in range(C):\n                for k in range(KH):\n                    for m in range(KW):\n"
    "                        y[f, p, q] += x[c, i + k, j + m] * w[f, c, k, m]\nreturn y",
    _SHAPES + "for k in range(KH):\n    for m in range(KW):\n        part = x[:, k:k + stride * (OH - 1) + 1:stride, m:m + stride * (OW - 1) + 1:stride]\n"
    "        y += np.einsum('fc,cpq->fpq', w[:, :, k, m], part)\nreturn y + b[:, None, None]",
    "v = np.lib.stride_tricks.sliding_window_view(x, w.shape[1:])[0, ::stride, ::stride]\n"
    "return np.einsum('pqckm,fckm->fpq', v, w) + b.reshape(-1, 1, 1)",
    "F, C, KH, KW = w.shape\nreturn [[[np.sum(x[:, i:i + KH, j:j + KW] * w[f]) + b[f] for j in range(0, x.shape[2] - KW + 1, stride)]\n"
    "         for i in range(0, x.shape[1] - KH + 1, stride)] for f in range(F)]",
])

_W = "w = np.array([[-1, -1, -1], [-1, 1, 1], [-1, 1, -1]])\n"
_ONES = "w = np.array([[0, 0, 0], [0, 1, 1], [0, 1, 0]])\n"
_to("is_corner", "patch", {
    _W + "b = 0\nreturn (patch * w).sum() + b > 0": "bias is missing or too high",
    _W + "return (patch * w).sum() > 0": "bias is missing or too high",
    _W + "b = -1\nreturn (patch * w).sum() + b >= 0": "bias is missing or too high|yours is True",
    _W + "b = 2\nreturn (patch * w).sum() + b > 0": "sign of the bias",
    _W + "b = -3\nreturn (patch * w).sum() + b > 0": "no to every patch",
    _W + "return np.all(patch == w)": "no to every patch",
    _W + "b = -9\nreturn (patch * w).sum() + b > 0": "no to every patch",
    _ONES + "b = -2\nreturn (patch * w).sum() + b > 0": "Solid ink",
    _ONES + "b = 0\nreturn (patch * w).sum() + b > 0": "other weights negative",
    "w = np.array([[-1, -1, -1], [1, 1, -1], [-1, 1, -1]])\nb = -2\nreturn (patch * w).sum() + b > 0": "top right",
    "w = np.array([[-1, 1, -1], [-1, 1, 1], [-1, -1, -1]])\nb = -2\nreturn (patch * w).sum() + b > 0": "bottom left",
    "w = np.array([[-1, 1, -1], [1, 1, -1], [-1, -1, -1]])\nb = -2\nreturn (patch * w).sum() + b > 0": "bottom right",
    "w = np.array([[1, 1, 1], [1, 0, 0], [1, 0, 0]])\nb = -2\nreturn (patch * w).sum() + b > 0": "",
    _W + "b = -2\nreturn (patch * w).sum() + b": "sum itself",
    _W + "b = -2\nreturn patch * w + b > 0": "nine answers",
    _W + "b = -2\nreturn (patch * w).sum() + b < 0": "turned round|every True should be False",
    _W + "b = -2\nif (patch * w).sum() + b > 0:\n    return True": "let every branch end",
    _W + "b = -2\nprint((patch * w).sum() + b > 0)": "print instead of return",
    _W + "b = -2\nreturn (patch @ w).sum() + b > 0": "matrix product",
    "return True": "every patch",
    "w = [[-1, -1, -1], [-1, 1, 1], [-1, 1, -1]]\nb = -2\nreturn (patch * w) + b > 0": "nine answers",
}, [
    _W + "return bool(np.sum(patch * w) - 2.5 > 0)",
    "w = -np.ones((3, 3))\nw[1, 1] = w[1, 2] = w[2, 1] = 1\nb = -1.5\nreturn np.tensordot(patch, w, 2) + b > 0",
    "w = np.array([[-5, -5, -5], [-5, 2, 3], [-5, 3, -5]])\nb = -6\nif (patch * w).sum() + b > 0:\n    return True\nelse:\n    return False",
    "w = np.array([[-1, -1, -1], [-1, 1, 1], [-1, 1, -1]])\nscore = -2\nfor i in range(3):\n    for j in range(3):\n        score += patch[i, j] * w[i, j]\nreturn score > 0",
    "w = np.array([[-1, -1, -1], [-1, 0, 1], [-1, 1, -1]])\nreturn int((patch * w).sum() - 1 > 0)",
])

_to("multiplications", "", {
    "return 32 * 7 * 7 * 3 * 3": "channels",
    "return 32 * 14 * 14 * 16 * 9": "stride is forgotten",
    "return 32 * 6 * 6 * 16 * 9": "6 wide",
    "return 32 * 8 * 8 * 16 * 9": "8 wide",
    "return 32 * 12 * 12 * 16 * 9": "12 wide",
    "return 4640": "number of parameters",
    "return 32 * 16 * 3 * 3": "number of weights",
    "return 32 * 7 * 7 * (16 * 3 * 3 + 1)": "bias is only added",
    "return 7 * 7 * 16 * 3 * 3": "one filter",
    "return 32 * 7 * 16 * 3 * 3": "one row",
    "return 32 * 7 * 7 * 16 * 3": "one side",
    "return 32 * 7.5 * 7.5 * 16 * 9": "a little too large",
    "return 32 * 7 * 7": "too small by a factor",
    "return '32 * 7 * 7 * 16 * 9'": "text",
    "return 225,792": "decimal number with a point|two numbers",
    "return 32 * 14 * 14 * 3 * 3": "too small",
}, [
    "return 225792",
    "size = (14 + 2 * 1 - 3) // 2 + 1\nreturn size**2 * 32 * 16 * 9",
    "total = 0\nfor f in range(32):\n    for p in range(0, 14, 2):\n        for q in range(0, 14, 2):\n            total += 16 * 3 * 3\nreturn total",
    "return float(np.prod([32, 7, 7, 16, 3, 3]))",
])

_to("bias_backward", "dy", {
    "return dy.sum(axis=(1, 2, 3))": "another axis|axis of the images",
    "return dy.sum(axis=0)": "sum over axes 1 and 2|places",
    "return dy.sum()": "sum of the wanted result over axis 0|all filters",
    "return dy.mean(axis=(0, 2, 3))": "mean",
    "return dy.sum(axis=(2, 3)).mean(axis=0)": "batch",
    "return dy.sum(axis=(0, 2, 3)) / dy.shape[0]": "batch",
    "return dy.sum(axis=(2, 3))": "sum over axis 0 is missing|images",
    "return dy.sum(axis=(0, 2, 3), keepdims=True)": "axis of length 1 too many|keepdims",
    "return dy[0].sum(axis=(1, 2))": "one image",
    "return dy.sum(axis=(0, 1, 2))": "another axis",
    "return dy.sum(axis=(0, 2, 4))": "fewer axes",
    "return np.sum(dy, (0, 2, 3))[::-1]": "reversed",
    "return dy.max(axis=(0, 2, 3))": "largest",
    "db = []\nfor f in range(dy.shape[1]):\n    db.append(dy[:, f])\nreturn db": "sum over axes 1 and 2 and 3 is missing",
    "db = np.zeros(dy.shape[1])\nfor f in range(dy.shape[1]):\n    db += dy[:, f].sum()\nreturn db": "sum of all",
    "db = 0\nfor f in range(dy.shape[1]):\n    db += dy[:, f].sum()\nreturn db": "sum of the wanted result|all filters",
    "return dy": "sum over axes 0 and 2 and 3",
}, [
    "return np.einsum('nfij->f', dy)",
    "return dy.sum(0).sum(1).sum(1)",
    "return dy.transpose(1, 0, 2, 3).reshape(dy.shape[1], -1).sum(axis=1)",
    "return [dy[:, f].sum() for f in range(dy.shape[1])]",
    "db = np.zeros(dy.shape[1], np.float32)\nfor n in range(dy.shape[0]):\n    for f in range(dy.shape[1]):\n        db[f] += dy[n, f].sum()\nreturn db",
])

_to("dx_1d", "dy, w, size, stride, padding", {
    "dx = np.zeros(size + 2 * padding)\nfor p in range(dy.size):\n    dx[p:p + w.size] += dy[p] * w\nreturn dx[padding:padding + size]": "stride|",
    "dx = np.zeros(size + 2 * padding)\nfor p in range(dy.size):\n    dx[stride * p:stride * p + w.size] = dy[p] * w\nreturn dx[padding:padding + size]": "add",
    "dx = np.zeros(size + 2 * padding)\nfor p in range(dy.size):\n    dx[stride * p:stride * p + w.size] += dy[p] * w[::-1]\nreturn dx[padding:padding + size]": "flip|as it is",
    "dx = np.zeros(size + 2 * padding)\nfor p in range(dy.size):\n    dx[stride * p:stride * p + w.size] += dy[p] * w\nreturn dx[padding:-padding]": "empty",
    "dx = np.zeros(size + 2 * padding)\nfor p in range(dy.size):\n    dx[stride * p:stride * p + w.size] += dy[p] * w\nreturn dx": "",
    "dx = np.zeros(size + 2 * padding)\nfor p in range(dy.size):\n    dx[stride * p:stride * p + w.size] += dy[p] * w\nreturn dx[:size]": "padding",
    "dx = np.zeros(size)\nfor p in range(dy.size):\n    dx[stride * p:stride * p + w.size] += dy[p] * w\nreturn dx": "shape|stopped",
    "dx = np.zeros(size)\nfor p in range(dy.size):\n    for k in range(w.size):\n        dx[stride * p + k - padding] += dy[p] * w[k]\nreturn dx": "negative|out of bounds",
    "dx = np.zeros(size + 2 * padding)\nfor p in range(dy.size):\n    dx[stride * p:stride * p + w.size] += dy[p] * w.sum()\nreturn dx[padding:padding + size]": "",
    "return np.convolve(dy, w)[padding:padding + size]": "",
    "dx = np.zeros(size + 2 * padding)\nfor p in range(dy.size):\n    dx[stride * p:stride * (p + w.size)] += dy[p] * w\nreturn dx[padding:padding + size]": "do not fit|where the slice ends",
    "dx = np.zeros(size + 2 * padding)\nfor p in range(dy.size):\n    dx[stride * p:stride * p + w.size] += dy[p] * w\n    return dx[padding:padding + size]": "",
    "dx = np.zeros(size + 2 * padding)\nfor p in range(dy.size):\n    dx[stride * p:stride * p + w.size] -= dy[p] * w\nreturn dx[padding:padding + size]": "wrong sign",
}, [
    "dx = np.zeros(size)\nfor p in range(len(dy)):\n    for k in range(len(w)):\n        i = p * stride + k - padding\n        if 0 <= i < size:\n            dx[i] += dy[p] * w[k]\nreturn dx",
    "dilated = np.zeros((dy.size - 1) * stride + 1)\ndilated[::stride] = dy\nfull = np.zeros(size + 2 * padding)\nmade = np.convolve(dilated, w)\nfull[:made.size] = made\nreturn full[padding:padding + size]",
    "m = np.zeros((dy.size, size + 2 * padding))\nfor p in range(dy.size):\n    m[p, stride * p:stride * p + w.size] = w\nreturn (dy @ m)[padding:padding + size]",
])

_to("dw_2d", "dy, x, taps, stride", {
    "dw = np.zeros((taps, taps))\nfor i in range(taps):\n    for j in range(taps):\n        dw[i, j] = (dy * x[i:i + dy.shape[0], j:j + dy.shape[1]]).sum()\nreturn dw": "stride",
    "dw = np.zeros((taps, taps))\nfor p in range(dy.shape[0]):\n    for q in range(dy.shape[1]):\n        dw = dy[p, q] * x[p * stride:p * stride + taps, q * stride:q * stride + taps]\nreturn dw": "",
    "dw = np.zeros((taps, taps))\nfor p in range(dy.shape[0]):\n    for q in range(dy.shape[1]):\n        dw += dy[p, q] * x[p:p + taps, q:q + taps]\nreturn dw": "stride",
    "dw = np.zeros((taps, taps))\nfor i in range(taps):\n    for j in range(taps):\n        dw[i, j] = (dy * x[i::stride, j::stride]).sum()\nreturn dw": "do not fit",
    "dw = np.zeros((taps, taps))\nfor i in range(taps):\n    for j in range(taps):\n        r = x[i::stride, j::stride][:dy.shape[0], :dy.shape[1]]\n        dw[j, i] = (dy * r).sum()\nreturn dw": "swapped",
    "dw = np.zeros((taps, taps))\nfor i in range(taps):\n    for j in range(taps):\n        r = x[i::stride, j::stride][:dy.shape[0], :dy.shape[1]]\n        dw[i, j] = (dy * r).mean()\nreturn dw": "mean",
    "dw = np.zeros((taps, taps))\nfor i in range(taps):\n    for j in range(taps):\n        r = x[stride * i:, stride * j:][::stride, ::stride][:dy.shape[0], :dy.shape[1]]\n        dw[i, j] = (dy * r).sum()\nreturn dw": "do not fit|tap",
    "dw = np.zeros((taps, taps))\nfor i in range(taps):\n    for j in range(taps):\n        r = x[i::stride, j::stride][:dy.shape[0], :dy.shape[1]]\n        dw[i, j] = (dy * r).sum()\n    return dw": "first round",
    "dw = np.zeros((taps, taps))\nfor i in range(taps):\n    for j in range(taps):\n        r = x[i::stride, j::stride][:dy.shape[0], :dy.shape[1]]\n        dw[i, j] = (dy * r).sum()\nreturn dw[::-1, ::-1]": "turned round|half a turn",
    "dw = np.zeros((taps, taps))\nfor i in range(taps):\n    for j in range(taps):\n        dw[i, j] = dy * x[i::stride, j::stride][:dy.shape[0], :dy.shape[1]]\nreturn dw": "One place holds one number",
    "dw = np.zeros(taps, taps)\nreturn dw": "stopped with TypeError",
    "dw = np.zeros((taps, taps))\nfor i in range(taps - 1):\n    for j in range(taps - 1):\n        r = x[i::stride, j::stride][:dy.shape[0], :dy.shape[1]]\n        dw[i, j] = (dy * r).sum()\nreturn dw": "are 0 that should not be",
}, [
    "dw = np.zeros((taps, taps))\nfor p in range(dy.shape[0]):\n    for q in range(dy.shape[1]):\n        dw += dy[p, q] * x[p * stride:p * stride + taps, q * stride:q * stride + taps]\nreturn dw",
    "v = np.lib.stride_tricks.sliding_window_view(x, (taps, taps))[::stride, ::stride][:dy.shape[0], :dy.shape[1]]\nreturn np.einsum('pq,pqij->ij', dy, v)",
    "return [[(dy * x[i::stride, j::stride][:dy.shape[0], :dy.shape[1]]).sum() for j in range(taps)] for i in range(taps)]",
    "v = np.lib.stride_tricks.sliding_window_view(x, (taps, taps))[::stride, ::stride][:dy.shape[0], :dy.shape[1]]\nreturn np.tensordot(dy, v, 2).astype(np.float32)",
])

_POOL = "dx = np.zeros(x.shape)\nfor p in range(dy.shape[0]):\n    for q in range(dy.shape[1]):\n        top, left = stride * p, stride * q\n        win = x[top:top + size, left:left + size]\n"
_BEST = _POOL + "        i, j = np.unravel_index(win.argmax(), win.shape)\n"
_to("max_pool_backward", "dy, x, size, stride", {
    _BEST + "        dx[top + i, left + j] = dy[p, q]\nreturn dx": "both",
    _BEST + "        dx[i, j] += dy[p, q]\nreturn dx": "inside the window",
    _BEST + "        dx[top, left] += dy[p, q]\nreturn dx": "winner's place",
    _BEST + "        dx[top + i, left + j] += dy[p, q] * win[i, j]\nreturn dx": "as it is",
    _POOL + "        dx[top:top + size, left:left + size] += dy[p, q] * win\nreturn dx": "window's numbers",
    _POOL + "        dx[top:top + size, left:left + size] += dy[p, q] * (win > 0)\nreturn dx": "mask of a ReLU",
    _POOL + "        dx[top:top + size, left:left + size] = dy[p, q] * (win == win.max())\nreturn dx": "",
    _BEST + "        dx[top + j, left + i] += dy[p, q]\nreturn dx": "exchanged",
    _BEST + "        dx[top + i, left + j] += 1\nreturn dx": "not 1",
    _BEST + "        dx[top + i, left + j] += win[i, j]\nreturn dx": "own number",
    _BEST + "        dx[top + i, left + j] += dy[p, q]\n    return dx": "first round",
    _BEST + "        dx[p + i, q + j] += dy[p, q]\nreturn dx": "and so in dx",
    _POOL + "        dx[top:top + size, left:left + size] += dy[p, q] * (win == win.max())\nreturn dx": "all winners get",
    _POOL + "        m = win == win.max()\n        dx[top:top + size, left:left + size] += dy[p, q] * m / m.sum()\nreturn dx": "share the gradient",
    _POOL + "        dx[top:top + size, left:left + size] += dy[p, q] / size**2\nreturn dx": "average pooling",
    _POOL + "        dx[top:top + size, left:left + size] += dy[p, q]\nreturn dx": "only the winner",
    _POOL + "        i, j = np.unravel_index(win.argmin(), win.shape)\n        dx[top + i, left + j] += dy[p, q]\nreturn dx": "argmin",
    _POOL + "        i, j = win.argmax()\n        dx[top + i, left + j] += dy[p, q]\nreturn dx": "stopped with TypeError",
    _POOL + "        k = win.argmax()\n        dx[top + k // size, left + k % size] -= dy[p, q]\nreturn dx": "wrong sign",
    _POOL + "        k = win.argmax()\n        dx[top + k % size, left + k // size] += dy[p, q]\nreturn dx": "exchanged",
    _POOL + "        for i in range(size):\n            for j in range(size):\n                if win[i, j] >= win.max():\n"
    "                    best = i, j\n        dx[top + best[0], left + best[1]] += dy[p, q]\nreturn dx": "last one wins",
    "dx = np.zeros(dy.shape)\nfor p, q in np.ndindex(dy.shape):\n    win = x[stride * p:stride * p + size, stride * q:stride * q + size]\n"
    "    dx[p, q] = dy[p, q] * win.max()\nreturn dx": "shape",
    "dx = np.zeros(x.shape)\nfor p, q in np.ndindex(dy.shape):\n    win = x[p:p + size, q:q + size]\n"
    "    i, j = np.unravel_index(win.argmax(), win.shape)\n    dx[p + i, q + j] += dy[p, q]\nreturn dx": "stride is missing",
    _BEST + "        dx[top + i, left + j] += dy[p, q]\nprint(dx)": "print instead of return",
}, [
    _POOL + "        k = win.argmax()\n        dx[top + k // size, left + k % size] += dy[p, q]\nreturn dx",
    _POOL + "        best = None\n        for i in range(size):\n            for j in range(size):\n                if best is None or win[i, j] > win[best]:\n"
    "                    best = i, j\n        dx[top + best[0], left + best[1]] += dy[p, q]\nreturn dx",
    _POOL + "        mask = np.zeros(win.size)\n        mask[np.argmax(win)] = 1\n        dx[top:top + size, left:left + size] += dy[p, q] * mask.reshape(win.shape)\nreturn dx",
    "OH, OW = dy.shape\nv = np.lib.stride_tricks.sliding_window_view(x, (size, size))[::stride, ::stride][:OH, :OW]\nk = v.reshape(OH, OW, -1).argmax(axis=2)\n"
    "dx = np.zeros_like(x)\nnp.add.at(dx, (stride * np.arange(OH)[:, None] + k // size, stride * np.arange(OW) + k % size), dy)\nreturn dx",
])

_to("wrong_backward", "", {
    "return 'A'": "A passes the adjoint test",
    "return 'c'": "C looks unlike",
    "return ' C '": "C looks unlike",
    "return dx_b": "dx_b spelt",
    "return 'dx_b'": "none of the choices",
    "return B": "quotation marks",
    "return 1": "one of the letters",
    "return ('A', 'C')": "one of the letters",
}, [
    "return 'b'",
    "off = {'A': 0.0, 'B': 1.7, 'C': 0.0}\nreturn max(off, key=off.get)",
])

_to("receptive_field", "layers", {
    "return sum(k for k, s in layers)": "K - 1|filters up",
    "seen = 1\nfor k, s in layers:\n    seen += k - 1\nreturn seen": "stride",
    "seen, apart = 1, 1\nfor k, s in layers:\n    apart *= s\n    seen += (k - 1) * apart\nreturn seen": "own stride",
    "seen = 1\nfor k, s in layers:\n    seen = (seen - 1) * s + k\nreturn seen": "last layer",
    "seen = 1\nfor k, s in layers:\n    seen = seen * s + k - 1\nreturn seen": "",
    "seen, apart = 0, 1\nfor k, s in layers:\n    seen += (k - 1) * apart\n    apart *= s\nreturn seen": "1 too small",
    "seen, apart = 1, 1\nfor k, s in layers:\n    seen += k * apart\n    apart *= s\nreturn seen": "K - 1 steps",
    "seen, apart = 1, 1\nfor k, s in layers:\n    seen += (k - 1) * apart\n    apart += s\nreturn seen": "added the strides up",
    "seen, apart = 1, 1\nfor k, s in layers:\n    seen += (k - 1) * apart\n    apart *= s\n    return seen": "",
    "seen = 1\nfor k, s in layers:\n    seen *= k\nreturn seen": "not multiplied",
    "seen, apart = 1, 1\nfor k, s in layers:\n    seen += (k - 1) * apart\n    apart *= s\nprint(seen)": "print instead of return",
}, [
    "seen = 1\nfor k, s in reversed(layers):\n    seen = (seen - 1) * s + k\nreturn seen",
    "strides = np.cumprod([1] + [s for _, s in layers])\nreturn 1 + sum((k - 1) * a for (k, _), a in zip(layers, strides))",
])

_to("wrong_line", "", {
    "return 'A'": "If da2 were wrong",
    "return 'a'": "If da2 were wrong",
    "return 'B'": "dh2",
    "return C": "quotation marks",
    "return 'dh1'": "none of the choices",
    "return 3": "one of the letters",
    "return ''": "none of the choices",
    "print('C')": "print instead of return",
}, [
    "return 'c'",
    "return 'C:'",
    "answer = 'C'\nreturn answer",
])

_to("dead_relus", "h", {
    "return (h <= 0).sum()": "every zero",
    "return (h <= 0).any(axis=0).sum()": "some image",
    "return (h < 0).all(axis=0).sum()": "exactly 0",
    "return (np.maximum(h, 0) == 0).all(axis=(0, 2, 3)).sum()": "whole channels",
    "return (h <= 0).all(axis=0).mean()": "share",
    "return (h > 0).any(axis=0).sum()": "that live",
    "return (h.mean(axis=0) <= 0).sum()": "mean over the images",
    "return (h.sum(axis=0) <= 0).sum()": "mean over the images",
    "return (h == 0).all(axis=0).sum()": "not only where h == 0",
    "return (h <= 0).all(axis=(1, 2, 3)).sum()": "counted images",
    "return (h <= 0).all(axis=0)": "sum over axes 0 and 1 and 2",
    "return (h <= 0).all(axis=0).sum(axis=0)": "sum over",
    "return (h <= 0).all()": "all of h",
    "return (h > 0).all(axis=0).sum()": "every image wakes",
    "return h.shape[1] * h.shape[2] * h.shape[3]": "dead or not",
    "return (h <= 0).all(axis=(0, 1)).sum()": "axis=0 alone",
    "return ((h <= 0).sum(axis=0) > len(h) / 2).sum()": "Most images",
    "return (h <= 0).all(axis=0).any()": "",
    "return (h <= 0).all(axis=1).sum()": "axis of the channels",
    "return np.sum(h <= 0, axis=0) == len(h)": "sum over axes 0 and 1 and 2",
    "return (h[0] <= 0).sum()": "first image alone",
    "return h.shape[0] * (h <= 0).all(axis=0).sum()": "once an image",
    "return len((h <= 0).all(axis=0))": "number of channels",
    "dead = 0\nfor image in h:\n    if (image <= 0).all():\n        dead += 1\nreturn dead": "counted images",
    "print((h <= 0).all(axis=0).sum())": "print instead of return",
}, [
    "return np.count_nonzero(h.max(axis=0) <= 0)",
    "y = np.maximum(h, 0)\nreturn (y.sum(axis=0) == 0).sum()",
    "return h[0].size - (h > 0).any(axis=0).sum()",
    "dead = 0\nfor c in range(h.shape[1]):\n    for i in range(h.shape[2]):\n        for j in range(h.shape[3]):\n"
    "            if all(h[n, c, i, j] <= 0 for n in range(len(h))):\n                dead += 1\nreturn dead",
    "return int(np.sum(np.sum(h <= 0, axis=0) == len(h)))",
])

_P = "p = np.exp(z - z.max())\np /= p.sum()\n"
_to("probability_gradient", "z, k", {
    _P + "t = np.zeros(len(z))\nt[k] = 1\nreturn p - t": "gradient of the loss",
    _P + "t = np.zeros(len(z))\nt[k] = 1\nreturn t - p": "ln p",
    _P + "t = np.zeros(len(z))\nt[k] = 1\nreturn p * (t - p)": "",
    _P + "return p * (1 - p)": "class itself",
    "p = np.exp(z) / np.exp(z).sum()\nt = np.zeros(len(z))\nt[k] = 1\nreturn p[k] * (t - p)": "overflow",
    _P + "return p[k] * (1 - p)": "",
    _P + "g = np.zeros(len(z))\ng[k] = p[k] * (1 - p[k])\nreturn g": "own score|others",
    _P + "t = np.zeros(len(z))\nt[k] = 1\nreturn p[k] * (p - t)": "sign",
    _P + "return p[k] * (1 - p[k])": "shape",
    _P + "return -p[k] * p": "only|right everywhere|all is right|",
    _P + "return p": "probabilities themselves",
    "t = np.zeros(len(z))\nt[k] = 1\nreturn t": "gradient of the score",
    _P + "t = np.zeros(len(z))\nt[k] = 1\nreturn p[k] * (t - p)[:, None]": "axis of length 1 too many",
}, [
    _P + "g = -p[k] * p\ng[k] += p[k]\nreturn g",
    _P + "j = np.diag(p) - np.outer(p, p)\nreturn j[k]",
    _P + "return np.array([p[k] * ((i == k) - p[i]) for i in range(len(z))])",
    _P + "return [float(p[k] * (1 - p[k])) if i == k else float(-p[k] * p[i]) for i in range(len(z))]",
    "z = z.astype(np.float32)\n" + _P + "return p[k] * (np.eye(len(z), dtype=np.float32)[k] - p)",
])

_to("diagnosis", "", {
    "return 'A'": "stride ignored",
    "return 'C'": "Softmax fails only",
    "return 'c)'": "Softmax fails only",
    "return B": "quotation marks",
    "return 'order'": "none of the choices",
    "return 'D'": "none of the choices",
    "return 2": "one of the letters",
    "answer = 'B'": "returns None",
}, [
    "return 'b'",
    "return \"B.\"",
    "shrinks_with_the_rate = True\nreturn 'B' if shrinks_with_the_rate else 'A'",
])

_to("chain_step", "x, u, v, target, rate", {
    "dy = v * u * x - target\nv = v - rate * dy * u * x\nu = u - rate * dy * v * x\nreturn np.array([u, v])": "v has moved",
    "dy = v * u * x - target\nu = u - rate * dy * v * x\nv = v - rate * dy * u * x\nreturn np.array([u, v])": "u has moved",
    "dy = v * u * x - target\nreturn np.array([u + rate * dy * v * x, v + rate * dy * u * x])": "uphill",
    "dy = v * u * x - target\nreturn np.array([dy * v * x, dy * u * x])": "gradients",
    "dy = v * u * x - target\nreturn np.array([v - rate * dy * u * x, u - rate * dy * v * x])": "exchanged",
    "dy = v * u * x - target\nreturn np.array([u - rate * dy * u * x, v - rate * dy * v * x])": "",
    "dy = v * u * x - target\nreturn np.array([u - dy * v * x, v - dy * u * x])": "rate",
    "dy = 2 * (v * u * x - target)\nreturn np.array([u - rate * dy * v * x, v - rate * dy * u * x])": "no 2",
    "dy = target - v * u * x\nreturn np.array([u - rate * dy * v * x, v - rate * dy * u * x])": "uphill",
    "dy = v * u * x - target\nreturn np.array([u - rate * dy * v, v - rate * dy * u])": "",
    "dy = v * u * x - target\nreturn np.array([u - rate * dy * v * x])": "some is missing|shape",
    "dy = v * u * x - target\nreturn np.array([u - rate * dy * v * x, v - rate * dy * v * x])": "the first of the two numbers is right",
    "dy = v * u * x - target\nreturn np.array(u - rate * dy * v * x, v - rate * dy * u * x)": "stopped with TypeError",
}, [
    "y = v * u * x\nreturn u - rate * (y - target) * v * x, v - rate * (y - target) * u * x",
    "w = np.array([u, v])\nreturn w - rate * (v * u * x - target) * x * w[::-1]",
    "e = target - v * u * x\nreturn np.array([u + rate * e * v * x, v + rate * e * u * x], dtype=np.float32)",
])

_to("gain", "before, after", {
    "d = after - before\nreturn np.array([d.mean(), d.std() / np.sqrt(len(d))])": "n - 1",
    "d = after - before\nreturn np.array([d.mean(), d.std(ddof=1)])": "root of n",
    "d = before - after\nreturn np.array([d.mean(), d.std(ddof=1) / np.sqrt(len(d))])": "sign",
    "d = after - before\nreturn np.array([d.mean(), d.std(ddof=1) / len(d)])": "root of n",
    "e = np.sqrt(before.var(ddof=1) / len(before) + after.var(ddof=1) / len(after))\nreturn np.array([after.mean() - before.mean(), e])": "same",
    "d = after - before\nreturn np.array([d.sum(), d.std(ddof=1) / np.sqrt(len(d))])": "",
    "d = after - before\nreturn np.array([d.std(ddof=1) / np.sqrt(len(d)), d.mean()])": "exchanged",
    "d = after - before\nreturn np.array([100 * d.mean(), 100 * d.std(ddof=1) / np.sqrt(len(d))])": "100 times",
    "d = after - before\nreturn d.mean()": "shape",
    "d = after - before\nreturn np.array([d.mean(), d.var(ddof=1) / len(d)])": "root|square",
    "d = after - before\nreturn np.array([d.mean(), d.std(ddof=1) / np.sqrt(len(d) - 1)])": "the first of the two numbers is right",
    "d = after - before\nreturn np.array([d.mean(), 0])": "the first of the two numbers is right",
}, [
    "d = after - before\nn = len(d)\nm = sum(d) / n\ns = (sum((d - m)**2) / (n - 1)) ** 0.5\nreturn np.array([m, s / n**0.5])",
    "d = after - before\nreturn d.mean(), np.std(d, ddof=1) * len(d)**-0.5",
    "d = after - before\nreturn [np.mean(after) - np.mean(before), np.sqrt(np.var(d, ddof=1) / d.size)]",
])

_to("chain_slope", "slopes", {
    "return np.prod(slopes)": "without skips",
    "return 1 + np.prod(slopes)": "one skip",
    "return 1 + np.sum(slopes)": "multiply",
    "return np.sum(1 + slopes)": "multiply",
    "return np.exp(np.sum(slopes))": "",
    "product = 1\nfor f in slopes:\n    product *= 1 + f\n    return product": "",
    "product = 0\nfor f in slopes:\n    product *= 1 + f\nreturn product": "every number of yours is 0",
    "return np.cumprod(1 + slopes)": "",
    "return 1 + slopes": "single layers",
    "return np.prod(1 - slopes)": "",
    "return np.prod(1 + slopes) - 1": "1 too small",
    "return -np.prod(1 + slopes)": "wrong sign",
}, [
    "product = 1.0\nfor f in slopes:\n    product *= 1 + f\nreturn product",
    "return np.cumprod(1 + slopes)[-1]",
    "import math\nreturn math.prod(1 + f for f in slopes)",
    "from functools import reduce\nreturn reduce(lambda a, f: a + a * f, slopes, 1.0)",
])

_to("block_backward", "dy, x, w", {
    "return (dy * (x @ w.T > 0)) @ w": "skip",
    "return dy + (dy @ w) * (x @ w.T > 0)": "",
    "return dy + (dy * (x > 0)) @ w": "",
    "return dy + (dy * (x @ w.T > 0)) @ w.T": "turned|w",
    "return dy + dy @ w": "ReLU",
    "return dy + dy * (x @ w.T > 0)": "ends at the ReLU",
    "mask = x @ w.T > 0\nreturn dy * mask + (dy * mask) @ w": "mask",
    "return (dy + dy * (x @ w.T > 0)) @ w": "goes round the weights",
    "return dy + (dy * (x @ w > 0)) @ w.T": "w.T|mask",
    "y = x + np.maximum(0, x @ w.T)\nreturn dy + (dy * (y > 0)) @ w": "own input|sum",
    "return dy + w @ (dy * (x @ w.T > 0))": "matrix product",
    "return 1 + (dy * (x @ w.T > 0)) @ w": "",
    "return dy - (dy * (x @ w.T > 0)) @ w": "wrong sign",
    "dy += (dy * (x @ w.T > 0)) @ w\nreturn dy": "changed dy",
    "return dy * ((x @ w.T > 0) @ w)": "skip is missing",
    "return dy + dy * ((x @ w.T > 0) @ w)": "mask first",
}, [
    "h = x @ w.T\nda = dy.copy()\nda[h <= 0] = 0\nreturn da @ w + dy",
    "h = x @ w.T\nreturn dy + np.einsum('nk,kd->nd', np.where(h > 0, dy, 0), w)",
    "dx = np.zeros_like(x)\nfor n in range(len(x)):\n    mask = (w @ x[n] > 0) * 1.0\n    dx[n] = dy[n] + w.T @ (mask * dy[n])\nreturn dx",
    "f = np.float32\nreturn dy.astype(f) + (dy.astype(f) * (x @ w.T > 0)) @ w.astype(f)",
])

_to("halved", "", {
    "return 0.5": "One layer halves",
    "return 20 * 0.5": "multiply",
    "return 1": "weight 1",
    "return 1 - 0.5**20": "What comes through",
    "return 1.5**20": "not 1 \\+ 1/2",
    "return 0.25**20": "twice too often",
    "return 0.5**19": "one too few",
    "return 0.5**21": "one too many",
    "return 1 / 40": "is a power",
    "return 0": "other than 0",
    "return 2**20": "too large by far",
    "return 100 * 0.5**20": "per cent",
    "return -0.5**20": "only the sign",
    "return 0.5^20": "stopped with TypeError",
    "return 0,5**20": "decimal number with a point",
    "return '1/2**20'": "text",
}, [
    "return 1 / 2**20",
    "return 9.5e-7",
    "g = 1\nfor layer in range(20):\n    g = g / 2\nreturn g",
    "return 1e-6",
])

_to("body_scale", "layers", {
    "return 1 / layers": "square root",
    "return np.sqrt(layers)": "inverse",
    "return layers": "inverse",
    "return (1 + 1 / layers)**layers": "stays below e",
    "return 1 + 1 / layers": "growth of one layer",
    "return np.sqrt(2 / layers)": "your 2",
    "return (2**(1 / layers) - 1)**0.5": "= 2",
    "return np.sqrt(np.exp(1 / layers) - 1)": "exactly",
    "return 1 / layers**2": "do not square",
    "return 1 / np.sqrt(20)": "20 layers",
    "return 0.22": "makes no use of layers",
    "return -1 / np.sqrt(layers)": "wrong sign",
    "return 1 // np.sqrt(layers)": "are 0 that should not be",
    "return np.sqrt(1 / (layers - 1))": "ZeroDivisionError",
    "return 2 / np.sqrt(layers)": "2 times",
    "return np.exp(1 / layers)": "",
    "return 1 / 2 / np.sqrt(layers)": "1/2 of",
}, [
    "return layers**-0.5",
    "import math\nreturn math.sqrt(1 / layers)",
    "return np.sqrt(1 / np.array(layers))",
    "return float(np.power(1 / layers, 0.5))",
])

_to("worst_start", "", {
    "return 'A'": "a tenth adds little",
    "return 'c'": "root of the depth",
    "return 'D'": "slope 0",
    "return B": "quotation marks",
    "return 'He'": "none of the choices",
    "return 'E'": "none of the choices",
    "return 2": "one of the letters A, B, C, D",
    "return ['B']": "one of the letters",
}, [
    "return 'b'",
    "return '(B)'",
    "sizes = dict(A=1.1, B=900, C=1.6, D=1)\nreturn max(sizes, key=sizes.get)",
])

_to("largest_square", "", {
    "return 709.78": "at half of it",
    "return np.log(1.797e308)": "at half of it",
    "return 2 * np.log(1.797e308)": "divide by 2",
    "return np.sqrt(np.log(1.797e308))": "halve the exponent",
    "return np.log(np.finfo(np.float32).max) / 2": "float32",
    "return 88.7": "float32",
    "return np.log10(1.797e308) / 2": "power of ten",
    "return np.log2(1.797e308) / 2": "power of two",
    "return 1.797e308 / 2": "Halve z",
    "return np.sqrt(1.797e308)": "logarithm is missing",
    "return 350": "a little too small",
    "return 308": "a little too small",
    "return 308 / 2": "",
    "return 354,9": "decimal number with a point",
    "return 1.797e308": "logarithm is missing",
    "print(np.log(1.797e308) / 2)": "print instead of return",
}, [
    "return 355",
    "return 354.9",
    "import sys\nreturn np.log(sys.float_info.max) / 2",
    "return np.log(np.sqrt(1.797e308))",
    "z = 300.0\nwhile np.isfinite(np.exp(z) * np.exp(z)):\n    z += 0.01\nreturn z",
    "return 308.2545 * np.log(10) / 2",
])

_to("true_class_term", "z, labels", {
    "p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)\nreturn p[np.arange(len(z)), labels] - 1": "overflow",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\np = e / e.sum(axis=1, keepdims=True)\nreturn p[np.arange(len(z)), labels]": "1 taken away",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\np = e / e.sum(axis=1, keepdims=True)\nreturn 1 - p[np.arange(len(z)), labels]": "sign",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\np = e / e.sum(axis=1, keepdims=True)\nreturn (p[np.arange(len(z)), labels] - 1) / len(z)": "mean over the images",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\np = e / e.sum(axis=1, keepdims=True)\np[np.arange(len(z)), labels] -= 1\nreturn p": "whole of p - t",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\np = e / e.sum(axis=1, keepdims=True)\nreturn -np.log(p[np.arange(len(z)), labels])": "loss",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\np = e / e.sum(axis=1, keepdims=True)\nreturn p[:, 0] - 1": "first classes",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\np = e / e.sum(axis=1, keepdims=True)\nreturn p[:, labels] - 1": "one number of each",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\np = e / e.sum(axis=1, keepdims=True)\nreturn p[labels] - 1": "out of bounds|outside|IndexError",
    "e = np.exp(z - z.max(axis=1))\nreturn e[np.arange(len(z)), labels] / e.sum(axis=1) - 1": "keepdims|broadcast|do not fit",
    "e = np.exp(z - z.max())\nreturn e[np.arange(len(z)), labels] / e.sum() - 1": "sum over the whole batch",
    "e = np.exp(z - z.max())\nreturn e[np.arange(len(z)), labels] / e.sum(axis=1) - 1": "largest logit of the whole batch",
    "e = np.exp(z - z.max(axis=0))\nreturn e[np.arange(len(z)), labels] / e.sum(axis=1) - 1": "largest logit of each class",
    "z -= z.max(axis=1, keepdims=True)\ne = np.exp(z)\nreturn e[np.arange(len(z)), labels] / e.sum(axis=1) - 1": "changed z",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\nreturn (e[np.arange(len(z)), labels] / e.sum(axis=1) - 1).sum()": "added the images up",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\np = e / e.sum(axis=1, keepdims=True)\nreturn p[np.arange(len(z)), labels] - 1 / len(z)": "whole 1",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\np = e / e.sum(axis=1, keepdims=True)\nreturn p.max(axis=1) - 1": "use the labels",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\np = e / e.sum(axis=1, keepdims=True)\nreturn p[np.arange(len(z)), labels - 1] - 1": "count from 0",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\nreturn (e[np.arange(len(z)), labels] / e.sum(axis=1) - 1)[:, None]": "axis of length 1 too many",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\nreturn e[np.arange(len(z)), labels] / e.sum(axis=0) - 1": "do not fit|broadcast",
}, [
    "s = z - z.max(axis=1, keepdims=True)\nlog_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))\nreturn np.exp(log_p[np.arange(len(z)), labels]) - 1",
    "out = []\nfor row, label in zip(z, labels):\n    e = np.exp(row - row.max())\n    out.append(e[label] / e.sum() - 1)\nreturn np.array(out)",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\np = e / e.sum(axis=1, keepdims=True)\nt = np.eye(z.shape[1])[labels]\nreturn ((p - t) * t).sum(axis=1)",
    "with np.errstate(over='ignore'):\n    return 1 / np.exp(z - z[np.arange(len(z)), labels][:, None]).sum(axis=1) - 1",
    "e = np.exp(z - z.max(axis=1, keepdims=True))\np = e / e.sum(axis=1, keepdims=True)\nreturn np.take_along_axis(p, labels[:, None], 1)[:, 0] - 1",
])

_to("failing_array", "", {
    "return 'A'": "b1 gets",
    "return 'B'": "w1 and",
    "return 'd'": "w3's gradient",
    "return 'b2'": "none of the choices",
    "return C": "quotation marks",
    "return 3": "one of the letters A, B, C, D",
    "return {'C'}": "one of the letters",
    "print('C')": "print instead of return",
}, [
    "return 'c'",
    "return 'C.'",
    "errors = {'A': 1e-9, 'B': 2e-9, 'C': 0.9, 'D': 1e-9}\nreturn max(errors, key=errors.get)",
])

_to("skip_backward", "dz, w, scale", {
    "return np.tensordot(dz, w, axes=1)": "scale",
    "return scale * np.tensordot(dz, w, axes=1) / dz.shape[1]": "mean|class",
    "return scale * np.tensordot(dz.sum(axis=0), w, axes=1)": "images",
    "return scale * dz @ w": "matrix product",
    "return scale * dz * w": "do not fit",
    "return scale * (dz @ w.reshape(len(w), -1))": "reshape them",
    "return np.tensordot(dz, w, axes=1) / scale": "scale",
    "return scale * np.einsum('nk,kchw->nchw', dz, w) / len(dz)": "batch size|",
    "return scale * np.einsum('nk,kchw->nchw', dz, w).transpose(0, 1, 3, 2)": "transposed",
    "return scale * np.einsum('nk,kchw->nkchw', dz, w)": "sum over axis 1 is missing",
    "return scale + np.tensordot(dz, w, axes=1)": "not added",
    "return -scale * np.tensordot(dz, w, axes=1)": "wrong sign",
    "return scale**2 * np.tensordot(dz, w, axes=1)": "scale",
}, [
    "return scale * np.einsum('nk,kchw->nchw', dz, w)",
    "return scale * (dz @ w.reshape(len(w), -1)).reshape(len(dz), *w.shape[1:])",
    "return (scale * dz[:, :, None, None, None] * w).sum(axis=1)",
    "da = np.zeros((len(dz), *w.shape[1:]))\nfor n in range(len(dz)):\n    for k in range(dz.shape[1]):\n        da[n] += scale * dz[n, k] * w[k]\nreturn da",
])

_M = "m = 0.9 * m + 0.1 * g\nv = 0.999 * v + 0.001 * g**2\n"
_to("adam_step", "w, g, m, v, t", {
    _M + "return w - 0.001 * m / (np.sqrt(v) + 1e-8)": "correction",
    _M + "m = m / (1 - 0.9**t)\nreturn w - 0.001 * m / (np.sqrt(v) / (1 - 0.999**t) + 1e-8)": "",
    _M + "return w - 0.001 * (m / (1 - 0.9 * t)) / (np.sqrt(v / (1 - 0.999 * t)) + 1e-8)": "yours is nan|power t",
    _M + "t = t - 1\nreturn w - 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "t - 1 in place of t|one too small",
    _M + "t = t + 1\nreturn w - 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "one too large",
    _M + "return w - 0.001 * (m / (1 - 0.9**t)) / np.sqrt(v / (1 - 0.999**t) + 1e-8)": "root",
    _M + "return w + 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "uphill|opposite",
    "m = 0.999 * m + 0.001 * g\nv = 0.9 * v + 0.1 * g**2\nreturn w - 0.001 * (m / (1 - 0.999**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-8)": "betas",
    _M + "return w - (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "what you add to w is 1000 times",
    _M + "return w - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "what you add to w is 10 times",
    "m = 0.9 * m + g\nv = 0.999 * v + g**2\nreturn w - 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "",
    "m = 0.9 * m + 0.1 * g\nv = 0.999 * v + 0.001 * g\nreturn w - 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "nan|mean of g²",
    "m *= 0.9\nm += 0.1 * g\nv *= 0.999\nv += 0.001 * g**2\nreturn w - 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "changed m",
    _M + "return 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "",
    _M + "w = w - 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)\nreturn w, m, v": "3 things",
}, [
    "b1, b2, lr, eps = 0.9, 0.999, 1e-3, 1e-8\nm = b1 * m + (1 - b1) * g\nv = b2 * v + (1 - b2) * g * g\nmh = m / (1 - b1**t)\nvh = v / (1 - b2**t)\nreturn w - lr * mh / (vh**0.5 + eps)",
    _M + "root = np.sqrt(1 - 0.999**t)\nreturn w - 0.001 * root / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-8 * root)",
    "m = m + 0.1 * (g - m)\nv = v + 0.001 * (g**2 - v)\nstep = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)\nnew = np.array(w)\nnew -= 0.001 * step\nreturn new",
])

_to("same_path", "", {
    "return 'A'": "first step",
    "return 'B'": "1000 times as large",
    "return 'b'": "1000 times as large",
    "return 'RMSProp and Adam'": "none of the choices",
    "return C": "quotation marks",
    "return 3": "one of the letters",
    "return 'D'": "none of the choices",
    "c = 'C'": "returns None",
}, [
    "return 'c'",
    "return 'C)'",
    "scale_free = ['RMSProp', 'Adam']\nreturn 'C' if 'Adam' in scale_free else 'B'",
])

_to("weight_after_l2", "", {
    "return 'A'": "adds λ w",
    "return 'B'": "AdamW",
    "return 'a'": "adds λ w",
    "return 0.9": "one of the letters",
    "return 1 - 100 * 0.001": "one of the letters",
    "return '0.90'": "none of the choices",
    "return C": "quotation marks",
    "print('C')": "print instead of return",
}, [
    "return 'c'",
    "w, m, v = 1.0, 0.0, 0.0\nfor t in range(1, 101):\n    g = 0.01 * w\n    m = 0.9 * m + 0.1 * g\n    v = 0.999 * v + 0.001 * g * g\n"
    "    w -= 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)\nreturn 'C' if abs(w - 0.9) < 0.01 else 'B'",
])

_to("nesterov_direction", "g, velocity, momentum", {
    "return momentum * velocity + g": "plain ball|Nesterov",
    "return g + momentum * velocity": "plain ball|Nesterov",
    "return g + momentum * (momentum * velocity)": "old velocity",
    "u = momentum * velocity + g\nreturn g + u": "momentum",
    "u = momentum * velocity + g\nreturn momentum * u": "",
    "u = momentum * velocity + g\nreturn velocity + momentum * u": "",
    "u = momentum * velocity + (1 - momentum) * g\nreturn g + momentum * u": "Your velocity is a running mean",
    "u = momentum * velocity + g\nreturn -(g + momentum * u)": "wrong sign",
    "u = momentum * velocity - g\nreturn g + momentum * u": "with a plus",
    "u = momentum * velocity + g\nreturn u, g + momentum * u": "Number 2 of them",
    "velocity = momentum * velocity + g\nvelocity += g\nreturn velocity": "momentum",
    "velocity *= momentum\nvelocity += g\nreturn g + momentum * velocity": "changed velocity",
}, [
    "return (1 + momentum) * g + momentum**2 * velocity",
    "new = velocity * momentum\nnew += g\nnew *= momentum\nreturn new + g",
    "return g.astype('f') + np.float32(momentum) * (np.float32(momentum) * velocity.astype('f') + g.astype('f'))",
])

_to("real_epsilon", "eps, beta2, t", {
    "return eps": "your result is eps|unchanged",
    "return eps / (1 - beta2**t)": "root",
    "return eps * np.sqrt(1 - beta2**t)": "round",
    "return eps / np.sqrt(1 - beta2)": "power",
    "return eps / np.sqrt(1 - beta2 * t)": "power t",
    "return eps / np.sqrt(1 - beta2**(t - 1))": "t - 1 in place of t|one too small",
    "return eps / (1 - beta2**t)**2": "squared",
    "return np.sqrt(eps) / np.sqrt(1 - beta2**t)": "",
    "return eps + np.sqrt(1 - beta2**t)": "added the root",
    "return 1 / np.sqrt(1 - beta2**t)": "eps",
}, [
    "return eps * (1 - beta2**t) ** -0.5",
    "import math\nreturn eps / math.sqrt(1 - math.pow(beta2, t))",
])

_to("leaky_std", "fan_in, a", {
    "return 2 / ((1 + a**2) * fan_in)": "variance",
    "return np.sqrt(2 / fan_in)": "He's",
    "return np.sqrt(1 / fan_in)": "LeCun's",
    "return np.sqrt(2 / ((1 + a) * fan_in))": "squares by a",
    "return np.sqrt(2 / (1 + a**2))": "fan-in is missing",
    "return np.sqrt(2 * (1 + a**2) / fan_in)": "divide by",
    "return np.sqrt((1 + a**2) / (2 * fan_in))": "make up",
    "return np.sqrt(1 / ((1 + a**2) * fan_in))": "mean square is",
    "return np.sqrt(2 * fan_in / (1 + a**2))": "the smaller the weights",
    "return np.sqrt(1 / (((1 + a**2) / 2 - (1 - a)**2 / (2 * np.pi)) * fan_in))": "does not subtract their mean",
    "return np.sqrt(4 / ((1 + a**2) * fan_in))": "",
    "print(np.sqrt(2 / ((1 + a**2) * fan_in)))": "print instead of return",
}, [
    "return (2 / (1 + a * a) / fan_in) ** 0.5",
    "share = (1 + a**2) / 2\nreturn 1 / np.sqrt(share * fan_in)",
])

_to("fan_in", "shape, size, stride", {
    "return shape[0] * shape[2] * shape[3]": "fan-out",
    "return int(np.prod(shape))": "all weights",
    "return shape[1]": "kernel's area",
    "return shape[2] * shape[3]": "channels",
    "return shape[1] * shape[2] * shape[3] / stride**2": "stride",
    "return shape[1] * size[0] * size[1]": "whole image",
    "return shape[1] * shape[2] ** 2": "two sides",
    "return shape[1] * shape[2] * shape[3] // stride**2": "stride",
    "return shape[1] * shape[2] * shape[3] / stride": "stride",
    "f, c, kh, kw = shape\nh, w = size\nreturn c * kh * kw * ((h - kh) // stride + 1) * ((w - kw) // stride + 1)": "places",
}, [
    "return np.prod(shape[1:])",
    "f, c, kh, kw = shape\nreturn c * kh * kw",
])

_to("bound", "", {
    "return (2 / 150) ** 0.5": "standard deviation",
    "return 2 / 150": "variance",
    "return 6 / 150": "root",
    "return 1 / 150 ** 0.5": "PyTorch",
    "return np.sqrt(3 / 150)": "LeCun's",
    "return 3 * np.sqrt(2 / 150)": "root of 3",
    "return np.sqrt(2 / 150 / 3)": "you divided by 3",
    "return np.sqrt(12 * 2 / 150)": "b² / 12",
    "return -0.2": "sign|negative",
    "return 0.3": "",
}, ["return 0.2", "return (6 / 150) ** 0.5", "return np.sqrt(0.04)"])

_to("copying_layers", "width", {
    "eye = np.eye(width)\nreturn np.vstack([eye, -eye]), np.hstack([eye, eye])": "subtracted",
    "eye = np.eye(width)\nreturn np.vstack([eye, eye]), np.hstack([eye, -eye])": "cancel",
    "eye = np.eye(width)\nreturn np.hstack([eye, -eye]), np.vstack([eye, -eye])": "exchanged",
    "eye = np.eye(width)\nreturn np.vstack([eye, eye]), np.hstack([eye, eye])": "twice",
    "w = np.vstack([np.eye(width), -np.eye(width)])\nreturn w": "w1, w2|two",
    "w = np.vstack([np.eye(width), -np.eye(width)])\nreturn w, w": "",
    "w = np.vstack([np.eye(width), -np.eye(width)])\nreturn w.T, w": "exchanged",
    "eye = np.eye(width)\nreturn np.vstack([-eye, eye]), np.hstack([-eye, eye])": "",
    "return np.eye(width), np.eye(width)": "",
}, [
    "w = np.concatenate([np.eye(width), -np.eye(width)])\nreturn w, w.T",
])

_to("what_follows", "", {
    "return 'A'": "good training accuracy",
    "return 'b'": "of one size",
    "return 'C'": "more weights",
    "return 4": "one of the letters",
}, ["return 'd'", "return 'D'"])

_to("images_backward", "dy, x, gamma", {
    "s = 1 / np.sqrt(x.var(axis=(0, 2, 3), keepdims=True) + 1e-5)\nreturn gamma[:, None, None] * s * dy": "taken as constants",
    "axes = (0, 2, 3)\ns = 1 / np.sqrt(x.var(axes, keepdims=True) + 1e-5)\nreturn gamma[:, None, None] * s * (dy - dy.mean(axes, keepdims=True))":
        "variance's route is missing",
    "axes = (0, 2, 3)\ns = 1 / np.sqrt(x.var(axes, keepdims=True) + 1e-5)\nn = (x - x.mean(axes, keepdims=True)) * s\n"
    "return gamma[:, None, None] * s * (dy - n * (dy * n).mean(axes, keepdims=True))": "mean's route is missing",
    "axes = (0, 2, 3)\ns = 1 / np.sqrt(x.var(axes, keepdims=True) + 1e-5)\nn = (x - x.mean(axes, keepdims=True)) * s\n"
    "return gamma[:, None, None] * s * (dy - dy.mean(axes, keepdims=True) + n * (dy * n).mean(axes, keepdims=True))": "wrong sign",
    "s = 1 / np.sqrt(x.var(0) + 1e-5)\nn = (x - x.mean(0)) * s\nreturn gamma[:, None, None] * s * (dy - dy.mean(0) - n * (dy * n).mean(0))":
        "over the batch alone",
    "axes = (2, 3)\ns = 1 / np.sqrt(x.var(axes, keepdims=True) + 1e-5)\nn = (x - x.mean(axes, keepdims=True)) * s\n"
    "return gamma[:, None, None] * s * (dy - dy.mean(axes, keepdims=True) - n * (dy * n).mean(axes, keepdims=True))": "each image by itself",
    "s = 1 / np.sqrt(x.var() + 1e-5)\nn = (x - x.mean()) * s\nreturn gamma[:, None, None] * s * (dy - dy.mean() - n * (dy * n).mean())":
        "all channels together",
    "axes = (0, 2, 3)\ns = 1 / (x.std(axes, keepdims=True) + 1e-5)\nn = (x - x.mean(axes, keepdims=True)) * s\n"
    "return gamma[:, None, None] * s * (dy - dy.mean(axes, keepdims=True) - n * (dy * n).mean(axes, keepdims=True))": "inside the root",
    "axes = (0, 2, 3)\ns = 1 / np.sqrt(x.var(axes, keepdims=True) + 1e-5)\nn = (x - x.mean(axes, keepdims=True)) * s\n"
    "return s * (dy - dy.mean(axes, keepdims=True) - n * (dy * n).mean(axes, keepdims=True))": "gamma is missing",
    "axes = (0, 2, 3)\ns = 1 / np.sqrt(x.var(axes, keepdims=True, ddof=1) + 1e-5)\nn = (x - x.mean(axes, keepdims=True)) * s\n"
    "return gamma[:, None, None] * s * (dy - dy.mean(axes, keepdims=True) - n * (dy * n).mean(axes, keepdims=True))": "biased one",
    "axes = (0, 2, 3)\ns = 1 / np.sqrt(x.var(axes, keepdims=True) + 1e-5)\nn = (x - x.mean(axes, keepdims=True)) * s\n"
    "return gamma * s * (dy - dy.mean(axes, keepdims=True) - n * (dy * n).mean(axes, keepdims=True))": "",
    "axes = (0, 2, 3)\ns = 1 / np.sqrt(x.var(axes, keepdims=True) + 1e-5)\nn = (x - x.mean(axes, keepdims=True)) * s\n"
    "return gamma[:, None, None] * s * (dy - dy.sum(axes, keepdims=True) - n * (dy * n).sum(axes, keepdims=True))": "sums where means",
}, [
    "n_rows = x.size // x.shape[1]\nmu = x.mean((0, 2, 3)).reshape(1, -1, 1, 1)\nc = x - mu\nv = (c**2).sum((0, 2, 3)).reshape(1, -1, 1, 1) / n_rows\n"
    "s = (v + 1e-5)**-0.5\ndn = dy * gamma.reshape(1, -1, 1, 1)\ndv = (dn * c).sum((0, 2, 3)).reshape(1, -1, 1, 1) * -0.5 * s**3\n"
    "dc = dn * s + dv * 2 * c / n_rows\nreturn dc - dc.sum((0, 2, 3)).reshape(1, -1, 1, 1) / n_rows",
    "rows, up = (a.transpose(0, 2, 3, 1).reshape(-1, x.shape[1]) for a in (x, dy))\ns = 1 / np.sqrt(rows.var(axis=0) + 1e-5)\n"
    "n = (rows - rows.mean(axis=0)) * s\ndx = gamma * s * (up - up.mean(axis=0) - n * (up * n).mean(axis=0))\n"
    "return dx.reshape(x.shape[0], x.shape[2], x.shape[3], -1).transpose(0, 3, 1, 2)",
])

_to("running", "mean, var, x, momentum", {
    "return momentum * mean + (1 - momentum) * x.mean(axis=0), momentum * var + (1 - momentum) * x.var(axis=0, ddof=1)":
        "weight of the new",
    "return mean + momentum * (x.mean(axis=0) - mean), var + momentum * (x.var(axis=0) - var)": "unbiased",
    "return momentum * mean + (1 - momentum) * x.mean(axis=0), momentum * var + (1 - momentum) * x.var(axis=0)": "how Keras does both",
    "return x.mean(axis=0), x.var(axis=0, ddof=1)": "batch's own",
    "return mean + momentum * x.mean(axis=0), var + momentum * x.var(axis=0, ddof=1)": "lose the share",
    "return mean + momentum * (x.mean(axis=0) - mean), var + momentum * (x.std(axis=0, ddof=1) - var)": "standard deviation",
    "return mean + momentum * (x.mean(axis=1) - mean), var + momentum * (x.var(axis=1, ddof=1) - var)": "",
    "return mean + momentum * (x.mean() - mean), var + momentum * (x.var(ddof=1) - var)": "one for all channels",
    "return mean + momentum * (x.mean(axis=0) - mean)": "",
    "mean += momentum * (x.mean(axis=0) - mean)\nvar += momentum * (x.var(axis=0, ddof=1) - var)\nreturn mean, var": "changed",
}, [
    "return (1 - momentum) * mean + momentum * x.mean(axis=0), (1 - momentum) * var + momentum * x.var(axis=0, ddof=1)",
    "m = len(x)\nmu = x.sum(axis=0) / m\nv = ((x - mu)**2).sum(axis=0) / (m - 1)\nreturn mean * (1 - momentum) + mu * momentum, var * (1 - momentum) + v * momentum",
    "new = x.var(axis=0) * len(x) / (len(x) - 1)\nreturn np.array([mean + momentum * (x.mean(axis=0) - mean), var + momentum * (new - var)])",
])

_to("dropout_backward", "dy, kept, p", {
    "return dy / (1 - p)": "mask is missing",
    "return dy * kept": "factor 1 / \\(1 - p\\) is missing",
    "return dy": "dy itself|unchanged",
    "return dy * kept * (1 - p)": "you multiplied",
    "return dy * kept / p": "not by p",
    "return dy * ~kept / (1 - p)": "True where the number was kept",
    "return dy[kept] / (1 - p)": "",
    "return np.where(kept, dy, dy / (1 - p))": "",
    "mask = np.random.default_rng(0).random(dy.shape) >= p\nreturn dy * mask / (1 - p)": "",
    "return kept / (1 - p)": "1 in place of dy",
    "dy *= kept / (1 - p)\nreturn dy": "changed",
}, [
    "return np.where(kept, dy / (1 - p), 0)",
    "dx = np.zeros_like(dy)\ndx[kept] = dy[kept] / (1 - p)\nreturn dx",
    "mask = kept.astype(dy.dtype) / (1.0 - p)\nreturn mask * dy",
])

_NEAR = ("def near(a, size):\n    wide = np.pad(a, [(0, 0), (1, 1)])\n    return wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]\n\n\n"
         "d = 1 + near(x * x, 3) / 3\n")
_to("neighbours_backward", "dy, x", {
    _NEAR + "return dy / d": "took it for a constant",
    _NEAR + "return dy / d - 2 / 3 * x * x * dy / d**2": "terms across channels",
    _NEAR + "return dy / d - 2 / 3 * x * x * near(dy / d**2, 3)": "own x is squared",
    _NEAR + "return dy / d - 2 / 3 * near(dy * x * x / d**2, 3)": "neighbour is squared",
    _NEAR + "return dy / d - 2 / 3 * x * dy * near(x / d**2, 3)": "dy belongs inside",
    _NEAR + "return dy / d - 2 / 3 * x * near(dy * x, 3) / d**2": "d belongs inside",
    _NEAR + "return dy / d - 2 / 3 * x * near(dy * x / d, 3)": "square is missing",
    _NEAR + "return dy / d - 1 / 3 * x * near(dy * x / d**2, 3)": "factor 2 is missing",
    _NEAR + "return dy / d - 2 * x * near(dy * x / d**2, 3)": "1/3 is missing",
    _NEAR + "return dy / d + 2 / 3 * x * near(dy * x / d**2, 3)": "minus",
    _NEAR.replace(" / 3\n", "\n") + "return dy / d - 2 * x * near(dy * x / d**2, 3)": "divided by the size",
    _NEAR + "return x / d": "forward pass",
    _NEAR + "return 1 / d - 2 / 3 * x * near(x / d**2, 3)": "1 in place of dy",
}, [
    _NEAR + "return dy / d - x * near(dy * x / d**2, 3) * 2 / 3",
    "near = (np.abs(np.subtract.outer(np.arange(x.shape[1]), np.arange(x.shape[1]))) <= 1).astype(float)\nd = 1 + x**2 @ near / 3\n"
    "return dy / d - 2 / 3 * x * (dy * x / d**2 @ near)",
    "dx, channels = np.zeros_like(x), x.shape[1]\nfor j in range(channels):\n    for c in range(max(0, j - 1), min(channels, j + 2)):\n"
    "        d = 1 + (x[:, max(0, c - 1):c + 2]**2).sum(axis=1) / 3\n        dx[:, j] -= dy[:, c] * x[:, c] * 2 * x[:, j] / 3 / d**2\n"
    "        if c == j:\n            dx[:, j] += dy[:, c] / d\nreturn dx",
])

_to("which_route", "", {
    "return 'A'": "does not sum to 0",
    "return 'C'": "both sums",
    "return 'D'": "",
    "return B": "",
    "return 2": "",
    "print('B')": "print",
}, [
    'return "B"',
    "return 'b'",
])

_to("writes", "backward, dy", {
    "handed = dy\nbackward(handed)\nreturn not np.array_equal(handed, dy)": "Did you copy",
    "backward(dy)\nbefore = dy.copy()\nreturn not np.array_equal(before, dy)": "Did you copy",
    "return False": "False always",
    "return True": "True always",
    "handed = dy.copy()\nbackward(handed)\nreturn np.array_equal(handed, dy)": "other way round|every True",
    "return not np.array_equal(backward(dy.copy()), dy)": "what it returns",
    "before = dy.copy()\nreturn not np.array_equal(backward(dy), before)": "what it returns",
    "return not np.array_equal(backward(dy), dy)": "after the call",
    "return backward(dy) is dy": "no harm",
    "return np.shares_memory(backward(dy), dy)": "no harm",
    "before = dy.sum()\nbackward(dy)\nreturn not np.isclose(dy.sum(), before)": "sum",
    "before = dy.copy()\nbackward(dy)\nreturn (before != dy).all()": "all have",
    "before = dy.copy()\nbackward(dy)\nreturn before[0, 0] != dy[0, 0]": "One number is too few",
    "before = dy.copy()\nbackward(dy)\nreturn before != dy": "",
    "before = dy.copy()\nbackward()\nreturn (before != dy).any()": "",
    "before = dy.copy()\nbackward(dy)\nreturn before": "",
    "before = dy.copy()\nbackward(dy)\nprint((before != dy).any())": "print",
}, [
    "before = dy.copy()\nbackward(dy)\nreturn (before != dy).any()",
    "handed = dy.copy()\nbackward(handed)\nreturn not np.allclose(handed, dy)",
    "before = dy.copy()\nbackward(dy)\nreturn bool(np.abs(dy - before).max() > 0)",
    "before = dy.tolist()\nbackward(dy)\nreturn before != dy.tolist()",
    "handed = np.array(dy)\nbackward(handed)\nfor one, other in zip(handed.flat, dy.flat):\n    if one != other:\n        return True\nreturn False",
    "dy.setflags(write=False)\ntry:\n    backward(dy)\nexcept ValueError:\n    return True\nreturn False",
])

_PAD = "dx = np.zeros(shape)\n"
_to("pad_backward", "dy, shape", {
    _PAD + "dx[:, :, ::2, ::2] = dy[:, -shape[1]:]\nreturn dx": "not the last",
    _PAD + "dx[:, :, :dy.shape[2], :dy.shape[3]] = dy[:, :shape[1]]\nreturn dx": "one corner",
    _PAD + "dx[:, :, ::2, :dy.shape[3]] = dy[:, :shape[1]]\nreturn dx": "Columns have a stride",
    "return dy[:, :shape[1]].repeat(2, axis=2).repeat(2, axis=3)[:, :, :shape[2], :shape[3]]": "all of them",
    "return dy[:, :shape[1]].repeat(2, axis=2).repeat(2, axis=3)[:, :, :shape[2], :shape[3]] / 4": "mean over 2",
    _PAD + "dx[:, :, ::2, ::2] = dy[:, :shape[1]] / 4\nreturn dx": "undivided|1/4",
    _PAD + "dx[:, :, ::2, ::2] = dy.sum(axis=1, keepdims=True)\nreturn dx": "nothing comes back",
    _PAD + "return dx": "zeros everywhere",
    "return dy[:, :shape[1], ::2, ::2]": "shape",
    "return dy[:, :shape[1]]": "shape",
    _PAD + "dx[:, :, ::2, ::2] = dy\nreturn dx": "",
    _PAD + "dx[:, :, 1::2, 1::2] = dy[:, :shape[1]]\nreturn dx": "",
    "dx = np.ones(shape)\ndx[:, :, ::2, ::2] = dy[:, :shape[1]]\nreturn dx": "",
    _PAD + "dx[:, :, ::2, ::2] = dy[:, :shape[1]]": "does not hand over|return",
}, [
    _PAD + "dx[:, :, ::2, ::2] += dy[:, :shape[1], :, :]\nreturn dx",
    "n, c, h, w = shape\ndx = np.zeros((n, c, h, w))\nfor i in range(dy.shape[2]):\n    for j in range(dy.shape[3]):\n"
    "        dx[:, :, 2 * i, 2 * j] = dy[:, :c, i, j]\nreturn dx",
    "n, c, h, w = shape\nrows, columns = (np.arange(size)[:, None] == 2 * np.arange((size + 1) // 2) for size in (h, w))\n"
    "return np.einsum('hi,wj,ncij->nchw', rows.astype(float), columns.astype(float), dy[:, :c])",
])

_to("gate_backward", "dy, body, x, g", {
    "return (1 - g) * dy, g * dy, (body - x) * dy": "exchanged",
    "return dy, dy, (body - x) * dy": "each is multiplied",
    "return g * dy, (1 - g) * dy, (x - body) * dy": "sign",
    "return g * dy, (1 - g) * dy, (body + x) * dy": "not their sum",
    "return g * dy, (1 - g) * dy, body * dy": "two places",
    "return g * dy, (1 - g) * dy, -x * dy": "second alone",
    "return g, 1 - g, body - x": "dy is missing",
    "return g * dy, (1 - g) * dy, (body - x) * dy * g * (1 - g)": "before the sigmoid",
    "return g * body * dy, (1 - g) * x * dy, (body - x) * dy": "other factor",
    "return g * dy, (1 - g) * dy": "3 things",
    "return g * dy, -g * dy, (body - x) * dy": "",
    "return (1 - g) * dy, g * dy, (x - body) * dy": "exchanged",
    "return (g * dy).sum(), ((1 - g) * dy).sum(), ((body - x) * dy).sum()": "not summed|shape",
    "return g * dy + (1 - g) * dy, (1 - g) * dy, (body - x) * dy": "",
    "dy *= g\nreturn dy, dy, dy": "changed",
}, [
    "return dy * g, dy - dy * g, dy * body - dy * x",
    "dbody = dy * g\ndx = dy * (1 - g)\ndg = dy * body\ndg = dg - dy * x\nreturn dbody, dx, dg",
])

_to("paths_left", "", {
    "return 17 / 20": "share of blocks that are left",
    "return 3 / 20": "blocks that are cut",
    "return 2**17": "number of paths",
    "return 7 / 8": "lost",
    "return 1 - 0.5**3": "lost",
    "return 0.5": "one cut",
    "return 1 / 4": "two cuts",
    "return 1 / 6": "do not add up",
    "return 2**-17": "one over",
    "return 20 * 19 * 18 / 6": "counts choices",
    "return 0": "stays",
    "return 0,125": "decimal",
    "return 0.126": "",
    "return 12.5": "per cent",
}, [
    "return 1 / 8",
    "return 0.5**3",
    "return 2**17 / 2**20",
])

_to("where", "", {
    "return 'A'": "no sum",
    "return 'B'": "before the two paths part",
    "return 'C'": "which array",
    "return 'E'": "none of the choices",
    "return D": "",
    "return 4": "",
    "print('D')": "print",
}, [
    'return "D"',
    "return 'd'",
])

_to("block_parameters", "channels, filters, stride", {
    "return 9 * filters * (channels + filters) + 4 * filters": "projection is missing",
    "return 9 * filters * (channels + filters) + 6 * filters + filters * channels": "identity",
    "count = 9 * filters * (channels + filters) + 4 * filters\nif channels != filters:\n    count += filters * channels + 2 * filters\nreturn count":
        "stride alone",
    "count = 9 * filters * (channels + filters) + 4 * filters\nif stride > 1:\n    count += filters * channels + 2 * filters\nreturn count":
        "filters alone",
    "count = 9 * filters * (channels + filters) + 4 * filters\nif stride > 1 or channels != filters:\n    count += filters * channels\nreturn count":
        "batch norm of its own",
    "count = 9 * filters * (channels + filters)\nif stride > 1 or channels != filters:\n    count += filters * channels\nreturn count":
        "norms are missing",
    "count = 9 * filters * (channels + filters) + 2 * filters\nif stride > 1 or channels != filters:\n    count += filters * channels + filters\n"
    "return count": "two numbers",
    "count = 9 * filters * (channels + filters) + 8 * filters\nif stride > 1 or channels != filters:\n    count += filters * channels + 4 * filters\n"
    "return count": "Running mean",
    "count = 18 * filters * channels + 4 * filters\nif stride > 1 or channels != filters:\n    count += filters * channels + 2 * filters\n"
    "return count": "those that the first one gave",
    "count = 9 * filters * channels + 4 * filters\nif stride > 1 or channels != filters:\n    count += filters * channels + 2 * filters\nreturn count":
        "has two",
    "count = 9 * filters * (channels + filters) + 6 * filters\nif stride > 1 or channels != filters:\n    count += filters * channels + 3 * filters\n"
    "return count": "no biases",
    "count = 9 * filters * (channels + filters) + 4 * filters\nif stride > 1 or channels != filters:\n    count += 9 * filters * channels + 2 * filters\n"
    "return count": "1 × 1",
    "return stride": "",
}, [
    "norms, convs = 2, 9 * channels * filters + 9 * filters * filters\nif stride != 1 or channels != filters:\n    norms, convs = 3, convs + channels * filters\n"
    "return convs + norms * 2 * filters",
    "from helpers.models.resnet import BasicBlock\nreturn sum(p.value.size for p in BasicBlock(channels, filters, stride, np.random.default_rng(0)).parameters())",
])

_to("living_taps", "", {
    "return 25": "all taps",
    "return 16": "25 less",
    "return 1": "1 × 1",
    "return 4": "pixels",
    "return 3": "two",
    "return 5": "corners",
    "return 12": "",
    "return -9": "sign|negative",
    "return '9'": "text",
    "print(9)": "print",
}, ["return 9", "return 3 * 3", "return 9.0"])

_to("winograd_dw", "dy, x, A, B, G", {
    "return (A.T @ dy) * (B @ x)": "G is missing",
    "return G.T @ ((A.T @ dy) * x)": "not x",
    "return G.T @ (A.T @ dy)": "B x is missing",
    "return G.T @ (B @ x)": "dy is missing",
    "return G.T @ ((A.T @ dy) * (B.T @ x))": "not transposed",
    "return B.T @ ((A.T @ dy) * (B @ x))": "goes back through G",
    "return np.correlate(x, dy, 'valid')[::-1]": "reverse",
    "return np.convolve(x, dy, 'valid')": "exchanged",
    "return dy[0] * x[:3]": "first output",
    "return dy[1] * x[1:]": "second output",
    "return 2 * G.T @ ((A.T @ dy) * (B @ x))": "halves",
    "return np.correlate(x, dy, 'valid') / 2": "mean",
    "return -np.correlate(x, dy, 'valid')": "sign",
}, [
    "return G.T @ ((A.T @ dy) * (B @ x))",
    "return np.correlate(x, dy, 'valid')",
    "return dy[0] * x[:3] + dy[1] * x[1:]",
])

_to("what_is_wrong", "", {
    "return 'A'": "any order",
    "return 'C'": "in whatever order",
    "return 'D'": "shuffled set",
    "return 'E'": "",
    "return B": "",
    "print('B')": "print",
}, [
    'return "B"',
    "return 'b'",
])

_LOOP = "for body in bodies[::-1]:\n    "
_to("stream_backward", "dy, bodies", {
    "for body in bodies:\n    dy = dy + body(dy)\nreturn dy": "begins at the last",
    _LOOP + "dy = body(dy)\nreturn dy": "plain network",
    "return dy + sum(body(dy) for body in bodies)": "dy of the top",
    "top = dy\n" + _LOOP + "dy = dy + body(dy)\nreturn dy - top": "missing at the end",
    "return dy": "shortcut alone",
    "return dy + bodies[-1](dy)": "Only the last",
    "for body in bodies[:0:-1]:\n    dy = dy + body(dy)\nreturn dy": "first block is missing",
    _LOOP + "dy = 2 * dy + body(dy)\nreturn dy": "doubles",
    _LOOP + "dy = dy - body(dy)\nreturn dy": "not subtracted",
    "found = dy\n" + _LOOP + "found = dy + body(found)\nreturn found": "come so far",
    _LOOP + "dy = (dy + body(dy)) / 2\nreturn dy": "mean",
    _LOOP + "dy += body(dy)\nreturn dy": "changed dy",
    _LOOP + "dy = dy + body(dy)\n    return dy": "Only the last|first round",
    _LOOP + "dy = dy + body(dy)": "does not hand over|return",
    _LOOP + "dy = dy * body(dy)\nreturn dy": "",
    "return [body(dy) for body in bodies]": "",
}, [
    _LOOP + "dy = body(dy) + dy\nreturn dy",
    "for place in range(len(bodies) - 1, -1, -1):\n    dy = dy + bodies[place](dy)\nreturn dy",
    "if not bodies:\n    return dy\nreturn stream_backward(dy + bodies[-1](dy), bodies[:-1])",
    "dx = dy.copy()\nfor body in reversed(bodies):\n    dx += body(dx)\nreturn dx",
])

_WIDE = "inside, found = 16, []\nfor stage in range(stages):\n    "
_to("widths", "stages", {
    _WIDE + "outside = inside * 4 if stage == 0 else inside * 2\n    found.append((inside, outside))\n    inside = outside\nreturn found":
        "as it stands",
    _WIDE + "outside = inside * 4\n    found.append((inside, outside))\n    inside = outside\nreturn found": "outside is right",
    _WIDE + "outside = inside * 4 if stage == 0 else inside * 2\n    found.append((inside, outside))\n    inside = inside * 2\nreturn found":
        "inside is right",
    _WIDE + "found.append((inside, inside * 4))\nreturn found": "All stages are alike",
    _WIDE + "found.append((inside, inside * 4))\n    inside *= 4\nreturn found": "outside is right",
    _WIDE + "found.append((inside * 4, inside))\n    inside *= 2\nreturn found": "other way round",
    _WIDE + "found.append((inside, inside * 2))\n    inside *= 2\nreturn found": "two times inside",
    "return [(4 * 2**stage, 16 * 2**stage) for stage in range(stages)]": "quarter",
    "return [(32 * 2**stage, 128 * 2**stage) for stage in range(stages)]": "begins with stage 2",
    "return [16 * 2**stage for stage in range(stages)]": "inside alone",
    "return [64 * 2**stage for stage in range(stages)]": "outside alone",
    "return [(16, 64), (32, 128), (64, 256)]": "shape|sets of arguments",
    _WIDE + "found.append((inside, inside * 4))\n    inside *= 2\n    return found": "first round|indented",
    _WIDE + "found.append((inside, inside * 4))\n    inside *= 2\nprint(found)": "print",
}, [
    _WIDE + "outside = inside * 4\n    found.append((inside, outside))\n    inside = inside * 2\nreturn found",
    "return [(16 * 2**stage, 64 * 2**stage) for stage in range(stages)]",
    "return np.outer(2**np.arange(stages), (16, 64))",
    _WIDE + "outside = inside * 4\n    found.append([inside, outside])\n    inside = outside // 2\nreturn np.array(found)",
])

_NARROW = "width = channels // reduction\nreturn "
_to("bottleneck_weights", "channels, reduction", {
    _NARROW + "channels * width + 9 * width * width": "narrows, one widens",
    _NARROW + "2 * channels * width + width * width": "9 weights",
    _NARROW + "2 * channels * width + 9 * width * channels": "stands between",
    _NARROW + "9 * width**2": "alone",
    _NARROW + "2 * channels * width": "alone",
    "return 18 * channels**2": "basic block",
    _NARROW + "2 * channels * width + 9 * width**2 + 2 * width + channels": "biases",
    "return 11 * channels**2": "narrows nothing",
    _NARROW + "9 * (2 * channels * width + width**2)": "three of yours",
    "width = channels * reduction\nreturn 2 * channels * width + 9 * width**2": "divisor",
    _NARROW + "2 * channels * width + 3 * width**2": "not 3",
    _NARROW + "channels * width, 9 * width**2, width * channels": "their sum|one number or one array",
    "print(channels)": "print",
    "width = channels // reduction\n2 * channels * width + 9 * width**2": "does not hand over|return",
    _NARROW + "channels + 9 * width": "",
}, [
    _NARROW + "2 * channels * width + 9 * width**2",
    "return 2 * channels**2 / reduction + 9 * (channels / reduction)**2",
    "w = channels // reduction\nshapes = (w, channels, 1, 1), (w, w, 3, 3), (channels, w, 1, 1)\nreturn sum(np.prod(shape) for shape in shapes)",
])

_to("loss_term", "", {
    "return 1e-4": "twice the paper's",
    "return 0.0001": "twice the paper's",
    "return 2e-4": "other direction",
    "return 1e-4 / 2 * 0.1": "do not do it",
    "return 1e-4 / 2 / 0.1": "no need to divide",
    "return 1e-4 / 4": "Halved twice",
    "return 1e-4**2": "square is",
    "return 1e-4**0.5": "root",
    "return -5e-5": "positive",
    "return 0": "no decay",
    "return 1 / 2": "the 2 of the derivative",
    "return 5e5": "",
    "return 5.1e-5": "a little too large",
    "print(5e-5)": "print",
    "return '5e-5'": "",
}, [
    "return 5e-5",
    "return 1e-4 / 2",
    "return 0.00005",
])

_to("clean", "", {
    "return 'A'": "divides all",
    "return 'C'": "ReLU before",
    "return 'D'": "normalised before",
    "return 'E'": "none of the choices",
    "return B": "",
    "return 2": "",
    "print('B')": "print",
}, [
    'return "B"',
    "return 'b'",
])

_to("divide_backward", "dy, a, b", {
    "return dy / b, dy * a / b**2": "sign is missing",
    "return dy / b, -dy * a / b": "b is squared",
    "return dy / b, -dy / b**2": "db needs a",
    "return -dy * a / b**2, dy / b": "exchanged",
    "return 1 / b, -a / b**2": "upstream gradient is missing",
    "return dy / b, -a / b**2": "upstream gradient is missing",
    "return dy * b, -dy * a / b**2": "divided by b",
    "return dy / b": "",
    "print(dy / b)": "print instead of return",
    "dy /= b\nreturn dy, -dy * a / b": "changed dy",
}, [
    "da = dy / b\nreturn da, -da * a / b",
    "y = a / b\nreturn dy / b, -dy * y / b",
    "return dy * b**-1, dy * -a * b**-2",
])

_to("added_in_place", "", {
    "return 1": "what it should be",
    "return 3": "once",
    "return 0": "gets a report",
    "return 4": "",
    "print(2)": "print",
}, [
    "return 2",
    "return 1 + 1.0",
])

_to("missing_line", "", {
    "return 'A'": "right order",
    "return 'C'": "nothing is remembered",
    "return 'D'": "for measuring",
    "return B": "",
}, [
    'return "B"',
    "return 'b'",
])

_to("times_used", "parents, name", {
    "return sum([name in some for some in parents.values()])": "use it twice",
    "return len(parents[name])": "how many parents",
    "return 1 + sum([some.count(name) for some in parents.values()])": "one more",
    "print(sum([some.count(name) for some in parents.values()]))": "print instead of return",
    "return len(parents)": "",
}, [
    "count = 0\nfor some in parents.values():\n    for parent in some:\n        count += parent == name\nreturn count",
    "return [one for some in parents.values() for one in some].count(name)",
])
