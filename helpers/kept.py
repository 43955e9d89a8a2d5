"""Finished runs in a folder, a file each: found again if the setting and the code are the same. Nothing is unpickled."""
import hashlib
import inspect
import io
import json
import linecache
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from .files import replacing

_OTHER = "other code"  # in place of a kept run's arrays


class Runs:
    """The finished runs of the function `train` in `folder`, which is made if it is not there.

    Raises ValueError for a folder that cannot be written to, TypeError for a function whose code cannot be read.
    """

    def __init__(self, folder, train):
        self.folder, self.code = Path(folder), _code(train)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            TemporaryFile(dir=self.folder).close()
        except OSError as error:
            raise ValueError(f"sweep: runs cannot be kept in {folder} ({error.strerror}): "
                             "give a folder that can be written to") from error

    def read(self, runs):
        """{name: array} of each run known by one of these texts, or None where none is kept; a line says what is not used."""
        found = [self._read(run) for run in runs]
        if others := found.count(_OTHER):
            print(f"sweep: {others} of the runs kept in {self.folder} are of other code: they are made again")
        return [None if result is _OTHER else result for result in found]

    def write(self, run, result):
        """Keep a result, whole or not at all; returns it as `read` would. TypeError if it is no {name: numbers or text}."""
        try:
            arrays = {name: np.asarray(value) for name, value in result.items()}
        except (AttributeError, ValueError):  # no dictionary; a list of lists of several lengths
            arrays = {}
        if not arrays or any(not isinstance(name, str) or array.dtype.hasobject for name, array in arrays.items()):
            raise TypeError('return a dictionary of numbers, texts, lists and arrays, such as {"accuracy": 0.9}, '
                            f"not {str(result):.80}")
        about = json.dumps({"run": run, "code": self.code, "names": list(arrays)})
        with replacing(self._path(run)) as beside, open(beside, "wb") as file:
            np.savez(file, about=about, **{str(number): array for number, array in enumerate(arrays.values())})
        return {name: array[()] for name, array in arrays.items()}

    def _read(self, run):
        path = self._path(run)
        if not path.exists():
            return None
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
                about = json.loads(str(file["about"]))
                arrays = {name: file[str(number)][()] for number, name in enumerate(about["names"])}
                return arrays if (about["run"], about["code"]) == (run, self.code) else _OTHER
        except Exception as error:  # a file that was cut short or changed fails in many ways
            print(f"sweep: {path} is damaged ({type(error).__name__}): its run is made again")
            return None

    def _path(self, run):
        return self.folder / f"{hashlib.sha256(run.encode()).hexdigest()[:16]}.npz"


def _code(train):
    """SHA-256 of what a result depends on besides its setting: the file or notebook cell of `train`, and this package."""
    try:
        file = inspect.getsourcefile(inspect.unwrap(train))
        linecache.checkcache(file)  # it may have been edited since somebody looked at it
        source = linecache.getlines(file)
    except TypeError:
        source = []
    if not source:
        raise TypeError(f"sweep: the code of {train!r} cannot be read, so that its kept runs could not be told from "
                        "those of older code: define it with def, in a file or in a notebook")
    course = [path.read_bytes() for path in sorted(Path(__file__).parent.rglob("*.py"))]
    return hashlib.sha256(b"".join(["".join(source).encode(), *course])).hexdigest()
