"""The guide for teachers says what the lessons say: their lines, their times, their questions, their exercises, their numbers."""
import re

import guide
import numpy as np
import pytest
from exam_answers import EXAM, sample_project
from guide import BOOKS, TEACHING, page, questions

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
    text = read(page(number))
    assert text.startswith(f"# Lesson {number}: {guide.title(number)}\n")
    assert re.findall(r"^## (.*)", text, re.M) == HEADINGS
    assert re.search(r"^\*\*Aim\.\*\* [A-Z].*\.$", text, re.M)


@pytest.mark.parametrize("number", NUMBERS)
def test_board_and_times_are_the_lessons_own(number):
    assert read(page(number)) == guide.made(number), "python tests/guide.py writes them anew"


@pytest.mark.parametrize("number", NUMBERS)
def test_the_times_of_the_sections_add_up(number):
    book = BOOKS[number]
    total = sum(length for heading, length, _, _ in guide.sections(book) if heading != "Exercises")
    assert total == pytest.approx(guide.minutes(book).without)
    assert ("*A place to stop*" in guide.times(book)) == (number != "00")


@pytest.mark.parametrize("number", NUMBERS)
def test_every_question_is_quoted_and_answered(number):
    text = section(read(page(number)), "Questions")
    asked = re.findall(r"^(?:###|>) .*", text, re.M)
    assert asked == questions(BOOKS[number]), "a question has changed: read its answer again, then quote it anew"
    for answer in re.split(r"^> .*\n(?!>)", text, flags=re.M)[1:]:
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
    for name in re.findall(r"`(live\.\w+)`", text):
        assert f"{name}(" in said, name
    assert "`figures." not in text, "a teacher finds a picture by its section"
    headings = {heading for heading, *_ in guide.sections(BOOKS[number])}
    for name in re.findall(r"\*([A-Z][^*]{9,})\*", section(text, "Before and after") + section(text, "When time is short")):
        assert name in headings, name


NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]\d+)?"


def values(text):
    return {found: float(found.replace(",", "")) for found in re.findall(NUMBER, text)}


@pytest.mark.parametrize("number", NUMBERS)
def test_every_number_is_in_the_lesson(number):
    """But for wrong answers and what is said to them: numbers there need not be in it."""
    said, text = set(values(everything(BOOKS[number])).values()), read(page(number))
    for heading in HEADINGS[0], *HEADINGS[3:6]:
        for line in re.sub(r"^\*\*(?:Expect|Say)\.\*\* .*$|lessons? \d+(?:, \d+)?", "", section(text, heading), flags=re.M).splitlines():
            missing = [found for found, value in values(line).items() if (value > 10 or value % 1) and value not in said]
            assert not missing, line


# --- the plans and the list


def test_the_list_of_lessons_is_theirs():
    assert read(TEACHING / "README.md") == guide.index(read(TEACHING / "README.md")), "python tests/guide.py writes it anew"


def plans():
    """{heading: [(lessons, left out, exercises)]} of the two plans."""
    text = read(TEACHING / "plans.md")
    return {heading: [guide.plan(line) for line in section(text, heading).splitlines() if guide.plan(line)]
            for heading in ("A term of twelve weeks", "A week-long school")}


def test_the_minutes_of_the_plans_are_counted():
    assert read(TEACHING / "plans.md") == guide.planned(read(TEACHING / "plans.md")), "python tests/guide.py writes them anew"


@pytest.mark.parametrize("heading, rows, most", [("A term of twelve weeks", 12, 80), ("A week-long school", 10, 120)])
def test_a_plan_fits_its_time_and_skips_no_lesson_that_a_later_one_needs(heading, rows, most):
    assert len(plans()[heading]) == rows
    taught = []
    for lessons, left_out, named in plans()[heading]:
        assert guide.minutes_in_class(lessons, left_out) <= most
        assert set(named) <= {name for number in lessons for name in exercises(number)}
        for number in lessons:
            needs = re.search(r"^\| \*\*You need\*\* \| (.*) \|$", BOOKS[number].cells[0].source, re.M)[1]
            assert set(re.findall(r"\[lesson (\d\d)\]", needs)) <= set(taught), number
            taught.append(number)
    clinics = {"06", "08"}
    assert taught == [number for number in NUMBERS if number in taught] and set(NUMBERS) - set(taught) <= clinics | {"14"}


def test_what_the_plans_say_of_data_is_so():
    photographs = [number for number in NUMBERS if "load_planes_birds" in everything(BOOKS[number])]
    digits = [number for number in NUMBERS if "load_digits" in everything(BOOKS[number])]
    assert photographs == ["13", "14"] and digits == [number for number in NUMBERS if number != "13"]
    text = read(TEACHING / "plans.md")
    for number, found in (("09", r"(\d+\.\d s) of training"), ("13", r"(\d+ s)\n")):
        assert re.search(found, everything(BOOKS[number]))[1] in text
    for number, named in re.findall(r"^\| \[(\d\d)\]\(.*?\) \| (\*[^|]*) \|$", section(text, "What to install before"), re.M):
        assert set(re.findall(r"\*(.*?)\*", named)) <= {heading for heading, *_ in guide.sections(BOOKS[number])}
    for word, number in (("86 %", "05"), ("seeds explode", "06"), ("until the fifth", "08")):
        assert word in everything(BOOKS[number])


# --- links


ROOT = TEACHING.parent


def anchors(text):
    """The anchors that a page's headings have, as sites make them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.*)", text, re.M)}


@pytest.mark.parametrize("path", [*FILES, ROOT / "README.md"], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_link_leads_somewhere(path):
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", read(path)):
        found = path.parent / target if target else path
        assert found.exists(), target
        assert not anchor or anchor in anchors(read(found)), f"{target}#{anchor}"


def test_the_guide_is_linked_from_the_readme_and_links_all_its_pages():
    assert "](teaching/README.md)" in read(ROOT / "README.md")
    assert {path.name for path in FILES} - {"README.md"} == set(re.findall(r"\]\((\w+\.md)\)", read(TEACHING / "README.md")))


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


# --- the rubric


def test_the_samples_of_code_get_the_verdicts_that_stand_below_them():
    samples = re.findall(r"```python\n(.*?)```\n\nThe check: “(.*?)”\n", read(TEACHING / "rubric.md"), re.S)
    assert len(samples) == 6 == read(TEACHING / "rubric.md").count("```python")
    for code, said in samples:
        names = {"np": np}
        exec(code, names)
        name = re.match(r"def (\w+)", code)[1]
        assert said in checks.verdict(names[name], checks.EXERCISES[name]), code
        assert (said == "Right.") == checks.verdict(names[name], checks.EXERCISES[name]).startswith("Right.")


def test_the_sample_project_is_computed_from_the_log():
    text = read(TEACHING / "rubric.md").partition("### Sample: is RMSProp")[2]
    levels = re.findall(r"^\*\*Level (\d)\.\*\* (.*)$", text, re.M)
    assert [level for level, _ in levels] == ["3", "2", "1"]
    assert [re.findall(r"\*\*(.+?)\*\*", said) for _, said in levels] == sample_project()
