"""Stored logs: what long trainings gave, kept so that a lesson need not wait for them.

The log NAME is `data/logs/NAME.npz`, made by the script `data/logs/NAME.py`: `make logs NAME=...`. Nothing
is read before its SHA-256 is the one in `data/logs/checksums.json`, which `save` notes down.
"""
import hashlib
import io
import json

import numpy as np

from .data import FOLDER as DATA
from .files import replacing

FOLDER = DATA / "logs"
CHECKSUMS = "checksums.json"


def load(name):
    """The arrays {key: array} of the log `name`.

    Raises ValueError for a name that no log has, a file that is missing, and one whose checksum is not
    the noted one; the message says what to do.
    """
    noted, cure = _noted(), f"Restore it (git checkout -- data/logs) or make it again: make logs NAME={name}"
    if name not in noted:
        raise ValueError(f"logs.load: there is no log {name!r}; there are: {', '.join(sorted(noted)) or 'none'}")
    path = FOLDER / f"{name}.npz"
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ValueError(f"logs.load: {path} cannot be read: {error.strerror}. {cure}") from error
    if hashlib.sha256(raw).hexdigest() != noted[name]:
        raise ValueError(f"logs.load: {path} is not the file whose checksum is noted in {CHECKSUMS}. {cure}")
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        return dict(arrays)


def save(name, arrays):
    """Write {key: array} as the log `name` and note its checksum. Files are replaced whole or not at all.

    Raises ValueError for arrays of Python objects, which could not be read back.
    """
    for key, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise ValueError(f"logs.save: {key} holds Python objects: store numbers or text")
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    noted = _noted() | {name: hashlib.sha256(file.getvalue()).hexdigest()}
    for path, raw in ((FOLDER / f"{name}.npz", file.getvalue()),
                      (FOLDER / CHECKSUMS, (json.dumps(noted, indent=2, sort_keys=True) + "\n").encode())):
        with replacing(path) as beside:
            beside.write_bytes(raw)


def _noted():
    """{name: SHA-256} of all logs."""
    path = FOLDER / CHECKSUMS
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"logs: {path} cannot be read ({error}). Restore it: git checkout -- data/logs") from error
