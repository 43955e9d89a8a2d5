"""Layers and networks: objects with a forward and a backward pass, their parameters, and what is saved of them.

- `parameter`: `Parameter` and `Buffer`, the only state of a network
- `module`: `Module`, what every layer and network can do
- `tree`, `state`: how what is inside a module is found, saved and loaded
- `group`: sums over a whole batch, where shards of it are computed by several threads
- `basic`, `norm`: layers; `containers`: layers made of layers
"""
from .basic import (
    AdaptiveAvgPool2d, AvgPool2d, Clip, Conv2d, Flatten, Identity, Linear, MaxPool2d, Projection, ReLU, Scale, Sigmoid,
    SubsamplePad, Tanh,
)
from .containers import Carry, Residual, Sequential
from .module import Module
from .norm import BatchNorm1d, BatchNorm2d, Dropout, LocalResponseNorm
from .parameter import Buffer, Parameter

__all__ = [
    "AdaptiveAvgPool2d", "AvgPool2d", "BatchNorm1d", "BatchNorm2d", "Buffer", "Carry", "Clip", "Conv2d", "Dropout", "Flatten",
    "Identity", "Linear", "LocalResponseNorm", "MaxPool2d", "Module", "Parameter", "Projection", "ReLU", "Residual", "Scale",
    "Sequential", "Sigmoid", "SubsamplePad", "Tanh",
]
