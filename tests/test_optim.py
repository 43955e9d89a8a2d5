"""SGD against PyTorch, and what it promises about the arrays it moves."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.layers import Parameter
from helpers.optim import SGD

SHAPES = [(3, 4), (3,), (2, 3, 2, 2), (1,)]
LEARNING_RATES = st.floats(1e-4, 2)


def draw_parameters(rng, dtype=np.float64):
    return [Parameter(rng.standard_normal(shape).astype(dtype)) for shape in SHAPES]


def draw_gradients(rng, parameters):
    for parameter in parameters:
        parameter.grad = rng.standard_normal(parameter.value.shape).astype(parameter.value.dtype)


@pytest.mark.torch
@given(LEARNING_RATES, st.integers(0, 2**32 - 1))
def test_fifty_steps_equal_pytorch(lr, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    parameters = draw_parameters(rng)
    tensors = [torch.tensor(parameter.value, requires_grad=True) for parameter in parameters]
    ours, theirs = SGD(parameters, lr), torch.optim.SGD(tensors, lr=lr)
    for _ in range(50):
        draw_gradients(rng, parameters)
        for parameter, tensor in zip(parameters, tensors, strict=True):
            tensor.grad = torch.tensor(parameter.grad)
        ours.step()
        theirs.step()
        for parameter, tensor in zip(parameters, tensors, strict=True):
            assert np.abs(parameter.value - tensor.detach().numpy()).max() < 1e-12 * max(1, 50 * lr)


@given(LEARNING_RATES)
def test_one_step_is_the_formula(lr):
    rng = np.random.default_rng(0)
    parameters = draw_parameters(rng)
    draw_gradients(rng, parameters)
    wanted = [parameter.value - lr * parameter.grad for parameter in parameters]
    SGD(parameters, lr).step()
    assert all(np.array_equal(parameter.value, value) for parameter, value in zip(parameters, wanted, strict=True))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("number", [float, np.float64])
def test_values_move_in_place_and_keep_their_dtype(dtype, number):
    rng = np.random.default_rng(0)
    parameters = draw_parameters(rng, dtype)
    draw_gradients(rng, parameters)
    arrays, before = [parameter.value for parameter in parameters], [parameter.value.copy() for parameter in parameters]
    gradients = [parameter.grad.copy() for parameter in parameters]
    for parameter in parameters:
        parameter.grad.setflags(write=False)
    SGD(parameters, number(0.1)).step()
    for parameter, array, value, gradient in zip(parameters, arrays, before, gradients, strict=True):
        assert parameter.value is array and array.dtype == dtype
        assert (array != value).all()
        assert np.array_equal(parameter.grad, gradient)


def test_parameters_may_come_from_a_generator():
    parameters = draw_parameters(np.random.default_rng(0))
    draw_gradients(np.random.default_rng(1), parameters)
    before = [parameter.value.copy() for parameter in parameters]
    optimizer = SGD((parameter for parameter in parameters), lr=0.1)
    optimizer.step()
    optimizer.step()
    for parameter, value in zip(parameters, before, strict=True):
        assert np.allclose(parameter.value, value - 0.2 * parameter.grad, rtol=0, atol=1e-15)


def test_a_change_of_step_size_counts_from_the_next_step():
    parameter = Parameter(np.zeros(2))
    parameter.grad = np.ones(2)
    optimizer = SGD([parameter], lr=0.5)
    optimizer.step()
    optimizer.lr = 0.25
    optimizer.step()
    assert parameter.value.tolist() == [-0.75, -0.75]


@pytest.mark.parametrize("lr", [0, 0.0, -0.1, np.nan, -np.inf])
def test_the_step_size_must_be_positive(lr):
    with pytest.raises(ValueError, match=f"lr must be above 0, but it is {lr}"):
        SGD([Parameter(np.ones(1))], lr)


def test_there_must_be_parameters():
    with pytest.raises(ValueError, match=r"no parameters to train: pass net.parameters\(\)"):
        SGD([], lr=0.1)
