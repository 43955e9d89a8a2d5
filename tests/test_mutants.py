"""The mistakes that `make mutants` plants still fit the code; that a test notices each is that command's work."""
import runpy
from pathlib import Path

FOLDER = Path(__file__).parent / "mutants"


def test_every_mistake_can_be_planted_and_has_its_own_name(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    run = runpy.run_path(FOLDER / "run.py")
    assert len({mistake.name for mistake in run["MISTAKES"]}) == len(run["MISTAKES"]) >= 100
    assert run["misfits"]() == []
    for mistake in run["MISTAKES"]:
        assert mistake.wrong != mistake.right
        assert all((FOLDER.parent / f"{name}.py").is_file() for name in mistake.tests.split()), mistake.name
