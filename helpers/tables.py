"""Tables of measured facts: `data/NAME.csv`, in which the first row is the head and the first column names the others."""
import csv
from html import escape

from .data import FOLDER


class Table:
    """Rows of texts as a cell's result: a table in a notebook, and in plain text one fact a line."""

    def __init__(self, rows):
        self.head, *self.rows = rows

    def _repr_html_(self):
        left = 'style="text-align: left; vertical-align: top"'
        head = "".join(f"<th {left}>{escape(name)}</th>" for name in self.head)
        lines = [f"<tr><th {left}>{escape(row[0])}</th>" + "".join(f"<td {left}>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
                 for row in self.rows]
        return f"<table><thead><tr>{head}</tr></thead><tbody>\n" + "\n".join(lines) + "\n</tbody></table>"

    def __repr__(self):
        return "\n".join(line for row in self.rows
                         for line in (row[0], *(f"    {name}: {cell}" for name, cell in zip(self.head[1:], row[1:], strict=True))))


def load(name):
    """The table `data/NAME.csv`. Raises ValueError, with the cure, where it cannot be read."""
    path = FOLDER / f"{name}.csv"
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return Table(list(csv.reader(file)))
    except OSError as error:
        raise ValueError(f"tables.load: {path} cannot be read: {error.strerror}. Restore it: git checkout -- data") from error
