"""What the live figures draw is true: gradients by finite differences, slices and paths by another way of computing them."""
import tracemalloc

import numpy as np
import pytest

from helpers import autograd
from helpers import functional as F
from helpers import models, optim
from helpers.analysis import (
    RATES, SURFACES, LossPlane, best_runs, costs, gradient_norms, kept_arrays, optimizer_path, outputs_and_gradients, score_gradient,
)
from helpers.gradcheck import numeric_gradient, relative_error
from helpers.models.resnet import BasicBlock

NOISE = np.random.default_rng(0).random((1, 1, 28, 28))


@pytest.mark.parametrize("digit", [0, 7])
def test_the_gradient_of_a_score(digit):
    net, image = models.two_layer_cnn(0).double(), NOISE.copy()
    numeric = numeric_gradient(lambda: net.forward(image)[0, digit], image)
    assert relative_error(score_gradient(net, image, digit), numeric) < 1e-6


def test_each_layers_output_has_the_gradient_of_its_own_numbers():
    net, labels = models.two_layer_cnn(0).double(), np.array([3])
    outputs, gradients = outputs_and_gradients(net, NOISE, labels)
    assert np.array_equal(outputs[-1], net.forward(NOISE)) and len(outputs) == len(gradients) == len(net.layers)
    for place, (y, gradient) in enumerate(zip(outputs[:4], gradients)):

        def loss():
            x = y
            for layer in net.layers[place + 1:]:
                x = layer.forward(x)
            return F.cross_entropy(x, labels)[0]

        some = y[:, :2, 4:7, 4:7]
        assert relative_error(gradient[:, :2, 4:7, 4:7], numeric_gradient(loss, some)) < 1e-6


@pytest.mark.parametrize("formula, backward, skip", [  # a ReLU without skips rests on its kink, where all of an image is 0
    (F.sigmoid, F.sigmoid_backward, False), (F.sigmoid, F.sigmoid_backward, True), (F.tanh, F.tanh_backward, False),
    (F.tanh, F.tanh_backward, True), (F.relu, F.relu_backward, True)])
def test_the_gradient_of_every_layer_of_a_stack(formula, backward, skip):
    rng = np.random.default_rng(0)
    x, weights, dy = rng.standard_normal((3, 4)), rng.standard_normal((5, 4, 4)), rng.standard_normal((3, 4))

    def upwards(x, layers):
        for w in layers:
            x = formula(x @ w.T)[0] + (x if skip else 0)
        return x

    wanted = []
    for place in range(len(weights)):
        inner = upwards(x, weights[:place])
        slope = numeric_gradient(lambda: np.vdot(dy, upwards(inner, weights[place:])), inner)
        wanted.append(np.linalg.norm(slope) / np.linalg.norm(dy))
    assert relative_error(gradient_norms(x, weights, dy, formula, backward, skip), wanted) < 1e-6


@pytest.mark.parametrize("surface", SURFACES)
def test_the_slopes_of_each_surface(surface):
    formula, place = SURFACES[surface], np.array([0.7, -1.3])
    numeric = numeric_gradient(lambda: formula(*place, 10.0)[0], place)
    assert relative_error(np.array(formula(*place, 10.0)[1:]), numeric) < 1e-8


def test_a_plane_of_a_bowl_lies_along_its_gradient_and_its_steepest_direction():
    curvature = np.array([1.0, 2.0, 3.0, 50.0])
    origin = np.array([1.0, -1.0, 1.0, 0.001])  # nearly at the bottom of the steepest direction
    plane = LossPlane(lambda w: (np.vdot(w, curvature * w) / 2, curvature * w), origin)
    downhill = -curvature * origin
    assert np.allclose(plane.x, downhill / np.linalg.norm(downhill))
    assert np.allclose([plane.y @ plane.y, plane.x @ plane.y], [1, 0], atol=1e-12) and abs(plane.y[3]) > 0.99
    place = np.array([0.3, -0.2])
    assert relative_error(plane.at(*place)[1], numeric_gradient(lambda: plane.at(*place)[0], place)) < 1e-6


def test_descent_in_a_plane_is_descent_by_hand():
    plane = LossPlane(lambda w: (np.vdot(w, [1, 9] * w) / 2, [1, 9] * w), np.array([2.0, 1.0]))
    places, losses = plane.descend(0.05, 3, start=(0.1, 0.4))
    place = np.array([0.1, 0.4])
    for step in range(4):
        loss, slope = plane.at(*place)
        assert np.allclose(places[step], place) and losses[step] == pytest.approx(loss)
        place = place - 0.05 * slope


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


def test_a_graph_keeps_each_array_once_and_nothing_of_its_leaves():
    x, w = (autograd.Tensor(np.ones(shape), requires_grad=True) for shape in ((2, 3), (4, 3)))
    h = autograd.linear(x, w, None)
    y = autograd.relu(h.reshape(4, 2)) + 1.0
    assert sorted(array.size for array in kept_arrays(y)) == [8, 8, 8]  # h, its ReLU, and y; h's view is h
    with autograd.no_grad():
        assert kept_arrays(h * 2) == []


def test_what_parts_of_a_network_cost_is_what_python_says_that_they_take():
    net, images = models.resnet((1, 2), (16, 32), num_classes=3), np.random.default_rng(0).random((8, 3, 32, 32), dtype=np.float32)
    found, x = costs(net, images), net.layer1.forward(net.path.layers[3].forward(F.relu(net.bn1.forward(net.conv1.forward(images)))[0]))
    assert [name for name, *_ in found] == ["stem", "block 1", "block 2", "block 3"]
    blocks = [module for module in net.modules() if isinstance(module, BasicBlock)]
    for (_, kept, passed, products), block in zip(found[2:], blocks[1:]):
        tensors, image = autograd.tensors_of(block), autograd.Tensor(x, requires_grad=True)
        tracemalloc.start()
        y = autograd.functional_call(block, tensors, image)
        taken = tracemalloc.get_traced_memory()[0] / 1e6
        tracemalloc.stop()
        assert kept == pytest.approx(taken, rel=0.1) and passed == y.value.nbytes / 1e6
        x = y.value
    assert products == 8 * 2 * 32 * 32 * (3 * 4 - 2)**2  # of eight images, where taps meet a map of 4 × 4
