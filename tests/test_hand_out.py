"""Hand-outs: the learner's copies give nothing away, the teacher's have every exercise solved, and both keep the rest."""
import re

import nbformat
import numpy as np
import pytest
from hand_out import FOLDER, make, tagged

from helpers.checks import EXERCISES, check

LESSONS = sorted(path.name for path in FOLDER.glob("[0-9]*.ipynb"))


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "hand-out"
    make(folder)
    return folder


def read(folder, name):
    notebook = nbformat.read(folder / name, as_version=4)
    nbformat.validate(notebook)
    return notebook


@pytest.mark.parametrize("name", LESSONS)
def test_the_learners_copy_gives_nothing_away(copies, name):
    lesson, copy = read(FOLDER, name), read(copies / "learner", name)
    everything = "\n".join(cell.source for cell in copy.cells)
    for solution in tagged(lesson, "solution"):
        body = re.search(r"```python\ndef .*?\n(.*?)```", solution.source, re.S)[1].strip()
        assert body and body not in everything
    assert not any(cell.outputs or cell.execution_count for cell in copy.cells if cell.cell_type == "code")
    solutions = [cell.id for cell in tagged(lesson, "solution")]
    assert [cell.source for cell in copy.cells] == [cell.source for cell in lesson.cells if cell.id not in solutions]


@pytest.mark.parametrize("name", LESSONS)
def test_the_teachers_copy_solves_every_exercise_and_keeps_the_rest(copies, name, capsys):
    lesson, copy = read(FOLDER, name), read(copies / "teacher", name)
    exercises = tagged(copy, "exercise")
    assert len(exercises) == len(tagged(lesson, "exercise")) > 0
    for cell in exercises:
        exec(cell.source, {"np": np, "check": check})
        assert capsys.readouterr().out.startswith("Right."), cell.source
    touched = {cell.id for tag in ("exercise", "solution") for cell in tagged(lesson, tag)}
    assert [cell for cell in copy.cells if cell.id not in touched] == [cell for cell in lesson.cells if cell.id not in touched]


def test_every_exercise_is_handed_out_with_its_check(copies):
    handed = [cell.source for name in LESSONS for cell in tagged(read(copies / "learner", name), "exercise")]
    names = [re.search(r"check\((\w+)\)", source)[1] for source in handed]
    assert len(set(names)) == len(names) and set(names) == EXERCISES.keys(), "in a lesson, but not in helpers/checks, or the reverse"


@pytest.mark.parametrize("kind", ["learner", "teacher"])
def test_pictures_that_the_lessons_name_come_along(copies, kind):
    for path in (copies / kind).glob("*.ipynb"):
        for target in re.findall(r"\]\((pictures/[^)]*)\)", "\n".join(cell.source for cell in read(copies / kind, path.name).cells)):
            assert (copies / kind / target).is_file()


@pytest.mark.parametrize("kind", ["learner", "teacher"])
def test_notebooks_that_the_lessons_link_to_come_along(copies, kind):
    assert {path.name for path in (copies / kind).glob("*.ipynb")} == {path.name for path in FOLDER.glob("*.ipynb")}


def test_made_again_the_old_hand_out_is_replaced_whole(tmp_path):
    make(tmp_path / "hand-out")
    (tmp_path / "hand-out" / "learner" / "old.txt").write_text("from before")
    make(tmp_path / "hand-out")
    assert [path.name for path in tmp_path.iterdir()] == ["hand-out"]
    assert not (tmp_path / "hand-out" / "learner" / "old.txt").exists()
