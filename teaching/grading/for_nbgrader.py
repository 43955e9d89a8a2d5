"""A course for nbgrader: `python -m teaching.grading.for_nbgrader FOLDER [--seed N]`, or `make nbgrader`.

`source/` holds each lesson as an assignment: an exercise's solution between nbgrader's marks, which take it out of the learner's copy,
and behind it a locked cell of one point, with the course's check, and hidden cases, which are taken out as well.
"""
import argparse
import re
import shutil
import tempfile
from pathlib import Path

import nbformat

from helpers.checks import EXERCISES

from .copies import LESSONS
from .hidden import MAKERS

CONFIG = '''"""Settings of nbgrader for this course."""
import os

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "networks_by_hand"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}  # which the course's check calls not tried yet
c.Execute.timeout = 900  # seconds for a cell: nbgrader runs whole lessons, and they train networks
c.Execute.store_widget_state = False  # with it, feedback shows no pictures
os.environ.setdefault("COURSE_DIGITS", "bundled")  # no download while it grades
'''
TEST = '''# The course's check, and other arguments once you have handed in.
from helpers.checks import check

assert check({name})'''
HIDDEN = '''
### BEGIN HIDDEN TESTS
from helpers.checks import judge
from teaching.grading import hidden

result = judge({name}, hidden.exercise("{name}", {seed}))
assert result, "Not for other arguments: " + result.text
### END HIDDEN TESTS'''


def assignment(notebook, seed):
    """The lesson as nbgrader's source, without outputs; the hidden cases are those of `seed`."""
    cells = []
    for place, cell in enumerate(notebook.cells):
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if "solution" in tags:
            continue
        cells.append(cell)
        if "exercise" in tags:
            solution = next(later for later in notebook.cells[place:] if "solution" in later.metadata.get("tags", []))
            cells.append(_solved(cell, re.search(r"```python\n(def .*?)```", solution.source, re.S)[1], seed))
    notebook.cells = cells
    return notebook


def _solved(cell, solution, seed):
    """Puts the solution into an exercise's cell. The cell that tests it."""
    name = re.search(r"^check\((\w+)\)", cell.source, re.M)[1]
    first, body = solution.rstrip().split("\n", 1)
    if not first.startswith(f"def {name}(") or name not in EXERCISES:
        raise ValueError(f"the solution after the exercise {name} begins with {first!r}")
    cell.source = f"{first}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION\n\n\ncheck({name})"
    cell.metadata["nbgrader"] = _marks(name, solution=True)
    test = nbformat.v4.new_code_cell(TEST.format(name=name) + (HIDDEN.format(name=name, seed=seed) if name in MAKERS else ""))
    test.id = f"{cell.id}-test"
    test.metadata["nbgrader"] = _marks(f"{name}_test", grade=True, locked=True, points=1)
    return test


def _marks(name, grade=False, locked=False, solution=False, **points):
    return {"schema_version": 3, "grade_id": name, "grade": grade, "locked": locked, "solution": solution, "task": False, **points}


def make(target, seed):
    """The whole course into the folder `target`: the settings, and `source/`, which is replaced. What nbgrader added stays."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix=".source-") as temporary:
        new = Path(temporary) / "source"
        for path in sorted(LESSONS.glob("[0-9]*.ipynb")):
            notebook, folder = nbformat.read(path, as_version=4), new / path.stem
            folder.mkdir(parents=True)
            text = "\n".join(cell.source for cell in notebook.cells)
            for picture in set(re.findall(r"\]\((pictures/[^)]*)\)", text)):
                (folder / "pictures").mkdir(exist_ok=True)
                shutil.copy(LESSONS / picture, folder / picture)
            nbformat.write(assignment(notebook, seed), folder / path.name)
        shutil.rmtree(target / "source", ignore_errors=True)
        new.rename(target / "source")
    (target / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m teaching.grading.for_nbgrader", description="Make a course for nbgrader.")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=1, help="a number of your own, which chooses the hidden cases")
    options = parser.parse_args()
    make(options.folder, options.seed)
    print(f"In {options.folder}: nbgrader generate_assignment 05_two_layer_cnn, and so on with each lesson")
