"""MNIST downloaded, from servers of our own; and every fault that a server, a network or a disk can have."""
import errno
import gzip
import os
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import mnist_files
import pooch
import pytest
from mirror import sends, starter
from mnist_files import HTML, IDX_NAME, assert_bundled, assert_is_tiny_mnist, course  # noqa: F401

from helpers import data
from helpers.data import digits, fetch


@pytest.fixture
def mirrors(monkeypatch):
    """Start mirrors, one for each function, and let them be MNIST's; stop them when the test ends."""
    with starter(monkeypatch, digits) as start:
        yield start


def good(name, wanted):
    return sends(mnist_files.GZ[name])


BAD_MIRRORS = {
    "cut half-way": lambda name, wanted: (200, mnist_files.GZ[name][:500], len(mnist_files.GZ[name])),
    "other content": lambda name, wanted: sends(gzip.compress(mnist_files.IDX[name.removesuffix(".gz")][:-1] + b"\xaa")),
    "web page": lambda name, wanted: sends(HTML),
    "not found": lambda name, wanted: sends(HTML, 404),
}


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_mnist_is_downloaded_once(course, mirrors, monkeypatch, capsys):
    monkeypatch.setattr(fetch, "tqdm", partial(fetch.tqdm, disable=False))  # whatever TQDM_DISABLE says
    first, second = mirrors(good, good)
    assert_is_tiny_mnist(data.load_digits("auto"))
    assert_is_tiny_mnist(data.load_digits("auto"))
    assert first.asked == list(mnist_files.GZ) and second.asked == []
    assert names_in(course) == sorted(["digits.npz", *mnist_files.GZ])
    printed = capsys.readouterr()
    assert printed.out == "" and all(name in printed.err for name in mnist_files.GZ)  # a progress bar for each


@pytest.mark.parametrize("bad", BAD_MIRRORS.values(), ids=BAD_MIRRORS)
def test_bad_mirror_leaves_nothing_and_the_next_one_serves(course, mirrors, capsys, bad):
    broken = mirrors(bad)[0]
    with pytest.raises(ConnectionError) as raised:
        data.load_digits("mnist")
    for words in ("train-images-idx3-ubyte.gz, train-labels", broken.url, 'call load_digits("mnist")', "README"):
        assert words in str(raised.value)
    assert names_in(course) == ["digits.npz"]
    assert_bundled(capsys, broken.url, "README")

    mirrors(bad, good)
    assert_is_tiny_mnist(data.load_digits("mnist"))
    assert names_in(course) == sorted(["digits.npz", *mnist_files.GZ])


def test_a_file_has_its_name_only_when_it_is_verified(course, mirrors, monkeypatch):
    read, seen = digits._read_idx, []
    monkeypatch.setattr(digits, "_read_idx", lambda path, part: (seen.append((part.name, names_in(course))), read(path, part))[1])
    mirrors(good)
    data.load_digits("mnist")
    for name, there in seen[:4]:
        assert f"{name}.gz" not in there and any(other.startswith(f"{name}.gz") for other in there)


def test_what_is_missing_in_the_data_folder_is_downloaded(course, mirrors):
    """As after a download that ended between two files, or was killed within one."""
    mnist_files.write_files(course, mnist_files.IDX)
    (course / "t10k-labels-idx1-ubyte").unlink()
    (course / "t10k-labels-idx1-ubyte.gz.123.part").touch()
    with pytest.raises(ConnectionError, match="and t10k-labels-idx1-ubyte.gz could not be downloaded: no mirror answers"):
        data.load_digits("mnist")
    server = mirrors(good)[0]
    assert_is_tiny_mnist(data.load_digits("mnist"))
    assert server.asked == ["t10k-labels-idx1-ubyte.gz"]


def test_mirrors_that_are_down_are_asked_once_unless_mnist_is_asked_for(course, monkeypatch, mirrors, capsys):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setattr(digits, "MIRRORS", (f"http://127.0.0.1:{free.getsockname()[1]}/",) * 2)
    first = assert_bundled(capsys, "no mirror answers", "README")
    with monkeypatch.context() as patch:
        patch.setattr(fetch, "_answering", lambda *args: pytest.fail("asked again"))
        assert assert_bundled(capsys) == first
    with pytest.raises(ConnectionError, match="no mirror answers"):
        data.load_digits("mnist")
    mirrors(good)
    assert_is_tiny_mnist(data.load_digits("mnist"))


def test_name_look_ups_that_hang_cost_no_more_than_the_limit(course, monkeypatch, capsys):
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: released.wait(10) and [])
    monkeypatch.setattr(fetch, "ANSWER_WITHIN", 0.5)
    monkeypatch.setattr(digits, "MIRRORS", tuple(f"http://{number}.invalid/" for number in range(8)))
    start = time.perf_counter()
    try:
        assert_bundled(capsys, "no mirror answers")
        assert time.perf_counter() - start < 3  # all are asked at the same time
    finally:
        released.set()


def test_mirror_that_stalls_gives_way_to_the_next(course, monkeypatch, mirrors):
    released = threading.Event()
    mirrors(lambda name, wanted: released.wait(10) and good(name, wanted), good)
    monkeypatch.setattr(fetch, "STALL_AFTER", 0.2)
    start = time.perf_counter()
    try:
        assert_is_tiny_mnist(data.load_digits("mnist"))
        assert time.perf_counter() - start < 5
    finally:
        released.set()


# Disks


class FullDisk:
    """A file that takes some bytes and then has no room."""

    def __init__(self, *how):
        self.file = open(*how)

    def write(self, content):
        self.file.write(content[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()


def read_only(*how):  # in place of permissions, which do not bind root
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@pytest.mark.parametrize("disk, words", [(FullDisk, "No space left on device. Free some space"),
                                         (read_only, "Permission denied. Free some space or make the folder writable")])
def test_disk_that_takes_nothing_is_named_and_left_clean(course, monkeypatch, mirrors, capsys, disk, words):
    first, second = mirrors(good, good)
    monkeypatch.setattr(pooch.downloaders, "open", disk, raising=False)
    with pytest.raises(OSError, match=words) as raised:
        data.load_digits("mnist")
    assert f"cannot be stored in {course}" in str(raised.value)
    assert len(first.asked) <= 1 and second.asked == []  # another mirror would not help
    assert_bundled(capsys, words, f"cannot be stored in {course}")
    assert names_in(course) == ["digits.npz"]


def test_folder_that_cannot_be_made_is_named(course, monkeypatch, mirrors, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(fetch, "FOLDER", tmp_path / "file" / "data")
    mirrors(good)
    with pytest.raises(OSError, match="cannot be stored in .*file.*COURSE_DATA") as raised:
        data.load_digits("mnist")
    assert not isinstance(raised.value, ConnectionError)


# Two at once

FETCH = """
import sys
from pathlib import Path
import mnist_files
from helpers.data import digits, fetch

fetch.FOLDER, digits.MIRRORS, digits.MNIST = Path(sys.argv[1]), (sys.argv[2],), mnist_files.parts()
assert (digits.load_digits("mnist").y_train == mnist_files.ARRAYS[1]).all()
"""


def test_two_processes_fetching_at_once_both_get_good_data(course, mirrors):
    both = threading.Barrier(2, timeout=30)

    def together(name, wanted):
        """Hold the first file back until both processes are half-way into it."""
        if name.startswith(IDX_NAME):
            both.wait()
        return good(name, wanted)

    server = mirrors(together)[0]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (Path(__file__).parent, Path(data.__file__).parents[2])))}
    command = [sys.executable, "-c", FETCH, str(course), server.url]
    processes = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        errors = process.communicate(timeout=60)[1]
        assert process.returncode == 0, errors
    assert server.asked.count(f"{IDX_NAME}.gz") == 2  # they did overlap
    assert names_in(course) == sorted(["digits.npz", *mnist_files.GZ])
