"""The fast convolution's choices: each of its layouts gives the numbers of the others."""
from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from helpers import functional as F
from helpers.functional import windows
from helpers.functional.checks import channels_first, channels_last


@st.composite
def convolutions(draw):
    """(x, w, b, dy, stride, padding) of any shape that fits, in float64."""
    count, channels, filters = (draw(st.integers(1, 3)) for _ in range(3))
    kernel = [draw(st.integers(1, 5)) for _ in range(2)]
    padding = tuple(draw(st.integers(0, 3)) for _ in range(2))
    size = [max(1, k - 2 * p) + draw(st.integers(0, 9)) for k, p in zip(kernel, padding)]
    stride = tuple(draw(st.integers(1, 4)) for _ in range(2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x, w, b = (rng.standard_normal(shape) for shape in ((count, channels, *size), (filters, channels, *kernel), (filters,)))
    return x, w, b, rng.standard_normal(F.conv2d(x, w, b, stride, padding)[0].shape), stride, padding


def results(x, w, b, dy, stride, padding):
    y, cache = F.conv2d(x, w, b, stride, padding)
    return [y, *F.conv2d_backward(dy, cache)]


def agree(first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12 * max(1, np.abs(other).max()))


@given(convolutions())
def test_gather_and_scatter_give_the_same(case):
    with patch.object(windows, "_gathering_is_faster", lambda *_: True):
        gathered = results(*case)
    with patch.object(windows, "_gathering_is_faster", lambda *_: False):
        scattered = results(*case)
    agree(gathered, scattered)


@given(convolutions())
def test_how_images_lie_in_memory_changes_nothing(case):
    x, w, b, dy, stride, padding = case
    other = channels_first(channels_last(x)), w, b, channels_first(channels_last(dy)), stride, padding
    agree(results(*case), results(*other))


@given(convolutions())
def test_without_the_images_gradient_the_others_are_the_same(case):
    x, w, b, dy, stride, padding = case
    _, dx, dw, db = results(*case)
    nothing, other_dw, other_db = F.conv2d_backward(dy, F.conv2d(x, w, b, stride, padding)[1], input_gradient=False)
    assert nothing is None and np.array_equal(other_dw, dw) and np.array_equal(other_db, db)
