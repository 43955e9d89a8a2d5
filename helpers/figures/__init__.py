"""Static pictures: `style` has what they are made of, `shared` those of several lessons; the rest is sorted by lesson."""
from .lesson_00 import class_balance, course_map, mosaic
from .lesson_01 import neuron
from .lesson_02 import initialisation, mistakes
from .lesson_03 import depth, durations, feature_maps
from .lesson_05 import to_mnist, two_layers
from .lesson_06 import fixes
from .lesson_07 import with_and_without
from .lesson_08 import logit_trace
from .lesson_09 import learning_rates, race, step_sizes
from .lesson_10 import degradation, very_deep
from .lesson_11 import by_mode
from .lesson_12 import by_length, other_shortcuts, without_a_block
from .lesson_13 import five_epochs, products, without_block
from .lesson_14 import accuracies_by_order, runs_by_epoch, stream_means
from .shared import confusion, strip, weight_images
from .style import Picture

__all__ = [
    "Picture", "accuracies_by_order", "by_length", "by_mode", "class_balance", "confusion", "course_map",
    "degradation", "depth", "durations", "feature_maps", "five_epochs", "fixes", "initialisation", "learning_rates",
    "logit_trace", "mistakes", "mosaic", "neuron", "other_shortcuts", "products",
    "race", "runs_by_epoch", "step_sizes", "stream_means", "strip", "to_mnist", "two_layers", "very_deep",
    "weight_images", "with_and_without", "without_a_block", "without_block",
]
