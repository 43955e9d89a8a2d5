"""The networks that the lessons name, their skips, and the layers that only they need, against finite differences and PyTorch."""
from types import SimpleNamespace

import numpy as np
import pytest
from sampled_gradients import sampled_errors

from helpers import functional as F
from helpers import models, training
from helpers.gradcheck import check_module, numeric_gradient, relative_error
from helpers.layers import Flatten, Linear, Projection, ReLU, Residual, Sequential
from helpers.optim import SGD

SKIPS = models.SKIPS


def batch(count=3, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return rng.random((count, 1, 28, 28)).astype(dtype), rng.integers(0, 10, count)


def test_project_is_a_linear_layer_on_flat_images():
    rng = np.random.default_rng(0)
    x, w, dy = rng.standard_normal((4, 2, 3, 5)), rng.standard_normal((6, 2, 3, 5)), rng.standard_normal((4, 6))
    y, cache = F.project(x, w)
    wanted, linear_cache = F.linear(x.reshape(4, -1), w.reshape(6, -1), np.zeros(6))
    np.testing.assert_allclose(y, wanted, atol=1e-12)
    dx, dw = F.project_backward(dy, cache)
    wanted_dx, wanted_dw, _ = F.linear_backward(dy, linear_cache)
    np.testing.assert_allclose(dx, wanted_dx.reshape(x.shape), atol=1e-12)
    np.testing.assert_allclose(dw, wanted_dw.reshape(w.shape), atol=1e-12)
    for found, array in ((dx, x), (dw, w)):
        assert relative_error(found, numeric_gradient(lambda: np.vdot(dy, F.project(x, w)[0]), array)) < 1e-7
    assert F.project_backward(dy, cache, weight_gradient=False)[1] is None


def test_project_names_both_shapes():
    with pytest.raises(ValueError, match=r"\(4, 2, 3, 5\).*\(6, 2, 3, 4\)"):
        F.project(np.zeros((4, 2, 3, 5)), np.zeros((6, 2, 3, 4)))
    with pytest.raises(ValueError, match="out, C, H, W"):
        F.project(np.zeros((4, 2, 3, 5)), np.zeros((6, 30)))


def test_residual_adds_two_ways_and_their_gradients():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, 4))
    net = Residual(Sequential(Linear(4, 4, rng), ReLU(), Linear(4, 4, rng))).double()
    np.testing.assert_array_equal(net.forward(x), net.body.forward(x) + x)
    assert max(check_module(net, x, rng).values()) < 1e-7


def test_relu_plus_identity_leaves_the_shared_gradient_alone():
    x, dy = np.array([[-1.0, 2.0]]), np.array([[3.0, 5.0]])
    dy.setflags(write=False)
    net = Residual(ReLU())
    net.forward(x)
    np.testing.assert_array_equal(net.backward(dy), [[3.0, 10.0]])


@pytest.mark.parametrize("trained", [True, False])
def test_projection_is_trained_or_is_not(trained):
    rng = np.random.default_rng(0)
    start = rng.standard_normal((3, 2, 4, 4)).astype(np.float32)
    net = Sequential(Residual(Sequential(Flatten(), Linear(32, 3, rng)), Projection(start, trained)))
    digits = SimpleNamespace(x_train=rng.standard_normal((60, 2, 4, 4)).astype(np.float32), y_train=rng.integers(0, 3, 60))
    digits.x_test, digits.y_test = digits.x_train, digits.y_train
    training.fit(net, digits, SGD(net.parameters(), 0.1), 1, 30)
    weight = net.layers[0].shortcut.weight.value
    assert ("0.shortcut.weight" in dict(net.named_parameters())) == trained
    assert ("0.shortcut.weight" in dict(net.named_buffers())) != trained
    assert np.array_equal(weight, start) != trained
    errors = check_module(Projection(start, trained).double(), rng.standard_normal((2, 2, 4, 4)), rng)
    assert errors.keys() == ({"x", "weight"} if trained else {"x"}) and max(errors.values()) < 1e-7


@pytest.mark.parametrize("make", [models.two_layer_cnn, *(lambda seed, kind=kind: models.skip_cnn(seed, kind) for kind in SKIPS)])
def test_the_seed_decides(make):
    images, _ = batch(dtype=np.float32)
    first, again, other = make(0).forward(images), make(0).forward(images), make(1).forward(images)
    assert first.shape == (3, 10) and first.dtype == np.float32
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_skip_cnn_names_an_unknown_skip():
    with pytest.raises(ValueError, match="one of 'constant', 'fixed', 'trained', 'identity', but it is 'none'"):
        models.skip_cnn(skip="none")


def test_only_a_trained_skip_is_trained():
    kinds = {kind: dict(models.skip_cnn(0, kind).named_parameters()) for kind in ("constant", "fixed", "trained")}
    assert [kind for kind, parameters in kinds.items() if "2.shortcut.weight" in parameters] == ["trained"]
    assert all("2.shortcut.weight" in models.skip_cnn(0, kind).state_dict() for kind in kinds)


def test_the_constant_skip_adds_the_same_to_every_class():
    """Fault 4 of the articles: softmax, and so the loss and all gradients, cannot feel it."""
    net, (images, labels) = models.skip_cnn(0).double(), batch()
    skip = net.layers[2].shortcut.forward(net.layers[1].forward(net.layers[0].forward(images)))
    np.testing.assert_allclose(skip, np.repeat(skip[:, :1], 10, axis=1), rtol=1e-12)
    assert set(models.skip_cnn(0).layers[2].shortcut.weight.value.ravel()) == {np.float32(0.001)}
    _, dlogits = F.cross_entropy(net.forward(images), labels)
    net.backward(dlogits)
    assert np.abs(net.layers[2].shortcut.backward(dlogits)).max() < 1e-15


def made(kind, seed=3):
    """The two-layer CNN for None, else the skip network with this kind of skip; in float64."""
    return (models.two_layer_cnn(seed) if kind is None else models.skip_cnn(seed, kind)).double()


@pytest.mark.parametrize("kind", [None, *SKIPS])
def test_gradients_at_random_places(kind):
    """Every single one would take minutes."""
    net, (x, _) = made(kind), batch(2)
    dy = np.random.default_rng(1).standard_normal((2, 10))
    net.forward(x)
    grads = {"x": net.backward(dy)} | {name: parameter.grad for name, parameter in net.named_parameters()}
    values = {"x": x} | {name: parameter.value for name, parameter in net.named_parameters()}
    assert max(sampled_errors(lambda: np.vdot(dy, net.forward(x)), values, grads).values()) < 1e-6


def felt(net, scale, images, labels):
    """Probabilities, loss and every gradient, with the skip's weights times 1000 `scale`."""
    net.layers[2].shortcut.weight.value *= 1000 * scale
    logits = net.forward(images)
    loss, dlogits = F.cross_entropy(logits, labels)
    dx = net.backward(dlogits)
    return [F.softmax(logits)[0], np.array(loss), dx, *(parameter.grad for parameter in net.parameters())]


def inert(kind, scales=(0, 0.001, 1, 100)):
    """Whether nothing depends on the scale of the skip, in float64 to 1e-12: numbers a hundred times as large round as much further."""
    images, labels = batch(6)
    first, *others = [felt(made(kind), scale, images, labels) for scale in scales]
    return all(np.abs(a - b).max() <= 1e-12 * max(1, scale)
               for scale, other in zip(scales[1:], others) for a, b in zip(first, other, strict=True))


def test_the_constant_skip_is_inert_whatever_its_scale():
    assert inert("constant")
    assert not inert("fixed")


def test_the_residual_block_keeps_shapes_and_adds_what_came():
    rng = np.random.default_rng(0)
    block, x = models.residual_block(5, rng).double(), rng.standard_normal((2, 5, 7, 6))
    w, b = (parameter.value for parameter in block.parameters())
    np.testing.assert_allclose(block.forward(x), np.maximum(x + F.conv2d_loops(x, w, b, padding=1), 0), atol=1e-12)
    assert max(check_module(block, x, rng).values()) < 1e-6


def torch_logits(torch, net, tensors, images):
    """What PyTorch makes of the same network with `tensors` for its parameters."""
    w1, b1, *block, w2, b2, w3, b3 = tensors[:8] if len(net.layers) == 4 else tensors[:6]
    maps = torch.relu(torch.nn.functional.conv2d(torch.tensor(images), w1, b1))
    if block:
        maps = torch.relu(maps + torch.nn.functional.conv2d(maps, *block, padding=1))
    logits = torch.relu(torch.nn.functional.conv2d(maps, w2, b2, stride=2)).flatten(1) @ w3.T + b3
    if len(net.layers) == 3:  # with a skip to the logits
        skip = tensors[6:]
        shortcut = net.layers[2].shortcut
        weight = skip[0] if shortcut.trained else torch.tensor(shortcut.weight.value)
        logits = logits + maps.flatten(1) @ weight.flatten(1).T
    return logits


@pytest.mark.torch
@pytest.mark.parametrize("kind", [None, *SKIPS])
def test_logits_loss_and_gradients_equal_pytorchs(kind):
    torch = pytest.importorskip("torch")
    net, (images, labels) = made(kind), batch(4)
    loss, dlogits = F.cross_entropy(net.forward(images), labels)
    net.backward(dlogits)
    theirs = [torch.tensor(parameter.value, requires_grad=True) for parameter in net.parameters()]
    logits = torch_logits(torch, net, theirs, images)
    their_loss = torch.nn.functional.cross_entropy(logits, torch.tensor(labels))
    their_loss.backward()
    np.testing.assert_allclose(net.forward(images), logits.detach().numpy(), rtol=0, atol=1e-10)
    assert loss == pytest.approx(their_loss.item(), abs=1e-10)
    for parameter, other in zip(net.parameters(), theirs, strict=True):
        np.testing.assert_allclose(parameter.grad, other.grad.numpy(), rtol=0, atol=1e-10)


@pytest.mark.torch
@pytest.mark.parametrize("kind", [None, *SKIPS])
def test_twenty_training_steps_equal_pytorchs(kind):
    torch = pytest.importorskip("torch")
    net, (images, labels) = made(kind), batch(20)
    digits = SimpleNamespace(x_train=images, y_train=labels, x_test=images[:5], y_test=labels[:5])
    theirs = [torch.tensor(parameter.value, requires_grad=True) for parameter in net.parameters()]
    started = [parameter.value.copy() for parameter in net.parameters()]
    optimizer, losses = torch.optim.SGD(theirs, lr=0.05), []
    for epoch in range(5):  # the batches that `fit` takes
        order = np.random.default_rng((7, epoch)).permutation(20)
        for start in range(0, 20, 5):
            chosen = order[start:start + 5]
            loss = torch.nn.functional.cross_entropy(torch_logits(torch, net, theirs, images[chosen]), torch.tensor(labels[chosen]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    history = training.fit(net, digits, SGD(net.parameters(), lr=0.05), epochs=5, batch_size=5, seed=7)
    assert len(losses) == 20
    np.testing.assert_allclose(history.step_losses, losses, rtol=0, atol=1e-8)
    for parameter, other, start in zip(net.parameters(), theirs, started, strict=True):
        np.testing.assert_allclose(parameter.value, other.detach().numpy(), rtol=0, atol=1e-8)
        assert np.abs(parameter.value - start).max() > 1e-4  # all have learned
