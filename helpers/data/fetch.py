"""How a data set is found in a folder, or downloaded, and read: for all data sets alike.

Nothing is used before its SHA-256 is the known one, whatever kind of file it came in; nothing is unpickled; nothing that
lies in a folder is overwritten; and a download gets its name when it is whole and verified. A large one that ends early is
kept as NAME.part, and the next goes on from there.
"""
import hashlib
import os
import struct
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pooch
import requests
from tqdm import tqdm

from ..files import replacing

FOLDER = Path(__file__).resolve().parents[2] / "data"
ANSWER_WITHIN = 4  # seconds; a mirror that takes longer is passed over
STALL_AFTER = 15  # seconds without a further byte end a download
_CHUNK = 2**14  # bytes, written at one time: a connection that breaks costs no more

_failed = {}  # data set: why its download failed, so that "auto" waits for the network once and not in every cell


class Part(NamedTuple):
    """One of the four arrays of a data set, all uint8, and how to know it."""

    name: str
    shape: tuple[int, ...]
    sha256: str  # of `idx_header(shape)` and the array's bytes, which together are an IDX file


class Large(NamedTuple):
    """What is known of a file whose download may take so long that it must not be lost when it ends early."""

    size: int  # in bytes
    word: str  # printed before it begins


def load(source, name, title, forms, download, bundled):
    """A data set from the first place that has it: what a function of `forms`, or `download`, or `bundled` returns.

    source: "auto", `name`, or "bundled". "auto" is `name` if it can be had, else "bundled", and a printed line says why.
    title: the data set as people call it.
    forms: forms(folder) gives functions, one for each form of the data set in the folder.
    A function returns None where it has nothing, and raises ValueError or OSError for what cannot be used.
    """
    source = _chosen(source, name)
    if source == "bundled":
        return bundled()
    faults = []
    for read in (*_in_folders(forms), partial(_download_once, name, download, again=source == name)):
        try:
            found = read()
        except (ValueError, OSError) as fault:
            if source == name:
                raise
            faults.append(str(fault))
            continue
        if found is not None:
            if faults:
                print(f"{title} is loaded, but not at the first attempt:", *faults)
            return found
    print(f"The bundled digits are loaded instead of {title}:", *faults)
    return bundled()


def _chosen(source, name):
    """`source` after a look at COURSE_DIGITS; an empty variable counts as unset."""
    if source not in ("auto", name, "bundled"):
        raise ValueError(f'source is {source!r}; use "auto", "{name}" or "bundled".')
    override = os.environ.get("COURSE_DIGITS")
    if source != "auto" or not override:
        return source
    if override not in ("mnist", "bundled"):
        raise ValueError(f'The environment variable COURSE_DIGITS is {override!r}; set it to "mnist" or "bundled", or unset it.')
    return "bundled" if override == "bundled" else name


# Folders


def folders():
    """Where data sets are looked for, in order: the folder that COURSE_DATA names, then data/."""
    named = os.environ.get("COURSE_DATA")
    return list(dict.fromkeys([*([Path(named).expanduser().resolve()] if named else []), FOLDER]))


def _in_folders(forms):
    for folder in folders():
        if folder != FOLDER and not (os.path.isdir(folder) and os.access(folder, os.R_OK | os.X_OK)):
            yield partial(refuse, f"COURSE_DATA is {folder}, which is not a folder that can be read: correct or unset it.")
        else:
            yield from forms(folder)


def refuse(message):
    raise ValueError(message)


def refuse_unknown_forms(folder, looks_like, title, wanted):
    """Raise ValueError if the folder holds what may be the data set in a form that is not read; else return None."""
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    found = [name for name in names if looks_like.search(name) and not name.endswith(".part")]
    if found:
        listed = ", ".join(found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")
        raise ValueError(f"{folder} was looked at for {title}. It holds {listed}, which is in no form that is read. "
                         f"Wanted there: {wanted}; data/README.md says where to get them. Or move what is there elsewhere, "
                         f"and {title} is downloaded.")


# Files


@contextmanager
def opened(path, cure=None):
    """Open a file; make whatever goes wrong one ValueError that names the file and the cure."""
    try:
        with open(path, "rb") as file:
            start = file.read(64)
            file.seek(0)
            if start.lstrip().startswith(b"<"):  # servers send error pages as if they were data
                raise ValueError("it is a web page saved under this name")
            yield file
    except Exception as error:  # a damaged file can fail anywhere inside zip, zlib or NumPy
        reason = " ".join(str(getattr(error, "strerror", None) or error).split()).rstrip(".") or type(error).__name__
        cure = cure or f"Move {path.name} elsewhere or delete it, and run again; or put a good copy in its place."
        raise ValueError(f"{path} cannot be used: {reason}. {cure}") from error


def read_npz(path, keys, parts, title, cure=None):
    """The arrays under `keys` of an .npz archive, each verified as the `Part` that it should be."""
    with opened(path, cure) as file:
        if file.read(2) != b"PK":
            raise ValueError("it is not an .npz archive")
        file.seek(0)
        with np.load(file, allow_pickle=False) as archive:
            missing = [key for key in keys if key not in archive]
            if missing:
                raise ValueError(f"it has no array named {', '.join(missing)}")
            return [verified(archive[key], part, title) for key, part in zip(keys, parts)]


def idx_header(shape):
    """The head of an IDX file: 0x08 for bytes, the number of axes, their lengths, big-endian."""
    return struct.pack(f">{1 + len(shape)}i", 0x0800 + len(shape), *shape)


def verified(array, part, title):
    """The array if it is, byte for byte, what was published; else ValueError."""
    if array.dtype != np.uint8 or array.shape != part.shape:
        raise ValueError(f"{part.name} is {array.dtype} {array.shape} where uint8 {part.shape} is expected")
    array = np.ascontiguousarray(array)
    digest = hashlib.sha256(idx_header(part.shape))
    digest.update(array)
    if digest.hexdigest() != part.sha256:
        raise ValueError(f"{part.name} is well-formed, but it is not {title}'s: its SHA-256 begins with "
                         f"{digest.hexdigest()[:12]}, where {part.sha256[:12]} is wanted. It is another data set of the same "
                         "form, such as Fashion-MNIST beside MNIST, or its values were changed")
    return array


# Downloads


def download(files, mirrors, title, call, large=None):
    """Fetch files into data/, each from the first mirror that delivers it.

    files: {name: check}; check(path) raises ValueError if what lies at the path is not the file.
    call: what to call to try again, for the message.
    large: a `Large` where there is one file, and what has arrived of it is to be kept.
    Raises ConnectionError if no mirror delivers, OSError if data/ cannot be written; both say what to do.
    """
    mirrors = _answering(mirrors, next(iter(files)))
    if large and mirrors:
        print(large.word)
    for number, (name, check) in enumerate(files.items()):
        reasons = [] if mirrors else ["no mirror answers"]
        if not any(_fetched(mirror, name, check, reasons, large) for mirror in mirrors):
            places, lacking = " or ".join(map(str, folders())), ", ".join([*files][number:])
            kept = large and _size(_part_of(name))
            kept = f"{kept:,} of its {large.size:,} bytes are here, and the next attempt goes on from there. " if kept else ""
            raise ConnectionError(f"{title} is not in {places}, and {lacking} could not be downloaded: {', '.join(reasons)}. {kept}"
                                  f"Connect to the internet and call {call}, or fetch {title} by hand as data/README.md says.")


def _fetched(mirror, name, check, reasons, large):
    """Whether the mirror delivered the file into data/; if not, the reason is added to `reasons`."""
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        if large:
            _fetch_rest(mirror, name, check, large.size)
        else:
            _fetch_whole(mirror, name, check)
        return True
    except requests.RequestException as error:  # an OSError too
        reasons.append(f"{mirror} failed ({type(error).__name__})")
    except ValueError:
        reasons.append(f"{mirror} sent another file than {name}")
    except OSError as error:
        raise OSError(f"{name} cannot be stored in {FOLDER}: {error.strerror or error}. Free some space or make the folder "
                      "writable; or keep the data in another folder and name that in COURSE_DATA.") from error
    return False


def _fetch_whole(mirror, name, check):
    with replacing(FOLDER / name) as beside:
        with tqdm(desc=name, unit="B", unit_scale=True, total=1) as bar:  # pooch asks for a total, and puts in the true one
            pooch.HTTPDownloader(bar, chunk_size=_CHUNK, timeout=STALL_AFTER)(mirror + name, beside, None)
        check(beside)


def _fetch_rest(mirror, name, check, size):
    """Fetch what NAME.part still lacks, and as often as that brings anything; give it its name when it is verified.

    Two processes may do so at once: both write the same bytes to the same places, so what is there is right up to its end.
    """
    path, part = FOLDER / name, _part_of(name)
    old = part.exists()
    while not path.exists():  # another process may be faster
        begin = _size(part)
        if begin < size:
            try:
                _write_rest(mirror + name, part, begin, size)
            except requests.RequestException:
                if _size(part) <= begin:
                    raise
            continue
        try:
            check(part)
            os.replace(part, path)
        except (ValueError, FileNotFoundError):
            if path.exists():
                break
            part.unlink(missing_ok=True)
            if not old:
                raise
            old = False  # what was kept may be at fault: once more, from the beginning


def _write_rest(url, part, begin, size):
    """Write a file's bytes from `begin` on to their places in `part`; all of them where the server sends no less.

    Raises ValueError, before anything is written, if the server has a file of another size.
    """
    asked = {"Accept-Encoding": "identity", "Range": f"bytes={begin}-"}
    with requests.get(url, headers=asked, stream=True, timeout=STALL_AFTER) as response:
        response.raise_for_status()
        if response.status_code == 200:
            begin, right = 0, response.headers.get("Content-Length") == str(size)
        else:
            right = response.headers.get("Content-Range") == f"bytes {begin}-{size - 1}/{size}"
        if not right:
            raise ValueError("a file of another size")
        part.touch()
        with open(part, "r+b") as file, tqdm(desc=part.stem, unit="B", unit_scale=True, total=size, initial=begin) as bar:
            file.seek(begin)
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
            if file.tell() != size:
                raise requests.ConnectionError("ended early")


def _part_of(name):
    return FOLDER / f"{name}.part"


def _size(path):
    return path.stat().st_size if path.exists() else 0


def _download_once(name, download, again):
    """What `download` returns; unless `again`, a download that failed once is not tried any more."""
    if name in _failed and not again:
        raise OSError(_failed[name])
    try:
        return download()
    except OSError as failure:
        _failed[name] = str(failure)
        raise


def _answering(mirrors, name):
    """Those mirrors that answer within ANSWER_WITHIN seconds, in their order.

    Asked in threads: a socket's time-out does not cover the look-up of a name, and starts anew for each address that is tried.
    """
    answered, until = set(), time.monotonic() + ANSWER_WITHIN

    def ask(mirror):
        with suppress(requests.RequestException):
            requests.head(mirror + name, timeout=ANSWER_WITHIN)
            answered.add(mirror)

    threads = [threading.Thread(target=ask, args=(mirror,), daemon=True) for mirror in mirrors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0, until - time.monotonic()))
    return [mirror for mirror in mirrors if mirror in answered]
