"""Does this machine have what the course needs? Versions, and whether sliders reach the kernel."""
import os
import platform
from importlib import metadata

from packaging.requirements import Requirement

_COURSE = "networks-by-hand"  # the name under which pyproject.toml installs the course
_CURE = "install again: pip install -r requirements.txt"


def check():
    """Print Python and every package of the course with a verdict each, and what to do where one is amiss."""
    print(f"{'Python':<14} {platform.python_version():<10} fine, on {os.cpu_count()} cores")
    for name, version, verdict in versions():
        print(f"{name:<14} {version:<10} {verdict}")


def versions():
    """(package, version found, verdict) for what pyproject.toml asks for."""
    try:
        wanted = [Requirement(line) for line in metadata.requires(_COURSE) or []]
    except metadata.PackageNotFoundError:
        return [("the course", "–", f"is not installed in this kernel's Python: {_CURE}")]
    return [(wish.name, *_verdict(wish)) for wish in wanted if wish.marker is None]


def _verdict(wish):
    try:
        version = metadata.version(wish.name)
    except metadata.PackageNotFoundError:
        return "–", f"missing: {_CURE}"
    return version, "fine" if wish.specifier.contains(version) else f"the course needs {wish.specifier}: {_CURE}"


def check_slider(figure):
    """Print whether a live figure's slider reaches the kernel, and what to do if it does not."""
    print(slider_verdict(figure.moves, figure.shown))


def slider_verdict(moves, shown):
    """In words: `moves` is how often a control moved, `shown` on how many pages the figure stands."""
    if moves:
        return "The slider answers: everything works."
    not_yet = "The slider has not been moved yet: drag it, then run this cell again."
    if shown:
        return not_yet
    return (f"{not_yet}\nIf there is no slider above, only a picture, then this page cannot show widgets: close it, and open "
            "the course\nwith `make lab`, or with the `jupyter lab` of the environment in which requirements.txt was installed.")
