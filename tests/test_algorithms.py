"""The other algorithms of a convolution, `pixels` and `winograd`: the numbers of the plain form, and which is taken when."""
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_convolution import SEEDS, Geometry, assert_equal, both, draw_arrays, forward_and_backward, frozen, geometries, whole

from helpers import functional as F
from helpers.functional import conv, pixels, windows, winograd
from helpers.functional.checks import channels_last

WAYS = {"pixels": pixels, "winograd": winograd}


@contextmanager
def taken(way):
    with patch.object(conv, "algorithm", lambda *_: way):
        yield


@st.composite
def winograds(draw, side=13):
    """3 × 3 filters, stride 1, padding of at most 2, any maps that they fit."""
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    size = tuple(draw(st.integers(max(1, 3 - 2 * pad), side)) for pad in padding)
    count, channels, filters = (draw(st.integers(1, 4)) for _ in range(3))
    return Geometry(count, channels, filters, size, 3, 1, padding)


def plain(arrays, geometry):
    with taken(windows):
        return forward_and_backward(arrays, geometry)


@settings(max_examples=300)
@given(geometries(side=7), SEEDS, st.sampled_from([np.float32, np.float64]))
def test_pixels_are_the_plain_form(geometry, seed, dtype):
    arrays = draw_arrays(geometry, seed, whole, dtype)
    with taken(pixels):
        assert_equal(forward_and_backward(arrays, geometry), plain(arrays, geometry))


@settings(max_examples=300)
@given(winograds(), SEEDS, st.integers(1, 3000))
def test_winograd_is_the_plain_form(geometry, seed, cached):
    """To 1e-11 of the largest number in float64, and 1e-4 in float32; whatever number of images is worked on at a time."""
    for dtype, limit in ((np.float64, 1e-11), (np.float32, 1e-4)):
        arrays = draw_arrays(geometry, seed, dtype=dtype)
        with taken(winograd), patch.object(winograd, "CACHED", cached):
            found = forward_and_backward(arrays, geometry)
        for mine, other in zip(found, plain([array.astype(np.float64) for array in arrays], geometry), strict=True):
            assert mine.dtype == dtype
            np.testing.assert_allclose(mine, other, rtol=0, atol=limit * max(1, np.abs(other).max()))


@pytest.mark.parametrize("size", [(8, 8), (4, 4), (2, 9)], ids=str)
def test_how_much_winograd_rounds_in_float32(size):
    """Many channels: the largest error of y, dx and dw, over their largest number."""
    for channels in (64, 512):
        geometry = Geometry(4, channels, 32, size, 3, 1, 1)
        arrays = draw_arrays(geometry, channels, dtype=np.float32)
        with taken(winograd):
            found = forward_and_backward(arrays, geometry)
        exact = plain([array.astype(np.float64) for array in arrays], geometry)
        errors = [np.abs(mine - other).max() / np.abs(other).max() for mine, other in zip(found, exact)]
        assert max(errors) < 3e-5, errors


@pytest.mark.parametrize("size, tile", [((1, 2), (2, 2)), ((2, 3), (2, 4)), ((9, 4), (4, 4))], ids=str)
def test_two_rows_need_no_larger_tile(size, tile):
    assert winograd.tile(size) == tile


@pytest.mark.parametrize("m", [2, 4])
def test_along_a_line_fewer_products_give_the_same(m):
    """F(m, 3): A (G w * B x) is the three taps at m places, for every tap and pixel."""
    b, g, a = winograd.matrices(m, np.float64)
    for tap, pixel in np.ndindex(3, m + 2):
        w, x = np.eye(3)[tap], np.eye(m + 2)[pixel]
        np.testing.assert_allclose(a @ ((g @ w) * (b @ x)), np.correlate(x, w, "valid"), rtol=0, atol=1e-15)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@given(geometry=winograds(side=6), seed=SEEDS, layout=st.sampled_from(["frozen", "Fortran", "every other"]))
def test_how_arrays_lie_in_memory_changes_nothing_and_none_is_written_into(way, geometry, seed, layout):
    arrays = draw_arrays(geometry, seed)
    with taken(way):
        wanted = forward_and_backward(arrays, geometry)
        if layout == "every other":
            wide = [np.repeat(array, 2, axis=-1) for array in arrays]
            laid = [array[..., ::2] for array in wide]
        else:
            laid = frozen(arrays) if layout == "frozen" else [np.asfortranarray(array) for array in arrays]
        found = forward_and_backward(laid, geometry)
    for mine, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-11)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@given(geometry=winograds(side=6), seed=SEEDS)
def test_nothing_that_is_returned_or_kept_changes_later(way, geometry, seed):
    arrays = draw_arrays(geometry, seed)
    *inputs, dy = arrays
    with taken(way):
        y, cache = F.conv2d(*inputs, **geometry.kwargs)
        first = [y, *F.conv2d_backward(dy, cache)]
        copies = [array.copy() for array in first]
        forward_and_backward(draw_arrays(geometry, seed + 1 if seed < 2**32 - 1 else 0), geometry)
        again = F.conv2d_backward(dy, cache)  # the cache is as it was
    assert_equal(first, copies)
    assert_equal(again, copies[1:])


@pytest.mark.parametrize("way", [windows, pixels, winograd])
@given(geometry=winograds(side=6), seed=SEEDS)
def test_without_the_gradient_of_the_input(way, geometry, seed):
    *inputs, dy = draw_arrays(geometry, seed)
    with taken(way):
        _, cache = F.conv2d(*inputs, **geometry.kwargs)
        dx, *others = F.conv2d_backward(dy, cache, input_gradient=False)
        assert dx is None
        assert_equal(others, F.conv2d_backward(dy, cache)[1:])
    _, kept, taps, x_shape, _, stride, padding, _ = cache
    assert way.backward(channels_last(dy), kept, taps, x_shape, stride, padding, False)[0] is None


@given(geometries(), SEEDS)
def test_multiplications_are_counted(geometry, seed):
    """The products of `conv2d_loops` that meet no padding: convolve ones with ones."""
    ones = np.ones((1, 1, *geometry.size)), np.ones((1, 1, *both(geometry.kernel)))
    y, _ = F.conv2d(*ones, None, **geometry.kwargs)
    pairs = [both(value) for value in (geometry.kernel, geometry.stride, geometry.padding)]
    kernel, stride, padding = pairs
    assert pixels.multiplications(kernel, geometry.size, stride, padding, geometry.out) == y.sum()


@pytest.mark.parametrize("count, channels, filters, size, kernel, stride, padding, wanted", [
    (8, 64, 64, 8, 3, 1, 1, winograd), (32, 128, 128, 4, 3, 1, 1, winograd), (1, 64, 64, 56, 3, 1, 1, winograd),
    (1, 256, 256, 2, 3, 1, 1, pixels), (1, 512, 512, 1, 3, 1, 1, pixels), (1, 256, 512, 2, 3, 2, 1, pixels),
    (4, 16, 16, 14, 3, 1, 1, winograd), (4, 16, 15, 14, 3, 1, 1, windows), (1, 15, 16, 2, 3, 1, 1, windows),
    (1, 3, 64, 32, 7, 2, 3, windows),    # few channels
    (1, 1, 16, 28, 8, 1, 0, windows), (1, 16, 8, 21, 4, 2, 0, windows),
    (4, 64, 128, 16, 3, 2, 1, windows),  # a stride
    (4, 64, 128, 16, 1, 2, 0, windows),  # one pixel
    (4, 64, 64, 16, 5, 1, 2, windows),   # another kernel
    (4, 64, 64, 16, 3, 1, 3, windows),   # a wide padding
    (1, 64, 64, 8, 3, 1, 1, windows),    # one image
    (32, 16, 512, 4, 3, 1, 1, windows), (32, 512, 16, 4, 3, 1, 1, windows),  # many channels
])
def test_which_algorithm_is_taken(count, channels, filters, size, kernel, stride, padding, wanted):
    x, w = np.ones((count, channels, size, size), np.float32), np.ones((filters, channels, kernel, kernel), np.float32)
    with patch.object(wanted, "forward", side_effect=wanted.forward) as forward, \
            patch.object(wanted, "backward", side_effect=wanted.backward) as backward:
        y, cache = F.conv2d(x, w, None, stride, padding)
        F.conv2d_backward(y, cache)
    assert forward.called and backward.called


@given(winograds(), SEEDS)
def test_winograd_knows_what_it_saves(geometry, seed):
    """A channel and filter, it multiplies each number of its transformed images once."""
    x, w, b, _ = draw_arrays(geometry, seed)
    with taken(winograd):
        _, (_, kept, *_) = F.conv2d(x, w, b, **geometry.kwargs)
    multiplications = sum(seen[:, :, 0].size for _, seen in kept)
    assert winograd.saved(geometry.count, geometry.out) == geometry.count * 9 * np.prod(geometry.out) - multiplications


@given(st.integers(1, 50), st.integers(1, 2**19), st.integers(1, 2**24))
@example(50, 2**15, 2**23)
def test_groups_hold_what_stays_in_cache_or_a_fourth_of_the_filters(count, numbers, filters):
    groups = winograd._groups(count, numbers, filters)
    assert [image for few in groups for image in range(count)[few]] == list(range(count))
    most = max(winograd.CACHED, filters / 4)
    assert all(few.stop - few.start == 1 or (few.stop - few.start) * numbers <= most for few in groups)
    assert len(groups) == 1 or (groups[0].stop + 1) * numbers > most


class Guarded:
    """NumPy, but its new arrays lie between guards: numbers that nothing may change, and that no result may hold."""

    MARGIN, GUARD = 64, 1e30

    def __init__(self):
        self.memory = []

    def __getattr__(self, name):
        return getattr(np, name)

    def empty(self, shape, dtype=float):
        size = int(np.prod(shape))
        flat = np.full(size + 2 * self.MARGIN, self.GUARD, dtype)
        self.memory.append((flat, size))
        return flat[self.MARGIN:self.MARGIN + size].reshape(shape)

    def zeros(self, shape, dtype=float):
        array = self.empty(shape, dtype)
        array[...] = 0
        return array

    def zeros_like(self, array):
        return self.zeros(array.shape, array.dtype)

    def empty_like(self, array):
        return self.empty(array.shape, array.dtype)

    def hold(self):
        return all((flat[:self.MARGIN] == self.GUARD).all() and (flat[self.MARGIN + size:] == self.GUARD).all()
                   for flat, size in self.memory)


@pytest.mark.parametrize("way", [windows, pixels, winograd])
@given(data=st.data(), seed=SEEDS)
def test_nothing_is_written_or_read_outside_its_arrays(way, data, seed):
    geometry = data.draw(winograds(side=9) if way is winograd else geometries(side=7))
    x, w, b, dy = draw_arrays(geometry, seed)
    wanted, guarded = plain([x, w, b, dy], geometry), Guarded()
    between = [guarded.empty(array.shape) for array in (x, w, dy)]
    for place, array in zip(between, (x, w, dy), strict=True):
        place[...] = array
    with taken(way), patch.object(windows, "np", guarded), patch.object(pixels, "np", guarded), patch.object(winograd, "np", guarded):
        found = forward_and_backward([between[0], between[1], b, between[2]], geometry)
    assert guarded.hold()
    for mine, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-11 * max(1, np.abs(other).max()))
