"""Live figures without a browser: every control to its ends, nothing stale, nothing leaked, nothing too small to read."""
import base64
import subprocess
import sys

import pytest
from live_figures import MAKERS, ends_and_middle
from matplotlib.text import Text

from helpers.live import core


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


def test_moving_a_control_redraws_and_is_counted():
    figure = MAKERS["softmax"]()
    before, control = figure.image.value, next(iter(figure.controls.values()))
    assert figure.moves == 0
    control.value = next(value for value in ends_and_middle(control) if value != control.value)
    assert figure.moves == 1
    assert figure.image.value == figure.frame(**figure.values) != before


def test_all_text_can_be_read_from_the_last_row(figure):
    for name, control in figure.controls.items():
        for value in ends_and_middle(control):
            figure.update(**figure.values | {name: value})
            small = [text.get_text() for text in figure.fig.findobj(Text)
                     if text.get_text().strip() and text.get_visible() and text.get_fontsize() < 14]
            assert not small, f"below 14 points: {small}"


def test_without_a_kernel_the_first_frame_is_shown_with_alt_text(figure):
    data, metadata = figure._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert "application/vnd.jupyter.widget-view+json" in data
    assert figure.alt in data["text/plain"] and metadata["image/png"]["alt"] == figure.alt


def test_nothing_passes_through_pyplot():
    # A figure that pyplot knows is never freed, and is shown twice in a notebook.
    script = f"import sys; sys.path.insert(0, 'tests'); from live_figures import MAKERS; MAKERS['softmax'](); print('matplotlib.pyplot' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


@pytest.mark.parametrize("step, kind", [(1, "IntSlider"), (0.5, "FloatSlider")])
def test_a_slider_is_whole_or_not_by_its_step(step, kind):
    assert type(core.slider("x", 2, 1, 3, step)).__name__ == kind
