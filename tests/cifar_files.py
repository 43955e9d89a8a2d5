"""A tiny stand-in for CIFAR-10: forty random images a file, in every form that planes and birds come in."""
import gzip
import hashlib
import io
import struct
import tarfile
from functools import partial

import numpy as np
import pytest
from mnist_files import bundled_instead, course, elsewhere, refused, write_files  # noqa: F401

from helpers import data
from helpers.data import digits, fetch, planes_birds

BATCH = 40
INSIDE, ARCHIVE = "cifar-10-batches-py", "cifar-10-python.tar.gz"
NAMES = "data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"

_random = np.random.default_rng(0)
PIXELS = {name: _random.integers(0, 256, (BATCH, 3072), np.uint8) for name in NAMES}
LABELS = {name: _random.permutation(BATCH) % 10 for name in NAMES}


# Pickles as Python 2 wrote them, by the format's own rules: no Python of today writes such.


def text(characters):
    return b"U" + bytes([len(characters)]) + characters


def number(value):
    return b"J" + struct.pack("<i", value)


def listed(items):
    return b"](" + b"".join(items) + b"e"


def array(values, kind=b"u1", maker=b"numpy.core.multiarray\n_reconstruct"):
    """An array as protocol 2 has it: made by `maker`, then given its state."""
    dtype = b"cnumpy\ndtype\n(" + text(kind) + number(0) + number(1) + b"tR(" + number(3) + text(b"|") + b"NNN" + \
        number(-1) + number(-1) + number(0) + b"tb"
    shape = b"(" + b"".join(map(number, values.shape)) + b"t"
    raw = b"T" + struct.pack("<i", values.nbytes) + values.tobytes()
    made = b"c" + maker + b"\n(cnumpy\nndarray\n(" + number(0) + b"t" + text(b"b") + b"tR"
    return made + b"(" + number(1) + shape + dtype + b"\x89" + raw + b"tb"


def pickled(entries):
    """{name: what one of these functions gave} as a pickle of a dictionary."""
    return b"\x80\x02}(" + b"".join(text(key.encode()) + value for key, value in entries.items()) + b"u."


def batch(pixels, labels, **more):
    return pickled({"batch_label": text(b"training batch"), "labels": listed(map(number, labels)), "data": array(pixels),
                    "filenames": listed([text(b"plane_s_000001.png")] * len(labels)), **more})


FILES = {name: batch(PIXELS[name], LABELS[name]) for name in NAMES}


def packed(files, folder=INSIDE):
    """The bytes of a tar.gz with these files in the folder, in an order that is not the files' own."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        entry = tarfile.TarInfo(folder)
        entry.type = tarfile.DIRTYPE
        tar.addfile(entry)
        for name, content in reversed({"batches.meta": b"\x80\x02N.", "readme.html": b"<HTML>", **files}.items()):
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(raw.getvalue(), mtime=0)


PACKED = packed(FILES)


def by_hand():
    """What should come out: x_train, y_train, x_test, y_test, image by image."""
    found = []
    for names in (NAMES[:-1], NAMES[-1:]):
        planes, birds = ([pixels.reshape(3, 32, 32) for name in names for pixels, label in zip(PIXELS[name], LABELS[name])
                          if label == wanted] for wanted in (0, 2))
        found += [np.array(planes + birds) / np.float32(255), np.array([0] * len(planes) + [1] * len(birds))]
    return found


EXPECTED = by_hand()

# planes_birds.npz: the same images, each pixel at most a little off, as JPEG leaves them.
NPZ = []
for _x, _y in zip(EXPECTED[::2], EXPECTED[1::2]):
    NPZ += [(np.rint(_x * 255).astype(np.uint8) // 2 * 2).transpose(0, 2, 3, 1), _y.astype(np.uint8)]
NPZ = [np.ascontiguousarray(one) for one in NPZ]


def write_npz(path, arrays=NPZ, keys=digits.KEYS):
    np.savez_compressed(path, **dict(zip(keys, arrays)))


def parts(arrays=NPZ):
    names = "train-images", "train-labels", "test-images", "test-labels"
    heads = (bytes([0, 0, 8, one.ndim]) + b"".join(struct.pack(">I", length) for length in one.shape) for one in arrays)
    return tuple(fetch.Part(name, one.shape, hashlib.sha256(head + one.tobytes()).hexdigest())
                 for name, one, head in zip(names, arrays, heads))


def expect_archive(monkeypatch, content):
    """Let the content be what CIFAR-10's archive is known to be."""
    monkeypatch.setattr(planes_birds, "SIZE", len(content))
    monkeypatch.setattr(planes_birds, "SHA256", hashlib.sha256(content).hexdigest())


def expect_files(monkeypatch, files):
    """Let these be what CIFAR-10's files are known to be."""
    monkeypatch.setattr(planes_birds, "BATCHES", {name: hashlib.md5(content).hexdigest() for name, content in files.items()})


def expect_tiny_cifar(monkeypatch):
    """Let this stand-in be CIFAR-10, of which no mirror is known."""
    expect_archive(monkeypatch, PACKED)
    expect_files(monkeypatch, FILES)
    monkeypatch.setattr(planes_birds, "BATCH", BATCH)
    monkeypatch.setattr(planes_birds, "JPEG", parts())
    monkeypatch.setattr(planes_birds, "MIRRORS", ())


@pytest.fixture
def folder(course, tmp_path, monkeypatch):
    """A data/ folder with only the bundled digits, a tiny CIFAR-10, no mirror, and nothing where Keras keeps its files."""
    expect_tiny_cifar(monkeypatch)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return course


def write_keras(cache):
    """What Keras 3.6 and later leaves: the archive without an ending, and the folder in another."""
    write_files(cache, {f"{INSIDE}-target_archive": PACKED})
    write_files(cache / f"{INSIDE}-target" / INSIDE, FILES)


FORMS = {
    "npz": lambda place: write_npz(place / "planes_birds.npz"),
    "archive": lambda place: write_files(place, {ARCHIVE: PACKED}),
    "folder": lambda place: write_files(place / INSIDE, FILES),
    "keras": write_keras,
    "keras archive": lambda place: write_files(place, {f"{INSIDE}-target_archive": PACKED}),
    "keras folder": lambda place: write_files(place / f"{INSIDE}-target" / INSIDE, FILES),
    "old keras archive": lambda place: write_files(place, {f"{INSIDE}.tar.gz": PACKED}),
}


def assert_is_tiny_cifar(found, form="archive"):
    assert found.classes == ("airplane", "bird")
    assert found.name == ("cifar10-jpeg" if form == "npz" else "cifar10")
    images = [one.transpose(0, 3, 1, 2) / np.float32(255) for one in NPZ[::2]] if form == "npz" else EXPECTED[::2]
    for got, x in zip((found.x_train, found.x_test), images):
        assert got.dtype == np.float32 and got.flags.c_contiguous
        np.testing.assert_array_equal(got, x)
    for got, y in zip((found.y_train, found.y_test), EXPECTED[1::2]):
        assert got.dtype == np.int64
        np.testing.assert_array_equal(got, y)


assert_refused = partial(refused, data.load_planes_birds, "cifar10")
assert_bundled = partial(bundled_instead, data.load_planes_birds, "CIFAR-10")
