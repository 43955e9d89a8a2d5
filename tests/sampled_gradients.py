"""Gradient checks of networks too large for nudging every number: some places of each array."""
import numpy as np

from helpers.blas import one_thread
from helpers.gradcheck import numeric_gradient, relative_error


def sampled_errors(loss, params, grads, places=25):
    """{name: relative error} of `grads` {name: array}, for the number `loss()` that reads `params` {name: array, float64}."""
    errors, rng = {}, np.random.default_rng(0)
    with one_thread():  # products are so small that threads would only wait for each other
        for name, array in params.items():
            chosen, found, numeric = rng.permutation(array.size)[:places], [], []
            for place in zip(*np.unravel_index(chosen, array.shape)):
                one = tuple(slice(index, index + 1) for index in place)  # a view of one number, however the array lies in memory
                found.append(grads[name][place])
                numeric.append(numeric_gradient(loss, array[one]).item())
            errors[name] = relative_error(np.array(found), np.array(numeric))
    return errors
