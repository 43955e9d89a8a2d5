"""A tiny stand-in for MNIST: ten random images, in every form that MNIST comes in. And a mark for what needs the real one."""

import gzip
import hashlib
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from helpers import data
from helpers.data import digits
from helpers.data.fetch import Part

needs_mnist = pytest.mark.skipif(
    not any((Path(folder) / "mndata.npz").exists() for folder in (data.FOLDER, os.environ.get("COURSE_DATA")) if folder),
    reason="needs mndata.npz in data/ or $COURSE_DATA",
)

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
    return tuple(Part(name, array.shape, hashlib.sha256(raw).hexdigest()) for (name, raw), array in zip(IDX.items(), ARRAYS))


def write_npz(path, arrays=ARRAYS, keys=None):
    np.savez_compressed(path, **dict(zip(keys or digits.ARCHIVES[path.name], arrays)))


def write_files(folder, files):
    """Write {name: bytes} into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
