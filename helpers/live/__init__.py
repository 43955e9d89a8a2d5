"""Live figures, one function each, sorted by the lesson that shows them; `core` is the machine behind them."""
from .core import Live
from .lesson_00 import how_many_pixels, look_inside
from .lesson_01 import one_weight, softmax, step_size, training

__all__ = ["Live", "how_many_pixels", "look_inside", "one_weight", "softmax", "step_size", "training"]
