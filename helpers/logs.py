"""Stored logs: what long trainings gave, kept so that a lesson need not wait for them.

The log NAME is `data/logs/NAME.npz`, made by the script `data/logs/NAME.py`: `make logs NAME=...`. Nothing
is read before its SHA-256 is the one in `data/logs/checksums.json`, which `save` notes down. The script's trainings run on
`executor`, by `training.sweep`, and are kept in `runs(NAME)` until the log is saved.
"""
import argparse
import hashlib
import io
import json
import os
import shutil
import signal
import zipfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context

import numpy as np

from .data import FOLDER as DATA
from .files import replacing, write_npz
from .spread import numbers_of_cores

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


def runs(name):
    """The folder for the finished runs of the log `name`, which `save` removes."""
    return FOLDER / ".runs" / name


@contextmanager
def executor(description, arguments=None):
    """What a log's script runs on, for the length of a block, as its command line says: see its `--help`.

    `--scheduler tcp://HOST:8786`: the executor of a Dask cluster. Else `--workers N` processes of this machine, one a core
    if it is not said, each held to one core where the system can do that; with one, None: this process.
    An error in the block, an interrupt too, ends these processes at once.
    """
    parser, cores = argparse.ArgumentParser(description=description.partition("\n")[0]), numbers_of_cores()
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--scheduler", metavar="tcp://HOST:8786", help="run on the Dask cluster at this address")
    choice.add_argument("--workers", metavar="N", type=int, help="run in N processes here: one a core, if not said")
    asked = parser.parse_args(arguments)
    count = len(cores) if asked.workers is None else asked.workers
    if count < 1:
        parser.error(f"--workers must be at least 1, but it is {count}")
    if asked.scheduler:
        try:
            from distributed import Client
        except ImportError:
            parser.error("--scheduler needs Dask: pip install distributed")
        with Client(asked.scheduler) as client:
            yield client.get_executor()
    elif count == 1:
        yield None
    else:
        context, others = get_context("spawn"), active_children()
        queue = context.SimpleQueue()
        for number in range(count):
            queue.put(cores[number % len(cores)])
        with ProcessPoolExecutor(count, context, _begin, (queue,)) as pool:
            try:
                yield pool
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for process in set(active_children()) - set(others):
                    process.kill()
                raise


def _begin(queue):
    """In each process of the pool, at first: a core of its own, no bars; interrupts are for the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["TQDM_DISABLE"] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {queue.get()})


def save(name, arrays):
    """Write {key: array} as the log `name` and note its checksum. Files are replaced whole or not at all.

    Raises ValueError for arrays of Python objects, which could not be read back.
    """
    for key, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise ValueError(f"logs.save: {key} holds Python objects: store numbers or text")
    file = io.BytesIO()
    write_npz(file, arrays, zipfile.ZIP_DEFLATED)
    noted = _noted() | {name: hashlib.sha256(file.getvalue()).hexdigest()}
    for path, raw in ((FOLDER / f"{name}.npz", file.getvalue()),
                      (FOLDER / CHECKSUMS, (json.dumps(noted, indent=2, sort_keys=True) + "\n").encode())):
        with replacing(path) as beside:
            beside.write_bytes(raw)
    shutil.rmtree(runs(name), ignore_errors=True)


def _noted():
    """{name: SHA-256} of all logs."""
    path = FOLDER / CHECKSUMS
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"logs: {path} cannot be read ({error}). Restore it: git checkout -- data/logs") from error
