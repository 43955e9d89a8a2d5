"""Pooling for any size, stride and padding: loops, finite differences, PyTorch, bad input; and a whole network of layers.

As for convolution, many tests draw whole numbers, so that results must be equal bit for bit.
"""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_convolution import (
    NOT_WHOLE, SEEDS, N, assert_equal, both, frozen, geometries, huge, normal, raises, too_small, torch, whole,
)

from helpers import functional as F
from helpers import layers
from helpers.gradcheck import adjoint_error, check_module, numeric_gradient
from helpers.layers import AvgPool2d, Linear, MaxPool2d, Sequential

POOLS = {"max_pool2d": (F.max_pool2d, F.max_pool2d_backward, MaxPool2d),
         "avg_pool2d": (F.avg_pool2d, F.avg_pool2d_backward, AvgPool2d)}
each_pool = pytest.mark.parametrize("name", POOLS)
GEOMETRIES = geometries(pool=True)
WINDOWS_AND_PADDINGS = st.tuples(st.tuples(*[st.integers(1, 6)] * 2), st.tuples(*[st.integers(0, 4)] * 2))


def ties(rng, shape, dtype=np.float64):
    return rng.integers(-1, 2, shape).astype(dtype)


def negative(rng, shape, dtype=np.float64):
    return rng.integers(-5, 0, shape).astype(dtype)


def mostly_minus_infinity(rng, shape, dtype=np.float64):
    return np.where(rng.random(shape) < 0.8, -np.inf, rng.integers(-9, 10, shape)).astype(dtype)


def distinct(rng, shape, dtype=np.float64):
    """Whole numbers, no two of them nearer than two."""
    return 2 * (rng.permutation(np.prod(shape)).reshape(shape) - np.prod(shape) // 2).astype(dtype)


ANY_X = st.sampled_from([whole, ties, negative, distinct])


def draw_arrays(geometry, seed, draw=whole, dtype=np.float64, times=1):
    """x and dy: whole numbers unless told otherwise, times the number of taps where their mean is to be exact."""
    g, rng = geometry, np.random.default_rng(seed)
    x, dy = draw(rng, (g.count, g.channels, *g.size), dtype), whole(rng, (g.count, g.channels, *g.out), dtype)
    return [array * dtype(times) for array in (x, dy)]


def taps(geometry):
    return int(np.prod(both(geometry.kernel)))


def forward_and_backward(name, arrays, geometry):
    """y, dx."""
    forward, backward, _ = POOLS[name]
    x, dy = arrays
    y, cache = forward(x, geometry.kernel, **geometry.kwargs)
    return [y, backward(dy, cache)]


def loops(name, arrays, geometry):
    """y, dx: window by window, each cut off at the edges of the image, so that there is no padding at all."""
    x, dy = arrays
    y, dx = np.empty_like(dy), np.zeros_like(x)
    rows, columns = geometry.starts
    kernel_h, kernel_w = both(geometry.kernel)
    for n, c, i, j in np.ndindex(y.shape):
        top, left = max(rows[i], 0), max(columns[j], 0)
        window = x[n, c, top:rows[i] + kernel_h, left:columns[j] + kernel_w]
        if name == "max_pool2d":
            y[n, c, i, j] = window.max()
            first = next(place for place in np.ndindex(window.shape) if window[place] == window.max())
            dx[n, c, top + first[0], left + first[1]] += dy[n, c, i, j]
        else:
            y[n, c, i, j] = window.sum() / (kernel_h * kernel_w)
            dx[n, c, top:top + window.shape[0], left:left + window.shape[1]] += dy[n, c, i, j] / (kernel_h * kernel_w)
    return [y, dx]


# --- Loops, finite differences, the adjoint -------------------------------------------------------

def test_pools_by_hand():
    x = np.array([[[[1.0, 8, 8, 4], [5, 6, 7, 12], [9, 10, 11, 12]]]])
    dy = np.array([[[[1.0, 2], [4, 8]]]])
    y, cache = F.max_pool2d(x, 2, (1, 2))
    assert y.tolist() == [[[[8, 12], [10, 12]]]]  # the 12 above comes first where both are seen
    assert F.max_pool2d_backward(dy, cache).tolist() == [[[[0, 1, 0, 0], [0, 0, 0, 10], [0, 4, 0, 0]]]]
    y, cache = F.avg_pool2d(x, 2, (1, 2))
    assert y.tolist() == [[[[5, 31 / 4], [30 / 4, 42 / 4]]]]
    assert F.avg_pool2d_backward(4 * dy, cache).tolist() == [[[[1, 1, 2, 2], [5, 5, 10, 10], [4, 4, 8, 8]]]]
    # A row of zeros above: it counts in the mean and never wins. Another below, and the last column, are left over.
    for forward, wanted in ((F.avg_pool2d, -35 / 9), (F.max_pool2d, -1)):
        assert forward(-x, 3, padding=(1, 0))[0].tolist() == [[[[wanted]]]]


@each_pool
@settings(max_examples=300)
@given(geometry=geometries(side=7, pool=True), seed=SEEDS, draw=ANY_X, dtype=st.sampled_from([np.float32, np.float64]))
def test_vectorised_equals_loops(name, geometry, seed, draw, dtype):
    arrays = draw_arrays(geometry, seed, draw, dtype, taps(geometry))
    assert_equal(forward_and_backward(name, arrays, geometry), loops(name, arrays, geometry))


@each_pool
@settings(max_examples=200)
@given(geometry=geometries(side=7, pool=True), seed=SEEDS)
def test_backward_is_the_slope_of_forward(name, geometry, seed):
    """No two pixels of x are nearer than 2 taps, so that a nudge of half of one changes no winner: differences are exact."""
    forward, times = POOLS[name][0], taps(geometry)
    x, dy = draw_arrays(geometry, seed, distinct, times=times)
    dx = forward_and_backward(name, [x, dy], geometry)[1]

    def loss():
        return np.vdot(dy, forward(x, geometry.kernel, **geometry.kwargs)[0])

    assert_equal([dx], [numeric_gradient(loss, x, eps=times / 2)])


@given(GEOMETRIES, SEEDS)
def test_avg_pool2d_backward_is_the_adjoint(geometry, seed):
    (x, _), rng = draw_arrays(geometry, seed, normal), np.random.default_rng(seed)
    y, cache = F.avg_pool2d(x, geometry.kernel, **geometry.kwargs)
    assert adjoint_error(lambda x: F.avg_pool2d(x, geometry.kernel, **geometry.kwargs)[0],
                         lambda dy: F.avg_pool2d_backward(dy, cache), x, normal(rng, y.shape)) < 1e-12


@given(GEOMETRIES, SEEDS, ANY_X)
def test_max_pool2d_backward_is_the_adjoint_while_the_winners_stay(geometry, seed, draw):
    """y picks pixels of x, and is linear in x as long as it picks the same: <y, dy> = <x, dx>, here exactly."""
    x, dy = draw_arrays(geometry, seed, draw)
    y, dx = forward_and_backward("max_pool2d", [x, dy], geometry)
    assert np.vdot(y, dy) == np.vdot(x, dx)


# --- What any pooling obeys -----------------------------------------------------------------------

@given(GEOMETRIES, SEEDS)
def test_padding_never_wins(geometry, seed):
    x, dy = draw_arrays(geometry, seed, negative)
    y, dx = forward_and_backward("max_pool2d", [x, dy + 10], geometry)
    assert (y < 0).all() and np.isin(y, x).all()
    assert dx.sum() == (dy + 10).sum()  # nothing of the gradient is lost in the padding
    y, dx = forward_and_backward("max_pool2d", [np.full_like(x, -np.inf), dy + 10], geometry)
    assert (y == -np.inf).all() and dx.sum() == (dy + 10).sum()


@each_pool
@given(geometry=GEOMETRIES, seed=SEEDS, draw=ANY_X)
def test_channels_do_not_touch_each_other(name, geometry, seed, draw):
    x, dy = arrays = draw_arrays(geometry, seed, draw)
    y, dx = forward_and_backward(name, arrays, geometry)
    for n, c in np.ndindex(x.shape[:2]):
        alone = np.s_[n:n + 1, c:c + 1]
        assert_equal(forward_and_backward(name, [x[alone], dy[alone]], geometry), [y[alone], dx[alone]])


@each_pool
@given(geometry=GEOMETRIES, seed=SEEDS)
def test_the_stride_is_the_window_unless_given(name, geometry, seed):
    forward, (x, _) = POOLS[name][0], draw_arrays(geometry, seed)
    wanted = forward(x, geometry.kernel, both(geometry.kernel), geometry.padding)[0]
    assert_equal([forward(x, geometry.kernel, padding=geometry.padding)[0]], [wanted])
    assert_equal([forward(x, geometry.kernel, None, geometry.padding)[0]], [wanted])


@each_pool
@given(geometry=GEOMETRIES, seed=SEEDS, draw=ANY_X)
def test_nothing_is_written_into_and_nothing_shared(name, geometry, seed, draw):
    forward, backward, _ = POOLS[name]
    arrays = draw_arrays(geometry, seed, draw)
    wanted = forward_and_backward(name, arrays, geometry)
    assert_equal(forward_and_backward(name, [np.asfortranarray(array) for array in arrays], geometry), wanted)
    x, dy = frozen(arrays)
    y, cache = forward(x, geometry.kernel, **geometry.kwargs)
    kept = y.copy()
    y[...] = np.nan  # an activation may work in place
    dx = backward(dy, cache)
    assert_equal([kept, dx], wanted)
    assert_equal([backward(dy, cache)], [dx])  # the cache is not used up
    for place, output in enumerate((y, dx)):
        assert output.flags.writeable
        assert not any(np.may_share_memory(output, other) for other in (x, dy, y)[:2 + place])


@each_pool
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(geometry=GEOMETRIES, seed=SEEDS)
def test_dtype_is_kept(name, geometry, seed, dtype):
    y, dx = forward_and_backward(name, draw_arrays(geometry, seed, dtype=dtype), geometry)
    assert y.dtype == dx.dtype == dtype


@each_pool
@given(geometry=GEOMETRIES, seed=SEEDS, share=st.sampled_from([0.02, 0.5, 1]))
def test_not_a_number_is_passed_on_to_the_windows_that_see_it(name, geometry, seed, share):
    (x, dy), rng = draw_arrays(geometry, seed), np.random.default_rng(seed)
    lost = rng.random(x.shape) < share
    seen = loops("max_pool2d", [lost.astype(float), dy], geometry)[0] == 1
    y, dx = forward_and_backward(name, [np.where(lost, np.nan, x), dy], geometry)
    assert np.array_equal(np.isnan(y), seen)
    assert_equal([y[~seen]], [forward_and_backward(name, [x, dy], geometry)[0][~seen]])
    assert np.isfinite(dx).all() and (name == "avg_pool2d" or dx.sum() == dy.sum())


@given(GEOMETRIES, SEEDS, st.sampled_from([np.inf, -np.inf, np.nan]))
def test_a_gradient_that_is_not_finite_goes_to_the_winner_alone(geometry, seed, value):
    x, dy = draw_arrays(geometry, seed, distinct)
    dy[0, 0, -1, -1] = value
    dx = forward_and_backward("max_pool2d", [x, dy], geometry)[1]
    assert np.isfinite(dx).sum() == dx.size - 1


# --- PyTorch --------------------------------------------------------------------------------------

def torch_pool(torch, name, arrays, geometry):
    """y, dx of PyTorch, in float64."""
    x, dy = (torch.tensor(array.astype(np.float64), requires_grad=True) for array in arrays)
    y = getattr(torch.nn.functional, name)(x, geometry.kernel, **geometry.kwargs)
    y.backward(dy.detach())
    return [y.detach().numpy(), x.grad.numpy()]


@pytest.mark.torch
@settings(max_examples=300)
@given(geometry=GEOMETRIES, seed=SEEDS, draw=ANY_X | st.sampled_from([normal, mostly_minus_infinity]))
def test_max_pool2d_equals_pytorch(torch, geometry, seed, draw):
    """Bit for bit: it picks numbers of x, and adds up whole numbers of dy; ties and what is not finite among them."""
    for dtype in (np.float64, np.float32):
        arrays = draw_arrays(geometry, seed, draw, dtype)
        wanted = [array.astype(dtype) for array in torch_pool(torch, "max_pool2d", arrays, geometry)]
        assert_equal(forward_and_backward("max_pool2d", arrays, geometry), wanted)


@pytest.mark.torch
@given(geometry=GEOMETRIES, seed=SEEDS, data=st.data())
def test_max_pool2d_of_one_not_a_number_equals_pytorch(torch, geometry, seed, data):
    """Of several in one window we take the first as for any tie, PyTorch the last; either way the network is lost."""
    x, dy = draw_arrays(geometry, seed, distinct)
    x[tuple(data.draw(st.integers(0, length - 1)) for length in x.shape)] = np.nan
    assert_equal(forward_and_backward("max_pool2d", [x, dy], geometry), torch_pool(torch, "max_pool2d", [x, dy], geometry))


@pytest.mark.torch
@settings(max_examples=300)
@given(geometry=GEOMETRIES, seed=SEEDS)
def test_avg_pool2d_equals_pytorch(torch, geometry, seed):
    """float64 to 1e-10; float32 to eps for each number added up, times the mean of the absolute values."""
    for dtype in (np.float64, np.float32):
        x, _ = draw_arrays(geometry, seed, normal, dtype)
        dy = normal(np.random.default_rng(seed), (*x.shape[:2], *geometry.out), dtype)
        sizes = torch_pool(torch, "avg_pool2d", [np.abs(x), np.abs(dy)], geometry)
        wanted = torch_pool(torch, "avg_pool2d", [x, dy], geometry)
        for mine, theirs, size in zip(forward_and_backward("avg_pool2d", [x, dy], geometry), wanted, sizes, strict=True):
            assert mine.shape == theirs.shape and mine.dtype == dtype
            error = np.abs(mine - theirs)
            assert (error <= (taps(geometry) + 1) * np.finfo(dtype).eps * size).all()
            assert dtype == np.float32 or error.max() < 1e-10


@pytest.mark.torch
@given(window_and_padding=WINDOWS_AND_PADDINGS)
def test_paddings_are_refused_as_by_pytorch(torch, window_and_padding):
    (kernel, padding), x = window_and_padding, np.zeros((1, 1, 9, 9))
    for name, (forward, *_) in POOLS.items():
        try:
            wanted = tuple(getattr(torch.nn.functional, name)(torch.tensor(x), kernel, padding=padding).shape)
        except RuntimeError:
            raises(ValueError, lambda: forward(x, kernel, padding=padding), "more than half")
        else:
            assert forward(x, kernel, padding=padding)[0].shape == wanted


# --- Layers ---------------------------------------------------------------------------------------

@each_pool
@given(geometry=GEOMETRIES, seed=SEEDS, draw=ANY_X, dtype=st.sampled_from([np.float32, np.float64]))
def test_layers_are_the_formulas(name, geometry, seed, draw, dtype):
    x, dy = arrays = draw_arrays(geometry, seed, draw, dtype)
    layer = POOLS[name][2](geometry.kernel, geometry.stride, geometry.padding)
    assert layer.parameters() == []
    assert_equal([layer(x), layer.backward(dy)], forward_and_backward(name, arrays, geometry))


@each_pool
def test_what_a_layer_prints_and_that_it_must_run_forward_first(name):
    kind = POOLS[name][2]
    assert repr(kind(2)) == f"{kind.__name__}((2, 2), stride=(2, 2), padding=(0, 0))"
    layer = kind((3, 4), stride=1, padding=(1, 2))
    assert repr(layer) == f"{kind.__name__}((3, 4), stride=(1, 1), padding=(1, 2))"
    with pytest.raises(RuntimeError, match=f"{kind.__name__}.*backward was called before forward: run forward"):
        layer.backward(np.ones((1, 1, 1, 1)))


def image_layers(kinds, channels, rng=()):
    """Settings unlike along height and along width; `kinds` is helpers.layers or torch.nn."""
    return [kinds.Conv2d(channels, 4, (3, 2), *rng, padding=1), kinds.ReLU(), kinds.MaxPool2d(3, stride=2),
            kinds.Conv2d(4, 3, (2, 3), *rng, stride=2, padding=(0, 1)), kinds.AvgPool2d(2, stride=1), kinds.Flatten()]


def network(channels, size, seed):
    """Every layer there is for images, in float64, with biases that are not zero."""
    rng = np.random.default_rng(seed)
    body = image_layers(layers, channels, [rng])
    features = Sequential(*body)(np.zeros((1, channels, *size), np.float32)).shape[1]
    net = Sequential(*body, Linear(features, 5, rng)).double()
    for name, parameter in net.named_parameters():
        if name.endswith("bias"):
            parameter.value[...] = 0.3 * rng.standard_normal(parameter.value.shape)
    return net


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("count, channels, size", [(1, 1, (9, 7)), (2, 3, (12, 9))])
def test_gradients_of_a_whole_network(seed, count, channels, size):
    rng, net = np.random.default_rng(seed), network(channels, size, seed)
    errors = check_module(net, rng.standard_normal((count, channels, *size)), rng)
    assert errors.keys() == {"x", *net.state_dict()}
    assert all(error < 1e-7 for error in errors.values()), errors
    assert all(parameter.grad.any() for parameter in net.parameters())


@pytest.mark.torch
@given(count=st.integers(1, 3), channels=st.integers(1, 3), size=st.tuples(st.integers(9, 14), st.integers(7, 14)), seed=SEEDS)
def test_a_whole_network_equals_pytorch(torch, count, channels, size, seed):
    """The same state_dict, the same batch: the same logits, loss and gradients."""
    net, rng = network(channels, size, seed), np.random.default_rng(seed)
    peer = torch.nn.Sequential(*image_layers(torch.nn, channels), torch.nn.Linear(net.layers[-1].weight.value.shape[1], 5))
    peer.double()
    assert list(net.state_dict()) == list(peer.state_dict())
    peer.load_state_dict({name: torch.tensor(value) for name, value in net.state_dict().items()})

    x, labels = rng.standard_normal((count, channels, *size)), rng.integers(0, 5, count)
    logits = net(x)
    loss, dlogits = F.cross_entropy(logits, labels)
    dx = net.backward(dlogits)
    tensor = torch.tensor(x, requires_grad=True)
    wanted = peer(tensor)
    wanted_loss = torch.nn.functional.cross_entropy(wanted, torch.tensor(labels))
    wanted_loss.backward()

    assert abs(loss - wanted_loss.item()) < 1e-10
    pairs = {"logits": (logits, wanted.detach()), "x": (dx, tensor.grad)}
    pairs |= {name: (parameter.grad, peers.grad)
              for (name, parameter), peers in zip(net.named_parameters(), peer.parameters(), strict=True)}
    for name, (mine, theirs) in pairs.items():
        assert mine.shape == tuple(theirs.shape), name
        assert np.abs(mine - theirs.numpy()).max() < 1e-10, name


# --- Bad input ------------------------------------------------------------------------------------

X = huge(N, 3, 5, 6)
CALLS = {name: lambda kernel_size=2, forward=forward, **kwargs: forward(X, kernel_size, **kwargs)
         for name, (forward, *_) in POOLS.items()}
CALLS |= {kind.__name__: lambda kernel_size=2, kind=kind, **kwargs: kind(kernel_size, **kwargs)
          for _, _, kind in POOLS.values()}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("key", ["kernel_size", "stride", "padding"])
def test_settings_must_be_whole_numbers_or_pairs(name, key):
    for bad in [*NOT_WHOLE, *([] if key == "stride" else [None])]:
        raises(TypeError, lambda: CALLS[name](**{key: bad}),
               f"{name}: {key} must be a whole number or a pair of them (height, width), not {bad!r}")
    least = 0 if key == "padding" else 1
    for bad in too_small(least):
        raises(ValueError, lambda: CALLS[name](**{key: bad}), f"{name}: {key} must be at least {least}, but it is {bad!r}")


@each_pool
@given(size=st.tuples(*[st.integers(1, 9)] * 2), padding=st.tuples(*[st.integers(0, 4)] * 2),
       excess=st.sampled_from([(1, 0), (0, 1), (1, 1), (5, 0), (0, 5)]), stride=st.none() | st.integers(1, 4))
def test_windows_larger_than_the_padded_image(name, size, padding, excess, stride):
    padded = tuple(length + 2 * pad for length, pad in zip(size, padding))
    kernel = tuple(length + more for length, more in zip(padded, excess))
    forward, _, kind = POOLS[name]
    for call in (lambda: forward(huge(N, 3, *size), kernel, stride, padding),
                 lambda: kind(kernel, stride, padding)(huge(N, 3, *size))):
        raises(ValueError, call, f"{name}: the window (KH, KW) = {kernel} is larger than the padded image",
               f"(H + 2 PH, W + 2 PW) = {padded}")


@each_pool
@given(window_and_padding=WINDOWS_AND_PADDINGS)
def test_paddings_above_half_the_window(name, window_and_padding):
    kernel, padding = window_and_padding
    if any(2 * pad > window for pad, window in zip(padding, kernel)):
        forward, _, kind = POOLS[name]
        for call in (lambda: forward(huge(N, 1, 9, 9), kernel, padding=padding),
                     lambda: kind(kernel, padding=padding)(huge(N, 1, 9, 9))):
            raises(ValueError, call, f"{name}: padding {padding} is more than half of the window {kernel}")


@each_pool
@pytest.mark.parametrize("shape", [(), (3,), (3, 5), (3, 5, 6), (1, 2, 3, 5, 6)])
def test_wrong_number_of_axes(name, shape):
    raises(ValueError, lambda: POOLS[name][0](huge(*shape), 2),
           f"{name}: x must have 4 axes (N, C, H, W), but its shape is {shape}")


@each_pool
@pytest.mark.parametrize("place", range(4))
def test_nothing_may_be_empty(name, place):
    shape = (*X.shape[:place], 0, *X.shape[place + 1:])
    raises(ValueError, lambda: POOLS[name][0](huge(*shape), 2),
           f"{name}: x is empty along {'NCHW'[place]}: x (N, C, H, W) = {shape}")


@each_pool
@pytest.mark.parametrize("dtype", [int, bool, complex, object, np.uint8], ids=str)
def test_arrays_must_be_floating_point(name, dtype):
    forward, backward, _ = POOLS[name]
    must, bad = f"has dtype {np.dtype(dtype)} but must be floating point", huge(*X.shape, dtype=dtype)
    cache = forward(np.ones((1, 3, 5, 6)), 2)[1]
    raises(TypeError, lambda: forward(bad, 2), f"{name}: x {must}")
    raises(TypeError, lambda: backward(bad, cache), f"{name}_backward: dy {must}")
    for none in ([[[[1.0]]]], 1.0, None):
        raises(TypeError, lambda: forward(none, 1), f"{name}: x must be a NumPy array, not {type(none).__name__}")
        raises(TypeError, lambda: backward(none, cache), f"{name}_backward: dy must be a NumPy array")


@each_pool
@given(geometry=geometries(side=6, pool=True), data=st.data())
def test_the_gradient_that_arrives_must_fit_the_output(name, geometry, data):
    forward, backward, _ = POOLS[name]
    x, dy = draw_arrays(geometry, 0)
    cache = forward(x, geometry.kernel, **geometry.kwargs)[1]
    shape = list(dy.shape)
    shape[data.draw(st.integers(0, 3))] += data.draw(st.sampled_from([-1, 1, N]))
    for bad in (tuple(shape), dy.shape[1:], (*dy.shape, 1), (N, *dy.shape), (dy.size,)):
        raises(ValueError, lambda: backward(huge(*bad), cache),
               f"{name}_backward: dy has shape {bad} but the output had shape {dy.shape}")
    raises(TypeError, lambda: backward(dy.astype(np.float32), cache),
           f"{name}_backward: dy is float32 but the forward pass ran in float64")


# --- Adaptive average pooling ---------------------------------------------------------------------

ADAPTIVE = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 9), st.integers(1, 9)), st.tuples(*[st.integers(1, 10)] * 2)


def adaptive_loops(x, out):
    y = np.empty((*x.shape[:2], *out))
    for i, j in np.ndindex(out):
        rows = slice(i * x.shape[2] // out[0], -(-(i + 1) * x.shape[2] // out[0]))
        columns = slice(j * x.shape[3] // out[1], -(-(j + 1) * x.shape[3] // out[1]))
        y[:, :, i, j] = x[:, :, rows, columns].mean(axis=(2, 3))
    return y


@given(*ADAPTIVE, SEEDS)
def test_adaptive_pooling(shape, out, seed):
    rng = np.random.default_rng(seed)
    x, dy = rng.standard_normal(shape), rng.standard_normal((*shape[:2], *out))
    y, cache = F.adaptive_avg_pool2d(x, out)
    np.testing.assert_allclose(y, adaptive_loops(x, out), rtol=0, atol=1e-13)
    dx = F.adaptive_avg_pool2d_backward(dy, cache)
    assert dx.shape == shape and abs(np.vdot(y, dy) - np.vdot(x, dx)) < 1e-11  # linear, so the adjoint identity is the whole proof


def test_adaptive_pooling_to_one_is_the_mean_of_each_channel():
    x = np.random.default_rng(0).standard_normal((2, 5, 3, 7)).astype(np.float32)
    layer = layers.AdaptiveAvgPool2d(1)
    np.testing.assert_allclose(layer.forward(x), x.mean(axis=(2, 3), keepdims=True), rtol=0, atol=1e-6)
    assert layer.forward(x).dtype == np.float32 and repr(layer) == "AdaptiveAvgPool2d((1, 1))"
    np.testing.assert_allclose(layer.backward(np.ones((2, 5, 1, 1), np.float32)), np.full(x.shape, 1 / 21), rtol=1e-6)
    assert check_module(layers.AdaptiveAvgPool2d((2, 3)), x.astype(np.float64), np.random.default_rng(1))["x"] < 1e-7


@pytest.mark.torch
@given(*ADAPTIVE, SEEDS)
def test_adaptive_pooling_equals_pytorchs(shape, out, seed):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(seed).standard_normal(shape)
    theirs = torch.nn.functional.adaptive_avg_pool2d(torch.tensor(x), out).numpy()
    np.testing.assert_allclose(F.adaptive_avg_pool2d(x, out)[0], theirs, rtol=0, atol=1e-13)


@pytest.mark.parametrize("size, error", [(0, ValueError), (2.5, TypeError), ((1, 2, 3), TypeError), (None, TypeError)])
def test_what_adaptive_pooling_refuses(size, error):
    with pytest.raises(error, match="daptive.*output_size must be"):
        F.adaptive_avg_pool2d(np.ones((1, 1, 3, 3)), size)
    with pytest.raises(error, match="AdaptiveAvgPool2d: output_size must be"):
        layers.AdaptiveAvgPool2d(size)
