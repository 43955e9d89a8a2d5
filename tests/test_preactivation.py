"""Pre-activation networks and blocks in other orders: counted, by finite differences, and PyTorch's numbers."""
import numpy as np
import pytest
from sampled_gradients import sampled_errors

from helpers import functional as F
from helpers import models
from helpers.gradcheck import check_module
from helpers.layers import BatchNorm1d, BatchNorm2d, Conv2d, Linear, ReLU, Residual
from helpers.models.preactivation import ORDERS, PreactivationBottleneck

HE = {"filters": (16, 64, 128, 256), "num_classes": 10, "normalise_input": False}


def count(net):
    return sum(parameter.value.size for parameter in net.parameters())


def stirred(net, seed=1):
    """In float64, with batch norms that are not as they begin."""
    rng = np.random.default_rng(seed)
    for module in net.double().modules():
        if isinstance(module, (BatchNorm1d, BatchNorm2d)):
            for place in (module.weight, module.bias, module.running_var):
                place.value[...] = rng.uniform(0.5, 2, place.value.shape)
    return net


def test_resnet164_has_the_parameters_of_the_paper():
    """1.70 million by He et al. (2016b); 4.93 by the widths of a well-known example, which prints 4.97: it counts all that is saved,
    and its convolutions have biases."""
    paper = models.preactivation_resnet((18, 18, 18), **HE)
    assert count(paper) == 1_703_258
    assert len([one for one in paper.parameters() if one.value.ndim > 1]) == 164 + 3  # and three projections
    example = models.preactivation_resnet((18, 18, 18), widths=(16, 64, 128), **HE)
    biases = sum(len(module.weight.value) for module in example.modules() if isinstance(module, Conv2d))
    assert count(example) == 4_925_530
    assert count(example) + biases + sum(buffer.value.size for _, buffer in example.named_buffers()) == 4_972_682


def test_the_article_s_network():
    net = models.preactivation_resnet((3, 4, 6), (64, 128, 256, 512), num_classes=2)
    assert count(net) == 2_147_272
    assert len([one for one in net.parameters() if one.value.ndim > 1]) == 1 + 3 * 13 + 1 + 3
    norms = [module for module in net.modules() if isinstance(module, BatchNorm2d)]
    assert {(norm.eps, norm.momentum) for norm in norms} == {(2e-5, 0.1)} and len(norms) == 1 + 3 * 13 + 1
    assert all(module.bias is None for module in net.modules() if isinstance(module, Conv2d))


def test_names_and_shapes():
    net = models.preactivation_resnet((1, 2), (4, 8, 12), num_classes=3, channels=2, widths=(5, 6))
    shapes = {name: value.shape for name, value in net.state_dict().items()}
    assert shapes["bn0.weight"] == (2,) and shapes["conv1.weight"] == (4, 2, 3, 3) and shapes["fc.weight"] == (3, 12)
    assert shapes["layer1.0.downsample.weight"] == (8, 4, 1, 1) and shapes["layer2.0.downsample.weight"] == (12, 8, 1, 1)
    assert shapes["layer2.1.conv1.weight"] == (6, 12, 1, 1) and shapes["layer2.1.conv2.weight"] == (6, 6, 3, 3)
    assert shapes["layer2.1.conv3.weight"] == (12, 6, 1, 1) and shapes["layer2.1.bn1.weight"] == (12,)
    assert "layer2.1.downsample.weight" not in shapes and not any("path" in name for name in shapes)
    assert net.forward(np.ones((2, 2, 9, 7), np.float32)).shape == (2, 3)
    without = models.preactivation_resnet((1, 2), (4, 8, 12), normalise_input=False).state_dict()
    assert not any(name.startswith("bn0") for name in without)


def test_stages_halve_the_maps_but_the_first():
    net = models.preactivation_resnet((2, 2, 1), (4, 8, 8, 8), num_classes=2)
    assert [[block.conv2.stride[0] for block in getattr(net, f"layer{stage}").layers] for stage in (1, 2, 3)] == [[1, 1], [2, 1], [2]]


def test_eps_and_momentum_are_settings():
    net = models.preactivation_resnet((1,), (4, 8), eps=1e-3, momentum=0.01)
    assert {(module.eps, module.momentum) for module in net.modules() if isinstance(module, BatchNorm2d)} == {(1e-3, 0.01)}


def test_the_seed_decides_how_it_begins():
    first, same, other = (models.preactivation_resnet((1,), (4, 8), seed=seed).state_dict() for seed in (0, 0, 1))
    assert all(np.array_equal(first[name], same[name]) for name in first)
    assert not np.array_equal(first["conv1.weight"], other["conv1.weight"])


@pytest.mark.parametrize("stages, filters", [((1, 2), (4, 8)), ((1, 0), (4, 8, 8)), ((), (4,))])
def test_stages_that_do_not_fit(stages, filters):
    with pytest.raises(ValueError, match="one number of blocks, at least 1, for each stage"):
        models.preactivation_resnet(stages, filters)


def test_widths_that_do_not_fit():
    with pytest.raises(ValueError, match="a quarter .* give widths"):
        models.preactivation_resnet((1,), (4, 6))
    with pytest.raises(ValueError, match="one width for each of the stages"):
        models.preactivation_resnet((1,), (4, 8), widths=(2, 2))
    with pytest.raises(ValueError, match="only a projection changes the shape"):
        PreactivationBottleneck(4, 2, 8, 1, False, 0, 1e-5, 0.1)
    with pytest.raises(ValueError, match="only a projection changes the shape"):
        PreactivationBottleneck(4, 2, 4, 2, False, 0, 1e-5, 0.1)


@pytest.mark.parametrize("channels, filters, stride, project", [(4, 4, 1, False), (3, 4, 1, True), (3, 4, 2, True), (4, 4, 2, True)])
@pytest.mark.parametrize("mode", [True, False])
def test_gradients_of_a_bottleneck(channels, filters, stride, project, mode):
    block = stirred(PreactivationBottleneck(channels, 2, filters, stride, project, 0, 2e-5, 0.1)).train(mode)
    rng = np.random.default_rng(1)
    errors = check_module(block, rng.standard_normal((2, channels, 5, 6)), rng)
    assert len(errors) == 10 + project
    assert max(errors.values()) < 1e-6, errors


def test_gradients_of_a_network_at_random_places():
    net, rng = stirred(models.preactivation_resnet((1, 2, 1), (4, 8, 12, 8), num_classes=3)), np.random.default_rng(2)
    x, dy = rng.standard_normal((3, 3, 8, 6)), rng.standard_normal((3, 3))
    net.forward(x)
    grads = {"x": net.backward(dy)} | {name: parameter.grad for name, parameter in net.named_parameters()}
    values = {"x": x} | {name: parameter.value for name, parameter in net.named_parameters()}
    errors = sampled_errors(lambda: np.vdot(dy, net.forward(x)), values, grads, places=5)
    assert len(errors) == 1 + 2 + 1 + 4 * 9 + 3 + 2 + 2 and max(errors.values()) < 1e-6, errors


def test_a_projection_takes_what_is_normalised_and_rectified():
    block, x = stirred(PreactivationBottleneck(3, 2, 4, 1, True, 0, 2e-5, 0.1)), np.random.default_rng(0).standard_normal((2, 3, 4, 4))
    block.conv3.weight.value[...] = 0
    a = np.maximum(block.bn1.forward(x), 0)
    assert np.allclose(block.forward(x), F.conv2d(a, block.downsample.weight.value, None)[0], rtol=0, atol=1e-12)


def test_behind_the_last_sum_stand_batch_norm_and_relu_and_before_the_first_convolution_another():
    net, x = stirred(models.preactivation_resnet((2,), (4, 8), num_classes=3)), np.random.default_rng(0).standard_normal((5, 3, 6, 4))
    for module in net.modules():
        module.training = False
    stream = net.layer1.forward(net.conv1.forward(net.bn0.forward(x)))
    means = np.maximum(net.bn.forward(stream), 0).mean(axis=(2, 3))
    assert np.allclose(net.forward(x), means @ net.fc.weight.value.T + net.fc.bias.value, rtol=0, atol=1e-12)


def test_with_weights_of_zero_a_block_is_the_identity_and_so_is_its_gradient():
    block, rng = PreactivationBottleneck(4, 2, 4, 1, False, 0, 2e-5, 0.1).double(), np.random.default_rng(0)
    block.conv3.weight.value[...] = 0
    x, dy = rng.standard_normal((2, 2, 4, 5, 5))
    assert np.array_equal(block.forward(x), x) and np.array_equal(block.backward(dy), dy)


@pytest.mark.torch
@pytest.mark.parametrize("make, size", [
    (lambda: models.preactivation_resnet((1, 2), (4, 8, 12), num_classes=3), (9, 7)),
    (lambda: models.preactivation_resnet((2, 1, 2), (4, 8, 12, 16), num_classes=3, widths=(3, 5, 2), normalise_input=False), (16, 12)),
    (lambda: models.preactivation_resnet((3, 4, 6), (4, 8, 16, 32), num_classes=2, seed=1), (8, 8))])
def test_logits_gradients_and_buffers_are_pytorchs(make, size):
    """In float64, over two steps of training and one of evaluation: to 1e-8 of the largest number of each array."""
    torch = pytest.importorskip("torch")
    from torch_preactivation import peer_of
    net, rng = stirred(make()), np.random.default_rng(0)
    parameters, buffers, forward = peer_of(net)
    for mode in (True, True, False):
        x, labels = rng.standard_normal((4, 3, *size)), rng.integers(0, 2, 4)
        net.train(mode)
        logits = net.forward(x)
        net.backward(F.cross_entropy(logits, labels)[1])
        theirs = forward(torch.tensor(x), mode)
        gradients = torch.autograd.grad(torch.nn.functional.cross_entropy(theirs, torch.tensor(labels)), list(parameters.values()))
        pairs = [(logits, theirs.detach().numpy())]
        pairs += [(net.state_dict()[name], value.detach().numpy()) for name, value in (parameters | buffers).items()]
        pairs += [(parameter.grad, gradient.numpy()) for parameter, gradient in zip(net.parameters(), gradients, strict=True)]
        for ours, wanted in pairs:
            assert ours.shape == wanted.shape
            assert np.abs(ours - wanted).max() <= 1e-8 * max(np.abs(wanted).max(), 1e-3)
        with torch.no_grad():
            for tensor, gradient in zip(parameters.values(), gradients):
                tensor -= 0.01 * gradient
        for parameter in net.parameters():
            parameter.value -= 0.01 * parameter.grad


# --- The five orders ---------------------------------------------------------------------------------------

def by_hand(order, x, first, second, one, other):
    """The same block written out; `one` and `other` are its batch norms, in the order of their use."""
    def relu(h):
        return np.maximum(h, 0)

    return {"a": lambda: relu(x + other(second(relu(one(first(x)))))),
            "b": lambda: relu(other(x + second(relu(one(first(x)))))),
            "c": lambda: x + relu(other(second(relu(one(first(x)))))),
            "d": lambda: x + other(second(relu(one(first(relu(x)))))),
            "e": lambda: x + second(relu(other(first(relu(one(x))))))}[order]()


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("images", [True, False])
def test_a_block_in_each_order(order, images):
    rng, norms = np.random.default_rng(0), []

    def norm():
        norms.append(BatchNorm2d(4) if images else BatchNorm1d(4))
        return norms[-1]

    first, second = (Conv2d(4, 4, 3, rng, 1, 1, bias=False) if images else Linear(4, 4, rng, bias=False) for _ in range(2))
    block = stirred(models.ordered_block(order, first, second, norm))
    x = rng.standard_normal((3, 4, 5, 6) if images else (7, 4))
    assert len(norms) == 2 and isinstance(block.layers[0], Residual)
    assert sum(isinstance(module, ReLU) for module in block.modules()) == 2
    y = block.forward(x)
    assert np.allclose(y, by_hand(order, x, first.forward, second.forward, *(norm.forward for norm in norms)), rtol=0, atol=1e-12)
    errors = check_module(block, x, rng)
    assert len(errors) == 7 and max(errors.values()) < 1e-6, errors


def test_an_order_that_is_none():
    with pytest.raises(ValueError, match="one of 'a', 'b', 'c', 'd', 'e', but it is 'f'"):
        models.ordered_block("f", Linear(2, 2, 0), Linear(2, 2, 0), lambda: BatchNorm1d(2))
