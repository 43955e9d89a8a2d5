"""The results in `teaching/exam.md` and `teaching/rubric.md`, computed with the course's own code: {question: what stands in bold}."""
from itertools import product

import numpy as np

from helpers import functional as F
from helpers import geometry, init, logs, optim
from helpers.gradcheck import numeric_gradient
from helpers.layers import BatchNorm1d, Conv2d, Linear, Module, Parameter, Residual, Scale, Sequential


def shown(number, form="g"):
    """The number as the pages print it: with a real minus, and no minus before a zero."""
    return format(number + 0, form).replace("-", "−") if "e" not in form else format(number, form)


def row(numbers):
    return f"({', '.join(shown(round(float(number), 9)) for number in numbers)})"


def weights(*layers):
    return sum(parameter.value.size for layer in layers for parameter in layer.parameters())


def field(*layers):
    """How many pixels a side one number behind these convolutions sees."""
    net = Sequential(*layers)
    dy = np.zeros_like(net.forward(np.zeros((1, layers[0].weight.value.shape[1], 15, 15), np.float32)))
    dy[0, 0, 7, 7] = 1
    seen = np.abs(net.backward(dy)[0]).max(axis=(0, 1)) > 1e-6  # a fast convolution leaves rounding errors beside its window
    return np.count_nonzero(seen)


def _1():
    z = np.array([[2.0, 1.0, 0.0]])
    return [shown(F.softmax(z)[0][0, 0], ".3f"), shown(F.cross_entropy(z, np.array([0]))[0], ".3f")]


def _2():
    return [shown(F.cross_entropy(np.zeros((1, 20)), np.array([0]))[0], ".2f")]


def _3():
    labels = np.repeat([0, 1], [950, 50])
    return [shown(max(np.mean(labels == kind) for kind in (0, 1)), ".0%").replace("%", " %")]


def _4():
    conv = Conv2d(3, 10, 5, 0, 2, 2)
    return [shown(conv.forward(np.zeros((1, 3, 32, 32), np.float32)).shape[2]), shown(weights(conv))]


def _5():
    one, two = [Conv2d(16, 16, 5, 0, 1, 2, bias=False)], [Conv2d(16, 16, 3, 0, 1, 1, bias=False) for _ in range(2)]
    assert field(*one) == field(*two)
    return [shown(field(*one)), shown(weights(*one), ","), shown(weights(*two), ",")]


def _6():
    w1, w2 = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[3.0, -1.0]])
    return [row(F.linear(F.linear(np.eye(2), w1, np.zeros(2))[0], w2, np.zeros(1))[0].ravel())]


def _7():
    return []


def _8():
    z = np.log(np.tile([0.5, 0.3, 0.2], (4, 1)))
    return [row(F.cross_entropy(z, np.array([1, 0, 0, 0]))[1][0])]


def _9():
    w, b, x = np.array([2.0]), np.array([1.0]), np.array([3.0])
    return [shown(numeric_gradient(lambda: ((w * x + b - 4) ** 2).sum(), one)[0].round(5)) for one in (w, b, x)]


def _10():
    h, w = np.array([[-1.0, 0.0, 2.0]]), np.array([[1.0, 2.0, -1.0]])
    a, relu = F.relu(h)
    da = F.linear_backward(np.array([[2.0]]), F.linear(a, w, np.zeros(1))[1])[0]
    return [row(da[0]), row(F.relu_backward(da, relu)[0])]


def convolved():
    """x, w, dy, y, dx, dw of question 11."""
    x, w = np.array([1.0, 0, 2, 1, 3]), np.array([2.0, -1])
    y, cache = F.conv2d(x[None, None, None], w[None, None, None], None, stride=(1, 2))
    dy = np.array([1.0, 3])
    dx, dw, _ = F.conv2d_backward(dy[None, None, None], cache)
    return x, w, dy, y.ravel(), dx.ravel(), dw.ravel()


def _11():
    *_, y, dx, dw = convolved()
    return [row(y), row(dw), row(dx)]


def _12():
    x, w, dy, y, dx, dw = convolved()
    theirs = np.array([dy @ x[tap:tap + 2] for tap in range(2)])
    assert row(theirs) == "(1, 6)" and x @ dx == w @ dw
    return [shown(y @ dy), shown(w @ dw), shown(w @ theirs)]


def _13():
    gains = np.array([0.4, 0.1, -0.2, 0.5, 0.2])
    error = gains.std(ddof=1) / len(gains) ** 0.5
    return [shown(gains.mean(), ".2f"), shown(gains.std(ddof=1), ".2f"), shown(error, ".2f"), shown(gains.mean() / error, ".1f")]


def _14():
    slopes, one = [0.2, -0.2] * 5, np.ones((1, 1))
    skips, plain = Sequential(*(Residual(Scale(f)) for f in slopes)), Sequential(*(Scale(f) for f in slopes))
    found = []
    for net in (skips, plain):
        net.forward(one)
        found.append(abs(net.backward(one).item()))
    return [shown(found[0], ".3f"), shown(found[1], ".1e")]


def _15():
    found = []
    for kind in (optim.SGD, optim.Adam):
        w = Parameter(np.zeros(2))
        optimizer, w.grad = kind([w], lr=0.01), np.array([4.0, -0.001])
        optimizer.step()
        found += [np.format_float_positional(float(f"{move:.4g}"), trim="-").replace("-", "−") for move in w.value]
    return found


def _16():
    std = init.he_normal((64, 32, 3, 3), 0, np.float64).std()
    assert abs(std / np.sqrt(2 / 288) - 1) < 0.02
    return [shown(np.sqrt(2 / 288), ".3f"), shown(1.05**60, ".1f")]


def _17():
    rng, std = np.random.default_rng(0), np.sqrt(2 * 0.5 / 200)
    x = rng.random((2000, 200))
    a = F.relu(x @ rng.normal(0, std, (2000, 200)).T)[0]
    a = a * (rng.random(a.shape) >= 0.5) / 0.5
    assert abs(np.mean(a**2) / np.mean(x**2) - 1) < 0.05
    return [shown(std, ".3f")]


def _18():
    y, cache = F.batch_norm(np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1), eps=1e-12)
    dx = F.batch_norm_backward(np.array([[5.0], [-2.0]]), cache)[0]
    return [row(y.ravel().round(6)), row(dx.ravel().round(6))]


def _19():
    found = []
    for share in (0.1, 0.9):
        norm = BatchNorm1d(1, momentum=share).double()
        for _ in range(10):
            norm.forward(np.array([[4.0], [6.0]]))
        found.append(shown(norm.running_mean.value.item(), ".2f"))
    return found


class _Overwriting(Module):
    """The ReLU of lesson 12, which writes into its dy."""

    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, dy):
        dy[~self.on] = 0
        return dy


class _Keeping(_Overwriting):
    def backward(self, dy):
        return dy * self.on


def _20():
    found = []
    for relu in (_Keeping(), _Overwriting()):
        dense = Linear(1, 1, 0, bias=False).double()
        dense.weight.value[...] = 2
        block = Residual(Sequential(dense, relu))
        block.forward(np.array([[-1.0]]))
        found.append(shown(block.backward(np.array([[3.0]])).item()))
    return found


def _21():
    lengths = [sum(path) for path in product((0, 1), repeat=6)]
    carried = np.array([lengths.count(length) / 3**length for length in range(7)])
    shares = carried / carried.sum()
    most = shares.argmax()
    return [shown(len(lengths)), shown(lengths.count(2)), f"{100 * shares[2]:.1f} %", shown(most), f"{100 * shares[most]:.1f} %"]


def _22():
    total = weights(Conv2d(128, 128, 5, 0, 1, 2, bias=False))
    idle = np.sum(geometry.meetings(1, 5, 1, 2)[0] == 0) * 128**2
    larger = geometry.meetings(3, 5, 1, 2)[0]
    assert larger[0, 0] == larger.min() == 1
    return [shown(total, ","), shown(idle, ","), shown(np.count_nonzero(larger))]


def _23():
    narrow = weights(*(Conv2d(*shape, 0, bias=False) for shape in ((512, 128, 1), (128, 128, 3), (128, 512, 1))))
    wide = weights(*(Conv2d(512, 512, 3, 0, bias=False) for _ in range(2)))
    return [shown(narrow, ","), shown(wide, ","), shown(wide / narrow, ".1f")]


def _24():
    x = np.array([3.0])
    slope = numeric_gradient(lambda: ((x + x) * (x + x) + (x + x)).sum(), x)[0]
    parents = {"u": [("t", 1), ("s", 1)], "t": [("s", 6), ("s", 6)], "s": [("x", 1), ("x", 1)], "x": []}
    grads, visits = dict.fromkeys(parents, 0), []

    def back(name):
        visits.append(name)
        for parent, local in parents[name]:
            grads[parent] += local * grads[name]
        for parent, _ in parents[name]:
            back(parent)

    grads["u"] = 1
    back("u")
    return [shown(slope.round(5)), shown(visits.count("x")), shown(grads["x"])]


EXAM = dict(enumerate((_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, _18, _19, _20, _21, _22, _23, _24), 1))


# --- the sample project of the rubric, from the log of lesson 09's race


def race():
    """Test accuracies in per cent, (seeds, epochs), of RMSProp and of momentum."""
    log = logs.load("race")
    return 100 * log["RMSProp accuracies"], 100 * log["Momentum accuracies"]


def paired(epoch):
    """Mean of the paired differences, RMSProp less momentum, and its standard error."""
    rmsprop, momentum = race()
    less = (rmsprop - momentum)[:, epoch - 1]
    return less.mean(), less.std(ddof=1) / len(less) ** 0.5


def sample_project():
    """What stands in bold in the three levels, from the best to the weakest."""
    rmsprop, momentum = race()
    mean, error = paired(3)
    third = [shown(mean, "+.3f"), shown(error, ".3f"), shown(mean / error, "+.1f")]
    first = [shown(paired(1)[0], "+.3f"), shown(paired(1)[1], ".3f")]
    assert rmsprop[:, 2].max() == momentum[:, 2].max()
    ends = [shown(runs[:, 2].mean(), ".2f") for runs in (momentum, rmsprop)] + [shown(rmsprop[:, 2].max(), ".2f")]
    return [third + [shown(np.sum(rmsprop[:, 2] > momentum[:, 2]))] + first, third, ends]
