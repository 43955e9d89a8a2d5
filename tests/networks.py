"""Every network of the course, by the function of `models` that makes it, for the tests that go through all of them."""
import numpy as np

from helpers import layers, models
from helpers.layers import BatchNorm2d, Conv2d, ReLU, Sequential

DIGITS, PHOTOS = (1, 28, 28), (3, 33, 40)


def body(channels, rng):
    return Sequential(Conv2d(channels, channels, 3, rng, padding=1, bias=False), BatchNorm2d(channels), ReLU(),
                      Conv2d(channels, channels, 3, rng, padding=1, bias=False), BatchNorm2d(channels))


def with_shortcut(kind):
    rng = np.random.default_rng(2)
    return models.with_shortcut(kind, body(5, rng), 5, rng, -0.5)


# {function: {what it makes: (makes it, the shape of an image)}}
FAMILIES = {
    models.mlp: {"mlp": (models.mlp, DIGITS)},
    models.residual_block: {"residual_block": (lambda: models.residual_block(5, 0), (5, 7, 6))},
    models.resnet: {"resnet": (lambda: models.resnet((1, 2), (16, 20), num_classes=3), PHOTOS),
                    "resnet, zeros": (lambda: models.resnet((1, 1), (4, 8), num_classes=3, zero_init_residual=True), PHOTOS)},
    models.resnet34: {"resnet34": (lambda: models.resnet34(num_classes=2), (3, 32, 32))},
    models.skip_cnn: {f"skip_cnn, {kind}": (lambda kind=kind: models.skip_cnn(0, kind), DIGITS) for kind in models.SKIPS},
    models.two_layer_cnn: {"two_layer_cnn": (models.two_layer_cnn, DIGITS)},
    models.with_shortcut: {f"shortcut, {kind}": (lambda kind=kind: with_shortcut(kind), (5, 7, 6)) for kind in models.SHORTCUTS},
}
NETWORKS = {name: found for family in FAMILIES.values() for name, found in family.items()}


def every_layer():
    """Every layer that PyTorch, Keras and ONNX have in this form; strides, paddings and sizes differ along height and width."""
    rng = np.random.default_rng(1)
    straight, around = rng.standard_normal((2, 7, 8, 2, 4), np.float32)
    gate, carry = (Sequential(Conv2d(channels, channels, 1, rng), layers.Sigmoid()) for channels in (6, 8))
    return Sequential(
        Conv2d(2, 6, (3, 2), rng, stride=(2, 1), padding=(2, 1)), layers.Sigmoid(), BatchNorm2d(6, eps=1e-3, momentum=0.2),
        layers.MaxPool2d((3, 2), (1, 2), (1, 0)), layers.Identity(), layers.Residual(layers.Tanh(), layers.Scale(0.5), gate),
        layers.Residual(Conv2d(6, 8, 1, rng, stride=(2, 1)), layers.SubsamplePad(8, (2, 1))), layers.Carry(carry),
        layers.AvgPool2d((1, 3), (1, 2), (0, 1)),
        layers.Residual(layers.Projection(straight, trained=False), layers.Projection(around)),
        layers.BatchNorm1d(7), layers.Clip(-0.5, 0.75), layers.Dropout(0.3), ReLU(), layers.Flatten(),
        layers.Linear(7, 3, rng, bias=False))
