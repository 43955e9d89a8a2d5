"""The state of a network, its parameters and buffers, as a dictionary and as a file."""
from pathlib import Path

import numpy as np

from ..files import replacing, write_npz


class State:
    """What a network takes along when it is saved: every parameter and every buffer, and nothing else."""

    def _places(self):
        return dict(self.named_parameters() + self.named_buffers())

    def state_dict(self):
        """{name: copy} of the values of all parameters, then of all buffers."""
        return {name: place.value.copy() for name, place in self._places().items()}

    def load_state_dict(self, state):
        """Put the values of `state` in place, all or none.

        Raises TypeError for what is no dictionary or holds no real numbers, KeyError for names that are missing or unknown,
        ValueError for a shape that differs and for numbers too large for the network's dtype.
        """
        if not isinstance(state, dict):
            raise TypeError(f"load_state_dict: a dictionary {{name: array}} is wanted, as state_dict gives it, not a {type(state).__name__}")
        places = self._places()
        missing, unknown = sorted(places.keys() - state.keys()), sorted(state.keys() - places.keys(), key=str)
        if missing or unknown:
            raise KeyError(f"load_state_dict: missing {missing}, unknown {unknown}: was it saved from another network?")
        values = {name: fitted(f"load_state_dict: {name}", state[name], place.value) for name, place in places.items()}
        for name, place in places.items():
            place.value[...] = values[name]

    def save(self, path):
        """Write all parameters and buffers to `path`, an .npz file. A file that stands there is replaced whole or not at all."""
        path = Path(path)
        if path.suffix != ".npz":
            raise ValueError(f"save: the file's name must end in .npz, but it is {path.name}")
        with replacing(path) as beside:
            write_npz(beside, self.state_dict())

    def load(self, path):
        """Read back what `save` wrote. Raises as `load_state_dict` does, ValueError for a damaged file."""
        try:
            # Opened here, for np.load would leave a damaged file open, and Windows not let it be replaced.
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
                state = dict(arrays)
        except (FileNotFoundError, IsADirectoryError, PermissionError):
            raise
        except Exception as error:  # one flipped bit can surface as any of a dozen kinds
            raise ValueError(f"load: {path} is not a whole .npz of weights ({error}): save the network again") from error
        self.load_state_dict(state)

    def double(self):
        """Turn parameters and buffers of float32 to float64, for gradient checks; returns the network.

        Make the optimiser after it: one that was made before refuses the new arrays.
        """
        for place in self._places().values():
            if place.value.dtype == np.float32:
                place.value = place.value.astype(np.float64)
        for parameter in self.parameters():
            parameter.clear()
        return self


def fitted(what, given, place):
    """`given` as an array of the shape and dtype of the array `place`; raises what `load_state_dict` does."""
    given = np.asarray(given)
    if given.shape != place.shape:
        raise ValueError(f"{what} has shape {given.shape} but the network expects {place.shape}")
    if not np.can_cast(given.dtype, place.dtype, "same_kind"):
        raise TypeError(f"{what} has dtype {given.dtype} but the network expects {place.dtype}")
    with np.errstate(over="ignore"):
        value = given.astype(place.dtype)
    if value.dtype.kind in "iu" and not np.array_equal(value, given):
        raise ValueError(f"{what} holds numbers that are too large for the network's {place.dtype}")
    if not np.array_equal(np.isfinite(value), np.isfinite(given)):
        raise ValueError(f"{what} holds numbers that are too large for the network's {place.dtype}: the largest is "
                         f"{np.abs(given[np.isfinite(given)]).max():g}. Was the file saved from a float64 network? Use net.double()")
    return value
