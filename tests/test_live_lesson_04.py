"""What the live figures of lesson 04 show is what their titles say."""
import numpy as np
import pytest
from live_figures import MAKERS

from helpers import functional as F
from helpers import models
from helpers.gradcheck import numeric_gradient, relative_error
from helpers.live.lesson_04 import _maps_and_gradients, score_gradient

NOISE = np.random.default_rng(0).random((1, 1, 28, 28))


def shown(figure, place):
    """The array that the axis at this place shows as an image."""
    return figure.fig.axes[place].images[0].get_array()


@pytest.mark.parametrize("digit", [0, 7])
def test_the_gradient_of_a_score(digit):
    net, image = models.two_layer_cnn(0).double(), NOISE.copy()
    numeric = numeric_gradient(lambda: net.forward(image)[0, digit], image)
    assert relative_error(score_gradient(net, image, digit), numeric) < 1e-6


def test_each_map_has_the_gradient_of_its_own_numbers():
    net, labels = models.two_layer_cnn(0).double(), np.array([3])
    p, both = _maps_and_gradients(net, NOISE, labels)
    assert p == pytest.approx(F.softmax(net.forward(NOISE))[0][0])
    for place, (maps, gradient) in enumerate(both):
        y = maps[None].copy()

        def loss():
            x = y
            for layer in net.layers[place + 1:]:
                x = layer.forward(x)
            return F.cross_entropy(x, labels)[0]

        some = y[:, :2, 4:7, 4:7]
        assert relative_error(gradient[None, :2, 4:7, 4:7], numeric_gradient(loss, some)) < 1e-6


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
