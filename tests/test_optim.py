"""Optimisers against PyTorch and against the formulas written plainly, and what they promise about arrays."""
import inspect
import io
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import optim, spread
from helpers.layers import BatchNorm2d, Conv2d, Flatten, Linear, Parameter, ReLU, Sequential
from helpers.optim import SGD, Adam, AdamW, Momentum, Optimizer, RMSProp, optimizers

SHAPES = [(3, 4), (3,), (2, 3, 2, 2), (1,), (), (3, 4)]  # two alike: their states must not be one; one a single number
LEARNING_RATES = st.floats(1e-4, 2)
SHARES = st.floats(0, 0.999)
DECAYS = st.sampled_from([0.0, 0.01, 0.3])
ALL = [SGD, Momentum, RMSProp, Adam, AdamW]
SEEDS = st.integers(0, 2**32 - 1)
# As in PyTorch 2.13; Momentum is its SGD(momentum=0.9).
DEFAULTS = {SGD: {"lr": 1e-3, "weight_decay": 0}, Momentum: {"lr": 1e-3, "weight_decay": 0, "momentum": 0.9, "nesterov": False},
            RMSProp: {"lr": 1e-2, "weight_decay": 0, "alpha": 0.99, "eps": 1e-8},
            Adam: {"lr": 1e-3, "weight_decay": 0, "betas": (0.9, 0.999), "eps": 1e-8},
            AdamW: {"lr": 1e-3, "weight_decay": 1e-2, "betas": (0.9, 0.999), "eps": 1e-8}}


class Box:
    """What an optimiser asks of a parameter, without the checks of `layers.Parameter`."""

    def __init__(self, value, grad=None):
        self.value, self.grad = value, grad


def draw_parameters(rng, dtype=np.float64):
    return [Parameter(np.array(rng.standard_normal(shape), dtype)) for shape in SHAPES]


def draw_gradients(rng, parameters):
    for parameter in parameters:
        parameter.grad = np.array(rng.standard_normal(parameter.value.shape), parameter.value.dtype)


PARTS = [slice(0, 2), slice(2, 5), slice(5, 6)]  # of SHAPES: three groups


def all_settings(kind):
    """Arguments of one kind, drawn: {name: strategy}."""
    return {"lr": LEARNING_RATES, "weight_decay": DECAYS} | {
        SGD: {}, Momentum: {"momentum": st.floats(0.01, 0.99), "nesterov": st.booleans()},
        RMSProp: {"alpha": st.floats(0.5, 0.999), "eps": st.floats(1e-8, 0.1)}}.get(
            kind, {"betas": st.tuples(SHARES, st.floats(0.5, 0.999)), "eps": st.floats(1e-8, 0.1)})


def several_settings(kind):
    """(those of the optimiser, [some that a group has of its own] a group)."""
    possible = all_settings(kind)
    return st.tuples(st.fixed_dictionaries(possible), st.tuples(*[st.fixed_dictionaries({}, optional=possible)] * len(PARTS)))


def in_groups(parameters, owns):
    return [{"params": parameters[part]} | own for part, own in zip(PARTS, owns, strict=True)]


# --- The formulas, one parameter at a time and with nothing in place --------------------------------

def plain(kind, w, gradients, lr, weight_decay, momentum=0.9, nesterov=False, alpha=0.99, betas=(0.9, 0.999), eps=1e-8):
    """Where a parameter that begins at `w` stands after a step for each of its gradients."""
    first, second = 0 * w, 0 * w
    for t, g in enumerate(gradients, start=1):
        if kind is AdamW:
            w = w - lr * weight_decay * w
        else:
            g = g + weight_decay * w
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
    return w


def formula(kind):
    return next(base for base in kind.__mro__ if base in ALL)


def run(kind, make, of_each, seed=0, steps=50):
    """(values after some steps, the formula's): both on the same random gradients. `make(parameters)` is the optimiser."""
    rng = np.random.default_rng(seed)
    parameters, gradients = draw_parameters(rng), []
    before = [parameter.value.copy() for parameter in parameters]
    optimizer = make(parameters)
    for _ in range(steps):
        draw_gradients(rng, parameters)
        gradients.append([parameter.grad.copy() for parameter in parameters])
        optimizer.step()
    wanted = [plain(formula(kind), *each, **(DEFAULTS[formula(kind)] | own))
              for *each, own in zip(before, zip(*gradients), of_each, strict=True)]
    return [parameter.value for parameter in parameters], wanted


def run_alike(kind, **given_):
    return run(kind, lambda parameters: kind(parameters, **given_), [given_] * len(SHAPES))


def close(found, wanted):
    return all(np.abs(a - b).max() <= 1e-12 * max(1, np.abs(b).max()) for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize("kind", ALL)
@settings(max_examples=40)
@given(st.data(), SEEDS)
def test_fifty_steps_in_groups_are_the_formula(kind, data, seed):
    common, owns = data.draw(several_settings(kind))
    of_each = [common | own for part, own in zip(PARTS, owns, strict=True) for _ in SHAPES[part]]
    assert close(*run(kind, lambda parameters: kind(in_groups(parameters, owns), **common), of_each, seed))


@pytest.mark.torch
@pytest.mark.parametrize("kind", ALL)
@settings(max_examples=20)
@given(st.data(), SEEDS)
def test_a_hundred_steps_in_groups_equal_pytorch(kind, data, seed):
    torch = pytest.importorskip("torch")
    theirs = {SGD: torch.optim.SGD, Momentum: torch.optim.SGD, RMSProp: torch.optim.RMSprop, Adam: torch.optim.Adam,
              AdamW: torch.optim.AdamW}[kind]
    rng = np.random.default_rng(seed)
    parameters = draw_parameters(rng)
    tensors = [torch.tensor(parameter.value, requires_grad=True) for parameter in parameters]
    common, owns = data.draw(several_settings(kind))
    ours, theirs = kind(in_groups(parameters, owns), **common), theirs(in_groups(tensors, owns), **common)
    for _ in range(100):
        draw_gradients(rng, parameters)
        for parameter, tensor in zip(parameters, tensors, strict=True):
            tensor.grad = torch.tensor(parameter.grad)
        ours.step()
        theirs.step()
    assert close([parameter.value for parameter in parameters], [tensor.detach().numpy() for tensor in tensors])


@pytest.mark.parametrize("kind", ALL)
def test_the_defaults(kind):
    signature = inspect.signature(kind).parameters
    assert {name: signature[name].default for name in list(signature)[1:]} == DEFAULTS[kind]
    group = kind([Parameter(np.zeros(1))]).groups[0]
    assert {name: value for name, value in group.items() if name != "params"} == DEFAULTS[kind]


@pytest.mark.torch
@pytest.mark.parametrize("kind", ALL)
def test_the_defaults_are_pytorchs(kind):
    torch = pytest.importorskip("torch")
    peer = {SGD: torch.optim.SGD, Momentum: lambda p: torch.optim.SGD(p, momentum=0.9), RMSProp: torch.optim.RMSprop,
            Adam: torch.optim.Adam, AdamW: torch.optim.AdamW}[kind]([torch.zeros(1)])
    assert DEFAULTS[kind].items() <= peer.defaults.items()


@given(LEARNING_RATES, LEARNING_RATES, st.floats(0.1, 0.99), st.booleans())
def test_a_new_learning_rate_counts_at_once_also_for_old_velocity(lr, later, momentum, nesterov):
    """The velocity holds gradients, not steps: value <- value - lr velocity with the lr of now."""
    parameter = Parameter(np.zeros(()))
    optimizer = Momentum([parameter], lr, momentum, nesterov)
    places, velocity, wanted = [], 0.0, 0.0
    for rate, g in ((lr, 1.0), (later, 0.0), (0.0, 3.0), (later, -2.0)):
        parameter.grad, optimizer.lr = np.array(g), rate
        optimizer.step()
        velocity = momentum * velocity + g
        wanted -= rate * (g + momentum * velocity if nesterov else velocity)
        places.append(abs(parameter.value - wanted) <= 1e-12)
    assert all(places)


# --- The usual mistakes: each must fail the comparison above ---------------------------------------

class NotCorrected(Adam):
    def _move(self, value, g, state, group):
        t, self.t = self.t, 10**9
        super()._move(value, g, state, group)
        self.t = t


class CorrectedForTheStepBefore(Adam):
    def _move(self, value, g, state, group):
        self.t += 1
        super()._move(value, g, state, group)
        self.t -= 1


class EpsilonInsideTheRoot(Adam):
    def _move(self, value, g, state, group):
        (b1, b2), m, v = group["betas"], state["m"], state["v"]
        m[...], v[...] = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        value -= group["lr"] * m / (1 - b1**self.t) / np.sqrt(v / (1 - b2**self.t) + group["eps"])


class EpsilonBeforeTheCorrection(Adam):
    """As the skip article has it: epsilon beside the root of the uncorrected v."""

    def _move(self, value, g, state, group):
        (b1, b2), m, v = group["betas"], state["m"], state["v"]
        m[...], v[...] = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        value -= group["lr"] * np.sqrt(1 - b2**self.t) / (1 - b1**self.t) * m / (np.sqrt(v) + group["eps"])


class BetasSwapped(Adam):
    def __init__(self, *args, betas=(0.9, 0.999), **more):
        super().__init__(*args, betas=betas[::-1], **more)


class NotSquared(Adam):
    def _move(self, value, g, state, group):
        (b1, b2), m, v = group["betas"], state["m"], state["v"]
        m[...], v[...] = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * np.abs(g)
        value -= group["lr"] * m / (1 - b1**self.t) / (np.sqrt(v / (1 - b2**self.t)) + group["eps"])


class MomentsShared(Adam):
    """One running mean for all parameters: here, numbers of all that are side by side in memory."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        shared = {name: np.zeros(max(parameter.value.size for parameter in self.parameters)) for name in self.arrays}
        self.state = [{name: shared[name][:parameter.value.size].reshape(parameter.value.shape) for name in self.arrays}
                      for parameter in self.parameters]


class CoupledDecay(AdamW):
    def _with_decay(self, value, g, group):
        return g + group["weight_decay"] * value


class DecayNotScaled(AdamW):
    def _with_decay(self, value, g, group):
        value *= 1 - group["weight_decay"]
        return g


class NoLookAhead(Momentum):
    def __init__(self, *args, nesterov=True, **more):
        super().__init__(*args, nesterov=False, **more)


class VelocityOfTheMean(Momentum):
    """A running mean, which PyTorch's velocity is not."""

    def _move(self, value, g, state, group):
        super()._move(value, (1 - group["momentum"]) * g, state, group)


MISTAKES = [NotCorrected, CorrectedForTheStepBefore, EpsilonInsideTheRoot, EpsilonBeforeTheCorrection, BetasSwapped, NotSquared,
            MomentsShared, CoupledDecay, DecayNotScaled, NoLookAhead, VelocityOfTheMean]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_usual_mistakes_are_caught(mistake):
    given_ = {"nesterov": mistake is NoLookAhead} if issubclass(mistake, Momentum) else {"eps": 1e-4}
    assert not close(*run_alike(mistake, lr=0.01, **given_))
    assert close(*run_alike(formula(mistake), lr=0.01, **given_))


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
    optimizer = kind(parameters, number(0.1), weight_decay=number(0.1))
    held = [id(array) for state in optimizer.state for array in state.values()]
    for _ in range(3):
        optimizer.step()
    assert held == [id(array) for state in optimizer.state for array in state.values()]
    for parameter, array, value, gradient in zip(parameters, arrays, before, gradients, strict=True):
        assert parameter.value is array and array.dtype == dtype
        assert (array != value).all()
        assert np.array_equal(parameter.grad, gradient)
    assert all(array.dtype == dtype and array.shape == parameter.value.shape
               for state, parameter in zip(optimizer.state, parameters, strict=True) for array in state.values())


@pytest.mark.parametrize("kind", ALL)
def test_float32_numbers_are_computed_in_float32(kind):
    """Not in float64 and then rounded: that would take twice the memory. So the formula, in float32, gives the same bits."""
    rng = np.random.default_rng(0)
    start, gradients = rng.standard_normal(500).astype(np.float32), rng.standard_normal((5, 500)).astype(np.float32)
    parameter = Parameter(start.copy())
    optimizer = kind([parameter], lr=0.1, weight_decay=0.0)
    for parameter.grad in gradients:
        optimizer.step()
    wanted = plain(kind, start, gradients, **DEFAULTS[kind] | {"lr": 0.1, "weight_decay": 0.0})
    assert wanted.dtype == np.float32 and np.abs(parameter.value - wanted).max() <= 4 * np.spacing(np.abs(wanted).max())
    made = []
    with patch.object(kind, "_with_decay", lambda self, value, g, group: made.append(g) or g):
        optimizer.step()
    assert made[0].dtype == np.float32


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scalar", [float, int, np.float64, np.float32, np.array])
def test_a_parameter_may_be_a_single_number(kind, dtype, scalar):
    """Whatever kind of number its gradient is: as a parameter (1,) with the same gradients."""
    value = np.array(0.25, dtype)
    number, peer = Parameter(value), Parameter(value.reshape(1).copy())
    array, ours, theirs = number.value, kind([number], 0.1, weight_decay=0.1), kind([peer], 0.1, weight_decay=0.1)
    for g in (1, -2, 3):
        number.grad, peer.grad = scalar(g), np.array([g], dtype)
        ours.step()
        theirs.step()
    assert number.value is array and array.shape == () and array.dtype == dtype
    assert array == peer.value[0] != 0.25


@given(kind=st.sampled_from(ALL), size=st.integers(0, 40), block=st.integers(1, 20), decay=DECAYS,
       layout=st.sampled_from(["C", "F", "step"]), gradient=st.sampled_from(["C", "F"]), seed=SEEDS)
def test_blocks_give_the_same_bits(kind, size, block, decay, layout, gradient, seed):
    """Large arrays are moved a block at a time, also the last numbers, however values and gradients lie in memory."""
    rng = np.random.default_rng(seed)
    start, slopes = rng.standard_normal((3, size)).astype(np.float32), rng.standard_normal((4, 3, size)).astype(np.float32)

    def moved(block):
        value = {"C": start.copy(), "F": np.array(start, order="F"), "step": np.repeat(start, 2, axis=1)[:, ::2]}[layout]
        parameter = Box(value)
        optimizer = kind([parameter], 0.1, weight_decay=decay)
        with patch.object(optimizers, "BLOCK", block):
            for g in slopes:
                parameter.grad = np.array(g, order=gradient)
                optimizer.step()
        assert parameter.value is value
        return [value, *optimizer.state[0].values()]

    assert all(np.array_equal(a, b) for a, b in zip(moved(block), moved(10**6), strict=True))


@pytest.mark.parametrize("kind", ALL)
def test_a_step_on_all_cores_gives_the_same_bits(kind):
    rng = np.random.default_rng(0)
    start, slopes = rng.standard_normal((2, 3, spread.WORTH)).astype(np.float32)

    def moved(cores):
        boxes = [Box(value.copy(), slope) for value, slope in zip(start, slopes, strict=True)]
        optimizer = kind(boxes, 0.1)
        with patch.object(spread, "cores", lambda: cores):
            for _ in range(3):
                optimizer.step()
        return [box.value for box in boxes]

    assert np.array_equal(moved(1), moved(3))


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_blocks_where_gaps_or_orders_do_not_allow_them(kind):
    """Value and gradient with the same gaps; and a value whose numbers lie in another order than when the optimiser was made."""
    rng = np.random.default_rng(0)
    start, slope = rng.standard_normal((2, 3, 40)).astype(np.float32)
    gaps = Box(np.repeat(start, 2, axis=1)[:, ::2], np.repeat(slope, 2, axis=1)[:, ::2])
    other, plain = Box(np.array(start, order="F"), slope.copy()), Box(start.copy(), slope.copy())
    made = [kind([parameter], 0.1) for parameter in (gaps, other, plain)]
    with patch.object(optimizers, "BLOCK", 7):
        for optimizer in made:
            optimizer.step()
        other.value = other.value.copy(order="C")
        for parameter in (gaps, other, plain):
            parameter.grad *= slope
        for optimizer in made:
            optimizer.step()
    assert np.array_equal(gaps.value, plain.value) and np.array_equal(other.value, plain.value)


@pytest.mark.parametrize("kind", ALL)
def test_a_state_goes_on_with_values_that_lie_otherwise(kind):
    """A fused optimiser of PyTorch takes each number's moment for another's there: findings/torch_fused_memory_order.sh."""
    start, slope = np.random.default_rng(0).standard_normal((2, 3, 40)).astype(np.float32)
    one = Box(start, slope)
    optimizer = kind([one], 0.1)
    with patch.object(optimizers, "BLOCK", 7):
        optimizer.step()
        other = Box(np.array(one.value, order="F"), np.array(slope, order="F"))
        resumed = kind([other], 0.1)
        resumed.load_state_dict(optimizer.state_dict())
        optimizer.step()
        resumed.step()
    assert np.array_equal(one.value, other.value)


@pytest.mark.parametrize("order", ["C", "F"])
def test_large_arrays_come_in_blocks_and_only_where_the_formula_allows(order):
    """In whatever order their numbers lie in memory, and also where a gradient's lie otherwise."""
    sizes = []

    class Seen(Momentum):
        def _move(self, value, g, state, group):
            sizes.append(value.shape)
            super()._move(value, g, state, group)

    class Whole(Seen):
        elementwise = False

    value = np.zeros((7, optimizers.BLOCK // 3), np.float32, order)
    for kind in (Seen, Whole):
        kind([Box(value, np.ones(value.shape, np.float32))], lr=1.0).step()
    assert sizes == [(optimizers.BLOCK,), (optimizers.BLOCK,), (value.size - 2 * optimizers.BLOCK,), value.shape]
    assert (value == -2).all()


def test_an_optimiser_of_the_readers_own_gets_whole_arrays():
    """A formula that looks at a whole layer, its norm for instance, must not be given pieces without being asked."""
    class Normalised(Optimizer):
        def _move(self, value, g, state, group):
            value -= group["lr"] * g / np.linalg.norm(g)

    value = np.zeros((2, optimizers.BLOCK))
    Normalised([Box(value, np.ones_like(value))], lr=1.0).step()
    assert np.allclose(value, -1 / np.sqrt(value.size), rtol=1e-12)
    with pytest.raises(NotImplementedError, match="Optimizer does not say yet how a parameter moves"):
        Optimizer([Box(value, value)], lr=1.0).step()


def test_parameters_may_come_from_a_generator():
    parameters = draw_parameters(np.random.default_rng(0))
    draw_gradients(np.random.default_rng(1), parameters)
    before = [parameter.value.copy() for parameter in parameters]
    for optimizer in (SGD((parameter for parameter in parameters), lr=0.1),
                      SGD(iter([{"params": iter(parameters[:3])}, {"params": tuple(parameters[3:])}]), lr=0.1)):
        assert all(found is wanted for found, wanted in zip(optimizer.parameters, parameters, strict=True))
        optimizer.step()
    for parameter, value in zip(parameters, before, strict=True):
        assert np.allclose(parameter.value, value - 0.2 * parameter.grad, rtol=0, atol=1e-15)


def test_a_new_array_in_place_of_a_value_is_moved():
    parameter = Parameter(np.zeros(2))
    optimizer = Momentum([parameter], lr=0.5)
    parameter.value, parameter.grad = np.array([3.0, 4.0]), np.ones(2)
    optimizer.step()
    assert parameter.value.tolist() == [2.5, 3.5]


# --- Groups and settings ---------------------------------------------------------------------------

def test_groups_have_settings_of_their_own_and_the_others_from_the_optimiser():
    first, second, third = (Parameter(np.full(2, 10.0)) for _ in range(3))
    optimizer = SGD([{"params": [first], "weight_decay": 0.0}, {"params": [second, third], "lr": 0.01}], lr=0.1, weight_decay=0.5)
    assert optimizer.parameters == [first, second, third]
    assert optimizer.groups == [{"params": [first], "lr": 0.1, "weight_decay": 0.0},
                                {"params": [second, third], "lr": 0.01, "weight_decay": 0.5}]
    for parameter in optimizer.parameters:
        parameter.grad = np.ones(2)
    optimizer.step()
    assert np.allclose([parameter.value[0] for parameter in optimizer.parameters], [10 - 0.1, 10 - 0.06, 10 - 0.06], rtol=1e-12)


@pytest.mark.parametrize("kind", ALL)
def test_decay_spares_what_its_group_says(kind):
    spared, shrunk = Parameter(np.ones(3)), Parameter(np.ones(3))
    spared.grad, shrunk.grad = np.zeros(3), np.zeros(3)
    optimizer = kind([{"params": [spared], "weight_decay": 0}, {"params": [shrunk]}], 0.1, weight_decay=0.5)
    optimizer.step()
    assert (spared.value == 1).all() and (shrunk.value < 1).all()


@pytest.mark.parametrize("kind", ALL)
def test_decay_groups_spare_biases_and_norms(kind):
    net = Sequential(Conv2d(1, 2, 3, 0), BatchNorm2d(2), ReLU(), Flatten(), Linear(8, 3, 1))
    optimizer = kind(optim.decay_groups(net.parameters(), 0.5), 0.1)
    before = {name: parameter.value.copy() for name, parameter in net.named_parameters()}
    for parameter in net.parameters():
        parameter.value += 1
        parameter.grad = np.zeros_like(parameter.value)
    optimizer.step()
    moved = {name for name, parameter in net.named_parameters() if not np.array_equal(parameter.value, before[name] + 1)}
    assert moved == {"0.weight", "4.weight"} and len(optimizer.parameters) == 6
    assert len(optim.decay_groups(Sequential(BatchNorm2d(2)).parameters(), 0.5)) == 1
    with pytest.raises(TypeError, match="decay_groups: that is a network: pass net.parameters"):
        optim.decay_groups(net, 0.5)


def test_a_group_may_be_empty_but_not_all():
    parameter = Parameter(np.zeros(1))
    assert SGD([{"params": [], "weight_decay": 0.1}, {"params": [parameter]}]).parameters == [parameter]
    with pytest.raises(ValueError, match="there are no parameters to train"):
        SGD([{"params": []}, {"params": []}])


def test_what_is_handed_in_stays_as_it_is():
    parameter, betas = Parameter(np.zeros(2)), [0.5, 0.9]
    parameters = [parameter]
    groups = [{"params": parameters, "lr": 0.5}]
    optimizer = Adam(groups, betas=betas)
    optimizer.lr, betas[0] = 0.25, 7
    parameters.append(Parameter(np.zeros(2)))
    assert groups == [{"params": parameters, "lr": 0.5}] and optimizer.groups[0]["betas"] == (0.5, 0.9)
    parameter.grad = np.ones(2)
    optimizer.step()
    assert optimizer.parameters == optimizer.groups[0]["params"] == [parameter]


def test_settings_of_a_group_may_change_between_steps():
    parameters = [Parameter(np.zeros(1)), Parameter(np.zeros(1))]
    optimizer = SGD([{"params": [parameter]} for parameter in parameters], lr=0.5)
    for parameter in parameters:
        parameter.grad = np.ones(1)
    optimizer.groups[1]["lr"] = np.float32(0.1)
    optimizer.step()
    assert [float(parameter.value[0]) for parameter in parameters] == [-0.5, -float(np.float32(0.1))]
    for wrong, error, words in (({"lr": "0.1"}, TypeError, "lr must be a number"),
                                ({"lr": np.nan}, ValueError, "lr must be at least 0"),
                                ({"Lr": 0.1}, ValueError, r"group 1 has unknown or missing settings \['Lr'\]"),
                                ({"params": []}, ValueError, "hold other parameters")):
        kept = dict(optimizer.groups[1])
        optimizer.groups[1].update(wrong)
        with pytest.raises(error, match=words):
            optimizer.step()
        optimizer.groups[1].clear()
        optimizer.groups[1].update(kept)
    del optimizer.groups[1]["lr"]
    with pytest.raises(ValueError, match=r"group 1 has unknown or missing settings \['lr'\]: there are params, lr, weight_decay"):
        optimizer.step()
    assert optimizer.t == 1 and parameters[0].value[0] == -0.5


def test_a_change_of_learning_rate_counts_from_the_next_step_in_all_groups():
    parameters = [Parameter(np.zeros(2)), Parameter(np.zeros(2))]
    for parameter in parameters:
        parameter.grad = np.ones(2)
    optimizer = SGD([{"params": [parameter]} for parameter in parameters], lr=0.5)
    optimizer.step()
    optimizer.lr = 0.25
    optimizer.step()
    optimizer.lr = 0  # where a schedule ends
    optimizer.step()
    assert [parameter.value.tolist() for parameter in parameters] == [[-0.75, -0.75]] * 2


def test_several_learning_rates_are_no_single_one():
    optimizer = SGD([{"params": [Parameter(np.zeros(1))], "lr": lr} for lr in (0.1, 0.2)])
    words = r"SGD: the groups have learning rates \[0.1, 0.2\], so there is no lr for all \(which a schedule sets\)"
    with pytest.raises(ValueError, match=words):
        optimizer.lr
    with pytest.raises(ValueError, match=words):
        optimizer.lr = 0.3
    assert [group["lr"] for group in optimizer.groups] == [0.1, 0.2]
    optimizer.groups[1]["lr"] = 0.1
    assert optimizer.lr == 0.1


NUMBERS = [0.1, np.float32(0.1), np.float64(0.1), np.float16(0.1), np.longdouble(0.1), np.array(0.1), np.array(0.1, np.float32),
           1, np.int8(1), np.uint64(1)]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("lr", NUMBERS, ids=lambda lr: f"{type(lr).__name__} {getattr(lr, 'dtype', '')}")
def test_any_kind_of_number_is_a_python_float_from_the_start(kind, lr):
    """So a run that goes on from a file, where it is a float, gives the same bits."""
    def stepped(optimizer, parameter, count, seed):
        for parameter.grad in np.random.default_rng(seed).standard_normal((count, 5)).astype(parameter.value.dtype):
            optimizer.step()
        return parameter.value.copy()

    for dtype in (np.float32, np.float64):
        parameter = Parameter(np.ones(5, dtype))
        optimizer = kind([parameter], lr, weight_decay=np.float32(0.3))
        assert type(optimizer.lr) is float and optimizer.lr == float(lr)
        twin = Parameter(stepped(optimizer, parameter, 3, seed=1))
        other = kind([twin], 7, weight_decay=0.5)
        other.groups[0]["weight_decay"] = float(np.float32(0.3))
        other.load_state_dict(stored(optimizer))
        ends = [stepped(optimizer, parameter, 4, seed=2), stepped(other, twin, 4, seed=2)]
        for number in (lr, float(lr)):  # set later, and given as a float
            late = Parameter(np.ones(5, dtype))
            again = kind([late], 0.5, weight_decay=float(np.float32(0.3)))
            again.lr = number
            assert type(again.lr) is float
            stepped(again, late, 3, seed=1)
            ends.append(stepped(again, late, 4, seed=2))
        assert all(np.array_equal(end, ends[0]) for end in ends)


# --- Stop and go on ----------------------------------------------------------------------------------

def stored(optimizer):
    """Its state, through a file."""
    file = io.BytesIO()
    np.savez(file, **optimizer.state_dict())
    file.seek(0)
    with np.load(file) as state:
        return dict(state)


@pytest.mark.parametrize("kind", ALL)
def test_a_state_on_disk_goes_on_with_the_same_numbers(kind):
    rng = np.random.default_rng(0)
    parameters = draw_parameters(rng)

    def grouped(parameters, rates):
        return kind([{"params": parameters[:2], "lr": rates[0]}, {"params": parameters[2:], "lr": rates[1]}])

    optimizer = grouped(parameters, (0.05, 0.02))
    for _ in range(7):
        draw_gradients(rng, parameters)
        optimizer.step()
    optimizer.groups[1]["lr"] = 0.03
    twins = [Parameter(parameter.value.copy()) for parameter in parameters]
    twin = grouped(twins, (0.7, 0.8))
    twin.load_state_dict(stored(optimizer))
    assert [group["lr"] for group in twin.groups] == [0.05, 0.03] and twin.t == 7
    assert type(twin.t) is int and {type(group["lr"]) for group in twin.groups} == {float}
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


class Unlucky(SGD):
    """With arrays that are called like arguments of np.savez, and like the rest of a state."""

    arrays = ("file", "allow_pickle", "t", "lr", "kind", "args")

    def _move(self, value, g, state, group):
        for number, array in enumerate(state.values()):
            array += number * g


def test_a_state_can_be_saved_whatever_its_arrays_are_called():
    parameter = Parameter(np.zeros(2))
    parameter.grad = np.ones(2)
    optimizer, other = Unlucky([parameter], 0.5), Unlucky([parameter], 0.25)
    optimizer.step()
    other.load_state_dict(stored(optimizer))
    assert [array.tolist() for array in other.state[0].values()] == [[number] * 2 for number in range(6)]
    assert other.t == 1 and other.lr == 0.5


WRONG_STATES = {
    "text for t": ({"t": "3"}, TypeError, "t must hold real numbers"),
    "complex t": ({"t": 3j}, TypeError, "t must hold real numbers"),
    "t below 0": ({"t": np.array(-1)}, ValueError, "t must be at least 0"),
    "half a step": ({"t": np.array(2.5)}, ValueError, "t holds numbers that do not fit into int64"),
    "t is nan": ({"t": np.nan}, ValueError, "t holds numbers that do not fit into int64"),
    "several t": ({"t": np.array([1, 2])}, ValueError, r"t has shape \(2,\)"),
    "text for lr": ({"lr": np.array(["0.1"])}, TypeError, "lr must hold real numbers"),
    "nothing for lr": ({"lr": None}, TypeError, "lr must hold real numbers"),
    "lr below 0": ({"lr": np.array([-0.1])}, ValueError, "lr must be at least 0 and finite"),
    "lr is nan": ({"lr": np.array([np.nan])}, ValueError, "lr must be at least 0 and finite"),
    "lr of two groups": ({"lr": np.array([0.1, 0.1])}, ValueError, r"lr has shape \(2,\).*make the network and the groups"),
    "other groups": ({"groups": np.array([5])}, ValueError, r"its groups are of \[5\] parameters, but here of \[6\]"),
    "another kind": ({"kind": np.array("AdamW")}, ValueError, "another kind of optimiser: AdamW, not Adam"),
    "text": ({"5.v": np.full((3, 4), "1")}, TypeError, "5.v must hold real numbers, but its dtype is <U1"),
    "complex numbers": ({"5.v": np.ones((3, 4), complex)}, TypeError, "5.v must hold real numbers"),
    "objects": ({"5.v": np.full((3, 4), None)}, TypeError, "5.v must hold real numbers, but its dtype is object"),
    "true and false": ({"5.v": np.ones((3, 4), bool)}, TypeError, "5.v must hold real numbers"),
    "too large": ({"5.v": np.full((3, 4), 1e300)}, ValueError, "5.v holds numbers that do not fit into float32"),
    "too large and infinite": ({"5.v": np.array([[np.inf, 1, 1, 1e300]] * 3)}, ValueError, "5.v holds numbers that do not fit"),
    "another shape": ({"2.v": np.zeros(2)}, ValueError, r"2.v has shape \(2,\) but this network's has \(2, 3, 2, 2\)"),
    "a name too many": ({"6.v": np.zeros(2)}, KeyError, r"missing \[\], unknown \['6.v'\]: was it saved by another kind"),
    "a name that is no text": ({0: np.zeros(2)}, KeyError, r"unknown \['0'\]"),
}


@pytest.mark.parametrize("wrong, error, words", WRONG_STATES.values(), ids=WRONG_STATES)
def test_a_state_that_does_not_fit_changes_nothing(wrong, error, words):
    optimizer = Adam(draw_parameters(np.random.default_rng(0), np.float32), lr=0.5)
    before = optimizer.state_dict()
    good = {"kind": "Adam", "t": np.array(5), "lr": np.array([0.25]), "0.m": np.ones((3, 4)), "0.v": np.ones((3, 4))}
    with pytest.raises(error, match=words):
        optimizer.load_state_dict(before | good | wrong)
    after = optimizer.state_dict()
    assert before.keys() == after.keys() and all(np.array_equal(before[name], after[name]) for name in before)
    optimizer.load_state_dict(before | good)
    assert (optimizer.t, optimizer.lr) == (5, 0.25) and (optimizer.state[0]["m"] == 1).all()


def test_states_of_other_optimisers_are_refused():
    parameters = draw_parameters(np.random.default_rng(0))
    with pytest.raises(KeyError, match=r"missing \['0.m', '0.v', '1.m', '1.v'\] and 8 more, unknown.*another kind of optimiser"):
        Adam(parameters).load_state_dict(Momentum(parameters).state_dict())
    with pytest.raises(ValueError, match="another kind of optimiser: Adam, not AdamW"):
        AdamW(parameters).load_state_dict(Adam(parameters).state_dict())
    pairs = [[{"params": parameters[:cut]}, {"params": parameters[cut:]}] for cut in (2, 3)]
    with pytest.raises(ValueError, match=r"its groups are of \[3, 3\] parameters, but here of \[2, 4\]"):
        SGD(pairs[0]).load_state_dict(SGD(pairs[1]).state_dict())
    with pytest.raises(ValueError, match=r"groups has shape \(1,\) but this network's has \(2,\)"):
        SGD(pairs[0]).load_state_dict(SGD(parameters).state_dict())
    for wrong in (None, "optimizer.npz", [1, 2]):
        with pytest.raises(TypeError, match=r"a state is a dictionary.*dict\(np.load\(path\)\)"):
            SGD(parameters).load_state_dict(wrong)


def test_a_state_of_infinite_numbers_goes_on():
    """A mean square that is too large to hold: such a weight stands still, which is no reason to lose a run."""
    optimizer = Adam([Parameter(np.zeros(2, np.float32))])
    optimizer.load_state_dict(optimizer.state_dict() | {"0.v": np.array([np.inf, 1.0])})
    assert optimizer.state[0]["v"].tolist() == [np.inf, 1.0]


# --- What is refused ---------------------------------------------------------------------------------

RANGES = {"lr": ("above 0", (0, 0.0, -0.1, np.nan, np.inf, -np.inf)), "weight_decay": ("at least 0", (-0.1, np.nan, np.inf)),
          "eps": ("at least 0", (-1e-8, np.nan, np.inf)), "momentum": ("from 0 to below 1", (1, -0.1, np.nan)),
          "alpha": ("from 0 to below 1", (1.0, -0.1, np.nan))}


@pytest.mark.parametrize("kind, name, value, wanted", [
    *((kind, name, value, wanted) for kind in ALL for name in DEFAULTS[kind] if name in RANGES
      for wanted, values in [RANGES[name]] for value in values),
    (Adam, "betas", (1.0, 0.9), "beta 1"), (AdamW, "betas", [0.9, -0.1], "beta 2"),
    (Adam, "betas", (0.9,), "must be two numbers"), (Adam, "betas", (0.9, 0.99, 0.999), "must be two numbers")])
def test_settings_out_of_range_are_refused(kind, name, value, wanted):
    parameter = Parameter(np.ones(1))
    for make in (lambda: kind([parameter], **{name: value}), lambda: kind([{"params": [parameter], name: value}]),
                 lambda: kind([{"params": [parameter], name: DEFAULTS[kind][name]}], **{name: value})):
        with pytest.raises(ValueError, match=f"^{kind.__name__}: {name}.*{wanted}"):
            make()


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("value", [True, np.True_, "0.1", None, 0.1j, [0.1], np.array([0.1]), np.array("x"), {}, abs, 10**400],
                         ids=lambda value: str(value)[:20])
def test_settings_that_are_no_numbers_are_refused(kind, value):
    parameter = Parameter(np.ones(1))
    for name in set(DEFAULTS[kind]) - {"nesterov"}:
        wrong = {name: (0.9, value) if name == "betas" else value}
        for make in (lambda: kind([parameter], **wrong), lambda: kind([{"params": [parameter]} | wrong])):
            with pytest.raises(TypeError, match=f"^{kind.__name__}: {name}.*must be a number"):
                make()
    optimizer = kind([parameter], 0.5)
    with pytest.raises(TypeError, match="lr must be a number"):
        optimizer.lr = value
    assert optimizer.lr == 0.5


@pytest.mark.parametrize("lr", [-0.1, np.nan, np.inf])
def test_a_learning_rate_that_is_set_must_be_possible(lr):
    optimizer = SGD([Parameter(np.ones(1))], 0.5)
    with pytest.raises(ValueError, match="SGD: lr must be at least 0 and finite"):
        optimizer.lr = lr
    assert optimizer.lr == 0.5


def test_settings_of_another_type_are_refused():
    parameter = Parameter(np.ones(1))
    for wrong in (0.9, None, "ab", {0.9, 0.99}):
        with pytest.raises(TypeError, match="Adam: betas must be two numbers"):
            Adam([parameter], betas=wrong)
    for wrong in (1, None, "True"):
        with pytest.raises(TypeError, match="Momentum: nesterov must be True or False"):
            Momentum([parameter], nesterov=wrong)
    assert Momentum([parameter], nesterov=np.True_).groups[0]["nesterov"] is True
    with pytest.raises(TypeError, match=r"arrays must be a tuple of names, as \('velocity',\)"):
        type("Slip", (SGD,), {"arrays": "velocity"})([parameter])


def linear():
    return Linear(3, 2, np.random.default_rng(0))


NO_PARAMETERS = {
    "a network": (linear, r"that is a network: pass net.parameters\(\)"),
    "a method": (lambda: linear().parameters, "that is a function: call it"),
    "a class": (lambda: Linear, "that is a class: make a network of it"),
    "the class of parameters": (lambda: Parameter, "that is a class"),
    "an optimiser": (lambda: SGD(linear().parameters()), "that is an optimiser"),
    "an optimiser class": (lambda: SGD, "that is a class"),
    "one parameter": (lambda: Parameter(np.zeros(1)), r"that is one parameter: pass a list, \[parameter\]"),
    "a group": (lambda: {"params": linear().parameters()}, r'that is one group: pass a list, \[\{"params": \[...\]\}\]'),
    "a dictionary": (lambda: linear().state_dict(), r"that is of type dict: pass net.parameters\(\)"),
    "a set": (lambda: set(linear().parameters()), "that is a set, which has no order"),
    "an array": (lambda: np.zeros((2, 3)), "that is an array of float64: pass net.parameters"),
    "None": (lambda: None, "that is None: pass net.parameters"),
    "a number": (lambda: 0.1, "that is of type float: pass net.parameters"),
    "text": (lambda: "weights", "that is of type str: pass net.parameters"),
    "named parameters": (lambda: linear().named_parameters(), r"pass net.parameters\(\), not net.named_parameters\(\)"),
    "arrays": (lambda: [np.zeros(2)], "entry 0 is no parameter but an array of float64"),
    "arrays from a generator": (lambda: (np.zeros(2) for _ in range(2)), "entry 0 is no parameter but an array"),
    "layers": (lambda: [linear(), ReLU()], "entry 0 is no parameter but of type Linear"),
    "None among parameters": (lambda: [*linear().parameters(), None], "entry 2 is no parameter but None"),
    "the class among parameters": (lambda: [Box], "entry 0 is no parameter but of type type"),
    "lists": (lambda: [linear().parameters(), linear().parameters()], "entry 0 is a list: join lists, as in first"),
}


@pytest.mark.parametrize("given_, words", NO_PARAMETERS.values(), ids=NO_PARAMETERS)
@pytest.mark.parametrize("grouped", [False, True])
def test_what_is_no_list_of_parameters_is_named(given_, words, grouped):
    if grouped and words.startswith("that is one group"):
        words = "that is one group"
    with pytest.raises(TypeError, match=f"^Adam: .*{words}"):
        Adam([{"params": given_()}] if grouped else given_())


def test_groups_that_are_none_are_named():
    parameter = Parameter(np.zeros(1))
    for given_ in ([{"params": [parameter]}, parameter], [{"params": [parameter]}, {"lr": 0.1}], [linear().state_dict()]):
        with pytest.raises(TypeError, match=rf"entry {len(given_) - 1} is no group: pass \[\{{\"params\": \[...\]\}}, ...\]"):
            SGD(given_)
    with pytest.raises(ValueError, match=r"SGD: group 1 has unknown or missing settings \['betas', 'momentum'\]: there are "):
        SGD([{"params": []}, {"params": [parameter], "momentum": 0.9, "betas": (0.9, 0.99)}])


@pytest.mark.parametrize("kind", ALL)
def test_there_must_be_parameters(kind):
    for none in ([], Sequential(ReLU()).parameters(), iter(())):
        with pytest.raises(ValueError, match=r"no parameters to train: pass net.parameters\(\)"):
            kind(none, lr=0.1)


def test_a_parameter_that_is_there_twice_is_refused():
    """Also in another group, or where two parameters have one array: it would move twice a step."""
    first, second = Parameter(np.zeros(1)), Parameter(np.zeros(1))
    twin = Box(second.value)
    for given_, number in (([first, second, first], 0), ([{"params": [first, second]}, {"params": [second]}], 1),
                           ([first, second, twin], 1)):
        with pytest.raises(ValueError, match=f"SGD: parameter 2 is parameter {number} again: list each once, in one group"):
            SGD(given_)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("value, words", [
    (np.ones(2, np.float16), "an array of float16"), (np.ones(2, int), "an array of int64"),
    (np.ones(2, complex), "an array of complex128"), (np.ones(2, np.longdouble), "an array of "),
    (np.ones(2, bool), "an array of bool"), (np.ones(2, np.dtype("f4").newbyteorder()), "an array of .f4"),
    (0.25, "of type float"), (np.float32(1), "of type float32"), ([1.0], "of type list"), (None, "None")], ids=str)
def test_only_arrays_of_float32_and_float64_are_trained(kind, value, words):
    with pytest.raises(TypeError, match=f"parameter 1 must be a float32 array .*, but it is {words}"):
        kind([Parameter(np.zeros(1)), Box(value)])


WRONG_GRADIENTS = {
    "another shape": (np.ones((2, 3)), ValueError, r"parameter 2 has shape \(2, 3, 2, 2\) but its gradient \(2, 3\): was backward "),
    "a number": (np.float64(1), ValueError, r"parameter 2 has shape \(2, 3, 2, 2\) but its gradient \(\)"),
    "none": (None, ValueError, "parameter 2 has no gradient, it is None: was backward run on this network?"),
    "another dtype": (np.ones((2, 3, 2, 2), np.float32), TypeError, "parameter 2 is float64 but its gradient float32: convert"),
    "whole numbers": (np.ones((2, 3, 2, 2), int), TypeError, "parameter 2 is float64 but its gradient int64"),
    "complex": (np.ones((2, 3, 2, 2), complex), TypeError, "parameter 2 has a gradient that is no array of real numbers but an "),
    "a list": ([1.0], TypeError, "parameter 2 has a gradient that is no array of real numbers but of type list"),
}


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("gradient, error, words", WRONG_GRADIENTS.values(), ids=WRONG_GRADIENTS)
def test_a_wrong_gradient_moves_nothing(kind, gradient, error, words):
    parameters = draw_parameters(np.random.default_rng(0))
    draw_gradients(np.random.default_rng(1), parameters)
    parameters[2].grad = gradient
    before = [parameter.value.copy() for parameter in parameters]
    optimizer = kind(parameters, 0.1, weight_decay=0.1)
    with pytest.raises(error, match=f"{kind.__name__}: {words}"):
        optimizer.step()
    assert optimizer.t == 0
    assert all(np.array_equal(parameter.value, value) for parameter, value in zip(parameters, before, strict=True))


@pytest.mark.parametrize("gradient", [True, "1", None, 1j, np.ones(1), [1.0]], ids=str)
def test_a_wrong_gradient_of_a_single_number_moves_nothing(gradient):
    parameter = Parameter(np.array(1.0))
    parameter.grad = gradient
    with pytest.raises((TypeError, ValueError), match="parameter 0 has"):
        SGD([parameter], 0.1).step()
    assert parameter.value == 1


@pytest.mark.parametrize("kind", ALL)
def test_values_that_became_something_else_are_refused(kind):
    """Another dtype or shape, as after net.double(), a number in place of an array, or an array that cannot be written to."""
    locked = np.ones(2, np.float32)
    locked.setflags(write=False)
    for value, error, words in ((np.ones(2), ValueError, r"parameter 1 was float32 \(2,\) when the optimiser was made, but it is fl"),
                                (np.ones(3, np.float32), ValueError, r"but it is float32 \(3,\) now: make the optimiser after"),
                                (np.float32(1), TypeError, "parameter 1 cannot change in place: .* of type float32"),
                                (locked, TypeError, "parameter 1 cannot change in place")):
        first, second = Box(np.zeros(1, np.float32), np.ones(1, np.float32)), Box(np.ones(2, np.float32))
        optimizer = kind([first, second], 0.1)
        second.value, second.grad = value, np.ones_like(value)
        with pytest.raises(error, match=words):
            optimizer.step()
        assert first.value == 0 and optimizer.t == 0


def test_an_optimiser_that_is_older_than_double_is_refused():
    net = linear()
    optimizer = Adam(net.parameters())
    net.double()
    net.backward(net.forward(np.ones((4, 3))))
    with pytest.raises(ValueError, match=r"make the optimiser after net.double\(\)"):
        optimizer.step()
    Adam(net.parameters()).step()


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
def test_the_step_schedules_default_is_pytorchs():
    torch = pytest.importorskip("torch")
    peer = torch.optim.lr_scheduler.StepLR(torch.optim.SGD([torch.zeros(1)]), 1)
    assert inspect.signature(optim.step_lr).parameters["gamma"].default == peer.gamma


@given(LEARNING_RATES, st.integers(1, 9), st.integers(0, 30))
def test_the_step_schedule_falls_to_a_tenth(lr, step_size, step):
    assert optim.step_lr(lr, step_size)(step) == pytest.approx(lr * 0.1 ** (step // step_size), rel=1e-12)


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


@pytest.mark.parametrize("lr", NUMBERS, ids=lambda lr: f"{type(lr).__name__} {getattr(lr, 'dtype', '')}")
def test_schedules_give_python_floats(lr):
    steps = np.int64(3)
    for schedule in (optim.constant_lr(lr), optim.step_lr(lr, steps, np.float32(0.5)), optim.cosine_lr(lr, 3 * steps, 0.0)):
        assert type(schedule(0)) is float and schedule(0) == float(lr)
        assert type(schedule(4)) is float


SCHEDULES = {"constant_lr": {"lr": 0.1}, "step_lr": {"lr": 0.1, "step_size": 3, "gamma": 0.5},
             "cosine_lr": {"lr": 0.1, "total_steps": 10, "warm_up": 2}}
ABOVE_0, WHOLE = "must be above 0 and finite", "must be at least 1, a whole number"
WANTED = {"lr": ABOVE_0, "gamma": ABOVE_0, "step_size": WHOLE, "total_steps": WHOLE,
          "warm_up": r"must be from 0 to below total_steps \(10\), a whole number"}


@pytest.mark.parametrize("schedule, name", [(schedule, name) for schedule in SCHEDULES for name in SCHEDULES[schedule]])
def test_schedules_refuse_what_makes_no_sense(schedule, name):
    values = {ABOVE_0: (0, -0.1), WHOLE: (0, -1, 2.5), WANTED["warm_up"]: (-1, 2.5, 10, 11)}[WANTED[name]]
    for value in (*values, np.nan, np.inf):
        with pytest.raises(ValueError, match=f"{schedule}: {name} {WANTED[name]}"):
            getattr(optim, schedule)(**SCHEDULES[schedule] | {name: value})
    for value in (None, "3", True, [3], 3j):
        with pytest.raises(TypeError, match=f"{schedule}: {name} must be a number"):
            getattr(optim, schedule)(**SCHEDULES[schedule] | {name: value})
