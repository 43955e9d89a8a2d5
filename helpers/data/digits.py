"""Handwritten digits: MNIST where it can be had, else the small set that comes with the course.

MNIST: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", Proceedings of the
IEEE 86, 1998. data/README.md describes both, and says where MNIST can be fetched by hand.
"""
import gzip
import math
import re
from functools import partial

import numpy as np

from . import fetch
from .dataset import Dataset
from .fetch import Part

# Each serves the four files of MNIST as NAME.gz.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
MNIST = (
    Part("train-images-idx3-ubyte", (60000, 28, 28), "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    Part("train-labels-idx1-ubyte", (60000,), "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    Part("t10k-images-idx3-ubyte", (10000, 28, 28), "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    Part("t10k-labels-idx1-ubyte", (10000,), "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
)
BUNDLED = (
    Part("train-images", (1437, 28, 28), "98575fc08df23846eabbfa2d6a133521946b1a530ecb3ff81fa795c12b53dc70"),
    Part("train-labels", (1437,), "d1dd98b2b42041d998c5838b99fce77d3151615d464a99bcdd1930a2e9efc360"),
    Part("test-images", (360, 28, 28), "f677bb0320e5b7dd813c30a732b5a71d4cc9ac6245bfdaefdbf76545bbb65826"),
    Part("test-labels", (360,), "0001787526e86554f99b0c74856f5e466a7cb5d1b270a80ee5176aadc3a08157"),
)
KEYS = "trainimages", "trainlabels", "testimages", "testlabels"
ARCHIVES = {"mndata.npz": KEYS, "mnist.npz": ("x_train", "y_train", "x_test", "y_test")}  # the second as Keras stores it

# Names under which MNIST also travels: mnist_train.csv, mnist.pkl.gz, train-00000-of-00001.parquet, training.pt, 0/ to 9/, ...
LOOKS_LIKE_MNIST = re.compile(r"mnist|^(t10k|train|test|archive|digit-)|^\d$", re.IGNORECASE)
WANTED = f"{' or '.join(ARCHIVES)}, or the four files {', '.join(part.name for part in MNIST)}, plain or as .gz"


def load_digits(source="auto"):
    """The digits as a `Dataset`: images (N, 1, 28, 28) from 0, the background, to 1, full ink; labels 0 to 9.

    source: "auto", "mnist" or "bundled".
        "bundled" is the set that comes with the course: 1,797 images, no network.
        "mnist" is MNIST's 70,000 images. It is looked for in the folder that the environment variable COURSE_DATA names,
        then in data/; else downloaded into data/, once.
        "auto" is MNIST if that succeeds, else the bundled set; one printed line then says why.
        The environment variable COURSE_DIGITS, "mnist" or "bundled", decides what "auto" means.

    Raises ValueError for an unknown source, for a file that is not what it should be, and for MNIST in a form that is not
    read: the message names the file and the cure. Raises OSError if MNIST was asked for but cannot be downloaded or stored.
    """
    return fetch.load(source, "mnist", "MNIST", _forms, _download, _bundled)


def _dataset(arrays, name):
    """Bytes to numbers: images (N, 28, 28) 0 to 255 become (N, 1, 28, 28) float32 0 to 1."""
    x_train, y_train, x_test, y_test = arrays
    full_ink = np.float32(255)
    return Dataset((x_train / full_ink)[:, None], y_train.astype(np.int64), (x_test / full_ink)[:, None], y_test.astype(np.int64),
                   tuple("0123456789"), name)


def _bundled():
    cure = "Restore it (git checkout -- data/digits.npz) or download the course again."
    return _dataset(fetch.read_npz(fetch.FOLDER / "digits.npz", KEYS, BUNDLED, "the course", cure), "bundled")


def _forms(folder):
    """Functions that read MNIST, one for each form of it in the folder; or that say why what is there cannot be read."""
    archives = [folder / name for name in ARCHIVES if (folder / name).exists()]
    for path in archives:
        yield partial(_from_archive, path)
    missing = _missing(folder)
    if not missing:
        yield partial(_from_files, folder)
    elif not archives and len(missing) == len(MNIST):
        yield partial(fetch.refuse_unknown_forms, folder, LOOKS_LIKE_MNIST, "MNIST", WANTED)
    elif not archives and folder != fetch.FOLDER:  # what is missing in data/ is downloaded
        yield partial(fetch.refuse, f"{folder} was looked at for MNIST. Of its four files it lacks "
                      f"{', '.join(part.name for part in missing)}: put them there too, plain or as .gz.")


def _from_archive(path):
    return _dataset(fetch.read_npz(path, ARCHIVES[path.name], MNIST, "MNIST"), "mnist")


def _from_files(folder):
    return _dataset([_read_idx(_idx_path(folder, part), part) for part in MNIST], "mnist")


def _missing(folder):
    return [part for part in MNIST if _idx_path(folder, part) is None]


def _idx_path(folder, part):
    """The part's IDX file under any of its usual names, in the folder or where torchvision puts it in there; or None."""
    for place in (folder, folder / "MNIST" / "raw"):
        for name in (part.name, part.name.replace("-idx", ".idx")):
            for path in (place / name, place / f"{name}.gz"):
                if path.exists():
                    return path
    return None


def _read_idx(path, part):
    """The array in an IDX file, raw or gzipped, verified."""
    header = fetch.idx_header(part.shape)
    size = len(header) + math.prod(part.shape)
    with fetch.opened(path) as file:
        gzipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        raw = (gzip.open(file) if gzipped else file).read(size + 1)  # one more than there should be, to see if there is more
        if raw[:4] != header[:4]:
            raise ValueError(f"it is not an IDX file of bytes with {len(part.shape)} axes, plain or as .gz")
        shape = tuple(int.from_bytes(raw[place:place + 4]) for place in range(4, len(header), 4))
        if shape != part.shape:
            raise ValueError(f"it is an IDX file of shape {shape}, but MNIST's {part.name} is {part.shape}: another data set's?")
        if len(raw) != size:
            raise ValueError("it is cut short" if len(raw) < size else "it is longer than its header says")
        return fetch.verified(np.frombuffer(raw, np.uint8, offset=len(header)).reshape(shape), part, "MNIST")


def _download():
    """MNIST, after those of its four files that are not in data/ were fetched; None if all were there already."""
    if missing := _missing(fetch.FOLDER):
        checks = {f"{part.name}.gz": partial(_read_idx, part=part) for part in missing}
        fetch.download(checks, MIRRORS, "MNIST", 'load_digits("mnist")')
        return _from_files(fetch.FOLDER)
    return None
