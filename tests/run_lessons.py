"""Runs lessons from top to bottom, in order, and stores their outputs in them: `make notebooks`.

    python tests/run_lessons.py [NAME]    # one, such as 02_dense_nets; without a name, all

A lesson is written beside the stored one and put in its place in one step, so a lesson that fails, or a run that is
stopped, leaves the stored one as it was. Where nothing changed, nothing is changed.
"""
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from helpers.files import replacing

FOLDER = Path(__file__).parent.parent / "notebooks"
# What `make test-mnist` does not compare either: times.
SANITIZE = re.findall(r"^regex: (.*)\nreplace: (.*)$", (Path(__file__).parent / "nbval_sanitize.cfg").read_text(encoding="utf-8"), re.M)


def executed(notebook, folder):
    """The notebook with the outputs of a run in `folder`; raises CellExecutionError where a cell fails."""
    NotebookClient(notebook, kernel_name="python3", timeout=None, record_timing=False, store_widget_state=False,
                   coalesce_streams=True, resources={"metadata": {"path": folder}}).execute()
    return notebook


def without_widgets(outputs):
    """Outputs without widgets, which need the kernel that made them, and have names that are new in every run."""
    return [output for output in outputs if "application/vnd.jupyter.widget-view+json" not in output.get("data", {})]


def without_times(node):
    """The same with every time in its strings replaced by a word."""
    if isinstance(node, dict):
        return {key: without_times(value) for key, value in node.items()}
    if isinstance(node, list):
        return [without_times(value) for value in node]
    if isinstance(node, str):
        for pattern, word in SANITIZE:
            node = re.sub(pattern, word, node)
    return node


def compared(output):
    """What is compared of an output: its words without times, and its pictures, but not those whose words tell a time."""
    data = output.get("data", {})
    pictures = {kind: data[kind] for kind in data if kind.startswith("image/")}
    words = {**output, "data": {kind: data[kind] for kind in data if kind not in pictures}}
    timeless = without_times(words)
    return timeless, pictures if timeless == words else set(pictures)


def run(path):
    """Run a lesson and store its outputs. Those of a cell that differ from the stored ones in times alone stay as they are:
    to take a picture of times anew, clear the outputs of its cell first."""
    notebook = nbformat.read(path, as_version=4)
    # What an editor stored of its own run: when each cell ran, and the state of widgets that no longer live.
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    stored = [cell.get("outputs") for cell in notebook.cells]
    executed(notebook, path.parent)
    for cell, before in zip(notebook.cells, stored, strict=True):
        if cell.cell_type == "code":
            cell.outputs = without_widgets(cell.outputs)
            if list(map(compared, cell.outputs)) == list(map(compared, before)):
                cell.outputs = before
    with replacing(path) as beside:
        nbformat.write(notebook, beside)


if __name__ == "__main__":
    chosen = sorted(FOLDER.glob(f"{sys.argv[1]}.ipynb" if len(sys.argv) > 1 else "[0-9]*.ipynb"))
    if not chosen:
        raise SystemExit(f"There is no lesson {sys.argv[1]}: give the name of a file in notebooks/, such as 02_dense_nets.")
    for path in chosen:
        began = time.perf_counter()
        run(path)
        print(f"{path.name}: {time.perf_counter() - began:.0f} s", flush=True)
