"""Live figures, one function each, sorted by the lesson that shows them; `core` is what they are made of."""
from .core import Live
from .lesson_00 import how_many_pixels, look_inside
from .lesson_01 import graph, one_weight, softmax, step_size
from .lesson_02 import boundary, draw_dense, overfitting, training
from .lesson_03 import design_filter, im2col, max_pooling, slide, stride_and_padding
from .lesson_04 import backward_pass, explorer, pooling_ties
from .lesson_05 import draw_cnn, feature_maps, filters, saliency, shifts
from .lesson_06 import fixes
from .lesson_07 import draw_skip, factors, vanishing
from .lesson_08 import inert
from .lesson_09 import bias_correction, playground
from .lesson_10 import degradation, histograms, shattered, two_images
from .lesson_11 import batch_mates, dropout_masks, local_response, routes, weight_scale
from .lesson_12 import block, cut_blocks, paths_by_length, shortcut_factor
from .lesson_13 import blocks, cuts, epochs, maps, stems
from .lesson_14 import bottleneck, orders, widths
from .lesson_15 import checkpoints, residual_graph, two_trainings

__all__ = [
    "Live", "backward_pass", "batch_mates", "bias_correction", "block", "blocks", "bottleneck", "boundary",
    "checkpoints", "cut_blocks", "cuts", "degradation", "design_filter", "draw_cnn", "draw_dense", "draw_skip",
    "dropout_masks", "epochs", "explorer", "factors", "feature_maps", "filters", "fixes", "graph", "histograms",
    "how_many_pixels", "im2col", "inert", "local_response", "look_inside", "maps", "max_pooling", "one_weight", "orders",
    "overfitting", "paths_by_length", "playground", "pooling_ties", "residual_graph", "routes", "saliency", "shattered",
    "shifts", "shortcut_factor", "slide", "softmax", "stems", "step_size", "stride_and_padding", "training",
    "two_images", "two_trainings", "vanishing", "weight_scale", "widths",
]
