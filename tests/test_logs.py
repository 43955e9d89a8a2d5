"""Stored logs: what is read is what was written, or it is refused with the cure."""
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from helpers import files, logs

STORED = json.loads((logs.FOLDER / logs.CHECKSUMS).read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with one log, `run`."""
    monkeypatch.setattr(logs, "FOLDER", tmp_path)
    (tmp_path / logs.CHECKSUMS).write_text("{}")
    logs.save("run", {"loss": np.array([2.5, 0.5]), "kind": np.array(["as published", "mended"])})
    return tmp_path


def test_what_was_saved_is_loaded(folder):
    found = logs.load("run")
    assert found.keys() == {"loss", "kind"}
    np.testing.assert_array_equal(found["loss"], [2.5, 0.5])
    assert found["kind"].tolist() == ["as published", "mended"]
    noted = json.loads((folder / logs.CHECKSUMS).read_text())
    assert noted == {"run": hashlib.sha256((folder / "run.npz").read_bytes()).hexdigest()}


def test_the_same_arrays_make_the_same_file(folder):
    first = (folder / "run.npz").read_bytes()
    logs.save("run", logs.load("run"))
    assert (folder / "run.npz").read_bytes() == first


def test_names_may_be_those_of_arguments(folder):
    logs.save("other", {"file": np.arange(1000), "args": np.array(1)})
    assert logs.load("other")["file"].sum() == 499_500 and set(logs.load("other")) == {"file", "args"}
    assert (folder / "other.npz").stat().st_size < 4000  # of 8000: compressed


def test_other_logs_keep_their_checksums(folder):
    logs.save("other", {"x": np.zeros(3)})
    assert set(logs.load("run")) == {"loss", "kind"} and set(logs.load("other")) == {"x"}


def test_a_changed_file_is_refused_before_it_is_read(folder, monkeypatch):
    raw = bytearray((folder / "run.npz").read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / "run.npz").write_bytes(raw)
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(ValueError, match=r"run\.npz.*checksum.*make logs NAME=run"):
        logs.load("run")


def test_a_missing_file_is_named(folder):
    (folder / "run.npz").unlink()
    with pytest.raises(ValueError, match=r"run\.npz cannot be read.*make logs NAME=run"):
        logs.load("run")


@pytest.mark.parametrize("name", ["walk", "../run", ""])
def test_an_unknown_name_is_told_which_logs_there_are(folder, name):
    with pytest.raises(ValueError, match=re.escape(f"no log {name!r}; there are: run")):
        logs.load(name)


@pytest.mark.parametrize("text", [None, "{"])
def test_without_the_checksums_nothing_is_trusted(folder, text):
    (folder / logs.CHECKSUMS).unlink()
    if text:
        (folder / logs.CHECKSUMS).write_text(text)
    with pytest.raises(ValueError, match=r"checksums\.json cannot be read.*git checkout"):
        logs.load("run")


def test_python_objects_are_neither_written_nor_read(folder):
    objects = np.array([{}], dtype=object)
    with pytest.raises(ValueError, match="bad holds Python objects"):
        logs.save("bad", {"bad": objects})
    np.savez(folder / "evil.npz", evil=objects)
    noted = {"evil": hashlib.sha256((folder / "evil.npz").read_bytes()).hexdigest()}
    (folder / logs.CHECKSUMS).write_text(json.dumps(noted))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        logs.load("evil")


def half_of_it(path, raw):
    with open(path, "wb") as file:
        file.write(raw[:len(raw) // 2])
    raise OSError("disk full")


def no_rename(*_):
    raise OSError("disk full")


@pytest.mark.parametrize("owner, name, fails", [(files.os, "replace", no_rename), (Path, "write_bytes", half_of_it)], ids=["rename", "write"])
def test_a_write_that_fails_leaves_the_old_log(folder, monkeypatch, owner, name, fails):
    monkeypatch.setattr(owner, name, fails)
    with pytest.raises(OSError, match="disk full"):
        logs.save("run", {"loss": np.zeros(1)})
    assert logs.load("run")["loss"].tolist() == [2.5, 0.5]
    assert {path.name for path in folder.iterdir()} == {"run.npz", logs.CHECKSUMS}


def test_every_stored_log_has_its_checksum_and_its_script():
    files = {path.stem for path in logs.FOLDER.glob("*.npz")}
    assert files == STORED.keys() == {path.stem for path in logs.FOLDER.glob("*.py")}


@pytest.mark.parametrize("name", STORED)
def test_every_stored_log_can_be_read_and_is_small(name):
    assert logs.load(name)
    assert (logs.FOLDER / f"{name}.npz").stat().st_size < 1_000_000
