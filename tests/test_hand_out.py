"""Hand-outs: the learner's copies give nothing away, the teacher's have every exercise solved, and both keep the rest."""
import os
import re
import shutil
import subprocess
import sys
import zipfile

import nbformat
import numpy as np
import pytest
from hand_out import FOLDER, ROOT, make, tagged

from helpers.checks import EXERCISES, check

LESSONS = sorted(path.name for path in FOLDER.glob("[0-9]*.ipynb"))


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "hand-out"
    make(folder)
    return folder


def books(copies, kind):
    """Where the notebooks of a hand-out lie."""
    return {"learner": copies / "learner" / "notebooks", "teacher": copies / "teacher"}[kind]


def read(folder, name):
    notebook = nbformat.read(folder / name, as_version=4)
    nbformat.validate(notebook)
    return notebook


@pytest.mark.parametrize("name", LESSONS)
def test_the_learners_copy_gives_nothing_away(copies, name):
    lesson, copy = read(FOLDER, name), read(books(copies, "learner"), name)
    everything = "\n".join(cell.source for cell in copy.cells)
    for solution in tagged(lesson, "solution"):
        body = re.search(r"```python\ndef .*?\n(.*?)```", solution.source, re.S)[1].strip()
        assert body and body not in everything
    assert not any(cell.outputs or cell.execution_count for cell in copy.cells if cell.cell_type == "code")
    solutions = [cell.id for cell in tagged(lesson, "solution")]
    assert [cell.source for cell in copy.cells] == [cell.source for cell in lesson.cells if cell.id not in solutions]


@pytest.mark.parametrize("name", LESSONS)
def test_the_teachers_copy_solves_every_exercise_and_keeps_the_rest(copies, name, capsys):
    lesson, copy = read(FOLDER, name), read(books(copies, "teacher"), name)
    exercises = tagged(copy, "exercise")
    assert len(exercises) == len(tagged(lesson, "exercise")) > 0
    for cell in exercises:
        exec(cell.source, {"np": np, "check": check})
        assert capsys.readouterr().out.startswith("Right."), cell.source
    touched = {cell.id for tag in ("exercise", "solution") for cell in tagged(lesson, tag)}
    assert [cell for cell in copy.cells if cell.id not in touched] == [cell for cell in lesson.cells if cell.id not in touched]


def test_every_exercise_is_handed_out_with_its_check(copies):
    handed = [cell.source for name in LESSONS for cell in tagged(read(books(copies, "learner"), name), "exercise")]
    names = [re.search(r"check\((\w+)\)", source)[1] for source in handed]
    assert len(set(names)) == len(names) and set(names) == EXERCISES.keys(), "in a lesson, but not in helpers/checks, or the reverse"


@pytest.mark.parametrize("kind", ["learner", "teacher"])
def test_pictures_that_the_lessons_name_come_along(copies, kind):
    folder = books(copies, kind)
    for path in folder.glob("*.ipynb"):
        for target in re.findall(r"\]\((pictures/[^)]*)\)", "\n".join(cell.source for cell in read(folder, path.name).cells)):
            assert (folder / target).is_file()


@pytest.mark.parametrize("kind", ["learner", "teacher"])
def test_notebooks_that_the_lessons_link_to_come_along(copies, kind):
    assert {path.name for path in books(copies, kind).glob("*.ipynb")} == {path.name for path in FOLDER.glob("*.ipynb")}


# --- the learner's folder by itself


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="only git knows what was downloaded")
def test_learners_get_the_helpers_and_the_data_of_the_course_and_nothing_that_was_downloaded(copies):
    ours = subprocess.run(["git", "ls-files", "helpers", "data"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    beside = {name for name in files(copies / "learner") if not name.startswith("notebooks/")}
    assert beside == {*ours, "LICENSE", "README.md", "pyproject.toml", "requirements.txt"}


def test_the_readme_says_how_to_start_what_is_there(copies):
    text = (copies / "learner" / "README.md").read_text(encoding="utf-8")
    for named in re.findall(r"requirements\S+txt|notebooks/\w+\.ipynb", text):
        assert (copies / "learner" / named).is_file()
    assert text.count("\n    ") == 3 and "-m venv" in text


def test_the_archive_holds_the_learners_folder(copies):
    with zipfile.ZipFile(copies / "learner.zip") as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    assert names == {f"learner/{name}" for name in files(copies / "learner")}


def test_in_the_learners_folder_helpers_digits_and_every_log_are_found(copies, tmp_path):
    folder = tmp_path / "learner"
    shutil.copytree(copies / "learner", folder)
    code = """
import helpers, json
from helpers import data, logs
for name in json.load(open("data/logs/checksums.json")):
    logs.load(name)
data.load_digits(), data.load_drawings()
print(helpers.__file__)
"""
    environment = os.environ | {"PYTHONPATH": "", "COURSE_DIGITS": "bundled"}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder / "helpers" / "__init__.py")


def test_made_again_the_old_hand_out_is_replaced_whole(tmp_path):
    make(tmp_path / "hand-out")
    (tmp_path / "hand-out" / "learner" / "old.txt").write_text("from before")
    make(tmp_path / "hand-out")
    assert [path.name for path in tmp_path.iterdir()] == ["hand-out"]
    assert not (tmp_path / "hand-out" / "learner" / "old.txt").exists()
