"""The grades as two tables, and as a page for each learner."""
import csv
import re
from collections import defaultdict
from html import escape

from helpers.files import replacing

COLUMNS = ("learner", "lesson", "exercise", "state", "points", "text", "note", "file")
SIGNS = {"right": "✓", "wrong": "✗", "untried": "–", "missing": "?", "refused": "!"}  # so that colour is not the only sign
STYLE = """
:root { color-scheme: light dark; }
body { font: 17px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, p { overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; }
pre { overflow-x: auto; padding: .7rem; background: color-mix(in srgb, currentColor 8%, transparent); border-radius: .4rem; }
section { border-left: .4rem solid gray; padding-left: 1rem; margin: 1.5rem 0; }
.right { border-color: #0072b2; } .wrong, .refused { border-color: #d55e00; }
table { border-collapse: collapse; } td, th { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }
td:first-child { min-width: 6rem; } td:first-child, td:last-child { overflow-wrap: anywhere; } td:nth-child(2) { white-space: nowrap; }
.note { opacity: .75; }
"""


def write(grades, out):
    """`grades.csv`, `totals.csv`, `index.html` with everybody, and a page for each learner, into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    by_learner = defaultdict(list)
    for grade in grades:
        by_learner[grade.learner].append(grade)
    _table(out / "grades.csv", [COLUMNS, *([getattr(grade, column) for column in COLUMNS] for grade in grades)])
    _table(out / "totals.csv", totals(by_learner))
    pages = page_names(by_learner)
    for learner, own in by_learner.items():
        _write(out / pages[learner], learner, f"<p>{_count(own)} right.</p>\n" + "".join(map(_section, own)))
    rows = [f"<tr><td><a href='{escape(pages[learner])}'>{_breaking(learner)}</a><td>{_count(own)}<td>{_breaking(_lessons(own))}"
            for learner, own in by_learner.items()]
    _write(out / "index.html", "Grades", f"<table><tr><th>learner<th>right<th>lessons{''.join(rows)}</table>")


def totals(by_learner):
    """A row for each learner: the points in each lesson that anybody handed in, empty where this learner did not, and their sum."""
    lessons = sorted({grade.lesson for own in by_learner.values() for grade in own if grade.lesson})
    rows = [["learner", *lessons, "sum"]]
    for learner, own in by_learner.items():
        points = [[grade.points for grade in own if grade.lesson == lesson] for lesson in lessons]
        rows.append([learner, *(sum(some) if some else "" for some in points), sum(map(sum, points))])
    return rows


def _table(path, rows):
    with replacing(path) as beside, open(beside, "w", encoding="utf-8-sig", newline="") as file:  # utf-8-sig: for Excel
        csv.writer(file).writerows([_cell(value) for value in row] for row in rows)


def _cell(value):
    """A spreadsheet takes what begins like this for a formula, and runs it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def page_names(learners):
    """{learner: name of a file}, each another one, also where a file system does not tell capitals from small letters."""
    names, used = {}, {"index"}
    for learner in learners:
        name = base = re.sub(r"[^\w-]+", "_", learner)[:80]
        number = 1
        while name.lower() in used:
            number += 1
            name = f"{base}_{number}"
        used.add(name.lower())
        names[learner] = f"{name}.html"
    return names


def _breaking(text):
    """As HTML whose lines may break after an underscore, for narrow windows."""
    return escape(text).replace("_", "_<wbr>")


def _count(grades):
    return f"{sum(grade.points for grade in grades)} of {sum(bool(grade.exercise) for grade in grades)}"


def _lessons(grades):
    refused = [grade.text for grade in grades if grade.state == "refused"]
    return "; ".join([*dict.fromkeys(grade.lesson for grade in grades if grade.lesson), *refused])


def _section(grade):
    title = f"{grade.lesson}: {grade.exercise}" if grade.exercise else grade.file
    code = f"<details><summary>Your answer</summary><pre>{escape(grade.code)}</pre></details>" if grade.code else ""
    note = f"<p class='note'>{escape(grade.note)}</p>" if grade.note else ""
    return (f"<section class='{grade.state}'><h2>{SIGNS[grade.state]} {escape(title)}</h2><p><b>{grade.state.capitalize()}.</b> "
            f"{escape(grade.text.removeprefix('Right. '))}</p>{note}{code}</section>\n")


def _write(path, title, body):
    with replacing(path) as beside:
        beside.write_text(f"<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
                          f"<title>{escape(title)}</title><style>{STYLE}</style><h1>{escape(title)}</h1>\n{body}</html>\n", encoding="utf-8")
