"""The networks that the lessons name, ready to train.

- `small`: for digits, trained in seconds
- `resnet`: residual networks for colour images
- `shortcuts`: residual blocks with other shortcuts than the identity
- `preactivation`: residual networks of bottlenecks, with nothing but sums on the stream, and blocks in other orders
"""
from .preactivation import ORDERS, ordered_block, preactivation_resnet
from .resnet import resnet, resnet34, resnet50
from .shortcuts import SHORTCUTS, with_shortcut
from .small import SKIPS, mlp, residual_block, skip_cnn, two_layer_cnn

__all__ = ["ORDERS", "SHORTCUTS", "SKIPS", "mlp", "ordered_block", "preactivation_resnet", "residual_block", "resnet", "resnet34",
           "resnet50", "skip_cnn", "two_layer_cnn", "with_shortcut"]
