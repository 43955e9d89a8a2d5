"""Builds the site: every lesson and the glossary as pages that need neither a kernel nor a network.

    python pages/write_site.py              # build/site/index.html, for learners
    python pages/write_site.py --teacher    # build/site-teacher/index.html, with the guide for teachers and the answers of its exams

Pages come from the outputs that the notebooks hold. Where `draw_frames.py` has drawn frames, live figures move.
"""
import base64
import html
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import nbformat
from draw_frames import NAMES, NOTEBOOKS, ROOT, frames_folder, is_live

PAGES = Path(__file__).parent
TEACHING = ROOT / "teaching"
SOURCE, SITE, TEACHER_SITE = (ROOT / "build" / name for name in ("source", "site", "site-teacher"))


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


def image(output, address):
    """The picture at an address as HTML, with the words and the width of an output's picture."""
    told = output.metadata["image/png"]
    width = f' style="width: {told["width"]}px"' if "width" in told else ""
    return f'<img src="{address}" alt="{html.escape(told["alt"])}"{width}>'


def picture(output, name, static, url):
    """An output's picture as HTML; its bytes go into a file of that name in the folder `static`, which pages reach by `url`."""
    target = static / "outputs" / f"{name}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(base64.b64decode(output.data["image/png"]))
    return image(output, f"{url}outputs/{name}.png")


def live_figure(output, name, frames, static, url):
    """A live figure as HTML: its picture; or, if the folder `frames` has what to move through, the frame it begins with and its sliders."""
    if not frames.exists():
        return f'<figure class="still">{picture(output, name, static, url)}<figcaption>This figure answers in the notebook only.</figcaption></figure>'
    figure = json.loads((frames / "figure.json").read_text(encoding="utf-8"))
    sliders = "".join(
        f'<label>{html.escape(control["label"])} <input type="range" autocomplete="off" min="0" max="{len(control["values"]) - 1}"'
        f' value="{control["at"]}" data-values="{html.escape(json.dumps(control["values"]))}">'
        f'<output>{html.escape(control["values"][control["at"]])}</output></label>' for control in figure["controls"])
    place = f"{url}frames/{frames.parent.name}/{frames.name}/"
    first = 0
    for control in figure["controls"]:
        first = first * len(control["values"]) + control["at"]
    shown = figure["order"][first]
    return (f'<figure class="moving" data-frames="{place}" data-order="{" ".join(map(str, figure["order"]))}">'
            f'<div class="controls">{sliders}</div>{image(output, f"{place}{shown}.png")}</figure>')


def with_pictures(notebook, stem, static, url):
    """The notebook with every picture among its outputs turned to HTML, and without what only JupyterLab needs."""
    for cell in notebook.cells:
        outputs, lives = [], 0
        for number, output in enumerate(cell.get("outputs", [])):
            shown = output.get("data", {})
            if 'class="live-style"' in shown.get("text/html", ""):
                continue
            if "image/png" in shown:
                name = f"{stem}-{cell.id}-{number}"
                if is_live(output):
                    code = live_figure(output, name, frames_folder() / stem / f"{cell.id}-{lives}", static, url)
                    lives += 1
                else:
                    code = picture(output, name, static, url)
                output = nbformat.v4.new_output("display_data", {"text/html": code})
            outputs.append(output)
        if cell.cell_type == "code":
            cell.outputs = outputs
    return notebook


def page(notebook, stem, pages):
    """The notebook that its page is made from: only links that lead somewhere, and a line that says how to run it."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = inward(cell.source, NOTEBOOKS, pages)
    title, rest = notebook.cells[0].source.split("\n", 1)
    notebook.cells[0].source = f"{title}\n\n{run_it(stem, notebook)}\n{rest}"
    return with_pictures(notebook, stem, SOURCE / "_static", "../_static/")


def run_it(stem, notebook):
    """The line below a title."""
    line = f"*Run it:* `make lab` in the folder of the course, then open `notebooks/{stem}.ipynb`. This page shows stored outputs."
    sources = frames_folder() / stem / "sources.json"
    if sources.exists() and any(sources.parent.glob("*/figure.json")):
        code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
        used = {NAMES[name] for load, name in json.loads(sources.read_text(encoding="utf-8")).items() if load in code}
        line += f" Its sliders step through pictures drawn beforehand{', from ' * bool(used)}{' and '.join(sorted(used))}."
    return f'<div class="run-it">\n\n{line}\n\n</div>\n'


def index(lessons, guide):
    """The first page: a card for each lesson, with its picture, its title and how long it takes."""
    cards = []
    for stem, notebook in lessons.items():
        opening = f"pictures/{stem}.png"
        shown = f'<img src="_static/{opening}" alt="">' if (NOTEBOOKS / opening).exists() else ""
        cards.append(f'<a href="notebooks/{stem}.html">{shown}<b>{stem[:2]} {html.escape(title_of(notebook))}</b>'
                     f'<span>{html.escape(row(notebook, "Time").split(";")[0])}</span></a>')
    first = re.search(r"^# (.*?)^!\[.*?\n(.*?)^## ", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    tree = "\n".join([*(f"{stem[:2]} {title_of(of)} <notebooks/{stem}>" for stem, of in lessons.items()), "notebooks/glossary"])
    teachers = "\n".join(["```{toctree}", ":hidden:", ":caption: For teachers", *guide, "```"]) if guide else ""
    return "\n\n".join([f"# {first[1].strip()}", first[2].strip(), f'<nav class="cards">{"".join(cards)}</nav>',
                        "The [glossary](notebooks/glossary.ipynb) has the field's words.",
                        f"```{{toctree}}\n:hidden:\n:caption: Lessons\n\n{tree}\n```", teachers])


def shared(static):
    """Into the folder `static`: what draws formulas, every frame, and the pictures that open the lessons."""
    drawing = next(file for file in metadata.files("sphinx-mathjax-offline") if file.name == "tex-svg.js")
    shutil.copy(drawing.locate(), static)
    shutil.copy(PAGES / "static" / "site.js", static)
    shutil.copytree(NOTEBOOKS / "pictures", static / "pictures", ignore=shutil.ignore_patterns("*.py", "jupyterlab.png"))
    for lesson in frames_folder().glob("[0-9]*"):
        shutil.copytree(lesson, static / "frames" / lesson.name, ignore=shutil.ignore_patterns("*.json"))


def build(teacher=False):
    """The whole site anew, for learners or with the teachers' guide; raises SystemExit where Sphinx finds anything to complain of."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    static = SOURCE / "_static"
    static.mkdir(parents=True)
    shutil.copy(PAGES / "static" / "site.css", static)
    shared(static)
    shutil.copytree(static / "pictures", SOURCE / "notebooks" / "pictures")
    site = TEACHER_SITE if teacher else SITE
    guide = sorted(TEACHING.glob("*.md") if teacher else [], key=lambda path: (path.stem.lower() not in ("readme", "index"), path.stem))
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    pages = {NOTEBOOKS / f"{stem}.ipynb" for stem in notebooks} | set(guide)
    for path in guide:
        (SOURCE / "teaching").mkdir(exist_ok=True)
        (SOURCE / "teaching" / path.name).write_text(inward(path.read_text(encoding="utf-8"), TEACHING, pages), encoding="utf-8")
    for stem, notebook in notebooks.items():
        nbformat.write(page(notebook, stem, pages), SOURCE / "notebooks" / f"{stem}.ipynb")
    lessons = {stem: notebook for stem, notebook in notebooks.items() if stem[0].isdigit()}
    (SOURCE / "index.md").write_text(index(lessons, [f"teaching/{path.stem}" for path in guide]), encoding="utf-8")
    shutil.rmtree(site, ignore_errors=True)
    failed = subprocess.run([sys.executable, "-m", "sphinx", "-b", "html", "-c", PAGES, "-d", SOURCE / ".doctrees", "-j", str(os.cpu_count()),
                             "--fail-on-warning", "--keep-going", "--quiet", SOURCE, site]).returncode
    if failed:
        raise SystemExit("Sphinx has found something that is wrong with a page: see above.")


if __name__ == "__main__":
    build(teacher="--teacher" in sys.argv)
    print((TEACHER_SITE if "--teacher" in sys.argv else SITE) / "index.html")
