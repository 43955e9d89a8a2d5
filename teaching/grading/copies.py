"""The notebooks of each learner, and the answers in each, however the copy was spoilt.

An answer is known by the name of its function. The id and the tag of a cell, which editors lose, and its place, which learners
change, only help to say what has become of it.
"""
import ast
import re
import warnings
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from helpers.checks import EXERCISES

from .needs import statements

LESSONS = Path(__file__).parents[2] / "notebooks"
NO_LESSONS = {path.name for path in LESSONS.glob("[!0-9]*.ipynb")}  # handed out, too
BESIDE = {"helpers", "data", "site-packages"}  # folders that learners have beside their notebooks
PACKED = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz")
STUB = ast.Pass | ast.Raise | ast.Expr | ast.Return


class Refused(ValueError):
    """Why a file cannot be graded, in words for its author."""


@dataclass
class Cell:
    kind: str   # code, markdown or raw
    source: str
    id: str
    where: str  # "cell 12", counted from 1
    statements: list = field(default_factory=list)
    error: str = ""  # why Python cannot read it


@dataclass
class Answer:
    """An answer, or that there is none."""

    exercise: str
    code: str = ""    # of its cell
    target: int = -1  # which of the copy's statements defines it
    missing: str = ""  # why it cannot run
    note: str = ""    # what was odd about it


@dataclass
class Copy:
    lesson: str
    answers: list
    statements: list  # of all its cells, in order
    notes: list       # what was odd about the copy


def fault(folder):
    """Why all that lies in `folder` cannot be graded, in words for the teacher; "" if it can."""
    names = learners(folder)
    lessons = [name for name in names if _names_a_lesson(name)]
    if lessons:
        return (f"these names are of lessons, not of learners: {', '.join(lessons)}. Give each learner a folder with their name, "
                "and put their notebooks into it")
    return "" if names else "nothing lies in IN: it should hold a folder, or a notebook, of each learner"


def _names_a_lesson(name):
    """Whether it is the name of a notebook of the course, or of a copy that a browser or an editor made of one."""
    return any(re.fullmatch(rf"{path.stem}([ _-]*(copy|\(?\d+\)?))*", name, re.I) for path in LESSONS.glob("*.ipynb"))


def learners(folder):
    """{learner: [path, ...]} of a folder that holds one folder, or one notebook, of each learner. Hidden files are left out."""
    found = {}
    for top in sorted(folder.iterdir()):
        if _hidden(top.relative_to(folder)):
            continue
        paths = sorted(top.rglob("*")) if top.is_dir() and not top.is_symlink() else [top]
        paths = [path for path in paths if not path.is_dir() and not _hidden(path.relative_to(folder))]
        notebooks = [path for path in paths if path.suffix in (".ipynb", ".py") and path.name not in NO_LESSONS
                     and not BESIDE & {*path.relative_to(folder).parts[1:-1]}]
        # Pictures and the like beside a notebook are nobody's answer; alone they are refused by name, as is an empty folder.
        found.setdefault(top.name if top.is_dir() else top.stem, []).extend(notebooks or paths or [top])
    return found


def _hidden(path):
    return any(part.startswith((".", "__MACOSX")) for part in path.parts)


def read(path):
    """The copy that lies in a file. Raises Refused."""
    cells = _cells(path)
    lesson = _lesson_of(cells, path)
    handed = handed_out()[lesson]
    in_order = [statement for cell in cells for statement in cell.statements]
    answers = [_answer(name, cells, in_order, handed[name]) for name in handed]
    return Copy(lesson, answers, in_order, _notes(cells, lesson))


@cache
def handed_out():
    """{lesson: {exercise: its cell}} of the course as it is."""
    return {path.stem: {name: cell for cell in _lesson(path.stem) for name in _checked(cell) & EXERCISES.keys()}
            for path in sorted(LESSONS.glob("[0-9]*.ipynb"))}


@cache
def lesson_statements(lesson):
    """All statements of a lesson, but those of its exercises."""
    return [statement for cell in _lesson(lesson) if not _checked(cell) for statement in cell.statements]


@cache
def _lesson(name):
    return _cells(LESSONS / f"{name}.ipynb")


# --- files


def _cells(path):
    """Of a notebook of any version, or of a script, which is one cell."""
    if path.is_symlink():
        raise Refused("is a link to another file: hand in the notebook itself")
    if path.is_dir():
        raise Refused("is an empty folder: hand in the .ipynb file")
    if path.suffix.lower() in PACKED:
        raise Refused("is packed: unpack it first, into a folder with the learner's name")
    if path.suffix not in (".ipynb", ".py"):
        raise Refused("is no notebook: hand in the .ipynb file")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("is no notebook: it is not text at all") from None
    if path.suffix == ".py":
        return [_parsed("code", text, "", "the script")]
    if not text.strip():
        raise Refused("is an empty file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of missing ids and the like, which do not matter here
            notebook = nbformat.convert(nbformat.reader.reads(text), 4)
        return [_parsed(cell.get("cell_type", "raw"), cell.get("source", ""), cell.get("id", ""), f"cell {place}")
                for place, cell in enumerate(notebook.cells, 1)]
    except nbformat.reader.NotJSONError:
        raise Refused("is no notebook: it is not JSON. Was it saved as a web page, or cut off?") from None
    except Exception as error:  # whatever JSON of another kind makes nbformat stumble over
        raise Refused(f"is JSON, but no notebook ({type(error).__name__})") from None


def _parsed(kind, source, name, where):
    cell = Cell(kind, source, name, where)
    if kind == "code" or _looks_like_code(source):
        try:
            code = TransformerManager().transform_cell(source)  # %matplotlib and !pip are no Python
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of "\d" in text
                cell.statements = statements(code, where)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = f" in line {error.lineno}, `{(error.text or '').strip()}`" if isinstance(error, SyntaxError) else ""
            cell.error = f"Python cannot read this cell: {getattr(error, 'msg', error)}{line}."
    return cell


def _looks_like_code(source):
    """Whether a cell that is no code is an exercise's, turned into text by a slip: solutions of lessons have no check."""
    return bool(re.search(r"^def \w+\(", source, re.M) and re.search(r"^check\(\w+\)", source, re.M))


# --- answers


def _checked(cell):
    """Names in the cell's check(...)."""
    return set(re.findall(r"^check\((\w+)\)", cell.source, re.M)) if cell.kind == "code" or cell.statements or cell.error else set()


def _defines(cell, name):
    if cell.error:
        return bool(re.search(rf"^def {name}\b", cell.source, re.M))
    return bool(_definitions(cell, name))


def _answer(name, cells, in_order, handed):
    """The last cell that defines the function and does something in it; where none does, the last that defines it."""
    candidates = [cell for cell in cells if _defines(cell, name)]
    if not candidates:
        return Answer(name, missing=_why_missing(name, cells, handed))
    tried = [cell for cell in candidates if cell.error or not _is_stub(_definitions(cell, name)[-1])]
    cell = (tried or candidates)[-1]
    notes = [f"{len(tried)} cells define {name}: the last of them counts."] if len(tried) > 1 else []
    if cell.kind != "code":
        notes.append(f"The answer is in a {cell.kind.capitalize()} cell, and was read as code.")
    if cell.error:
        return Answer(name, cell.source, missing=cell.error, note=" ".join(notes))
    target = next(place for place, statement in enumerate(in_order) if statement is _definitions(cell, name)[-1])
    return Answer(name, cell.source, target, note=" ".join(notes))


def _definitions(cell, name):
    """The statements that make the function: not, say, `ink = ink(image)`, with which it is tried out."""
    return [statement for statement in cell.statements if name in statement.binds and (statement.later or "lambda" in statement.source)]


def _is_stub(statement):
    """Whether a definition does nothing: `...`, `pass`, a docstring, `return` or `raise NotImplementedError`."""
    node, = ast.parse(statement.source).body
    if not isinstance(node, ast.FunctionDef):
        return False
    return all(isinstance(part, STUB) and (isinstance(part, ast.Pass) or _says_nothing(part)) for part in node.body)


def _says_nothing(part):
    if isinstance(part, ast.Raise):
        return "NotImplementedError" in ast.unparse(part)
    return part.value is None or isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)


def _why_missing(name, cells, handed):
    for cell in cells:
        others = [other for statement in cell.statements for other in statement.binds]
        if cell.id == handed.id and others:
            return f"The cell of this exercise defines {', '.join(others)}, and not {name}: leave the function's name as it was."
    return f"No cell of this copy defines {name}: was its cell deleted?"


# --- the copy as a whole


def _lesson_of(cells, path):
    """The lesson with most of whose exercises the copy has to do; where none is left, that whose other cells it holds, or its name."""
    def common(lesson):
        names = handed_out()[lesson]
        return sum(any(_defines(cell, name) or name in _checked(cell) for cell in cells) for name in names)

    best = max(handed_out(), key=common)
    if common(best):
        return best
    for lesson in handed_out():
        if lesson in path.stem or _share(cells, lesson) > 1 / 2:
            return lesson
    raise Refused("holds none of the course's exercises: is it the copy of a lesson?")


def _share(cells, lesson):
    """How much of the lesson's code, exercises left out, stands in the copy as it was handed out."""
    text = "\n".join(cell.source for cell in cells)
    code = [cell.source for cell in _lesson(lesson) if cell.kind == "code" and not _checked(cell)]
    return sum(source in text for source in code) / len(code)


def _notes(cells, lesson):
    notes = []
    unknown = sorted({name for cell in cells for name in _checked(cell)} - EXERCISES.keys())
    if unknown:
        notes.append(f"It checks {', '.join(unknown)}, which this version of the course does not have.")
    share = _share(cells, lesson)
    if share < 1 / 2:
        notes.append(f"Only {share:.0%} of the lesson's other code cells are as they were handed out: is it of another version?")
    return notes
