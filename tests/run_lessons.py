"""Runs every lesson from top to bottom, in order, and stores its outputs in it: `make notebooks`.

A lesson is written beside the stored one and put in its place in one step, so a lesson that fails, or a run that is
stopped, leaves the stored one as it was.
"""
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from helpers.files import replacing

FOLDER = Path(__file__).parent.parent / "notebooks"


def executed(notebook, folder):
    """The notebook with the outputs of a run in `folder`; raises CellExecutionError where a cell fails."""
    NotebookClient(notebook, kernel_name="python3", timeout=None, record_timing=False, store_widget_state=False,
                   coalesce_streams=True, resources={"metadata": {"path": folder}}).execute()
    return notebook


def run(path):
    notebook = nbformat.read(path, as_version=4)
    # What an editor stored of its own run: when each cell ran, and the state of widgets that no longer live.
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    executed(notebook, FOLDER)
    with replacing(path) as beside:
        nbformat.write(notebook, beside)


if __name__ == "__main__":
    for path in sorted(FOLDER.glob("[0-9]*.ipynb")):
        began = time.perf_counter()
        run(path)
        print(f"{path.name}: {time.perf_counter() - began:.0f} s", flush=True)
