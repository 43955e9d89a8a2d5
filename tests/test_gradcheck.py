"""The proofs themselves: they pass what is right, and fail every mistake planted here."""
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers import functional as F
from helpers.gradcheck import adjoint_error, check_module, numeric_gradient, relative_error
from helpers.layers import Flatten, Linear, ReLU, Sequential, Tanh

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
    x = np.asarray(np.random.default_rng(seed).uniform(0.5, 2, shape))
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


def test_a_stale_cache_is_found():
    class Stale(Linear):
        def forward(self, x):
            y, cache = F.linear(x, self.weight.value, self.bias.value)
            self.cache = self.cache or cache
            return y

    rng = np.random.default_rng(0)
    layer = Stale(3, 2, rng, dtype=np.float64)
    layer.forward(rng.standard_normal((4, 3)))
    errors = check_module(layer, rng.standard_normal((4, 3)), rng)
    assert errors["weight"] > 1e-3


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


def test_a_relu_that_lets_everything_through_is_found():
    class Everything(ReLU):
        def backward(self, dy):
            y = np.maximum(self.recall(), 0)
            return dy * (y >= 0)

    rng = np.random.default_rng(0)
    assert check_module(Everything(), rng.standard_normal((4, 3)), rng)["x"] > 0.1


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


def test_check_module_leaves_everything_as_it_was():
    rng = np.random.default_rng(0)
    net, x = Sequential(Flatten(), Linear(6, 3, rng, dtype=np.float64)), rng.standard_normal((4, 2, 3))
    state, kept = net.state_dict(), x.copy()
    x.setflags(write=False)
    assert all(error < 1e-7 for error in check_module(net, x, rng).values())
    assert np.array_equal(x, kept)
    assert all(np.array_equal(value, state[name]) for name, value in net.state_dict().items())


def test_check_module_wants_float64():
    rng = np.random.default_rng(0)
    for net, dtype, name in ((Linear(3, 2, rng), np.float32, "x"), (Linear(3, 2, rng), np.float64, "weight"),
                             (ReLU(), np.float32, "x"), (Linear(3, 2, rng, dtype=np.float64), np.float32, "x")):
        with pytest.raises(TypeError, match=rf"check_module: {name} is float32, and nudges need float64: .* net.double\(\)"):
            check_module(net, np.ones((4, 3), dtype), rng)
