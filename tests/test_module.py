"""What every module can do: its state is found, named and counted once; modes, copies, seeds and errors of containers."""
import copy
import importlib.util
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import init
from helpers.layers import (
    BatchNorm2d, Buffer, Clip, Conv2d, Dropout, Flatten, Linear, Module, Parameter, Projection, ReLU, Residual, Sequential, Tanh,
)
from helpers.layers import module as module_file


class Holder(Module):
    """Holds what it is handed, as attributes."""

    def __init__(self, **attributes):
        vars(self).update(attributes)


class Whole(Sequential):
    """A network of a subclass of Sequential, with further attributes."""

    def __init__(self):
        super().__init__(Flatten(), Linear(6, 4, 0), Sequential(Tanh(), Linear(4, 4, 1)))
        self.scale = Parameter(np.ones(1))
        self.heads = [Linear(4, 3, 2), (Linear(4, 2, 3), {"deep": Dropout(), "norm": BatchNorm2d(2)})]
        self.count = Buffer(np.zeros(1, int))
        self.steps, self.rng, self.mask, self.sizes = 3, np.random.default_rng(0), np.ones((2, 2)), {"in": [6, 4]}


WHOLE = ["scale", "1.weight", "1.bias", "2.1.weight", "2.1.bias", "heads.0.weight", "heads.0.bias", "heads.1.0.weight", "heads.1.0.bias",
         "heads.1.1.norm.weight", "heads.1.1.norm.bias"]
WHOLE_BUFFERS = ["count", "heads.1.1.norm.running_mean", "heads.1.1.norm.running_var"]


# --- What is found --------------------------------------------------------------------------------

def test_state_is_found_in_attributes_lists_tuples_and_dictionaries():
    net = Whole()
    assert [name for name, _ in net.named_parameters()] == WHOLE
    assert [name for name, _ in net.named_buffers()] == WHOLE_BUFFERS
    assert list(net.state_dict()) == WHOLE + WHOLE_BUFFERS
    assert [name for name, _ in net.named_modules()] == ["", "0", "1", "2", "2.0", "2.1", "heads.0", "heads.1.0", "heads.1.1.deep",
                                                         "heads.1.1.norm"]
    assert all(parameter is again for parameter, (_, again) in zip(net.parameters(), net.named_parameters(), strict=True))


@st.composite
def trees(draw):
    """A plain nesting of lists, tuples and dictionaries, and how often each kind of thing is in it."""
    counts = {Parameter: 0, Buffer: 0, Module: 0}

    def thing():
        kind = draw(st.sampled_from([Parameter, Buffer, Module, None]))
        if kind:
            counts[kind] += 1
        return {Parameter: lambda: Parameter(np.ones(2)), Buffer: lambda: Buffer(np.ones(3)), Module: ReLU,
                None: lambda: draw(st.sampled_from([0, "w", None, np.ones(4)]))}[kind]()

    def grown(depth):
        kind = draw(st.sampled_from(["thing", list, tuple, dict, Holder])) if depth else "thing"
        if kind == "thing":
            return thing()
        inner = [grown(depth - 1) for _ in range(draw(st.integers(0, 3)))]
        if kind is Holder:
            counts[Module] += 1
            return Holder(**{f"a{number}": item for number, item in enumerate(inner)})
        return {f"k{number}": item for number, item in enumerate(inner)} if kind is dict else kind(inner)

    return Holder(root=grown(3)), counts


@given(trees())
def test_all_that_is_declared_is_found_and_nothing_else(drawn):
    net, counts = drawn
    found = {Parameter: net.parameters(), Buffer: [buffer for _, buffer in net.named_buffers()], Module: net.modules()[1:]}
    for kind, things in found.items():
        assert len(things) == len({*map(id, things)}) == counts[kind] and all(isinstance(thing, kind) for thing in things)
    state = net.state_dict()
    assert len(state) == counts[Parameter] + counts[Buffer] and all(name.startswith("root") for name in state)
    net.eval()
    assert not any(module.training for module in net.modules())


def test_what_is_not_declared_is_neither_trained_nor_saved():
    net = Linear(3, 2, 0)
    net.x, net.mask, net.rng, net.history, net.note = np.ones(3), np.ones((2, 2), bool), np.random.default_rng(0), [np.ones(2)], {"a": 1}
    net.forward(np.ones((4, 3), np.float32))
    assert list(net.state_dict()) == ["weight", "bias"] and len(net.parameters()) == 2 and net.modules() == [net]


def test_what_has_two_names_is_one():
    layer, shared = Linear(3, 3, 0), Buffer(np.zeros(2))
    net = Holder(fc=layer, net=Sequential(Flatten(), layer), bag=[layer, {"again": layer}], count=shared, more=[shared],
                 tied=Holder(weight=layer.weight))
    assert [name for name, _ in net.named_parameters()] == ["fc.weight", "fc.bias"]
    assert [name for name, _ in net.named_buffers()] == ["count"]
    assert sum(module is layer for module in net.modules()) == 1
    assert net.tied.parameters() == [layer.weight]  # by itself it has its weight


@pytest.mark.parametrize("kind", [list, dict])
def test_a_list_or_dictionary_that_holds_itself_is_refused(kind):
    net, inner = Holder(fc=Linear(3, 3, 0)), kind()
    inner.update({0: inner}) if kind is dict else inner.append(inner)
    net.blocks = [ReLU(), inner]
    with pytest.raises(ValueError, match=f"'blocks' is a {kind.__name__} that holds itself"):
        net.parameters()


@pytest.mark.parametrize("pointer", [lambda child, net: net, lambda child, net: [{"net": net}], lambda child, net: child],
                         ids=["attribute", "in a list", "itself"])
def test_a_child_that_points_back_is_refused(pointer):
    child = Holder(fc=Linear(3, 3, 0))
    net = Holder(block=Sequential(ReLU(), child))
    child.pointer = pointer(child, net)
    for ask in (net.parameters, net.state_dict, net.eval, net.double, lambda: Sequential(net)):
        with pytest.raises(ValueError, match=r"Holder: '.*' points back at a Holder that holds it.*keep no parent in a module"):
            ask()


@pytest.mark.parametrize("make", [Parameter, Buffer, lambda value: Linear(2, 2, 0), lambda value: BatchNorm2d(2)])
def test_two_that_would_be_saved_under_one_name_are_refused(make):
    net = Holder(parts={1: make(np.ones(2)), "1": Parameter(np.ones(2)) if make is Buffer else make(np.ones(2))})
    for ask in (net.parameters, net.named_buffers, net.state_dict):
        with pytest.raises(ValueError, match=r"Holder: .* would both be saved as 'parts.1.*other keys"):
            ask()


def test_names_are_short_for_layers_in_a_row_and_ordered_as_they_were_set():
    body = Sequential(Flatten(), Sequential(Linear(6, 4, 0), Tanh()))
    net = Holder(scale=Parameter(np.ones(1)), body=body, shift=Parameter(np.zeros(1)))
    assert list(net.state_dict()) == ["scale", "shift", "body.1.0.weight", "body.1.0.bias"]
    for method in ("forward", "backward"):
        with pytest.raises(NotImplementedError, match=f"Holder has no {method} pass yet"):
            getattr(net, method)(np.ones((1, 6)))


@pytest.mark.torch
def test_names_are_pytorchs():
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Theirs(nn.Sequential):
        def __init__(self):
            super().__init__(nn.Flatten(), nn.Linear(6, 4), nn.Sequential(nn.Tanh(), nn.Linear(4, 4)))
            self.scale = nn.Parameter(torch.ones(1))
            self.heads = nn.ModuleList([nn.Linear(4, 3), nn.ModuleList([nn.Linear(4, 2), nn.ModuleDict({
                "deep": nn.Dropout(), "norm": nn.BatchNorm2d(2)})])])
            self.register_buffer("count", torch.zeros(1))

    theirs, ours = Theirs(), Whole()
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    wanted = [name for name in theirs.state_dict() if not name.endswith("num_batches_tracked")]
    assert sorted(ours.state_dict()) == sorted(wanted)
    assert [tuple(value.shape) for _, value in sorted(ours.state_dict().items())] == [
        tuple(theirs.state_dict()[name].shape) for name in sorted(wanted)]


# --- Modes, dtypes, copies ------------------------------------------------------------------------

def test_modes_reach_lists_and_dictionaries():
    net = Whole()
    modules = net.modules()
    assert len(modules) == 10 and all(module.training for module in modules)
    assert net.eval() is net and not any(module.training for module in modules)
    assert net.train() is net and all(module.training for module in modules)
    net.train(False)
    assert not any(module.training for module in modules)


def test_double_turns_parameters_and_buffers_to_float64():
    buffers = [Buffer(np.ones(2, np.float32)), Buffer(np.arange(3))]
    net = Sequential(Conv2d(1, 2, 3, 0), BatchNorm2d(2), Flatten(), Holder(buffers=buffers))
    for parameter in net.parameters():
        parameter.grad[...] = 1
    before = net.state_dict()
    assert net.double() is net
    after = net.state_dict()
    assert [str(value.dtype) for value in after.values()] == ["float64"] * 7 + ["int64"]
    assert all(np.array_equal(value, before[name]) for name, value in after.items())
    assert all(parameter.grad.dtype == np.float64 and not parameter.grad.any() for parameter in net.parameters())
    norm = BatchNorm2d(2).double()
    for mode in (True, False):
        y = norm.train(mode).forward(np.random.default_rng(0).standard_normal((3, 2, 4, 5)))
        assert y.dtype == norm.backward(y).dtype == norm.running_mean.value.dtype == np.float64


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))], ids=["copy", "pickle"])
def test_a_copy_takes_all_along_but_the_traces_of_a_pass(copied):
    net = Whole().eval()
    net.tied = net.layers[1].weight
    net.layers[1].weight.grad[...] = 7
    net.layers[1].forward(np.ones((2, 6), np.float32))
    other = copied(net)
    assert [*other.state_dict()] == [*net.state_dict()] and other.tied is other.layers[1].weight
    assert all(np.array_equal(value, net.state_dict()[name]) for name, value in other.state_dict().items())
    pairs = zip(net.parameters(), other.parameters(), strict=True)
    assert not any(np.may_share_memory(own.value, theirs.value) for own, theirs in pairs)
    assert not other.layers[1].weight.grad.any() and net.layers[1].weight.grad.all()
    assert other.layers[1].cache is None and net.layers[1].cache is not None
    assert (other.steps, other.sizes) == (3, {"in": [6, 4]}) and np.array_equal(other.mask, net.mask)
    assert not any(module.training for module in other.modules())
    assert other.rng.random() == net.rng.random()


# --- Parameters and buffers -----------------------------------------------------------------------

def test_nothing_that_is_handed_in_is_shared():
    weight = np.random.default_rng(0).standard_normal((3, 2, 4, 4)).astype(np.float32)
    for make in (Parameter, Buffer, lambda array: Projection(array).weight, lambda array: Projection(array, trained=False).weight,
                 lambda array: Linear(4, 3, 0, init=lambda *_: array[0, 0]).weight):
        place, kept = make(weight), weight.copy()
        place.value += 1
        assert np.array_equal(weight, kept)


@pytest.mark.parametrize("value", [0.25, 3, [1, 2.5], [[1], [2]], (0.5,), [np.float64(0.5)]], ids=str)
def test_python_numbers_become_float32(value):
    parameter = Parameter(value)
    assert parameter.value.dtype == np.float32 and np.array_equal(parameter.value, np.array(value))
    assert parameter.grad.dtype == np.float32 and parameter.grad.shape == np.shape(value) and not parameter.grad.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_keep_their_dtype(dtype):
    for value in (np.ones((2, 3), dtype), dtype(0.5)):
        assert Parameter(value).value.dtype == Parameter(value).grad.dtype == dtype


@pytest.mark.parametrize("value", [*(np.ones(2, kind) for kind in (np.float16, int, complex, bool)), np.array(["0.5"]), 1j, "0.5", ["0.5", 1],
                                   None, [None], True, Parameter([1.0])], ids=repr)
def test_a_parameter_of_anything_else_is_refused(value):
    with pytest.raises(TypeError, match="Parameter: the value is of .*, but training needs float32 or float64: use np.asarray"):
        Parameter(value)


@pytest.mark.parametrize("value", [np.ones(2, complex), "text", ["a"], None, Buffer([1.0]), np.array([{}])], ids=repr)
def test_a_buffer_of_no_real_numbers_is_refused(value):
    with pytest.raises(TypeError, match="Buffer: the value is of .*must be an array of real numbers"):
        Buffer(value)


def test_a_gradient_is_zero_until_it_is_set_and_after_it_is_cleared():
    parameter = Parameter(np.ones((2, 3)))
    assert parameter.grad is parameter.grad and parameter.grad.shape == (2, 3) and not parameter.grad.any()
    parameter.grad += 2
    assert parameter.grad.sum() == 12
    parameter.clear()
    assert not parameter.grad.any()


# --- Seeds ----------------------------------------------------------------------------------------

DRAWN = {"Linear": lambda rng: Linear(5, 4, rng).weight.value, "Conv2d": lambda rng: Conv2d(2, 3, 3, rng).weight.value,
         "Dropout": lambda rng: Dropout(0.5, rng).forward(np.ones((20, 3))),
         **{kind: (lambda rng, kind=kind: getattr(init, kind)((5, 4), rng))
            for kind in dir(init) if kind.endswith(("_normal", "_uniform")) and not kind.startswith("_")}}


@pytest.mark.parametrize("kind", DRAWN)
def test_a_seed_in_place_of_a_generator(kind):
    draw = DRAWN[kind]
    assert len(DRAWN) == 9
    for seed in (0, 7, np.int64(7), np.uint8(7)):
        assert np.array_equal(draw(seed), draw(np.random.default_rng(int(seed))))
    assert not np.array_equal(draw(0), draw(1))
    for wrong in (None, True, False, np.True_, -1, 0.5, "0", np.random, np.random.RandomState(0), [0]):
        with pytest.raises(TypeError, match="rng must be a generator, .*, or a seed, a whole number from 0, but it is"):
            draw(wrong)


# --- Containers -----------------------------------------------------------------------------------

def test_what_a_network_prints():
    net = Sequential(Flatten(), Residual(Linear(6, 4, 0), Clip(0, 2)), BatchNorm2d(3), Dropout(0.2))
    assert repr(net) == "Sequential(Flatten(), Residual(Linear(6, 4), Clip(0, 2)), BatchNorm2d(3, eps=1e-05, momentum=0.1), Dropout(0.2))"
    assert repr(net.layers[1].parameters()) == "[Parameter(4, 6), Parameter(4,)]"


class Plain:
    def forward(self, x):
        return x

    def backward(self, dy):
        return dy


def loaded_anew():
    """The class Module as it is after helpers.layers.module was run a second time."""
    spec = importlib.util.spec_from_file_location(module_file.__name__, module_file.__file__)
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    return again.Module


PUT_IN = {"Sequential": lambda thing: Sequential(Flatten(), thing), "Residual": Residual,
          "shortcut": lambda thing: Residual(Flatten(), thing), "subclass": lambda thing: type("Net", (Sequential,), {})(thing)}
NO_LAYERS = {
    "a class": (lambda: ReLU, r"ReLU is a class, and an object is wanted: ReLU\(\.\.\.\)"),
    "a class of one's own": (lambda: Plain, r"Plain is a class, and an object is wanted: Plain\(\.\.\.\)"),
    "no Module": (Plain, r"Plain is no Module: write class Plain\(layers.Module\), and define forward and backward"),
    "a list": (lambda: [ReLU()], r"a list is no layer: pass layers one by one, Sequential\(\*layers\) for a list"),
    "a tuple": (lambda: (ReLU(),), "a tuple is no layer"),
    "from before a reload": (lambda: type("Mine", (loaded_anew(),), {})(),
                             "this Mine was made before helpers was loaded anew: restart the kernel"),
    "a number": (lambda: 3, "int is no Module"),
}


@pytest.mark.parametrize("where", PUT_IN)
@pytest.mark.parametrize("what", NO_LAYERS)
def test_what_is_no_layer_is_named_at_once(where, what):
    thing, message = NO_LAYERS[what]
    with pytest.raises(TypeError, match=f"(Sequential|Residual|Net): {message}"):
        PUT_IN[where](thing())


def test_an_object_in_two_places_is_refused():
    bend, layer = ReLU(), Linear(4, 4, 0)
    for make in (lambda: Sequential(layer, bend, bend), lambda: Sequential(bend, Sequential(layer, bend)),
                 lambda: Residual(layer, layer), lambda: Residual(Sequential(layer, bend), bend), lambda: Sequential(layer, Residual(Sequential(bend, layer)))):
        with pytest.raises(ValueError, match=r"one (ReLU|Linear)\(.*\) stands in two places.*make an object for each"):
            make()


class Silent(ReLU):
    """Returns nothing from one of its methods."""

    def __init__(self, method):
        setattr(self, method, lambda array: None)


@pytest.mark.parametrize("method", ["forward", "backward"])
@pytest.mark.parametrize("around", [lambda layer: layer, Residual, lambda layer: Residual(ReLU(), layer), lambda layer: Sequential(ReLU(), layer)],
                         ids=["layer", "body", "shortcut", "inner"])
def test_a_layer_that_returns_nothing_is_named(method, around):
    net, x = Sequential(Linear(4, 4, 0), around(Silent(method))), np.ones((2, 4), np.float32)
    which = r"Silent\(\).*: its forward returned nothing: end Silent.forward" if method == "forward" else \
        r"Silent\(\).*: its backward returned nothing: end (Silent.backward|that of one of its layers)"
    with pytest.raises(TypeError, match=which + " with a return"):
        net.forward(x)
        net.backward(x)


def test_nothing_may_come_back_where_no_layer_has_anything_to_learn():
    first = Linear(4, 3, 0)
    net = Sequential(Flatten(), ReLU(), first, Tanh())
    net.drop_input_gradient()
    y = net.forward(np.ones((2, 4), np.float32))
    assert net.backward(np.ones_like(y)) is None and first.weight.grad.any()


def test_residual_names_both_shapes():
    with pytest.raises(ValueError, match=r"the body gives \(5, 3\) and the shortcut \(5, 4\)"):
        Residual(Linear(4, 3, 0)).forward(np.zeros((5, 4), np.float32))
