"""Static pictures: `style` has what they are made of, `shared` those of several lessons; the rest is sorted by lesson."""
from .lesson_00 import class_balance, course_map, mosaic
from .lesson_01 import neuron
from .lesson_02 import initialisation, loss_curves, mistakes, overfitting, regions
from .lesson_03 import depth, durations, score_maps
from .lesson_05 import two_layers
from .lesson_09 import learning_rates, race, step_sizes
from .shared import confusion, strip, weight_images
from .style import Picture

__all__ = [
    "Picture", "class_balance", "confusion", "course_map", "depth", "durations", "initialisation", "learning_rates",
    "loss_curves", "mistakes", "mosaic", "neuron", "overfitting", "race", "regions", "score_maps", "step_sizes", "strip", "two_layers",
    "weight_images",
]
