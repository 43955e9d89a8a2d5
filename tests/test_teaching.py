"""The guide for teachers says what the lessons say: their lines, their times, their questions, their exercises, their numbers."""
import re

import pytest
import teaching
from exam_answers import EXAM
from teaching import BOOKS, TEACHING, page, questions

from helpers import checks

NUMBERS = list(BOOKS)
FILES = sorted(TEACHING.glob("*.md"))
HEADINGS = ["Before and after", "For the board", "Time", "Questions", "Where they get lost", "When time is short", "Exercises"]


def read(path):
    return path.read_text(encoding="utf-8")


def section(text, heading):
    return re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)[1]


def everything(notebook):
    """All that a lesson says and prints."""
    texts = [cell.source for cell in notebook.cells]
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts.append(output.get("text", "") or output.get("data", {}).get("text/plain", ""))
    return "\n".join(texts)


def exercises(number):
    return vars(checks)[f"lesson_{number}"].EXERCISES


# --- one page for each lesson


def test_every_lesson_has_its_page():
    assert [path.stem for path in FILES if path.stem.startswith("lesson_")] == [f"lesson_{number}" for number in NUMBERS]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_page_has_the_lessons_title_and_all_its_sections(number):
    text, title = read(page(number)), BOOKS[number].cells[0].source.partition("\n")[0].removeprefix("# ")
    assert text.startswith(f"# Lesson {number}: {title}\n")
    assert re.findall(r"^## (.*)", text, re.M) == HEADINGS
    assert re.search(r"^\*\*Aim\.\*\* [A-Z].*\.$", text, re.M)


@pytest.mark.parametrize("number", NUMBERS)
def test_board_and_times_are_the_lessons_own(number):
    assert read(page(number)) == teaching.made(number), "python tests/teaching.py writes them anew"


@pytest.mark.parametrize("number", NUMBERS)
def test_the_times_of_the_sections_add_up(number):
    book = BOOKS[number]
    total = sum(length for heading, length, _, _ in teaching.sections(book) if heading != "Exercises")
    assert total == pytest.approx(teaching.minutes(book).without)
    assert ("*A place to stop*" in teaching.times(book)) == (number != "00")


@pytest.mark.parametrize("number", NUMBERS)
def test_every_question_is_quoted_and_answered(number):
    text = section(read(page(number)), "Questions")
    parts = re.split(r"^(> \*\*Predict\.\*\* .*(?:\n> .*)*)\n", text, flags=re.M)
    assert parts[1::2] == questions(BOOKS[number]), "a question has changed: read its answer again, then quote it anew"
    for answer in parts[2::2]:
        assert re.findall(r"^\*\*(\w+)\.\*\* \S", answer, re.M) == ["Answer", "Expect", "Say"], answer


@pytest.mark.parametrize("number", NUMBERS)
def test_every_exercise_is_named_and_its_hints_are_the_checks_own(number):
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", section(read(page(number)), "Exercises"), re.M)
    stubs = [re.match(r"def (\w+)", cell.source)[1] for cell in BOOKS[number].cells if "exercise" in cell.metadata.get("tags", [])]
    assert [name for name, _, _ in rows] == stubs
    for name, _, known in rows:
        quotes = re.findall(r"“(.*?)”", known)
        assert quotes
        for quote in quotes:
            assert any(quote in hint for hint in exercises(number)[name].mistakes), f"{name}: no hint says {quote!r}"


@pytest.mark.parametrize("number", NUMBERS)
def test_what_may_be_left_out_and_what_is_shown_is_in_the_lesson(number):
    text, said = read(page(number)), everything(BOOKS[number])
    for name in re.findall(r"`(?:live|figures)\.\w+`", text):
        assert name.strip("`") + "(" in said, name
    headings = {heading for heading, *_ in teaching.sections(BOOKS[number])}
    for name in re.findall(r"\*([A-Z][^*]{9,})\*", section(text, "When time is short")):
        assert name in headings, name


NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]\d+)?"


def values(text):
    return {found: float(found.replace(",", "")) for found in re.findall(NUMBER, text)}


@pytest.mark.parametrize("number", NUMBERS)
def test_every_number_of_an_answer_is_in_the_lesson(number):
    said = set(values(everything(BOOKS[number])).values())
    for answer in re.findall(r"^\*\*Answer\.\*\* (.*)$", section(read(page(number)), "Questions"), re.M):
        missing = [found for found, value in values(answer).items() if (value > 10 or value % 1) and value not in said]
        assert not missing, answer


# --- the exam


def answers():
    """{number: text} of the exam's answers."""
    return {int(number): text for number, text in re.findall(r"^\*\*(\d+)\.\*\* (.*)$", section(read(TEACHING / "exam.md"), "Answers"), re.M)}


def test_every_question_of_the_exam_is_answered_and_names_its_lesson():
    asked = re.findall(r"^\*\*(\d+)\.\*\* \((\d) points, lessons? ([\d and]+)\)", section(read(TEACHING / "exam.md"), "Questions"), re.M)
    assert [int(number) for number, _, _ in asked] == list(answers()) == list(EXAM)
    assert {number for _, _, lessons in asked for number in lessons.split(" and ")} <= set(NUMBERS)
    points = [int(number) for _, number, _ in asked]
    assert points == sorted(points)
    assert points.count(2) * 2 + 5 * 4 + 4 * 6 == int(re.search(r"four of the hard ones, (\d+) points", read(TEACHING / "exam.md"))[1])


@pytest.mark.parametrize("number", EXAM)
def test_the_exams_results_are_computed(number):
    assert re.findall(r"\*\*(.+?)\*\*", answers()[number]) == EXAM[number]()
