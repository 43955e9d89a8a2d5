"""How weights begin: their spread, their bounds, and that a seed decides them."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers import init

# The variance that each kind is to have, from (fan_in, fan_out).
VARIANCES = {
    "lecun": lambda fan_in, fan_out: 1 / fan_in,
    "glorot": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he": lambda fan_in, fan_out: 2 / fan_in,
}
KINDS = [f"{name}_{shape}" for name in VARIANCES for shape in ("normal", "uniform", "truncated")]
# (shape, fan_in, fan_out): far from square, so that taking one fan for the other shows.
SHAPES = [((500, 200), 200, 500), ((200, 500), 500, 200),
          ((40, 10, 9, 7), 10 * 63, 40 * 63), ((8, 60, 5, 11), 60 * 55, 8 * 55)]
each_kind = pytest.mark.parametrize("kind", KINDS)


def wanted_std(kind, fan_in, fan_out):
    return np.sqrt(VARIANCES[kind.split("_")[0]](fan_in, fan_out))


@each_kind
@pytest.mark.parametrize("shape, fan_in, fan_out", SHAPES, ids=str)
def test_mean_and_spread(kind, shape, fan_in, fan_out):
    """Within five standard errors of what they should be.

    Of n draws with standard deviation s, the mean has the standard error s / sqrt(n), and the mean
    square, relative to s², sqrt((k - 1) / n), with k the kurtosis: 3 for the normal distribution, 9/5
    for the uniform, 2.37 for the normal cut off at two deviations. A standard deviation wrong by sqrt(2), a variance by 2, lies over a hundred away.
    """
    draws = getattr(init, kind)(shape, np.random.default_rng(0), np.float64).ravel() / wanted_std(kind, fan_in, fan_out)
    kurtosis = {"normal": 3, "uniform": 9 / 5, "truncated": 2.37}[kind.split("_")[1]]
    standard_error = np.sqrt((kurtosis - 1) / draws.size)
    assert 1 / standard_error > 100
    assert abs(draws.mean()) < 5 / np.sqrt(draws.size)
    assert abs(np.mean(draws**2) - 1) < 5 * standard_error


@each_kind
def test_uniform_kinds_end_where_they_should_and_normal_kinds_do_not(kind):
    draws = np.abs(getattr(init, kind)((500, 200), np.random.default_rng(0), np.float64))
    draws /= np.sqrt(3) * wanted_std(kind, 200, 500)
    if kind.endswith("uniform"):
        assert draws.max() <= 1
        assert draws.max() > 1 - 20 / draws.size  # of n draws all below 1 - c/n with probability exp(-c)
    elif kind.endswith("truncated"):
        end = 2 / 0.87962566 / np.sqrt(3)
        assert 0.99 * end < draws.max() <= end * (1 + 1e-7)
    else:
        beyond = 0.08326452  # the share of a normal distribution more than sqrt(3) standard deviations out
        assert abs(np.mean(draws > 1) - beyond) < 5 * np.sqrt(beyond * (1 - beyond) / draws.size)


@each_kind
def test_draws_are_independent(kind):
    """Rows and columns do not follow each other: a correlation has the standard error 1 / sqrt(n)."""
    draws = getattr(init, kind)((400, 300), np.random.default_rng(0), np.float64)
    for first, second in ((draws[1:], draws[:-1]), (draws[:, 1:], draws[:, :-1])):
        assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 5 / np.sqrt(first.size)


@each_kind
@given(shape=hnp.array_shapes(min_dims=2, max_dims=4, max_side=5), seed=st.integers(0, 2**32 - 1),
       dtype=st.sampled_from([np.float32, np.float64]))
def test_the_seed_decides(kind, shape, seed, dtype):
    draw = getattr(init, kind)
    first, again, other = (draw(shape, np.random.default_rng(chosen), dtype) for chosen in (seed, seed, seed + 1))
    assert first.shape == shape and first.dtype == dtype
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    rng = np.random.default_rng(seed)
    assert not np.array_equal(draw(shape, rng, dtype), draw(shape, rng, dtype))  # the generator moves on


@each_kind
def test_float32_unless_asked_otherwise(kind):
    draw = getattr(init, kind)
    single, double = draw((3, 4), np.random.default_rng(0)), draw((3, 4), np.random.default_rng(0), np.float64)
    assert single.dtype == np.float32
    assert np.array_equal(single, double.astype(np.float32))  # the same draw, rounded


@pytest.mark.torch
@given(hnp.array_shapes(min_dims=2, max_dims=4, max_side=9))
def test_fans_equal_pytorch(shape):
    torch = pytest.importorskip("torch")
    assert init.fans(shape) == torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))


def test_fans():
    assert init.fans((10, 784)) == (784, 10)
    assert init.fans((16, 3, 8, 5)) == (3 * 8 * 5, 16 * 8 * 5)


@each_kind
@pytest.mark.parametrize("shape", [(), (5,), (0, 5), (5, 0), (3, 2, 0, 4)], ids=str)
def test_shapes_without_fans(kind, shape):
    with pytest.raises(ValueError) as error:
        getattr(init, kind)(shape, np.random.default_rng(0))
    assert "(out, in, ...)" in str(error.value) and str(shape) in str(error.value)
