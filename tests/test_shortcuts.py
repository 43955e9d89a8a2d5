"""Shortcuts of residual blocks: values by another formula, gradients by finite differences, the adjoint, and PyTorch."""
import re
import runpy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import logs, models
from helpers.gradcheck import adjoint_error, check_module
from helpers.layers import (
    BatchNorm2d, Carry, Conv2d, Dropout, Flatten, Linear, ReLU, Residual, Scale, Sequential, Sigmoid, SubsamplePad, Tanh,
)
from helpers.models.shortcuts import SHORTCUTS, gate, with_shortcut

SEEDS = st.integers(0, 2**32 - 1)
PIXELS = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 6), st.integers(1, 6))


def body_of(channels, rng, nonlinearity):
    return Sequential(Conv2d(channels, channels, 3, rng, padding=1, bias=False), BatchNorm2d(channels), nonlinearity(),
                      Conv2d(channels, channels, 3, rng, padding=1, bias=False), BatchNorm2d(channels))


def block_of(kind, channels, seed, bias=-0.5, nonlinearity=ReLU):
    """A block in float64 whose batch norms and gates are not as they begin."""
    rng = np.random.default_rng(seed)
    block = Sequential(with_shortcut(kind, body_of(channels, rng, nonlinearity), channels, rng, bias), nonlinearity()).double()
    for module in block.modules():
        if isinstance(module, BatchNorm2d):
            for place in (module.weight, module.bias, module.running_var):
                place.value[...] = rng.uniform(0.5, 2, channels)
    return block


# --- SubsamplePad and Scale: linear, and so known by their adjoint -------------------------------------

@settings(deadline=None)
@given(PIXELS, st.integers(0, 3), st.tuples(st.integers(1, 3), st.integers(1, 3)), SEEDS)
def test_subsampling_and_padding(shape, added, stride, seed):
    rng, (count, channels, height, width) = np.random.default_rng(seed), shape
    x, layer = rng.standard_normal(shape), SubsamplePad(channels + added, stride)
    y = layer.forward(x)
    assert y.shape == (count, channels + added, -(-height // stride[0]), -(-width // stride[1])) and y.dtype == x.dtype
    for n, c, i, j in np.ndindex(y.shape):
        assert y[n, c, i, j] == (x[n, c, i * stride[0], j * stride[1]] if c < channels else 0)
    assert adjoint_error(layer.forward, layer.backward, x, rng.standard_normal(y.shape)) < 1e-12


def test_subsampling_keeps_the_dtype_and_how_images_lie_in_memory():
    layer, x = SubsamplePad(4), np.ones((2, 3, 5, 4), np.float32)
    y = layer.forward(x)
    dx = layer.backward(np.ones_like(y))
    assert y.dtype == dx.dtype == np.float32
    assert y.transpose(0, 2, 3, 1).flags.c_contiguous and dx.transpose(0, 2, 3, 1).flags.c_contiguous


def test_what_does_not_fit_a_shortcut_is_named():
    with pytest.raises(ValueError, match="5 channels, more than the 4 wanted"):
        SubsamplePad(4).forward(np.ones((1, 5, 2, 2)))
    with pytest.raises(ValueError, match="4 axes"):
        SubsamplePad(4).forward(np.ones((1, 5)))
    with pytest.raises(TypeError, match="floating point"):
        Scale(0.5).forward(np.ones((1, 5), int))
    with pytest.raises(ValueError, match=r"Carry: .*\(2, 3\).*\(2, 4\)"):
        Carry(Linear(3, 4, 0)).forward(np.ones((2, 3), np.float32))
    with pytest.raises(ValueError, match=r"body and gate must give one shape.*\(2, 3\).*\(2, 4\)"):
        Residual(Linear(3, 3, 0), gate=Linear(3, 4, 0)).forward(np.ones((2, 3), np.float32))
    with pytest.raises(ValueError, match="two places"):
        shared = Sigmoid()
        Residual(Tanh(), gate=Sequential(shared, shared))
    with pytest.raises(ValueError, match="two places"):
        shared = Sigmoid()
        Residual(shared, gate=shared)
    with pytest.raises(TypeError, match="Carry: function is no Module"):
        Carry(np.tanh and (lambda x: x))
    with pytest.raises(ValueError, match="the kind must be one of 'identity', .* but it is 'wide'"):
        with_shortcut("wide", Tanh(), 3, 0)


@settings(deadline=None)
@given(st.floats(-3, 3), SEEDS)
def test_a_scale_is_its_own_adjoint(factor, seed):
    x, dy = np.random.default_rng(seed).standard_normal((2, 3, 4))
    layer = Scale(factor)
    assert np.array_equal(layer.forward(x), factor * x)
    assert adjoint_error(layer.forward, layer.backward, x, dy) < 1e-12
    assert layer.forward(x.astype(np.float32)).dtype == np.float32
    assert Scale(np.float64(factor)).backward(dy.astype(np.float32)).dtype == np.float32


def test_a_shortcut_says_what_it_is():
    block = with_shortcut("exclusive gate", Tanh(), 3, 0)
    assert repr(block) == "Residual(Tanh(), Identity(), Sequential(Conv2d(3, 3, (1, 1), stride=(1, 1), padding=(0, 0)), Sigmoid()))"
    assert repr(Residual(Carry(Sigmoid()), Scale(0.5))) == "Residual(Carry(Sigmoid()), Scale(0.5))"
    assert repr(SubsamplePad(4)) == "SubsamplePad(4, stride=(2, 2))"


# --- The shortcuts of He et al. (2016b) --------------------------------------------------------------

def wanted(kind, block, x):
    """What a block gives, as the paper's table says it: the factor of the shortcut and that of the body."""
    residual = block.layers[0]
    body = residual.body.layers[0] if kind == "scale 0.5, body too" else residual.body
    f, ones = body.forward(x), np.ones_like(x)
    if "gate" in kind:
        conv = (residual.gate or residual.shortcut.gate).layers[0]
        z = np.einsum("fc,nchw->nfhw", conv.weight.value[:, :, 0, 0], x) + conv.bias.value[:, None, None]
        g = 1 / (1 + np.exp(-z))
    around, straight = {
        "identity": lambda: (ones, 1), "scale 0.5": lambda: (ones / 2, 1), "scale 0.5, body too": lambda: (ones / 2, 1 / 2),
        "exclusive gate": lambda: (1 - g, g), "shortcut-only gate": lambda: (1 - g, 1), "none": lambda: (0, 1),
        "dropout": lambda: (residual.shortcut.cache, 1)}[kind]()
    return np.maximum(around * x + straight * f, 0)


@pytest.mark.parametrize("kind", [kind for kind in SHORTCUTS if kind != "1 x 1 convolution"])
@settings(deadline=None, max_examples=10)
@given(PIXELS, SEEDS)
def test_each_shortcut_is_the_papers(kind, shape, seed):
    shape = (shape[0] + 1, *shape[1:])
    x, block = np.random.default_rng(seed).standard_normal(shape), block_of(kind, shape[1], seed)
    np.testing.assert_allclose(block.forward(x), wanted(kind, block, x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("kind", SHORTCUTS)
@settings(deadline=None, max_examples=3)
@given(SEEDS)
def test_gradients_of_each_shortcut(kind, mode, seed):
    rng = np.random.default_rng(seed)
    block = block_of(kind, 2, seed, nonlinearity=Tanh).train(mode)  # of the kinks of a ReLU one would sometimes be met
    errors = check_module(block, rng.standard_normal((2, 2, 3, 4)), rng)
    assert len(errors) == 7 + 2 * ("gate" in kind or "1 x 1" in kind)
    assert max(errors.values()) < 1e-6, errors


@pytest.mark.parametrize("kind", ["scale 0.5", "1 x 1 convolution", "none"])
def test_a_linear_shortcut_around_a_linear_body_has_its_adjoint(kind):
    rng = np.random.default_rng(0)
    body = Conv2d(3, 3, 3, rng, padding=1, bias=False)
    block = with_shortcut(kind, body, 3, rng).double()
    x, dy = rng.standard_normal((2, 2, 3, 4, 5))
    assert adjoint_error(block.forward, block.backward, x, dy) < 1e-12


def test_gates_begin_at_their_bias():
    for bias in (0, -6):
        layer = gate(4, bias, 0)
        g = layer.forward(np.zeros((1, 4, 2, 2), np.float32))
        np.testing.assert_allclose(g, 1 / (1 + np.exp(-bias)), rtol=1e-6)


def test_a_dense_highway():
    rng = np.random.default_rng(0)
    highway = Residual(Sequential(Linear(4, 3, rng), Tanh()), Linear(4, 3, rng), Sequential(Linear(4, 3, rng), Sigmoid())).double()
    errors = check_module(highway, rng.standard_normal((5, 4)), rng)
    assert len(errors) == 7 and max(errors.values()) < 1e-7


@pytest.mark.torch
@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("kind", [kind for kind in SHORTCUTS if kind != "dropout"])
def test_each_shortcut_is_pytorchs(kind, mode):
    """Outputs, gradients and buffers, in float64, after a step in this mode."""
    torch = pytest.importorskip("torch")
    rng, block = np.random.default_rng(1), block_of(kind, 3, 0).train(mode)
    residual, f = block.layers[0], torch.nn.functional
    names = [name for name, _ in block.named_parameters()]
    tensors = {name: torch.tensor(value, requires_grad=name in names) for name, value in block.state_dict().items()}
    part = "0.body.0" if kind == "scale 0.5, body too" else "0.body"
    x, dy = rng.standard_normal((2, 4, 3, 5, 4))
    inputs = torch.tensor(x, requires_grad=True)

    def norm(images, number):
        at = {name: tensors[f"{part}.{number}.{name}"] for name in ("running_mean", "running_var", "weight", "bias")}
        return f.batch_norm(images, at["running_mean"], at["running_var"], at["weight"], at["bias"], mode)

    def one_by_one(name):
        return f.conv2d(inputs, tensors[f"{name}.weight"], tensors[f"{name}.bias"])

    body = norm(f.conv2d(torch.relu(norm(f.conv2d(inputs, tensors[f"{part}.0.weight"], padding=1), 1)), tensors[f"{part}.3.weight"], padding=1), 4)
    if kind == "exclusive gate":
        g = torch.sigmoid(one_by_one("0.gate.0"))
        total = g * body + (1 - g) * inputs
    else:
        around = {"identity": lambda: inputs, "scale 0.5": lambda: inputs / 2, "scale 0.5, body too": lambda: inputs / 2,
                  "shortcut-only gate": lambda: (1 - torch.sigmoid(one_by_one("0.shortcut.gate.0"))) * inputs,
                  "1 x 1 convolution": lambda: one_by_one("0.shortcut"), "none": lambda: 0 * inputs}[kind]()
        total = (body / 2 if kind == "scale 0.5, body too" else body) + around
    theirs = torch.relu(total)
    theirs.backward(torch.tensor(dy))
    pairs = [(block.forward(x), theirs.detach()), (block.backward(dy), inputs.grad)]
    pairs += [(parameter.grad, tensors[name].grad) for name, parameter in block.named_parameters()]
    pairs += [(buffer.value, tensors[name]) for name, buffer in block.named_buffers()]
    assert residual.shortcut is not None and len(pairs) == 2 + len(tensors)
    for ours, other in pairs:
        assert np.abs(ours - other.numpy()).max() <= 1e-10 * max(np.abs(other.numpy()).max(), 1e-3)


@pytest.mark.torch
@settings(deadline=None, max_examples=30)
@given(PIXELS, st.integers(0, 3), st.integers(1, 3), SEEDS)
def test_subsampling_and_padding_is_pytorchs(shape, added, stride, seed):
    torch = pytest.importorskip("torch")
    rng, layer = np.random.default_rng(seed), SubsamplePad(shape[1] + added, stride)
    x = rng.standard_normal(shape)
    inputs = torch.tensor(x, requires_grad=True)
    theirs = torch.nn.functional.pad(inputs[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, added))
    dy = rng.standard_normal(theirs.shape)
    theirs.backward(torch.tensor(dy))
    assert np.array_equal(layer.forward(x), theirs.detach().numpy()) and np.array_equal(layer.backward(dy), inputs.grad.numpy())


@pytest.mark.torch
def test_the_stored_block_is_pytorchs(tmp_path, monkeypatch):
    """The log that lesson 12 compares its block with."""
    pytest.importorskip("torch")
    stored, script = logs.load("torch_block"), runpy.run_path(logs.FOLDER / "torch_block.py")
    monkeypatch.setattr(logs, "FOLDER", tmp_path)
    (tmp_path / logs.CHECKSUMS).write_text("{}")
    script["main"](["--workers", "1"])
    found = logs.load("torch_block")
    assert found.keys() == stored.keys() and len(found) == 4 + 9 + 9 + 6
    assert all(np.allclose(found[name], stored[name], rtol=1e-10, atol=1e-12) for name in stored)


# --- The last gamma at zero ------------------------------------------------------------------------

@pytest.mark.parametrize("zero", [False, True])
def test_a_network_whose_blocks_begin_at_zero(zero):
    net, rng = models.resnet((1, 2), (4, 6), 3, zero_init_residual=zero).double(), np.random.default_rng(0)
    blocks = [block for stage in (net.layer1, net.layer2) for block in stage.layers]
    assert [bool((block.bn2.weight.value == 0).all()) for block in blocks] == [zero] * 3
    assert all((block.bn1.weight.value == 1).all() for block in blocks)
    x = np.maximum(rng.standard_normal((4, 6, 5, 5)), 0)
    assert np.array_equal(blocks[2].forward(x), x) == zero
    net.forward(rng.standard_normal((4, 3, 32, 32)))
    net.backward(rng.standard_normal((4, 3)))
    for block in blocks:  # behind a factor of zero nothing learns at first, but the factor itself
        assert bool(block.conv1.weight.grad.any()) != zero and bool(block.conv2.weight.grad.any()) != zero
        assert block.bn2.weight.grad.any()


def test_zero_is_a_choice_of_resnet34_too():
    net = models.resnet34(2, zero_init_residual=True)
    assert not net.layer4.layers[2].bn2.weight.value.any() and net.bn1.weight.value.all()


def test_gradients_of_a_block_that_begins_at_zero():
    net, rng = models.resnet((1,), (2,), 3, 2, zero_init_residual=True), np.random.default_rng(0)
    block = net.double().layer1.layers[0]
    errors = check_module(block, rng.standard_normal((2, 2, 4, 3)) + 0.1, rng)
    assert max(errors.values()) < 1e-6, errors


def test_a_whole_network_of_each_shortcut_learns():
    rng = np.random.default_rng(0)
    for kind in SHORTCUTS:
        net = Sequential(block_of(kind, 2, 0), Flatten(), Linear(24, 3, rng)).double()
        y = net.forward(rng.standard_normal((5, 2, 3, 4)))
        assert y.shape == (5, 3) and net.backward(np.ones_like(y)).shape == (5, 2, 3, 4), kind
    assert not re.search("dropout", repr(block_of("identity", 2, 0))) and Dropout in {type(m) for m in block_of("dropout", 2, 0).modules()}
