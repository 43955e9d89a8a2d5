"""Gradient checks of networks too large for nudging every number: some places of each array."""
import numpy as np

from helpers.gradcheck import numeric_gradient, relative_error


def sampled_errors(loss, params, grads, places=25):
    """{name: relative error} of `grads` {name: array}, for the number `loss()` that reads `params` {name: array, float64}."""
    errors, rng = {}, np.random.default_rng(0)
    for name, array in params.items():
        flat, chosen = array.reshape(-1), rng.permutation(array.size)[:places]
        assert np.shares_memory(flat, array), f"{name} is not contiguous: nudges would not reach it"
        numeric = [numeric_gradient(loss, flat[place:place + 1])[0] for place in chosen]
        errors[name] = relative_error(grads[name].reshape(-1)[chosen], np.array(numeric))
    return errors
