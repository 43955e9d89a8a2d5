"""What each part of a residual network sees of its image, and how many weights and multiplications it has."""
import numpy as np

from . import functional as F
from .layers import Conv2d, MaxPool2d
from .models.resnet import BasicBlock


def meetings(size, kernel, stride, padding):
    """At how many places of an image (size, size) each tap of a kernel meets a pixel and not padding: (kernel, kernel).

    And the size of the map. It is the filter's gradient where image and upstream gradient are 1 everywhere.
    """
    image, filters = np.ones((1, 1, size, size)), np.zeros((1, 1, kernel, kernel))
    y, cache = F.conv2d(image, filters, None, stride, padding)
    return F.conv2d_backward(np.ones_like(y), cache, input_gradient=False)[1][0, 0], y.shape[2]


def walk(net, size):
    """The parts of a network of `BasicBlock`s, the stem and then each block, for images (size, size): a dictionary each.

    `name`; `stage`, 0 for the stem, and one more where a block has a projection; of its last map `filters` and `size`;
    `field`, the receptive field; `weights` of its convolutions, `still`, those whose tap never meets a pixel and which never learn,
    and `products`, the multiplications of an image by weights that do; `convs`, for each of its convolutions (Conv2d, the meetings
    of its taps, the size of its map); `met`, at what share of the places each tap of its last convolution meets a pixel.
    Kernels, strides and paddings must be square.
    """
    blocks = [module for module in net.modules() if isinstance(module, BasicBlock)]
    inside = {id(module) for block in blocks for module in block.modules()}
    stem = [module for module in net.modules() if isinstance(module, (Conv2d, MaxPool2d)) and id(module) not in inside]
    rows, field, jump, stage = [], 1, 1, 0
    for number, block in enumerate([None, *blocks]):
        layers = [block.conv1, block.conv2] if block else stem
        convs = []
        for layer in layers:
            kernel = layer.weight.value.shape[2] if isinstance(layer, Conv2d) else layer.kernel_size[0]
            met, size = meetings(size, kernel, layer.stride[0], layer.padding[0])
            field, jump = field + (kernel - 1) * jump, jump * layer.stride[0]
            if isinstance(layer, Conv2d):
                convs.append((layer, met, size))
        last = convs[-1]
        if block and block.downsample:
            convs.append((block.downsample.layers[0], np.full((1, 1), size * size), size))
        stage += number == 1 or bool(block and block.downsample)
        pairs = [conv.weight.value[:, :, 0, 0].size for conv, _, _ in convs]
        rows.append({
            "name": f"block {number}" if block else "stem", "stage": stage, "filters": len(last[0].weight.value), "size": size,
            "field": field, "weights": sum(conv.weight.value.size for conv, _, _ in convs),
            "still": sum(count * int((met == 0).sum()) for count, (_, met, _) in zip(pairs, convs)),
            "products": sum(count * int(met.sum()) for count, (_, met, _) in zip(pairs, convs)),
            "convs": convs, "met": last[1] / last[2]**2})
    return rows
