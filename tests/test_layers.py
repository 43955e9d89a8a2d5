"""Layers and networks: forward and backward passes, gradients, errors, and equality with PyTorch."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import functional as F
from helpers import models
from helpers.gradcheck import check_module
from helpers.layers import Clip, Conv2d, Flatten, Identity, Linear, ReLU, Sequential, Sigmoid, Tanh

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


WITHOUT_BIAS = {"linear": (lambda rng, bias: Linear(5, 3, rng, bias), (4, 5)),
                "convolution": (lambda rng, bias: Conv2d(2, 3, (3, 2), rng, stride=(1, 2), padding=1, bias=bias), (2, 2, 4, 5))}


@pytest.mark.parametrize("make, shape", WITHOUT_BIAS.values(), ids=WITHOUT_BIAS)
def test_layers_without_bias(make, shape):
    rng = np.random.default_rng(0)
    bare, with_zeros, x = make(0, False).double(), make(0, True).double(), rng.standard_normal(shape)
    assert bare.bias is None and list(bare.state_dict()) == ["weight"]
    y = bare.forward(x)
    np.testing.assert_allclose(y, with_zeros.forward(x), rtol=0, atol=1e-12)  # the same weights, and biases begin at zero
    dy = rng.standard_normal(y.shape)
    np.testing.assert_allclose(bare.backward(dy), with_zeros.backward(dy), rtol=0, atol=1e-12)
    errors = check_module(bare, x, rng)
    assert errors.keys() == {"x", "weight"} and max(errors.values()) < 1e-7


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
        for array in (x, dy, *(parameter.value for parameter in net.parameters())):
            array.setflags(write=False)
        y = net.forward(x)
        y.setflags(write=False)
        net.backward(dy)


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
    again, other = (models.mlp(seed, (6, 5, 4, 3)).state_dict() for seed in (3, 4))
    assert all(np.array_equal(value, again[name]) for name, value in net.state_dict().items())
    assert not any(np.array_equal(net.state_dict()[name], other[name]) for name in other if name.endswith("weight"))
    assert not np.array_equal(*[models.mlp(0, (4, 4, 4)).state_dict()[name] for name in ("1.weight", "3.weight")])
    assert [parameter.value.shape for parameter in models.mlp().parameters()] == [(128, 784), (128,), (10, 128), (10,)]
    assert models.mlp().forward(np.zeros((2, 1, 28, 28), np.float32)).dtype == np.float32
    for sizes in ((), (5,)):
        with pytest.raises(ValueError, match="sizes needs an input and an output"):
            models.mlp(sizes=sizes)
    with pytest.raises(ValueError, match="init"):
        models.mlp(sizes=(5, 0, 3))
