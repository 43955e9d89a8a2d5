"""Live figures without a browser: every control to its ends, nothing stale, nothing leaked, nothing too small to read."""
import base64
import io
import subprocess
import sys

import numpy as np
import pytest
from live_figures import MAKERS, ends_and_middle, random_value
from matplotlib.image import AxesImage, imread
from matplotlib.text import Text

from helpers.figures import style
from helpers.live import core
from helpers.live.pixels import Pixels


@pytest.fixture(params=MAKERS, scope="module")
def figure(request):
    return MAKERS[request.param]()


def test_every_control_changes_the_picture_at_its_ends_and_middle(figure):
    for name, control in figure.controls.items():
        frames = {figure.frame(**figure.values | {name: value}) for value in ends_and_middle(control)}
        assert len(frames) > 1, f"{name} changes nothing"


def test_a_frame_depends_on_the_values_alone(figure):
    start = figure.frame(**figure.values)
    for name, control in figure.controls.items():
        for value in ends_and_middle(control):
            figure.frame(**figure.values | {name: value})
    assert figure.frame(**figure.values) == start


def test_update_changes_only_what_is_listed_as_moving(figure):
    # Matplotlib marks a figure stale when an artist changes that is not animated: it would not be redrawn.
    for name, control in figure.controls.items():
        for value in ends_and_middle(control):
            figure.update(**figure.values | {name: value})
            assert not figure.fig.stale, f"{name} = {value} changes an artist that is not in `moving`"


def test_what_is_drawn_in_part_and_quickly_equals_what_matplotlib_draws_whole(figure, monkeypatch):
    rng = np.random.default_rng(0)
    pixels, values = figure.pixels, dict(figure.values)
    for _ in range(5):
        for name in rng.choice(list(values), rng.integers(1, len(values) + 1)):  # one control to all of them
            values[name] = random_value(figure.controls[name], rng)
        figure.frame(**values)
        part = pixels.array.copy()
        pixels.array[:] = pixels.background
        with monkeypatch.context() as plain:
            for artist in figure.moving:
                if isinstance(artist, AxesImage):
                    plain.setattr(artist, "make_image", artist.make_image.make)
                figure.fig.draw_artist(artist)
        np.testing.assert_array_equal(part, pixels.array, f"{values}")


@pytest.mark.parametrize("change", [
    {"text": "after"}, {"color": "red"}, {"alpha": 0.3}, {"visible": False}, {"fontsize": 30}, {"fontweight": "bold"}, {"fontstyle": "italic"},
    {"rotation": 40}, {"ha": "right"}, {"va": "top"}, {"position": (0.2, 0.6)}, {"x": 0.1}, {"y": 0.9}], ids=lambda change: next(iter(change)))
def test_a_text_is_drawn_anew_whatever_of_it_changes(change):
    fig, ax = style.canvas(4, 3)
    text = ax.text(0.5, 0.5, "before", transform=ax.transAxes)
    pixels = Pixels(fig, [text])
    pixels.draw()
    before = pixels.array.copy()
    text.set(**change)
    pixels.draw()
    part = pixels.array.copy()
    pixels.array[:] = pixels.background
    fig.draw_artist(text)
    np.testing.assert_array_equal(part, pixels.array)
    assert not np.array_equal(part, before)


def test_an_image_is_drawn_as_matplotlib_does_whatever_its_shape():
    fig, ax = style.canvas(4, 3)
    image = ax.imshow(np.zeros((3, 5)), extent=(-0.3, 1.1, 0.2, 1.7), vmin=0, vmax=1)
    ax.set(xlim=(0, 1), ylim=(0, 1))
    pixels, rng = Pixels(fig, [image]), np.random.default_rng(0)
    # The second time and the third each shape is drawn quickly; the last one has more rows than fit into a byte.
    for shape in ((3, 5), (5, 3), (4, 4, 3), (300, 2)):
        for _ in range(3):
            image.set_data(array := rng.random(shape))
            pixels.draw()
            np.testing.assert_array_equal(image.get_array(), array)
            quick, *corner = image.make_image(fig.canvas.get_renderer())
            plain, *wanted = image.make_image.make(fig.canvas.get_renderer())[:3]
            np.testing.assert_array_equal(quick, plain, f"{shape}")
            assert corner[:2] == wanted


def test_the_quick_png_and_the_stored_one_hold_the_pixels():
    pixels = MAKERS["graph"]().pixels
    pixels.draw()
    for png in pixels.png(), pixels.stored_png():
        np.testing.assert_array_equal((imread(io.BytesIO(png)) * 255).round(), pixels.array[..., :3])


def test_only_what_has_changed_is_drawn_and_what_touches_it(monkeypatch):
    fig, ax = style.canvas(6, 4)
    ax.set(xlim=(0, 10), ylim=(0, 10))
    left, over, right = ax.plot([1], [1], "o")[0], ax.plot([1.1], [1], "s")[0], ax.plot([8], [8], "o")[0]
    pixels, drawn = Pixels(fig, [left, over, right]), []
    monkeypatch.setattr(fig, "draw_artist", lambda artist: drawn.append(artist) or artist.draw(fig.canvas.get_renderer()))
    for change, wanted in ((lambda: None, [left, over, right]), (lambda: None, []), (lambda: right.set_color("red"), [right]),
                           (lambda: over.set_color("red"), [left, over]), (lambda: left.set_data([5], [5]), [left, over]),
                           (lambda: over.set_visible(False), [over]), (lambda: right.set_data([5], [5]), [left, right])):
        drawn.clear()
        change()
        pixels.draw()
        assert drawn == wanted


def test_a_text_is_drawn_only_if_it_or_what_is_below_it_has_changed(monkeypatch):
    fig, ax = style.canvas(6, 4)
    ax.set(xlim=(0, 10), ylim=(0, 10))
    bar, text = ax.bar([5], [8])[0], ax.text(5, 5, "12", ha="center", color="white")
    pixels, drawn = Pixels(fig, [bar, text]), []
    monkeypatch.setattr(fig, "draw_artist", lambda artist: drawn.append(artist) or artist.draw(fig.canvas.get_renderer()))
    for change, wanted in ((lambda: None, [bar, text]), (lambda: text.set(text="12", color="white", position=(5, 5)), []),
                           (lambda: bar.set_height(9), [bar]), (lambda: bar.set_color("red"), [bar, text]),
                           (lambda: text.set_color("black"), [bar, text]), (lambda: text.set_text("21"), [bar, text]),
                           (lambda: text.set_x(6), [bar, text]), (lambda: text.set_size(30), [bar, text]),
                           (lambda: text.set_visible(False), [bar, text]), (lambda: text.set_visible(True), [bar, text]),
                           (lambda: text.set_alpha(0.5), [bar, text])):
        drawn.clear()
        change()
        pixels.draw()
        assert drawn == wanted
        part, pixels.array[:] = pixels.array.copy(), pixels.background
        for artist in pixels.moving:
            artist.draw(fig.canvas.get_renderer())
        np.testing.assert_array_equal(part, pixels.array)


def test_moving_a_control_redraws_and_is_counted():
    figure = MAKERS["softmax"]()
    before, control = figure.image.value, next(iter(figure.controls.values()))
    assert figure.moves == 0
    control.value = next(value for value in ends_and_middle(control) if value != control.value)
    assert figure.moves == 1
    assert figure.image.value == core.address(figure.frame(**figure.values)) != before


def test_a_control_that_comes_back_shows_the_frame_that_is_kept(monkeypatch):
    figure = MAKERS["graph"]()
    step, w = figure.controls.values()
    start, drawn = step.value, []
    monkeypatch.setattr(figure.pixels, "draw", lambda draw=figure.pixels.draw: drawn.append(step.value) or draw())
    seen = {}
    for value in (3, 4, 3, 4, 0, 3):
        step.value = value
        assert seen.setdefault(value, figure.image.value) == figure.image.value
    assert drawn == [3, 4, 0]
    w.value += 1  # a frame is of all controls
    assert drawn == [3, 4, 0, 3] and figure.image.value != seen[3]
    # What was shown without being drawn is what is stored, and what comes next is drawn as ever.
    step.value, w.value = start, figure.controls["w"].min
    assert figure.image.value == core.address(MAKERS["graph"]().frame(**figure.values))


def test_the_picture_of_a_drawing_goes_to_the_page_before_the_answer(monkeypatch):
    figure, sent = MAKERS["draw_dense"](), []
    for name in ("pad", "image"):
        monkeypatch.setattr(getattr(figure, name), "send_state", lambda key=None, name=name: sent.append(name))
    figure.pad.value = ((10, 10), (140, 200)),
    assert sent == ["pad", "image", "pad"]  # what is drawn, its picture, the answer


def test_a_drawing_that_comes_back_is_answered_again():
    figure = MAKERS["draw_dense"]()
    answers = {}
    for strokes in (figure.pad.value, (), figure.pad.value, ()):
        figure.pad.value = strokes
        assert answers.setdefault(strokes, figure.pad.answer) == figure.pad.answer
    assert len(set(answers.values())) == 2


def test_all_text_can_be_read_from_the_last_row(figure):
    for name, control in figure.controls.items():
        for value in ends_and_middle(control):
            figure.update(**figure.values | {name: value})
            small = [text.get_text() for text in figure.fig.findobj(Text)
                     if text.get_text().strip() and text.get_visible() and text.get_fontsize() < 14]
            assert not small, f"below 14 points: {small}"


@pytest.fixture
def displayed(monkeypatch):
    """What is displayed, as pairs of data and metadata."""
    outputs = []
    monkeypatch.setattr(core, "display", lambda data, metadata=None, raw=False: outputs.append((data, metadata)))
    return outputs


def test_a_figure_is_a_widget_and_a_picture_of_which_a_style_sheet_shows_one(figure, displayed):
    figure._ipython_display_()
    (sheet, _), (widget, _), (picture, metadata) = displayed
    # Nothing beside the widget: a notebook that is not trusted would show it. That the sheet works, the browser tests see.
    assert list(sheet) == ["text/html"] and list(widget) == ["application/vnd.jupyter.widget-view+json"]
    assert widget["application/vnd.jupyter.widget-view+json"]["model_id"] == figure.model_id
    assert figure.alt in picture["text/plain"] and metadata == {"image/png": {"alt": figure.alt}}


def test_the_picture_shows_what_the_controls_say(displayed):
    figure = MAKERS["softmax"]()
    pictures = []
    for _ in range(2):
        figure._ipython_display_()
        pictures.append(imread(io.BytesIO(base64.b64decode(displayed[-1][0]["image/png"]))))
        _, shown = bytes(figure.image.value).split(b",")
        assert np.array_equal(pictures[-1], imread(io.BytesIO(base64.b64decode(shown))))
        control = next(iter(figure.controls.values()))
        control.value = next(value for value in ends_and_middle(control) if value != control.value)
    assert not np.array_equal(*pictures)


def test_nothing_passes_through_pyplot():
    # A figure that pyplot knows is never freed, and is shown twice in a notebook.
    script = f"import sys; sys.path.insert(0, 'tests'); from live_figures import MAKERS; MAKERS['softmax'](); print('matplotlib.pyplot' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


@pytest.mark.parametrize("step, kind", [(1, "IntSlider"), (0.5, "FloatSlider")])
def test_a_slider_is_whole_or_not_by_its_step(step, kind):
    assert type(core.slider("x", 2, 1, 3, step)).__name__ == kind
