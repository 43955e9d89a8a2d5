"""Every lesson in JupyterLab as a learner has it: run, every slider moved, opened again the next day, nothing red anywhere."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lab import as_pictures, pictures_of, seen

pytestmark = pytest.mark.browser

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSONS = sorted(path.name for path in NOTEBOOKS.glob("[0-9]*.ipynb"))
ONE = "04_convolution_backward.ipynb"  # what is tried in other applications too


def shown(name):
    """How many live figures the stored lesson shows."""
    return sum(live for live, _ in pictures_of(NOTEBOOKS / name))


def opened_again(lesson, name):
    """A lesson that was run, saved and opened with a new kernel shows every live figure once, as its picture."""
    lesson.reopen(name)
    assert lesson.trusted() and lesson.wait_for_lost_widgets() == shown(name)
    assert seen(lesson.page) == as_pictures(pictures_of(NOTEBOOKS / name))


def test_there_are_lessons():
    assert {"02_dense_nets.ipynb", ONE} <= set(LESSONS)


def test_a_page_that_asks_late_for_widgets_makes_no_error_and_a_lost_widget_does(lesson):
    # What a page sends to a kernel that it connects to. On a slow machine that comes when the test is listening already.
    lesson.open(ONE)
    answers = lesson.page.evaluate("""async () => {
        const kernel = jupyterapp.shell.currentWidget.context.sessionContext.session.kernel, answers = [];
        for (let time = 0; time < 20; time++) {
            const comm = kernel.createComm("jupyter.widget.control");
            comm.onMsg = message => { answers.push(message.content.data.method); };
            comm.open({}, { version: "1.0.0" });
            await comm.send({ method: "request_states" }).done;
        }
        return answers;
    }""")
    assert set(answers) == {"update_states"}
    lost = "0123456789abcdef0123456789abcdef"
    lesson.page.evaluate("""lost => {
        jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.createComm("jupyter.widget", lost).send({});
    }""", lost)
    lesson.page.wait_for_function("kernelErrors.length")
    assert set(lesson.page.evaluate("kernelErrors.join('').trim().split('\\n')")) == {f"No such comm: {lost}"}


@pytest.mark.parametrize("name", LESSONS)
def test_lesson_runs_and_every_slider_and_box_changes_its_picture(lesson, name, latencies, request):
    lesson.open(name)
    assert not lesson.trusted()
    assert seen(lesson.page) == as_pictures(pictures_of(NOTEBOOKS / name))
    lesson.run_all()
    assert not lesson.errors()

    figures, steps = lesson.figures(), 5 if request.config.getoption("--latencies") else 1
    assert len(figures) == shown(name)
    for figure in figures:
        assert figure.sliders
        for number, slider in enumerate(figure.sliders):
            took, frames, stood = [], set(), (slider.value(), slider.share())
            for move in (slider.press, "Home"), (slider.click, 0.5), (slider.press, "End"):
                took.append(move[0](move[1]))
                frames.add(figure.frame())
            took += [slider.press("ArrowLeft") for _ in range(steps)]
            slider.put_back(*stood)
            assert len(frames) > 1, f"{figure.name}: slider {number} changes nothing. {lesson.errors()}"
            latencies.setdefault((name, figure.name), []).extend(time for time in took if time is not None)
        for number, tick in enumerate(figure.ticks):
            assert [tick.click(), tick.click()].count(None) == 0, f"{figure.name}: box {number} changes nothing. {lesson.errors()}"
    assert not lesson.errors()
    assert seen(lesson.page) == pictures_of(NOTEBOOKS / name)
    assert not lesson.misfits()
    opened_again(lesson, name)


# Notebook 7 and Voilà complain, while they start, of extensions of JupyterLab that they do not know: no fault of a lesson.

def test_in_notebook_7_the_mouse_moves_sliders(notebook_7):
    notebook_7.open(ONE)
    notebook_7.page.errors.clear()
    notebook_7.run_all()
    figures = notebook_7.figures()
    assert len(figures) == shown(ONE)
    for figure in figures:
        for number, slider in enumerate(figure.sliders):
            moved = [slider.drag(share) is not None for share in (0.02, 0.98, 0.5)]
            assert any(moved), f"{figure.name}: slider {number} changes nothing. {notebook_7.errors()}"
    assert not notebook_7.errors()
    assert seen(notebook_7.page) == pictures_of(NOTEBOOKS / ONE)
    opened_again(notebook_7, ONE)


def test_in_voila_sliders_move_too(voila):
    voila.open(ONE, shown(ONE))
    voila.page.errors.clear()
    figures = voila.figures()
    assert len(figures) == shown(ONE)
    for figure in figures:
        for number, slider in enumerate(figure.sliders):
            assert any([slider.press(key) is not None for key in ("Home", "End")]), f"{figure.name}: slider {number} changes nothing"
    assert not voila.errors()
    assert seen(voila.page) == pictures_of(NOTEBOOKS / ONE)


def test_trusted_but_not_run_a_lesson_shows_each_picture_once(lesson):
    shutil.copy(NOTEBOOKS / ONE, lesson.lab.root / "trusted.ipynb")
    lesson.lab.trust("trusted.ipynb")
    lesson.open("trusted.ipynb")
    assert lesson.trusted()
    assert seen(lesson.page) == as_pictures(pictures_of(NOTEBOOKS / ONE))


@pytest.mark.parametrize("options", [(), ("--execute",)], ids=["as stored", "executed"])
def test_a_page_made_by_nbconvert_shows_each_picture_once(page, tmp_path, options):
    subprocess.run([sys.executable, "-m", "nbconvert", "--to=html", f"--output-dir={tmp_path}", *options, NOTEBOOKS / ONE], check=True,
                   capture_output=True, env=os.environ | {"TQDM_DISABLE": "1"})
    page.route(re.compile("^https?:"), lambda route: route.abort())  # from the net, the executed page would get widgets that answer nothing
    page.goto((tmp_path / ONE).with_suffix(".html").as_uri())
    assert seen(page) == as_pictures(pictures_of(NOTEBOOKS / ONE))
