"""Initialisation: random weights, at a scale that keeps signals from growing or vanishing through layers.

Each takes the shape of the weights and a generator or a seed, and returns an array of that shape. For weights
(out, in) fan_in = in and fan_out = out; for filters (F, C, KH, KW) fan_in = C KH KW and
fan_out = F KH KW. The normal kinds draw with the standard deviation given, the uniform kinds between
plus and minus sqrt(3) times it, which has the same standard deviation. The truncated kinds are normal, but what
lies beyond two deviations is drawn again; that would leave 0.88 of the deviation, so the scale is larger by as
much, as in Keras and JAX, whose `he_normal` is this one.
"""
import numpy as np

_TRUNCATED = 0.8796256610342398  # the standard deviation of a normal distribution of deviation 1, cut off at -2 and 2


def generator(rng):
    """The random generator `rng`, or a new one from `rng`, a seed. Raises TypeError for anything else."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        return np.random.default_rng(rng)
    raise TypeError(f"rng must be a generator, np.random.default_rng(0), or a seed, a whole number from 0, but it is {rng!r}")


def fans(shape):
    """(fan_in, fan_out): how many inputs feed one output, and how many outputs one input feeds."""
    if len(shape) < 2 or min(shape) < 1:
        raise ValueError(f"init: weights need at least two axes (out, in, ...) and none empty, but the shape is {shape}")
    taps = int(np.prod(shape[2:]))
    return shape[1] * taps, shape[0] * taps


def _normal(shape, rng, std, dtype):
    return (generator(rng).standard_normal(shape) * std).astype(dtype)


def _uniform(shape, rng, std, dtype):
    bound = np.sqrt(3.0) * std
    return generator(rng).uniform(-bound, bound, shape).astype(dtype)


def _truncated(shape, rng, std, dtype):
    rng = generator(rng)
    draws = rng.standard_normal(shape)
    while (beyond := np.abs(draws) > 2).any():
        draws[beyond] = rng.standard_normal(beyond.sum())
    return (draws * (std / _TRUNCATED)).astype(dtype)


def lecun_normal(shape, rng, dtype=np.float32):
    """std = sqrt(1 / fan_in) (LeCun et al. 1998, Efficient BackProp, section 4.6)."""
    return _normal(shape, rng, np.sqrt(1 / fans(shape)[0]), dtype)


def lecun_truncated(shape, rng, dtype=np.float32):
    """The standard deviation of `lecun_normal`, and no weight beyond two deviations of the distribution before the cut."""
    return _truncated(shape, rng, np.sqrt(1 / fans(shape)[0]), dtype)


def lecun_uniform(shape, rng, dtype=np.float32):
    """The standard deviation of `lecun_normal`, drawn uniformly."""
    return _uniform(shape, rng, np.sqrt(1 / fans(shape)[0]), dtype)


def glorot_normal(shape, rng, dtype=np.float32):
    """std = sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010, equation 12)."""
    return _normal(shape, rng, np.sqrt(2 / sum(fans(shape))), dtype)


def glorot_truncated(shape, rng, dtype=np.float32):
    """The standard deviation of `glorot_normal`, and no weight beyond two deviations of the distribution before the cut."""
    return _truncated(shape, rng, np.sqrt(2 / sum(fans(shape))), dtype)


def glorot_uniform(shape, rng, dtype=np.float32):
    """The standard deviation of `glorot_normal`, drawn uniformly (Glorot and Bengio 2010, equation 16)."""
    return _uniform(shape, rng, np.sqrt(2 / sum(fans(shape))), dtype)


def he_normal(shape, rng, dtype=np.float32):
    """std = sqrt(2 / fan_in), for layers followed by a ReLU (He et al. 2015, equation 10)."""
    return _normal(shape, rng, np.sqrt(2 / fans(shape)[0]), dtype)


def he_truncated(shape, rng, dtype=np.float32):
    """The standard deviation of `he_normal`, and no weight beyond two deviations of the distribution before the cut."""
    return _truncated(shape, rng, np.sqrt(2 / fans(shape)[0]), dtype)


def he_uniform(shape, rng, dtype=np.float32):
    """The standard deviation of `he_normal`, drawn uniformly."""
    return _uniform(shape, rng, np.sqrt(2 / fans(shape)[0]), dtype)
