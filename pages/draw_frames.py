"""Draws the frames with which live figures move on the site, where there is no kernel.

    python pages/draw_frames.py            # into build/frames/mnist/ or bundled/; lessons whose frames are newer than all code stay as they are
    python pages/draw_frames.py 00 03      # only of these lessons

Every lesson is run up to its last live figure, on the digits that COURSE_DIGITS names. Each figure is drawn for every combination
of values of its controls, or of some of them where those would be too many. One with so many controls that few values of each
would be left stays still, and so does a drawing pad.
"""
import hashlib
import io
import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import product
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient
from PIL import Image

from helpers import data, live
from helpers.live.core import values_of
from helpers.live.pad import Drawn

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"
NAMES = {"mnist": "MNIST", "cifar10": "CIFAR-10's planes and birds", "cifar10-jpeg": "CIFAR-10's planes and birds",
         "bundled": "the digits that come with the course"}
MOST_FRAMES, MOST_BYTES = 100, 1_500_000  # of one figure
FEWEST_VALUES = 4  # of a control, if it has as many


@cache
def frames_folder():
    """Where the frames of the digits that are loaded here lie: those of other digits stay beside them."""
    return ROOT / "build" / "frames" / data.load_digits().name


def is_live(output):
    """Whether an output of a cell is the picture of a live figure."""
    data = output.get("data", {})
    return "image/png" in data and data["text/plain"].startswith("Live figure")


def thinned(places, kept, most):
    """At most `most` of these places, evenly, with both ends and with `kept`, to which the nearest between the ends is moved."""
    few = np.linspace(0, places - 1, min(places, most)).round().astype(int)
    between = few[1:-1]
    if kept not in few and between.size:
        between[np.abs(between - kept).argmin()] = kept
    return few.tolist()


def coarse(sizes, kept, most):
    """For each control the places of its values that are drawn, so that there are at most `most` frames."""
    counts = list(sizes)
    while np.prod(counts) > most:
        longest = counts.index(max(counts))
        counts[longest] -= 1
    return [thinned(size, place, count) for size, place, count in zip(sizes, kept, counts, strict=True)]


def small(png):
    """The same picture in 256 colours, which is a quarter of the bytes. Octrees find them ten times as fast as Pillow's median cut."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def draw(figure, most=MOST_FRAMES):
    """([{label, values, at}] for each control, PNGs without doubles, which of them is shown for each combination of values).

    None if there are too many controls, or one is a pad to draw on.
    """
    if isinstance(figure, Drawn):
        return None
    controls = list(figure.controls.values())
    values = [values_of(control) for control in controls]
    kept = [of.index(min(of, key=lambda value: abs(value - control.value)) if isinstance(control.value, float) else control.value)
            for of, control in zip(values, controls, strict=True)]
    chosen = coarse([len(of) for of in values], kept, most)
    if any(len(places) < min(len(of), FEWEST_VALUES) for of, places in zip(values, chosen, strict=True)):
        return None
    pictures, order = {}, []
    for places in product(*chosen):
        settings = {name: of[place] for name, of, place in zip(figure.controls, values, places, strict=True)}
        png = small(figure.frame(**settings))
        pictures.setdefault(hashlib.sha256(png).digest(), (len(pictures), png))
        order.append(pictures[hashlib.sha256(png).digest()][0])
    pngs = [png for _, png in pictures.values()]
    if sum(map(len, pngs)) > MOST_BYTES:
        return draw(figure, int(0.95 * most * MOST_BYTES / sum(map(len, pngs))))
    told = [{"label": control.description, "values": [said(control, of[place]) for place in places], "at": places.index(place)}
            for control, of, places, place in zip(controls, values, chosen, kept, strict=True)]
    return told, pngs, order


def said(control, value):
    """A value as its slider shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format(value, control.readout_format) if isinstance(value, float) and hasattr(control, "readout_format") else str(value)


def sources():
    """{function that loads a data set: the name of what it loads here}."""
    return {"load_digits": data.load_digits().name, "load_planes_birds": data.load_planes_birds().name}


def keep(folder):
    """In a lesson's kernel: from here on, every live figure that is displayed has its frames drawn into `folder`."""
    shown, folder = [], Path(folder)
    display = live.Live._ipython_display_

    def drawing(figure):
        display(figure)
        number = len(shown)
        shown.append(figure)
        drawn = draw(figure)
        if drawn is None:
            return
        controls, pngs, order = drawn
        target = folder / str(number)
        target.mkdir(parents=True)
        for name, png in enumerate(pngs):
            (target / f"{name}.png").write_bytes(png)
        (target / "figure.json").write_text(json.dumps({"controls": controls, "order": order}), encoding="utf-8")
        figure.frame(**figure.values)  # its artists as they were

    live.Live._ipython_display_ = drawing
    folder.mkdir(parents=True)
    (folder / "sources.json").write_text(json.dumps(sources()), encoding="utf-8")


def run(path):
    """Draw the frames of one lesson, into a folder for each figure named after its cell: `<cell>-<number in it>`."""
    notebook = nbformat.read(path, as_version=4)
    last = max(place for place, cell in enumerate(notebook.cells) if any(map(is_live, cell.get("outputs", []))))
    target, new = frames_folder() / path.stem, frames_folder() / f".{path.stem}"
    shutil.rmtree(new, ignore_errors=True)
    start = f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nimport draw_frames\ndraw_frames.keep({str(new)!r})"
    notebook.cells = [nbformat.v4.new_code_cell(start), *notebook.cells[:last + 1]]
    quiet = ["--log-level=ERROR"]  # no warnings that a kernel of this machine talks unencrypted
    NotebookClient(notebook, kernel_name="python3", timeout=None, extra_arguments=quiet, resources={"metadata": {"path": path.parent}}).execute()
    number = 0
    for cell in notebook.cells:
        for place in range(sum(map(is_live, cell.get("outputs", [])))):
            if (new / str(number)).exists():
                (new / str(number)).rename(new / f"{cell.id}-{place}")
            number += 1
    shutil.rmtree(target, ignore_errors=True)
    new.rename(target)
    return f"{path.stem}: {sum(1 for _ in target.glob('*/figure.json'))} figures that move"


def changed(path, wanted):
    """Whether a lesson's frames are not of the `wanted` sources, or older than the lesson or than any code that draws them."""
    stamp = frames_folder() / path.stem / "sources.json"
    code = [path, Path(__file__), *(ROOT / "helpers").rglob("*.py")]
    return not stamp.exists() or json.loads(stamp.read_text(encoding="utf-8")) != wanted or stamp.stat().st_mtime < max(file.stat().st_mtime for file in code)


if __name__ == "__main__":
    frames_folder().mkdir(parents=True, exist_ok=True)
    wanted = sources()
    numbers = tuple(sys.argv[1:]) or ("",)
    chosen = [path for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")) if path.name.startswith(numbers)]
    if not chosen:
        raise SystemExit(f"No lesson's name begins with {' or '.join(numbers)}: give numbers of lessons, such as 03.")
    lessons = [path for path in chosen if changed(path, wanted)]
    if lessons:
        print(f"Drawing what sliders move through, from {NAMES[wanted['load_digits']]}: {len(lessons)} lessons. All sixteen take some ten minutes, "
              "once: after that, only lessons that have changed are drawn.", flush=True)
    with ThreadPoolExecutor(os.cpu_count()) as several:
        for number, line in enumerate(several.map(run, lessons), 1):
            print(f"{number} of {len(lessons)}: {line}", flush=True)
