"""Normalisation and dropout: values, gradients and buffers, in training and in evaluation."""
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import functional as F
from helpers.functional import norm
from helpers.gradcheck import check_module, numeric_gradient, relative_error
from helpers.layers import (
    BatchNorm1d, BatchNorm2d, Conv2d, Dropout, Flatten, Linear, LocalResponseNorm, ReLU, Residual, Sequential,
)

SEEDS = st.integers(0, 2**32 - 1)
# Never square; one image, two images, one channel, one pixel.
SHAPES = [(1, 3, 4, 5), (2, 1, 3, 2), (2, 3, 2, 4), (5, 2, 1, 1), (3, 2, 1, 4)]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def numbers(shape, seed=0, dtype=np.float64):
    """x, weight, bias and dy, the weights far from 1 and the biases far from 0."""
    rng, channels = np.random.default_rng(seed), shape[1]
    x, dy = 2 * rng.standard_normal((2, *shape)) + rng.standard_normal((channels, 1, 1))
    return [array.astype(dtype) for array in (x, rng.uniform(0.5, 2, channels), rng.standard_normal(channels), dy)]


def layer_for(shape, seed=0, **settings):
    """A layer in float64 whose weights, biases and buffers are not those that it begins with."""
    rng, norm = np.random.default_rng(seed), BatchNorm2d(shape[1], **settings).double()
    for place in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
        place.value[...] = rng.uniform(0.5, 2, shape[1])
    return norm


# --- batch_norm ---------------------------------------------------------------------------------

@each_shape
def test_each_channel_is_normalised_then_scaled_and_shifted(shape):
    x, weight, bias, _ = numbers(shape)
    y, _ = F.batch_norm(x, weight, bias, eps=0.01)
    for channel in range(shape[1]):
        images = x[:, channel]
        wanted = weight[channel] * (images - images.mean()) / np.sqrt(images.var() + 0.01) + bias[channel]
        np.testing.assert_allclose(y[:, channel], wanted, rtol=0, atol=1e-13)
    given_mean, given_var = np.arange(shape[1]) + 0.5, np.arange(shape[1]) + 2.0
    y, _ = F.batch_norm(x, weight, bias, statistics=(given_mean, given_var))
    wanted = (x.transpose(0, 2, 3, 1) - given_mean) / np.sqrt(given_var + 1e-5) * weight + bias
    np.testing.assert_allclose(y.transpose(0, 2, 3, 1), wanted, rtol=0, atol=1e-13)


def plain_batch_norm(x, weight, bias, dy, eps):
    """y, dx, dweight, dbias of images as rows (R, C), as the formulas stand in the paper."""
    centred = x - x.mean(axis=0)
    sigma = np.sqrt((centred**2).mean(axis=0) + eps)
    normalised = centred / sigma
    dnormalised = dy * weight
    dx = (dnormalised - dnormalised.mean(axis=0) - normalised * (dnormalised * normalised).mean(axis=0)) / sigma
    return weight * normalised + bias, dx, (dy * normalised).sum(axis=0), dy.sum(axis=0)


@given(st.tuples(*[st.integers(1, 5)] * 4).filter(lambda shape: np.prod(shape) > shape[1]), st.integers(1, 40), SEEDS)
def test_the_plain_formulas_for_blocks_of_any_size(shape, block, seed):
    x, weight, bias, dy = numbers(shape, seed)
    with patch.object(norm, "BLOCK", block):
        y, cache = F.batch_norm(x, weight, bias, 0.1)
        found = y, *F.batch_norm_backward(dy, cache)
    flat = [array.transpose(0, 2, 3, 1).reshape(-1, shape[1]) for array in (x, dy)]
    wanted = plain_batch_norm(flat[0], weight, bias, flat[1], 0.1)
    for ours, plain in zip(found, wanted, strict=True):
        ours = ours.transpose(0, 2, 3, 1).reshape(plain.shape) if ours.ndim == 4 else ours
        np.testing.assert_allclose(ours, plain, rtol=0, atol=1e-11)


@each_shape
@pytest.mark.parametrize("evaluation", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_gradients_of_batch_norm(shape, evaluation, seed):
    x, weight, bias, dy = numbers(shape, seed)
    statistics = (np.linspace(-1, 1, shape[1]), np.linspace(0.5, 2, shape[1])) if evaluation else None
    kept = [array.copy() for array in (x, weight, bias, dy)]
    _, cache = F.batch_norm(x, weight, bias, 0.1, statistics)
    found = F.batch_norm_backward(dy, cache)
    assert all(map(np.array_equal, kept, (x, weight, bias, dy)))

    def loss():
        return np.vdot(dy, F.batch_norm(x, weight, bias, 0.1, statistics)[0])

    for gradient, array in zip(found, (x, weight, bias), strict=True):
        assert relative_error(gradient, numeric_gradient(loss, array)) < 1e-7


@given(st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 4), st.integers(2, 5)), SEEDS)
def test_the_images_gradient_adds_up_to_nothing_in_each_channel(shape, seed):
    """To add one number to a whole channel changes nothing, for the mean is taken off."""
    x, weight, bias, dy = numbers(shape, seed)
    dx, _, _ = F.batch_norm_backward(dy, F.batch_norm(x, weight, bias)[1])
    assert np.abs(dx.sum(axis=(0, 2, 3))).max() <= 1e-12 * max(1, np.abs(dx).max())
    given_statistics = np.zeros(shape[1]), np.ones(shape[1])
    dx, _, _ = F.batch_norm_backward(np.ones(shape), F.batch_norm(x, weight, bias, statistics=given_statistics)[1])
    np.testing.assert_allclose(dx, np.ones(shape) * weight[:, None, None], rtol=1e-4)  # where they are given, it does not


@pytest.mark.parametrize("mean, deviation", [(100, 0.1), (-1000, 1), (0, 1e-2), (3, 100)])
def test_float32_where_the_mean_is_large_beside_the_deviation(mean, deviation):
    rng = np.random.default_rng(0)
    x = (mean + deviation * rng.standard_normal((20, 3, 14, 15))).astype(np.float32)
    weight, bias, dy = rng.uniform(0.5, 2, 3), rng.standard_normal(3), rng.standard_normal(x.shape)
    wide = F.batch_norm(x.astype(np.float64), weight, bias)
    single = F.batch_norm(x, weight.astype(np.float32), bias.astype(np.float32))
    gradients = [F.batch_norm_backward(upstream, cache) for upstream, (_, cache) in ((dy, wide), (dy.astype(np.float32), single))]
    for wanted, found in zip((wide[0], *gradients[0]), (single[0], *gradients[1]), strict=True):
        assert found.dtype == np.float32 and relative_error(found, wanted) < 5e-4


def test_what_batch_norm_refuses():
    x, weight, bias, dy = numbers((2, 3, 4, 5))
    with pytest.raises(ValueError, match=r"x has 3 channels but bias has shape \(2,\): x \(N, C, H, W\) = \(2, 3, 4, 5\), bias \(C,\) wanted"):
        F.batch_norm(x, weight, bias[:2])
    for wrong in (weight[:1], weight[:, None], weight.reshape(3, 1, 1)):  # these would broadcast
        with pytest.raises(ValueError, match="x has 3 channels but weight has shape"):
            F.batch_norm(x, wrong, bias)
    with pytest.raises(ValueError, match=r"batch_norm: x must have 4 axes \(N, C, H, W\), but its shape is \(2, 3, 20\)"):
        F.batch_norm(x.reshape(2, 3, 20), weight, bias)
    with pytest.raises(ValueError, match=r"BatchNorm2d: x must have 4 axes \(N, C, H, W\), but its shape is \(8, 3\)"):
        BatchNorm2d(3).double().forward(x[..., 0].reshape(8, 3))
    with pytest.raises(ValueError, match=r"BatchNorm1d: x must have 2 axes \(N, C\), but its shape is \(2, 3, 4, 5\)"):
        BatchNorm1d(3).double().forward(x)
    with pytest.raises(ValueError, match=r"x has 4 channels but weight has shape \(3,\): x \(N, C\) = \(6, 4\), weight"):
        F.batch_norm(x.reshape(-1, 4)[:6], weight, bias)
    with pytest.raises(ValueError, match="x is empty along N"):
        F.batch_norm(x[:0], weight, bias)
    with pytest.raises(TypeError, match="share one dtype.*x is float32.*weight is float64"):
        F.batch_norm(x.astype(np.float32), weight, bias)
    _, cache = F.batch_norm(x, weight, bias)
    with pytest.raises(ValueError, match=r"dy has shape \(2, 3, 5, 4\) but the output had shape \(2, 3, 4, 5\)"):
        F.batch_norm_backward(dy.transpose(0, 1, 3, 2), cache)
    with pytest.raises(TypeError, match="dy is float32 but the forward pass ran in float64"):
        F.batch_norm_backward(dy.astype(np.float32), cache)


def test_one_number_a_channel_is_refused_in_training_only():
    norm, x = layer_for((1, 3)), np.ones((1, 3, 1, 1))
    kept = norm.state_dict()
    with pytest.raises(ValueError, match=r"one number a channel has no variance.*or evaluation mode.*\(1, 3, 1, 1\)"):
        norm.forward(x)
    assert all(np.array_equal(value, kept[name]) for name, value in norm.state_dict().items())
    assert np.isfinite(norm.eval().forward(x)).all()
    assert np.isfinite(norm.train().forward(np.ones((2, 3, 1, 1)))).all()  # two equal ones have the variance 0


# --- BatchNorm2d ----------------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_layer_begins_as_pytorchs_does_and_keeps_its_dtype(dtype):
    norm = BatchNorm2d(3, dtype=dtype)
    assert {name: set(value.tolist()) for name, value in norm.state_dict().items()} == {
        "weight": {1}, "bias": {0}, "running_mean": {0}, "running_var": {1}}
    assert [name for name, _ in norm.named_buffers()] == ["running_mean", "running_var"] and (norm.eps, norm.momentum) == (1e-5, 0.1)
    x, _, _, dy = numbers((2, 3, 4, 5), dtype=dtype)
    for mode in (True, False):
        arrays = norm.train(mode).forward(x), norm.backward(dy), norm.weight.grad, norm.bias.grad, *norm.state_dict().values()
        assert {array.dtype for array in arrays} == {np.dtype(dtype)}


@each_shape
@pytest.mark.parametrize("momentum", [0.1, 0.7, 1.0])
def test_running_statistics(shape, momentum):
    """Each moves by `momentum` of the way; the variance is divided by one less than the count, as in PyTorch."""
    norm = layer_for(shape, momentum=momentum)
    mean, var = norm.running_mean.value.copy(), norm.running_var.value.copy()
    for seed in range(3):
        x, *_ = numbers(shape, seed)
        norm.forward(x)
        mean = (1 - momentum) * mean + momentum * x.mean(axis=(0, 2, 3))
        var = (1 - momentum) * var + momentum * x.var(axis=(0, 2, 3), ddof=1)
        np.testing.assert_allclose(norm.running_mean.value, mean, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(norm.running_var.value, var, rtol=1e-12)


@each_shape
@pytest.mark.parametrize("mode", [True, False], ids=["training", "evaluation"])
def test_gradients_of_the_layer(shape, mode):
    norm, (x, *_) = layer_for(shape, eps=0.1).train(mode), numbers(shape)
    errors = check_module(norm, x, np.random.default_rng(1))
    assert errors.keys() == {"x", "weight", "bias"} and max(errors.values()) < 1e-7


def block(seed=0, p=0.3):
    """A residual block with batch normalisation and dropout, and a head."""
    rng = np.random.default_rng(seed)
    body = Sequential(Conv2d(2, 2, 3, rng, padding=1, bias=False), BatchNorm2d(2), ReLU(), Conv2d(2, 2, 3, rng, padding=1, bias=False),
                      layer_for((1, 2), seed))
    return Sequential(Residual(body), ReLU(), Dropout(p, 3), Flatten(), Linear(2 * 4 * 5, 3, rng)).double()


@pytest.mark.parametrize("mode", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_gradients_of_a_block_with_batch_norm_and_dropout(mode, count):
    errors = check_module(block().train(mode), numbers((count, 2, 4, 5))[0], np.random.default_rng(1))
    assert len(errors) == 9 and max(errors.values()) < 1e-6


def test_in_evaluation_nothing_moves_and_no_image_feels_the_others():
    net, (x, *_) = block(), numbers((6, 2, 4, 5))
    net.forward(x)
    trained = net.forward(x)
    assert np.abs(net.forward(x[:2]) - trained[:2]).max() > 0.01  # in training they do
    kept, drawn = net.eval().state_dict(), net.layers[2].rng.bit_generator.state
    logits = net.forward(x)
    np.testing.assert_allclose(net.forward(x[:1]), logits[:1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(net.forward(np.concatenate([x[3:4], 100 * x]))[:1], logits[3:4], rtol=0, atol=1e-12)
    assert all(np.array_equal(value, kept[name]) for name, value in net.state_dict().items())
    assert net.layers[2].rng.bit_generator.state == drawn


def test_evaluation_uses_the_running_statistics():
    norm, (x, weight, bias, _) = layer_for((4, 2), eps=0.1), numbers((4, 2, 3, 5))
    norm.eval()
    wanted, _ = F.batch_norm(x, norm.weight.value, norm.bias.value, 0.1, (norm.running_mean.value, norm.running_var.value))
    assert np.array_equal(norm.forward(x), wanted)
    other = BatchNorm2d(2, eps=0.1).double().eval()
    other.load_state_dict(norm.state_dict())
    assert np.array_equal(other.forward(x), wanted)


@pytest.mark.torch
@settings(max_examples=300)
@given(st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 4), st.integers(2, 5)), st.sampled_from([0.1, 0.37, 1.0]),
       st.sampled_from([1e-5, 0.1]), SEEDS)
def test_values_gradients_and_buffers_equal_pytorchs(shape, momentum, eps, seed):
    torch = pytest.importorskip("torch")
    norm = layer_for(shape, seed % 1000, momentum=momentum, eps=eps)
    peer = torch.nn.BatchNorm2d(shape[1], eps=eps, momentum=momentum).double()
    missing = peer.load_state_dict({name: torch.tensor(value) for name, value in norm.state_dict().items()}, strict=False)
    assert missing.missing_keys in ([], ["num_batches_tracked"]) and missing.unexpected_keys == []
    for step, mode in enumerate((True, True, False)):
        x, _, _, dy = numbers(shape, (seed + step) % 2**32)
        norm.train(mode)
        peer.train(mode)
        peer.zero_grad()
        tensor = torch.tensor(x, requires_grad=True)
        theirs = peer(tensor)
        theirs.backward(torch.tensor(dy))
        assert np.abs(norm.forward(x) - theirs.detach().numpy()).max() < 1e-10
        size = max(1, np.abs(tensor.grad.numpy()).max())
        assert np.abs(norm.backward(dy) - tensor.grad.numpy()).max() < 1e-10 * size
        for ours, their_parameter in ((norm.weight, peer.weight), (norm.bias, peer.bias)):
            assert np.abs(ours.grad - their_parameter.grad.numpy()).max() < 1e-10
        for ours, their_buffer in ((norm.running_mean, peer.running_mean), (norm.running_var, peer.running_var)):
            assert np.abs(ours.value - their_buffer.numpy()).max() < 1e-12


# --- BatchNorm1d: rows are images of one pixel ----------------------------------------------------

@given(st.integers(2, 9), st.integers(1, 5), SEEDS, st.booleans())
def test_features_of_a_dense_layer_are_channels_of_images_of_one_pixel(count, channels, seed, mode):
    one, two = BatchNorm1d(channels, eps=0.1).double(), layer_for((count, channels), seed % 1000, eps=0.1).train(mode)
    one.train(mode).load_state_dict(two.state_dict())
    x, _, _, dy = numbers((count, channels, 1, 1), seed)
    np.testing.assert_allclose(one.forward(x[..., 0, 0]), two.forward(x)[..., 0, 0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(one.backward(dy[..., 0, 0]), two.backward(dy)[..., 0, 0], rtol=0, atol=1e-12)
    for ours, theirs in zip((one.weight.grad, one.bias.grad, *one.state_dict().values()),
                            (two.weight.grad, two.bias.grad, *two.state_dict().values()), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("mode", [True, False], ids=["training", "evaluation"])
def test_gradients_of_a_dense_network_with_batch_norm(mode):
    rng = np.random.default_rng(0)
    net = Sequential(Linear(6, 4, rng, bias=False), BatchNorm1d(4, eps=0.1), ReLU(), Linear(4, 3, rng)).double().train(mode)
    errors = check_module(net, rng.standard_normal((5, 6)), rng)
    assert len(errors) == 6 and max(errors.values()) < 1e-7


@pytest.mark.torch
@settings(max_examples=300)
@given(st.integers(2, 6), st.integers(1, 4), st.sampled_from([0.1, 0.37, 1.0]), st.sampled_from([1e-5, 0.1]), SEEDS)
def test_batch_norm_of_rows_equals_pytorchs(count, channels, momentum, eps, seed):
    torch = pytest.importorskip("torch")
    norm, peer = BatchNorm1d(channels, eps, momentum).double(), torch.nn.BatchNorm1d(channels, eps, momentum).double()
    rng = np.random.default_rng(seed)
    for mode in (True, True, False):
        x, dy = rng.standard_normal((2, count, channels)) * 2 + 1
        norm.train(mode), peer.train(mode), peer.zero_grad()
        tensor = torch.tensor(x, requires_grad=True)
        theirs = peer(tensor)
        theirs.backward(torch.tensor(dy))
        assert np.abs(norm.forward(x) - theirs.detach().numpy()).max() < 1e-10
        assert np.abs(norm.backward(dy) - tensor.grad.numpy()).max() < 1e-9
        for name in ("running_mean", "running_var"):
            assert np.abs(getattr(norm, name).value - getattr(peer, name).numpy()).max() < 1e-12


# --- Local response normalisation -----------------------------------------------------------------

def lrn_loops(x, size, alpha, beta, k):
    """As PyTorch's documentation has it, one number at a time."""
    y = np.empty_like(x)
    for n, c, i, j in np.ndindex(x.shape):
        total = 0.0
        for other in range(c - size // 2, c - size // 2 + size):
            if 0 <= other < x.shape[1]:
                total += x[n, other, i, j] ** 2
        y[n, c, i, j] = x[n, c, i, j] / (k + alpha / size * total) ** beta
    return y


WINDOWS = st.tuples(st.integers(1, 7), st.sampled_from([1e-4, 0.3, 2.0]), st.sampled_from([0.5, 0.75, 1.3]), st.sampled_from([0.5, 1.0, 2.0]))


@given(st.tuples(st.integers(1, 2), st.integers(1, 6), st.integers(1, 2), st.integers(1, 3)), WINDOWS, SEEDS)
def test_local_response_norm(shape, settings, seed):
    """Odd and even windows, also wider than there are channels; far from AlexNet's constants, at which a wrong term hides."""
    rng = np.random.default_rng(seed)
    x, dy = rng.standard_normal((2, *shape))
    y, cache = F.local_response_norm(x, *settings)
    np.testing.assert_allclose(y, lrn_loops(x, *settings), rtol=1e-12)
    wanted = numeric_gradient(lambda: np.vdot(dy, F.local_response_norm(x, *settings)[0]), x)
    assert relative_error(F.local_response_norm_backward(dy, cache), wanted) < 1e-6


def test_the_layer_of_local_response_norm():
    x, rng = np.random.default_rng(0).standard_normal((2, 5, 3, 4)), np.random.default_rng(1)
    layer = LocalResponseNorm(4, alpha=0.7, beta=0.6, k=1.5)
    assert check_module(Sequential(Residual(layer)), x, rng)["x"] < 1e-7
    assert np.array_equal(layer.forward(x), F.local_response_norm(x, 4, 0.7, 0.6, 1.5)[0])
    assert layer.forward(x.astype(np.float32)).dtype == layer.backward(x.astype(np.float32)).dtype == np.float32
    assert repr(layer) == "LocalResponseNorm(4, alpha=0.7, beta=0.6, k=1.5)"


@pytest.mark.torch
@settings(max_examples=300)
@given(st.tuples(st.integers(1, 3), st.integers(1, 7), st.integers(1, 3), st.integers(1, 4)), WINDOWS, SEEDS)
def test_local_response_norm_equals_pytorchs(shape, settings, seed):
    torch = pytest.importorskip("torch")
    x, dy = np.random.default_rng(seed).standard_normal((2, *shape))
    layer, tensor = LocalResponseNorm(*settings), torch.tensor(x, requires_grad=True)
    theirs = torch.nn.LocalResponseNorm(*settings)(tensor)
    theirs.backward(torch.tensor(dy))
    assert np.abs(layer.forward(x) - theirs.detach().numpy()).max() < 1e-12
    assert np.abs(layer.backward(dy) - tensor.grad.numpy()).max() < 1e-11


def test_what_local_response_norm_refuses():
    x = np.ones((2, 3, 4, 5))
    for size in (0, -1, 2.5, True, "5"):
        with pytest.raises(ValueError, match="local_response_norm: size, a count of channels, must be a whole number from 1"):
            F.local_response_norm(x, size)
    with pytest.raises(ValueError, match="k must be above 0"):
        F.local_response_norm(x, 5, k=0)
    with pytest.raises(ValueError, match=r"x must have 4 axes"):
        F.local_response_norm(x[0], 5)
    with pytest.raises(ValueError, match="dy has shape"):
        F.local_response_norm_backward(x[:1], F.local_response_norm(x, 5)[1])


# --- Dropout --------------------------------------------------------------------------------------

@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropout_keeps_the_mean(p, dtype):
    x = np.random.default_rng(0).uniform(1, 2, (100, 3, 20)).astype(dtype)
    y, cache = F.dropout(x, p, np.random.default_rng(1))
    dropped = y == 0
    assert y.dtype == dtype and np.allclose(y[~dropped], x[~dropped] / (1 - p), rtol=1e-6)
    assert abs(dropped.mean() - p) < 5 * np.sqrt(p * (1 - p) / x.size)
    for axis in (0, 1, 2):  # each number by itself, not whole images or channels
        assert (dropped.any(axis=axis) & ~dropped.all(axis=axis)).mean() > 0.2
    dy = np.random.default_rng(2).standard_normal(x.shape).astype(dtype)
    dx = F.dropout_backward(dy, cache)
    assert dx.dtype == dtype and np.array_equal(dx == 0, dropped) and np.allclose(dx[~dropped], dy[~dropped] / (1 - p), rtol=1e-6)


def test_dropout_of_nothing_and_of_all():
    rng, x = np.random.default_rng(0), np.random.default_rng(1).standard_normal((3, 4))
    before = rng.bit_generator.state
    for p, wanted in ((0, x), (1, 0 * x)):
        y, cache = F.dropout(x, p, rng)
        assert np.array_equal(y, wanted) and np.array_equal(F.dropout_backward(x, cache), wanted) and y is not x
        assert p or rng.bit_generator.state == before


@given(st.sampled_from([0.0, 0.2, 0.5, 0.9]), SEEDS, st.booleans())
def test_gradients_of_dropout(p, seed, mode):
    layer, rng = Dropout(p, seed).train(mode), np.random.default_rng(seed)
    assert check_module(layer, rng.standard_normal((3, 2, 5)), rng)["x"] < 1e-7


def test_each_pass_draws_a_new_mask_and_the_seed_decides():
    x, layer, again = np.ones((50, 4)), Dropout(0.5, 7), Dropout(0.5, np.random.default_rng(7))
    first, second = layer.forward(x), layer.forward(x)
    assert not np.array_equal(first, second)
    assert np.array_equal(first, again.forward(x)) and np.array_equal(second, again.forward(x))
    assert np.array_equal(layer.backward(x), second)
    assert np.array_equal(layer.eval().forward(x), x) and np.array_equal(layer.backward(3 * x), 3 * x)


@pytest.mark.parametrize("p", [-0.1, 1.5, np.nan, 50])
def test_a_probability_lies_between_0_and_1(p):
    for make in (Dropout, lambda p: F.dropout(np.ones(3), p, np.random.default_rng(0))):
        with pytest.raises(ValueError, match=f"[Dd]ropout: p, the probability .* must lie between 0 and 1, but is {p}"):
            make(p)


def test_what_dropout_refuses():
    with pytest.raises(TypeError, match="dropout: x has dtype int64"):
        F.dropout(np.ones(3, np.int64), 0.5, np.random.default_rng(0))
    _, cache = F.dropout(np.ones((2, 3)), 0.5, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"dy has shape \(3,\) but the output had shape \(2, 3\)"):
        F.dropout_backward(np.ones(3), cache)
    with pytest.raises(TypeError, match="dy is float32 but the forward pass ran in float64"):
        F.dropout_backward(np.ones((2, 3), np.float32), cache)
