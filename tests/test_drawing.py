"""Drawings: from strokes to images of MNIST's form, into files and out of them; and the pad, without a browser."""
import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from helpers import data, live
from helpers.data import drawing
from helpers.live import pad

TURN = tuple((round(140 + 50 * np.cos(a)), round(140 + 80 * np.sin(a))) for a in np.linspace(0, 5, 40))
DRAWN, LABELS = data.load_drawings()

inside = st.tuples(st.integers(60, 219), st.integers(60, 219))
drawings = st.lists(st.lists(inside, min_size=1, max_size=6).map(tuple), min_size=1, max_size=3).map(tuple)


def moved(strokes, right, down):
    return tuple(tuple((x + right, y + down) for x, y in stroke) for stroke in strokes)


def test_ink_lies_within_half_a_pen_of_the_line():
    paper = drawing.ink((((100, 90), (150, 120)), ((60, 200),)), 30)
    rows, columns = np.mgrid[:drawing.SIDE, :drawing.SIDE] - drawing.MARGIN
    share = np.clip(((columns - 100) * 50 + (rows - 90) * 30) / (50**2 + 30**2), 0, 1)
    line = np.hypot(columns - 100 - share * 50, rows - 90 - share * 30)
    dot = np.hypot(columns - 60, rows - 200)
    np.testing.assert_allclose(paper, np.clip(15.5 - np.minimum(line, dot), 0, 1), atol=1e-12)


@pytest.mark.parametrize("corner", [*itertools.product((0, 279), repeat=2)])
def test_the_widest_pen_stays_on_the_paper(corner):
    area = drawing.ink(((corner,),), 2 * drawing.MARGIN).sum()
    assert area == pytest.approx(drawing.ink((((140, 140),),), 2 * drawing.MARGIN).sum())
    assert area == pytest.approx(np.pi * drawing.MARGIN**2, rel=0.01)


@given(drawings, st.integers(-60, 60), st.integers(-60, 60))
@settings(max_examples=30, deadline=None)
def test_where_a_drawing_stands_changes_no_bit(strokes, right, down):
    assert np.array_equal(drawing.digit(strokes), drawing.digit(moved(strokes, right, down)))


@given(st.lists(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), min_size=1, max_size=5), min_size=1, max_size=2))
@settings(max_examples=30, deadline=None)
def test_twice_as_large_with_twice_the_pen_is_the_same_but_for_the_rim(strokes):
    larger = [[(2 * x, 2 * y) for x, y in stroke] for stroke in strokes]
    here, there = drawing.boxed(drawing.ink(strokes, 16)), drawing.boxed(drawing.ink(larger, 32))
    assert np.abs(here - there).max() < 0.45 and np.abs(here - there).mean() < 0.06


@given(drawings)
@settings(max_examples=30, deadline=None)
def test_the_box_is_filled_from_side_to_side_and_no_ink_is_lost(strokes):
    paper = drawing.ink(strokes)
    box = drawing.boxed(paper)
    rows, columns = (np.flatnonzero(box.any(axis)) for axis in (1, 0))
    assert max(rows[-1] - rows[0], columns[-1] - columns[0]) == drawing.BOX - 1 and 0 <= box.min() and box.max() <= 1 + 1e-12
    filled, whole = (np.flatnonzero(paper.any(axis)) for axis in (1, 0))
    longer = max(filled[-1] - filled[0], whole[-1] - whole[0]) + 1
    assert box.sum() * (longer / drawing.BOX) ** 2 == pytest.approx(paper.sum())
    assert drawing.centred(box).sum() == pytest.approx(box.sum())


@given(drawings)
@settings(max_examples=30, deadline=None)
def test_the_centre_of_mass_stands_in_the_middle(strokes):
    box = drawing.boxed(drawing.ink(strokes))
    image, place = drawing.centred(box), np.arange(drawing.IMAGE)
    for axis in (0, 1):
        centre, extent = image.sum(1 - axis) @ place / image.sum(), np.flatnonzero(image.sum(1 - axis))
        at_the_edge = extent[0] == 0 or extent[-1] == drawing.IMAGE - 1
        assert abs(centre - 14) <= 0.5 + 1e-9 or at_the_edge


def test_the_middle_is_pixel_14():
    box = np.zeros((20, 20))
    box[9:12, 7:10] = 1
    assert np.argwhere(drawing.centred(box)).mean(axis=0).tolist() == [14, 14]
    box[:] = 0
    box[0, 0] = 1  # a box so lopsided would leave the image
    assert np.argwhere(drawing.centred(box)).tolist() == [[8, 8]]


def test_proportions_are_kept():
    box = drawing.boxed(drawing.ink((((140, 20), (140, 259)),), 20))
    assert np.flatnonzero(box.any(axis=1)).size == 20 and box.sum(axis=1)[5:15] == pytest.approx(20 * 20 / 260, rel=0.02)
    lying = drawing.boxed(drawing.ink((((20, 140), (259, 140)),), 20))
    np.testing.assert_allclose(lying, box.T, atol=1e-12)


@pytest.mark.parametrize("strokes, filled", [((), 0), ((((5, 5),),), 300), ((((0, 0), (279, 279)),), 30)], ids=["empty", "dot", "line"])
def test_what_is_hardly_a_drawing_is_an_image_too(strokes, filled):
    image = drawing.digit(strokes)
    assert image.shape == (28, 28) and image.dtype == np.float32 and np.count_nonzero(image) >= filled
    assert (image == 0).all() == (filled == 0)


def test_grey_comes_in_steps_of_bytes():
    image = drawing.digit((TURN,)) * np.float32(255)
    assert np.array_equal(image, np.rint(image)) and 0 < np.mean((image > 0) & (image < 255)) < 1 and image.max() == 255


def test_a_wider_pen_leaves_more_ink():
    assert drawing.digit((TURN,), 16).sum() < drawing.digit((TURN,), 24).sum() < drawing.digit((TURN,), 40).sum()


@pytest.mark.parametrize("wrong, words", [
    (5, "a tuple of strokes"), (((1, 2), (3, 4)), "a tuple of strokes"), (((),), "one point at least"), ((((0, 280),),), "0 to 279"),
    ((((-1, 0),),), "0 to 279"), ((((1.5, 2),),), "whole numbers"), ((((True, 2),),), "whole numbers")])
def test_what_is_not_a_drawing_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        drawing.checked(wrong)


# Files

def test_what_was_saved_is_loaded(tmp_path):
    several = [(TURN, ((1, 2),)), (), (((279, 0), (0, 279)),)]
    data.save_drawings(tmp_path / "class.npz", several, [3, 0, 7])
    drawn, labels = data.load_drawings(tmp_path / "class.npz")
    assert drawn == several and labels.tolist() == [3, 0, 7] and labels.dtype == np.int64
    data.save_drawings(tmp_path / "none.npz", [], [])
    drawn, labels = data.load_drawings(tmp_path / "none.npz")
    assert drawn == [] and labels.shape == (0,)


@pytest.mark.parametrize("labels, words", [([1], "one label a drawing"), ([1, 10], "0 to 9"), ([0.5, 1], "0 to 9"), ([[1], [2]], "one label")])
def test_labels_that_do_not_fit_are_refused_and_the_file_stays(tmp_path, labels, words):
    path = tmp_path / "class.npz"
    data.save_drawings(path, [(TURN,)], [3])
    before = path.read_bytes()
    with pytest.raises(ValueError, match=words):
        data.save_drawings(path, [(TURN,), ()], labels)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("change", [
    {"in_stroke": np.array([39, 1])}, {"in_drawing": np.array([1, 2])}, {"points": np.full((41, 2), 300)}, {"labels": np.array([10])},
    {"in_stroke": np.array([41, 0])}, {"labels": np.array([1, 2])}, {"points": np.array([None])}])
def test_a_file_of_anything_else_is_refused(tmp_path, change):
    arrays = {"points": np.array([*TURN, (1, 2)]), "in_stroke": np.array([40, 1]), "in_drawing": np.array([2]), "labels": np.array([3])}
    np.savez(tmp_path / "good.npz", **arrays)
    assert data.load_drawings(tmp_path / "good.npz")[0] == [(TURN, ((1, 2),))]
    np.savez(tmp_path / "bad.npz", **arrays | change)
    with pytest.raises(ValueError, match=r"bad\.npz is not a file of drawings"):
        data.load_drawings(tmp_path / "bad.npz")


def test_a_damaged_file_is_refused_and_a_missing_one_named(tmp_path):
    raw = (data.FOLDER / "drawings.npz").read_bytes()
    (tmp_path / "half.npz").write_bytes(raw[:len(raw) // 2])
    with pytest.raises(ValueError, match="damaged"):
        data.load_drawings(tmp_path / "half.npz")
    with pytest.raises(OSError, match="missing.npz"):
        data.load_drawings(tmp_path / "missing.npz")


def test_the_course_has_five_drawings_of_each_digit():
    assert np.bincount(LABELS).tolist() == [5] * 10
    assert len({drawing.digit(strokes).tobytes() for strokes in DRAWN}) == 50


# The pad

def test_a_pad_takes_what_a_page_sends_and_nothing_else():
    board = pad.Pad()
    board.set_state({"value": [[[1, 2], [3, 4]], [[5, 6]]]})  # as it comes from JSON
    assert board.value == (((1, 2), (3, 4)), ((5, 6),))
    with pytest.raises(ValueError, match="0 to 279"):
        board.value = (((280, 0),),)


def test_a_pad_loads_nothing_from_a_network():
    source = (Path(live.__file__).parent / "pad.js").read_text(encoding="utf-8")
    assert pad.Pad._esm == source and "://" not in source and "import" not in source and "url(" not in pad.Pad._css


def test_a_figure_follows_its_pad_and_says_so():
    from live_figures import MAKERS
    figure = MAKERS["draw_cnn"]()
    before, said = figure.image.value, figure.pad.answer
    figure.pad.set_state({"value": [[[140, 20], [140, 259]]]})
    assert figure.moves == 1 and figure.image.value != before and "reads a" in said
    figure.pad.value = ()
    assert figure.pad.answer == "Draw a digit."
    figure.controls["pen"].value = 40
    assert figure.pad.pen == 40
