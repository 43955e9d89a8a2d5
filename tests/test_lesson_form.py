"""The form of every lesson: its time as counted, a place to stop, three lines for the board, and the field's words in their order."""
import re
import statistics

import nbformat
import pytest
from lesson_form import FOLDER, LESSONS, STOP, TERMS, head, minutes

NAMES = [path.stem for path in LESSONS]
BOOKS = {path.stem: nbformat.read(path, as_version=4) for path in LESSONS}
HOUR = NAMES[1:]  # lesson 00 is short, and has no exercises to speak of


def texts(notebook):
    """The text cells after the head, without code, formulas, links' targets and solutions."""
    for cell in notebook.cells[1:]:
        if cell.cell_type == "markdown" and "solution" not in cell.metadata.get("tags", []):
            yield re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$.*?\$|<[^>]*>|!\[.*?\]\(.*?\)|\]\(.*?\)", " ", cell.source, flags=re.S)


def uses(term, text):
    return re.search(rf"(?<![\w-]){re.escape(term)}(s|es)?(?![\w-])", text, re.I)


def test_every_lesson_has_its_words():
    assert [name[:2] for name in NAMES] == list(TERMS)


@pytest.mark.parametrize("name", NAMES)
def test_the_head_says_the_time_as_it_is_counted(name):
    assert f"| **Time** | {head(minutes(BOOKS[name]))} |" in BOOKS[name].cells[0].source


@pytest.mark.parametrize("name", HOUR)
def test_a_lesson_fits_its_hour_and_can_be_left_at_half(name):
    count = minutes(BOOKS[name])
    assert count.without <= 60 and 0.35 < count.stop / count.without < 0.65
    assert sum(cell.source.startswith(STOP) for cell in BOOKS[name].cells) == 1


def test_lessons_have_forty_to_sixty_cells():
    assert 40 <= statistics.median(len(BOOKS[name].cells) for name in HOUR) <= 60


@pytest.mark.parametrize("name", HOUR)
def test_the_head_has_three_lines_for_the_board(name):
    source = BOOKS[name].cells[0].source
    assert re.findall(r"^(\d)\. ", source.partition("**For the board.**")[2], re.M) == ["1", "2", "3"]


@pytest.mark.parametrize("name", HOUR)
def test_the_end_says_what_papers_and_pytorch_call_it(name):
    assert sum("**In papers and in PyTorch**" in text for text in texts(BOOKS[name])) == 1


@pytest.mark.parametrize("name, term", [(name, term) for name in NAMES for term in TERMS[name[:2]]])
def test_a_word_is_introduced_where_it_is_first_used(name, term):
    number = NAMES.index(name)
    for earlier in NAMES[:number]:
        for text in texts(BOOKS[earlier]):
            assert not uses(term, text), f"used in {earlier}, before {name} introduces it: {text}"
    first = next((text for text in texts(BOOKS[name]) if uses(term, text)), None)
    assert first, f"{name} never says {term!r}"
    assert re.search(rf"(?<!\w)\*{{1,2}}{re.escape(term)}(s|es)?\*{{1,2}}(?!\w)", first, re.I), f"not emphasised at its first use: {first}"


def test_the_glossary_has_every_word_and_its_lesson():
    glossary = "\n".join(cell.source for cell in nbformat.read(FOLDER / "glossary.ipynb", as_version=4).cells)
    rows = [line for line in glossary.splitlines() if line.startswith("| ")]
    for number, terms in TERMS.items():
        for term in terms:
            assert any(uses(term, row) and f"[{number}](" in row for row in rows), f"{term} of lesson {number} is missing"


@pytest.mark.parametrize("name", NAMES)
def test_code_fits_the_printed_page(name):
    for cell in BOOKS[name].cells:
        if cell.cell_type == "code":
            long = [line for line in cell.source.splitlines() if len(line) > 67]
            assert not long, f"more than 67 columns: {long}"
