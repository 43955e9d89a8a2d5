"""The proofs themselves: they pass what is right, and fail every mistake planted here."""
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers import functional as F
from helpers.gradcheck import adjoint_error, check_module, numeric_gradient, relative_error
from helpers.layers import (
    BatchNorm2d, Buffer, Dropout, Flatten, Linear, MaxPool2d, Module, Parameter, ReLU, Residual, Sequential, Sigmoid, Tanh,
)

SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, max_side=5)
MODERATE = st.floats(-1e6, 1e6, allow_subnormal=False)


@st.composite
def two_arrays(draw):
    shape = draw(SHAPES)
    return [draw(hnp.arrays(np.float64, shape, elements=MODERATE)) for _ in range(2)]


# --- relative_error -------------------------------------------------------------------------------

@given(two_arrays(), st.integers(-30, 30))
def test_relative_error_is_a_relative_distance(arrays, power):
    first, second = arrays
    error = relative_error(first, second)
    assert type(error) is float and 0 <= error <= 2
    assert error == relative_error(second, first)
    assert (error == 0) == np.array_equal(first, second)
    assert relative_error(first, first) == 0
    largest = np.abs([first, second]).max()
    assume(largest > 1e-280)
    assert error == relative_error(first * 2.0**power, second * 2.0**power)  # exact: powers of two round nothing
    assert error == pytest.approx(np.abs(first - second).max() / largest, rel=1e-15)


def test_relative_error_known_values():
    assert relative_error(np.array([1.0, 4.0]), np.array([1.0, 5.0])) == 0.2
    assert relative_error(np.array([0.0, 1e-9]), np.array([1.0, 0.0])) == 1
    assert relative_error(np.array([1e-12, 1.0]), np.array([0.0, 1.0])) == 1e-12  # no blame for rounding next to a true zero
    assert relative_error(np.ones(3), -np.ones(3)) == 2
    assert relative_error(np.zeros(3), np.zeros(3)) == 0
    assert relative_error([1.0, 2.0], [1.0, 2.0]) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_relative_error_of_what_is_not_finite_is_never_small(bad):
    """Not nan either, which max() over many errors can lose."""
    for pair in (([bad, 1.0], [1.0, 1.0]), ([1.0, 1.0], [bad, 1.0]), ([bad], [bad]), ([0.0, bad], [0.0, 0.0])):
        assert relative_error(*map(np.array, pair)) == np.inf


@given(SHAPES, SHAPES)
def test_relative_error_wants_one_shape(first, second):
    assume(first != second)
    with pytest.raises(ValueError) as error:
        relative_error(np.ones(first), np.ones(second))
    assert str(first) in str(error.value) and str(second) in str(error.value)


# --- numeric_gradient -----------------------------------------------------------------------------

@given(SHAPES, st.integers(0, 2**32 - 1))
def test_numeric_gradient_of_a_known_function(shape, seed):
    x = np.asarray(np.random.default_rng(seed).uniform(0.5, 1.2, shape))  # where the cosine is not near 0
    weights = np.asarray(np.random.default_rng(seed + 1).uniform(0.5, 2, shape))
    assert relative_error(numeric_gradient(lambda: np.sum(weights * np.sin(x)), x), weights * np.cos(x)) < 1e-7
    # Central, not one-sided: on a square, central differences leave only rounding, even with a coarse step.
    assert relative_error(numeric_gradient(lambda: np.sum(weights * x * x), x, eps=0.125), 2 * weights * x) < 1e-13


@given(hnp.arrays(np.float64, SHAPES, elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_numeric_gradient_puts_x_back_bit_for_bit(x):
    before, looked = x.tobytes(), []
    numeric_gradient(lambda: looked.append(x.tobytes()) or 0.0, x)
    assert x.tobytes() == before
    assert len(looked) == 2 * x.size


@pytest.mark.parametrize("fatal", [1, 2, 3, 8])
def test_numeric_gradient_puts_x_back_when_interrupted(fatal):
    x, calls = np.array([1.0, 0.1, -0.0, 1e-300]), []
    before = x.tobytes()

    def loss():
        calls.append(1)
        if len(calls) == fatal:
            raise KeyboardInterrupt
        return 0.0

    with pytest.raises(KeyboardInterrupt):
        numeric_gradient(loss, x)
    assert x.tobytes() == before


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64, np.complex128])
def test_numeric_gradient_wants_float64(dtype):
    with pytest.raises(TypeError, match=rf"x is {np.dtype(dtype)}, and nudges need float64: use np.asarray\(x, dtype=np.float64\)"):
        numeric_gradient(lambda: pytest.fail("no work is to be done"), np.ones(3, dtype))


def test_numeric_gradient_wants_an_array():
    with pytest.raises(TypeError, match="x is list, and nudges need float64"):
        numeric_gradient(lambda: pytest.fail("no work is to be done"), [1.0, 2.0])


# --- adjoint_error --------------------------------------------------------------------------------

@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_adjoint_error_passes_the_adjoint(n, inputs, outputs, seed):
    rng = np.random.default_rng(seed)
    x, w, dy = rng.standard_normal((n, inputs)), rng.standard_normal((outputs, inputs)), rng.standard_normal((n, outputs))
    assert adjoint_error(lambda x: x @ w.T, lambda dy: dy @ w, x, dy) < 1e-12
    assert adjoint_error(lambda x: 0 * x, lambda dy: 0 * dy, x, x) == 0


@pytest.mark.parametrize("seed", range(5))
def test_adjoint_error_finds_what_is_not_the_adjoint(seed):
    rng = np.random.default_rng(seed)
    x, w, dy = rng.standard_normal((4, 3)), rng.standard_normal((3, 3)), rng.standard_normal((4, 3))
    wrong = {
        "a dropped transpose": lambda dy: dy @ w.T,
        "a factor": lambda dy: dy @ w / 4,
        "a sign": lambda dy: -dy @ w,
        "nothing at all": lambda dy: 0 * dy,
        "a row short": lambda dy: np.vstack([dy[:-1] @ w, np.zeros(3)]),
    }
    for mistake, backward in wrong.items():
        assert adjoint_error(lambda x: x @ w.T, backward, x, dy) > 1e-3, mistake


def test_adjoint_error_is_relative():
    """A mistake in one number of a thousand shows as much in small arrays as in large ones."""
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal(50), rng.standard_normal(50)
    errors = [adjoint_error(lambda x: scale * x, lambda dy: 0.9 * scale * dy, x, dy) for scale in (1e-9, 1.0, 1e9)]
    assert errors == pytest.approx([0.1 * abs(x @ dy) / np.linalg.norm(x) / np.linalg.norm(dy)] * 3, rel=1e-10)


def test_adjoint_error_of_what_is_not_finite_or_does_not_fit():
    x = np.ones((2, 3))
    for bad in (np.nan, np.inf):
        assert adjoint_error(lambda x: x, lambda dy: bad * dy, x, x) == np.inf
        assert adjoint_error(lambda x: bad * x, lambda dy: dy, x, x) == np.inf
    with pytest.raises(ValueError) as error:
        adjoint_error(lambda x: x, lambda dy: dy.T, x, x)
    assert "(2, 3)" in str(error.value) and "(3, 2)" in str(error.value)
    with pytest.raises(ValueError, match=r"y \(2, 3\).*dy \(6,\)"):
        adjoint_error(lambda x: x, lambda dy: dy.reshape(2, 3), x, np.ones(6))


# --- check_module ---------------------------------------------------------------------------------

def right(layer, dy):
    return F.linear_backward(dy, layer.recall())


class Planted(Linear):
    """A linear layer whose backward pass is handed in."""

    def __init__(self, mistake):
        super().__init__(4, 4, np.random.default_rng(0), dtype=np.float64)
        self.mistake = mistake

    def backward(self, dy):
        dx, self.weight.grad, self.bias.grad = self.mistake(self, dy, *right(self, dy))
        return dx


# Each mistake, and which gradients it spoils.
MISTAKES = {
    "none": (lambda layer, dy, dx, dw, db: (dx, dw, db), set()),
    "no transpose on the way to dx": (lambda layer, dy, dx, dw, db: (dy @ layer.weight.value.T, dw, db), {"x"}),
    "the transpose of dw": (lambda layer, dy, dx, dw, db: (dx, dw.T, db), {"weight"}),
    "mean for sum in dw": (lambda layer, dy, dx, dw, db: (dx, dw / len(dy), db), {"weight"}),
    "mean for sum in db": (lambda layer, dy, dx, dw, db: (dx, dw, dy.mean(axis=0)), {"bias"}),
    "db forgotten": (lambda layer, dy, dx, dw, db: (dx, dw, np.zeros_like(db)), {"bias"}),
    "one image left out": (lambda layer, dy, dx, dw, db: (dx, dw, dy[1:].sum(axis=0)), {"bias"}),
    "off by one part in a million": (lambda layer, dy, dx, dw, db: (dx * (1 + 1e-6), dw, db), {"x"}),
    "not a number": (lambda layer, dy, dx, dw, db: (dx, dw * np.nan, db), {"weight"}),
    "all wrong": (lambda layer, dy, dx, dw, db: (-dx, -dw, -db), {"x", "weight", "bias"}),
}


@pytest.mark.parametrize("mistake, spoilt", MISTAKES.values(), ids=MISTAKES.keys())
def test_check_module_finds_planted_mistakes(mistake, spoilt):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((4, 4))
    errors = check_module(Planted(mistake), x, rng)
    assert errors.keys() == {"x", "weight", "bias"}
    assert {name for name, error in errors.items() if not error < 1e-7} == spoilt
    # In the middle of a network too, where a wrong dx spoils what lies below.
    net = Sequential(Linear(4, 4, rng, dtype=np.float64), Tanh(), Planted(mistake), Tanh())
    errors = check_module(net, x, rng)
    below = {"x", "0.weight", "0.bias"} if "x" in spoilt else set()
    assert {name for name, error in errors.items() if not error < 1e-7} == {f"2.{name}" for name in spoilt - {"x"}} | below


class InPlaceReLU(ReLU):
    def backward(self, dy):
        dy[self.recall() <= 0] = 0
        return dy


class InPlaceForward(ReLU):
    def forward(self, x):
        super().forward(x)
        return np.maximum(x, 0, out=x)


def test_writing_into_what_is_shared_is_found():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4, 3))
    for net in (InPlaceReLU(), Sequential(Linear(3, 3, rng, dtype=np.float64), InPlaceReLU())):
        with pytest.raises(ValueError, match=r"backward wrote into the array it was handed.*return a new array"):
            check_module(net, x, rng)
    for net in (InPlaceForward(), Sequential(InPlaceForward(), Linear(3, 3, rng, dtype=np.float64))):
        with pytest.raises(ValueError, match=r"forward wrote into the array it was handed"):
            check_module(net, x, rng)


# Faults of published code, retyped in our own words. Each is planted in a layer that is right without it.

class StaleCache(Linear):
    def forward(self, x):
        y, cache = F.linear(x, self.weight.value, self.bias.value)
        if self.cache is None or len(self.cache[0]) != len(x):  # a batch of another size would raise
            self.cache = cache
        return y


class AddsUp(Linear):
    """Adds to an array of its own; `Parameter.grad` itself is cleared before each pass."""

    total = 0

    def backward(self, dy):
        dx = super().backward(dy)
        self.weight.grad = self.total = self.total + self.weight.grad
        return dx


class OldArray(Linear):
    """Reads an array that the parameter held once: what an optimiser moves is never felt."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.read = self.weight.value.copy()

    def forward(self, x):
        y, self.cache = F.linear(x, self.read, self.bias.value)
        return y


class Counts(ReLU):
    """Another function in each pass, by state that it does not declare."""

    passes = 0

    def backward(self, dy):
        self.passes += 1
        return super().backward(dy) * self.passes


class SlopeFromOutput(ReLU):
    def backward(self, dy):
        return dy * (np.maximum(self.recall(), 0) >= 0)


class MirroredSlope(Sigmoid):
    """The sigmoid of -x, with the slope of that of x."""

    def forward(self, x):
        return super().forward(-x)


class MaskPool(MaxPool2d):
    """Max pooling by a mask of the places of the maxima, made anew in each pass."""

    def forward(self, x):
        y = super().forward(x)
        self.mask = self.cleared(x)
        _, places = F.max_pool2d(x, self.kernel_size, self.stride, self.padding)
        self.mask[F.max_pool2d_backward(np.ones_like(y), places) > 0] = 1
        self.cache = np.ones_like(y), y.shape
        return y

    def cleared(self, x):
        return np.zeros_like(x)

    def backward(self, dy):
        return self.mask * dy.repeat(2, axis=2).repeat(2, axis=3)


class MaskNeverCleared(MaskPool):
    mask = None

    def cleared(self, x):
        return np.zeros_like(x) if self.mask is None or self.mask.shape != x.shape else self.mask


class SwappedPool(MaskPool):
    """Height and width exchanged on the way back: square images hide it."""

    def backward(self, dy):
        return self.mask * dy.repeat(2, axis=3).repeat(2, axis=2).reshape(dy.shape[:2] + self.mask.shape[:1:-1]).swapaxes(2, 3)


class UnpaddedPool(MaxPool2d):
    """Looks for the maxima on the way back in the image without its rim."""

    def forward(self, x):
        y = super().forward(x)
        self.x = x
        return y

    def backward(self, dy):
        inner, (rim, _) = np.zeros_like(self.x), self.padding
        y, cache = F.max_pool2d(self.x, self.kernel_size, self.stride, 0)
        inner += F.max_pool2d_backward(dy[:, :, :y.shape[2], :y.shape[3]], cache)
        return inner


class NewMask(Dropout):
    def backward(self, dy):
        return F.dropout(dy, self.p, self.rng)[0]


class NoScale(Dropout):
    def backward(self, dy):
        return dy * (self.recall() > 0)


class NoMask(Dropout):
    def backward(self, dy):
        return dy / (1 - self.p)


class ConstantStatistics(BatchNorm2d):
    def backward(self, dy):
        self.cache = self.recall()._replace(count=None)
        return super().backward(dy)


class GammaOnly(BatchNorm2d):
    def backward(self, dy):
        super().backward(dy)
        return dy * self.weight.value[:, None, None]


class CountsImages(BatchNorm2d):
    """Divides by the number of images where the numbers of a channel are meant."""

    def backward(self, dy):
        self.cache = self.recall()._replace(count=len(dy))
        return super().backward(dy)


class TimesDeviation(BatchNorm2d):
    def backward(self, dy):
        self.cache = self.recall()._replace(scale=1 / self.recall().scale)
        return super().backward(dy)


class FrozenByTheBatch(BatchNorm2d):
    """Running statistics forward, the batch's formula backward."""

    def forward(self, x):
        y = super().forward(x)
        self.cache = self.recall()._replace(count=x[:, 0].size)
        return y


class ResponseNorm(Module):
    """Local response normalisation of three neighbours: y = x s^-b, s = k + a (sum of the neighbours' squares)."""

    def __init__(self, k=1.0, alpha=1.0, beta=0.75):
        self.k, self.alpha, self.beta = k, alpha, beta

    def forward(self, x):
        self.cache = x, self.k + self.alpha * self.neighbours(x * x)
        return x * self.cache[1]**-self.beta

    def neighbours(self, x):
        wide = np.pad(x, ((0, 0), (1, 1), (0, 0), (0, 0)))
        return wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]

    def backward(self, dy):
        x, s = self.recall()
        return dy * s**-self.beta - 2 * self.alpha * self.beta * x * self.neighbours(dy * x * s**(-self.beta - 1))


class NeighbourSquared(ResponseNorm):
    def backward(self, dy):
        x, s = self.recall()
        return dy * s**-self.beta - 2 * self.alpha * self.beta * self.neighbours(dy * x * x * s**(-self.beta - 1))


def linear(kind):
    return kind(4, 3, 0, dtype=np.float64)


def norm(kind):
    layer, rng = kind(2).double(), np.random.default_rng(0)
    for place in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
        place.value[...] = rng.uniform(0.5, 2, 2)
    return layer


ROWS, IMAGES = (3, 4), (3, 2, 4, 6)
SUSPECTS = [  # the fault, the right layer, how to make either, the input's shape, whether in training
    (StaleCache, Linear, linear, ROWS, True), (AddsUp, Linear, linear, ROWS, True), (OldArray, Linear, linear, ROWS, True),
    (Counts, ReLU, lambda kind: kind(), ROWS, True), (SlopeFromOutput, ReLU, lambda kind: kind(), ROWS, True),
    (MirroredSlope, Sigmoid, lambda kind: kind(), ROWS, True), (MaskNeverCleared, MaskPool, lambda kind: kind(2), IMAGES, True),
    (MaskNeverCleared, MaskPool, lambda kind: kind(2), (1, 1, 2, 2), True), (SwappedPool, MaskPool, lambda kind: kind(2), IMAGES, True),
    (UnpaddedPool, MaxPool2d, lambda kind: kind(2, padding=1), IMAGES, True),
    *((kind, Dropout, lambda kind: kind(0.4, 1), (3, 8), True) for kind in (NewMask, NoScale, NoMask)),
    *((kind, BatchNorm2d, norm, IMAGES, True) for kind in (ConstantStatistics, GammaOnly, CountsImages, TimesDeviation)),
    (FrozenByTheBatch, BatchNorm2d, norm, IMAGES, False), (GammaOnly, BatchNorm2d, norm, IMAGES, False),
    (NeighbourSquared, ResponseNorm, lambda kind: kind(), IMAGES, True),
]


def noticed(net, x):
    try:
        return max(check_module(net, x, np.random.default_rng(5)).values()) > 1e-3
    except ValueError:
        return True


@pytest.mark.parametrize("fault, right, make, shape, training", SUSPECTS,
                         ids=[f"{fault.__name__}-{shape}-{training}" for fault, _, _, shape, training in SUSPECTS])
def test_faults_of_published_code_are_noticed(fault, right, make, shape, training):
    for seed in range(3):
        x = np.random.default_rng(seed).standard_normal(shape)
        assert noticed(make(fault).train(training), x)
        assert noticed(Residual(Sequential(Tanh(), make(fault)), make(right)).train(training), x)
        assert max(check_module(make(right).train(training), x, np.random.default_rng(5)).values()) < 1e-7


def test_the_upstream_gradient_is_random():
    """With a constant one, sum(softmax) has no slope, and any backward pass that gives 0 would seem right."""
    class Softmax(Tanh):
        formula, backward_formula = staticmethod(F.softmax), staticmethod(F.softmax_backward)

    class Nothing(Softmax):
        backward_formula = staticmethod(lambda dy, cache: np.zeros_like(dy))

    x = np.random.default_rng(0).standard_normal((4, 3))
    for seed in range(5):
        assert check_module(Softmax(), x, np.random.default_rng(seed))["x"] < 1e-7
        assert check_module(Nothing(), x, np.random.default_rng(seed))["x"] == 1


class Moves(Module):
    """Moves a buffer and draws from two generators in each pass, and fails at the one that it is told."""

    def __init__(self, fatal=None):
        self.weight, self.mean, self.count = Parameter(np.ones(3)), Buffer(np.zeros(3)), {"passes": Buffer(np.zeros(1, int))}
        self.rngs, self.fatal, self.passes = [np.random.default_rng(1), (np.random.Generator(np.random.MT19937(2)),)], fatal, 0

    def forward(self, x):
        self.passes += 1
        if self.passes == self.fatal:
            raise KeyboardInterrupt
        self.mean.value = 0.9 * self.mean.value + x.mean(axis=0)  # a new array
        self.count["passes"].value += 1
        self.cache = (self.rngs[0].random(3) > 0.5) + self.rngs[1][0].random(3) + self.mean.value, x
        return x * self.cache[0] * self.weight.value

    def backward(self, dy):
        mask, x = self.recall()
        self.weight.grad = (dy * x * mask).sum(axis=0)
        return dy * mask * self.weight.value + self.weight.value * (dy * x).sum(axis=0) / len(x)


def drawn(net):
    return [str(generator.bit_generator.state) for module in net.modules() for _, generator in module.own(np.random.Generator)]


@pytest.mark.parametrize("fatal", [None, 1, 2, 3, 5, 9, 20])
def test_check_module_leaves_everything_as_it_was(fatal):
    rng = np.random.default_rng(0)
    moves = Moves(fatal)
    net, x = Sequential(Flatten(), Linear(6, 3, rng, dtype=np.float64), moves, Dropout(0.5, 3)), rng.standard_normal((4, 2, 3))
    state, generators, kept = net.state_dict(), drawn(net), x.copy()
    x.setflags(write=False)
    if fatal:
        with pytest.raises(KeyboardInterrupt):
            check_module(net, x, rng)
    else:
        errors = check_module(net, x, rng)
        assert errors.keys() == {"x", "1.weight", "1.bias", "2.weight"} and all(error < 1e-7 for error in errors.values())
    assert np.array_equal(x, kept) and drawn(net) == generators and len(generators) == 3
    assert all(np.array_equal(value, state[name]) for name, value in net.state_dict().items())
    assert all(name not in vars(module) for module in net.modules() for name in ("forward", "backward"))
    assert {type(parameter) for parameter in net.parameters()} == {Parameter}


def test_check_module_puts_back_after_an_error():
    net = Sequential(norm(BatchNorm2d), Dropout(0.5, 1), Flatten(), AddsUp(12, 2, 0, dtype=np.float64))
    state, generators = net.state_dict(), drawn(net)
    with pytest.raises(ValueError, match="gives another gradient for 3.weight when the same pass is run again: what does it keep"):
        check_module(net, np.random.default_rng(0).standard_normal((4, 2, 2, 3)), np.random.default_rng(1))
    assert drawn(net) == generators and all(np.array_equal(value, state[name]) for name, value in net.state_dict().items())


def test_a_generator_that_cannot_be_put_back_is_noticed():
    class Global(ReLU):
        def __init__(self):
            self.rng = np.random.RandomState(0)

        def forward(self, x):
            self.cache = self.rng.rand(*x.shape)
            return x * self.cache

        def backward(self, dy):
            return dy * self.cache

    with pytest.raises(ValueError, match=r"Global\(\) gives another gradient for x when the same pass is run again"):
        check_module(Global(), np.ones((2, 3)), np.random.default_rng(0))


def test_check_module_names_what_returns_nothing_and_what_is_tied():
    class Silent(Tanh):
        def backward(self, dy):
            super().backward(dy)

    first, second, x = linear(Linear), Linear(3, 4, 1, dtype=np.float64), np.random.default_rng(0).standard_normal((2, 4))
    for net in (Silent(), Sequential(Silent()), Sequential(first, Silent())):
        with pytest.raises(TypeError, match=r"Silent\(\).*backward returned nothing: end"):
            check_module(net, x, np.random.default_rng(0))
    third = Linear(4, 3, 2, dtype=np.float64)
    third.weight = first.weight
    with pytest.raises(ValueError, match="check_module: 0.weight is used in two places of the network"):
        check_module(Sequential(first, second, third), x, np.random.default_rng(0))


def test_check_module_wants_float64():
    rng = np.random.default_rng(0)
    for net, dtype, name in ((Linear(3, 2, rng), np.float32, "x"), (Linear(3, 2, rng), np.float64, "weight"),
                             (ReLU(), np.float32, "x"), (Linear(3, 2, rng, dtype=np.float64), np.float32, "x")):
        with pytest.raises(TypeError, match=rf"check_module: {name} is float32, and nudges need float64: .* net.double\(\)"):
            check_module(net, np.ones((4, 3), dtype), rng)
