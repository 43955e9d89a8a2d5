"""Makes hand-outs from the lessons: the learner's copies without solutions and outputs, the teacher's with every exercise done.

    python tests/hand_out.py [--run]    # both into hand-out/; with --run, the teacher's are also run from top to bottom

`hand-out/learner` is a course that works by itself, and `hand-out/learner.zip` the same in one file: notebooks, and beside them
the helpers and the data that come with the course. A learner's copy holds the code of its lesson, cell by cell
(`test_hand_out.py`), so it runs where the lesson does. `hand-out/teacher` has notebooks only: it is opened in the course.
"""
import argparse
import re
import shutil
import tempfile
from pathlib import Path

import nbformat
from run_lessons import FOLDER, executed

ROOT = FOLDER.parent
HAND_OUT = ROOT / "hand-out"
# What a learner gets beside the notebooks. Whatever else lies in data/ was downloaded.
BESIDE = ("LICENSE", "pyproject.toml", "requirements.txt", "helpers/**/*.py", "helpers/**/*.js",
          "data/digits.npz", "data/drawings.npz", "data/who_does_what.csv", "data/*.md", "data/*.py",
          "data/logs/*.npz", "data/logs/*.json", "data/logs/*.py")
START = """# Networks by hand

Sixteen lessons that build convolutional and residual networks by hand in NumPy. With Python 3.11 or newer, open a terminal in
this folder:

{commands}
Once that is installed, everything works with no network. What you hand in are your notebooks, from the folder `notebooks`.
"""


def tagged(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def learners(notebook):
    """The lesson without its solutions and without any output."""
    solutions = tagged(notebook, "solution")
    notebook.cells = [cell for cell in notebook.cells if cell not in solutions]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def teachers(notebook):
    """The lesson with its outputs, and in place of each exercise's stub its solution."""
    solutions = tagged(notebook, "solution")
    code = [re.search(r"```python\n(.*?)```", cell.source, re.S)[1] for cell in solutions]
    exercises = tagged(notebook, "exercise")
    if len(exercises) != len(code):
        raise ValueError(f"{notebook.cells[0].source.partition(chr(10))[0]}: {len(exercises)} cells have the tag exercise, "
                         f"{len(code)} the tag solution: every exercise needs one")
    for exercise, solution in zip(exercises, code, strict=True):
        stub, call = re.match(r"(def \w+\(.*?)^(check\(.*)", exercise.source, re.S | re.M).groups()
        assert stub.split("(")[0] == solution.split("(")[0], f"the solution after {stub!r} is of another exercise"
        exercise.source, exercise.outputs = f"{solution.rstrip()}\n\n\n{call}", []
    notebook.cells = [cell for cell in notebook.cells if cell not in solutions]
    return notebook


def copy_notebooks(folder, copy_of):
    """Every notebook as `copy_of` makes it, and the pictures, into a new folder."""
    shutil.copytree(FOLDER / "pictures", folder / "pictures", ignore=shutil.ignore_patterns("*.py", "jupyterlab.png", "__pycache__"))
    for path in sorted(FOLDER.glob("*.ipynb")):
        nbformat.write(copy_of(nbformat.read(path, as_version=4)), folder / path.name)


def copy_what_they_need(folder):
    """Into `folder` all that learners' notebooks need to run, and a README that says how to start."""
    for path in sorted(path for pattern in BESIDE for path in ROOT.glob(pattern)):
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    commands, = re.findall(r"^Without make.*\n\n((?: {4}.*\n)+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    (folder / "README.md").write_text(START.format(commands=commands), encoding="utf-8")


def make(target):
    """Both hand-outs into `target`, which is replaced whole."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".hand-out-") as temporary:
        new = Path(temporary) / "new"
        copy_notebooks(new / "learner" / "notebooks", learners)
        copy_what_they_need(new / "learner")
        shutil.make_archive(new / "learner", "zip", root_dir=new, base_dir="learner")
        copy_notebooks(new / "teacher", teachers)
        shutil.rmtree(target, ignore_errors=True)
        new.rename(target)


def run(path):
    """Run a teacher's copy, in which the check of every exercise must answer that it is right. How many there are."""
    notebook = executed(nbformat.read(path, as_version=4), path.parent)
    for cell in tagged(notebook, "exercise"):
        answer = "".join(output.get("text", "") for output in cell.outputs)
        if not answer.startswith("Right."):
            raise SystemExit(f"{path}: the check said {answer!r} to\n{cell.source}")
    return len(tagged(notebook, "exercise"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", action="store_true", help="run the teacher's copies, and look at what their checks say")
    options = parser.parse_args()
    make(HAND_OUT)
    print("hand-out/learner: the learners' course, without solutions; hand-out/learner.zip: the same in one file")
    for path in sorted((HAND_OUT / "teacher").glob("[0-9]*.ipynb")):
        ran = f": runs, and {run(path)} exercises are right" if options.run else ""
        print(f"{path.relative_to(ROOT)}{ran}", flush=True)
