"""Lesions: a network without some of its blocks computes what it should, and is put back as it was."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import models, training
from helpers.analysis import accuracies_without, reordered, residual_blocks, without
from helpers.gradcheck import check_module
from helpers.layers import BatchNorm1d, Linear, ReLU, Residual, Sequential, Sigmoid, Tanh

WIDTH, DEPTH = 5, 4


def dense(residual, seed=0, gates=False):
    """Blocks of dense layers with batch norm, in float64, and the list of them."""
    rng = np.random.default_rng(seed)
    blocks = []
    for _ in range(DEPTH):
        body = Sequential(Linear(WIDTH, WIDTH, rng, bias=False), BatchNorm1d(WIDTH), ReLU())
        gate = Sequential(Linear(WIDTH, WIDTH, rng), Sigmoid()) if gates else None
        blocks.append(Residual(body, Tanh() if len(blocks) == 1 else None, gate) if residual else body)
    net = Sequential(Linear(3, WIDTH, rng, bias=False), *blocks, Linear(WIDTH, 2, rng)).double()
    for _, buffer in net.named_buffers():
        buffer.value[...] = rng.uniform(0.5, 2, buffer.value.shape)
    return net, blocks


def images(count=6, seed=1):
    return np.random.default_rng(seed).standard_normal((count, 3))


def by_hand(net, blocks, x, cut, order):
    """The same without the tools: layer after layer, by rules."""
    x = net.layers[0].forward(x)
    for place, gone in zip(order, cut):
        block = blocks[place]
        if isinstance(block, Residual):
            g = 1 if block.gate is None else block.gate.forward(x)
            x = (0 if gone else g * block.body.forward(x)) + (1 if block.gate is None else 1 - g) * block.shortcut.forward(x)
        elif not gone:
            x = block.forward(x)
    return net.layers[-1].forward(x)


@pytest.mark.parametrize("residual, gates", [(True, False), (True, True), (False, False)])
@settings(deadline=None)
@given(cut=st.lists(st.booleans(), min_size=DEPTH, max_size=DEPTH), order=st.permutations(range(DEPTH)))
def test_a_network_without_blocks_and_in_another_order(residual, gates, cut, order):
    net, blocks = dense(residual, gates=gates)
    net.eval()
    x, whole, state = images(), net.forward(images()), net.state_dict()
    wanted = by_hand(net, blocks, x, cut, order)
    with reordered(blocks, order):
        with without(blocks, cut):
            np.testing.assert_allclose(net.forward(x), wanted, rtol=0, atol=1e-12)
            np.testing.assert_allclose(training.predict(net, x), wanted, rtol=0, atol=1e-12)
    assert np.array_equal(net.forward(x), whole)
    assert all(np.array_equal(state[name], value) for name, value in net.state_dict().items())
    assert [type(block) for block in blocks] == [Residual if residual else Sequential] * DEPTH


@pytest.mark.parametrize("residual, gates", [(True, False), (True, True), (False, False)])
@pytest.mark.parametrize("mode", [True, False])
def test_gradients_of_a_network_with_lesions(residual, gates, mode):
    net, blocks = dense(residual, gates=gates)
    with reordered(blocks, [0, 1, 3, 2]), without(blocks, [False, True, True, False]):
        errors = check_module(net.train(mode), images(), np.random.default_rng(0))
    assert max(errors.values()) < 1e-6, errors


@pytest.mark.parametrize("residual", [True, False])
def test_everything_is_put_back_after_an_error(residual):
    net, blocks = dense(residual)
    with pytest.raises(KeyboardInterrupt):
        with without(blocks, [True] * DEPTH):
            raise KeyboardInterrupt
    assert [type(block) for block in blocks] == [Residual if residual else Sequential] * DEPTH
    kinds, whole = [type(block) for block in blocks], net.eval().forward(images())
    with pytest.raises(KeyboardInterrupt):
        with reordered(blocks, [3, 2, 1, 0]), without(blocks, [True] * DEPTH):
            raise KeyboardInterrupt
    assert [type(block) for block in blocks] == kinds and np.array_equal(net.forward(images()), whole)


@pytest.mark.parametrize("cut", [[], [True] * 3, [True] * 5])
def test_one_bool_a_block(cut):
    _, blocks = dense(True)
    with pytest.raises(ValueError, match=f"4 blocks and {len(cut)} bools"):
        with without(blocks, cut):
            pass


@pytest.mark.parametrize("order", [[0, 1, 2], [0, 1, 2, 2], [1, 2, 3, 4]])
def test_an_order_holds_each_place_once(order):
    _, blocks = dense(True)
    with pytest.raises(ValueError, match="each of 0 to 3 once"):
        with reordered(blocks, order):
            pass


def test_the_blocks_of_a_resnet():
    net = models.resnet((1, 2), (4, 6), 3).eval()
    blocks, rng = residual_blocks(net), np.random.default_rng(0)
    assert blocks == [block.path.layers[0] for stage in (net.layer1, net.layer2) for block in stage.layers]
    x = rng.standard_normal((2, 3, 32, 32)).astype(np.float32)
    stem = Sequential(*net.path.layers[:4]).forward(x)
    first = np.maximum(net.layer2.layers[0].downsample.forward(net.layer1.forward(stem)), 0)
    wanted = Sequential(*net.path.layers[-3:]).forward(first)  # a block cut out, its projection left; the next one is the identity
    with without(blocks, [False, True, True]):
        np.testing.assert_allclose(net.forward(x), wanted, rtol=1e-6, atol=1e-6)
    with reordered(blocks, [0, 2, 1]), pytest.raises(ValueError, match="channels"):
        net.forward(x)  # these two have not the same shapes
    assert len(residual_blocks(models.resnet34(2))) == 16


def test_a_block_inside_a_block_is_not_counted():
    inner = Residual(Tanh())
    outer = Residual(Sequential(inner, ReLU()))
    assert residual_blocks(Sequential(outer, ReLU())) == [outer] and residual_blocks(inner) == [inner]


def test_accuracies():
    net, blocks = dense(True)
    x = images(40)
    labels = training.predict(net, x).argmax(axis=1)
    cuts = np.eye(DEPTH, dtype=bool)
    found = accuracies_without(net, blocks, [np.zeros(DEPTH, bool), *cuts], x, labels)
    wanted = [np.mean(by_hand(net.eval(), blocks, x, cut, range(DEPTH)).argmax(axis=1) == labels) for cut in cuts]
    assert found[0] == 1 and found[1:].tolist() == wanted and min(wanted) < 1
