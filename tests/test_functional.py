"""Every formula but convolution and pooling: finite differences, the adjoint, PyTorch, and what it does with bad input."""
from dataclasses import dataclass
from typing import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers import functional as F
from helpers.gradcheck import adjoint_error, numeric_gradient, relative_error

SEEDS = st.integers(0, 2**32 - 1)
ANY_SHAPE = hnp.array_shapes(min_dims=1, max_dims=4, max_side=5)
TWO_AXES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=7)
SIZES = st.tuples(*[st.integers(1, 7)] * 3)  # N, in, out
CLIP = (-0.5, 0.75)


@dataclass
class Pair:
    """A forward pass, its backward pass, the same in PyTorch, and where its derivative jumps."""

    forward: Callable
    backward: Callable
    torch: Callable  # takes the module torch and a tensor
    kinks: tuple = ()
    shapes: st.SearchStrategy = ANY_SHAPE


PAIRS = {
    "identity": Pair(F.identity, F.identity_backward, lambda torch, x: torch.nn.Identity()(x)),
    "relu": Pair(F.relu, F.relu_backward, lambda torch, x: torch.relu(x), kinks=(0,)),
    "clip": Pair(lambda x: F.clip(x, *CLIP), F.clip_backward, lambda torch, x: torch.clip(x, *CLIP), kinks=CLIP),
    "sigmoid": Pair(F.sigmoid, F.sigmoid_backward, lambda torch, x: torch.sigmoid(x)),
    "tanh": Pair(F.tanh, F.tanh_backward, lambda torch, x: torch.tanh(x)),
    "softmax": Pair(F.softmax, F.softmax_backward, lambda torch, x: torch.softmax(x, dim=1), shapes=TWO_AXES),
}
each_pair = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())


def draw_x(rng, shape, dtype=np.float64, kinks=()):
    """Numbers between -2 and 2, none nearer than 0.01 to a kink."""
    x = rng.uniform(-2, 2, shape)
    for kink in kinks:
        x[np.abs(x - kink) < 0.01] = kink + 0.02
    return x.astype(dtype)


def draw_linear(rng, sizes, dtype=np.float64):
    n, inputs, outputs = sizes
    return [rng.standard_normal(shape).astype(dtype) for shape in ((n, inputs), (outputs, inputs), (outputs,))]


def finite_differences(loss, x):
    """Central differences with two steps, put together so that what is left is of order step⁴ (Richardson)."""
    return (4 * numeric_gradient(loss, x, eps=1e-3) - numeric_gradient(loss, x, eps=2e-3)) / 3


def frozen(*arrays):
    """Copies that raise when they are written into."""
    copies = [array.copy() for array in arrays]
    for copy in copies:
        copy.setflags(write=False)
    return copies


def as_tensors(torch, *arrays):
    return [torch.tensor(array, requires_grad=True) for array in arrays]


def assert_close_to_torch(found, tensor):
    wanted = tensor.detach().numpy()
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 1e-10


# --- Finite differences ---------------------------------------------------------------------------

@each_pair
@given(data=st.data(), seed=SEEDS)
def test_backward_is_the_slope_of_forward(pair, data, seed):
    rng = np.random.default_rng(seed)
    x = draw_x(rng, data.draw(pair.shapes), kinks=pair.kinks)
    y, cache = pair.forward(x)
    dy = rng.standard_normal(y.shape)
    dx = pair.backward(dy, cache)
    nudged = x.copy()  # its own array: the cache may hold x
    wanted = finite_differences(lambda: np.vdot(dy, pair.forward(nudged)[0]), nudged)
    assert relative_error(dx, wanted) < 1e-7


@given(SIZES, SEEDS)
def test_linear_backward_is_the_slope_of_forward(sizes, seed):
    rng = np.random.default_rng(seed)
    arrays = draw_linear(rng, sizes)
    y, cache = F.linear(*arrays)
    dy = rng.standard_normal(y.shape)
    gradients = F.linear_backward(dy, cache)
    nudged = [array.copy() for array in arrays]
    for array, gradient in zip(nudged, gradients, strict=True):
        wanted = finite_differences(lambda: np.vdot(dy, F.linear(*nudged)[0]), array)
        assert relative_error(gradient, wanted) < 1e-7


@given(TWO_AXES, SEEDS, st.floats(-1, 1))
def test_backward_of_a_loss_is_the_slope_of_what_is_made_of_it(shape, seed, factor):
    """Of sin(factor * loss), say: its gradient arrives as dloss."""
    rng = np.random.default_rng(seed)
    x, target, labels = draw_x(rng, shape), rng.standard_normal(shape), rng.integers(0, shape[1], shape[0])
    for loss, backward in ((lambda: F.mse_loss(x, target), F.mse_loss_backward),
                           (lambda: F.l2_loss(x, 0.3), F.l2_loss_backward),
                           (lambda: F.cross_entropy(x, labels), F.cross_entropy_backward)):
        value, cache = loss()
        found = backward(factor * np.cos(factor * value), cache)
        wanted = finite_differences(lambda: np.sin(factor * loss()[0]), x)
        assert np.abs(found - wanted).max() < 1e-8
        assert np.array_equal(backward(1, cache), cache)


@given(TWO_AXES, SEEDS)
def test_linear_without_a_bias(shape, seed):
    rng = np.random.default_rng(seed)
    x, w, b = draw_linear(rng, (*shape, 3))
    dy = rng.standard_normal((shape[0], 3))
    (y, cache), (y_zero, cache_zero) = F.linear(x, w, None), F.linear(x, w, 0 * b)
    dx, dw, db = F.linear_backward(dy, cache)
    dx_zero, dw_zero, _ = F.linear_backward(dy, cache_zero)
    assert db is None and np.array_equal(y, y_zero) and np.array_equal(dx, dx_zero) and np.array_equal(dw, dw_zero)
    nothing, dw, db = F.linear_backward(dy, F.linear(x, w, b)[1], input_gradient=False)
    assert nothing is None and np.array_equal(dw, dw_zero) and np.allclose(db, dy.sum(axis=0), rtol=0, atol=1e-12)


@given(TWO_AXES, SEEDS)
def test_cross_entropy_gradient_is_the_slope_of_the_loss(shape, seed):
    rng = np.random.default_rng(seed)
    logits, labels = draw_x(rng, shape), rng.integers(0, shape[1], shape[0])
    _, dlogits = F.cross_entropy(logits, labels)
    wanted = finite_differences(lambda: F.cross_entropy(logits, labels)[0], logits)
    assert np.abs(dlogits - wanted).max() < 1e-10
    assert relative_error(dlogits, wanted) < 1e-7


@given(ANY_SHAPE, SEEDS)
def test_mse_gradient_is_the_slope_of_the_loss(shape, seed):
    rng = np.random.default_rng(seed)
    y, target = rng.standard_normal(shape), rng.standard_normal(shape)
    _, dy = F.mse_loss(y, target)
    assert relative_error(dy, finite_differences(lambda: F.mse_loss(y, target)[0], y)) < 1e-7


@given(SIZES, SEEDS)
def test_linear_backward_is_the_adjoint(sizes, seed):
    rng = np.random.default_rng(seed)
    x, w, b = draw_linear(rng, sizes)
    dy = rng.standard_normal((sizes[0], sizes[2]))
    cache = F.linear(x, w, b)[1]
    # y is linear in each of x, w and b, where what is added to it is nothing.
    no_x, no_b = np.zeros_like(x), np.zeros_like(b)
    assert adjoint_error(lambda x: F.linear(x, w, no_b)[0], lambda dy: F.linear_backward(dy, cache)[0], x, dy) < 1e-12
    assert adjoint_error(lambda w: F.linear(x, w, no_b)[0], lambda dy: F.linear_backward(dy, cache)[1], w, dy) < 1e-12
    assert adjoint_error(lambda b: F.linear(no_x, w, b)[0], lambda dy: F.linear_backward(dy, cache)[2], b, dy) < 1e-12


# --- PyTorch --------------------------------------------------------------------------------------

@pytest.mark.torch
@each_pair
@given(data=st.data(), seed=SEEDS)
def test_pairs_equal_pytorch(pair, data, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    x = 3 * rng.standard_normal(data.draw(pair.shapes))
    dy = rng.standard_normal(x.shape)
    y, cache = pair.forward(x)
    (tensor,) = as_tensors(torch, x)
    output = pair.torch(torch, tensor)
    output.backward(torch.tensor(dy))
    assert_close_to_torch(y, output)
    assert_close_to_torch(pair.backward(dy, cache), tensor.grad)


@pytest.mark.torch
@given(SIZES, SEEDS)
def test_linear_equals_pytorch(sizes, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    arrays = draw_linear(rng, sizes)
    y, cache = F.linear(*arrays)
    dy = rng.standard_normal(y.shape)
    tensors = as_tensors(torch, *arrays)
    output = torch.nn.functional.linear(*tensors)
    output.backward(torch.tensor(dy))
    assert_close_to_torch(y, output)
    for gradient, tensor in zip(F.linear_backward(dy, cache), tensors, strict=True):
        assert_close_to_torch(gradient, tensor.grad)


@pytest.mark.torch
@given(TWO_AXES, SEEDS)
def test_cross_entropy_equals_pytorch(shape, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    logits, labels = 10 * rng.standard_normal(shape), rng.integers(0, shape[1], shape[0])
    loss, dlogits = F.cross_entropy(logits, labels)
    (tensor,) = as_tensors(torch, logits)
    wanted = torch.nn.functional.cross_entropy(tensor, torch.tensor(labels))
    wanted.backward()
    assert abs(loss - wanted.item()) < 1e-10
    assert_close_to_torch(dlogits, tensor.grad)


@pytest.mark.torch
@given(ANY_SHAPE, SEEDS)
def test_mse_loss_equals_pytorch(shape, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    y, target = rng.standard_normal(shape), rng.standard_normal(shape)
    loss, dy = F.mse_loss(y, target)
    (tensor,) = as_tensors(torch, y)
    wanted = torch.nn.functional.mse_loss(tensor, torch.tensor(target))
    wanted.backward()
    assert abs(loss - wanted.item()) < 1e-10
    assert_close_to_torch(dy, tensor.grad)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["relu", "clip"])
def test_slope_at_a_kink_is_pytorchs(name):
    torch = pytest.importorskip("torch")
    pair = PAIRS[name]
    kinks = np.array(pair.kinks, dtype=np.float64)
    x = np.concatenate([kinks, np.nextafter(kinks, -np.inf), np.nextafter(kinks, np.inf), -kinks])  # -0.0 among them
    dy = np.linspace(1, 2, len(x))
    (tensor,) = as_tensors(torch, x)
    pair.torch(torch, tensor).backward(torch.tensor(dy))
    assert np.array_equal(pair.backward(dy, pair.forward(x)[1]), tensor.grad.numpy())


def test_relu_backward_lies_in_memory_as_its_input():
    """A convolution below wants channels last, and what comes back through Flatten lies channels first."""
    first = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    last = np.ascontiguousarray(first.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    for x in (first, last):
        for dy in (first, last):
            dx = F.relu_backward(dy, F.relu(x)[1])
            assert dx.strides == x.strides and np.array_equal(dx, np.where(x > 0, dy, 0))


def test_slope_at_a_kink():
    ones = np.ones(3)
    assert F.relu_backward(ones, F.relu(np.array([-1.0, 0.0, 1.0]))[1]).tolist() == [0, 0, 1]
    assert F.clip_backward(np.ones(5), F.clip(np.array([-1.0, 0.0, 0.5, 1.0, 2.0]))[1]).tolist() == [0, 1, 1, 1, 0]
    # A bound that float32 can only hold rounded is still inside.
    assert F.clip_backward(np.ones(1, np.float32), F.clip(np.array([0.1], np.float32), 0.1, 0.9)[1]).tolist() == [1]


# --- Arrays keep their dtype, and nothing handed in is changed ------------------------------------

def run_everything(dtype, freeze=lambda *arrays: arrays):
    """Yields (name, arrays handed in, arrays given back) for every forward and backward pass there is."""
    rng = np.random.default_rng(5)
    for name, pair in PAIRS.items():
        (x,) = freeze(draw_x(rng, (4, 3), dtype))
        (dy,) = freeze(rng.standard_normal(x.shape).astype(dtype))
        y, cache = pair.forward(x)
        yield name, [x, dy], [y, pair.backward(dy, cache)]
    arrays = freeze(*draw_linear(rng, (4, 3, 2), dtype))
    (dy,) = freeze(rng.standard_normal((4, 2)).astype(dtype))
    y, cache = F.linear(*arrays)
    yield "linear", [*arrays, dy], [y, *F.linear_backward(dy, cache)]
    y, cache = F.linear(*arrays[:2], None)
    yield "linear", [*arrays[:2], dy], [y, *F.linear_backward(dy, cache)[:2]]
    arrays = freeze(*(rng.standard_normal((count, 2, 3, 2)).astype(dtype) for count in (4, 3)))
    (dy,) = freeze(rng.standard_normal((4, 3)).astype(dtype))
    y, cache = F.project(*arrays)
    yield "project", [*arrays, dy], [y, *F.project_backward(dy, cache)]
    logits, labels = freeze(draw_x(rng, (4, 3), dtype), np.array([2, 0, 1, 1]))
    gradient = F.cross_entropy(logits, labels)[1]
    yield "cross_entropy", [logits, labels], [gradient, F.cross_entropy_backward(1, gradient)]
    y, target = freeze(draw_x(rng, (4, 3), dtype), draw_x(rng, (4, 3), dtype))
    gradient = F.mse_loss(y, target)[1]
    yield "mse_loss", [y, target], [gradient, F.mse_loss_backward(1, gradient)]
    gradient = F.l2_loss(y, 0.3)[1]
    yield "l2_loss", [y], [gradient, F.l2_loss_backward(1, gradient)]


def test_l2_is_half_the_sum_of_squares_and_its_gradient_the_weights_themselves():
    w = np.array([[3.0, -4.0], [0.0, 1.0]])
    loss, dw = F.l2_loss(w, 0.5)
    assert loss == 0.5 * 26 / 2 and np.array_equal(dw, 0.5 * w)
    for strength in (-0.1, np.nan):
        with pytest.raises(ValueError, match="l2_loss: strength must be 0 or above"):
            F.l2_loss(w, strength)


def test_run_everything_leaves_no_formula_out():
    """Convolution, pooling, normalisation and dropout have files of their own; the accuracy gives no floating-point numbers."""
    own = {name for name in F.__all__ if getattr(F, name).__module__.split(".")[-1] not in ("conv", "pool", "norm", "dropout")}
    tried = {name for name, *_ in run_everything(np.float64)} | {"accuracy"}
    assert {name.removesuffix("_backward") for name in own} == tried, "give it a row of PAIRS, or a line of run_everything"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    for name, _, outputs in run_everything(dtype):
        assert [array.dtype for array in outputs] == [dtype] * len(outputs), name


@pytest.mark.parametrize("number", [float, np.float64, np.float32, int])
def test_bounds_of_clip_do_not_change_the_dtype(number):
    x = np.linspace(-2, 2, 9, dtype=np.float32)
    y, cache = F.clip(x, number(-1), number(1))
    assert y.dtype == np.float32
    assert F.clip_backward(x, cache).dtype == np.float32
    assert y.tolist() == [-1, -1, -1, -0.5, 0, 0.5, 1, 1, 1]


def test_losses_are_plain_numbers():
    logits = np.zeros((2, 3), np.float32)
    assert type(F.cross_entropy(logits, np.array([0, 1]))[0]) is float
    assert type(F.mse_loss(logits, logits)[0]) is float


def test_nothing_handed_in_is_written_into():
    before = [[array.copy() for array in inputs] for _, inputs, _ in run_everything(np.float64)]
    for copies, (name, inputs, _) in zip(before, run_everything(np.float64, freeze=frozen), strict=True):
        for copy, array in zip(copies, inputs, strict=True):
            assert np.array_equal(copy, array), name


def test_outputs_share_no_memory():
    for name, inputs, outputs in run_everything(np.float64):
        if name == "identity":  # a shortcut that copied its input would cost as much as a layer
            assert all(output is handed for output, handed in zip(outputs, inputs, strict=True))
            continue
        for place, output in enumerate(outputs):
            assert not any(np.shares_memory(output, other) for other in inputs + outputs[:place]), name
            assert output.flags.writeable, name


def test_every_formula_has_its_way_back():
    """What runs forward and what runs backward come in pairs; `_loops` and im2col with col2im are pairs of their own."""
    plain = {"accuracy", "im2col", "col2im", "conv2d_loops", "conv2d_backward_loops"}
    names = set(F.__all__) - plain
    forward = {name for name in names if not name.endswith("_backward")}
    assert names == forward | {f"{name}_backward" for name in forward} and plain < set(F.__all__)


@each_pair
def test_backward_can_run_twice(pair):
    rng = np.random.default_rng(0)
    x, dy = draw_x(rng, (3, 4)), rng.standard_normal((3, 4))
    cache = pair.forward(x)[1]
    assert np.array_equal(pair.backward(dy, cache), pair.backward(dy, cache))


@each_pair
@given(data=st.data(), seed=SEEDS)
def test_a_shared_gradient_survives(pair, data, seed):
    """y = f(x) + x hands the same dy down both paths."""
    rng = np.random.default_rng(seed)
    x = draw_x(rng, data.draw(pair.shapes), kinks=pair.kinks)
    dy = rng.standard_normal(x.shape)
    kept = dy.copy()
    dx = pair.backward(dy, pair.forward(x)[1]) + dy
    assert np.array_equal(dy, kept)
    wanted = finite_differences(lambda: np.vdot(kept, pair.forward(x)[0] + x), x)
    assert relative_error(dx, wanted) < 1e-7


@pytest.mark.parametrize("dloss", [2, 2.0, np.float32(2), np.float64(2), np.array(2.0), np.int8(2)], ids=lambda dloss: type(dloss).__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dloss_is_any_number(dloss, dtype):
    gradient = np.linspace(-1, 1, 6, dtype=dtype).reshape(2, 3)
    for backward in (F.cross_entropy_backward, F.mse_loss_backward):
        found = backward(dloss, gradient)
        assert found.dtype == dtype and np.array_equal(found, 2 * gradient)


@pytest.mark.parametrize("dloss", [None, [1.0], np.ones(1), np.ones((2, 3)), "1", True, 1j], ids=str)
def test_dloss_must_be_one_number(dloss):
    for name in ("cross_entropy_backward", "mse_loss_backward"):
        with pytest.raises(TypeError, match=f"{name}: dloss must be one number"):
            getattr(F, name)(dloss, np.ones((2, 3)))


# --- The accuracy ---------------------------------------------------------------------------------

@given(hnp.arrays(np.float64, TWO_AXES, elements=st.integers(-3, 3) | st.sampled_from([np.nan, np.inf, -np.inf])), SEEDS)
def test_accuracy(logits, seed):
    labels = np.random.default_rng(seed).integers(0, logits.shape[1], len(logits))
    right = F.accuracy(logits, labels)
    assert right.dtype == bool and right.shape == labels.shape
    wanted = [not any(np.isnan(row)) and row.tolist().index(max(row)) == label for row, label in zip(logits, labels)]
    assert right.tolist() == wanted


def test_a_row_that_holds_nan_is_wrong_whatever_its_label():
    for place in range(3):
        logits = np.array([[1.0, 2.0, 3.0]])
        logits[0, place] = np.nan
        assert not any(F.accuracy(logits, np.array([label]))[0] for label in range(3))


# --- Any finite numbers ---------------------------------------------------------------------------

@st.composite
def any_finite(draw, shapes, dtypes=(np.float32, np.float64)):
    """Arrays of any finite numbers, up to the dtype's extremes."""
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    largest = float(np.finfo(dtype).max)
    some = st.floats(width=8 * dtype.itemsize, allow_nan=False, allow_infinity=False)
    return draw(hnp.arrays(dtype, shapes, elements=some | st.sampled_from([largest, -largest, 0.0, -0.0])))


SPREAD = np.array([[np.finfo(np.float32).max, np.finfo(np.float32).min], [0, 1]], dtype=np.float32)


@given(any_finite(TWO_AXES))
@example(SPREAD)
@example(SPREAD.astype(np.float64) * 1e269)
def test_softmax_of_any_finite_logits(logits):
    p, cache = F.softmax(logits)
    assert np.isfinite(p).all() and (p >= 0).all()
    rounding = 2 * logits.shape[1] * np.finfo(logits.dtype).eps
    assert np.abs(p.sum(axis=1) - 1).max() <= rounding
    assert (np.take_along_axis(p, logits.argmax(axis=1)[:, None], axis=1) == p.max(axis=1, keepdims=True)).all()
    dlogits = F.softmax_backward(np.ones_like(p), cache)  # all probabilities cannot rise at once
    assert np.abs(dlogits).max() <= rounding


@given(any_finite(TWO_AXES), SEEDS)
@example(SPREAD, 0)
@example(SPREAD[:, ::-1].copy(), 1)
@example(np.repeat(SPREAD[:1].astype(np.float64) * 1e269, 3, axis=0), 3)
def test_cross_entropy_of_any_finite_logits(logits, seed):
    count, classes = logits.shape
    labels = np.random.default_rng(seed).integers(0, classes, count)
    loss, dlogits = F.cross_entropy(logits, labels)
    assert np.isfinite(loss) and loss >= 0
    assert np.isfinite(dlogits).all()
    rounding = 2 * classes * np.finfo(logits.dtype).eps / count
    assert np.abs(dlogits.sum(axis=1)).max() <= rounding
    onehot = np.eye(classes, dtype=logits.dtype)[labels]
    assert np.abs(dlogits - (F.softmax(logits)[0] - onehot) / count).max() <= rounding


@given(hnp.arrays(np.int64, TWO_AXES, elements=st.integers(-50, 50)), st.integers(-2**20, 2**20),
       st.sampled_from([np.float32, np.float64]), SEEDS)
def test_adding_a_constant_to_all_logits_changes_nothing(whole, shift, dtype, seed):
    """With whole numbers the sum is exact, so the results are equal bit for bit."""
    labels = np.random.default_rng(seed).integers(0, whole.shape[1], len(whole))
    logits, shifted = whole.astype(dtype), (whole + shift).astype(dtype)
    assert np.array_equal(F.softmax(logits)[0], F.softmax(shifted)[0])
    (loss, dlogits), (other_loss, other_dlogits) = F.cross_entropy(logits, labels), F.cross_entropy(shifted, labels)
    assert loss == other_loss
    assert np.array_equal(dlogits, other_dlogits)


def test_cross_entropy_known_values():
    assert F.cross_entropy(np.zeros((3, 10)), np.array([0, 4, 9]))[0] == pytest.approx(np.log(10), rel=1e-15)
    assert F.cross_entropy(np.array([[1000.0, 0.0]]), np.array([1]))[0] == 1000
    assert F.cross_entropy(np.array([[1000.0, 0.0]]), np.array([0]))[0] == 0
    # The mean over the batch, not the sum.
    mean = (30 + np.log(2)) / 2
    assert F.cross_entropy(np.array([[30.0, 0.0], [0.0, 0.0]]), np.array([1, 1]))[0] == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize("labels_dtype", [np.uint8, np.int8, np.int32, np.int64, np.uint64])
def test_labels_of_any_integer_dtype(labels_dtype):
    logits = np.random.default_rng(0).standard_normal((4, 3))
    loss, dlogits = F.cross_entropy(logits, np.array([2, 0, 1, 2], labels_dtype))
    wanted_loss, wanted = F.cross_entropy(logits, np.array([2, 0, 1, 2]))
    assert loss == wanted_loss and np.array_equal(dlogits, wanted)


def test_cross_entropy_does_not_hide_what_is_not_finite():
    """`fit` stops on such a loss, so it must not be held at a large finite number."""
    assert F.cross_entropy(np.array([[0.0, -np.inf]]), np.array([1]))[0] == np.inf
    assert F.cross_entropy(np.array([[0.0, -np.inf]]), np.array([0]))[0] == 0
    assert np.isnan(F.cross_entropy(np.array([[0.0, np.nan]]), np.array([0]))[0])
    with np.errstate(invalid="ignore"):
        assert np.isnan(F.cross_entropy(np.array([[0.0, np.inf]]), np.array([0]))[0])


@given(any_finite(ANY_SHAPE))
@example(np.array([np.finfo(np.float64).max, np.finfo(np.float64).min]))
@example(np.array([-89.0, 89.0, -104.0], np.float32))
def test_sigmoid_never_overflows(x):
    """pytest turns every warning into an error, so that one about overflow fails here."""
    y, cache = F.sigmoid(x)
    eps = np.finfo(x.dtype).eps
    assert ((y >= 0) & (y <= 1)).all()
    assert np.abs(y + F.sigmoid(-x)[0] - 1).max() <= 2 * eps
    with np.errstate(over="ignore"):
        assert np.allclose(y, 1 / (1 + np.exp(-x.astype(np.longdouble))), rtol=4 * eps, atol=np.finfo(x.dtype).tiny)
    assert np.isfinite(F.sigmoid_backward(np.ones_like(x), cache)).all()


@given(any_finite(ANY_SHAPE))
def test_simple_activations_of_any_finite_numbers(x):
    assert np.array_equal(F.identity(x)[0], x)
    assert F.relu(x)[0].ravel().tolist() == [max(value, 0.0) for value in x.ravel().tolist()]
    assert F.clip(x, *CLIP)[0].ravel().tolist() == [min(max(value, CLIP[0]), CLIP[1]) for value in x.ravel().tolist()]
    assert np.isfinite(F.tanh(x)[0]).all()


def test_not_a_number_is_passed_on():
    """What went wrong must show in the loss: no activation may turn it into a number."""
    x = np.array([[np.nan, 1.0]])
    for name, pair in PAIRS.items():
        assert np.isnan(pair.forward(x)[0][0, 0]), name


# --- Bad input ------------------------------------------------------------------------------------

X, W, B, LABELS = np.ones((4, 3)), np.ones((2, 3)), np.ones(2), np.array([0, 1, 2, 0])

NOT_FLOAT = [[[1.0, 2.0, 3.0]], X.astype(int), X.astype(bool), X.astype(complex), X.astype(object), 1.0, None]


@pytest.mark.parametrize("bad", NOT_FLOAT, ids=lambda bad: str(getattr(bad, "dtype", type(bad).__name__)))
def test_arrays_must_be_floating_point(bad):
    calls = {name: lambda pair=pair: pair.forward(bad) for name, pair in PAIRS.items()}
    calls |= {f"{name}_backward": lambda pair=pair: pair.backward(bad, pair.forward(X)[1]) for name, pair in PAIRS.items()}
    calls |= {
        "linear": lambda: F.linear(bad, W, B),
        "linear ": lambda: F.linear(X, bad, B),
        **({"linear  ": lambda: F.linear(X, W, bad)} if bad is not None else {}),
        "linear_backward": lambda: F.linear_backward(bad, F.linear(X, W, B)[1]),
        "cross_entropy": lambda: F.cross_entropy(bad, LABELS),
        "accuracy": lambda: F.accuracy(bad, LABELS),
        "mse_loss": lambda: F.mse_loss(bad, X),
        "mse_loss ": lambda: F.mse_loss(X, bad),
    }
    found = str(bad.dtype) if isinstance(bad, np.ndarray) else type(bad).__name__
    for name, call in calls.items():
        with pytest.raises(TypeError) as error:
            call()
        assert str(error.value).startswith(f"{name.strip()}: ")
        assert found in str(error.value)


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
def test_other_floats_are_refused(dtype):
    """Half precision is too coarse to train in, and no processor computes in it; nothing here needs more than float64."""
    bad = X.astype(dtype)
    for name, call in {"relu": lambda: F.relu(bad), "linear": lambda: F.linear(bad, bad, None),
                       "cross_entropy": lambda: F.cross_entropy(bad, LABELS), "accuracy": lambda: F.accuracy(bad, LABELS),
                       "relu_backward": lambda: F.relu_backward(bad, F.relu(X)[1])}.items():
        with pytest.raises(TypeError, match=f"{name}: .* has dtype {bad.dtype} but must be float32.*astype"):
            call()


def test_arrays_must_share_a_dtype():
    single = X.astype(np.float32)
    for call in (lambda: F.linear(single, W, B), lambda: F.linear(X, W.astype(np.float32), B),
                 lambda: F.linear(X, W, B.astype(np.float32)), lambda: F.mse_loss(single, X)):
        with pytest.raises(TypeError, match="share one dtype.*float(32|64).*float(32|64)"):
            call()
    for name, pair in PAIRS.items():
        with pytest.raises(TypeError, match=f"{name}_backward: dy is float32 but the forward pass ran in float64"):
            pair.backward(single, pair.forward(X)[1])
    with pytest.raises(TypeError, match="linear_backward: dy is float32 but the forward pass ran in float64"):
        F.linear_backward(np.ones((4, 2), np.float32), F.linear(X, W, B)[1])


def says(error, *parts):
    for part in parts:
        assert str(part) in str(error.value)


@given(hnp.array_shapes(min_dims=1, max_dims=4, max_side=3).filter(lambda shape: len(shape) != 2))
@example(())
def test_wrong_number_of_axes(shape):
    bad = np.ones(shape)
    for name, axes, call in (("x", "(N, in)", lambda: F.linear(bad, W, B)), ("w", "(out, in)", lambda: F.linear(X, bad, B)),
                             ("logits", "(N, C)", lambda: F.softmax(bad)),
                             ("logits", "(N, C)", lambda: F.accuracy(bad, LABELS)),
                             ("logits", "(N, C)", lambda: F.cross_entropy(bad, LABELS))):
        with pytest.raises(ValueError) as error:
            call()
        says(error, f"{name} must have 2 axes {axes}", shape)


@given(SIZES, st.integers(1, 3))
def test_linear_shapes_that_do_not_fit(sizes, more):
    n, inputs, outputs = sizes
    x, w, b = np.ones((n, inputs + more)), np.ones((outputs, inputs)), np.ones(outputs)
    with pytest.raises(ValueError) as error:
        F.linear(x, w, b)
    says(error, f"x has {inputs + more} features but the weights expect {inputs}",
         f"x (N, in) = {x.shape}", f"w (out, in) = {w.shape}")
    for bad in (np.ones(outputs + more), np.ones((outputs, 1)), np.ones((1, outputs)), np.ones(())):  # none is broadcast
        with pytest.raises(ValueError) as error:
            F.linear(x, np.ones((outputs, inputs + more)), bad)
        says(error, f"w has {outputs} outputs but b has shape {bad.shape}",
             f"w (out, in) = {(outputs, inputs + more)}", "b (out,)")


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_empty_batch(shape):
    empty = np.ones(shape)
    along = "N" if shape[0] == 0 else "in"
    with pytest.raises(ValueError) as error:
        F.linear(empty, np.ones((2, shape[1])), B)
    says(error, f"x is empty along {along}: x (N, in) = {shape}")
    along = "N" if shape[0] == 0 else "C"
    for call in (lambda: F.softmax(empty), lambda: F.cross_entropy(empty, np.zeros(shape[0], int))):
        with pytest.raises(ValueError) as error:
            call()
        says(error, f"logits is empty along {along}: logits (N, C) = {shape}")
    with pytest.raises(ValueError, match="y is empty"):
        F.mse_loss(empty, empty)


@given(ANY_SHAPE, ANY_SHAPE)
def test_mse_shapes_that_differ(first, second):
    if first == second:
        second = (*second, 1)
    with pytest.raises(ValueError) as error:
        F.mse_loss(np.ones(first), np.ones(second))
    says(error, "one shape", f"y is {first}", f"target {second}")


@each_pair
@pytest.mark.parametrize("shape", [(3, 4), (4, 1), (1, 3), (3,), (12,), (4, 3, 1), ()])
def test_upstream_gradient_must_fit_the_output(pair, shape):
    with pytest.raises(ValueError) as error:
        pair.backward(np.ones(shape), pair.forward(X)[1])
    says(error, f"dy has shape {shape} but the output had shape (4, 3)")


@pytest.mark.parametrize("shape", [(2, 4), (4, 1), (1, 2), (2,), (4, 3), (4, 2, 1), ()])
def test_upstream_gradient_must_fit_the_output_of_linear(shape):
    with pytest.raises(ValueError) as error:
        F.linear_backward(np.ones(shape), F.linear(X, W, B)[1])
    says(error, f"linear_backward: dy has shape {shape} but the output had shape (4, 2)")


@given(hnp.arrays(np.int64, 4, elements=st.integers(-300, 300)).filter(lambda labels: labels.min() < 0 or labels.max() > 2))
@example(np.array([0, 1, 2, 3]))
@example(np.array([-1, 0, 1, 2]))
def test_labels_out_of_range(labels):
    for call in (F.cross_entropy, F.accuracy):
        with pytest.raises(ValueError) as error:
            call(X, labels)
        says(error, f"{call.__name__}: labels must lie between 0 and 2", f"run from {labels.min()} to {labels.max()}")


WRONG_SHAPES = [LABELS[:3], np.append(LABELS, 0), LABELS[:, None], LABELS[None], LABELS[:0], np.eye(3, dtype=int)]
WRONG_KINDS = [LABELS.astype(float), LABELS.astype(bool), LABELS.tolist(), 0, None, np.array(["0"] * 4)]


@pytest.mark.parametrize("labels", WRONG_SHAPES, ids=lambda labels: str(labels.shape))
def test_labels_of_the_wrong_shape(labels):
    for call in (F.cross_entropy, F.accuracy):
        with pytest.raises(ValueError) as error:
            call(X, labels)
        says(error, f"{call.__name__}: ", "logits (N, C) = (4, 3)", f"labels (N,) = {labels.shape}")


@pytest.mark.parametrize("labels", WRONG_KINDS, ids=str)
def test_labels_of_the_wrong_kind(labels):
    for call in (F.cross_entropy, F.accuracy):
        with pytest.raises(TypeError, match=f"{call.__name__}: labels must be a NumPy array of integers"):
            call(X, labels)


@pytest.mark.parametrize("low, high", [(1, 0), (0.5, 0.5), (np.nan, 1), (0, np.nan), (np.inf, -np.inf)])
def test_clip_needs_low_below_high(low, high):
    with pytest.raises(ValueError) as error:
        F.clip(X, low, high)
    says(error, "low must be below high", f"low = {low}", f"high = {high}")
