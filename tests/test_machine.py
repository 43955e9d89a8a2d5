"""What lesson 00 says of a machine: fine, too old, missing, and a slider that answers or does not."""
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from helpers import machine


def test_here_everything_is_fine(capsys):
    machine.check()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Python") and " fine, on " in lines[0]
    assert {"numpy", "jupyterlab", "ipywidgets"} <= {line.split()[0] for line in lines}
    assert all(line.endswith("fine") for line in lines[1:])


def test_a_package_that_is_too_old_is_named_with_the_cure(monkeypatch):
    monkeypatch.setattr(metadata, "requires", lambda name: ["numpy>=99", "nothing-of-this-name>=1"])
    (_, found, old), (_, nothing, missing) = machine.versions()
    assert found == metadata.version("numpy") and ">=99" in old and "pip install" in old
    assert nothing == "–" and missing.startswith("missing") and "pip install" in missing


def test_what_only_tests_need_is_not_asked_for():
    tests_only = {Requirement(line).name for line in metadata.requires("networks-by-hand") if "extra" in line}
    assert "pytest" in tests_only
    assert not tests_only & {name for name, _, _ in machine.versions()}


@pytest.mark.parametrize("moves, shown, said", [(2, 1, "everything works"), (2, 0, "everything works"),
                                                (0, 1, "drag it, then run this cell again."), (0, 0, "cannot show widgets")])
def test_the_slider_is_diagnosed(moves, shown, said):
    verdict = machine.slider_verdict(moves, shown)
    assert said in verdict
    assert ("cannot show widgets" in verdict) == (not moves and not shown)
