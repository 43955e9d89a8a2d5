"""Makes the picture at the top of README.md: lesson 04 in JupyterLab, run, with its first live figure in view.

    python tests/browser/readme_picture.py
"""
from pathlib import Path

from lab import Lab, Lesson, copy_of, new_page, running

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def main():
    with copy_of(NOTEBOOKS) as root, running(Lab, root) as lab, new_page(1280, 960) as page:
        lesson = Lesson(page, lab)
        lesson.open("04_convolution_backward.ipynb")
        lesson.run_all()
        cell = page.locator(".jp-Cell").filter(has=page.locator("img.widget-image")).first
        cell.evaluate("cell => cell.previousElementSibling.scrollIntoView({block: 'start'})")
        page.wait_for_timeout(1000)
        page.screenshot(path=NOTEBOOKS / "pictures" / "jupyterlab.png")


if __name__ == "__main__":
    main()
