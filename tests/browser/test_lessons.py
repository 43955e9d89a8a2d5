"""Every lesson in JupyterLab as a learner has it: run, every slider moved, nothing red anywhere."""
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSONS = sorted(path.name for path in NOTEBOOKS.glob("[0-9]*.ipynb"))
ONE = "04_convolution_backward.ipynb"  # what is tried in other applications too


def shown(name):
    """How many live figures the stored lesson shows."""
    return (NOTEBOOKS / name).read_text(encoding="utf-8").count('"application/vnd.jupyter.widget-view+json": {')


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
def test_lesson_runs_and_every_slider_changes_its_picture_at_its_ends_and_middle(lesson, name, latencies):
    lesson.open(name)
    lesson.run_all()
    assert not lesson.errors()

    figures = lesson.figures()
    assert len(figures) == shown(name)
    for figure in figures:
        assert figure.sliders
        for number, slider in enumerate(figure.sliders):
            took, frames, stood = [], set(), slider.value()
            for move in (slider.press, "Home"), (slider.click, 0.5), (slider.press, "End"):
                took.append(move[0](move[1]))
                frames.add(figure.frame())
            took += [slider.press("ArrowLeft") for _ in range(5)]
            slider.put_back(stood)
            assert len(frames) > 1, f"{figure.name}: slider {number} changes nothing. {lesson.errors()}"
            latencies.setdefault((name, figure.name), []).extend(time for time in took if time is not None)
    assert not lesson.errors()
    assert not lesson.misfits()


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


def test_in_voila_sliders_move_too(voila):
    voila.open(ONE, shown(ONE))
    voila.page.errors.clear()
    figures = voila.figures()
    assert len(figures) == shown(ONE)
    for figure in figures:
        for number, slider in enumerate(figure.sliders):
            assert any([slider.press(key) is not None for key in ("Home", "End")]), f"{figure.name}: slider {number} changes nothing"
    assert not voila.errors()
