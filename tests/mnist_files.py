"""A tiny stand-in for MNIST: ten random images, in every form that MNIST comes in. And a mark for what needs the real one."""
import gzip
import hashlib
import os
import shutil
import struct
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from helpers import data
from helpers.data import digits, fetch

needs_mnist = pytest.mark.skipif(
    not any((Path(folder) / "mndata.npz").exists() for folder in (data.FOLDER, os.environ.get("COURSE_DATA")) if folder),
    reason="needs mndata.npz in data/ or $COURSE_DATA",
)

HTML = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"
IDX_NAME = "train-images-idx3-ubyte"

_random = np.random.default_rng(0)
ARRAYS = (
    _random.integers(0, 256, (6, 28, 28), np.uint8),
    _random.integers(0, 10, 6, np.uint8),
    _random.integers(0, 256, (4, 28, 28), np.uint8),
    _random.integers(0, 10, 4, np.uint8),
)


def idx(array):
    """The bytes of an IDX file, by the format's own rules and not by the code under test."""
    kind = bytes([0, 0, 8, array.ndim])
    return kind + b"".join(struct.pack(">I", length) for length in array.shape) + array.tobytes()


IDX = {part.name: idx(array) for part, array in zip(digits.MNIST, ARRAYS)}
GZ = {f"{name}.gz": gzip.compress(raw, mtime=0) for name, raw in IDX.items()}


def parts():
    """What `digits.MNIST` would say if these arrays were MNIST."""
    return tuple(fetch.Part(name, array.shape, hashlib.sha256(raw).hexdigest()) for (name, raw), array in zip(IDX.items(), ARRAYS))


def write_npz(path, arrays=ARRAYS, keys=None):
    np.savez_compressed(path, **dict(zip(keys or digits.ARCHIVES[path.name], arrays)))


def write_files(folder, files):
    """Write {name: bytes} into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A data/ folder with only the bundled digits, a tiny MNIST, and no mirror."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(data.FOLDER / "digits.npz", folder)
    monkeypatch.setattr(fetch, "FOLDER", folder)
    monkeypatch.setattr(fetch, "_failed", {})
    monkeypatch.setattr(digits, "MNIST", parts())
    monkeypatch.setattr(digits, "MIRRORS", ())
    monkeypatch.delenv("COURSE_DIGITS", raising=False)
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


@pytest.fixture
def elsewhere(course, tmp_path, monkeypatch):
    """An empty folder that COURSE_DATA names."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.setenv("COURSE_DATA", str(folder))
    return folder


def assert_is_tiny_mnist(found):
    assert found.name == "mnist"
    x_train, y_train, x_test, y_test = ARRAYS
    np.testing.assert_array_equal(found.x_train, x_train[:, None] / np.float32(255))
    np.testing.assert_array_equal(found.y_train, y_train)
    np.testing.assert_array_equal(found.x_test, x_test[:, None] / np.float32(255))
    np.testing.assert_array_equal(found.y_test, y_test)


def refused(load, source, *words):
    """Asked for `source`, `load` raises, and says all that."""
    with pytest.raises(ValueError) as raised:
        load(source)
    for word in words:
        assert str(word) in str(raised.value)


def bundled_instead(load, title, capsys, *words):
    """Asked for any, `load` gives the bundled ones, and one line says why."""
    assert load("auto").name == "bundled"
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and line.startswith(f"The bundled digits are loaded instead of {title}: ")
    for word in words:
        assert line.count(str(word)) == 1
    return line


assert_refused, assert_bundled = partial(refused, data.load_digits, "mnist"), partial(bundled_instead, data.load_digits, "MNIST")
