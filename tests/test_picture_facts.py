"""The mechanism by which pictures are checked: what is drawn is read back, and nothing passes that no fact claims."""
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.patches import PathPatch
from picture_facts import Facts, complaints, over, read, says, settings, shown

from helpers.figures.style import PIXELS, canvas
from helpers.live.core import pick, slider
from helpers.live.cells import numerals


@pytest.mark.parametrize("text, tokens", [
    ("loss 0.123", [0.1234]), ("97%", [0.968]), ("4.2% ± 0.3%", [0.042, 0.003]), ("1,234,567 times", [1234567]), ("1e-05 off", [1.3e-5]),
    ("$w_{2}$ = −3", ["w", 2, -3]), ("rows 7–11", [7, 11]), (r"$y_1 = 2\cdot(-3) = -6$", ["y", 1, 2, -3, -6]), ("conv2d", []),
    ("lowest is Adam, 0.1; SGD 0.2", ["Adam", 0.1, "SGD", 0.2]), ("worst error 3e-09", [lambda error: error < 1e-6]), ("28 × 28", [28, 28])])
def test_a_text_holds_its_numbers_as_they_are_printed(text, tokens):
    assert says(text, tokens)


@pytest.mark.parametrize("text, tokens", [
    ("loss 0.123", [0.1236]), ("loss 0.123", []), ("loss", [0.1]), ("97%", [97]), ("step 3, loss 0.1", [0.1, 3]), ("4 of 5", [4]),
    ("lowest is momentum, 0.1; SGD 0.2", ["SGD", 0.1, "SGD", 0.2]), ("worst error 3e-02", [lambda error: error < 1e-6])])
def test_a_text_with_other_numbers_is_wrong(text, tokens):
    assert not says(text, tokens)


def _drawing(change=lambda ax: None):
    """A picture with an artist of most kinds, and one change to it."""
    fig, ax = canvas(4, 3)
    ax.plot([1, 2, 3], [4.0, 5.0, 7.0], label="loss")
    ax.axhline(2)
    ax.bar([0, 1], [0.5, 1.5])
    ax.fill_between([1, 2], [0, 1], [2, 4])
    ax.scatter([1, 2], [3, 4], c=["#ff0000", "#00ff00"])
    ax.imshow([[0.0, 0.5], [1.0, 0.25]], cmap=PIXELS, vmin=0, vmax=1)
    ax.set(xticks=[0, 1], xticklabels=["ant", "bird"], title="2 of 3", yticks=[])
    ax.text(1, 1, "7")
    table = np.array([[-12.5, 0.25], [6, 9]])
    ax.add_patch(PathPatch(numerals(table, table != 6, 0.5)))
    change(ax)
    return SimpleNamespace(fig=fig, alt="a drawing")


WANTED = {"0 line loss": ([1, 2, 3], [4, 5, 7]), "0 horizontal 0": 2, "0 bars 0": ([0, 1], [0.5, 1.5]), "0 band 0": ([1, 2], [0, 1], [2, 4]),
          "0 dots 0": ([1, 2], [3, 4]), "0 dots 0 fills": ["#ff0000", "#00ff00"], "0 dots 0 rings": ["#ff0000", "#00ff00"],
          **shown("0 image 0", [[0, 0.5], [1, 0.25]], (0, 1), "pixels"), "0 xticks": {0: ["ant"], 1: ["bird"]}, "0 title": [2, 3],
          "0 texts": [(1, 1, [7])], "0 numbers": {(0, 0): -12.5, (0, 1): 0.25, (1, 1): 9}}


def test_all_that_is_drawn_is_read_back():
    assert complaints(_drawing(), WANTED) == []


def test_what_no_fact_claims_is_told_and_what_is_claimed_must_be_drawn():
    for name in WANTED:
        told = complaints(_drawing(), {other: value for other, value in WANTED.items() if other != name})
        assert told and all(name in one for one in told)
    assert complaints(_drawing(), WANTED | {"0 line 7": ([1], [1])})


CHANGES = {
    "0 line loss": lambda ax: ax.lines[0].set_ydata([4, 5, 7.01]), "0 horizontal 0": lambda ax: ax.lines[1].set_ydata([3, 3]),
    "0 bars 0": lambda ax: ax.patches[1].set_height(1.4), "0 bars 0 hatched": lambda ax: ax.patches[1].set_hatch("//"),
    "0 dots 0": lambda ax: ax.collections[1].set_offsets([[1, 3], [2, 5]]),
    "0 dots 0 fills": lambda ax: ax.collections[1].set_facecolor(["#ff0000", "#0000ff"]),
    "0 image 0": lambda ax: ax.images[0].set_data([[0.0, 0.5], [0.25, 1.0]]), "0 image 0 limits": lambda ax: ax.images[0].set_clim(0, 2),
    "0 image 0 colours": lambda ax: ax.images[0].set_cmap(PIXELS.reversed()), "0 xticks": lambda ax: ax.set_xticks([0, 1], ["bird", "ant"]),
    "0 title": lambda ax: ax.set_title("3 of 3"), "0 texts": lambda ax: ax.texts[0].set_position((0, 1)),
    "0 logarithmic": lambda ax: ax.set_xscale("log"),
    "0 numbers": lambda ax: ax.patches[2].set_path(numerals(np.array([[1.0]]), np.array([[True]]), 0.5)),
    "0 line 1": lambda ax: ax.plot([0, 1], [0, 1]), "0 xlabel": lambda ax: ax.set_xlabel("of 3 epochs")}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen(name):
    told = complaints(_drawing(CHANGES[name]), WANTED)
    assert any(name in one for one in told)


def test_an_image_is_read_as_it_is_seen():
    fig, axes = canvas(6, 3, 1, 2)
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    axes[0].imshow(rows, origin="lower")
    axes[1].imshow(rows)
    axes[1].invert_xaxis()
    assert np.array_equal(read(fig)[0]["0 image 0"], rows[::-1]) and np.array_equal(read(fig)[0]["1 image 0"], rows[:, ::-1])


def test_controls_are_tried_over_their_whole_range():
    assert over(pick("size", [1, 3, 10], 3)) == [1, 3, 10]
    wide = over(slider("row", 5, 0, 100))
    assert wide[0] == 0 and wide[-1] == 100 and len(wide) == 12
    few = list(settings({"a": pick("a", "xy", "y"), "b": slider("b", 1, 0, 1)}))
    assert few == [{"a": "y", "b": 1}, {"a": "x", "b": 0}, {"a": "x", "b": 1}, {"a": "y", "b": 0}, {"a": "y", "b": 1}]
    many = list(settings({name: slider(name, 1, 0, 9) for name in "ab"}))
    assert many[0] == {"a": 1, "b": 1} and many[1] == {"a": 0, "b": 1} and many[10] == {"a": 1, "b": 0} and len(many) == 1 + 9 + 9 + 12


def test_a_wrong_fact_makes_the_check_red():
    facts = Facts()

    @facts.picture(lambda: [(np.ones((28, 28)), np.ones((28, 28)), 0.0)])
    def neuron(image, weights, bias):
        return {f"{axis} image 0": array for axis, array in enumerate((image, weights, image * weights))}

    with pytest.raises(AssertionError, match="no fact claims '0 image 0 limits'"):
        facts.check("neuron")
