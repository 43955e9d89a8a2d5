"""What the live figures show is true, by another way of computing it, and is what their titles say."""
import re

import numpy as np
import pytest
from live_figures import MAKERS

from helpers import data, functional as F, optim
from helpers.analysis import RATES, SURFACES, best_runs, optimizer_path
from helpers.gradcheck import numeric_gradient, relative_error
from helpers.layers import Parameter
from helpers.live.lesson_09 import _paths
from helpers.published import cnn, skip


def shown(figure, place):
    """The array that the axis at this place shows as an image."""
    return figure.fig.axes[place].images[0].get_array()


def line(figure, place, number):
    """The y values of a line of the axis at this place."""
    return np.array(figure.fig.axes[place].lines[number].get_ydata())


def words(figure):
    """All that is written in a figure, with LaTeX's marks and the typographer's minus taken out."""
    texts = [figure.fig.get_suptitle()] + [text.get_text() for ax in figure.fig.axes for text in (ax.title, *ax.texts)]
    return [text.replace("−", "-").replace("$", "") for text in texts]


# --- Lessons 00 and 01 ----------------------------------------------------------------------------

@pytest.mark.parametrize("pixels", [1, 2, 4, 7, 14, 28])
def test_a_coarse_pixel_is_the_mean_of_what_it_covers(pixels):
    figure = MAKERS["how_many_pixels"]()
    figure.update(pixels=28)
    fine, side = shown(figure, 0).copy(), 28 // pixels
    figure.update(pixels=pixels)
    assert np.allclose(shown(figure, 0), fine.reshape(pixels, side, pixels, side).mean(axis=(1, 3)))


def test_the_window_shows_the_numbers_that_it_frames():
    figure = MAKERS["look_inside"]()
    figure.update(image=3, row=9, column=12)
    part = shown(figure, 0)[9:14, 12:17]
    assert np.array_equal(shown(figure, 1), part) and part.any()
    assert [float(text.get_text()) for text in figure.fig.axes[1].texts] == pytest.approx(list(part.flat), abs=0.005)


def test_the_bars_of_softmax_are_its_probabilities_and_the_slope_of_the_loss():
    figure = MAKERS["softmax"]()
    z = np.array([[1.5, -2.0, 0.5, 6.0]])
    figure.update(z0=0.5, z1=-3.0, z2=-0.5, z3=5.0, shift=1.0, true="three")
    logits, p, slope = ([bar.get_height() for bar in ax.patches] for ax in figure.fig.axes)
    assert logits == pytest.approx(z[0])
    powers = np.exp(z[0] - z.max())
    assert p == pytest.approx(powers / powers.sum())
    assert relative_error(slope, numeric_gradient(lambda: F.cross_entropy(z, np.array([3]))[0], z)[0]) < 1e-6


def test_a_small_nudge_finds_the_slope_of_backpropagation():
    figure = MAKERS["one_weight"]()
    for nudge, close in ((0.001, True), (4.0, False)):
        figure.update(**figure.values | {"nudge": nudge, "change": 1.0})
        by_rule, by_nudge = map(float, re.findall(r"[+-]\d\.\d+", words(figure)[0]))
        assert abs(by_rule) > 1e-3 and (abs(by_rule - by_nudge) < 2e-5) == close


def test_descent_goes_against_the_slope_that_it_shows():
    figure = MAKERS["step_size"]()
    figure.update(size=0.02, step=30)
    losses = line(figure, 1, 0)
    assert len(losses) == 31 and (np.diff(losses) < 0).all()
    figure.update(size=8.0, step=30)
    assert line(figure, 1, 0).max() > 2 * losses[0], "too large a step leaps"


def test_a_training_run_opens_at_its_end():
    figure = MAKERS["training"]()
    assert figure.controls["moment"].value == figure.controls["moment"].max


# --- Lessons 03 and 04 ----------------------------------------------------------------------------

def test_the_map_is_written_up_to_the_window():
    figure = MAKERS["slide"]()
    figure.update(row=6, column=9)
    image, written = shown(figure, 0), shown(figure, 1)
    assert np.count_nonzero(~np.isnan(written)) == 6 * 24 + 10
    score = float(re.search(r"add up to (-?[\d.]+)", words(figure)[0])[1])
    w = np.arange(25).reshape(5, 5) % 4 - 2
    assert written[6, 9] == pytest.approx((image[6:11, 9:14] * w).sum()) == pytest.approx(score, abs=0.05)


@pytest.mark.parametrize("size, kernel, stride, padding", [(6, 3, 2, 1), (7, 5, 3, 2), (5, 2, 1, 0), (7, 2, 3, 0), (6, 4, 3, 2)])
def test_each_cell_is_touched_as_often_as_col2im_adds_to_it(size, kernel, stride, padding):
    figure = MAKERS["stride_and_padding"]()
    figure.update(size=size, kernel=kernel, stride=stride, padding=padding, row=0, column=0)
    out = (size + 2 * padding - kernel) // stride + 1
    touched = F.col2im(np.ones((1, kernel**2, out**2)), size + 2 * padding, kernel, stride)[0, 0]
    counts = np.expm1(shown(figure, 0))
    assert np.allclose(counts[~np.isnan(counts)], touched.ravel())
    assert np.count_nonzero(~np.isnan(shown(figure, 1))) == out**2


@pytest.mark.parametrize("taps", [1, 3, 4])
@pytest.mark.parametrize("stride, padding", [(1, 0), (2, 1), (3, 2)])
def test_the_explorer_computes_a_convolution_forward_and_back(taps, stride, padding):
    figure = MAKERS["explorer"]()
    said = {}
    for output in range(12):
        for input in range(8):
            figure.update(taps=taps, stride=stride, padding=padding, output=output, input=input)
            said |= dict(re.findall(r"\b(dx_\d|y_\d+) = .*?(-?\d+)$", "\n".join(words(figure)).replace("{", "").replace("}", ""), re.M))
    pairs = dict(re.findall(r"^(d?w_\d) = (-?\d+)$", "\n".join(words(figure)), re.M))
    x, w = np.array([1, -2, 3, 0, 2, -1, 1, 2.0]), np.array([float(pairs[f"w_{k}"]) for k in range(taps)])
    dy = np.array([1, -1, 2, 1, -2, 3, -1, 2, 1, -3, 2, 1.0])
    x4, w4 = (np.pad(x, padding) if padding else x)[None, None, None], w[None, None, None]
    y = F.conv2d_loops(x4, w4, np.zeros(1), (1, stride))
    dx, dw, _ = F.conv2d_backward_loops(dy[:y.size].reshape(y.shape), x4, w4, (1, stride))
    assert [float(said[f"y_{place}"]) for place in range(y.size)] == list(y.flat)
    inside = dx[0, 0, 0, padding:padding + 8]
    assert {place: float(said.get(f"dx_{place}", 0)) for place in range(8)} == dict(enumerate(inside))
    assert [float(pairs[f"dw_{k}"]) for k in range(taps)] == list(dw.flat)


def test_finite_differences_side_with_the_rule_that_is_right():
    figure = MAKERS["tap_check"]()
    for stride in (1, 2, 3):
        for rule, right in (("step by the stride", True), ("as published", stride == 1)):
            figure.update(rule=rule, stride=stride, row=0, column=0)
            assert (relative_error(shown(figure, 0), shown(figure, 1)) < 1e-6) == right
            assert ("%" in words(figure)[0]) != right  # wrong by per cents


def test_each_output_hands_its_gradient_back_in_turn():
    figure = MAKERS["way_back"]()
    figure.update(sent=0, row=1, column=2)
    assert not shown(figure, 2).any() and not shown(figure, 3).any()
    figure.update(sent=13, row=1, column=2)
    part = np.zeros((1, 1, 12, 12))
    part.flat[:13] = np.random.default_rng(1).standard_normal((12, 12)).flat[:13]
    w = np.random.default_rng(0).standard_normal((1, 1, 5, 5))
    dx, dw, _ = F.conv2d_backward_loops(part, np.asarray(shown(figure, 0), np.float64)[None, None], w, 2)
    assert relative_error(shown(figure, 2), dw[0, 0]) < 1e-6 and relative_error(shown(figure, 3), dx[0, 0]) < 1e-6


# --- Lesson 05 ------------------------------------------------------------------------------------

def test_saliency_follows_its_class_and_moves_the_image_along_it():
    figure = MAKERS["saliency"]()
    values = figure.values | {"nudge": 0.1}
    figure.update(**values | {"nudge": 0.0})
    image, slope = shown(figure, 0).copy(), shown(figure, 1).copy()
    figure.update(**values)
    np.testing.assert_allclose(shown(figure, 0), np.clip(image + 0.1 * np.sign(slope), 0, 1), atol=1e-6)
    figure.update(**values | {"digit": 8})
    assert relative_error(shown(figure, 1), slope) > 0.1


def test_what_filters_learned_begins_with_nothing():
    figure = MAKERS["filters"]()
    for layer in ("first filters", "second filters"):
        figure.update(moment=0, show="learned so far", layer=layer)
        assert np.nanmax(np.abs(shown(figure, 0))) == 0
        figure.update(moment=0, show="weights", layer=layer)
        assert np.nanmax(np.abs(shown(figure, 0))) > 0.1


@pytest.mark.parametrize("rate, said", [(0.001, "% right"), (0.01, "% right, 1 of 4 seeds exploded"), (0.1, "0.1:  4 of 4 seeds exploded")])
def test_mends_say_what_exploded(rate, said):
    figure = MAKERS["mends"]()
    figure.update(mended="as published", rate=rate)
    assert figure.fig.get_suptitle().endswith(said)


# --- Lesson 07 ------------------------------------------------------------------------------------

def test_a_skip_adds_one_to_every_factor():
    figure = MAKERS["factors"]()
    figure.update(depth=20, size=0.5)
    plain, skipped = line(figure, 0, 0), line(figure, 0, 1)
    assert (np.diff(plain) < 0).all()
    factors = np.diff(np.log(skipped))
    assert factors.min() > np.log(0.5) - 1e-12 and factors.max() < np.log(1.5) + 1e-12 and abs(factors.mean()) < 0.2


def test_equal_rows_move_no_probability_and_random_rows_do():
    figure = MAKERS["inert"]()
    kinds = figure.controls["kind"].options

    def felt(kind, scale):
        figure.update(kind=kind, scale=scale)
        return np.array([bar.get_height() for bar in figure.fig.axes[1].patches]), np.nan_to_num(shown(figure, 2))

    p, gradient = felt(kinds[0], 0.0)
    assert p.sum() == pytest.approx(1) and np.abs(gradient).max() > 0
    for scale in (0.001, 1.0, 100.0):
        equal, same = felt(kinds[0], scale)
        assert np.abs(equal - p).max() < 1e-12 and relative_error(same, gradient) < 1e-10
        moved, other = felt(kinds[1], scale)
        assert np.abs(moved - p).max() > 1e-3 and relative_error(other, gradient) > 1e-3


def test_the_gradient_beside_random_rows_comes_by_both_paths():
    net, image = skip.SkipNet(0, list(skip.FAULTS)), cnn.pixels(data.load_digits("bundled").x_test[:1])
    label, figure = data.load_digits("bundled").y_test[:1], MAKERS["inert"]()
    kind = figure.controls["kind"].options[1]
    figure.update(kind=kind, scale=0.01)
    rows = np.random.default_rng(0).standard_normal((10, 16 * 21 * 21))

    def loss():
        before, _, (_, _, a1, *_) = net.forward(image)
        return F.cross_entropy(before + 0.01 * a1.reshape(1, -1) @ rows.T, label)[0]

    for row, column, number in ((0, 0, 0), (0, 9, 1), (27, 27, 15)):  # where the tiled filters begin
        some = net.params["w1"][number, :, 2:4, 3:5]
        found = shown(figure, 2)[row + 2:row + 4, column + 3:column + 5]
        assert relative_error(found[None], numeric_gradient(loss, some)) < 1e-5


def test_the_two_paths_add_up_to_what_arrives():
    figure = MAKERS["paths"]()
    for kind in ("constant", "trained"):
        figure.update(image=2, kind=kind, scale=0.5)
        through, along, both = (np.nan_to_num(shown(figure, place)) for place in range(3))
        assert relative_error(through + along, both) < 1e-6
        share = np.linalg.norm(along) / (np.linalg.norm(along) + np.linalg.norm(through))
        assert words(figure)[0].startswith(f"{share:.0%}") and (share > 0.1) == (kind == "trained")


# --- Lesson 09 ------------------------------------------------------------------------------------

@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("start", [(-2.4, 1.0), (0.5, -1.8)])
def test_each_path_is_its_optimisers(surface, start):
    paths, lr, b1, b2 = _paths(surface, start, 10, 0.03, 0.8, 0.95), 0.03, 0.8, 0.95
    peers = _peers(b1, b2)
    assert paths.keys() == peers.keys()
    for name, make in peers.items():
        rate, path = paths[name]
        place = Parameter(np.array(start))
        optimizer = make([place], lr)
        assert rate == lr
        for reached in path[1:20]:
            place.grad = np.array(SURFACES[surface](*place.value, 10)[1:])
            optimizer.step()
            assert np.allclose(reached, place.value, rtol=1e-12)


def _peers(b1, b2):
    return {"SGD": optim.SGD, "momentum": lambda p, lr: optim.Momentum(p, lr, momentum=b1),
            "RMSProp": lambda p, lr: optim.RMSProp(p, lr, alpha=b2), "Adam": lambda p, lr: optim.Adam(p, lr, betas=(b1, b2))}


@pytest.mark.parametrize("surface, start, condition, b1, b2", [
    ("bowl", (-2.4, 1.0), 100, 0.9, 0.99), ("ravine", (0.5, -1.8), 10, 0.6, 0.9), ("saddle", (-2.0, 0.02), 1, 0.0, 0.5)])
def test_the_best_learning_rate_has_the_lowest_mean_loss_of_those_tried(surface, start, condition, b1, b2):
    best, formula = best_runs(surface, start, condition, b1, b2, 40), SURFACES[surface]
    for name, make in _peers(b1, b2).items():
        runs = []
        for rate in RATES:
            with np.errstate(all="ignore"):
                path = optimizer_path(lambda place: make([place[0]], rate), lambda place: np.array(formula(*place, condition)[1:]),
                                      start, 39, limit=np.inf)
                runs.append([formula(*place, condition)[0] for place in path])
        means = np.nan_to_num(np.mean(runs, axis=1), nan=np.inf)
        rate, losses = best[name]
        assert rate == pytest.approx(RATES[np.argmin(means)]) and np.allclose(losses, runs[np.argmin(means)]), name


def test_a_path_that_leaves_for_good_stays_where_it_left():
    rate, path = _paths("bowl", (-2.4, 1.0), 100, 0.3, 0.9, 0.99)["SGD"]
    assert len(path) == 121 and np.isfinite(path).all() and (path[-1] == path[-2]).all() and np.abs(path).max() < 50


@pytest.mark.parametrize("lr", ["each its best", 0.06])
def test_the_playground_says_every_learning_rate_and_loss(lr):
    figure = MAKERS["playground"]()
    paths = _paths("bowl", (-2.4, 1.0), 100, lr, 0.9, 0.99)
    for step in (1, 30, 120):
        figure.update(**figure.values | {"lr": lr, "step": step})
        said = dict()
        for text in words(figure):
            if found := re.fullmatch(r"(\w+), η = ([\d.e+-]+)\nloss ([\d.e+-]+)", text):
                said[found[1]] = float(found[2]), float(found[3])
        assert said.keys() == paths.keys()
        reached = {}
        for name, (rate, path) in paths.items():
            reached[name] = 0.5 * (path[step, 0] ** 2 + 100 * path[step, 1] ** 2)
            assert said[name] == pytest.approx((rate, reached[name]), rel=0.06)
        assert figure.fig.get_suptitle() == f"After {step} step{'s' if step > 1 else ''} {min(reached, key=reached.get)} is lowest"


def test_the_correction_takes_the_start_out_of_a_running_mean():
    figure = MAKERS["bias_correction"]()
    figure.update(beta=0.98)
    g, plain, corrected = (line(figure, 0, number) for number in (0, 2, 3))
    t = np.arange(1, len(g) + 1)
    weights = 0.98 ** (t[:, None] - t) * (t[:, None] >= t)  # of each gradient in the mean after each step
    assert np.allclose(plain, 0.02 * weights @ g)
    assert np.allclose(corrected, weights @ g / weights.sum(axis=1))
