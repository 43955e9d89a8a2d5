"""Live figures, one function each, sorted by the lesson that shows them; `core` is what they are made of."""
from .core import Live
from .lesson_00 import how_many_pixels, look_inside
from .lesson_01 import one_weight, softmax, step_size
from .lesson_02 import training
from .lesson_03 import design_filter, slide, stride_and_padding
from .lesson_04 import explorer, tap_check, way_back
from .lesson_05 import feature_maps, filters, saliency
from .lesson_06 import mends
from .lesson_07 import factors, fading, paths
from .lesson_08 import inert
from .lesson_09 import bias_correction, playground

__all__ = [
    "Live", "bias_correction", "design_filter", "explorer", "factors", "fading", "feature_maps", "filters",
    "how_many_pixels", "inert", "look_inside", "mends", "one_weight", "paths", "playground",
    "saliency", "slide", "softmax", "step_size", "stride_and_padding", "tap_check", "training", "way_back",
]
