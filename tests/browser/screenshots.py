"""Runs a lesson in JupyterLab and saves it as pictures, to be looked at.

    python tests/browser/screenshots.py notebooks/02_dense_nets.ipynb pictures [--width 1280] [--height 1400]

A copy of the notebook's folder is run, never the notebook itself. `COURSE_DIGITS` chooses the digits, as everywhere.
"""
import argparse
import tempfile
from pathlib import Path

from lab import Lab, Lesson, copy_of, new_page, running


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--width", type=int, default=1280, help="of the browser's window, in pixels")
    parser.add_argument("--height", type=int, default=1400)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)

    with copy_of(options.notebook.resolve().parent) as root, running(Lab, root) as lab, new_page(options.width, options.height) as page:
        lesson = Lesson(page, lab)
        lesson.open(options.notebook.name)
        lesson.run_all()
        for path in lesson.screenshots(options.folder, options.notebook.stem):
            print(path)
        errors = lesson.errors()
    if errors:
        raise SystemExit("\n".join(["The lesson has errors:", *errors]))


if __name__ == "__main__":
    main()
