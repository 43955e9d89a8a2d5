"""Planes and birds: two classes of CIFAR-10 where that can be had, else the bundled digits in colour, even against odd.

CIFAR-10: Krizhevsky, "Learning multiple layers of features from tiny images", technical report, University of Toronto, 2009.
data/README.md describes both, and says where CIFAR-10 can be fetched by hand.
"""
import gzip
import hashlib
import io
import os
import pickle
import re
import tarfile
import zlib
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

from . import digits, fetch
from .dataset import Dataset
from .fetch import Part

MIRRORS = ("https://www.cs.toronto.edu/~kriz/",)
ARCHIVE = "cifar-10-python.tar.gz"
SIZE = 170_498_071
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
BATCHES = {  # the archive's files, and their MD5 sums as published
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
BATCH = 10_000  # images in each
LIMIT = 2**26  # bytes, twice what a batch has: of a file that cannot be one no more is read
PLACES = 0, 2  # of the two classes among CIFAR-10's ten
CLASSES = "airplane", "bird"
INSIDE = "cifar-10-batches-py"
ARCHIVES = ARCHIVE, f"{INSIDE}.tar.gz", f"{INSIDE}-target_archive"  # the last two as Keras stores it, before 3.6 and since
UNPACKED = INSIDE, f"{INSIDE}-target/{INSIDE}"
# planes_birds.npz, which was stored as JPEG once: its pixels are near those of CIFAR-10, but not the same.
JPEG = (
    Part("train-images", (10000, 32, 32, 3), "ce95f1dbc5368f87de020c1a349c69a89c8fdf35760bb83eb3920d689b30b393"),
    Part("train-labels", (10000,), "09beda2a5736806ae16278bc9e50ebd39c5c0928c6bfb101f02e4597adc7bcfd"),
    Part("test-images", (2000, 32, 32, 3), "1b7250fa3260a4399815c17b775bfcd2ba5901ebdaef5d67b88866c4182c414b"),
    Part("test-labels", (2000,), "f8874ebc24f6a4cd8d85dd2b58d8ce7131eff966376230346bbe38f5c144222f"),
)

LOOKS_LIKE_CIFAR = re.compile(r"cifar(?!.?100)|planes|birds|^(data|test)_batch", re.IGNORECASE)
WANTED = f"planes_birds.npz, or {ARCHIVE}, or the folder {INSIDE} that is in it"
PATCHES, NOISE = 0.2, 0.2  # how widely a patch's, and a pixel's, distance from its colour varies in a bundled image


def load_planes_birds(source="auto"):
    """Planes and birds as a `Dataset`: images (N, 3, 32, 32), red, green and blue from 0 to 1; label 0 airplane, 1 bird.

    source: "auto", "cifar10" or "bundled".
        "bundled" needs no network, and shows neither: it is the digits that come with the course, 1,437 and 360, in colours
        that tell nothing, on a background of patches; label 0 an even digit, 1 an odd one, as its `classes` say.
        "cifar10" is the 10,000 training and 2,000 test images of the two classes in CIFAR-10. It is looked for in the folder
        that the environment variable COURSE_DATA names, in data/, and where Keras keeps it; else downloaded into data/, once.
        "auto" is CIFAR-10 if that succeeds, else the bundled set; one printed line then says why.
        The environment variable COURSE_DIGITS decides what "auto" means here too: "bundled" the bundled set, "mnist" CIFAR-10.

    The data set's `name` says which was read: "cifar10", the images themselves; "cifar10-jpeg", a copy of the same images that
    was stored as JPEG once (planes_birds.npz), so that results on it differ a little; or "bundled".
    Both parts are sorted by class: `every(k)` takes both classes, `take(n)` one at first.

    CIFAR-10's archive is read when its SHA-256 is the published one, its unpacked files when their MD5 sums are,
    planes_birds.npz when its arrays are those of the one known copy. Its files are pickles: nothing that they name is loaded
    but NumPy's arrays of bytes.

    Raises ValueError for an unknown source, for a file that is not what it should be, and for CIFAR-10 in a form that is not
    read: the message names the file and the cure. Raises OSError if CIFAR-10 was asked for but cannot be downloaded or stored.
    """
    return fetch.load(source, "cifar10", "CIFAR-10", _forms, _download, _bundled)


def _dataset(arrays, classes, name):
    """Bytes to numbers: images (N, 32, 32, 3), or any view so, 0 to 255, become (N, 3, 32, 32) float32 0 to 1."""
    x_train, y_train, x_test, y_test = arrays
    x_train, x_test = (np.divide(x.transpose(0, 3, 1, 2), np.float32(255), order="C") for x in (x_train, x_test))
    return Dataset(x_train, y_train.astype(np.int64), x_test, y_test.astype(np.int64), classes, name)


# The bundled set


def _bundled():
    """Even against odd digits, made anew each time: from the same random numbers, so always the same."""
    found, random = digits.load_digits("bundled"), np.random.default_rng(0)
    arrays = []
    for images, labels in ((found.x_train, found.y_train), (found.x_test, found.y_test)):
        order = np.argsort(labels % 2, kind="stable")  # sorted by class, as planes and birds are
        arrays += [_coloured(images[order, 0], random), labels[order] % 2]
    return _dataset(arrays, ("even digit", "odd digit"), "bundled")


def _coloured(ink, random):
    """Digits (N, 28, 28) as images (N, 32, 32, 3) uint8: moved, in a light colour on a dark one, with patches and noise."""
    count = len(ink)
    moved = np.zeros((count, 32, 32, 1))
    for image, digit, (row, column) in zip(moved, ink, (random.random((count, 2)) * 5).astype(int)):
        image[row:row + 28, column:column + 28, 0] = digit
    dark, light = random.random((2, count, 1, 1, 3)) / 2
    patches = random.random((count, 8, 8, 3)).repeat(4, axis=1).repeat(4, axis=2)
    noise = random.random((count, 32, 32, 3))
    images = dark + moved * (light + 0.5 - dark) + PATCHES * (patches - 0.5) + NOISE * (noise - 0.5)
    return (images.clip(0, 1) * 255).round().astype(np.uint8)


# Where CIFAR-10 is found


def _forms(folder):
    """Functions that read planes and birds, one for each form of them in the folder; or that say why nothing there is read."""
    places = [folder]
    if folder == fetch.FOLDER and (cache := _keras_cache()) not in fetch.folders():
        places.append(cache)  # last of all: there only forms that are read count
    readers = [reader for place in places for reader in _readers(place)]
    yield from readers or [partial(fetch.refuse_unknown_forms, folder, LOOKS_LIKE_CIFAR, "CIFAR-10", WANTED)]


def _readers(folder):
    if (path := folder / "planes_birds.npz").exists():
        yield partial(_from_npz, path)
    for form, names in ((_from_archive, ARCHIVES), (_from_folder, UNPACKED)):
        for path in (folder / name for name in names):
            if path.exists():
                yield partial(form, path)


def _keras_cache():
    return Path(os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")).resolve() / "datasets"


# What is read


def _from_npz(path):
    cure = (f"Move {path.name} elsewhere or delete it, and run again; of other copies than the known one nothing can be verified, "
            f"so use {ARCHIVE} in their place.")
    arrays = fetch.read_npz(path, digits.KEYS, JPEG, "the known copy", cure)
    return _dataset(arrays, CLASSES, "cifar10-jpeg")


def _from_archive(path):
    with fetch.opened(path) as file:
        _verify_archive(file)
        file.seek(0)
        batches = {}
        with tarfile.open(fileobj=file, mode="r:gz") as archive:
            for member in archive:
                folder, _, name = member.name.rpartition("/")
                if folder == INSIDE and name in BATCHES:
                    batches[name] = _two_classes(archive.extractfile(member).read(), name)
        return _joined(batches)


def _from_folder(folder):
    missing = [name for name in BATCHES if not (folder / name).exists()]
    if missing:
        raise ValueError(f"{folder} was looked at for CIFAR-10. It lacks {', '.join(missing)}: unpack {ARCHIVE} anew, or move the "
                         "folder elsewhere.")
    batches = {}
    for name in BATCHES:
        with fetch.opened(folder / name) as file:
            batches[name] = _two_classes(file.read(LIMIT), name)
    return _joined(batches)


def _joined(batches):
    """A data set from {name: (images, labels)}, each part sorted by class, and within a class as CIFAR-10 has it."""
    arrays = []
    *train, test = BATCHES
    for part in (train, [test]):
        images = np.concatenate([batches[name][0] for name in part])
        labels = np.concatenate([batches[name][1] for name in part])
        order = np.argsort(labels, kind="stable")
        arrays += [images[order], labels[order]]
    return _dataset(arrays, CLASSES, "cifar10")


def _verify_archive(file):
    """Raise ValueError if the file is not, byte for byte, CIFAR-10's archive."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest() if size == SIZE else ""
    if digest == SHA256:
        return
    inside = _first_name(file)
    if inside and inside != INSIDE:
        raise ValueError(f"it is an archive of {inside}, where {INSIDE} is wanted: another data set, or another form of this one")
    if size != SIZE:
        raise ValueError(f"it is {'cut short' if size < SIZE else 'too long'}, for it has {size:,} bytes where {ARCHIVE} "
                         f"has {SIZE:,}")
    raise ValueError(f"it is not CIFAR-10's: its SHA-256 begins with {digest[:12]}, where {SHA256[:12]} is wanted. It is damaged, "
                     "or was changed")


def _first_name(file):
    """The folder with which a tar.gz begins, or "": of what is not verified, no more is read."""
    file.seek(0)
    with suppress(OSError, EOFError, zlib.error):
        return gzip.open(file).read(100).partition(b"\0")[0].partition(b"/")[0].decode("ascii", "replace")
    return ""


def _two_classes(content, name):
    """Images (N, 32, 32, 3) and labels (N,), both uint8, of planes and birds in the file of CIFAR-10 that has this name."""
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if digest != BATCHES[name]:
        raise ValueError(f"{name} is not CIFAR-10's: its MD5 begins with {digest[:12]}, where {BATCHES[name][:12]} is wanted. It is "
                         "cut short or changed, or it is another data set's, such as CIFAR-100's")
    batch = _Unpickler(io.BytesIO(content), encoding="bytes").load()
    images, labels = batch.get(b"data"), batch.get(b"labels")
    if images is None or labels is None:
        raise ValueError(f"{name} holds {', '.join(key.decode() for key in batch)}, where data and labels are wanted")
    if images.dtype != np.uint8 or images.shape != (BATCH, 3072) or len(labels) != BATCH:
        raise ValueError(f"{name} holds {images.dtype} {images.shape} and {len(labels)} labels, where uint8 {BATCH, 3072} and "
                         f"{BATCH} labels are expected")
    labels = np.array(labels, np.uint8)
    images = images.reshape(BATCH, 3, 32, 32).transpose(0, 2, 3, 1)
    chosen = np.isin(labels, PLACES)
    return images[chosen], (labels[chosen] == PLACES[1]).astype(np.uint8)


class _Unpickler(pickle.Unpickler):
    """Builds arrays of bytes, lists, numbers and texts; whatever else a pickle names is not looked up, let alone called."""

    def find_class(self, module, name):
        if (module, name) not in _KNOWN:
            raise ValueError(f"it is a pickle that names {module}.{name}, which CIFAR-10's do not: nothing of it was loaded")
        return _KNOWN[module, name]


def _bytes_dtype(kind, align, copy):
    if kind != b"u1":
        raise ValueError(f"it holds an array of {kind!r}, where bytes are wanted")
    return np.dtype(np.uint8, copy=True)  # a copy, for the pickle goes on to set its state


# All that the six files name, and what is taken for it.
_KNOWN = {
    ("numpy.core.multiarray", "_reconstruct"): lambda kind, shape, dtype: np.empty(0, np.uint8),  # its state follows
    ("numpy", "ndarray"): None,  # no more than an argument for the first
    ("numpy", "dtype"): _bytes_dtype,
}


# Downloads


def _download():
    """CIFAR-10, after its archive was fetched; None if it was there already."""
    path = fetch.FOLDER / ARCHIVE
    if path.exists():
        return None
    word = (f"CIFAR-10 is downloaded into {fetch.FOLDER}, once: {SIZE / 1e6:.0f} MB. Its home sends about 70 kB a second since June "
            "2026, so this may take forty minutes and more. It may be interrupted: what has arrived is kept, and the next call goes "
            'on from there. load_planes_birds("bundled") needs no download; data/README.md says where else the file may come from.')
    fetch.download({ARCHIVE: _whole}, MIRRORS, "CIFAR-10", 'load_planes_birds("cifar10")', fetch.Large(SIZE, word))
    return _from_archive(path)


def _whole(path):
    with fetch.opened(path) as file:
        _verify_archive(file)
