"""Residual networks of He et al. (2016), with torchvision's names in their state_dict."""
import numpy as np

from ..layers import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, Module, ReLU, Residual, Sequential


class BasicBlock(Module):
    """y = relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)), both convolutions 3 × 3 (figure 5, left).

    x (N, channels, H, W) -> y (N, filters, H / stride, W / stride), rounded up. Where the shape changes, the shortcut
    `downsample` is a 1 × 1 convolution with this stride and a batch norm (section 3.3, option B), else the identity.
    """

    expansion = 1  # channels of y for each of `filters`

    def __init__(self, channels, filters, stride, rng):
        self.conv1 = Conv2d(channels, filters, 3, rng, stride, 1, bias=False)
        self.bn1 = BatchNorm2d(filters)
        self.conv2 = Conv2d(filters, filters, 3, rng, 1, 1, bias=False)
        self.bn2 = BatchNorm2d(filters)
        self.downsample = _projection(channels, filters, stride, rng)
        self.path = Sequential(Residual(Sequential(self.conv1, self.bn1, ReLU(), self.conv2, self.bn2), self.downsample), ReLU())

    def forward(self, x):
        return self.path.forward(x)

    def backward(self, dy):
        return self.path.backward(dy)


class Bottleneck(Module):
    """y = relu(bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x)))))))) + shortcut(x)), of 1 × 1, 3 × 3 and 1 × 1 (figure 5, right).

    x (N, channels, H, W) -> y (N, 4 filters, H / stride, W / stride), rounded up; the first two convolutions have `filters` maps,
    and the stride is that of the 3 × 3, as in torchvision. The shortcut is as in `BasicBlock`.
    """

    expansion = 4

    def __init__(self, channels, filters, stride, rng):
        self.conv1 = Conv2d(channels, filters, 1, rng, bias=False)
        self.bn1 = BatchNorm2d(filters)
        self.conv2 = Conv2d(filters, filters, 3, rng, stride, 1, bias=False)
        self.bn2 = BatchNorm2d(filters)
        self.conv3 = Conv2d(filters, 4 * filters, 1, rng, bias=False)
        self.bn3 = BatchNorm2d(4 * filters)
        self.downsample = _projection(channels, 4 * filters, stride, rng)
        body = Sequential(self.conv1, self.bn1, ReLU(), self.conv2, self.bn2, ReLU(), self.conv3, self.bn3)
        self.path = Sequential(Residual(body, self.downsample), ReLU())

    def forward(self, x):
        return self.path.forward(x)

    def backward(self, dy):
        return self.path.backward(dy)


def _projection(channels, outputs, stride, rng):
    """The shortcut's 1 × 1 convolution and batch norm, or None where the shape stays."""
    if stride == 1 and channels == outputs:
        return None
    return Sequential(Conv2d(channels, outputs, 1, rng, stride, bias=False), BatchNorm2d(outputs))


class OnePath(Module):
    """A network whose parts, each an attribute with a name of its own, are gone through one after the other: `path`."""

    def forward(self, x):
        return self.path.forward(x)

    def backward(self, dy):
        return self.path.backward(dy)

    def drop_input_gradient(self):
        self.path.drop_input_gradient()


class ResNet(OnePath):
    """Images (N, channels, H, W) -> logits (N, num_classes): a stem, four stages of blocks, the mean of each map, a dense layer.

    The stem is a 7 × 7 convolution with stride 2, batch norm, ReLU, and max pooling of 3 × 3 with stride 2; stages two to four
    begin with stride 2 (table 1). With `zero_init_residual` the last gamma of each block begins at 0, and with it its body
    (Goyal et al. 2017, section 5.1).
    """

    def __init__(self, kind, blocks, filters, num_classes, channels, zero_init_residual, rng):
        self.conv1 = Conv2d(channels, filters[0], 7, rng, 2, 3, bias=False)
        self.bn1 = BatchNorm2d(filters[0])
        inputs, stages = filters[0], []
        for number, (count, width) in enumerate(zip(blocks, filters), 1):
            strides, outputs = [1 if number == 1 else 2] + [1] * (count - 1), kind.expansion * width
            stage = [kind(inputs if place == 0 else outputs, width, stride, rng) for place, stride in enumerate(strides)]
            for block in stage * zero_init_residual:
                (block.bn2 if kind is BasicBlock else block.bn3).weight.value[...] = 0
            setattr(self, f"layer{number}", Sequential(*stage))
            stages.append(getattr(self, f"layer{number}"))
            inputs = outputs
        self.fc = Linear(inputs, num_classes, rng)
        self.path = Sequential(self.conv1, self.bn1, ReLU(), MaxPool2d(3, 2, 1), *stages, AdaptiveAvgPool2d(1), Flatten(), self.fc)


def resnet(blocks, filters=(64, 128, 256, 512), num_classes=1000, channels=3, seed=0, zero_init_residual=False, block=BasicBlock):
    """A residual network of blocks, `BasicBlock` or `Bottleneck`, so many in each of the stages; weights by `he_normal` from `seed`.

    With `zero_init_residual` every block begins as relu(shortcut(x)): the gamma of its last batch norm is 0.
    """
    if len(blocks) != len(filters) or min(blocks) < 1:
        raise ValueError(f"resnet: one number of blocks, at least 1, for each of the stages: blocks {blocks}, filters {filters}")
    return ResNet(block, blocks, filters, num_classes, channels, zero_init_residual, np.random.default_rng(seed))


def resnet34(num_classes=1000, seed=0, zero_init_residual=False):
    """ResNet-34: 3, 4, 6 and 3 blocks of 64, 128, 256 and 512 filters, 34 layers with weights (table 1)."""
    return resnet((3, 4, 6, 3), num_classes=num_classes, seed=seed, zero_init_residual=zero_init_residual)


def resnet50(num_classes=1000, seed=0, zero_init_residual=False):
    """ResNet-50: 3, 4, 6 and 3 bottlenecks of 64, 128, 256 and 512 maps, and four times as many outside (table 1)."""
    return resnet((3, 4, 6, 3), num_classes=num_classes, seed=seed, zero_init_residual=zero_init_residual, block=Bottleneck)
