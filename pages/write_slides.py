"""Makes slides of the lessons: one deck a lesson, for a projector of 1280 x 720, from the notebooks as they are.

    python pages/write_slides.py    # build/slides/index.html

A slide is a question (**Predict.**), a formula with the words before it, a cell's code with what it prints, or a picture with what
there is to see in it; what answers a question comes at the next key. What the text says besides is for the teacher to say.
"""
import html
import re
import shutil

import nbformat
from draw_frames import NOTEBOOKS, ROOT
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


class Deck:
    """The slides of one lesson, made cell by cell."""

    def __init__(self, stem, notebook):
        self.stem, self.slides, self.heading, self.lead, self.skipped = stem, [], "", "", False
        self._open(notebook)
        for cell in notebook.cells[1:]:
            if cell.cell_type == "code":
                self._code(cell)
            elif "solution" not in cell.metadata.get("tags", []):
                for block in blocks(cell.source):
                    self._text(block.strip())

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
            self.heading = ""

    def _text(self, block):
        if block.startswith("## "):
            self.heading, self.lead = block[3:], ""
            self.skipped = self.heading.startswith("Appendix")
        elif self.skipped:
            return
        elif block.startswith("> **"):
            self.add(prose(re.sub(r"^> ?", "", block, flags=re.M)), kind="question")
        elif block.startswith("$$"):
            self.add(prose(self.lead), prose(block)) if self.lead else self.add(prose(block))
        elif re.match(r"[-|] ?|\d+\. ", block):
            if self.slides[-1][1] == "exercise" and self.lead:
                self.slides[-1][2][0] += prose(block)
            else:
                self.add(prose(self.lead) + prose(block))
        elif re.match(r"\*[^*]", block) and self.slides[-1][1] == "picture":
            self.slides[-1][2].append(prose(block.split("*\n")[0]))
        elif re.match(r"\*\*\d+\. ", block):
            self.add(prose(block), kind="exercise")
        self.lead = block if re.search(r":$|:\*\*$|^\*\*In papers", block) else ""

    def _code(self, cell):
        if self.skipped:
            return
        text = "".join(output.get("text", "") for output in cell.outputs if output.output_type == "stream").strip("\n")
        printed = f'<pre class="printed">{html.escape(text)}</pre>' if text else ""
        source, rows = cell.source, len(cell.source.splitlines()) + len(text.splitlines())
        if "exercise" in cell.metadata.get("tags", []):
            self.slides[-1][2].append(code(source))
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
    (SLIDES / "index.html").write_text(INDEX.format(items="\n".join(items)), encoding="utf-8")


INDEX = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Slides</title><link rel="stylesheet" href="slides.css"></head>
<body class="index">
<h1>Slides</h1>
<p>Arrow keys, Page Down, the space bar or a click at an edge go on and back; Home and End to the first and last. Sliders take their own keys.</p>
<ul>
{items}
</ul>
</body>
</html>
"""


if __name__ == "__main__":
    build()
    print(SLIDES / "index.html")
