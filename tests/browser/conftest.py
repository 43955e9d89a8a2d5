from pathlib import Path

import pytest

from lab import Lesson, copy_of, new_page, running_lab

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="session")
def lab():
    with copy_of(NOTEBOOKS) as root, running_lab(root) as lab:
        yield lab


@pytest.fixture
def lesson(lab):
    with new_page() as page:
        yield Lesson(page, lab)
