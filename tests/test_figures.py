"""Every figure has facts (see picture_facts); and pictures know the classes and channels of the data set that they are handed."""
import importlib
from pathlib import Path

import numpy as np
import pytest
from live_figures import MAKERS
from matplotlib.colors import to_rgb

from helpers import data, figures, live
from helpers.figures import style
from helpers.figures.style import pictures, tiled

RNG = np.random.default_rng(0)
ANIMALS = "ant", "bird"


def colours(labels):
    """A data set of colour images that are wider than high, with these training labels, and a test image of each class."""
    labels = np.array(labels)
    return data.Dataset(RNG.random((len(labels), 3, 4, 6), np.float32), labels, RNG.random((2, 3, 4, 6), np.float32), np.arange(2),
                        ANIMALS, "animals")


def test_every_figure_has_facts_of_its_own():
    modules = [importlib.import_module(path.stem) for path in sorted(Path(__file__).parent.glob("test_facts_*.py"))]
    lives = {name for module in modules for name in module.facts.lives}
    pictures = {name for module in modules for name in module.facts.pictures}
    assert {*live.__all__} - {"Live"} == MAKERS.keys(), "not in MAKERS of live_figures.py, or no more in live/__init__.py"
    assert lives == MAKERS.keys(), "no facts in any test_facts_NN.py, or facts of a figure that is gone"
    assert pictures == {*figures.__all__} - {"Picture"}, "no facts in any test_facts_NN.py, or facts of a picture that is gone"


@pytest.mark.parametrize("labels, guesses, said", [
    ([7, 7, 7, 8], [2, 2, 7, 1], "Most often a 7 is read as a 2 (2 times)"), ([8, 1], [9, 1], "Most often an 8 is read as a 9 (once)"),
    ([4, 4, 9, 9], [1, 1, 1, 1], "No digit is mistaken for another more than 2 times"),
    ([3, 5], [5, 3], "No digit is mistaken for another more than once")])
def test_the_table_of_mistakes_names_the_commonest(labels, guesses, said):
    assert figures.confusion(np.array(labels), np.array(guesses), tuple("0123456789")).fig.axes[0].get_title() == said


@pytest.mark.parametrize("labels, guesses, said", [
    ([0, 0, 1], [1, 1, 1], "Most often an ant is read as a bird (2 times)"),
    ([0, 1], [1, 0], "No class is mistaken for another more than once")])
def test_the_table_of_mistakes_names_classes(labels, guesses, said):
    ax = figures.confusion(np.array(labels), np.array(guesses), ANIMALS).fig.axes[0]
    assert ax.get_title() == said and [text.get_text() for text in ax.get_xticklabels()] == list(ANIMALS)


@pytest.mark.parametrize("colours, low, high", [
    (style.PIXELS, None, style.INPUT), (style.WEIGHTS, style.INPUT, style.WEIGHT), (style.GRADIENTS, "#4B8B2B", style.GRADIENT)])
def test_colours_grow_from_white_towards_their_own(colours, low, high):
    def tint(colour):
        return np.argsort(to_rgb(colour), kind="stable").tolist()
    assert np.allclose(to_rgb(colours(0.5 if low else 0.0)), 1, atol=0.01)
    assert tint(colours(0.8)) == tint(high) and (low is None or tint(colours(0.2)) == tint(low))


def test_pictures_have_their_channels_last():
    images = RNG.random((5, 3, 4, 6))
    assert np.array_equal(pictures(images)[2, 1, 3], images[2, :, 1, 3])
    assert np.array_equal(pictures(images[:, :1]), images[:, 0])


def test_tiles_stand_in_rows_with_gaps_between():
    images = RNG.random((3, 4, 6))
    sheet = tiled(images, columns=2, gap=1)
    assert sheet.shape == (9, 13)
    assert np.array_equal(sheet[:4, 7:], images[1]) and np.array_equal(sheet[5:, :6], images[2])
    assert np.isnan(sheet[4]).all() and np.isnan(sheet[:, 6]).all() and np.isnan(sheet[5:, 7:]).all()


def test_a_mosaic_has_each_class_in_its_row():
    animals = colours([1, 0, 1, 1])
    ax = figures.mosaic(animals, "Ants and birds").fig.axes[0]
    assert ax.get_title() == "Ants and birds" and [text.get_text() for text in ax.get_yticklabels()] == list(ANIMALS)
    sheet = ax.images[0].get_array().filled(np.nan)
    assert np.allclose(sheet[:4, :6], animals.x_train[1].transpose(1, 2, 0))
    assert np.isnan(sheet[:4, 6:]).all(), "one ant only"
    assert np.allclose(sheet[6:, 16:22], animals.x_train[3].transpose(1, 2, 0))
    assert list(ax.get_yticks()) == [1.5, 7.5], "in the middle of each row"
    figures.mosaic(animals, "Ants and birds").png()


def test_shares_are_of_the_classes_that_there_are():
    ax = figures.class_balance(colours([1, 0, 1, 1]), "Most are birds").fig.axes[0]
    assert [bar.get_height() for bar in ax.patches] == [0.25, 0.75, 0.5, 0.5] and ax.lines[0].get_ydata()[0] == 0.5
    assert [text.get_text() for text in ax.get_xticklabels()] == list(ANIMALS) and ax.get_xlabel() == "class"


def test_confident_mistakes_have_the_names_of_their_classes():
    animals = colours([1, 0, 1, 1])
    shown = figures.mistakes(animals.x_train, animals.y_train, np.array([[0.7, 0.3], [0.8, 0.2], [0.9, 0.1], [0.4, 0.6]]), ANIMALS)
    titles = [ax.get_title() for ax in shown.fig.axes if ax.get_visible()]
    assert titles == ["bird read as ant"] * 2
    assert np.allclose(shown.fig.axes[0].images[0].get_array(), animals.x_train[2].transpose(1, 2, 0))


def lines(picture, place=0):
    """{(colour, style): [y values]} of the lines of one axis that have any."""
    found = {}
    for one in picture.fig.axes[place].lines:
        if len(one.get_ydata()):
            found.setdefault((one.get_color(), one.get_linestyle()), []).append(np.array(one.get_ydata(), float))
    return found


def test_initialisations_are_drawn_and_named_with_their_last_size():
    sizes = {"zero": np.zeros(3), "half": np.array([0.5, 0.04, 0.003]), "He": np.array([1, 0.9, 1.1]), "double": np.array([2, 40, 600.0])}
    ax = figures.initialisation(sizes, "Sizes").fig.axes[0]
    assert [list(line.get_ydata()) for line in ax.lines] == [list(values) for values in sizes.values()]
    assert [text.get_text() for text in ax.texts] == ["zero: 0", "half: 0.003", "He: 1.1", "double: 600"]
    assert [text.xy[1] for text in ax.texts] == [values[-1] for values in sizes.values()]


def test_the_surest_mistake_stands_first_and_ties_keep_their_order():
    probabilities = np.array([[0.1, 0.9], [0.3, 0.7], [0.2, 0.8], [0.3, 0.7], [0.9, 0.1]])
    images = np.arange(5.0).reshape(5, 1, 1, 1) * np.ones((1, 1, 4, 4))
    shown = figures.mistakes(images, np.zeros(5, int), probabilities, ("no", "yes")).fig
    assert [float(ax.images[0].get_array()[0, 0]) for ax in shown.axes if ax.images] == [0, 2, 1, 3]
    assert [ax.get_xlabel() for ax in shown.axes if ax.images] == ["90.00% sure", "80.00% sure", "70.00% sure", "70.00% sure"]
    assert "worst of 4 mistakes on 5 test images" in shown.get_suptitle()


def test_learning_rates_are_drawn_where_they_were_tried():
    tuning = {"SGD": (np.array([0.1, 0.2]), np.array([0.9, 0.95])), "momentum": (np.array([0.01, 0.3]), np.array([0.97, 0.5]))}
    ax = figures.learning_rates(tuning, "Rates").fig.axes[0]
    for line, (name, (rates, accuracies)) in zip(ax.lines, tuning.items(), strict=True):
        assert (line.get_label(), list(line.get_xdata()), list(line.get_ydata())) == (name, list(rates), list(accuracies))


def test_step_sizes_have_their_median_between_band_and_extremes():
    quantiles = np.array([[0.01, 0.02, 0.1, 2, 90], [0.02, 0.03, 0.2, 1, 10], [0.03, 0.05, 0.1, 0.5, 3]])
    picture = figures.step_sizes([1, 10, 100], {"first": quantiles, "dense": 2 * quantiles}, "Steps")
    for place, wanted in enumerate((quantiles, 2 * quantiles)):
        ax, found = picture.fig.axes[place], lines(picture, place)
        drawn, = {colour for colour, _ in found}
        assert np.allclose(found[drawn, "-"], wanted[:, 2]) and np.allclose(sorted(map(list, found[drawn, ":"])), wanted[:, [0, 4]].T)
        band = ax.collections[0].get_paths()[0].vertices
        for step, row in zip([1, 10, 100], wanted):
            assert {round(y, 6) for x, y in band if x == step} == {round(row[1], 6), round(row[3], 6)}
