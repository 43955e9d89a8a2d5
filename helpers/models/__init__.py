"""The networks that the lessons name, ready to train.

- `small`: for digits, trained in seconds
- `resnet`: residual networks for colour images
"""
from .resnet import resnet, resnet34
from .small import SKIPS, mlp, residual_block, skip_cnn, two_layer_cnn

__all__ = ["SKIPS", "mlp", "residual_block", "resnet", "resnet34", "skip_cnn", "two_layer_cnn"]
