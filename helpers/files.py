"""Files are written whole or not at all."""
import os
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np


@contextmanager
def replacing(path):
    """Atomic write: yields a temporary path beside `path`, renamed to it on success and deleted on an error."""
    path = Path(path)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def write_npz(file, arrays, compression=zipfile.ZIP_STORED):
    """Write {name: array} as an .npz archive to a path or an open file, whatever the names.

    `np.savez` takes arrays named `file` or `allow_pickle` for arguments of its own. Raises ValueError for Python objects.
    """
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
