"""Tables of measured facts: every row and column is shown, and what has no such file is told."""
import csv
import re
from html import unescape

import nbformat
import pytest
from lesson_form import FOLDER as NOTEBOOKS

from helpers import tables
from helpers.data import FOLDER


def cells_of(html):
    """Rows of texts in an HTML table."""
    return [[unescape(cell) for cell in re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", row)] for row in re.findall(r"<tr>(.*?)</tr>", html)]


def test_the_whole_table_is_shown():
    with open(FOLDER / "who_does_what.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    table = tables.load("who_does_what")
    assert cells_of(table._repr_html_()) == rows
    assert repr(table).splitlines() == [line for what, *facts in rows[1:]
                                        for line in (what, *(f"    {head}: {fact}" for head, fact in zip(rows[0][1:], facts)))]


def test_signs_of_html_are_shown_as_they_are():
    rows = [["what", "A & B"], ["x < y", "<b>"]]
    html = tables.Table(rows)._repr_html_()
    assert cells_of(html) == rows and "<b>" not in html


def test_a_row_with_too_few_facts_is_no_table():
    with pytest.raises(ValueError):
        repr(tables.Table([["what", "A", "B"], ["x", "1"]]))


def test_a_missing_table_is_named():
    with pytest.raises(ValueError, match=r"no_such\.csv cannot be read.*git checkout"):
        tables.load("no_such")


def test_lesson_11_shows_the_table_as_it_is_stored():
    cells = nbformat.read(NOTEBOOKS / "11_normalisation.ipynb", as_version=4).cells
    shown = [output.data["text/html"] for cell in cells if cell.source == 'tables.load("who_does_what")' for output in cell.outputs]
    assert shown == [tables.load("who_does_what")._repr_html_()]
