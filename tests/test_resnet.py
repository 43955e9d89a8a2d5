"""Residual networks: their names and shapes are torchvision's, their numbers PyTorch's."""
import numpy as np
import pytest

from helpers import functional as F
from helpers import models
from helpers.gradcheck import check_module
from helpers.layers import BatchNorm2d
from helpers.models.resnet import BasicBlock, Bottleneck


def test_resnet34_has_the_parameters_of_the_paper():
    """21,797,672 for a thousand classes, as torchvision's; a class less takes 513 away."""
    net = models.resnet34(num_classes=2, seed=0)
    assert sum(parameter.value.size for parameter in net.parameters()) == 21_285_698 == 21_797_672 - 998 * 513
    state = net.state_dict()
    assert len([name for name, parameter in net.named_parameters() if parameter.value.ndim > 1 and "downsample" not in name]) == 34
    assert [name.removeprefix("layer2.0.") for name in state if name.startswith("layer2.0.")] == [
        "conv1.weight", "bn1.weight", "bn1.bias", "conv2.weight", "bn2.weight", "bn2.bias", "downsample.0.weight",
        "downsample.1.weight", "downsample.1.bias", "bn1.running_mean", "bn1.running_var", "bn2.running_mean", "bn2.running_var",
        "downsample.1.running_mean", "downsample.1.running_var"]
    assert state["conv1.weight"].shape == (64, 3, 7, 7)
    assert state["layer4.2.conv2.weight"].shape == (512, 512, 3, 3)
    assert state["layer3.0.downsample.0.weight"].shape == (256, 128, 1, 1)
    assert state["fc.weight"].shape == (2, 512)
    assert "layer4.2.bn2.running_var" in state and "layer1.0.downsample.0.weight" not in state
    assert not any("path" in name for name in state)


def test_resnet50_has_the_parameters_of_torchvisions():
    net = models.resnet50()
    assert sum(parameter.value.size for parameter in net.parameters()) == 25_557_032
    state = net.state_dict()
    assert state["layer1.0.downsample.0.weight"].shape == (256, 64, 1, 1) and state["layer1.1.conv1.weight"].shape == (64, 256, 1, 1)
    assert state["layer4.2.conv3.weight"].shape == (2048, 512, 1, 1) and state["layer4.2.bn3.running_var"].shape == (2048,)
    assert net.layer2.layers[0].conv2.stride == (2, 2) and net.layer2.layers[0].conv1.stride == (1, 1)


def test_a_bottleneck_may_begin_with_a_body_of_zero():
    net = models.resnet((1, 2), (3, 4), num_classes=2, zero_init_residual=True, block=Bottleneck)
    assert all((block.bn3.weight.value == 0).all() and (block.bn2.weight.value == 1).all() for block in (*net.layer1.layers, *net.layer2.layers))


def test_the_seed_decides_how_it_begins():
    first, same, other = (models.resnet((1, 1), (4, 6), num_classes=3, seed=seed).state_dict() for seed in (0, 0, 1))
    assert all(np.array_equal(first[name], same[name]) for name in first)
    assert not np.array_equal(first["conv1.weight"], other["conv1.weight"])


def test_images_with_another_number_of_channels():
    net = models.resnet((1,), (4,), num_classes=3, channels=2)
    assert net.forward(np.ones((2, 2, 9, 8), np.float32)).shape == (2, 3)


@pytest.mark.parametrize("blocks, filters", [((1, 2), (4,)), ((1, 0), (4, 6))])
def test_stages_that_do_not_fit(blocks, filters):
    with pytest.raises(ValueError, match="one number of blocks, at least 1"):
        models.resnet(blocks, filters)


@pytest.mark.parametrize("channels, filters, stride", [(3, 3, 1), (3, 4, 1), (2, 3, 2), (3, 3, 2), (4, 1, 1)])
@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("kind", [BasicBlock, Bottleneck])
def test_gradients_of_a_block(kind, channels, filters, stride, mode):
    block = kind(channels, filters, stride, 0).double()
    rng = np.random.default_rng(1)
    for module in block.modules():
        if isinstance(module, BatchNorm2d):
            for place in (module.weight, module.bias, module.running_var):
                place.value[...] = rng.uniform(0.5, 2, place.value.shape)
    errors = check_module(block.train(mode), rng.standard_normal((2, channels, 5, 6)), rng)
    assert len(errors) == (7 if kind is BasicBlock else 10) + 3 * (block.downsample is not None)
    assert (block.downsample is None) == (stride == 1 and channels == kind.expansion * filters)
    assert max(errors.values()) < 1e-6, errors


@pytest.mark.torch
@pytest.mark.parametrize("make, size", [
    (lambda: models.resnet((1, 2), (16, 20), num_classes=3), (33, 40)),
    (lambda: models.resnet((1, 2), (4, 6), num_classes=3, block=Bottleneck), (33, 40)), (lambda: models.resnet34(num_classes=2), (32, 32))])
def test_logits_gradients_and_buffers_are_pytorchs(make, size):
    """In float64, over two steps of training and one of evaluation: to 1e-8 of the largest number of each array."""
    torch = pytest.importorskip("torch")
    from torch_resnet import peer_of
    net, rng = make().double(), np.random.default_rng(0)
    peer = peer_of(net)
    optimizer = torch.optim.SGD(peer.parameters(), 0.01)
    for mode in (True, True, False):
        x, labels = rng.standard_normal((4, 3, *size)), rng.integers(0, 2, 4)
        net.train(mode)
        peer.train(mode)
        logits = net.forward(x)
        _, dlogits = F.cross_entropy(logits, labels)
        net.backward(dlogits)
        optimizer.zero_grad()
        theirs = peer(torch.tensor(x))
        torch.nn.functional.cross_entropy(theirs, torch.tensor(labels)).backward()
        pairs = [(logits, theirs.detach().numpy())]
        pairs += [(parameter.grad, tensor.grad.numpy()) for parameter, tensor in zip(net.parameters(), peer.parameters(), strict=True)]
        pairs += [(value, peer.state_dict()[name].numpy()) for name, value in net.state_dict().items()]
        for ours, wanted in pairs:
            assert ours.shape == wanted.shape
            assert np.abs(ours - wanted).max() <= 1e-8 * max(np.abs(wanted).max(), 1e-3)
        optimizer.step()
        for parameter in net.parameters():
            parameter.value -= 0.01 * parameter.grad
