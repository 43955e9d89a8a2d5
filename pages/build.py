"""Builds the site: every lesson, the glossary and the teachers' guide as pages that need neither a kernel nor a network.

    python pages/build.py    # build/site/index.html

Pages come from the outputs that the notebooks hold. Where `frames.py` has drawn frames, live figures move.
"""
import base64
import html
import json
import os
import re
import shutil
from importlib import metadata
from pathlib import Path

import nbformat
from frames import FRAMES, NOTEBOOKS, ROOT, is_live
from sphinx.cmd.build import main as sphinx

PAGES = Path(__file__).parent
TEACHING = ROOT / "teaching"
SOURCE, SITE = ROOT / "build" / "source", ROOT / "build" / "site"
NAMES = {"mnist": "MNIST", "cifar10": "CIFAR-10's planes and birds", "cifar10-jpeg": "CIFAR-10's planes and birds",
         "bundled": "the digits that come with the course"}


def title_of(notebook):
    return re.search(r"^# (.*)", notebook.cells[0].source, re.M)[1]


def row(notebook, name):
    """A row of the table at a lesson's head."""
    return re.search(rf"^\| \*\*{name}\*\* \| (.*) \|$", notebook.cells[0].source, re.M)[1]


def inward(source, here, pages):
    """Markdown whose links lead to other pages or to a network; what else lies in the course's folder is named, not linked."""
    def link(found):
        bang, text, target = found.groups()
        kept = bang or re.match(r"\w+:|#", target) or (here / target.split("#")[0]).resolve() in pages
        return found[0] if kept else text

    return re.sub(r"(!?)\[([^][]*)\]\(([^()\s]*)\)", link, source)


def picture(output, name):
    """An output's picture as HTML; its bytes go into a file of that name."""
    target = SOURCE / "_static" / "outputs" / f"{name}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(base64.b64decode(output.data["image/png"]))
    told = output.metadata["image/png"]
    width = f' style="width: {told["width"]}px"' if "width" in told else ""
    return f'<img src="../_static/outputs/{name}.png" alt="{html.escape(told["alt"])}"{width}>'


def moving(output, name, frames):
    """A live figure as HTML: its picture, with a slider for each control if there are frames to move through."""
    image = picture(output, name)
    if not frames.exists():
        return f'<figure class="still">{image}<figcaption>Run the notebook to move its sliders.</figcaption></figure>'
    figure = json.loads((frames / "figure.json").read_text(encoding="utf-8"))
    sliders = "".join(
        f'<label>{html.escape(control["label"])} <input type="range" autocomplete="off" min="0" max="{len(control["values"]) - 1}"'
        f' value="{control["at"]}" data-values="{html.escape(json.dumps(control["values"]))}">'
        f'<output>{html.escape(control["values"][control["at"]])}</output></label>' for control in figure["controls"])
    place = f"../_static/frames/{frames.parent.name}/{frames.name}/"
    return (f'<figure class="moving" data-frames="{place}" data-order="{" ".join(map(str, figure["order"]))}">'
            f'<div class="controls">{sliders}</div>{image}</figure>')


def page(notebook, stem, pages):
    """The notebook as its page is made from: pictures as HTML, and a line that says how to run it."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = inward(cell.source, NOTEBOOKS, pages)
            continue
        outputs, lives = [], 0
        for output in cell.outputs:
            if 'class="live-style"' in output.get("data", {}).get("text/html", ""):
                continue
            if "image/png" in output.get("data", {}):
                name = f"{stem}-{cell.id}-{len(outputs)}"
                if is_live(output):
                    code = moving(output, name, FRAMES / stem / f"{cell.id}-{lives}")
                    lives += 1
                else:
                    code = picture(output, name)
                output = nbformat.v4.new_output("display_data", {"text/html": code})
            outputs.append(output)
        cell.outputs = outputs
    title, rest = notebook.cells[0].source.split("\n", 1)
    notebook.cells[0].source = f"{title}\n\n{run_it(stem, notebook)}\n{rest}"
    return notebook


def run_it(stem, notebook):
    """The line below a title."""
    line = f"*Run it:* `make lab` in the folder of the course, then open `notebooks/{stem}.ipynb`. This page shows stored outputs."
    sources = FRAMES / stem / "sources.json"
    if sources.exists() and any(sources.parent.glob("*/figure.json")):
        code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
        used = {NAMES[name] for load, name in json.loads(sources.read_text(encoding="utf-8")).items() if load in code}
        line += f" Its sliders step through pictures drawn beforehand{', from ' * bool(used)}{' and '.join(sorted(used))}."
    return f'<div class="run-it">\n\n{line}\n\n</div>\n'


def index(lessons, guide):
    """The first page: a card for each lesson, with its picture, its title and how long it takes."""
    cards = []
    for stem, notebook in lessons.items():
        opening = f"notebooks/pictures/{stem}.png"
        image = f'<img src="_static/{opening}" alt="" loading="lazy">' if (ROOT / opening).exists() else ""
        cards.append(f'<a href="notebooks/{stem}.html">{image}<b>{stem[:2]} {html.escape(title_of(notebook))}</b>'
                     f'<span>{html.escape(row(notebook, "Time").split(";")[0])}</span></a>')
    first = re.search(r"^# (.*?)^!\[.*?\n(.*?)^## ", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    tree = "\n".join(f"notebooks/{stem}" for stem in [*lessons, "glossary"])
    teachers = "\n".join(["```{toctree}", ":hidden:", ":caption: For teachers", *guide, "```"]) if guide else ""
    return "\n\n".join([f"# {first[1].strip()}", first[2].strip(), f'<nav class="cards">{"".join(cards)}</nav>',
                        "The [glossary](notebooks/glossary.ipynb) has the field's words.",
                        f"```{{toctree}}\n:hidden:\n:caption: Lessons\n\n{tree}\n```", teachers])


def build():
    """The whole site anew; raises SystemExit where Sphinx finds anything to complain of."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    static = SOURCE / "_static"
    shutil.copytree(PAGES / "static", static)
    drawing = next(file for file in metadata.files("sphinx-mathjax-offline") if file.name == "tex-svg.js")
    shutil.copy(drawing.locate(), static)
    for folder in SOURCE / "notebooks" / "pictures", static / "notebooks" / "pictures":
        shutil.copytree(NOTEBOOKS / "pictures", folder, ignore=shutil.ignore_patterns("*.py", "jupyterlab.png"))
    for lesson in FRAMES.glob("[0-9]*"):
        shutil.copytree(lesson, static / "frames" / lesson.name, ignore=shutil.ignore_patterns("*.json"))
    guide = sorted(TEACHING.glob("*.md"), key=lambda path: (path.stem.lower() not in ("readme", "index"), path.stem))
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    pages = {NOTEBOOKS / f"{stem}.ipynb" for stem in notebooks} | set(guide)
    for path in guide:
        (SOURCE / "teaching").mkdir(exist_ok=True)
        (SOURCE / "teaching" / path.name).write_text(inward(path.read_text(encoding="utf-8"), TEACHING, pages), encoding="utf-8")
    for stem, notebook in notebooks.items():
        nbformat.write(page(notebook, stem, pages), SOURCE / "notebooks" / f"{stem}.ipynb")
    lessons = {stem: notebook for stem, notebook in notebooks.items() if stem[0].isdigit()}
    (SOURCE / "index.md").write_text(index(lessons, [f"teaching/{path.stem}" for path in guide]), encoding="utf-8")
    shutil.rmtree(SITE, ignore_errors=True)
    failed = sphinx(["-b", "html", "-c", str(PAGES), "-d", str(SOURCE / ".doctrees"), "-j", str(os.cpu_count()),
                     "--fail-on-warning", "--keep-going", "--quiet", str(SOURCE), str(SITE)])
    if failed:
        raise SystemExit("Sphinx has found something that is wrong with a page: see above.")


if __name__ == "__main__":
    build()
    print(SITE / "index.html")
