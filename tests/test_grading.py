"""Grading: every kind of spoilt copy is graded or refused by name, and neither tricks nor other learners change a grade."""
import csv
import json
import re
import runpy
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from hand_out import FOLDER, tagged, teachers

from helpers.checks import EXERCISES, judge
from teaching.grading import copies, hidden, report
from teaching.grading.child import encoded
from teaching.grading.grades import Grade, decoded, grade_all
from teaching.grading.needs import needed, statements

ROOT = Path(__file__).parents[1]
RIGHT = "def ink(image):\n    return (image > 0).mean()\n\n\ncheck(ink)"
WRONG = "def ink(image):\n    return (image > 0).sum()\n\n\ncheck(ink)"
CLASS = {}  # {learner: (what they hand in, state, words in the text, words in the note)}


def solved(lesson="00_start_here"):
    """A learner's copy with every exercise done."""
    return teachers(nbformat.read(FOLDER / f"{lesson}.ipynb", as_version=4))


def answered(source):
    notebook = solved()
    cell, = tagged(notebook, "exercise")
    cell.source = source
    return notebook


def place(notebook, name="ink"):
    return next(place for place, cell in enumerate(notebook.cells) if f"check({name})" in cell.source)


def hands_in(state, text="", note=""):
    def add(make):
        CLASS[make.__name__] = make, state, text, note
        return make
    return add


def rows_of(path):
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def new(source, kind="code"):
    return getattr(nbformat.v4, f"new_{kind}_cell")(source)


# --- copies that are well, and the kinds of spoilt ones


@hands_in("right", "^Right. Most of an image")
def well():
    return solved()


@hands_in("wrong", "divided by all 784")
def wrong():
    return answered(WRONG)


@hands_in("untried", "Not tried yet")
def untried():
    return nbformat.read(FOLDER / "00_start_here.ipynb", as_version=4)


@hands_in("right", note="2 cells define ink: the last of them counts")
def copied():
    notebook = answered(WRONG)
    notebook.cells.insert(place(notebook) + 1, new(RIGHT))
    return notebook


@hands_in("right")
def copied_and_the_copy_left_alone():
    notebook = solved()
    notebook.cells.append(new("def ink(image):\n    ...\n\n\ncheck(ink)"))
    return notebook


@hands_in("missing", "No cell of this copy defines ink")
def deleted():
    notebook = solved()
    del notebook.cells[place(notebook)]
    return notebook


@hands_in("missing", "defines inks, and not ink: leave the function's name", "It checks inks")
def renamed():
    return answered(RIGHT.replace("ink", "inks"))


@hands_in("right")
def moved():
    notebook = solved()
    notebook.cells.insert(0, notebook.cells.pop(place(notebook)))
    return notebook


@hands_in("right", note="in a Markdown cell, and was read as code")
def turned_to_markdown():
    notebook = solved()
    notebook.cells[place(notebook)] = new(RIGHT, "markdown")
    return notebook


@hands_in("wrong", "cannot read this cell.*line 2", "in a Raw cell")
def turned_to_raw_and_broken():
    notebook = solved()
    notebook.cells[place(notebook)] = new(RIGHT.replace("> 0)", "> "), "raw")
    return notebook


@hands_in("right")
def metadata_stripped():
    notebook = solved()
    notebook.metadata = {}
    for cell in notebook.cells:
        cell.metadata = {}
        del cell["id"]
    return notebook


@hands_in("right")
def format_3():
    return nbformat.convert(solved(), 3)


@hands_in("right")
def from_colab():
    notebook = solved()
    notebook.nbformat_minor = 0
    for cell in notebook.cells:
        cell.metadata = {"id": cell.pop("id"), "colab": {"base_uri": "https://localhost:8080/"}}
    return notebook


@hands_in("right")
def as_a_script():
    return "\n\n".join(f"# %% [{cell.cell_type}]\n" + (cell.source if cell.cell_type == "code" else re.sub("^", "# ", cell.source, flags=re.M))
                       for cell in solved().cells).encode()


@hands_in("right")
def outputs_cleared():
    notebook = solved()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


@hands_in("right")
def an_endless_loop_elsewhere():
    notebook = solved()
    notebook.cells.insert(3, new("while True:\n    pass"))
    return notebook


@hands_in("wrong", "stopped after 2 seconds of computing: is there a loop")
def an_endless_loop():
    return answered(RIGHT.replace("    return", "    while True:\n        try:\n            [0] * 9\n        except:\n            pass\n    return"))


@hands_in("right")
def an_error_half_way():
    notebook = solved()
    notebook.cells.insert(3, new("1 / 0"))
    notebook.cells.insert(4, new("this is no Python"))
    notebook.cells.insert(5, new("%matplotlib inline\n!ls"))
    return notebook


@hands_in("wrong", r"needs stopped in cell 1, `size = 28 / 0`, with ZeroDivisionError")
def an_error_in_what_it_needs():
    notebook = answered("def ink(image):\n    return (image > 0).sum() / size**2\n\n\ncheck(ink)")
    notebook.cells.insert(0, new("size = 28 / 0"))
    return notebook


@hands_in("refused", "not text at all")
def no_text():
    return b"PK\x03\x04\xff\xfe\x00"


@hands_in("refused", "not JSON. Was it saved as a web page, or cut off\\?$")
def a_web_page():
    return b"<!DOCTYPE html><html></html>"


@hands_in("refused", "JSON, but no notebook|none of the course's exercises")
def other_json():
    return b'{"answers": [1, 2]}'


@hands_in("refused", "JSON, but no notebook")
def a_list():
    return b"[]"


@hands_in("refused", "empty file")
def nothing():
    return b""


@hands_in("refused", "none of the course's exercises")
def another_notebook():
    return nbformat.v4.new_notebook(cells=[new("print(1)")])


@hands_in("right", note="It checks darkness, which this version.* Only 0% of the lesson's .* is it of another version")
def an_old_version():
    return nbformat.v4.new_notebook(cells=[new("import numpy as np"), new("def darkness(image):\n    ...\n\n\ncheck(darkness)"), new(RIGHT)])


@hands_in("right")
def its_imports_deleted():
    notebook = solved()
    notebook.cells = [cell for cell in notebook.cells if "import" not in cell.source]
    return notebook


@hands_in("right")
def with_a_function_of_its_own_below():
    notebook = answered("def ink(image):\n    return share(image > 0)\n\n\ncheck(ink)")
    notebook.cells.append(new("def share(mask):\n    return mask.sum() / pixels"))
    notebook.cells.append(new("pixels = 1\nfor side in (28, 28):\n    pixels *= side"))
    return notebook


@hands_in("right")
def calls_itself_and_is_copied_as_a_stub():
    notebook = answered("def ink(image):\n    return (image > 0).mean() if image.ndim < 2 else ink(image.ravel())\n\n\ncheck(ink)")
    notebook.cells.append(new("def ink(image):\n    ..."))
    return notebook


@hands_in("right")
def tries_it_out_below():
    notebook = solved()
    notebook.cells.append(new("ink = ink(first)"))
    return notebook


@hands_in("right")
def a_lambda():
    return answered("ink = lambda image: (image > 0).mean()\ncheck(ink)")


@hands_in("right", note="2 cells define ink")
def a_cell_with_two():
    notebook = answered(RIGHT.replace("check(ink)", "check(ink)\n\ndef ink(image):\n    return len(image[image > 0]) / image.size"))
    notebook.cells.insert(0, new(WRONG))
    return notebook


# --- names redefined, and tricks


@hands_in("wrong", "divided by all 784")
def check_redefined():
    return answered("def check(answer):\n    print('Right.')\n    return True\n\n\n" + WRONG)


@hands_in("wrong", "None: did you print instead of return")
def prints_passed():
    return answered("def ink(image):\n    print('Right. passed')\n\n\ncheck(ink)")


@hands_in("wrong", "NoneType")
def numpy_redefined():
    notebook = answered(RIGHT.replace("(image > 0).mean()", "np.mean(image > 0)"))
    notebook.cells.insert(0, new("import numpy as np"))
    notebook.cells.insert(place(notebook), new("np = None"))
    return notebook


@hands_in("wrong")
def judge_replaced():
    return answered("import sys\n\n\ndef ink(image):\n    from helpers.checks import core, Result\n    for module in list(sys.modules.values()):\n"
                    "        if hasattr(module, 'judge'):\n            module.judge = lambda *args: Result(True, False, 'Right.')\n"
                    "    core._judge = lambda *args: None\n    return 3.0\n\n\ncheck(ink)")


@hands_in("wrong", "cannot be read|given by|wrong|Not right|That is")
def result_forged():
    part = '{"passed": True, "untried": False, "text": "Right.", "returned": [0.5] * 9}'
    return answered("def ink(image):\n    import json, os\n    with open('came_out.json', 'w') as file:\n        json.dump({kind: "
                    f"{part} for kind in ('lesson', 'hidden')}}, file)\n    os._exit(0)\n\n\ncheck(ink)")


@hands_in("wrong", "Right for what the lesson tries, but not for other arguments")
def learned_by_heart():
    image, = EXERCISES["ink"].cases[0]
    return answered(f"def ink(image):\n    return {np.mean(image > 0)}\n\n\ncheck(ink)")


@hands_in("wrong", "ended Python with SystemExit")
def leaves():
    return answered("def ink(image):\n    raise SystemExit\n\n\ncheck(ink)")


@hands_in("wrong", "ended Python itself \\(exit code 3\\)")
def leaves_at_once():
    return answered("def ink(image):\n    import os\n    os._exit(3)\n\n\ncheck(ink)")


@hands_in("wrong", "MemoryError")
def wants_all_memory():
    return tries("__import__('numpy').empty(6 * 10**8)")


def tries(line):
    return answered(f"def ink(image):\n    import os, pathlib, shutil, socket, subprocess\n    {line}\n    return (image > 0).mean()\n\n\ncheck(ink)")


@hands_in("wrong", "PermissionError.*socket.* is closed while answers are graded")
def goes_to_the_network():
    return tries("socket.create_connection(('127.0.0.1', 9))")


@hands_in("wrong", "PermissionError.*subprocess.Popen is closed")
def starts_another_program():
    return tries("subprocess.run(['true'])")


@hands_in("wrong", "PermissionError.*os.fork is closed")
def forks():
    return tries("os.fork()")


@hands_in("wrong", "PermissionError.*cannot be read")
def copies_from_a_neighbour():
    return tries(f"open({str(HERE / 'in' / 'well' / '00.ipynb')!r}).read()")


@hands_in("wrong", "PermissionError.*cannot be read")
def looks_for_neighbours():
    return tries(f"os.listdir({str(HERE / 'in')!r})")


@hands_in("wrong", "PermissionError.*cannot be changed")
def spoils_a_neighbours_copy():
    return tries(f"open({str(HERE / 'in' / 'well' / '00.ipynb')!r}, 'w').write('')")


@hands_in("wrong", "PermissionError.*cannot be changed")
def deletes_a_neighbours_copy():
    return tries(f"os.remove({str(HERE / 'in' / 'well' / '00.ipynb')!r})")


@hands_in("right")
def leaves_files_behind():
    return tries("assert os.listdir('.') == [] or os.listdir('.') == ['left.txt']; os.left = open('left.txt', 'w').close() or 1")


@hands_in("right")
def finds_nothing_that_others_left():
    return tries("assert not os.path.exists('left.txt') and not hasattr(os, 'left')")


HERE = Path()


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """{learner: their grades} of the whole class, and the folder."""
    global HERE
    HERE = tmp_path_factory.mktemp("class")
    for learner, (make, *_) in CLASS.items():
        folder, handed = HERE / "in" / learner, make()
        folder.mkdir(parents=True)
        if isinstance(handed, bytes):
            (folder / ("00.py" if learner == "as_a_script" else "00.ipynb")).write_bytes(handed)
        else:
            (folder / "00.ipynb").write_text(json.dumps(handed), encoding="utf-8")
    grades = grade_all(HERE / "in", HERE / "out", seed=3, seconds=2)
    report.write(grades, HERE / "out")
    return {learner: [grade for grade in grades if grade.learner == learner] for learner in CLASS}


@pytest.mark.parametrize("learner", CLASS)
def test_each_copy_is_graded_or_refused_by_name(graded, learner):
    _, state, text, note = CLASS[learner]
    grade, = graded[learner]
    assert grade.state == state, grade
    assert re.search(text, grade.text, re.S), grade.text
    assert re.search(note, grade.note) and bool(note) == bool(grade.note), grade.note
    assert grade.exercise == ("" if state == "refused" else "ink") and grade.points == (state == "right")


def test_the_table_has_a_row_for_each_and_every_learner_has_a_page(graded):
    rows = rows_of(HERE / "out" / "grades.csv")
    assert sorted(row["learner"] for row in rows) == sorted(CLASS)
    for row in rows:
        grade, = graded[row["learner"]]
        assert (row["state"], row["text"], int(row["points"])) == (grade.state, grade.text, grade.points)
        page = (HERE / "out" / f"{row['learner']}.html").read_text(encoding="utf-8")
        assert row["learner"] in page and grade.state.capitalize() in page
    assert "784" in (HERE / "out" / "wrong.html").read_text(encoding="utf-8")
    assert (HERE / "out" / "index.html").read_text(encoding="utf-8").count("<tr>") == len(CLASS) + 1


# --- what lies in a folder


def test_an_endless_loop_takes_no_other_answer_with_it_and_waiting_is_ended(tmp_path):
    notebook = solved("06_clinic_cnn")
    cell = notebook.cells[place(notebook, "gain")]
    cell.source = cell.source.replace("    gains =", "    import time\n    time.sleep(10**6)\n    gains =")
    nbformat.write(notebook, tmp_path / "ada.ipynb")
    grades = {grade.exercise: grade for grade in grade_all(tmp_path, tmp_path / "out", seed=1, wait=5)}
    assert grades["gain"].state == "wrong" and "stopped after 5 seconds" in grades["gain"].text
    assert {name for name in grades if name != "gain"} == {"diagnosis", "chain_step"}
    assert {grade.learner for grade in grades.values()} == {"ada"}


def test_folders_and_files_are_told_apart(tmp_path):
    for name in ("ada/sub/one.ipynb", "ada/.ipynb_checkpoints/one-checkpoint.ipynb", "ada/pictures/a.png", "ada/glossary.ipynb", "bob.ipynb",
                 "cyd/notes.docx", ".DS_Store", "__MACOSX/ada/x.ipynb", "eve/learner/notebooks/one.ipynb", "eve/learner/helpers/blas.py",
                 "eve/learner/data/logs/race.py", "eve/learner/.venv/a.py", "data/helpers.py", "fay.zip", "gil/.hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "dan.ipynb").symlink_to(tmp_path / "bob.ipynb")
    found = {learner: [str(path.relative_to(tmp_path)) for path in paths] for learner, paths in copies.learners(tmp_path).items()}
    assert found == {"ada": ["ada/sub/one.ipynb"], "bob": ["bob.ipynb"], "cyd": ["cyd/notes.docx"], "dan": ["dan.ipynb"],
                     "data": ["data/helpers.py"], "eve": ["eve/learner/notebooks/one.ipynb"], "fay": ["fay.zip"], "gil": ["gil"]}
    with pytest.raises(copies.Refused, match="no notebook: hand in the .ipynb"):
        copies.read(tmp_path / "cyd/notes.docx")
    with pytest.raises(copies.Refused, match="link to another file"):
        copies.read(tmp_path / "dan.ipynb")
    with pytest.raises(copies.Refused, match="is packed: unpack it first"):
        copies.read(tmp_path / "fay.zip")
    with pytest.raises(copies.Refused, match="empty folder"):
        copies.read(tmp_path / "gil")


@pytest.mark.parametrize("names, wanted", [
    (["ada.ipynb", "03_bob.ipynb", "03_convolution_forward_cyd.ipynb"], "^$"),
    (["ada.ipynb", "03_convolution_forward.ipynb"], "of lessons, not of learners: 03_convolution_forward. Give each learner a folder"),
    (["03_convolution_forward (1).ipynb", "04_convolution_backward-Copy2.ipynb"], "forward \\(1\\), 04_convolution_backward-Copy2"),
    (["07_skip_connection/ada.ipynb", "glossary.ipynb"], "07_skip_connection, glossary"),
    ([".DS_Store"], "nothing lies in IN"),
])
def test_a_folder_that_is_no_classs_is_refused_in_words(tmp_path, names, wanted):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert re.search(wanted, copies.fault(tmp_path))


def test_of_two_copies_the_better_answer_counts(tmp_path):
    (tmp_path / "ada").mkdir()
    for name, notebook in (("a", answered(WRONG)), ("b", solved()), ("c", answered(WRONG))):
        nbformat.write(notebook, tmp_path / "ada" / f"{name}.ipynb")
    grade, = grade_all(tmp_path, tmp_path / "out", seed=1)
    assert grade.state == "right" and grade.file == "ada/b.ipynb" and "b.ipynb counts" in grade.note


def test_a_copy_without_exercises_is_known_by_its_name(tmp_path):
    path = tmp_path / "06_clinic_cnn-Copy1.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[new("x = 1")]), path)
    copy = copies.read(path)
    assert copy.lesson == "06_clinic_cnn" and all("deleted" in answer.missing for answer in copy.answers)


def test_the_command_writes_the_table_and_says_what_it_refused(tmp_path, monkeypatch, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.ipynb").write_text("<html>")

    def said(*arguments):
        monkeypatch.setattr(sys, "argv", ["teaching.grading", *map(str, arguments)])
        runpy.run_module("teaching.grading", run_name="__main__")
        return capsys.readouterr().out

    def refused(*arguments):
        with pytest.raises(SystemExit, match="2"):
            said(*arguments)
        return capsys.readouterr().err

    done = said(tmp_path / "in", tmp_path / "out")
    assert "1 learner: 1 refused" in done and "refused: ada.ipynb: ada.ipynb is no notebook" in done
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"grades.csv", "totals.csv", "index.html", "ada.html"}
    assert "OUT lies in IN" in refused(tmp_path / "in", tmp_path / "in" / "out")
    assert "course itself lies in" in refused(tmp_path / "in", ROOT)
    assert "no folder" in refused(tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / "in" / "ada.ipynb").unlink()
    assert "nothing lies in IN" in refused(tmp_path / "in", tmp_path / "out")


# --- pages


def test_nothing_that_a_learner_writes_becomes_part_of_a_page_or_a_formula(tmp_path):
    grade = Grade("=1+1<b>", "f", "00_start_here", "ink", "wrong", "@<script>alert(1)</script>", "-<i>", "<u>")
    report.write([grade], tmp_path)
    text = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("*.html"))
    assert not re.search("<script|<b>=|<i>|<u>|1<b>", text) and "&lt;script" in text
    row, = rows_of(tmp_path / "grades.csv")
    assert (row["learner"], row["text"], row["note"]) == ("'=1+1<b>", "'@<script>alert(1)</script>", "'-<i>")


def test_points_are_added_up_for_each_learner_and_lesson(tmp_path):
    handed = [("ada", "01", "a", "right"), ("ada", "01", "b", "right"), ("ada", "02", "c", "wrong"), ("-bob", "02", "c", "right"), ("cyd", "", "", "refused")]
    report.write([Grade(learner, "f", lesson, exercise, state, "") for learner, lesson, exercise, state in handed], tmp_path)
    rows = [[row[column] for column in ("learner", "01", "02", "sum")] for row in rows_of(tmp_path / "totals.csv")]
    assert rows == [["ada", "2", "0", "2"], ["'-bob", "", "1", "1"], ["cyd", "", "", "0"]]
    assert "<p>2 of 3 right.</p>" in (tmp_path / "ada.html").read_text(encoding="utf-8")


def test_learners_come_in_the_order_of_their_names_whatever_the_capitals(tmp_path):
    for name in ("ada", "Bob", "cyd"):
        (tmp_path / f"{name}.ipynb").write_text("")
    assert [grade.learner for grade in grade_all(tmp_path, tmp_path / "out", seed=1)] == ["ada", "Bob", "cyd"]


def test_every_learner_has_a_page_of_their_own():
    names = report.page_names(["Ada L.", "ada l.", "Ada/L.", "../../etc", "index", "Zoë"])
    assert len({name.lower() for name in names.values()}) == 6 and "index.html" not in names.values()
    assert all("/" not in name for name in names.values()) and names["Zoë"] == "Zoë.html"


# --- what an answer needs


def sources(own, lesson="", name="f"):
    own, lesson = statements(own, "cell"), statements(lesson, "lesson")
    target = max(place for place, statement in enumerate(own) if name in statement.binds)
    return [statement.source for statement in needed(target, own, lesson)]


@pytest.mark.parametrize("own, lesson, wanted", [
    ("a = 1\nb = 2\ndef f(): return a", "", ["a = 1", "def f(): return a"]),
    ("a = 1\ndef f(a): return a", "", ["def f(a): return a"]),
    ("a = 1\ndef f(): return [a for a in range(3)]", "", ["def f(): return [a for a in range(3)]"]),
    ("a = 1\nb = a + 1\na = 5\ndef f(): return b", "", ["a = 1", "b = a + 1", "def f(): return b"]),
    ("a = 1\na = 2\ndef f(): return a", "", ["a = 2", "def f(): return a"]),
    ("a = 1\na += 2\ndef f(): return a", "", ["a = 1", "a += 2", "def f(): return a"]),
    ("a = {}\na['x'] = 1\na.update(y=2)\nb = {}\nb['x'] = 1\ndef f(): return a", "", ["a = {}", "a['x'] = 1", "a.update(y=2)", "def f(): return a"]),
    ("def g(): return a\na = 3\ndef f(): return g()", "", ["def g(): return a", "a = 3", "def f(): return g()"]),
    ("def f(): return g()\ndef g(): return f", "", ["def f(): return g()", "def g(): return f"]),
    ("import numpy as np, os\nnp.random.seed(0)\ndef f(): return np.e", "", ["import numpy as np", "def f(): return np.e"]),
    ("from math import *\ndef f(): return pi", "", ["from math import *", "def f(): return pi"]),
    ("def f(): return sum(a)", "a = 1\na = 2\nb = 3", ["a = 2", "def f(): return sum(a)"]),
    ("b = 7\ndef f(): return g()", "b = 1\ndef g(): return b", ["b = 1", "def g(): return b", "def f(): return g()"]),
    ("def g(x): return x\n@g\ndef f(): return 1", "", ["def g(x): return x", "@g\ndef f(): return 1"]),
    ("def f(): return sorted", "sorted = 1", ["def f(): return sorted"]),
])
def test_an_answer_gets_what_it_needs_and_no_more(own, lesson, wanted):
    assert sources(own, lesson) == wanted


# --- hidden cases


def test_every_exercise_with_arguments_has_hidden_cases():
    assert hidden.MAKERS.keys() == {name for name, exercise in EXERCISES.items() if exercise.cases != [()]}


@pytest.mark.parametrize("name", hidden.MAKERS)
def test_hidden_cases_are_new_and_the_truth_holds_for_them(name):
    assert repr(hidden.exercise(name, 1).cases) == repr(hidden.exercise(name, 1).cases)
    assert any(repr(hidden.exercise(name, seed).cases) != repr(hidden.exercise(name, 1).cases) for seed in (2, 3))
    for seed in range(5):
        assert judge(EXERCISES[name].truth, hidden.exercise(name, seed)), seed


@pytest.mark.parametrize("name", hidden.MAKERS)
def test_what_a_learner_could_write_down_from_the_lesson_is_wrong_for_hidden_cases(name):
    first = EXERCISES[name].truth(*EXERCISES[name].cases[0])
    assert any(not judge(lambda *case: first, hidden.exercise(name, seed)) for seed in range(3))


# --- what the answer's process says


@pytest.mark.parametrize("value", [None, True, 3, 2.5, "B", (1, [2.0, "a"]), np.arange(6.0).reshape(2, 3), np.float32(0.5), np.bool(True)])
def test_what_was_returned_comes_over_whole(value):
    found = decoded(json.loads(json.dumps(encoded(value))))
    if isinstance(value, np.ndarray | np.generic):
        assert found.dtype == value.dtype and np.array_equal(found, value)
    else:
        assert found == value


def test_what_is_no_number_comes_over_as_nothing_that_can_be_called():
    for value in (print, np.array([print]), {1: 2}, object()):
        assert type(decoded(json.loads(json.dumps(encoded(value))))) is object
