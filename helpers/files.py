"""Files are written whole or not at all."""
import os
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path):
    """The path beside `path` to write to. It takes that one's place at the end of the block, and is gone after an error."""
    path = Path(path)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
