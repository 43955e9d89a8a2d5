"""Optimisers against PyTorch and against the formulas written plainly, and what they promise about arrays."""
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import optim
from helpers.layers import Linear, Parameter
from helpers.optim import SGD, Adam, AdamW, Momentum, RMSProp

SHAPES = [(3, 4), (3,), (2, 3, 2, 2), (1,), (3, 4)]  # two alike: their states must not be one
LEARNING_RATES = st.floats(1e-4, 2)
SHARES = st.floats(0, 0.999)
DECAYS = st.sampled_from([0.0, 0.01, 0.3])
ALL = [SGD, Momentum, RMSProp, Adam, AdamW]


def draw_parameters(rng, dtype=np.float64):
    return [Parameter(rng.standard_normal(shape).astype(dtype)) for shape in SHAPES]


def draw_gradients(rng, parameters):
    for parameter in parameters:
        parameter.grad = rng.standard_normal(parameter.value.shape).astype(parameter.value.dtype)


def settings_of(kind, draw):
    """Arguments of one kind, drawn."""
    given_ = {"lr": draw(LEARNING_RATES), "weight_decay": draw(DECAYS)}
    if kind is Momentum:
        given_ |= {"momentum": draw(st.floats(0.01, 0.99)), "nesterov": draw(st.booleans())}
    if kind is RMSProp:
        given_ |= {"alpha": draw(st.floats(0.5, 0.999)), "eps": draw(st.floats(1e-8, 0.1))}
    if kind in (Adam, AdamW):
        given_ |= {"betas": (draw(SHARES), draw(st.floats(0.5, 0.999))), "eps": draw(st.floats(1e-8, 0.1))}
    return given_


# --- The formulas, one number at a time and with nothing in place ----------------------------------

def plain(kind, values, gradients, lr, weight_decay=None, momentum=0.9, nesterov=False, alpha=0.99, betas=(0.9, 0.999), eps=1e-8):
    """Where `values` stand after a step for each of `gradients`: [[array a parameter] a step] -> [array a parameter]."""
    decay = {AdamW: 0.01}.get(kind, 0) if weight_decay is None else weight_decay
    ends = []
    for number, w in enumerate(values):
        first, second = 0 * w, 0 * w
        for t, step in enumerate(gradients, start=1):
            g = step[number]
            if kind is AdamW:
                w = w - lr * decay * w
            else:
                g = g + decay * w
            if kind is SGD:
                w = w - lr * g
            elif kind is Momentum:
                first = momentum * first + g
                w = w - lr * (g + momentum * first if nesterov else first)
            elif kind is RMSProp:
                second = alpha * second + (1 - alpha) * g**2
                w = w - lr * g / (second**0.5 + eps)
            else:
                first = betas[0] * first + (1 - betas[0]) * g
                second = betas[1] * second + (1 - betas[1]) * g**2
                w = w - lr * (first / (1 - betas[0]**t)) / ((second / (1 - betas[1]**t))**0.5 + eps)
        ends.append(w)
    return ends


def run(kind, seed=0, steps=50, **given_):
    """(values after some steps, the formula's): both on the same random gradients."""
    rng = np.random.default_rng(seed)
    parameters, gradients = draw_parameters(rng), []
    before = [parameter.value.copy() for parameter in parameters]
    optimizer = kind(parameters, **given_)
    for _ in range(steps):
        draw_gradients(rng, parameters)
        gradients.append([parameter.grad.copy() for parameter in parameters])
        optimizer.step()
    formula = next(base for base in kind.__mro__ if base in ALL)
    return [parameter.value for parameter in parameters], plain(formula, before, gradients, **given_)


def close(found, wanted):
    return all(np.abs(a - b).max() <= 1e-12 * max(1, np.abs(b).max()) for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize("kind", ALL)
@given(st.data(), st.integers(0, 2**32 - 1))
def test_fifty_steps_are_the_formula(kind, data, seed):
    assert close(*run(kind, seed, **settings_of(kind, data.draw)))


@pytest.mark.torch
@pytest.mark.parametrize("kind", ALL)
@given(st.data(), st.integers(0, 2**32 - 1))
def test_fifty_steps_equal_pytorch(kind, data, seed):
    torch = pytest.importorskip("torch")
    theirs = {SGD: torch.optim.SGD, Momentum: torch.optim.SGD, RMSProp: torch.optim.RMSprop, Adam: torch.optim.Adam,
              AdamW: torch.optim.AdamW}[kind]
    rng, given_ = np.random.default_rng(seed), settings_of(kind, data.draw)
    parameters = draw_parameters(rng)
    tensors = [torch.tensor(parameter.value, requires_grad=True) for parameter in parameters]
    ours, theirs = kind(parameters, **given_), theirs(tensors, **given_)
    for _ in range(50):
        draw_gradients(rng, parameters)
        for parameter, tensor in zip(parameters, tensors, strict=True):
            tensor.grad = torch.tensor(parameter.grad)
        ours.step()
        theirs.step()
    assert close([parameter.value for parameter in parameters], [tensor.detach().numpy() for tensor in tensors])


@pytest.mark.torch
@pytest.mark.parametrize("kind", ALL[1:])
def test_defaults_are_pytorchs(kind):
    torch = pytest.importorskip("torch")
    if kind is Momentum:
        return  # PyTorch has no default for it
    peer = {RMSProp: torch.optim.RMSprop, Adam: torch.optim.Adam, AdamW: torch.optim.AdamW}[kind]([torch.zeros(1)])
    ours = kind([Parameter(np.zeros(1))])
    for name in ("lr", "weight_decay", "betas", "eps", "alpha"):
        assert getattr(ours, name, None) == peer.defaults.get(name), name


# --- The usual mistakes: each must fail the comparison above ---------------------------------------

class NotCorrected(Adam):
    def _move(self, value, g, state, work):
        t, self.t = self.t, 10**9
        super()._move(value, g, state, work)
        self.t = t


class CorrectedForTheStepBefore(Adam):
    def _move(self, value, g, state, work):
        self.t += 1
        super()._move(value, g, state, work)
        self.t -= 1


class EpsilonInsideTheRoot(Adam):
    def _move(self, value, g, state, work):
        (b1, b2), m, v = self.betas, state["m"], state["v"]
        m[...], v[...] = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        value -= self.lr * m / (1 - b1**self.t) / np.sqrt(v / (1 - b2**self.t) + self.eps)


class EpsilonBeforeTheCorrection(Adam):
    """As the skip article has it: epsilon beside the root of the uncorrected v."""

    def _move(self, value, g, state, work):
        (b1, b2), m, v = self.betas, state["m"], state["v"]
        m[...], v[...] = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        value -= self.lr * np.sqrt(1 - b2**self.t) / (1 - b1**self.t) * m / (np.sqrt(v) + self.eps)


class BetasSwapped(Adam):
    def __init__(self, *args, betas=(0.9, 0.999), **more):
        super().__init__(*args, betas=betas[::-1], **more)


class NotSquared(Adam):
    def _move(self, value, g, state, work):
        (b1, b2), m, v = self.betas, state["m"], state["v"]
        m[...], v[...] = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * np.abs(g)
        value -= self.lr * m / (1 - b1**self.t) / (np.sqrt(v / (1 - b2**self.t)) + self.eps)


class MomentsShared(Adam):
    """One running mean for all parameters: here, numbers of all that are side by side in memory."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        largest = max(self.work, key=np.size)
        shared = {name: np.zeros(largest.size) for name in self.arrays}
        self.state = [{name: shared[name][:work.size].reshape(work.shape) for name in self.arrays} for work in self.work]


class CoupledDecay(AdamW):
    def _with_decay(self, parameter):
        return parameter.grad + self.weight_decay * parameter.value


class DecayNotScaled(AdamW):
    def _with_decay(self, parameter):
        parameter.value *= 1 - self.weight_decay
        return parameter.grad


class NoLookAhead(Momentum):
    def __init__(self, *args, nesterov=True, **more):
        super().__init__(*args, nesterov=False, **more)


class VelocityOfTheMean(Momentum):
    """A running mean, which PyTorch's velocity is not."""

    def _move(self, value, g, state, work):
        super()._move(value, (1 - self.momentum) * g, state, work)


MISTAKES = [NotCorrected, CorrectedForTheStepBefore, EpsilonInsideTheRoot, EpsilonBeforeTheCorrection, BetasSwapped, NotSquared,
            MomentsShared, CoupledDecay, DecayNotScaled, NoLookAhead, VelocityOfTheMean]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_usual_mistakes_are_caught(mistake):
    given_ = {"nesterov": mistake is NoLookAhead} if issubclass(mistake, Momentum) else {"eps": 1e-4}
    assert not close(*run(mistake, lr=0.01, **given_))
    right = next(base for base in mistake.__mro__[1:] if base in ALL)
    assert close(*run(right, lr=0.01, **given_))


# --- Arrays ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("number", [float, np.float64])
def test_values_move_in_place_and_keep_their_dtype(dtype, number, kind):
    rng = np.random.default_rng(0)
    parameters = draw_parameters(rng, dtype)
    draw_gradients(rng, parameters)
    arrays, before = [parameter.value for parameter in parameters], [parameter.value.copy() for parameter in parameters]
    gradients = [parameter.grad.copy() for parameter in parameters]
    for parameter in parameters:
        parameter.grad.setflags(write=False)
    optimizer = kind(parameters, number(0.1), weight_decay=0.1)
    held = [id(array) for state in optimizer.state for array in state.values()] + [id(array) for array in optimizer.work]
    for _ in range(3):
        optimizer.step()
    assert held == [id(array) for state in optimizer.state for array in state.values()] + [id(array) for array in optimizer.work]
    for parameter, array, value, gradient in zip(parameters, arrays, before, gradients, strict=True):
        assert parameter.value is array and array.dtype == dtype
        assert (array != value).all()
        assert np.array_equal(parameter.grad, gradient)
    assert all(array.dtype == dtype for state in optimizer.state for array in state.values())


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


# --- Stop and go on ----------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ALL)
def test_a_state_on_disk_goes_on_with_the_same_numbers(kind):
    rng = np.random.default_rng(0)
    parameters = draw_parameters(rng)
    optimizer = kind(parameters, 0.05)
    for _ in range(7):
        draw_gradients(rng, parameters)
        optimizer.step()
    optimizer.lr = 0.03
    file = io.BytesIO()
    np.savez(file, **optimizer.state_dict())
    file.seek(0)
    twins = [Parameter(parameter.value.copy()) for parameter in parameters]
    twin = kind(twins, 0.7)
    with np.load(file) as state:
        twin.load_state_dict(dict(state))
    for _ in range(5):
        draw_gradients(rng, parameters)
        for own, other in zip(parameters, twins, strict=True):
            other.grad = own.grad.copy()
        optimizer.step()
        twin.step()
    assert all(np.array_equal(own.value, other.value) for own, other in zip(parameters, twins, strict=True))


def test_a_state_is_a_copy():
    parameters = draw_parameters(np.random.default_rng(0))
    optimizer = Adam(parameters)
    state = optimizer.state_dict()
    draw_gradients(np.random.default_rng(1), parameters)
    optimizer.step()
    assert int(state["t"]) == 0 and not any(state[f"{number}.m"].any() for number in range(len(SHAPES)))
    optimizer.load_state_dict(state)
    state["0.m"] += 1
    assert not optimizer.state[0]["m"].any()


def test_a_state_that_does_not_fit_changes_nothing():
    optimizer = Adam(draw_parameters(np.random.default_rng(0)))
    before = optimizer.state_dict()
    with pytest.raises(KeyError, match="another kind of optimiser"):
        optimizer.load_state_dict(Momentum(optimizer.parameters, 0.1).state_dict())
    with pytest.raises(ValueError, match=r"2.v has shape \(2,\) but this network's has \(2, 3, 2, 2\)"):
        optimizer.load_state_dict(before | {"t": np.array(5), "0.m": np.ones((3, 4)), "2.v": np.zeros(2)})
    after = optimizer.state_dict()
    assert all(np.array_equal(before[name], after[name]) for name in before)


# --- What is refused ---------------------------------------------------------------------------------

@pytest.mark.parametrize("kind, name, value, wanted", [
    *((kind, "lr", lr, "above 0") for kind in ALL for lr in (0, 0.0, -0.1, np.nan, -np.inf)),
    *((kind, "weight_decay", -0.1, "at least 0") for kind in ALL),
    (Momentum, "momentum", 1, "from 0 to below 1"), (Momentum, "momentum", -0.1, "from 0 to below 1"),
    (RMSProp, "alpha", 1.0, "from 0 to below 1"), (RMSProp, "eps", -1e-8, "at least 0"),
    (Adam, "betas", (1.0, 0.9), "beta 1"), (Adam, "betas", (0.9, -0.1), "beta 2"), (Adam, "eps", -1e-8, "at least 0")])
def test_settings_out_of_range_are_refused(kind, name, value, wanted):
    settings = {"lr": 0.1} | {name: value}
    with pytest.raises(ValueError, match=wanted) as error:
        kind([Parameter(np.ones(1))], **settings)
    assert kind.__name__ in str(error.value) and (name in str(error.value) or name == "betas")


@pytest.mark.parametrize("kind", ALL)
def test_there_must_be_parameters(kind):
    with pytest.raises(ValueError, match=r"no parameters to train: pass net.parameters\(\)"):
        kind([], lr=0.1)


@pytest.mark.parametrize("kind", ALL)
def test_a_gradient_of_another_shape_moves_nothing(kind):
    parameters = draw_parameters(np.random.default_rng(0))
    draw_gradients(np.random.default_rng(1), parameters)
    parameters[2].grad = np.ones((2, 3))
    before = [parameter.value.copy() for parameter in parameters]
    optimizer = kind(parameters, 0.1, weight_decay=0.1)
    with pytest.raises(ValueError, match=r"parameter 2 has shape \(2, 3, 2, 2\) but its gradient \(2, 3\)"):
        optimizer.step()
    assert optimizer.t == 0
    assert all(np.array_equal(parameter.value, value) for parameter, value in zip(parameters, before, strict=True))


# --- Schedules ---------------------------------------------------------------------------------------

def test_the_constant_schedule():
    assert {optim.constant_lr(0.3)(step) for step in range(9)} == {0.3}


@pytest.mark.torch
@given(LEARNING_RATES, st.integers(1, 9), st.floats(0.1, 1))
def test_the_step_schedule_equals_pytorch(lr, step_size, gamma):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=lr)
    peer, ours = torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma), optim.step_lr(lr, step_size, gamma)
    for step in range(30):
        assert ours(step) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        optimizer.step()
        peer.step()


@pytest.mark.torch
@given(LEARNING_RATES, st.integers(1, 40))
def test_the_cosine_schedule_equals_pytorch(lr, total):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=lr)
    peer, ours = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total), optim.cosine_lr(lr, total)
    for step in range(total):
        assert ours(step) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9, abs=1e-12)
        optimizer.step()
        peer.step()


@given(LEARNING_RATES, st.integers(1, 20), st.integers(1, 50))
def test_the_warm_up_is_a_line_and_the_rest_a_cosine(lr, warm_up, rest):
    schedule, later = optim.cosine_lr(lr, warm_up + rest, warm_up), optim.cosine_lr(lr, rest)
    rise = np.diff([0, *map(schedule, range(warm_up + 1))])
    assert np.allclose(rise, lr / (warm_up + 1), rtol=1e-9, atol=0)
    assert all(schedule(warm_up + step) == pytest.approx(later(step), rel=1e-12) for step in range(rest))
    assert schedule(warm_up) == lr


@given(LEARNING_RATES, st.integers(0, 20), st.integers(1, 20), st.integers(0, 100))
def test_a_schedule_that_has_ended_stays_at_zero(lr, warm_up, rest, later):
    assert optim.cosine_lr(lr, warm_up + rest, warm_up)(warm_up + rest + later) == 0


def test_a_network_in_place_of_its_parameters_is_named():
    with pytest.raises(TypeError, match=r"Adam: that is a network: pass net.parameters\(\)"):
        optim.Adam(Linear(3, 2, np.random.default_rng(0)))


def test_schedules_refuse_what_makes_no_sense():
    with pytest.raises(ValueError, match="step_size must be at least 1"):
        optim.step_lr(0.1, 0)
    for warm_up in (-1, 10, 11):
        with pytest.raises(ValueError, match="warm_up must be from 0 to below total_steps"):
            optim.cosine_lr(0.1, 10, warm_up)
