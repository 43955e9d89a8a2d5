"""Pre-activation residual networks (He et al. 2016b): bottlenecks, and blocks in the five orders of their figure 4."""
import numpy as np

from ..layers import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Flatten, Identity, Linear, Module, ReLU, Residual, Sequential
from .resnet import OnePath


class PreactivationBottleneck(Module):
    """y = conv3(relu(bn3(conv2(relu(bn2(conv1(a))))))) + shortcut, with a = relu(bn1(x)); 1 × 1, 3 × 3 and 1 × 1 convolutions.

    x (N, channels, H, W) -> y (N, filters, H / stride, W / stride), rounded up; in between there are `width` maps, and the
    stride is that of the 3 × 3. The shortcut is x itself or, with `project`, `downsample`: a 1 × 1 convolution with this stride
    that takes a, not x (He et al. 2016b, section 4.1). `eps` and `momentum` are those of the batch norms.
    """

    def __init__(self, channels, width, filters, stride, project, rng, eps, momentum):
        if not project and (stride > 1 or channels != filters):
            raise ValueError(f"PreactivationBottleneck: only a projection changes the shape, from {channels} to {filters} maps, stride {stride}")
        self.bn1, self.conv1 = BatchNorm2d(channels, eps, momentum), Conv2d(channels, width, 1, rng, bias=False)
        self.bn2, self.conv2 = BatchNorm2d(width, eps, momentum), Conv2d(width, width, 3, rng, stride, 1, bias=False)
        self.bn3, self.conv3 = BatchNorm2d(width, eps, momentum), Conv2d(width, filters, 1, rng, bias=False)
        self.downsample = Conv2d(channels, filters, 1, rng, stride, bias=False) if project else None
        first, rest = [self.bn1, ReLU()], [self.conv1, self.bn2, ReLU(), self.conv2, self.bn3, ReLU(), self.conv3]
        if project:
            self.path = Sequential(*first, Residual(Sequential(*rest), self.downsample))
        else:
            self.path = Residual(Sequential(*first, *rest))

    def forward(self, x):
        return self.path.forward(x)

    def backward(self, dy):
        return self.path.backward(dy)


class PreactivationResNet(OnePath):
    """Images (N, channels, H, W) -> logits (N, num_classes), without any pooling but the mean of each map at the end.

    Batch norm on the images (`bn0`, or none), a 3 × 3 convolution, stages of bottlenecks, of which all but the first begin with
    stride 2, batch norm and ReLU, the means, a dense layer. Each stage begins with a projection, and nothing but sums stands
    on the path between one projection and the next.
    """

    def __init__(self, stages, filters, widths, num_classes, channels, normalise_input, eps, momentum, rng):
        self.bn0 = BatchNorm2d(channels, eps, momentum) if normalise_input else None
        self.conv1 = Conv2d(channels, filters[0], 3, rng, 1, 1, bias=False)
        inputs, layers = filters[0], []
        for number, (count, width, outputs) in enumerate(zip(stages, widths, filters[1:]), 1):
            blocks = []
            for place in range(count):
                stride = 2 if place == 0 and number > 1 else 1
                blocks.append(PreactivationBottleneck(inputs, width, outputs, stride, place == 0, rng, eps, momentum))
                inputs = outputs
            setattr(self, f"layer{number}", Sequential(*blocks))
            layers.append(getattr(self, f"layer{number}"))
        self.bn = BatchNorm2d(inputs, eps, momentum)
        self.fc = Linear(inputs, num_classes, rng)
        self.path = Sequential(self.bn0 or Identity(), self.conv1, *layers, self.bn, ReLU(), AdaptiveAvgPool2d(1), Flatten(), self.fc)


def preactivation_resnet(stages, filters, num_classes=1000, seed=0, channels=3, widths=None, normalise_input=True, eps=2e-5, momentum=0.1):
    """A pre-activation network of bottlenecks: stages[i] blocks of filters[i + 1] maps, after filters[0] maps of the first convolution.

    The 3 × 3 convolutions of stage i have widths[i] maps, a quarter of filters[i + 1] unless given. `momentum` is the part of the
    new, as in PyTorch: 0.1 is what Keras calls 0.9. Weights by `he_normal` from `seed`.
    """
    if len(filters) != len(stages) + 1 or not stages or min(stages) < 1:
        raise ValueError("preactivation_resnet: one number of blocks, at least 1, for each stage, and of filters one more, the first "
                         f"convolution's: stages {stages}, filters {filters}")
    if widths is None:
        if any(outputs % 4 for outputs in filters[1:]):
            raise ValueError(f"preactivation_resnet: a bottleneck has a quarter of its block's filters, but they are {filters[1:]}: give widths")
        widths = [outputs // 4 for outputs in filters[1:]]
    if len(widths) != len(stages):
        raise ValueError(f"preactivation_resnet: one width for each of the stages: stages {stages}, widths {widths}")
    return PreactivationResNet(stages, filters, widths, num_classes, channels, normalise_input, eps, momentum, np.random.default_rng(seed))


# order: what stands in the body, and what follows the sum; first and second are convolutions or dense layers, norm() makes a batch norm
ORDERS = {
    "a": lambda first, second, norm: ([first, norm(), ReLU(), second, norm()], [ReLU()]),
    "b": lambda first, second, norm: ([first, norm(), ReLU(), second], [norm(), ReLU()]),
    "c": lambda first, second, norm: ([first, norm(), ReLU(), second, norm(), ReLU()], []),
    "d": lambda first, second, norm: ([ReLU(), first, norm(), ReLU(), second, norm()], []),
    "e": lambda first, second, norm: ([norm(), ReLU(), first, norm(), ReLU(), second], []),
}


def ordered_block(order, first, second, norm):
    """A residual block of the layers `first` and `second` in one of the orders "a" to "e" (He et al. 2016b, figure 4).

    "a" is the original one, "b" has batch norm after the sum, "c" ReLU before it, "d" ReLU alone before the weights, "e" both
    (pre-activation). norm() makes a batch norm. Raises ValueError for another order.
    """
    if order not in ORDERS:
        raise ValueError(f"ordered_block: the order must be one of {', '.join(map(repr, ORDERS))}, but it is {order!r}")
    body, after = ORDERS[order](first, second, norm)
    return Sequential(Residual(Sequential(*body)), *after)
