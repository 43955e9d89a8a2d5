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
    lives = sorted(name for module in modules for name in module.facts.lives)
    pictures = sorted(name for module in modules for name in module.facts.pictures)
    assert lives == sorted(MAKERS) == sorted({*live.__all__} - {"Live"})
    assert pictures == sorted({*figures.__all__} - {"Picture"})


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
