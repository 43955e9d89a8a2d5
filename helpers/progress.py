"""Progress bars, as text also in a notebook.

A bar made of widgets would need its kernel: in a lesson that is saved and opened again an error stands in its place.
"""
import os
import sys

from tqdm import tqdm


def bar(what, unit, total, done=0):
    """A bar over `total` steps called `unit`, `done` of them before it began; none where TQDM_DISABLE is 1, as for stored outputs."""
    return tqdm(desc=what, unit=unit, total=total, initial=done, file=sys.stdout if _in_notebook() else sys.stderr,
                disable=os.environ.get("TQDM_DISABLE") == "1")


def _in_notebook():
    """Whether a kernel runs this code: what goes to stderr is red there, like an error."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel")
