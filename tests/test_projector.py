"""Every figure, as the last row sees it: large text, thick lines, a title, and colours that all can tell apart."""
import base64
import importlib
import io
import itertools
import warnings
from pathlib import Path

import nbformat
import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from matplotlib.collections import Collection
from matplotlib.colors import to_rgb, to_rgba_array
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from PIL import Image

from helpers.figures import style

HERE = Path(__file__).parent
LESSONS = sorted((HERE.parent / "notebooks").glob("[0-9]*.ipynb"))
FACTS = {(path.stem[-2:], name): importlib.import_module(path.stem).facts
         for path in sorted(HERE.glob("test_facts_*.py")) for name in importlib.import_module(path.stem).facts.names}
POINTS, WIDTH, APART = 14, 2, 10  # of text, of lines, and between colours (CAM02-UCS, in which 1 can just be seen)
BLIND = [None, "protanomaly", "deuteranomaly", "tritanomaly"]
PALETTE = {name: np.array(to_rgb(colour)) for name, colour in style.PALETTE.items()}


@pytest.fixture(params=FACTS, ids="-".join, scope="module")
def pictures(request):
    """What a figure's facts look at."""
    made = FACTS[request.param].drawn(request.param[1])
    assert made
    for picture in made:
        picture.fig.draw_without_rendering()  # ticks have their text only when they are drawn
    return made


def seen(picture, kind):
    return [artist for artist in picture.fig.findobj(kind) if artist.get_visible()]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_figures_fit_a_projectors_page(path):
    """JupyterLab's page leaves 1040 by 590 of its 1280 × 720 pixels. A picture says how wide it is shown, a live figure is shown as it is."""
    outputs = [output for cell in nbformat.read(path, as_version=4).cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
    assert outputs
    for output in outputs:
        width, height = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).size
        shown = output.metadata["image/png"].get("width", width)
        assert shown <= 1040 and height * shown / width <= 590, output.data["text/plain"]


def test_no_text_is_small(pictures):
    for picture in pictures:
        small = {text.get_text(): text.get_fontsize() for text in seen(picture, Text)
                 if text.get_text().strip() and text.get_fontsize() < POINTS}
        assert not small, f"{picture.alt}: {small}"


def test_every_figure_has_a_title(pictures):
    for picture in pictures:
        titles = [picture.fig.get_suptitle()] + [ax.get_title(side) for ax in picture.fig.axes for side in ("left", "center", "right")]
        assert any(title.strip() for title in titles), picture.alt


def has_marks(line):
    return line.get_marker() not in ("None", "", None) and len(line.get_xdata()) > 0


def has_edge(line):
    """Whether its marks have an edge that is not just a rim of their own colour."""
    return has_marks(line) and not np.array_equal(to_rgba_array(line.get_markerfacecolor()), to_rgba_array(line.get_markeredgecolor()))


def drawn_edges(picture):
    """(artist, width, colours) of everything that is drawn as a line: lines, edges of patches, axes."""
    for artist in seen(picture, Line2D):
        if artist.get_linestyle() != "None" and len(artist.get_xdata()):
            yield artist, artist.get_linewidth(), to_rgba_array(artist.get_color())
        if has_edge(artist):
            yield artist, artist.get_markeredgewidth(), to_rgba_array(artist.get_markeredgecolor())
    for artist in seen(picture, Patch):
        if artist is not picture.fig.patch:
            yield artist, artist.get_linewidth(), to_rgba_array(artist.get_edgecolor())
    for artist in seen(picture, Collection):
        for width in np.atleast_1d(artist.get_linewidths()) if artist.get_paths() else ():
            yield artist, width, artist.get_edgecolor()


def test_no_line_is_thin(pictures):
    white = to_rgba_array("white")
    for picture in pictures:
        for artist, width, colours in drawn_edges(picture):
            visible = len(colours) and colours[:, 3].any() and not np.allclose(colours, white)  # white parts, it draws nothing
            assert width == 0 or width >= WIDTH or not visible, f"{picture.alt}: {artist} is {width} points wide"


def colours(picture):
    for artist in seen(picture, Text):
        if artist.get_text().strip():
            yield artist, to_rgba_array(artist.get_color())
    for artist in seen(picture, Line2D):
        if artist.get_linestyle() != "None":
            yield artist, to_rgba_array(artist.get_color())
        if has_marks(artist):
            yield artist, to_rgba_array([artist.get_markerfacecolor(), artist.get_markeredgecolor()])
    for artist in seen(picture, Patch):
        yield artist, np.concatenate([to_rgba_array(artist.get_facecolor()), to_rgba_array(artist.get_edgecolor())])
    for artist in seen(picture, Collection):
        if artist.get_array() is None:
            yield artist, np.concatenate([artist.get_facecolor(), artist.get_edgecolor()])


def belongs(rgb):
    """A colour of the palette, or one of them with white added, or a grey."""
    if np.ptp(rgb) < 0.01:
        return True
    for colour in PALETTE.values():
        share = (1 - rgb) @ (1 - colour) / ((1 - colour) @ (1 - colour))
        if share <= 1.01 and np.abs(1 - share * (1 - colour) - rgb).max() < 0.015:
            return True
    return False


def test_all_colours_are_of_the_one_palette(pictures):
    for picture in pictures:
        for artist, rgba in colours(picture):
            for *rgb, alpha in rgba:
                assert alpha == 0 or belongs(np.array(rgb)), f"{picture.alt}: {artist} has colour {rgb}"


def to_eyes(rgb, blind):
    if blind is None:
        return rgb
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a simulated colour may lie a little outside of the screen's
        return np.clip(cspace_convert(rgb, {"name": "sRGB1+CVD", "cvd_type": blind, "severity": 100}, "sRGB1"), 0, 1)


@pytest.mark.parametrize("blind", BLIND)
def test_colours_with_a_meaning_are_told_apart(blind):
    for one, other in itertools.combinations(style.MEANINGS, 2):
        apart = deltaE(to_eyes(PALETTE[one], blind), to_eyes(PALETTE[other], blind), input_space="sRGB1")
        assert apart > APART, f"{one} and {other}: {apart:.1f}"


@pytest.mark.parametrize("blind", BLIND)
@pytest.mark.parametrize("colours", [style.WEIGHTS, style.GRADIENTS], ids=lambda colours: colours.name)
def test_above_and_below_zero_are_told_apart(colours, blind):
    for share in (0.3, 0.6, 1.0):
        low, high = (np.array(colours(0.5 + sign * share / 2)[:3]) for sign in (-1, 1))
        assert deltaE(to_eyes(low, blind), to_eyes(high, blind), input_space="sRGB1") > APART, f"at {share} of the range"
