"""Answers to the exercises as learners write them: wrong ones, each with a word of the hint that it must get, and right ones.

The bodies stand below the exercise's own first line. A word is a regular expression, and several of them are several words
that will do; "" stands for a mistake that nothing recognises yet: it must be refused, and that is all.
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
    "return 100 * (image > 0).mean()": "100 times",
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
    "z = logits - logits.max(axis=1, keepdims=True)\nreturn np.log(np.exp(z).sum(axis=1, keepdims=True)) - z": "wrong sign",
    "return logits - logits.max(axis=1, keepdims=True)": "same number, another one for each row",
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
    "return w - (dw + decay * w)": "what you add to w is 10 times",
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
    "return dy @ (y * (1 - y)).T": "shape \\(3, 4\\), but yours has shape \\(3, 3\\)",
    "return 2 * dy * y * (1 - y)": "2 times",
    "return dy * y * (1 - y) / len(dy)": "1/3 of",
    "return (dy * y * (1 - y)).sum(axis=0)": "sum of the wanted result over axis 0",
    "return (dy * y * (1 - y)).mean()": "mean of the wanted result over axes 0 and 1",
    "dx = dy * y * (1 - y)\nprint(dx)": "print instead of return",
    "return np.abs(dy * y * (1 - y))": "absolute values",
    "return dy + y * (1 - y)": "",
    "return dy * np.exp(-y) / (1 + np.exp(-y))**2": "already is the sigmoid|",
    "dx = np.zeros(dy.shape, int)\ndx += dy * y * (1 - y)\nreturn dx": "numbers with a fraction",
    "dx = np.zeros_like(dy)\nfor i in range(len(dy)):\n    for j in range(dy.shape[1] - 1):\n        dx[i, j] = dy[i, j] * y[i, j] * (1 - y[i, j])\nreturn dx": "last place along axis 1",
    "dx = np.zeros_like(dy)\nfor i in range(len(dy)):\n    for j in range(dy.shape[1]):\n        dx[i, j] = dy[i, j] * y[i, j] * (1 - y[i, j])\n    return dx": "first round",
    "dx = np.zeros_like(dy)\nfor i in range(dy.shape[1]):\n    for j in range(dy.shape[0]):\n        dx[i, j] = dy[i, j] * y[i, j] * (1 - y[i, j])\nreturn dx": "counted from 0",
    "return dy": "your result is dy",
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
    "return dy + dy * (x < 0)": "",
    "dy += dy * (x > 0)\nreturn dy": "changed dy",
    "dx = dy\ndx[x > 0] *= 2\nreturn dx": "changed dy",
    "if x > 0:\n    return 2 * dy\nreturn dy": "one True or False",
    "return dy * (x > 0), dy": "their sum",
    "return dy * x + dy": "",
}, [
    "return dy * (1 + (x > 0))",
    "return np.where(x > 0, 2 * dy, dy)",
    "dx = dy.copy()\ndx[x > 0] *= 2\nreturn dx",
    "return dy * (np.sign(np.maximum(x, 0)) + 1)",
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
    "for k, s, p in layers:\n    size = (size - 2 * p - k) // s + 1\nreturn size": "",
    "k, s, p = layers\nreturn (size + 2 * p - k) // s + 1": "stopped with",
    "for layer in layers:\n    size = (size + 2 * layer[2] - layer[0]) // layer[1] + 1\nprint(size)": "print instead of return",
    "sizes = []\nfor k, s, p in layers:\n    size = (size + 2 * p - k) // s + 1\n    sizes.append(size)\nreturn sizes": "",
}, [
    "for kernel, stride, padding in layers:\n    size = int(np.floor((size + 2 * padding - kernel) / stride)) + 1\nreturn size",
    "for k, s, p in layers:\n    size = np.floor((size + 2 * p - k) / s + 1)\nreturn size",
    "for k, s, p in layers:\n    size = len(range(0, size + 2 * p - k + 1, s))\nreturn size",
    "if not layers:\n    return size\nk, s, p = layers[0]\nreturn map_size((size + 2 * p - k) // s + 1, layers[1:])",
])

_to("same_padding", "kernel", {
    "return kernel // 2, kernel // 2": "even filter",
    "return (kernel - 1) // 2, (kernel - 1) // 2": "even filter",
    "return kernel - 1, kernel - 1": "grows",
    "return kernel // 2, (kernel - 1) // 2": "far one|exchanged|after",
    "return 0, kernel - 1": "one side",
    "return (kernel - 1) / 2": "shape \\(2,\\)",
    "return (kernel - 1) / 2, (kernel - 1) / 2": "whole numbers",
    "if kernel % 2:\n    return kernel // 2, kernel // 2": "every branch",
    "if kernel % 2:\n    return kernel // 2, kernel // 2\nelse:\n    print('even')": "print instead of return",
    "return kernel - 1": "shape \\(2,\\)",
    "return (kernel + 1) // 2, (kernel + 1) // 2": "",
}, [
    "before = (kernel - 1) // 2\nreturn [before, kernel - 1 - before]",
    "return np.array([(kernel - 1) // 2, kernel // 2])",
    "if kernel % 2 == 0:\n    return kernel // 2 - 1, kernel // 2\nelse:\n    return kernel // 2, kernel // 2",
    "return np.floor((kernel - 1) / 2), np.ceil((kernel - 1) / 2)",
])

_to("conv1d", "x, w, stride", {
    "return np.convolve(x, w, 'valid')[::stride]": "flipped",
    "n = (len(x) - len(w)) // stride + 1\nreturn np.array([(x[i:i + len(w)] * w).sum() for i in range(n)])": "stride",
    "return np.array([(x[i:i + len(w)] * w).sum() for i in range(0, len(x) - len(w), stride)])": "last window",
    "return np.array([x[i:i + len(w)] @ w for i in range(len(x) - len(w) + 1)])": "stride",
    "return np.array([(x[i:i + len(w)] * w).mean() for i in range(0, len(x) - len(w) + 1, stride)])": "mean",
    "return np.array([x[i:i + len(w)] * w for i in range(0, len(x) - len(w) + 1, stride)])": "sum over axis 1 is missing",
    "return np.array([x[i:i + len(w)].sum() for i in range(0, len(x) - len(w) + 1, stride)])": "",
    "for i in range(0, len(x) - len(w) + 1, stride):\n    return (x[i:i + len(w)] * w).sum()": "first round",
    "y = np.zeros((len(x) - len(w)) // stride + 1)\nfor p in range(len(y)):\n    for k in range(len(w)):\n        y[p] = x[p * stride + k] * w[k]\nreturn y": "",
    "y = np.zeros((len(x) - len(w)) // stride + 1)\nfor p in range(0, len(x), stride):\n    y[p] = x[p:p + len(w)] @ w\nreturn y": "matrix product|counted from 0",
    "y = np.zeros((len(x) - len(w)) / stride + 1)\nreturn y": "whole number",
    "return np.array([x[i:i + len(w)] @ w for i in range(0, len(x), stride)])": "matrix product",
    "total = 0\ny = []\nfor i in range(0, len(x) - len(w) + 1, stride):\n    total += x[i:i + len(w)] @ w\n    y.append(total)\nreturn np.array(y)": "back to 0",
    "print([x[i:i + len(w)] @ w for i in range(0, len(x) - len(w) + 1, stride)])": "print instead of return",
    "return np.array([[x[i:i + len(w)] @ w] for i in range(0, len(x) - len(w) + 1, stride)])": "axis of length 1 too many",
    "return np.correlate(x, w, 'same')[::stride]": "shape",
    "return np.array([x[i:i + len(w)] @ w for i in range(len(x) - len(w), -1, -stride)])": "",
}, [
    "return np.correlate(x, w, 'valid')[::stride]",
    "return np.convolve(x, w[::-1], 'valid')[::stride]",
    "return np.lib.stride_tricks.sliding_window_view(x, len(w))[::stride] @ w",
    "return [x[i:i + len(w)] @ w for i in range(0, len(x) - len(w) + 1, stride)]",
    "y = []\np = 0\nwhile p + len(w) <= len(x):\n    y.append(float(np.dot(x[p:p + len(w)], w)))\n    p += stride\nreturn tuple(y)",
    "y = np.zeros((len(x) - len(w)) // stride + 1, np.float32)\nfor p in range(len(y)):\n    for k in range(len(w)):\n        y[p] += x[p * stride + k] * w[k]\nreturn y",
])

_to("conv_parameters", "filters, channels, kernel", {
    "return filters * channels * kernel**2": "bias",
    "return filters * kernel**2 + filters": "channels",
    "return filters * channels * kernel**2 + 1": "bias",
    "return filters * channels * (kernel**2 + 1)": "bias",
    "return filters * channels * kernel + filters": "one side",
    "return channels * kernel**2 + 1": "one filter|several",
    "return filters * (channels + kernel * kernel + 1)": "",
    "return filters * channels * kernel**2 + channels": "",
    "return filters + channels + kernel": "",
    "return 2 * filters * (channels * kernel**2 + 1)": "2 times",
    "return filters, channels * kernel**2 + 1": "tuple of 2",
}, [
    "return (channels * kernel * kernel + 1) * filters",
    "return float(filters * channels * kernel**2 + filters)",
    "return np.zeros((filters, channels, kernel, kernel)).size + np.zeros(filters).size",
])

_to("bias_backward", "dy", {
    "return dy.sum(axis=(1, 2, 3))": "shape|another axis",
    "return dy.sum(axis=0)": "sum over axes 1 and 2",
    "return dy.sum()": "sum of the wanted result over axis 0",
    "return dy.mean(axis=(0, 2, 3))": "mean",
    "return dy.sum(axis=(2, 3)).mean(axis=0)": "batch",
    "return dy.sum(axis=(0, 2, 3)) / dy.shape[0]": "batch",
    "return dy.sum(axis=(2, 3))": "sum over axis 0 is missing",
    "return dy.sum(axis=(0, 2, 3), keepdims=True)": "axis of length 1 too many",
    "return dy[0].sum(axis=(1, 2))": "one image",
    "return dy.sum(axis=(0, 1, 2))": "another axis",
    "return dy.sum(axis=(0, 2, 4))": "fewer axes",
    "return np.sum(dy, (0, 2, 3))[::-1]": "reversed",
    "return dy.max(axis=(0, 2, 3))": "",
    "db = []\nfor f in range(dy.shape[1]):\n    db.append(dy[:, f])\nreturn db": "sum over axes 1 and 2 and 3 is missing",
    "db = np.zeros(dy.shape[1])\nfor f in range(dy.shape[1]):\n    db += dy[:, f].sum()\nreturn db": "sum of all",
    "db = 0\nfor f in range(dy.shape[1]):\n    db += dy[:, f].sum()\nreturn db": "sum of the wanted result",
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
    "dw = np.zeros((taps, taps))\nfor i in range(taps):\n    for j in range(taps):\n        r = x[i::stride, j::stride][:dy.shape[0], :dy.shape[1]]\n        dw[i, j] = (dy * r).sum()\nreturn dw[::-1, ::-1]": "turned round",
    "dw = np.zeros((taps, taps))\nfor i in range(taps):\n    for j in range(taps):\n        dw[i, j] = dy * x[i::stride, j::stride][:dy.shape[0], :dy.shape[1]]\nreturn dw": "One place holds one number",
    "dw = np.zeros(taps, taps)\nreturn dw": "stopped with TypeError",
    "dw = np.zeros((taps, taps))\nfor i in range(taps - 1):\n    for j in range(taps - 1):\n        r = x[i::stride, j::stride][:dy.shape[0], :dy.shape[1]]\n        dw[i, j] = (dy * r).sum()\nreturn dw": "are 0 that should not be",
}, [
    "dw = np.zeros((taps, taps))\nfor p in range(dy.shape[0]):\n    for q in range(dy.shape[1]):\n        dw += dy[p, q] * x[p * stride:p * stride + taps, q * stride:q * stride + taps]\nreturn dw",
    "v = np.lib.stride_tricks.sliding_window_view(x, (taps, taps))[::stride, ::stride][:dy.shape[0], :dy.shape[1]]\nreturn np.einsum('pq,pqij->ij', dy, v)",
    "return [[(dy * x[i::stride, j::stride][:dy.shape[0], :dy.shape[1]]).sum() for j in range(taps)] for i in range(taps)]",
    "v = np.lib.stride_tricks.sliding_window_view(x, (taps, taps))[::stride, ::stride][:dy.shape[0], :dy.shape[1]]\nreturn np.tensordot(dy, v, 2).astype(np.float32)",
])

_to("avg_pool_backward", "dy, size", {
    "return np.repeat(np.repeat(dy, size, axis=0), size, axis=1)": "share",
    "return np.repeat(np.repeat(dy, size, axis=0), size, axis=1) / size": "size",
    "return np.tile(dy, (size, size)) / size**2": "repeat|another order",
    "return np.repeat(dy, size, axis=0) / size**2": "shape",
    "return np.repeat(dy, size * size) / size**2": "",
    "return np.repeat(np.repeat(dy, size), size).reshape(dy.shape[0] * size, dy.shape[1] * size) / size**2": "another order",
    "return np.repeat(np.repeat(dy, size, 1), size, 0).T / size**2": "transposed",
    "return np.repeat(np.repeat(dy, size, 1), size, 0) * size**2": "times",
    "dx = np.zeros((dy.shape[0] * size, dy.shape[1] * size))\ndx[::size, ::size] = dy / size**2\nreturn dx": "are 0 that should not be",
    "dx = np.zeros((dy.shape[0] * size, dy.shape[1] * size))\ndx[::size, ::size] = dy\nreturn dx": "right total",
}, [
    "return np.kron(dy, np.ones((size, size))) / size**2",
    "return (dy / size / size).repeat(size, 1).repeat(size, 0)",
    "dx = np.zeros((dy.shape[0] * size, dy.shape[1] * size))\nfor i in range(dx.shape[0]):\n    for j in range(dx.shape[1]):\n        dx[i, j] = dy[i // size, j // size] / size**2\nreturn dx",
    "return (np.ones((1, size, 1, size), np.float32) * dy[:, None, :, None].astype(np.float32) / size**2).reshape(len(dy) * size, -1)",
])

_to("receptive_field", "layers", {
    "return sum(k for k, s in layers)": "K - 1|filters up",
    "seen = 1\nfor k, s in layers:\n    seen += k - 1\nreturn seen": "stride",
    "seen, apart = 1, 1\nfor k, s in layers:\n    apart *= s\n    seen += (k - 1) * apart\nreturn seen": "own stride",
    "seen = 1\nfor k, s in layers:\n    seen = (seen - 1) * s + k\nreturn seen": "last layer",
    "seen = 1\nfor k, s in layers:\n    seen = seen * s + k - 1\nreturn seen": "",
    "seen, apart = 0, 1\nfor k, s in layers:\n    seen += (k - 1) * apart\n    apart *= s\nreturn seen": "1 too small",
    "seen, apart = 1, 1\nfor k, s in layers:\n    seen += k * apart\n    apart *= s\nreturn seen": "K - 1|",
    "seen, apart = 1, 1\nfor k, s in layers:\n    seen += (k - 1) * apart\n    apart += s\nreturn seen": "",
    "seen, apart = 1, 1\nfor k, s in layers:\n    seen += (k - 1) * apart\n    apart *= s\n    return seen": "",
    "seen = 1\nfor k, s in layers:\n    seen *= k\nreturn seen": "",
    "seen, apart = 1, 1\nfor k, s in layers:\n    seen += (k - 1) * apart\n    apart *= s\nprint(seen)": "print instead of return",
}, [
    "seen = 1\nfor k, s in reversed(layers):\n    seen = (seen - 1) * s + k\nreturn seen",
    "strides = np.cumprod([1] + [s for _, s in layers])\nreturn 1 + sum((k - 1) * a for (k, _), a in zip(layers, strides))",
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
    _P + "return p": "",
    "t = np.zeros(len(z))\nt[k] = 1\nreturn t": "gradient of the score",
    _P + "t = np.zeros(len(z))\nt[k] = 1\nreturn p[k] * (t - p)[:, None]": "axis of length 1 too many",
}, [
    _P + "g = -p[k] * p\ng[k] += p[k]\nreturn g",
    _P + "j = np.diag(p) - np.outer(p, p)\nreturn j[k]",
    _P + "return np.array([p[k] * ((i == k) - p[i]) for i in range(len(z))])",
    _P + "return [float(p[k] * (1 - p[k])) if i == k else float(-p[k] * p[i]) for i in range(len(z))]",
    "z = z.astype(np.float32)\n" + _P + "return p[k] * (np.eye(len(z), dtype=np.float32)[k] - p)",
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
    "return 1 + slopes": "",
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
    "return dy + dy * (x @ w.T > 0)": "",
    "mask = x @ w.T > 0\nreturn dy * mask + (dy * mask) @ w": "mask",
    "return (dy + dy * (x @ w.T > 0)) @ w": "",
    "return dy + (dy * (x @ w > 0)) @ w.T": "w.T|mask",
    "y = x + np.maximum(0, x @ w.T)\nreturn dy + (dy * (y > 0)) @ w": "own input|sum",
    "return dy + w @ (dy * (x @ w.T > 0))": "matrix product",
    "return 1 + (dy * (x @ w.T > 0)) @ w": "",
    "return dy - (dy * (x @ w.T > 0)) @ w": "wrong sign",
    "dy += (dy * (x @ w.T > 0)) @ w\nreturn dy": "changed dy",
    "return dy * ((x @ w.T > 0) @ w)": "",
}, [
    "h = x @ w.T\nda = dy.copy()\nda[h <= 0] = 0\nreturn da @ w + dy",
    "h = x @ w.T\nreturn dy + np.einsum('nk,kd->nd', np.where(h > 0, dy, 0), w)",
    "dx = np.zeros_like(x)\nfor n in range(len(x)):\n    mask = (w @ x[n] > 0) * 1.0\n    dx[n] = dy[n] + w.T @ (mask * dy[n])\nreturn dx",
    "f = np.float32\nreturn dy.astype(f) + (dy.astype(f) * (x @ w.T > 0)) @ w.astype(f)",
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
    "return scale + np.tensordot(dz, w, axes=1)": "",
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
    _M + "return w - 0.001 * (m / (1 - 0.9 * t)) / (np.sqrt(v / (1 - 0.999 * t)) + 1e-8)": "nan|",
    _M + "t = t - 1\nreturn w - 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "t - 1 in place of t",
    _M + "t = t + 1\nreturn w - 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "one too large",
    _M + "return w - 0.001 * (m / (1 - 0.9**t)) / np.sqrt(v / (1 - 0.999**t) + 1e-8)": "root",
    _M + "return w + 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "uphill|opposite",
    "m = 0.999 * m + 0.001 * g\nv = 0.9 * v + 0.1 * g**2\nreturn w - 0.001 * (m / (1 - 0.999**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-8)": "betas",
    _M + "return w - (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "what you add to w is 1000 times",
    _M + "return w - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "what you add to w is 10 times",
    "m = 0.9 * m + g\nv = 0.999 * v + g**2\nreturn w - 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "",
    "m = 0.9 * m + 0.1 * g\nv = 0.999 * v + 0.001 * g\nreturn w - 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "nan",
    "m *= 0.9\nm += 0.1 * g\nv *= 0.999\nv += 0.001 * g**2\nreturn w - 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "changed m",
    _M + "return 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)": "",
    _M + "w = w - 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)\nreturn w, m, v": "3 things",
}, [
    "b1, b2, lr, eps = 0.9, 0.999, 1e-3, 1e-8\nm = b1 * m + (1 - b1) * g\nv = b2 * v + (1 - b2) * g * g\nmh = m / (1 - b1**t)\nvh = v / (1 - b2**t)\nreturn w - lr * mh / (vh**0.5 + eps)",
    _M + "root = np.sqrt(1 - 0.999**t)\nreturn w - 0.001 * root / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-8 * root)",
    "m = m + 0.1 * (g - m)\nv = v + 0.001 * (g**2 - v)\nstep = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)\nnew = np.array(w)\nnew -= 0.001 * step\nreturn new",
])

_to("nesterov_direction", "g, velocity, momentum", {
    "return momentum * velocity + g": "plain ball|Nesterov",
    "return g + momentum * velocity": "plain ball|Nesterov",
    "return g + momentum * (momentum * velocity)": "old velocity",
    "u = momentum * velocity + g\nreturn g + u": "momentum",
    "u = momentum * velocity + g\nreturn momentum * u": "",
    "u = momentum * velocity + g\nreturn velocity + momentum * u": "",
    "u = momentum * velocity + (1 - momentum) * g\nreturn g + momentum * u": "",
    "u = momentum * velocity + g\nreturn -(g + momentum * u)": "wrong sign",
    "u = momentum * velocity - g\nreturn g + momentum * u": "",
    "u = momentum * velocity + g\nreturn u, g + momentum * u": "Number 2 of them",
    "velocity = momentum * velocity + g\nvelocity += g\nreturn velocity": "momentum",
    "velocity *= momentum\nvelocity += g\nreturn g + momentum * velocity": "changed velocity",
}, [
    "return (1 + momentum) * g + momentum**2 * velocity",
    "new = velocity * momentum\nnew += g\nnew *= momentum\nreturn new + g",
    "return g.astype('f') + np.float32(momentum) * (np.float32(momentum) * velocity.astype('f') + g.astype('f'))",
])

_to("real_epsilon", "eps, beta2, t", {
    "return eps": "your result is eps",
    "return eps / (1 - beta2**t)": "root",
    "return eps * np.sqrt(1 - beta2**t)": "round",
    "return eps / np.sqrt(1 - beta2)": "power",
    "return eps / np.sqrt(1 - beta2 * t)": "",
    "return eps / np.sqrt(1 - beta2**(t - 1))": "t - 1 in place of t",
    "return eps / (1 - beta2**t)**2": "",
    "return np.sqrt(eps) / np.sqrt(1 - beta2**t)": "",
    "return eps + np.sqrt(1 - beta2**t)": "",
    "return 1 / np.sqrt(1 - beta2**t)": "eps",
}, [
    "return eps * (1 - beta2**t) ** -0.5",
    "import math\nreturn eps / math.sqrt(1 - math.pow(beta2, t))",
])
