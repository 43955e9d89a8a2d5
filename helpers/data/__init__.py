"""The data sets of the course: `load_digits()` returns a `Dataset`; what is not in the repository is kept in `FOLDER`."""
from .dataset import Dataset
from .digits import load_digits
from .fetch import FOLDER

__all__ = ["FOLDER", "Dataset", "load_digits"]
