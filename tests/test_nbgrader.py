"""The course for nbgrader: solutions and hidden cases stand between its marks, and nbgrader itself takes it all the way."""
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from hand_out import FOLDER, tagged

from helpers.checks import EXERCISES, check
from teaching.grading import hidden
from teaching.grading.for_nbgrader import assignment, make

LESSONS = sorted(path.stem for path in FOLDER.glob("[0-9]*.ipynb"))
SOLUTION, TESTS = (re.compile(rf" *### BEGIN {what}\n.*?### END {what}", re.S) for what in ("SOLUTION", "HIDDEN TESTS"))


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nbgrader")
    make(folder, seed=5)
    return folder


def read(course, lesson):
    notebook = nbformat.read(course / "source" / lesson / f"{lesson}.ipynb", as_version=4)
    nbformat.validate(notebook)
    return notebook


def marked(notebook, what):
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get(what)]


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_is_solved_between_marks_and_tested_behind(course, lesson, capsys):
    notebook = read(course, lesson)
    exercises = tagged(notebook, "exercise")
    assert exercises == marked(notebook, "solution") and len(exercises) == len(marked(notebook, "grade")) > 0
    for cell in exercises:
        name, test = cell.metadata["nbgrader"]["grade_id"], notebook.cells[notebook.cells.index(cell) + 1]
        assert test.metadata["nbgrader"]["grade_id"] == f"{name}_test" and test.metadata["nbgrader"]["points"] == 1
        assert len(SOLUTION.findall(cell.source)) == 1 and bool(TESTS.search(test.source)) == (name in hidden.MAKERS)
        space = {"np": np, "check": check}
        exec(cell.source, space)
        exec(test.source, space)
        assert capsys.readouterr().out.count("Right.") == 2
        handed_out = {"np": np, "check": check}
        exec(SOLUTION.sub("    raise NotImplementedError", cell.source), handed_out)
        assert capsys.readouterr().out == "Not tried yet: the function raises NotImplementedError.\n"
        with pytest.raises(AssertionError):
            exec(TESTS.sub("", test.source), handed_out)


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_rest_is_the_lesson_with_its_own_pictures_and_without_solutions(course, lesson):
    notebook, own = read(course, lesson), nbformat.read(FOLDER / f"{lesson}.ipynb", as_version=4)
    assert not tagged(notebook, "solution")
    assert [cell.source for cell in notebook.cells if "nbgrader" not in cell.metadata] == [
        cell.source for cell in own.cells if not {"exercise", "solution"} & set(cell.metadata.get("tags", []))]
    assert not any(cell.get("outputs") for cell in notebook.cells)
    named = re.findall(r"\]\((pictures/[^)]*)\)", "\n".join(cell.source for cell in own.cells))
    folder = course / "source" / lesson
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.*")} == {*named, f"{lesson}.ipynb"}


def test_the_hidden_cases_refuse_what_was_learned_by_heart():
    notebook = assignment(nbformat.read(FOLDER / "00_start_here.ipynb", as_version=4), seed=5)
    test, = marked(notebook, "grade")
    share = EXERCISES["ink"].truth(*EXERCISES["ink"].cases[0])
    space = {}
    exec(f"def ink(image):\n    return {share}", space)
    with pytest.raises(AssertionError, match="Not for other arguments"):
        exec(test.source, space)


def test_made_again_what_nbgrader_added_stays(course):
    (course / "gradebook.db").write_text("grades")
    (course / "source" / "old.txt").write_text("from before")
    make(course, seed=5)
    assert {path.name for path in course.iterdir()} == {"gradebook.db", "source", "nbgrader_config.py"}
    assert not (course / "source" / "old.txt").exists()


@pytest.mark.nbgrader
def test_nbgrader_hands_out_grades_and_gives_feedback(tmp_path, monkeypatch):
    pytest.importorskip("nbgrader")
    lesson = "00_start_here"
    make(tmp_path, seed=5)

    # It starts alembic by that name.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")

    def nbgrader(*arguments):
        done = subprocess.run([sys.executable, "-m", "nbgrader", *arguments], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    nbgrader("generate_assignment", lesson)
    released = nbformat.read(tmp_path / "release" / lesson / f"{lesson}.ipynb", as_version=4)
    everything = "\n".join(cell.source for cell in released.cells)
    assert "raise NotImplementedError" in everything and "hidden" not in everything and "(image > 0)" not in everything
    answers = {"ada": "return (image > 0).mean()", "bob": "return (image > 0).sum()", "cyd": "raise NotImplementedError",
               "dan": f"return {EXERCISES['ink'].truth(*EXERCISES['ink'].cases[0])}",
               "eve": "return 0.0\n\n\nimport helpers.checks\nhelpers.checks.check = lambda answer: True"}
    for learner, answer in answers.items():
        folder = tmp_path / "submitted" / learner / lesson
        folder.mkdir(parents=True)
        for cell in tagged(released, "exercise"):
            cell.source = f"def ink(image):\n    {answer}"
        nbformat.write(released, folder / f"{lesson}.ipynb")
    nbgrader("autograde", lesson)
    nbgrader("generate_feedback", lesson)
    from nbgrader.api import Gradebook
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        scores = {learner: book.find_submission(lesson, learner).score for learner in answers}
    assert scores == {"ada": 1, "bob": 0, "cyd": 0, "dan": 0, "eve": 0}
    page = (tmp_path / "feedback" / "bob" / lesson / f"{lesson}.html").read_text(encoding="utf-8")
    assert "divided by all 784" in page
