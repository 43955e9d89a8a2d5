"""The data of the course: handwritten digits, found or fetched, and always verified.

`load_digits()` returns MNIST (LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied
to document recognition", Proceedings of the IEEE 86, 1998) where it can be had, else the small
set of digits that comes with the course. data/README.md describes both.

Nothing that is read is trusted: whatever file the pixels came in, their SHA-256 must be the known
one. The sums are those of the raw IDX files, the format in which MNIST was first published.
"""

import gzip
import hashlib
import math
import os
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pooch
import requests

FOLDER = Path(__file__).resolve().parent.parent / "data"

# Tried in turn. Each serves the four files of MNIST as NAME.gz.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
ANSWER_WITHIN = 4  # seconds; a mirror that takes longer is passed over
STALL_AFTER = 15  # seconds without a further byte end a download


class Part(NamedTuple):
    """One of the four arrays that make a set of digits, and how to know it."""

    name: str  # of its IDX file
    shape: tuple[int, ...]
    sha256: str  # of the raw IDX file: a header with the shape, then one byte per value
    gz_md5: str = ""  # of the .gz file that the mirrors serve


MNIST = (
    Part("train-images-idx3-ubyte", (60000, 28, 28),
         "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
         gz_md5="f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    Part("train-labels-idx1-ubyte", (60000,),
         "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
         gz_md5="d53e105ee54ea40749a09fcbcd1e9432"),
    Part("t10k-images-idx3-ubyte", (10000, 28, 28),
         "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
         gz_md5="9fb629c4189551a2d022fa330f9573f3"),
    Part("t10k-labels-idx1-ubyte", (10000,),
         "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
         gz_md5="ec29112dd5afa0611ce80d1b7f02629c"),
)
BUNDLED = (
    Part("train-images", (1437, 28, 28),
         "98575fc08df23846eabbfa2d6a133521946b1a530ecb3ff81fa795c12b53dc70"),
    Part("train-labels", (1437,),
         "d1dd98b2b42041d998c5838b99fce77d3151615d464a99bcdd1930a2e9efc360"),
    Part("test-images", (360, 28, 28),
         "f677bb0320e5b7dd813c30a732b5a71d4cc9ac6245bfdaefdbf76545bbb65826"),
    Part("test-labels", (360,),
         "0001787526e86554f99b0c74856f5e466a7cb5d1b270a80ee5176aadc3a08157"),
)

# Names that the four arrays go by in .npz archives: ours, and the one Keras downloads.
NPZ_KEYS = {
    "mndata.npz": ("trainimages", "trainlabels", "testimages", "testlabels"),
    "mnist.npz": ("x_train", "y_train", "x_test", "y_test"),
}

# Why a download failed, so that "auto" waits for the network once and not in every cell.
_no_download = None


@dataclass(frozen=True, eq=False)
class Digits:
    """Handwritten digits: N images of 28x28 to train on, others to test with.

    x_train, x_test: images (N, 1, 28, 28), float32, 0 is the background and 1 full ink.
    y_train, y_test: labels (N,), int64, the digit that was written, 0 to 9.
    name: "mnist" or "bundled".
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    name: str

    def __repr__(self):
        return (
            f"Digits({self.name!r}: {len(self.x_train):,} images to train on, "
            f"{len(self.x_test):,} to test with, each 1x28x28)"
        )


def load_digits(source="auto"):
    """Load the digits as a `Digits`.

    source: "mnist", "bundled" or "auto".
        "bundled" is the set that comes with the course: 1,797 images, no network.
        "mnist" is MNIST's 70,000 images. It is looked for in the folder that the environment
        variable COURSE_DATA names, then in data/; else downloaded into data/, once.
        "auto" is MNIST if that succeeds, else the bundled set; one printed line then says why.
        The environment variable COURSE_DIGITS, "mnist" or "bundled", decides what "auto" means.

    Raises ValueError for an unknown source, and for a file that is not what it should be: the
    message names the file and the cure. Raises OSError if MNIST was asked for but cannot be
    downloaded or stored.
    """
    source = _chosen(source)
    if source == "bundled":
        return _load_bundled()

    faults = []
    for read in _places(retry=source == "mnist"):
        try:
            digits = _digits(read(), "mnist")
        except (ValueError, OSError) as fault:
            if source == "mnist":
                raise
            faults.append(str(fault))
        else:
            if faults:
                print("MNIST is loaded, but not at the first attempt:", *faults)
            return digits

    digits = _load_bundled()
    print("The bundled digits are loaded instead of MNIST:", *faults)
    return digits


def _chosen(source):
    """`source` after a look at COURSE_DIGITS; an empty variable counts as unset."""
    if source not in ("auto", "mnist", "bundled"):
        raise ValueError(f'load_digits: source is {source!r}; use "auto", "mnist" or "bundled".')
    override = os.environ.get("COURSE_DIGITS")
    if source != "auto" or not override:
        return source
    if override not in ("mnist", "bundled"):
        raise ValueError(
            f"The environment variable COURSE_DIGITS is {override!r}; "
            'set it to "mnist" or "bundled", or unset it.'
        )
    return override


def _load_bundled():
    path = FOLDER / "digits.npz"
    cure = "Restore it (git checkout -- data/digits.npz) or download the course again."
    return _digits(_read_npz(path, NPZ_KEYS["mndata.npz"], BUNDLED, cure), "bundled")


def _digits(arrays, name):
    """Bytes to numbers: images (N, 28, 28) 0 to 255 become (N, 1, 28, 28) float32 0 to 1."""
    x_train, y_train, x_test, y_test = arrays
    full_ink = np.float32(255)
    return Digits(
        (x_train / full_ink)[:, None],
        y_train.astype(np.int64),
        (x_test / full_ink)[:, None],
        y_test.astype(np.int64),
        name,
    )


# Where MNIST may be


def _places(retry):
    """Yield, in order, functions that return MNIST's four arrays or raise."""
    named = os.environ.get("COURSE_DATA")
    folders = [Path(named).expanduser().resolve()] if named else []
    if folders and not folders[0].is_dir():
        yield partial(_no_folder, folders.pop())
    if FOLDER not in folders:
        folders.append(FOLDER)
    for folder in folders:
        yield from _files_in(folder)
    yield partial(_download, retry)


def _files_in(folder):
    """Yield a function that reads MNIST for each form of it the folder holds."""
    for name, keys in NPZ_KEYS.items():
        path = folder / name
        if path.exists():
            yield partial(_read_npz, path, keys, MNIST, _cure(path))
    paths = [_idx_path(folder, part) for part in MNIST]
    if all(paths):
        yield partial(_read_idx_files, paths)


def _no_folder(folder):
    raise ValueError(f"COURSE_DATA is {folder}, which is not a folder: correct or unset it.")


def _idx_path(folder, part):
    """The part's IDX file in the folder under any of its usual names, or None."""
    dotted = part.name.replace("-idx", ".idx")
    for name in (part.name, dotted, f"{part.name}.gz", f"{dotted}.gz"):
        if (folder / name).exists():
            return folder / name
    return None


# Reading and verifying


def _cure(path):
    return f"Delete {path.name} and run again, or put a good copy in its place."


@contextmanager
def _opened(path, cure):
    """Open a file; make whatever goes wrong one ValueError that names the file and the cure."""
    try:
        with open(path, "rb") as file:
            yield file
    except Exception as error:  # a damaged file can fail anywhere inside zip, zlib or NumPy
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise ValueError(f"{path} cannot be used: {reason}. {cure}") from error


def _read_npz(path, keys, parts, cure):
    """The arrays under `keys` of an .npz archive, each verified as the `Part` it should be."""
    with _opened(path, cure) as file:
        _check_start(file, b"PK", "an .npz archive")
        with np.load(file, allow_pickle=False) as archive:
            missing = [key for key in keys if key not in archive]
            if missing:
                raise ValueError(f"it has no array named {', '.join(missing)}")
            return [_verified(archive[key], part) for key, part in zip(keys, parts)]


def _read_idx_files(paths):
    return [_read_idx(path, part) for path, part in zip(paths, MNIST)]


def _read_idx(path, part):
    """The array in an IDX file, raw or gzipped, verified."""
    header = _idx_header(part.shape)
    size = len(header) + math.prod(part.shape)
    with _opened(path, _cure(path)) as file:
        if path.suffix == ".gz":
            _check_start(file, b"\x1f\x8b", "a .gz file")
            file = gzip.open(file)
        else:
            _check_start(file, header[:4], "an IDX file of this kind")
        raw = file.read(size + 1)  # one more than there should be, to see if there is more
        if len(raw) != size or not raw.startswith(header):
            raise ValueError(f"its header or size is not that of {part.name}, {part.shape}")
        array = np.frombuffer(raw, np.uint8, offset=len(header)).reshape(part.shape)
        return _verified(array, part)


def _check_start(file, start, kind):
    """Tell a file of another kind by its first bytes; servers send error pages as if data."""
    found = file.read(64)
    file.seek(0)
    if found.lstrip().startswith(b"<"):
        raise ValueError("it is a web page saved under this name")
    if not found.startswith(start):
        raise ValueError(f"it is not {kind}")


def _idx_header(shape):
    """The head of an IDX file: 0x08 for bytes, the number of axes, their lengths, big-endian."""
    return struct.pack(f">{1 + len(shape)}i", 0x0800 + len(shape), *shape)


def _verified(array, part):
    """The array if it is, byte for byte, what was published; else ValueError."""
    if array.dtype != np.uint8 or array.shape != part.shape:
        raise ValueError(
            f"{part.name} is {array.dtype} {array.shape} where uint8 {part.shape} is expected"
        )
    if array.ndim == 1 and array.max() > 9:
        raise ValueError(f"{part.name} has a label {array.max()}, outside 0 to 9")
    array = np.ascontiguousarray(array)
    digest = hashlib.sha256(_idx_header(part.shape))
    digest.update(array)
    if digest.hexdigest() != part.sha256:
        raise ValueError(f"it is damaged: {part.name} has SHA-256 {digest.hexdigest()[:12]}...")
    return array


# Downloading


def _download(retry):
    """Fetch MNIST into data/ and read it; unless `retry`, once failed is failed for good."""
    global _no_download
    if _no_download and not retry:
        raise OSError(_no_download)
    try:
        mirrors = [mirror for mirror in MIRRORS if _answers(mirror)]
        paths = [_fetch(part, mirrors) for part in MNIST]
    except OSError as failure:
        _no_download = str(failure)
        raise
    return _read_idx_files(paths)


def _answers(mirror):
    """True if the mirror answers in time.

    Asked in a thread of its own: a socket's time-out does not cover the look-up of the mirror's
    name, and starts anew for each address that is tried.
    """
    answers = []

    def ask():
        try:
            pooch.HTTPDownloader(timeout=ANSWER_WITHIN)(
                f"{mirror}{MNIST[0].name}.gz", None, None, check_only=True
            )
        except OSError:  # of which every exception of requests is one
            return
        answers.append(mirror)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(ANSWER_WITHIN)
    return bool(answers)


def _fetch(part, mirrors):
    """The path in data/ of one verified .gz file, from the first mirror that delivers it.

    pooch writes to a file of another name beside it, compares the sum, and only then renames.
    """
    name = f"{part.name}.gz"
    get = pooch.HTTPDownloader(timeout=STALL_AFTER, progressbar=True, chunk_size=2**16)
    reasons = [] if mirrors else ["no mirror answers"]
    for mirror in mirrors:
        try:
            return Path(
                pooch.retrieve(mirror + name, f"md5:{part.gz_md5}", name, FOLDER, downloader=get)
            )
        except requests.RequestException as error:
            reasons.append(f"{mirror} failed ({type(error).__name__})")
        except ValueError:
            reasons.append(f"{mirror} sent a file with a wrong checksum")
        except OSError as error:
            raise OSError(
                f"{name} cannot be stored in {FOLDER}: {error.strerror or error}. Free some space "
                'or make the folder writable, then call load_digits("mnist"); or keep MNIST in '
                "another folder and name that in COURSE_DATA."
            ) from error
    raise ConnectionError(
        f"{name} could not be downloaded: {', '.join(reasons)}. Connect to the internet and call "
        'load_digits("mnist"), or fetch MNIST by hand as data/README.md says.'
    )
