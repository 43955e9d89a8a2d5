"""What a network's parts see, hold and compute: by counting, by gradients, and as the paper has it."""
import numpy as np
import pytest
from live_figures import _narrow

from helpers import functional as F
from helpers import geometry, models
from helpers.models.resnet import BasicBlock


@pytest.mark.parametrize("size, kernel, stride, padding", [(1, 3, 1, 1), (2, 3, 1, 1), (2, 3, 2, 1), (5, 4, 3, 2), (6, 7, 2, 3), (4, 1, 2, 0)])
def test_meetings_are_counted_place_by_place(size, kernel, stride, padding):
    met, out = geometry.meetings(size, kernel, stride, padding)
    assert out == (size + 2 * padding - kernel) // stride + 1
    for i, j in np.ndindex(kernel, kernel):
        places = [(stride * p + i - padding, stride * q + j - padding) for p in range(out) for q in range(out)]
        assert met[i, j] == sum(0 <= row < size and 0 <= column < size for row, column in places)


def test_resnet34_on_small_images_and_on_those_of_the_paper():
    net = models.resnet34(num_classes=2)
    rows = geometry.walk(net, 32)
    assert [row["name"] for row in rows] == ["stem", *(f"block {number}" for number in range(1, 17))]
    assert [row["stage"] for row in rows] == [0] + [1] * 3 + [2] * 4 + [3] * 6 + [4] * 3
    assert [row["size"] for row in rows] == [8] + [8] * 3 + [4] * 4 + [2] * 6 + [1] * 3
    assert sum(row["still"] for row in rows) == 11_141_120
    assert sum(row["weights"] for row in rows) == sum(p.value.size for p in net.parameters() if p.value.ndim == 4)
    assert rows[-1]["field"] == 899 and rows[-1]["filters"] == 512
    large = geometry.walk(net, 224)
    assert [row["size"] for row in large] == [56] + [56] * 3 + [28] * 4 + [14] * 6 + [7] * 3
    assert sum(row["still"] for row in large) == 0 and large[-1]["field"] == 899


def test_weights_that_never_learn_have_no_gradient_and_all_others_do():
    net, rng = _narrow().double(), np.random.default_rng(1)
    rows = geometry.walk(net, 16)
    assert sum(row["still"] for row in rows) > 0
    for _ in range(5):  # a ReLU may be off for a whole batch
        x = rng.standard_normal((200, 3, 16, 16))
        net.backward(F.cross_entropy(net.forward(x), rng.integers(0, 2, 200))[1])
        for row in rows:
            for conv, met, _ in row["convs"]:
                assert not conv.weight.grad[:, :, met == 0].any()
    assert all(conv.weight.grad[:, :, met > 0].any(axis=(0, 1)).all() for row in rows for conv, met, _ in row["convs"])


def test_products_are_those_of_a_convolution_that_counts():
    net = _narrow()
    row = geometry.walk(net, 32)[2]  # two convolutions and a projection, from maps of 8 × 8
    ones, count = np.ones((1, 4, 8, 8)), 0
    block = [layer for layer in net.layers if isinstance(layer, BasicBlock)][1]
    for conv, x in ((block.conv1, ones), (block.conv2, np.ones((1, 6, 4, 4))), (block.downsample.layers[0], ones)):
        count += F.conv2d_loops(x, np.ones(conv.weight.value.shape), None, conv.stride, conv.padding).sum()
    assert row["products"] == count


def test_a_number_sees_as_far_as_its_gradient_reaches():
    net, size = _narrow(pooled=False).double().eval(), 255
    rows = geometry.walk(net, size)
    for parameter in net.parameters():
        if parameter.value.ndim == 4:
            parameter.value[...] = np.abs(parameter.value)  # no ReLU is off, and nothing cancels
    x = np.random.default_rng(0).random((1, 3, size, size))
    part, last = [], 0
    for layer in net.layers[:-3]:
        x = layer.forward(x)
        part.append(layer)
        if isinstance(layer, BasicBlock):
            last += 1
            dy = np.zeros_like(x)
            dy[0, 0, x.shape[2] // 2, x.shape[3] // 2] = 1
            for below in reversed(part):
                dy = below.backward(dy)
            assert np.count_nonzero(dy.any(axis=(0, 1, 2))) == rows[last]["field"]
    assert last == 6
