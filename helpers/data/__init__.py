"""The data sets of the course, each a `Dataset`: `load_digits()`, and `load_planes_birds()` in colour; and
drawings, kept as strokes: `load_drawings()`.

What is not in the repository is kept in `FOLDER`.
"""
from .dataset import Dataset
from .digits import load_digits
from .drawing import load_drawings, save_drawings
from .fetch import FOLDER
from .planes_birds import load_planes_birds

__all__ = ["FOLDER", "Dataset", "load_digits", "load_drawings", "load_planes_birds", "save_drawings"]
