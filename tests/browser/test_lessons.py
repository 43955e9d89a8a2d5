from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

LESSONS = sorted(path.name for path in (Path(__file__).parents[2] / "notebooks").glob("[0-9]*.ipynb"))


def test_there_are_lessons():
    assert "01_dense_nets.ipynb" in LESSONS


@pytest.mark.parametrize("name", LESSONS)
def test_lesson_runs_and_every_slider_changes_its_picture(lesson, name):
    lesson.open(name)
    lesson.run_all()
    assert not lesson.errors()

    figures = lesson.figures()
    assert figures and len(figures) == lesson.live_outputs()
    for figure in figures:
        assert figure.handles
        for handle in figure.handles:
            assert figure.move(handle), lesson.errors()
    assert not lesson.errors()
