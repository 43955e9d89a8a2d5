"""Layers and networks: names, modes, gradients, what is saved and what comes back, and equality with PyTorch."""
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import functional as F
from helpers import files, layers, models
from helpers.gradcheck import check_module
from helpers.layers import Clip, Flatten, Identity, Linear, Module, Parameter, ReLU, Sequential, Sigmoid, Tanh

ACTIVATIONS = [Identity, ReLU, Sigmoid, Tanh, Clip]
SIZES = st.lists(st.integers(1, 6), min_size=2, max_size=4).map(tuple)
SEEDS = st.integers(0, 2**32 - 1)


def small(seed=0, activation=ReLU, sizes=(6, 5, 4, 3)):
    """A network in float64 with biases that are not zero."""
    net = models.mlp(seed, sizes, activation).double()
    rng = np.random.default_rng(seed + 1)
    for name, parameter in net.named_parameters():
        if name.endswith("bias"):
            parameter.value[...] = 0.3 * rng.standard_normal(parameter.value.shape)
    return net


def nested(rng=None, dtype=np.float64):
    rng = rng or np.random.default_rng(0)
    first, second = Linear(6, 4, rng, dtype=dtype), Linear(4, 3, rng, dtype=dtype)
    return Sequential(Flatten(), Sequential(first, Tanh()), Sequential(Sequential(second)))


def same(first, second):
    """Two state_dicts hold the same names in the same order, and the same bytes."""
    return list(first) == list(second) and all(
        first[name].dtype == second[name].dtype and first[name].tobytes() == second[name].tobytes() for name in first)


def every_module(net):
    return [net] + [inner for _, child in net.children() for inner in every_module(child)]


# --- Names and modes ------------------------------------------------------------------------------

def test_parameters_are_named_from_input_to_output():
    net = models.mlp(sizes=(6, 5, 4, 3))
    names = ["1.weight", "1.bias", "3.weight", "3.bias", "5.weight", "5.bias"]
    assert list(net.state_dict()) == names
    assert [name for name, _ in net.named_parameters()] == names
    shapes = [(5, 6), (5,), (4, 5), (4,), (3, 4), (3,)]
    assert [parameter.value.shape for parameter in net.parameters()] == shapes
    assert all(parameter is again for parameter, again in zip(net.parameters(), net.parameters(), strict=True))
    assert [name for name, _ in nested().named_parameters()] == ["1.0.weight", "1.0.bias", "2.0.0.weight", "2.0.0.bias"]


def test_a_module_of_ones_own_is_walked_in_the_order_of_its_attributes():
    class Skip(Module):
        def __init__(self):
            self.scale = Parameter(np.ones(1))
            self.body = nested()
            self.shift = Parameter(np.zeros(1))

    names = ["scale", "shift", "body.1.0.weight", "body.1.0.bias", "body.2.0.0.weight", "body.2.0.0.bias"]
    assert list(Skip().state_dict()) == names
    for method in ("forward", "backward"):
        with pytest.raises(NotImplementedError, match=f"Skip has no {method} pass yet"):
            getattr(Skip(), method)(np.ones((1, 6)))


def test_train_and_eval_reach_all():
    net = Sequential(nested(), ReLU())
    modules = every_module(net)
    assert len(modules) == 10
    assert all(module.training for module in modules)
    assert net.eval() is net
    assert not any(module.training for module in modules)
    assert net.train() is net
    assert all(module.training for module in modules)
    net.train(False)
    assert not any(module.training for module in modules)


def test_double_turns_everything_to_float64():
    net = nested(dtype=np.float32)
    before = net.state_dict()
    assert {parameter.value.dtype for parameter in net.parameters()} == {np.dtype(np.float32)}
    assert net.double() is net
    arrays = [array for parameter in net.parameters() for array in (parameter.value, parameter.grad)]
    assert {array.dtype for array in arrays} == {np.dtype(np.float64)}
    assert all(np.array_equal(before[name], value) for name, value in net.state_dict().items())
    x = np.random.default_rng(0).standard_normal((2, 6))
    y = net.forward(x)
    assert y.dtype == net.backward(y).dtype == np.float64


def test_what_a_network_prints():
    net = Sequential(Flatten(), Linear(6, 4, np.random.default_rng(0)), Clip(0, 2))
    assert repr(net) == "Sequential(Flatten(), Linear(6, 4), Clip(0, 2))"
    assert repr(net.parameters()) == "[Parameter(4, 6), Parameter(4,)]"


def test_an_object_in_two_places_is_refused():
    bend, layer = ReLU(), Linear(4, 4, np.random.default_rng(0))
    for make in (lambda: Sequential(layer, bend, bend), lambda: Sequential(bend, Sequential(layer, bend)),
                 lambda: layers.Residual(layer, layer), lambda: layers.Residual(Sequential(layer, bend), bend)):
        with pytest.raises(ValueError, match=r"one (ReLU|Linear)\(.*\) stands in two places.*make an object for each"):
            make()


def test_weights_that_are_not_trained_are_saved(tmp_path):
    net, other = models.skip_cnn(0, "fixed"), models.skip_cnn(1, "fixed")
    assert "2.shortcut.weight" in net.state_dict()
    net.save(tmp_path / "net.npz")
    other.load(tmp_path / "net.npz")
    images = np.random.default_rng(0).random((3, 1, 28, 28), np.float32)
    assert np.array_equal(other.forward(images), net.forward(images))


def test_what_is_not_trained_may_be_missing_and_stays():
    net, other = models.skip_cnn(0, "fixed"), models.skip_cnn(1, "fixed")
    kept = other.layers[2].shortcut.weight.copy()
    other.load_state_dict({name: parameter.value for name, parameter in net.named_parameters()})
    assert np.array_equal(other.layers[2].shortcut.weight, kept)
    assert all(np.array_equal(*pair) for pair in zip(*([p.value for p in each.parameters()] for each in (net, other)), strict=True))


def test_a_cache_is_no_weight():
    net = small()
    names = list(net.state_dict())
    net.forward(np.zeros((2, 6)))
    assert list(net.state_dict()) == names


def test_a_list_of_layers_is_refused_at_once():
    with pytest.raises(TypeError, match=r"is no layer: pass layers one by one, Sequential\(\*layers\) for a list"):
        Sequential([Flatten(), ReLU()])


# --- Forward and backward -------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layers_are_the_formulas(dtype):
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((2, 4, 3)).astype(dtype)
    pairs = [(Identity(), F.identity, F.identity_backward), (ReLU(), F.relu, F.relu_backward),
             (Sigmoid(), F.sigmoid, F.sigmoid_backward), (Tanh(), F.tanh, F.tanh_backward),
             (Clip(-0.2, 0.3), lambda x: F.clip(x, -0.2, 0.3), F.clip_backward)]
    for layer, forward, backward in pairs:
        y, cache = forward(x)
        assert np.array_equal(layer(x), y) and layer.forward(x).dtype == dtype, layer
        assert np.array_equal(layer.backward(dy), backward(dy, cache)) and layer.backward(dy).dtype == dtype, layer


def test_linear_layer_is_the_formula():
    rng = np.random.default_rng(0)
    layer, x, dy = Linear(3, 2, rng, dtype=np.float64), rng.standard_normal((4, 3)), rng.standard_normal((4, 2))
    layer.bias.value[...] = [1, 2]
    y, cache = F.linear(x, layer.weight.value, layer.bias.value)
    assert np.array_equal(layer(x), y)
    gradients = layer.backward(dy), layer.weight.grad, layer.bias.grad
    for found, wanted in zip(gradients, F.linear_backward(dy, cache), strict=True):
        assert np.array_equal(found, wanted)


def test_linear_begins_as_its_init_says():
    def ramp(shape, rng, dtype):
        return np.arange(np.prod(shape), dtype=dtype).reshape(shape) + dtype(rng.integers(5))

    layer = Linear(3, 2, np.random.default_rng(7), init=ramp)
    assert np.array_equal(layer.weight.value, np.arange(6).reshape(2, 3) + np.random.default_rng(7).integers(5))
    assert layer.bias.value.tolist() == [0, 0]
    assert layer.weight.value.dtype == layer.bias.value.dtype == np.float32
    assert not layer.weight.grad.any() and layer.weight.grad.shape == (2, 3)


@given(st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple), SEEDS)
def test_flatten_and_back(shape, seed):
    x = np.random.default_rng(seed).standard_normal(shape)
    layer = Flatten()
    y = layer(x)
    assert y.shape == (shape[0], x[0].size)
    assert all(np.array_equal(row, image.ravel()) for row, image in zip(y, x, strict=True))
    dy = np.random.default_rng(seed + 1).standard_normal(y.shape)
    assert layer.backward(dy).shape == shape
    assert np.vdot(layer.backward(dy), x) == pytest.approx(np.vdot(dy, y), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("layer", [*(kind() for kind in ACTIVATIONS), Flatten(), Linear(3, 3, np.random.default_rng(0)),
                                   Sequential(Linear(3, 3, np.random.default_rng(0))), nested()], ids=str)
def test_backward_before_forward(layer):
    with pytest.raises(RuntimeError, match="backward was called before forward: run forward"):
        layer.backward(np.ones((2, 3), np.float32))


def test_no_layer_remembers_for_another():
    first, second = ReLU(), ReLU()
    first(np.ones((2, 3)))
    with pytest.raises(RuntimeError):
        second.backward(np.ones((2, 3)))


def test_backward_belongs_to_the_last_forward():
    net, fresh, rng = small(), small(), np.random.default_rng(0)
    old, new, dy = rng.standard_normal((2, 6)), rng.standard_normal((2, 6)), rng.standard_normal((2, 3))
    net.forward(old)
    net.forward(new)
    fresh.forward(new)
    assert np.array_equal(net.backward(dy), fresh.backward(dy))
    for parameter, wanted in zip(net.parameters(), fresh.parameters(), strict=True):
        assert np.array_equal(parameter.grad, wanted.grad)


def test_gradients_are_replaced_not_summed():
    net, rng = small(), np.random.default_rng(0)
    x, dy = rng.standard_normal((4, 6)), rng.standard_normal((4, 3))
    net.forward(x)
    net.backward(dy)
    once = [parameter.grad.copy() for parameter in net.parameters()]
    assert all(grad.any() for grad in once)
    net.backward(dy)
    assert all(np.array_equal(parameter.grad, grad) for parameter, grad in zip(net.parameters(), once, strict=True))


def test_a_network_writes_into_nothing_it_is_handed():
    for activation in ACTIVATIONS:
        net, rng = small(activation=activation), np.random.default_rng(0)
        x, dy = rng.standard_normal((4, 1, 2, 3)), rng.standard_normal((4, 3))
        weights = net.state_dict()
        for array in (x, dy, *(parameter.value for parameter in net.parameters())):
            array.setflags(write=False)
        y = net.forward(x)
        y.setflags(write=False)
        net.backward(dy)
        assert same(net.state_dict(), weights)


def test_errors_come_through_a_network():
    net = small()
    with pytest.raises(ValueError, match="Flatten.*none of its axes empty.*\\(0, 6\\)"):
        net.forward(np.ones((0, 6)))
    with pytest.raises(ValueError, match="Flatten.*\\(6,\\)"):
        net.forward(np.ones(6))
    both_shapes = r"x \(N, in\) = \(3, 8\), w \(out, in\) = \(5, 6\)"
    with pytest.raises(ValueError, match=f"linear: x has 8 features but the weights expect 6: {both_shapes}"):
        net.forward(np.ones((3, 2, 4)))
    with pytest.raises(TypeError, match="share one dtype.*x is float32.*w is float64"):
        net.forward(np.ones((3, 6), np.float32))
    with pytest.raises(TypeError, match="Flatten: x has dtype uint8"):
        net.forward(np.ones((3, 6), np.uint8))
    with pytest.raises(TypeError, match="Flatten: x must be a NumPy array, not list"):
        net.forward([[1.0] * 6])
    net.forward(np.ones((3, 6)))
    with pytest.raises(ValueError, match=r"dy has shape \(3, 4\) but the output had shape \(3, 3\)"):
        net.backward(np.ones((3, 4)))
    flat = Flatten()
    flat(np.ones((2, 3)))
    for dy in (np.ones((3, 2)), np.ones((2, 3, 1)), np.ones(6)):  # as many numbers, in another order
        with pytest.raises(ValueError, match=r"Flatten.backward: dy has shape .* but the output had shape \(2, 3\)"):
            flat.backward(dy)
    with pytest.raises(ValueError, match="low must be below high"):
        Clip(1, 0)(np.ones((1, 1)))


# --- The network of lesson 01 ---------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("count", [1, 5])
def test_gradients_of_whole_networks(activation, seed, count):
    rng = np.random.default_rng(seed)
    net = small(seed, activation)
    errors = check_module(net, rng.standard_normal((count, 1, 2, 3)), rng)
    assert errors.keys() == {"x", *net.state_dict()}
    assert all(error < 1e-7 for error in errors.values()), errors
    assert any(parameter.grad.any() for parameter in net.parameters())


def test_gradients_of_a_nested_network():
    rng = np.random.default_rng(0)
    errors = check_module(nested(), rng.standard_normal((3, 6)), rng)
    assert len(errors) == 5 and all(error < 1e-7 for error in errors.values()), errors


@pytest.mark.torch
@pytest.mark.parametrize("activation", [Identity, ReLU, Sigmoid, Tanh])
@given(SIZES, st.integers(1, 6), SEEDS)
def test_networks_equal_pytorch(activation, sizes, count, seed):
    """The same state_dict, the same batch: the same logits, loss and gradients."""
    torch = pytest.importorskip("torch")
    net, rng = small(seed, activation, sizes), np.random.default_rng(seed)
    stack = [torch.nn.Flatten()]
    for inputs, outputs in zip(sizes, sizes[1:]):
        stack += [torch.nn.Linear(inputs, outputs), getattr(torch.nn, activation.__name__)()]
    peer = torch.nn.Sequential(*stack[:-1]).double()
    assert list(net.state_dict()) == list(peer.state_dict())
    peer.load_state_dict({name: torch.tensor(value) for name, value in net.state_dict().items()})

    x, labels = rng.standard_normal((count, 1, sizes[0])), rng.integers(0, sizes[-1], count)
    logits = net.forward(x)
    loss, dlogits = F.cross_entropy(logits, labels)
    dx = net.backward(dlogits)
    tensor = torch.tensor(x, requires_grad=True)
    wanted = peer(tensor)
    wanted_loss = torch.nn.functional.cross_entropy(wanted, torch.tensor(labels))
    wanted_loss.backward()

    assert np.abs(logits - wanted.detach().numpy()).max() < 1e-10
    assert abs(loss - wanted_loss.item()) < 1e-10
    assert dx.shape == x.shape and np.abs(dx - tensor.grad.numpy()).max() < 1e-10
    for (name, parameter), peers in zip(net.named_parameters(), peer.parameters(), strict=True):
        assert parameter.grad.shape == peers.grad.shape, name
        assert np.abs(parameter.grad - peers.grad.numpy()).max() < 1e-10, name


@pytest.mark.torch
def test_pytorchs_weights_can_be_loaded():
    torch = pytest.importorskip("torch")
    peer = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    net = models.mlp(sizes=(6, 4, 3))
    net.load_state_dict({name: tensor.numpy() for name, tensor in peer.state_dict().items()})
    x = np.random.default_rng(0).standard_normal((5, 6)).astype(np.float32)
    assert np.abs(net(x) - peer(torch.tensor(x)).detach().numpy()).max() < 1e-6


def test_mlp():
    net = models.mlp(seed=3, sizes=(6, 5, 4, 3), activation=Tanh)
    assert [type(layer) for layer in net.layers] == [Flatten, Linear, Tanh, Linear, Tanh, Linear]
    assert same(net.state_dict(), models.mlp(seed=3, sizes=(6, 5, 4, 3)).state_dict())
    other = models.mlp(seed=4, sizes=(6, 5, 4, 3)).state_dict()
    assert not any(np.array_equal(net.state_dict()[name], other[name]) for name in other if name.endswith("weight"))
    assert not np.array_equal(*[models.mlp(0, (4, 4, 4)).state_dict()[name] for name in ("1.weight", "3.weight")])
    assert [parameter.value.shape for parameter in models.mlp().parameters()] == [(128, 784), (128,), (10, 128), (10,)]
    assert models.mlp().forward(np.zeros((2, 1, 28, 28), np.float32)).dtype == np.float32
    for sizes in ((), (5,)):
        with pytest.raises(ValueError, match="sizes needs an input and an output"):
            models.mlp(sizes=sizes)
    with pytest.raises(ValueError, match="init"):
        models.mlp(sizes=(5, 0, 3))


