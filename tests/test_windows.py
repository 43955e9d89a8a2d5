"""The fast layouts of a convolution: each of its ways gives the numbers of the others, and of the plain form."""
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_convolution import SEEDS, Geometry, assert_equal, both, draw_arrays, geometries, whole

from helpers import functional as F
from helpers.functional import windows
from helpers.functional.checks import channels_first, channels_last


def fast(geometry, seed):
    """x, taps (KH, KW, C, F), dy (N, OH, OW, F), and kernel, stride, padding as pairs."""
    x, w, _, dy = draw_arrays(geometry, seed, whole)
    kernel, stride, padding = (both(value) for value in (geometry.kernel, geometry.stride, geometry.padding))
    return x, w.transpose(2, 3, 1, 0).copy(), channels_last(dy), kernel, stride, padding


@given(st.tuples(*[st.integers(1, 5)] * 4), *[st.integers(-3, 3)] * 4, SEEDS)
def test_images_in_a_frame_of_zeros(shape, above, left, below, right, seed):
    """Padded by as much as is positive, cut off by as much as is negative."""
    x = whole(np.random.default_rng(seed), shape)
    height, width = shape[1] + above + below, shape[2] + left + right
    if height < 1 or width < 1 or max(-above, -below) >= shape[1] or max(-left, -right) >= shape[2]:
        return
    wide = np.pad(x, ((0, 0), (3, 3), (3, 3), (0, 0)))
    wanted = wide[:, 3 - above:3 - above + height, 3 - left:3 - left + width]
    for laid in (x, np.asfortranarray(x)):
        found = windows.framed(laid, above, left, height, width)
        assert_equal([found], [wanted])
        assert found.flags.c_contiguous


@settings(max_examples=200)
@given(geometries(), SEEDS)
def test_both_ways_to_lay_out_windows_are_im2col(geometry, seed):
    x, _, _, kernel, stride, padding = fast(geometry, seed)
    columns = F.im2col(x, kernel, stride, padding).reshape(geometry.count, geometry.channels, *kernel, -1)
    wanted = columns.transpose(0, 4, 2, 3, 1).reshape(-1, geometry.channels * kernel[0] * kernel[1])
    padded = np.ascontiguousarray(np.pad(x, ((0, 0), (0, 0), *((pad, pad) for pad in padding))).transpose(0, 2, 3, 1))
    for way in (windows.row_by_row, windows.tap_by_tap):
        assert_equal([way(padded, kernel, stride, geometry.out)], [wanted])
    assert_equal([windows.laid_out(x.transpose(0, 2, 3, 1), kernel, stride, padding, geometry.out)], [wanted])


@settings(max_examples=300)
@given(geometries(), SEEDS)
@example(Geometry(2, 3, 2, (7, 9), 3, 2, 4), 0)  # padding wider than the window: gradients that are cut off
def test_gathered_and_scattered_are_col2im(geometry, seed):
    x, taps, dy, kernel, stride, padding = fast(geometry, seed)
    flat_w = taps.transpose(2, 0, 1, 3).reshape(-1, geometry.filters)
    columns = flat_w @ dy.reshape(len(x), -1, geometry.filters).transpose(0, 2, 1)
    wanted = F.col2im(columns, geometry.size, kernel, stride, padding)
    for way in (windows.gathered, windows.scattered):
        assert_equal([np.ascontiguousarray(channels_first(way(dy, taps, x.shape, stride, padding)))], [wanted])


@pytest.mark.parametrize("faster", [True, False])
@given(geometry=geometries(), seed=SEEDS)
def test_the_estimate_only_chooses(faster, geometry, seed):
    x, w, b, dy = draw_arrays(geometry, seed, whole)
    cache = F.conv2d(x, w, b, **geometry.kwargs)[1]
    wanted = F.conv2d_backward(dy, cache)
    with patch.object(windows, "_gathering_is_faster", lambda *_: faster):
        assert_equal(F.conv2d_backward(dy, cache), wanted)


def chosen(channels, filters, size, kernel, stride, padding):
    """The two ways that are taken for these shapes."""
    x, w = np.ones((2, channels, size, size), np.float32), np.ones((filters, channels, kernel, kernel), np.float32)
    ways = {name: getattr(windows, name) for name in ("row_by_row", "tap_by_tap", "gathered", "scattered")}
    taken = []
    for name, way in ways.items():
        with patch.object(windows, name, side_effect=way) as called:
            y, cache = F.conv2d(x, w, None, stride, padding)
            taken += [name] * (called.call_count > 0)
            called.reset_mock()
            F.conv2d_backward(y, cache)
            taken += [name] * (called.call_count > 0 and name in ("gathered", "scattered"))
    return taken


@pytest.mark.parametrize("shape, wanted", [
    ((1, 16, 28, 8, 1, 0), ["tap_by_tap", "scattered"]),   # measured: 1.5 and 3 times as fast as the other ways
    ((16, 8, 21, 4, 2, 0), ["row_by_row", "gathered"]),    # 4 and 4 times
    ((64, 64, 8, 5, 1, 2), ["row_by_row", "gathered"]),    # 4 and 1.5 times
    ((64, 64, 8, 3, 2, 1), ["row_by_row", "scattered"]),   # the second 1.6 times
    ((64, 64, 8, 1, 2, 0), ["row_by_row", "scattered"]),   # 2 times
], ids=str)
def test_the_faster_way_is_chosen(shape, wanted):
    assert chosen(*shape) == wanted


def test_windows_of_one_pixel_are_the_images():
    x = np.ones((2, 5, 6, 3))
    assert np.shares_memory(windows.laid_out(x, (1, 1), (1, 1), (0, 0), (5, 6)), x)
    assert not np.shares_memory(windows.laid_out(x, (1, 1), (2, 1), (0, 0), (3, 6)), x)


@given(geometries(), SEEDS)
def test_how_images_lie_in_memory_changes_nothing(geometry, seed):
    x, w, b, dy = draw_arrays(geometry, seed, whole)
    found = [[y, *F.conv2d_backward(dy_too, cache)] for x_too, dy_too in ((x, dy), (channels_first(channels_last(x)), channels_first(channels_last(dy))))
             for y, cache in [F.conv2d(x_too, w, b, **geometry.kwargs)]]
    assert_equal(*found)
