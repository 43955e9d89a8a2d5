"""The ONNX project's own node cases, which come with its package: each that our formulas can express must agree."""
import functools

import numpy as np
import pytest

from helpers import autograd
from helpers import functional as F
from helpers.autograd import Tensor

pytestmark = [pytest.mark.handover, pytest.mark.filterwarnings("ignore")]  # making the cases divides by zero, and more


def padded(settings, x, kernel, fill):
    """Images with the padding that a node asks for, on all four sides; None where it asks for windows that reach further."""
    strides, auto = settings.get("strides", [1, 1]), settings.get("auto_pad", b"NOTSET").decode()
    pads = settings.get("pads", [0, 0, 0, 0])
    if auto.startswith("SAME"):
        totals = [max((-(-size // step) - 1) * step + window - size, 0) for size, step, window in zip(x.shape[2:], strides, kernel)]
        before = [total // 2 if auto == "SAME_UPPER" else total - total // 2 for total in totals]
        pads = [*before, *(total - some for total, some in zip(totals, before))]
    if settings.get("ceil_mode") or set(settings.get("dilations", [1])) != {1}:
        return None
    return np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])), constant_values=fill)


def conv(settings, x, w, b=None):
    images = x.ndim == 4 and settings.get("group", 1) == 1 and padded(settings, x, w.shape[2:], 0)
    return None if images is None or images is False else F.conv2d(images, w, b, tuple(settings.get("strides", (1, 1))))[0]


def conv_transpose(settings, x, w, b=None):
    """The gradient of a convolution for its images."""
    if x.ndim != 4 or settings.get("group", 1) != 1 or set(settings.get("dilations", [1])) != {1} or set(settings) & {"auto_pad", "output_shape"}:
        return None
    stride, pads, more = settings.get("strides", [1, 1]), settings.get("pads", [0] * 4), settings.get("output_padding", [0, 0])
    if pads[:2] != pads[2:]:
        return None
    size = [step * (count - 1) + window - 2 * pad + extra
            for step, count, window, pad, extra in zip(stride, x.shape[2:], w.shape[2:], pads, more)]
    y, cache = F.conv2d(np.zeros((len(x), w.shape[1], *size), x.dtype), w, None, tuple(stride), tuple(pads[:2]))
    if y.shape != x.shape:
        return None
    return F.conv2d_backward(x, cache)[0] + (0 if b is None else b[:, None, None])


def max_pool(settings, x):
    images = padded(settings, x, settings["kernel_shape"], -np.inf) if x.ndim == 4 and x.dtype.kind == "f" else None
    return None if images is None else F.max_pool2d(images, settings["kernel_shape"], settings.get("strides", [1, 1]))[0]


def avg_pool(settings, x):
    images = padded(settings, x, settings["kernel_shape"], 0) if x.ndim == 4 else None
    if images is None or (images.shape != x.shape and not settings.get("count_include_pad")):
        return None
    return F.avg_pool2d(images, settings["kernel_shape"], settings.get("strides", [1, 1]))[0]


def batch_norm(settings, x, weight, bias, mean, var):
    eps, kept = settings.get("epsilon", 1e-5), settings.get("momentum", 0.9)
    if x.ndim not in (2, 4):
        return None
    if not settings.get("training_mode"):
        return F.batch_norm(x, weight, bias, eps, (mean, var))[0]
    y, cache = F.batch_norm(x, weight, bias, eps)
    return y, kept * mean + (1 - kept) * cache.mean, kept * var + (1 - kept) * cache.var  # biased, and momentum is what is kept


def lrn(settings, x):
    if x.ndim != 4 or settings["size"] % 2 == 0:
        return None
    return F.local_response_norm(x, settings["size"], settings.get("alpha", 1e-4), settings.get("beta", 0.75), settings.get("bias", 1.0))[0]


def dropout(settings, x, ratio=0.5, training=False):
    return F.dropout(x, 0.0 if not training else float(ratio), np.random.default_rng(0))[0] if not training or ratio == 0 else None


def softmax(settings, x):
    last = np.moveaxis(x, settings.get("axis", -1), -1)
    return np.moveaxis(F.softmax(last.reshape(-1, last.shape[-1]))[0].reshape(last.shape), -1, settings.get("axis", -1))


def cross_entropy(settings, scores, labels, weights=None):
    if scores.ndim != 2 or weights is not None or settings.get("reduction", b"mean") != b"mean" or "ignore_index" in settings:
        return None
    return F.cross_entropy(scores, labels)[0]


def gemm(settings, a, b, c=None):
    if c is not None and c.ndim > 1 and len(c) > 1 or settings.get("alpha", 1) != 1 or settings.get("beta", 1) != 1:
        return None
    a, w = a.T if settings.get("transA") else a, b if settings.get("transB") else b.T
    return F.linear(a, w, None if c is None else np.broadcast_to(c.reshape(-1), len(w)).copy())[0]


def clip(settings, x, low=None, high=None):
    if x.dtype.kind != "f" or low is None or high is None or not low < high:
        return None
    return F.clip(x, low, high)[0]


def by_engine(function):
    """A formula of one or two tensors, for numbers that the engine takes."""
    def run(settings, *arrays):
        if any(array.dtype not in (np.float32, np.float64) for array in arrays):
            return None
        return function(*map(Tensor, arrays)).value
    return run


OPERATORS = {
    "Add": by_engine(lambda a, b: a + b), "AveragePool": avg_pool, "BatchNormalization": batch_norm, "Clip": clip, "Conv": conv,
    "ConvTranspose": conv_transpose, "Div": by_engine(lambda a, b: a / b), "Dropout": dropout, "Exp": by_engine(autograd.exp), "Gemm": gemm,
    "GlobalAveragePool": lambda settings, x: F.adaptive_avg_pool2d(x, 1)[0] if x.ndim == 4 else None, "Identity": by_engine(autograd.identity),
    "LRN": lrn, "Log": by_engine(autograd.log), "MatMul": by_engine(lambda a, b: a @ b if len(a.shape) == len(b.shape) == 2 else Tensor(np.nan)),
    "MaxPool": max_pool, "Mul": by_engine(lambda a, b: a * b), "Neg": by_engine(lambda a: -a), "Relu": by_engine(autograd.relu),
    "Sigmoid": by_engine(autograd.sigmoid), "Softmax": softmax, "SoftmaxCrossEntropyLoss": cross_entropy, "Sub": by_engine(lambda a, b: a - b),
    "Tanh": by_engine(autograd.tanh),
}
# How many of each our formulas can express, 86 in all; the others have three axes, groups, gaps between taps and the like.
EXPRESSED = {"Add": 2, "AveragePool": 5, "BatchNormalization": 4, "Clip": 5, "Conv": 6, "ConvTranspose": 3, "Div": 3, "Dropout": 8, "Exp": 2,
             "Gemm": 7, "GlobalAveragePool": 2, "Identity": 2, "LRN": 2, "Log": 2, "MatMul": 1, "MaxPool": 10, "Mul": 3, "Neg": 2, "Relu": 1,
             "Sigmoid": 2, "Softmax": 7, "SoftmaxCrossEntropyLoss": 2, "Sub": 3, "Tanh": 2}


@functools.cache
def cases():
    from onnx.backend.test.case.node import collect_testcases
    return collect_testcases(None)  # once: a second time it finds nothing new


@pytest.mark.parametrize("name", OPERATORS)
def test_cases_agree(name):
    onnx = pytest.importorskip("onnx")
    agreed = 0
    for case in cases():
        node, *others = case.model.graph.node
        if others or node.op_type != name:  # written with other operators
            continue
        settings = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        for inputs, outputs in case.data_sets:
            if not all(isinstance(array, (np.ndarray, np.generic)) for array in inputs):
                continue
            found = OPERATORS[name](settings, *map(np.asarray, inputs))
            if found is None or np.all(np.isnan(found)) if not isinstance(found, tuple) else False:
                continue
            for ours, wanted in zip(found if isinstance(found, tuple) else [found], outputs):
                np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=1e-5, err_msg=case.name)
            agreed += 1
    assert agreed == EXPRESSED[name]
