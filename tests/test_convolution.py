"""Convolution for any size, stride and padding: loops, finite differences, the adjoint, PyTorch, and bad input.

Many tests draw whole numbers: their sums are exact in any order, so that results must be equal bit for bit.
"""
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from helpers import functional as F
from helpers import init
from helpers.functional import checks
from helpers.gradcheck import adjoint_error, check_module, numeric_gradient
from helpers.layers import Conv2d

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def torch():
    """PyTorch on one thread: waking others takes longer than such small sums."""
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(threads)


# --- Any geometry ---------------------------------------------------------------------------------

def both(value):
    return value if isinstance(value, tuple) else (value, value)


@dataclass(frozen=True)
class Geometry:
    """Shapes of one convolution or pooling; window, stride and padding as a caller gives them, number or pair."""

    count: int
    channels: int
    filters: int
    size: tuple
    kernel: int | tuple
    stride: int | tuple | None
    padding: int | tuple

    @property
    def kwargs(self):
        return {"stride": self.stride, "padding": self.padding}

    @property
    def axes(self):
        """(size, kernel, stride, padding) along height and along width."""
        stride = self.kernel if self.stride is None else self.stride
        return list(zip(self.size, both(self.kernel), both(stride), both(self.padding)))

    @property
    def starts(self):
        """Where windows begin along height and along width, counted from the first pixel of the image."""
        return [range(-pad, size + pad - kernel + 1, stride) for size, kernel, stride, pad in self.axes]

    @property
    def out(self):
        return tuple(map(len, self.starts))

    @property
    def columns(self):
        """The shape that `im2col` gives."""
        return self.count, self.channels * int(np.prod(both(self.kernel))), int(np.prod(self.out))


@st.composite
def geometries(draw, side=12, pool=False):
    """Any geometry in which the window fits the padded image, and, for a pool, the padding half of the window."""
    def number_or_pair(least, most):
        return draw(st.integers(least, min(most)) | st.tuples(*(st.integers(least, end) for end in most)))

    kernel = number_or_pair(1, (5, 5))
    padding = number_or_pair(0, tuple(end // 2 for end in both(kernel)) if pool else (4, 4))
    stride = None if pool and draw(st.booleans()) else number_or_pair(1, (6, 6))
    least = [max(1, window - 2 * pad) for window, pad in zip(both(kernel), both(padding))]
    size = tuple(draw(st.integers(length, max(length, side))) for length in least)
    count, channels, filters = (draw(st.integers(1, 3)) for _ in range(3))
    return Geometry(count, channels, filters, size, kernel, stride, padding)


SPECIAL = {
    "batch of one": lambda g: g.count == 1,
    "one-pixel image": lambda g: g.size == (1, 1),
    "one-pixel output": lambda g: g.out == (1, 1),
    "one-pixel window": lambda g: both(g.kernel) == (1, 1),
    "rectangular image": lambda g: g.size[0] != g.size[1],
    "rectangular window": lambda g: len(set(both(g.kernel))) == 2,
    "stride as a number": lambda g: isinstance(g.stride, int),
    "two strides": lambda g: isinstance(g.stride, tuple) and g.stride[0] != g.stride[1],
    "two paddings": lambda g: len(set(both(g.padding))) == 2,
    "left-over rows": lambda g: (g.size[0] + 2 * g.axes[0][3] - g.axes[0][1]) % g.axes[0][2] > 0,
    "left-over columns": lambda g: (g.size[1] + 2 * g.axes[1][3] - g.axes[1][1]) % g.axes[1][2] > 0,
    "stride larger than the window": lambda g: any(stride > kernel for _, kernel, stride, _ in g.axes),
    "windows that overlap": lambda g: all(stride < kernel for _, kernel, stride, _ in g.axes) and min(g.out) > 1,
    "window as large as the padded image": lambda g: all(size + 2 * pad == window for size, window, _, pad in g.axes),
    "no padding": lambda g: both(g.padding) == (0, 0),
}
CONVOLUTIONS_ONLY = {
    "padding larger than half the window": lambda g: any(2 * pad > kernel for _, kernel, _, pad in g.axes),
    "padding larger than the window": lambda g: any(pad > kernel for _, kernel, _, pad in g.axes),
    "windows on nothing but padding": lambda g: any(pad >= kernel for _, kernel, _, pad in g.axes),
}


@pytest.mark.parametrize("pool", [False, True])
def test_every_special_case_is_drawn(pool):
    special = SPECIAL | ({"stride left out": lambda g: g.stride is None} if pool else CONVOLUTIONS_ONLY)
    seen = Counter()

    @settings(max_examples=300, derandomize=True, database=None, phases=[Phase.generate])
    @given(geometries(pool=pool))
    def count(geometry):
        assert min(geometry.out) >= 1
        seen.update(name for name, holds in special.items() if holds(geometry))

    count()
    assert {name: seen[name] for name in special if seen[name] < 3} == {}


def whole(rng, shape, dtype=np.float64):
    return rng.integers(-9, 10, shape).astype(dtype)


def normal(rng, shape, dtype=np.float64):
    return rng.standard_normal(shape).astype(dtype)


def draw_arrays(geometry, seed, draw=normal, dtype=np.float64):
    """x, w, b and dy."""
    g, rng = geometry, np.random.default_rng(seed)
    shapes = ((g.count, g.channels, *g.size), (g.filters, g.channels, *both(g.kernel)), (g.filters,),
              (g.count, g.filters, *g.out))
    return [draw(rng, shape, dtype) for shape in shapes]


def forward_and_backward(arrays, geometry):
    """y, dx, dw, db."""
    *arrays, dy = arrays
    y, cache = F.conv2d(*arrays, **geometry.kwargs)
    return [y, *F.conv2d_backward(dy, cache)]


def assert_equal(found, wanted):
    for mine, other in zip(found, wanted, strict=True):
        assert mine.dtype == other.dtype
        np.testing.assert_array_equal(mine, other, strict=True)


def frozen(arrays):
    """Copies that raise when they are written into."""
    copies = [array.copy() for array in arrays]
    for copy in copies:
        copy.setflags(write=False)
    return copies


# --- Loops, finite differences, the adjoint -------------------------------------------------------

def test_a_convolution_by_hand():
    x = np.array([[[[1.0, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]]])
    w, b = np.array([[[[1.0, 10], [100, 1000]]]]), np.array([0.5])
    assert F.conv2d(x, w, b)[0].tolist() == [[[[6521.5, 7632.5, 8743.5], [10965.5, 12076.5, 13187.5]]]]
    # Two rows down and one column on at a time, from a row of zeros above: the last row below is left over.
    y, cache = F.conv2d(x, w, b, stride=(2, 1), padding=(1, 0))
    assert y.tolist() == [[[[2100.5, 3200.5, 4300.5], [10965.5, 12076.5, 13187.5]]]]
    dx, dw, db = F.conv2d_backward(np.array([[[[1.0, 0, 0], [0, 0, 2]]]]), cache)
    assert dx.tolist() == [[[[100, 1000, 0, 0], [0, 0, 2, 20], [0, 0, 200, 2000]]]]
    assert dw.tolist() == [[[[2 * 7, 2 * 8], [1 + 2 * 11, 2 + 2 * 12]]]]
    assert db.tolist() == [3]


@settings(max_examples=300)
@given(geometries(side=6), SEEDS, st.sampled_from([np.float32, np.float64]))
def test_vectorised_equals_loops(geometry, seed, dtype):
    x, w, b, dy = arrays = draw_arrays(geometry, seed, whole, dtype)
    loops = [F.conv2d_loops(x, w, b, **geometry.kwargs), *F.conv2d_backward_loops(dy, x, w, **geometry.kwargs)]
    assert loops[0].shape == dy.shape
    assert_equal(forward_and_backward(arrays, geometry), loops)


@settings(max_examples=200)
@given(geometries(side=8), SEEDS, st.sampled_from([np.float32, np.float64]))
def test_the_fast_form_equals_im2col(geometry, seed, dtype):
    """One product a batch: y = W columns + b, dW = dy columnsᵀ, and col2im of Wᵀ dy."""
    x, w, b, dy = arrays = draw_arrays(geometry, seed, whole, dtype)
    columns, flat_w, flat_dy = F.im2col(x, geometry.kernel, **geometry.kwargs), w.reshape(len(w), -1), dy.reshape(*dy.shape[:2], -1)
    y = (flat_w @ columns + b[:, None]).reshape(dy.shape)
    dx = F.col2im(flat_w.T @ flat_dy, x.shape[2:], geometry.kernel, **geometry.kwargs)
    dw = (flat_dy @ columns.transpose(0, 2, 1)).sum(axis=0).reshape(w.shape)
    assert_equal(forward_and_backward(arrays, geometry), [y, dx, dw, dy.sum(axis=(0, 2, 3))])


@given(geometries(), SEEDS)
def test_without_a_bias(geometry, seed):
    x, w, b, dy = draw_arrays(geometry, seed, whole)
    y, dx, dw, _ = forward_and_backward([x, w, 0 * b, dy], geometry)
    without = forward_and_backward([x, w, None, dy], geometry)
    assert without[3] is None
    assert_equal(without[:3], [y, dx, dw])
    if x.size * w.size < 2000:
        assert_equal([F.conv2d_loops(x, w, None, **geometry.kwargs)], [y])


@given(geometries(), SEEDS, st.booleans())
def test_without_the_gradient_of_the_input(geometry, seed, biased):
    x, w, b, dy = draw_arrays(geometry, seed, whole)
    cache = F.conv2d(x, w, b if biased else None, **geometry.kwargs)[1]
    dx, *others = F.conv2d_backward(dy, cache, input_gradient=False)
    assert dx is None
    assert_equal(others[:1 + biased], F.conv2d_backward(dy, cache)[1:2 + biased])


@settings(max_examples=300)
@given(geometries(side=6), SEEDS)
def test_backward_is_the_slope_of_forward(geometry, seed):
    """Forward is linear in each of x, w and b, so with whole numbers and a nudge of one, differences are exact."""
    *arrays, dy = draw_arrays(geometry, seed, whole)
    _, *gradients = forward_and_backward([*arrays, dy], geometry)
    nudged = [array.copy() for array in arrays]

    def loss():
        return np.vdot(dy, F.conv2d(*nudged, **geometry.kwargs)[0])

    assert_equal(gradients, [numeric_gradient(loss, array, eps=1.0) for array in nudged])


@settings(max_examples=300)
@given(geometries(), SEEDS)
def test_backward_is_the_adjoint(geometry, seed):
    x, w, b, dy = draw_arrays(geometry, seed)
    cache = F.conv2d(x, w, b, **geometry.kwargs)[1]
    no_x, no_b = np.zeros_like(x), np.zeros_like(b)  # y is linear in each of x, w and b where nothing is added to it
    for place, array, forward in ((0, x, lambda x: F.conv2d(x, w, no_b, **geometry.kwargs)[0]),
                                  (1, w, lambda w: F.conv2d(x, w, no_b, **geometry.kwargs)[0]),
                                  (2, b, lambda b: F.conv2d(no_x, w, b, **geometry.kwargs)[0])):
        assert adjoint_error(forward, lambda dy: F.conv2d_backward(dy, cache)[place], array, dy) < 1e-12


@settings(max_examples=300)
@given(geometries(), SEEDS)
def test_col2im_is_the_adjoint_of_im2col(geometry, seed):
    g, rng = geometry, np.random.default_rng(seed)
    x, columns = normal(rng, (g.count, g.channels, *g.size)), normal(rng, g.columns)
    assert adjoint_error(lambda x: F.im2col(x, g.kernel, **g.kwargs),
                         lambda columns: F.col2im(columns, g.size, g.kernel, **g.kwargs), x, columns) < 1e-12


@given(geometries(), SEEDS)
def test_what_no_window_reaches_has_no_gradient(geometry, seed):
    """Every other pixel of a row and column that windows meet has one: all taps and upstream gradients are positive."""
    x, w, _, dy = map(np.abs, draw_arrays(geometry, seed))
    dx = forward_and_backward([x, w + 1, np.zeros(len(w)), dy + 1], geometry)[1]
    met = [np.array([any(start <= place < start + kernel for start in starts) for place in range(size)])
           for starts, (size, kernel, *_) in zip(geometry.starts, geometry.axes)]
    assert np.array_equal(dx != 0, np.broadcast_to(np.outer(*met), dx.shape))


# --- What any convolution obeys -------------------------------------------------------------------

@given(geometries(), SEEDS)
def test_linearity(geometry, seed):
    """In the images for given filters, in the filters for given images; the way back in dy."""
    (x, w, b, dy), (x2, w2, b2, dy2) = (draw_arrays(geometry, seed + more, whole) for more in (0, 1))
    y, dx, dw, db = forward_and_backward([x, w, b, dy], geometry)
    by_x = forward_and_backward([x2, w, 0 * b, dy2], geometry)
    assert_equal(forward_and_backward([2 * x - 3 * x2, w, 2 * b, 2 * dy - 3 * dy2], geometry)[:2],
                 [2 * y - 3 * by_x[0], 2 * dx - 3 * by_x[1]])
    by_w = forward_and_backward([x, w2, b2, dy2], geometry)
    assert_equal(forward_and_backward([x, 2 * w - 3 * w2, 2 * b - 3 * b2, 2 * dy - 3 * dy2], geometry)[::2],
                 [2 * y - 3 * by_w[0], 2 * dw - 3 * by_w[2]])
    assert_equal(forward_and_backward([x, w, b, 2 * dy - 3 * dy2], geometry)[3:], [2 * db - 3 * by_w[3]])


@given(geometries(), SEEDS, st.data())
def test_translation_equivariance(geometry, seed, data):
    """Move the image by d strides and the output moves by d: at stride 1, by as much as the image."""
    x, w, b, _ = draw_arrays(geometry, seed, whole)
    stride = [stride for _, _, stride, _ in geometry.axes]
    x = np.pad(x, ((0, 0), (0, 0), *((pad, pad) for *_, pad in geometry.axes)))
    y = F.conv2d(x, w, b, stride=geometry.stride)[0]
    down, right = (data.draw(st.integers(0, count - 1)) for count in geometry.out)
    moved = F.conv2d(x[:, :, down * stride[0]:, right * stride[1]:], w, b, stride=geometry.stride)[0]
    assert_equal([moved], [y[:, :, down:, right:]])


@given(geometries(), SEEDS)
def test_images_and_filters_do_not_touch_each_other(geometry, seed):
    x, w, b, dy = arrays = draw_arrays(geometry, seed, whole)
    y, dx, dw, db = forward_and_backward(arrays, geometry)
    alone = [[forward_and_backward([x[n:n + 1], w[f:f + 1], b[f:f + 1], dy[n:n + 1, f:f + 1]], geometry)
              for f in range(len(w))] for n in range(len(x))]
    assert_equal([y, dx, dw, db],
                 [np.concatenate([np.concatenate([part[0] for part in row], axis=1) for row in alone]),
                  np.concatenate([sum(part[1] for part in row) for row in alone]),
                  np.concatenate([sum(row[f][2] for row in alone) for f in range(len(w))]),
                  np.concatenate([sum(row[f][3] for row in alone) for f in range(len(w))])])


@given(geometries(side=8), SEEDS)
def test_layout_in_memory_does_not_matter(geometry, seed):
    arrays = draw_arrays(geometry, seed, whole)
    wanted = forward_and_backward(arrays, geometry)
    assert_equal(forward_and_backward([np.asfortranarray(array) for array in arrays], geometry), wanted)
    assert_equal(forward_and_backward([np.flip(np.flip(array).copy()) for array in arrays], geometry), wanted)
    columns = F.im2col(arrays[0], geometry.kernel, **geometry.kwargs)
    back = F.col2im(columns, geometry.size, geometry.kernel, **geometry.kwargs)
    assert_equal([F.col2im(np.asfortranarray(columns), geometry.size, geometry.kernel, **geometry.kwargs)], [back])


@given(geometries(side=8), SEEDS)
def test_nothing_beside_the_arrays_is_read(geometry, seed):
    """Images and gradients cut out of larger arrays, with nan all around: a step too far in memory would show."""
    *arrays, dy = draw_arrays(geometry, seed, whole)
    wanted = forward_and_backward([*arrays, dy], geometry)
    for order in ((0, 1, 2, 3), (0, 2, 3, 1)):  # channels first and channels last
        back = np.argsort(order)

        def guarded(array, margin):
            laid = array.transpose(order)
            around = np.full([size + 2 * more for size, more in zip(laid.shape, margin)], np.nan)
            inside = around[tuple(slice(more, more + size) for size, more in zip(laid.shape, margin))]
            inside[...] = laid
            return inside.transpose(back)

        for margin in ((1, 0, 0, 0), (1, 1, 2, 1)):
            x, dy_too = guarded(arrays[0], margin), guarded(dy, margin)
            assert_equal(forward_and_backward([x, *arrays[1:], dy_too], geometry), wanted)


@given(geometries(), SEEDS)
@example(Geometry(1, 1, 1, (3, 3), 1, 1, 0), 0)  # here a window, and there the whole image, could be taken as a view
@example(Geometry(1, 1, 1, (3, 3), 3, 1, 0), 0)
def test_nothing_is_written_into_and_nothing_shared(geometry, seed):
    g, arrays = geometry, draw_arrays(geometry, seed, whole)
    wanted = forward_and_backward(arrays, g)
    *inputs, dy = frozen(arrays)
    y, cache = F.conv2d(*inputs, **g.kwargs)
    y_before = y.copy()
    y[...] = np.nan  # an activation may work in place
    kept = [part.copy() for part in cache if isinstance(part, np.ndarray)]
    gradients = F.conv2d_backward(dy, cache)
    assert_equal([y_before, *gradients], wanted)
    assert_equal([part for part in cache if isinstance(part, np.ndarray)], kept)
    assert_equal(F.conv2d_backward(dy, cache), gradients)  # the cache is not used up
    columns, (handed,) = F.im2col(inputs[0], g.kernel, **g.kwargs), frozen([whole(np.random.default_rng(seed), g.columns)])
    outputs = [y, *gradients, columns, F.col2im(handed, g.size, g.kernel, **g.kwargs)]
    if max(g.size) < 5:
        outputs += [F.conv2d_loops(*inputs, **g.kwargs), *F.conv2d_backward_loops(dy, *inputs[:2], **g.kwargs)]
    for place, output in enumerate(outputs):
        assert output.flags.writeable
        assert not any(np.may_share_memory(output, other) for other in (*inputs, dy, handed, *outputs[:place]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(geometry=geometries(side=4), seed=SEEDS)
@settings(max_examples=20)
def test_dtype_is_kept(geometry, seed, dtype):
    g, arrays = geometry, draw_arrays(geometry, seed, dtype=dtype)
    x, w, b, dy = arrays
    columns = F.im2col(x, g.kernel, **g.kwargs)
    outputs = [*forward_and_backward(arrays, g), columns, F.col2im(columns, g.size, g.kernel, **g.kwargs),
               F.conv2d_loops(x, w, b, **g.kwargs), *F.conv2d_backward_loops(dy, x, w, **g.kwargs)]
    assert {array.dtype for array in outputs} == {np.dtype(dtype)}


@given(geometries(), SEEDS, st.data())
def test_not_a_number_is_passed_on_to_the_windows_that_see_it(geometry, seed, data):
    x, w, b, _ = draw_arrays(geometry, seed)
    place = tuple(data.draw(st.integers(0, length - 1)) for length in x.shape)
    x[place] = np.nan
    seen = np.zeros((len(x), 1, *geometry.out), bool)
    rows, columns = ([start <= pixel < start + kernel for start in starts]
                     for starts, pixel, kernel in zip(geometry.starts, place[2:], both(geometry.kernel)))
    seen[place[0], 0] = np.outer(rows, columns)
    y = F.conv2d(x, w, b, **geometry.kwargs)[0]
    assert np.array_equal(np.isnan(y), np.broadcast_to(seen, y.shape))


# --- PyTorch --------------------------------------------------------------------------------------

def torch_conv(torch, arrays, geometry):
    """y, dx, dw, db of PyTorch, in float64."""
    *tensors, dy = (torch.tensor(array.astype(np.float64), requires_grad=True) for array in arrays)
    y = torch.nn.functional.conv2d(*tensors, **geometry.kwargs)
    y.backward(dy.detach())
    return [y.detach().numpy(), *(tensor.grad.numpy() for tensor in tensors)]


@pytest.mark.torch
@settings(max_examples=300)
@given(geometry=geometries(), seed=SEEDS)
def test_conv2d_equals_pytorch(torch, geometry, seed):
    """float64 to 1e-10. float32 to what rounding may do: a sum of n products is off by at most n eps times the sum
    of their absolute values, whatever the order (Higham 2002, section 3.1)."""
    for dtype in (np.float64, np.float32):
        arrays = draw_arrays(geometry, seed, dtype=dtype)
        found, wanted = forward_and_backward(arrays, geometry), torch_conv(torch, arrays, geometry)
        sizes = torch_conv(torch, [np.abs(array) for array in arrays], geometry)
        taps, places = int(np.prod(both(geometry.kernel))), geometry.count * int(np.prod(geometry.out))
        terms = geometry.channels * taps + 1, geometry.filters * taps, places, places
        for mine, theirs, size, count in zip(found, wanted, sizes, terms, strict=True):
            assert mine.shape == theirs.shape and mine.dtype == dtype
            error = np.abs(mine - theirs)
            assert (error <= (count + 1) * np.finfo(dtype).eps * size).all()
            assert dtype == np.float32 or error.max() < 1e-10


@pytest.mark.torch
@settings(max_examples=300)
@given(geometry=geometries(), seed=SEEDS)
def test_im2col_and_col2im_equal_pytorch(torch, geometry, seed):
    g, rng = geometry, np.random.default_rng(seed)
    x, columns = whole(rng, (g.count, g.channels, *g.size)), whole(rng, g.columns)
    unfolded = torch.nn.functional.unfold(torch.tensor(x), g.kernel, **g.kwargs).numpy()
    folded = torch.nn.functional.fold(torch.tensor(columns), g.size, g.kernel, **g.kwargs).numpy()
    assert_equal([F.im2col(x, g.kernel, **g.kwargs), F.col2im(columns, g.size, g.kernel, **g.kwargs)], [unfolded, folded])


# --- The layer ------------------------------------------------------------------------------------

def layer_for(geometry, seed=0, dtype=np.float64):
    g = geometry
    layer = Conv2d(g.channels, g.filters, g.kernel, np.random.default_rng(seed), **g.kwargs, dtype=dtype)
    layer.bias.value[...] = np.random.default_rng(seed + 1).standard_normal(g.filters)
    return layer


@given(geometries(), SEEDS, st.sampled_from([np.float32, np.float64]))
def test_layer_is_the_formula(geometry, seed, dtype):
    x, w, b, dy = arrays = draw_arrays(geometry, seed, dtype=dtype)
    layer = layer_for(geometry, dtype=dtype)
    assert {name: value.shape for name, value in layer.state_dict().items()} == {"weight": w.shape, "bias": b.shape}
    layer.load_state_dict({"weight": w, "bias": b})
    for _ in range(2):  # gradients are replaced, not summed
        outputs = layer(x), layer.backward(dy), layer.weight.grad, layer.bias.grad
        assert_equal(outputs, forward_and_backward(arrays, geometry))


@settings(max_examples=30)
@given(geometries(side=5), SEEDS)
def test_gradients_of_the_layer(geometry, seed):
    """The layer is linear in each of x, weight and bias: a nudge of one is as good as a small one, and loses no digits."""
    x, *_, dy = draw_arrays(geometry, seed)
    errors = check_module(layer_for(geometry), x, np.random.default_rng(seed), eps=1.0)
    assert errors.keys() == {"x", "weight", "bias"}
    assert all(error < 1e-7 for error in errors.values()), errors


@pytest.mark.torch
@given(geometry=geometries(), seed=SEEDS)
def test_the_layer_takes_pytorchs_weights(torch, geometry, seed):
    g = geometry
    peer = torch.nn.Conv2d(g.channels, g.filters, g.kernel, **g.kwargs).double()
    layer = layer_for(g)
    assert list(layer.state_dict()) == list(peer.state_dict())
    layer.load_state_dict({name: tensor.numpy() for name, tensor in peer.state_dict().items()})
    x, *_ = draw_arrays(g, seed)
    assert np.abs(layer(x) - peer(torch.tensor(x)).detach().numpy()).max() < 1e-10


def test_how_filters_begin():
    """Drawn by the init named, from the generator handed in; he_normal has the variance 2 / (C KH KW)."""
    layer = Conv2d(8, 60, (5, 11), np.random.default_rng(3))
    weight = layer.weight.value
    assert np.array_equal(weight, init.he_normal((60, 8, 5, 11), np.random.default_rng(3)))
    square = weight.astype(np.float64)**2 * (8 * 5 * 11) / 2
    assert abs(square.mean() - 1) < 5 * np.sqrt(2 / square.size)  # five standard errors
    assert weight.dtype == layer.bias.value.dtype == np.float32 and layer.bias.value.tolist() == [0] * 60
    assert layer.weight.grad.shape == weight.shape and not layer.weight.grad.any()
    other = Conv2d(8, 60, (5, 11), np.random.default_rng(3), init=init.glorot_uniform, dtype=np.float64)
    assert np.array_equal(other.weight.value, init.glorot_uniform((60, 8, 5, 11), np.random.default_rng(3), np.float64))


def test_what_the_layer_prints_and_that_it_must_run_forward_first():
    layer = Conv2d(3, 16, (8, 4), np.random.default_rng(0), stride=2, padding=(1, 0))
    assert repr(layer) == "Conv2d(3, 16, (8, 4), stride=(2, 2), padding=(1, 0))"
    with pytest.raises(RuntimeError, match="Conv2d.*backward was called before forward: run forward"):
        layer.backward(np.ones((1, 16, 1, 1), np.float32))


# --- Bad input ------------------------------------------------------------------------------------

def huge(*shape, dtype=np.float64):
    """A batch that no memory could hold, though itself it is one number: any work on it would be a MemoryError."""
    return np.broadcast_to(np.ones((), dtype), shape)


N = 10**12
X, W, B, DY, COLUMNS = huge(N, 3, 5, 6), np.ones((4, 3, 2, 2)), np.ones(4), huge(N, 4, 4, 5), huge(N, 12, 20)
FORWARD = {"conv2d": F.conv2d, "conv2d_loops": F.conv2d_loops,
           "conv2d_backward_loops": lambda x, w, b, *args, **kwargs: F.conv2d_backward_loops(DY, x, w, *args, **kwargs)}
CALLS = {name: lambda call=call, **kwargs: call(X, W, B, **kwargs) for name, call in FORWARD.items()}
CALLS |= {
    "im2col": lambda kernel_size=2, **kwargs: F.im2col(X, kernel_size, **kwargs),
    "col2im": lambda kernel_size=2, size=(5, 6), **kwargs: F.col2im(COLUMNS, size, kernel_size, **kwargs),
    "Conv2d": lambda kernel_size=2, **kwargs: Conv2d(3, 4, kernel_size, np.random.default_rng(0), **kwargs),
}
SETTINGS = [(name, key) for name in CALLS for key in ("stride", "padding")]
SETTINGS += [("im2col", "kernel_size"), ("col2im", "kernel_size"), ("Conv2d", "kernel_size"), ("col2im", "size")]
NOT_WHOLE = [1.0, np.float64(2), True, np.True_, (1, True), (1, 2.0), (1.5, 1), (1, 2, 3), (1,), (), [2], "2",
             ((1, 1), (1, 1)), np.array([1, 2])]


def too_small(least):
    return [least - 1, -7, (least - 1, 2), (2, least - 1), [2, -1], np.int64(-1)]


def raises(kind, call, *parts):
    """`call` must raise `kind`, with every part in its message."""
    with pytest.raises(kind) as error:
        call()
    for part in parts:
        assert str(part) in str(error.value)


@given(st.tuples(st.integers(-3, 99), st.integers(-3, 99)), st.integers(-3, 3))
def test_pairs(values, least):
    for given_value, wanted in ((values, values), (list(values), values), (values[0], (values[0],) * 2),
                                (np.int64(values[0]), (values[0],) * 2), ((np.int8(values[0]), values[1]), values)):
        if min(wanted) < least:
            raises(ValueError, lambda: checks.pair("here", "step", given_value, least),
                   f"here: step must be at least {least}, but it is {given_value!r}")
        else:
            found = checks.pair("here", "step", given_value, least)
            assert found == wanted and {type(part) for part in found} == {int}


@pytest.mark.parametrize("name, key", SETTINGS)
def test_settings_must_be_whole_numbers_or_pairs(name, key):
    for bad in [*NOT_WHOLE, None]:
        raises(TypeError, lambda: CALLS[name](**{key: bad}),
               f"{name}: {key} must be a whole number or a pair of them (height, width), not {bad!r}")
    least = 0 if key == "padding" else 1
    for bad in too_small(least):
        raises(ValueError, lambda: CALLS[name](**{key: bad}), f"{name}: {key} must be at least {least}, but it is {bad!r}")


@given(st.tuples(*[st.integers(1, 9)] * 2), st.tuples(*[st.integers(0, 4)] * 2),
       st.sampled_from([(1, 0), (0, 1), (1, 1), (5, 0), (0, 5)]), st.integers(1, 4))
def test_windows_larger_than_the_padded_image(size, padding, excess, stride):
    padded = tuple(length + 2 * pad for length, pad in zip(size, padding))
    kernel = tuple(length + more for length, more in zip(padded, excess))
    x, w = huge(N, 3, *size), np.ones((4, 3, *kernel))
    calls = {name: lambda call=call: call(x, w, B, stride, padding) for name, call in FORWARD.items()}
    calls["im2col"] = lambda: F.im2col(x, kernel, stride, padding)
    calls["col2im"] = lambda: F.col2im(huge(N, 3 * kernel[0] * kernel[1], 1), size, kernel, stride, padding)
    for name, call in calls.items():
        raises(ValueError, call, f"{name}: the window (KH, KW) = {kernel} is larger than the padded image",
               f"(H + 2 PH, W + 2 PW) = {padded}")


@given(st.integers(1, 5), st.integers(1, 5), st.booleans())
def test_channels_that_differ(channels, more, in_x):
    x, w = huge(N, channels + more * in_x, 5, 6), np.ones((4, channels + more * (not in_x), 2, 2))
    for name, call in FORWARD.items():
        raises(ValueError, lambda: call(x, w, B),
               f"{name}: x has {x.shape[1]} channels but the filters expect {w.shape[1]}: ",
               f"x (N, C, H, W) = {x.shape}, w (F, C, KH, KW) = {w.shape}")


@pytest.mark.parametrize("shape", [(), (1,), (3,), (5,), (4, 1), (1, 4), (0,)])
def test_biases_that_do_not_fit(shape):
    for name in ("conv2d", "conv2d_loops"):
        raises(ValueError, lambda: FORWARD[name](X, W, np.ones(shape)),
               f"{name}: there are 4 filters but b has shape {shape}", f"w (F, C, KH, KW) = {W.shape}, b (F,)")


@pytest.mark.parametrize("shape", [(), (3,), (3, 5), (3, 5, 6), (1, 2, 3, 5, 6)])
def test_wrong_number_of_axes(shape):
    bad, images, filters = huge(*shape), "(N, C, H, W)", "(F, C, KH, KW)"
    for name, call in FORWARD.items():
        for other, axes, run in (("x", images, lambda: call(bad, W, B)), ("w", filters, lambda: call(X, bad, B))):
            raises(ValueError, run, f"{name}: {other} must have 4 axes {axes}, but its shape is {shape}")
    raises(ValueError, lambda: F.im2col(bad, 2), f"im2col: x must have 4 axes {images}, but its shape is {shape}")
    if len(shape) != 3:
        raises(ValueError, lambda: F.col2im(bad, 5, 2),
               f"col2im: columns must have 3 axes (N, C KH KW, OH OW), but its shape is {shape}")


@pytest.mark.parametrize("place", range(4))
def test_nothing_may_be_empty(place):
    x, w, columns = (huge(*array.shape[:place], 0, *array.shape[place + 1:]) for array in (X, W, COLUMNS))
    in_x, in_w = ("N", "C", "H", "W")[place], ("F", "C", "KH", "KW")[place]
    for name, call in FORWARD.items():
        raises(ValueError, lambda: call(x, W, B), f"{name}: x is empty along {in_x}: x (N, C, H, W) = {x.shape}")
        raises(ValueError, lambda: call(X, w, B), f"{name}: w is empty along {in_w}: w (F, C, KH, KW) = {w.shape}")
    raises(ValueError, lambda: F.im2col(x, 2), f"im2col: x is empty along {in_x}: x (N, C, H, W) = {x.shape}")
    if place < 3:
        raises(ValueError, lambda: F.col2im(columns, (5, 6), 2),
               f"columns is empty along {('N', 'C KH KW', 'OH OW')[place]}: columns (N, C KH KW, OH OW) = {columns.shape}")


@pytest.mark.parametrize("kind", [int, bool, complex, object, np.uint8, list, None], ids=str)
def test_arrays_must_be_floating_point(kind):
    def turned(array):
        if kind in (list, None):
            return kind and np.ones((1, 3, 5, 6)).tolist()
        return huge(*array.shape, dtype=kind)

    cache = F.conv2d(np.ones((1, 3, 5, 6)), W, B)[1]
    runs = [("x", name, lambda call=call: call(turned(X), W, B)) for name, call in FORWARD.items()]
    runs += [("w", name, lambda call=call: call(X, turned(W), B)) for name, call in FORWARD.items()]
    if kind is not None:  # there may be no bias
        runs += [("b", name, lambda name=name: FORWARD[name](X, W, turned(B))) for name in ("conv2d", "conv2d_loops")]
    runs += [("x", "im2col", lambda: F.im2col(turned(X), 2)),
             ("columns", "col2im", lambda: F.col2im(turned(COLUMNS), (5, 6), 2)),
             ("dy", "conv2d_backward", lambda: F.conv2d_backward(turned(DY), cache)),
             ("dy", "conv2d_backward_loops", lambda: F.conv2d_backward_loops(turned(DY), X, W))]
    for array, name, run in runs:
        must = "must be a NumPy array" if kind in (list, None) else f"has dtype {np.dtype(kind)} but must be floating point"
        raises(TypeError, run, f"{name}: {array} {must}")


def test_arrays_must_share_a_dtype():
    single = np.float32
    for name, call in FORWARD.items():
        for x, w in ((huge(*X.shape, dtype=single), W), (X, W.astype(single))):
            raises(TypeError, lambda: call(x, w, B), f"{name}: the arrays must share one dtype",
                   f"x is {x.dtype}", f"w is {w.dtype}")
    for name in ("conv2d", "conv2d_loops"):
        raises(TypeError, lambda: FORWARD[name](X, W, B.astype(single)), f"{name}: the arrays must share one dtype, but "
               "x is float64, w is float64, b is float32")


@given(geometries(side=6), st.data())
def test_the_gradient_that_arrives_must_fit_the_output(geometry, data):
    x, w, b, dy = draw_arrays(geometry, 0)
    cache = F.conv2d(x, w, b, **geometry.kwargs)[1]
    shape = list(dy.shape)
    shape[data.draw(st.integers(0, 3))] += data.draw(st.sampled_from([-1, 1, N]))
    for name, call in (("conv2d_backward", lambda dy: F.conv2d_backward(dy, cache)),
                       ("conv2d_backward_loops", lambda dy: F.conv2d_backward_loops(dy, x, w, **geometry.kwargs))):
        for bad in (tuple(shape), dy.shape[1:], (*dy.shape, 1), (N, *dy.shape), (dy.size,)):
            raises(ValueError, lambda: call(huge(*bad)), f"{name}: dy has shape {bad} but the output had shape {dy.shape}")
        raises(TypeError, lambda: call(dy.astype(np.float32)), f"{name}: dy is float32 but the forward pass ran in float64")


@given(geometries(), st.sampled_from([-2, -1, 1, 2]), st.integers(1, 5))
def test_columns_that_do_not_fit(geometry, more, rest):
    _, depth, places = geometry.columns
    taps = int(np.prod(both(geometry.kernel)))
    bad = [(N, depth, places + (more if places + more > 0 else 1))] + [(N, depth + rest, places)] * (rest % taps > 0)
    for shape in bad:
        raises(ValueError, lambda: F.col2im(huge(*shape), geometry.size, geometry.kernel, **geometry.kwargs),
               f"col2im: columns (N, C KH KW, OH OW) = {shape} do not fit windows (KH, KW) = {both(geometry.kernel)} "
               f"at (OH, OW) = {geometry.out} places")
