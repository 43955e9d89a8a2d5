"""The state of a network: what is trained, and what is only kept. Names follow torch.nn."""
import numpy as np


class Parameter:
    """An array that training changes: its `.value`, and in `.grad` dL/dvalue, of the same shape.

    The value is a copy of what is given; Python numbers become float32. Raises TypeError for all but float32 and float64.
    """

    def __init__(self, value):
        self.value = np.array(value)
        if not isinstance(value, (np.ndarray, np.generic)) and self.value.dtype.kind in "iuf":
            self.value = self.value.astype(np.float32)
        if self.value.dtype not in (np.float32, np.float64):
            raise TypeError(f"Parameter: the value is of {self.value.dtype}, but training needs float32 or float64: "
                            "use np.asarray(value, dtype=np.float32)")

    def clear(self):
        """Set the gradient to zero."""
        vars(self).pop("_grad", None)

    @property
    def grad(self):
        if "_grad" not in vars(self):  # made when it is first asked for: most layers put an array of their own in its place
            self._grad = np.zeros_like(self.value)
        return self._grad

    @grad.setter
    def grad(self, gradient):
        self._grad = gradient

    def __getstate__(self):  # a copy or a pickle takes no gradient along; a list, for another thread may set one meanwhile
        return {name: value for name, value in list(vars(self).items()) if name != "_grad"}

    def __repr__(self):
        return f"Parameter{self.value.shape}"


class Buffer:
    """An array that is saved with a network but not trained, such as a running mean: its `.value`, a copy of what is given."""

    def __init__(self, value):
        self.value = np.array(value)
        if self.value.dtype.kind not in "fiub":
            raise TypeError(f"Buffer: the value is of {self.value.dtype}, but it must be an array of real numbers")

    def __repr__(self):
        return f"Buffer{self.value.shape}"
