"""Makes slides of the lessons: one deck a lesson, for a projector of 1280 x 720, from the notebooks as they are.

    python pages/write_slides.py    # build/slides/index.html

A slide is a question (**Predict.**), a formula with the words before it, a cell's code with what it prints, or a picture with what
there is to see in it, or an exercise with the function to fill in; what answers a question comes at the next key. Above a question
stands the paragraph before it, in small letters. What the text says besides is for the teacher to say.
"""
import html
import re
import shutil

import nbformat
from draw_frames import NAMES, NOTEBOOKS, ROOT, frames_folder
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from write_site import PAGES, row, shared, title_of, with_pictures

SLIDES = ROOT / "build" / "slides"
ROWS, TABLE_ROWS = 20, 8  # of code and text, and of a printed table, that one slide holds


def _formula(code, options):
    left, right = (r"\[", r"\]") if options["display_mode"] else (r"\(", r"\)")
    return html.escape(f"{left}{code}{right}")


MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table").use(dollarmath_plugin, renderer=_formula)


def prose(source):
    """Markdown as HTML; links to other lessons are their words alone."""
    return MARKDOWN.render(re.sub(r"(?<!!)\[([^][]*)\]\((?!https?:)[^()\s]*\)", r"\1", source))


def code(source):
    return highlight(source, PythonLexer(), HtmlFormatter(cssclass="code"))


def blocks(source):
    """The parts of a text cell between empty lines."""
    return re.findall(r"(?:[^\n]+\n?)+", source)


def tables(printed):
    """A printed table cut into such as fit on a slide, each with the names of the columns."""
    head, rows = re.search(r"<thead>.*?</thead>", printed, re.S)[0], re.findall(r"<tr>.*?</tr>", printed.split("</thead>")[1], re.S)
    return [f"<table>{head}{''.join(rows[start:start + TABLE_ROWS])}</table>" for start in range(0, len(rows), TABLE_ROWS)]


def is_exercise(cell):
    return "exercise" in cell.metadata.get("tags", [])


def begins_tasks(cells):
    """The ids of those text cells in which the task of an exercise begins, with bold words at the start of a line."""
    found, last = set(), None
    for cell in cells:
        if cell.cell_type == "markdown" and re.search(r"^\*\*", cell.source, re.M):
            last = cell.id
        elif is_exercise(cell):
            found.add(last)
    return found


def without_caption(block):
    """A paragraph without the *words* at its start that tell what there is to see in the picture before it."""
    return re.sub(r"^\*[^*].*?[^*]\*(\s+|$)", "", block, flags=re.S)


def without_announcement(block):
    """A paragraph without a last sentence that announces what stands below it in the notebook, and not on this slide."""
    return re.sub(r"(?<=[.?*])\s+[^.?]*:$", "", block)


class Deck:
    """The slides of one lesson, made cell by cell."""

    def __init__(self, stem, notebook):
        self.stem, self.slides, self.heading, self.lead, self.before, self.skipped = stem, [], "", "", "", False
        self.task = []  # the paragraphs of an exercise whose function has not come yet
        self._open(notebook)
        begins = begins_tasks(notebook.cells)
        for cell, following in zip(notebook.cells[1:], [*notebook.cells[2:], None]):
            if cell.cell_type == "code":
                self._code(cell)
            elif "solution" not in cell.metadata.get("tags", []):
                for block in blocks(cell.source):
                    if self.task or cell.id in begins and block.startswith("**"):
                        self.task.append(block.strip())
                    else:
                        self._text(block.strip())
                if self.task and not is_exercise(following):  # code to work with comes first
                    self.add(self._task(), kind="exercise")

    def add(self, *parts, kind=""):
        """A slide of parts in HTML; those after the first come at the next key."""
        self.slides.append((self.heading, kind, [part for part in parts if part]))

    def _open(self, notebook):
        head = notebook.cells[0].source
        image = f'<img src="pictures/{self.stem}.png" alt="">' if (NOTEBOOKS / "pictures" / f"{self.stem}.png").exists() else ""
        self.add(f"<h1>{html.escape(title_of(notebook))}</h1>{image}{prose('You will ' + row(notebook, 'You will') + '.')}", kind="title")
        board = re.search(r"^\*\*For the board\.\*\*\n\n((?:\d\. .*\n?)+)", head, re.M)
        if board:
            self.heading = "For the board"
            self.add(prose(board[1]))
        self.heading = title_of(notebook)

    def _task(self):
        return prose("\n\n".join(self.task))

    def _question(self, block):
        """A question, below the paragraph before it."""
        before = re.sub(":$", ".", without_caption(self.before))
        context = f'<div class="before">{prose(before)}</div>' if before and block.startswith("> **Predict.**") else ""
        self.add(context + prose(re.sub(r"^> ?", "", block, flags=re.M)), kind="question")

    def _text(self, block):
        if block.startswith("## "):
            self.heading, self.lead, self.before = block[3:], "", ""
            self.skipped = self.heading.startswith("Appendix")
            return
        if self.skipped:
            return
        if block.startswith("> **"):
            self._question(block)
        elif block.startswith("$$"):
            self.add(prose(self.lead), prose(block)) if self.lead else self.add(prose(block))
        elif re.match(r"[-|] ?|\d+\. ", block):
            self.add(prose(self.lead) + prose(block))
        elif re.match(r"\*[^*]", block) and self.slides[-1][1] == "picture":
            self.slides[-1][2].append(prose(without_announcement(block)))
        self.before = "" if block.startswith(">") else block
        self.lead = block if re.search(r":$|:\*\*$|^\*\*In papers", block) else ""

    def _code(self, cell):
        if self.skipped or cell.source.startswith("machine."):  # about the machine on which the notebook runs
            return
        text = "".join(output.get("text", "") for output in cell.outputs if output.output_type == "stream").strip("\n")
        printed = f'<pre class="printed">{html.escape(text)}</pre>' if text else ""
        source, rows = cell.source, len(cell.source.splitlines()) + len(text.splitlines())
        if is_exercise(cell):
            self.add(self._task(), code(source), kind="exercise")
            self.task = []
        elif len(cell.source.splitlines()) <= 3 and any("<img" in output.get("data", {}).get("text/html", "") for output in cell.outputs):
            pass  # what draws a picture is not worth a slide of its own
        elif rows <= ROWS:
            self.add(code(source), printed)
        else:
            self.add(code(source))
            if printed:
                self.add(printed)
        for output in cell.outputs:
            shown = output.get("data", {}).get("text/html", "")
            if "<img" in shown:
                self.add(shown, kind="picture")
            elif shown:
                for part in tables(shown):
                    self.add(part)

    def page(self):
        """The deck as a page."""
        sections = []
        for heading, kind, parts in self.slides:
            first, *rest = parts
            later = "".join(f'<div class="later">{part}</div>' for part in rest)
            sections.append(f'<section class="{kind}"><h2>{prose(heading)[3:-5] if heading else ""}</h2><div class="body">{first}{later}</div></section>')
        return PAGE.format(title=html.escape(re.sub("<.*?>", "", self.slides[0][2][0].split("</h1>")[0])), slides="\n".join(sections),
                           total=len(sections))


PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title><link rel="stylesheet" href="slides.css"></head>
<body>
<main>
{slides}
</main>
<footer><a href="index.html">Lessons</a> <span id="number"></span> / {total}</footer>
<script>MathJax = {{options: {{enableMenu: false}}}};</script>
<script src="tex-svg.js"></script>
<script src="site.js"></script>
<script src="slides.js"></script>
</body>
</html>
"""


def build():
    """All decks anew, and a page that lists them."""
    shutil.rmtree(SLIDES, ignore_errors=True)
    SLIDES.mkdir(parents=True)
    shared(SLIDES)
    for name in "slides.css", "slides.js":
        shutil.copy(PAGES / "static" / name, SLIDES)
    (SLIDES / "code.css").write_text(HtmlFormatter(cssclass="code").get_style_defs(".code"), encoding="utf-8")
    items = []
    for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        deck = Deck(path.stem, with_pictures(nbformat.read(path, as_version=4), path.stem, SLIDES, ""))
        (SLIDES / f"{path.stem}.html").write_text(deck.page(), encoding="utf-8")
        items.append(f'<li><a href="{path.stem}.html">{path.stem[:2]} {deck.slides[0][2][0].split("</h1>")[0][4:]}</a></li>')
    (SLIDES / "index.html").write_text(INDEX.format(items="\n".join(items), digits=NAMES[frames_folder().name]), encoding="utf-8")


INDEX = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Slides</title><link rel="stylesheet" href="slides.css"></head>
<body class="index">
<h1>Slides</h1>
<p>Arrow keys, Page Down, the space bar or a click at an edge go on and back; Home and End to the first and last. A slider takes the mouse, or arrow keys once Tab has reached it. Figures that move
were drawn from {digits}; all other pictures and numbers are the notebooks' own.</p>
<ul>
{items}
</ul>
</body>
</html>
"""


if __name__ == "__main__":
    build()
    print(SLIDES / "index.html")
