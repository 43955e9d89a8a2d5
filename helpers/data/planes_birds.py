"""Planes and birds: two classes of CIFAR-10 where they can be had, else bundled digits in colour, even against odd.

CIFAR-10: Krizhevsky, "Learning multiple layers of features from tiny images", technical report, Toronto, 2009.
data/README.md describes both, and says where CIFAR-10 can be fetched by hand.
"""
from functools import partial

import numpy as np

from . import digits, fetch
from .dataset import Dataset
from .fetch import Part

PATCHES, NOISE = 0.2, 0.2  # how far a patch, and a pixel, of a bundled image lie apart from its colour
CLASSES = "airplane", "bird"
# Those of planes_birds.npz, which was stored as JPEG before: what CIFAR-10 itself holds differs from it in many pixels.
JPEG = (
    Part("train-images", (10000, 32, 32, 3), "ce95f1dbc5368f87de020c1a349c69a89c8fdf35760bb83eb3920d689b30b393"),
    Part("train-labels", (10000,), "09beda2a5736806ae16278bc9e50ebd39c5c0928c6bfb101f02e4597adc7bcfd"),
    Part("test-images", (2000, 32, 32, 3), "1b7250fa3260a4399815c17b775bfcd2ba5901ebdaef5d67b88866c4182c414b"),
    Part("test-labels", (2000,), "f8874ebc24f6a4cd8d85dd2b58d8ce7131eff966376230346bbe38f5c144222f"),
)


def load_planes_birds(source="auto"):
    """Planes and birds as a `Dataset`: images (N, 3, 32, 32), red, green and blue from 0 to 1; label 0 airplane, 1 bird.

    source: "auto", "cifar10" or "bundled".

    Training and test images are sorted by class: see `Dataset.every`.
    """
    return fetch.load(source, "cifar10", "CIFAR-10", _forms, lambda: None, _bundled)


def _dataset(arrays, classes, name):
    """Bytes to numbers: images (N, 32, 32, 3) 0 to 255 become (N, 3, 32, 32) float32 0 to 1."""
    x_train, y_train, x_test, y_test = arrays
    x_train, x_test = (np.divide(x.transpose(0, 3, 1, 2), np.float32(255), order="C") for x in (x_train, x_test))
    return Dataset(x_train, y_train.astype(np.int64), x_test, y_test.astype(np.int64), classes, name)


def _forms(folder):
    path = folder / "planes_birds.npz"
    if path.exists():
        yield partial(_from_npz, path)


def _from_npz(path):
    return _dataset(fetch.read_npz(path, digits.KEYS, JPEG, "planes and birds"), CLASSES, "cifar10-jpeg")


def _bundled():
    """Even against odd digits, moved, coloured by chance, on a patchwork: the same on every machine, with no file of its own."""
    found, random = digits.load_digits("bundled"), np.random.default_rng(0)
    parts = []
    for images, labels in ((found.x_train, found.y_train), (found.x_test, found.y_test)):
        order = np.argsort(labels % 2, kind="stable")  # sorted by class, as planes and birds are
        parts += [_coloured(images[order, 0], random), labels[order] % 2]
    return _dataset(parts, ("even digit", "odd digit"), "bundled")


def _coloured(ink, random):
    """Digits (N, 28, 28) as colour images (N, 32, 32, 3) uint8, in which no colour tells the digit."""
    count = len(ink)
    moved = np.zeros((count, 32, 32, 1))
    for image, digit, (row, column) in zip(moved, ink, (random.random((count, 2)) * 5).astype(int)):
        image[row:row + 28, column:column + 28, 0] = digit
    paper, pen = random.random((2, count, 1, 1, 3)) / 2 + np.array([0, 0.5]).reshape(2, 1, 1, 1, 1)  # a light pen on dark paper
    patches = random.random((count, 8, 8, 3)).repeat(4, axis=1).repeat(4, axis=2)
    images = paper + moved * (pen - paper) + PATCHES * (patches - 0.5) + NOISE * (random.random((count, 32, 32, 3)) - 0.5)
    return (images.clip(0, 1) * 255).round().astype(np.uint8)
