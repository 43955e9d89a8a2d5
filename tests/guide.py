"""The parts of the guide for teachers that follow from the lessons: lines for the board, and times by section.

    python tests/guide.py    # writes both into teaching/lesson_NN.md, the minutes into plans.md, the list of lessons into README.md

Everything else in these pages is written by hand; `test_teaching.py` compares it with the lessons.
"""
import re
from pathlib import Path

import nbformat
from lesson_form import LESSONS, STOP, cell_minutes, head, minutes, to_five

TEACHING = Path(__file__).parent.parent / "teaching"
BOOKS = {path.stem[:2]: nbformat.read(path, as_version=4) for path in LESSONS}


def page(number):
    return TEACHING / f"lesson_{number}.md"


def board(notebook):
    """The lines that the head of a lesson has for the board, as they stand there."""
    lines = re.findall(r"^\d\. .*", notebook.cells[0].source.partition("**For the board.**")[2], re.M)
    return "\n".join(lines) or "This lesson has no lines for the board."


def questions(notebook):
    """The questions that a lesson asks before it tells, line by line as they stand there, each section's under its heading."""
    found, heading, above = [], "Head and set-up", None
    for cell in notebook.cells:
        asking = False
        for line in cell.source.splitlines() if cell.cell_type == "markdown" else []:
            asking = line.startswith("> **Predict.**") or asking and line.startswith(">")
            if line.startswith("## "):
                heading = line[3:]
            if asking:
                found += [f"### {heading}"] * (heading != above) + [line]
                above = heading
    return found


def sections(notebook):
    """[heading, minutes, questions, live figures] of each section, in their order; the stop is one, of no minutes. Without appendices."""
    found = [["Head and set-up", 0.0, 0, 0]]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            if cell.source.startswith(STOP):
                found.append(["*A place to stop*", 0.0, 0, 0])
            headings = re.findall(r"^## (.*)", cell.source, re.M)
            if cell.source.startswith(STOP) and not headings:
                found.append([f"{found[-2][0]}, continued", 0.0, 0, 0])
            found += [[heading, 0.0, 0, 0] for heading in headings]
        if found[-1][0].startswith("Appendix"):
            return found[:-1]
        found[-1][1] += cell_minutes(cell, found[-1][0])
        found[-1][2] += len(re.findall(r"\*\*Predict\.\*\*", cell.source))
        found[-1][3] += len(re.findall(r"\blive\.\w+\(", cell.source)) if cell.cell_type == "code" else 0
    return found


def times(notebook):
    """A table: the minute at which each section begins, by the count of `lesson_form.py`, and what is in it."""
    rows, now = ["| minute | section | questions | live figures |", "|---|---|---|---|"], 0.0
    for heading, length, asked, live in sections(notebook):
        if heading != "Exercises" and (length >= 0.5 or heading.startswith("*A place")):
            rows.append(f"| {round(now)} | {heading} | {asked or ''} | {live or ''} |")
        now += 0 if heading == "Exercises" else length
    more = round(minutes(notebook).exercises)
    rows.append(f"| {round(now)} | end{f'; the exercises take {more} minutes more' if more else ''} | | |")
    return "\n".join(rows)


def with_section(text, heading, body):
    """The page with `body` under its heading."""
    found, count = re.subn(rf"(^## {re.escape(heading)}\n\n).*?(?=^## |\Z)", lambda match: f"{match[1]}{body}\n\n", text, flags=re.S | re.M)
    assert count == 1, f"{count} sections {heading!r}"
    return found.rstrip("\n") + "\n"


def made(number):
    """The page of a lesson as it should be: all that follows from the lesson made anew."""
    text = page(number).read_text(encoding="utf-8")
    return with_section(with_section(text, "For the board", board(BOOKS[number])), "Time", times(BOOKS[number]))


def title(number):
    return BOOKS[number].cells[0].source.partition("\n")[0].removeprefix("# ")


def index(text):
    """The README of the guide with its list of lessons made anew."""
    rows = [f"| [{number}](lesson_{number}.md) | {title(number)} | {head(minutes(BOOKS[number]))} |\n" for number in BOOKS]
    found, count = re.subn(r"(\| lesson \| \| time \|\n\|---\|---\|---\|\n)(?:\| .*\n)*", lambda match: match[1] + "".join(rows), text)
    assert count == 1
    return found


def plan(line):
    """The lessons, the sections left out, and the exercises of one row of a plan; None for any other line."""
    row = re.fullmatch(r"\| [^|]+ \| ((?:\[\d\d\][^|]+)) \|([^|]*)\| [^|]* \| ([^|]+) \|", line)
    if row:
        lessons, left_out, exercises = row.groups()
        return re.findall(r"\[(\d\d)\]", lessons), re.findall(r"\*([^*]+)\*", left_out), re.findall(r"`(\w+)`", exercises)


def minutes_in_class(lessons, left_out):
    """The counted minutes of these lessons without their exercises and without these sections, each of which must be in one of them."""
    lengths = {}
    for number in lessons:
        for heading, length, *_ in sections(BOOKS[number]):
            lengths.setdefault(heading, []).append(length)
    assert all(len(lengths.get(heading, [])) == 1 for heading in left_out), left_out
    whole = sum(minutes(BOOKS[number]).without for number in lessons)
    return to_five(whole - sum(lengths[heading][0] for heading in left_out))


def planned(text):
    """The plans with the minutes of each row made anew."""
    lines = text.split("\n")
    for place, line in enumerate(lines):
        if plan(line):
            lessons, left_out, _ = plan(line)
            cells = line.split(" | ")
            cells[-2] = str(minutes_in_class(lessons, left_out))
            lines[place] = " | ".join(cells)
    return "\n".join(lines)


if __name__ == "__main__":
    for number in BOOKS:
        page(number).write_text(made(number), encoding="utf-8")
    for name, make in (("plans", planned), ("README", index)):
        path = TEACHING / f"{name}.md"
        path.write_text(make(path.read_text(encoding="utf-8")), encoding="utf-8")
