"""The networks that the lessons name, ready to train.

- `small`: for digits, trained in seconds
"""
from .small import SKIPS, mlp, residual_block, skip_cnn, two_layer_cnn

__all__ = ["SKIPS", "mlp", "residual_block", "skip_cnn", "two_layer_cnn"]
