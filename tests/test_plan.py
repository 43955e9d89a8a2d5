"""The fast convolution's choices: each of its ways gives the numbers of the others."""
from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from helpers import functional as F
from helpers.functional.common import channels_first, channels_last
from helpers.functional.plan import Plan


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


def results(x, w, b, dy, stride, padding, plan=None):
    y, cache = F.conv2d(x, w, b, stride, padding, plan)
    return [y.copy(), *(array.copy() for array in F.conv2d_backward(dy, cache))], cache


def agree(first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12 * max(1, np.abs(other).max()))


@given(convolutions())
def test_gather_and_scatter_give_the_same(case):
    with patch.object(Plan, "_gather_moves_less", lambda self: True):
        gathered, _ = results(*case)
    with patch.object(Plan, "_gather_moves_less", lambda self: False):
        scattered, _ = results(*case)
    agree(gathered, scattered)


@given(convolutions())
def test_windows_tap_by_tap_and_row_by_row_are_the_same(case):
    x, w, b, _, stride, padding = case
    stride = stride[0], 1  # tap by tap copies runs along the width, so it takes no steps there
    _, cache = F.conv2d(x, w, b, stride, padding)
    by_tap, by_row = cache._tap_by_tap(x).copy(), cache._row_by_row(x).copy()
    assert np.array_equal(by_tap, by_row)
    assert (by_row[:, -1] == 1).all()  # the tap of the bias


@given(convolutions(), st.integers(2, 4))
def test_memory_that_is_used_again_gives_the_same(case, rounds):
    x, w, b, dy, stride, padding = case
    cache = F.conv2d(x, w, b, stride, padding)[1]
    cache.reuse = True
    for factor in range(1, rounds + 1):
        fresh, _ = results(factor * x, w + factor, b - factor, factor * dy, stride, padding)
        again, kept = results(factor * x, w + factor, b - factor, factor * dy, stride, padding, cache)
        assert kept is cache
        assert all(np.array_equal(one, other) for one, other in zip(again, fresh, strict=True))


@given(convolutions())
def test_how_images_lie_in_memory_changes_nothing(case):
    x, w, b, dy, stride, padding = case
    other = channels_first(channels_last(x)), w, b, channels_first(channels_last(dy)), stride, padding
    agree(results(*case)[0], results(*other)[0])


@given(convolutions())
def test_without_the_images_gradient_the_others_are_the_same(case):
    x, w, b, dy, stride, padding = case
    (_, dx, dw, db), cache = results(*case)
    nothing, other_dw, other_db = F.conv2d_backward(dy, cache, input_gradient=False)
    assert nothing is None and np.array_equal(other_dw, dw) and np.array_equal(other_db, db)


def test_a_plan_for_other_shapes_is_not_used():
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((2, 1, 6, 6)), rng.standard_normal((3, 1, 3, 3)), np.zeros(3)
    plan = F.conv2d(x, w, b)[1]
    assert F.conv2d(x + 1, w, b, (1, 1), (0, 0), plan)[1] is plan
    once, none = (1, 1), (0, 0)
    for other in ((x[:1], w, b, once, none), (x, w[:2], b[:2], once, none), (x, w, b, (2, 1), none), (x, w, b, once, (0, 1)),
                  (x.astype(np.float32), w.astype(np.float32), b.astype(np.float32), once, none)):
        y, cache = F.conv2d(*other, plan)
        assert cache is not plan
        assert np.array_equal(y, F.conv2d(*other)[0])
