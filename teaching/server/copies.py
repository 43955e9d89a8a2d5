"""Puts the lessons into a folder: `python copies.py FROM TO`. The hub runs it as the learner, before each start of a server.

What is there already stays as it is, whatever it has become. So a learner who wants a lesson anew renames or deletes the old one.
"""
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory


def add_missing(source, target):
    """Every file below `source` that `target` has not. Each gets its name when it is whole, for a disk can be full."""
    target.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=target, prefix=".copying-") as temporary:
        whole = Path(temporary) / "whole"
        for path in sorted(source.rglob("*")):
            place = target / path.relative_to(source)
            if path.is_dir():
                place.mkdir(exist_ok=True)
            elif not os.path.lexists(place):
                shutil.copyfile(path, whole)
                with suppress(FileExistsError):
                    os.link(whole, place)
                whole.unlink()


if __name__ == "__main__":
    add_missing(Path(sys.argv[1]), Path(sys.argv[2]))
