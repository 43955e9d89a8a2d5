from pathlib import Path

import pytest

from lab import Lab, Lesson, Voila, VoilaPage, copy_of, new_page, running
from latencies import table

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LATENCIES = pytest.StashKey[dict]()  # {(lesson, figure): milliseconds of every move}


def pytest_addoption(parser):
    parser.addoption("--latencies", type=Path, metavar="FILE", help="write how long every live figure takes into FILE, a table in Markdown")


def pytest_configure(config):
    config.stash[LATENCIES] = {}


def pytest_terminal_summary(terminalreporter, config):
    if config.stash[LATENCIES] and (path := config.getoption("--latencies")):
        text = table(config.stash[LATENCIES])
        terminalreporter.write_line(text)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def latencies(request):
    return request.config.stash[LATENCIES]


@pytest.fixture(scope="session")
def lab():
    with copy_of(NOTEBOOKS) as root, running(Lab, root) as lab:
        yield lab


@pytest.fixture
def page():
    with new_page() as page:
        yield page


@pytest.fixture
def lesson(page, lab):
    return Lesson(page, lab)


@pytest.fixture
def notebook_7(page):
    with copy_of(NOTEBOOKS) as root, running(Lab, root, "notebook") as server:
        yield Lesson(page, server)


@pytest.fixture
def voila(page):
    with copy_of(NOTEBOOKS) as root, running(Voila, root) as server:
        yield VoilaPage(page, server)
