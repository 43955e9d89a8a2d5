"""The digits: found, fetched, verified; and every fault that a file, a folder or a network can have."""
import contextlib
import errno
import gzip
import io
import os
import pickle
import shutil
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import mnist_files
import numpy as np
import pooch
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import data
from helpers.data import digits, fetch

REAL_FOLDER = data.FOLDER
HTML = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"
IDX_NAME = "train-images-idx3-ubyte"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A data/ folder with only the bundled digits, a tiny MNIST, and no mirror."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(REAL_FOLDER / "digits.npz", folder)
    monkeypatch.setattr(fetch, "FOLDER", folder)
    monkeypatch.setattr(fetch, "_failed", {})
    monkeypatch.setattr(digits, "MNIST", mnist_files.parts())
    monkeypatch.setattr(digits, "MIRRORS", ())
    monkeypatch.delenv("COURSE_DIGITS", raising=False)
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


@pytest.fixture
def elsewhere(course, tmp_path, monkeypatch):
    """An empty folder that COURSE_DATA names."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.setenv("COURSE_DATA", str(folder))
    return folder


def assert_is_tiny_mnist(found):
    assert found.name == "mnist"
    x_train, y_train, x_test, y_test = mnist_files.ARRAYS
    np.testing.assert_array_equal(found.x_train, x_train[:, None] / np.float32(255))
    np.testing.assert_array_equal(found.y_train, y_train)
    np.testing.assert_array_equal(found.x_test, x_test[:, None] / np.float32(255))
    np.testing.assert_array_equal(found.y_test, y_test)


def assert_refused(*words):
    """Asked for MNIST, `load_digits` raises, and says all that."""
    with pytest.raises(ValueError) as raised:
        data.load_digits("mnist")
    for word in words:
        assert str(word) in str(raised.value)


def assert_bundled(capsys, *words):
    """Asked for any digits, `load_digits` gives the bundled ones, and one line says why."""
    assert data.load_digits("auto").name == "bundled"
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and line.startswith("The bundled digits are loaded instead of MNIST: ")
    for word in words:
        assert line.count(str(word)) == 1
    return line


# What comes out


def check_digits(found, sizes):
    for images, labels, size in zip((found.x_train, found.x_test), (found.y_train, found.y_test), sizes):
        assert images.shape == (size, 1, 28, 28) and images.dtype == np.float32
        assert images.min() == 0 and images.max() == 1 and images.flags.c_contiguous
        assert labels.shape == (size,) and labels.dtype == np.int64
        assert set(labels) == set(range(10))
    assert found.classes == ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")


def test_bundled_digits_have_the_promised_form(course):
    found = data.load_digits("bundled")
    check_digits(found, (1437, 360))
    assert isinstance(found, data.Dataset) and found.name == "bundled"
    assert (REAL_FOLDER / "digits.npz").stat().st_size < 500_000


def test_bundled_digits_are_framed_like_mnist(course):
    """In a 20x20 box, centre of mass within a pixel of the middle, every class in the test set."""
    found = data.load_digits("bundled")
    images = np.concatenate([found.x_train, found.x_test])[:, 0]
    ink = images > 0
    for axis in (1, 2):
        used = ink.any(axis)
        extent = 28 - used.argmax(1) - used[:, ::-1].argmax(1)
        assert extent.max() <= 20
        mass = images.sum(axis)
        centre = (mass * np.arange(28)).sum(1) / mass.sum(1)
        assert np.abs(centre - 13.5).max() < 1.01
    assert np.bincount(found.y_test).min() >= 30
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) > 1790  # hardly any twice


@mnist_files.needs_mnist
def test_real_mnist_is_loaded_fast(monkeypatch):
    monkeypatch.setattr(digits, "MIRRORS", ())
    start = time.perf_counter()
    found = data.load_digits("mnist")
    assert time.perf_counter() - start < 5  # 1 s where measured
    check_digits(found, (60000, 10000))
    assert list(found.y_train[:5]) == [5, 0, 4, 1, 9]


# Which source


def test_course_digits_decides_what_auto_means(course, monkeypatch, capsys):
    mnist_files.write_npz(course / "mndata.npz")
    monkeypatch.setenv("COURSE_DIGITS", "bundled")
    assert data.load_digits().name == "bundled"
    assert data.load_digits("mnist").name == "mnist"
    monkeypatch.setenv("COURSE_DIGITS", "mnist")
    assert data.load_digits().name == "mnist"
    assert data.load_digits("bundled").name == "bundled"
    (course / "mndata.npz").unlink()
    with pytest.raises(OSError, match="could not be downloaded"):
        data.load_digits()
    assert capsys.readouterr().out == ""


def test_unknown_sources_are_refused(course, monkeypatch):
    with pytest.raises(ValueError, match="source is 'minst'.*bundled"):
        data.load_digits("minst")
    for value in ("auto", "MNIST", "no"):
        monkeypatch.setenv("COURSE_DIGITS", value)
        with pytest.raises(ValueError, match=f"COURSE_DIGITS is '{value}'"):
            data.load_digits()


def test_empty_variables_count_as_unset(course, monkeypatch, tmp_path):
    mnist_files.write_npz(tmp_path / "mndata.npz")
    monkeypatch.chdir(tmp_path)  # an empty COURSE_DATA must not mean the current folder
    monkeypatch.setenv("COURSE_DIGITS", "")
    monkeypatch.setenv("COURSE_DATA", "")
    assert data.load_digits().name == "bundled"


def test_bundled_never_touches_files_of_mnist_or_the_network(course, monkeypatch):
    (course / "mndata.npz").write_bytes(HTML)
    monkeypatch.setattr(digits, "_download", lambda: pytest.fail("asked the network"))
    assert data.load_digits("bundled").name == "bundled"


# Where MNIST is found


def dotted(files):
    return {name.replace("-idx", ".idx"): content for name, content in files.items()}


FORMS = {
    "mndata.npz": lambda folder: mnist_files.write_npz(folder / "mndata.npz"),
    "mnist.npz": lambda folder: mnist_files.write_npz(folder / "mnist.npz"),
    "raw": lambda folder: mnist_files.write_files(folder, mnist_files.IDX),
    "gz": lambda folder: mnist_files.write_files(folder, mnist_files.GZ),
    "dotted": lambda folder: mnist_files.write_files(folder, dotted(mnist_files.IDX)),
    "dotted gz": lambda folder: mnist_files.write_files(folder, dotted(mnist_files.GZ)),
    "torchvision": lambda folder: mnist_files.write_files(folder / "MNIST" / "raw", mnist_files.GZ | mnist_files.IDX),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", ["course", "elsewhere"])
def test_mnist_is_found_in_every_form(course, request, capsys, form, place):
    folder = request.getfixturevalue(place)
    FORMS[form](folder)
    (folder / "mnist.csv").touch()  # of no account beside a form that is read
    assert_is_tiny_mnist(data.load_digits("mnist"))
    assert_is_tiny_mnist(data.load_digits("auto"))
    assert capsys.readouterr().out == ""


def test_arrays_in_column_order_come_out_in_row_order(course):
    mnist_files.write_npz(course / "mndata.npz", [np.asfortranarray(array) for array in mnist_files.ARRAYS])
    found = data.load_digits("mnist")
    assert_is_tiny_mnist(found)
    assert found.x_train.flags.c_contiguous


def test_course_data_that_is_no_folder_is_named(course, elsewhere, capsys):
    elsewhere.rmdir()
    assert_refused(f"COURSE_DATA is {elsewhere}, which is not a folder")
    mnist_files.write_npz(course / "mndata.npz")
    assert_is_tiny_mnist(data.load_digits("auto"))
    assert f"COURSE_DATA is {elsewhere}" in capsys.readouterr().out


def test_course_data_with_other_data_sets_is_no_fault(course, elsewhere, capsys):
    for name in ("planes_birds.npz", "cifar-10-python.tar.gz", ".DS_Store", "notes.md"):
        (elsewhere / name).touch()
    mnist_files.write_npz(course / "mndata.npz")
    assert_is_tiny_mnist(data.load_digits("mnist"))
    assert_is_tiny_mnist(data.load_digits("auto"))
    assert capsys.readouterr().out == ""
    (course / "mndata.npz").unlink()
    assert_bundled(capsys, f"MNIST is not in {elsewhere} or {course}")


# Forms that are not read

UNKNOWN = ["mnist_train.csv", "MNIST.pkl.gz", "mnist-original.mat", "mnist_784.arff", "train-00000-of-00001.parquet",
           "training.pt", "train-images-idx3-ubyte.zip", "digit-recognizer.zip", "mnist_png/", "7/"]


@pytest.mark.parametrize("name", UNKNOWN)
@pytest.mark.parametrize("place", ["course", "elsewhere"])
def test_a_form_that_is_not_read_is_named_before_anything_is_downloaded(course, monkeypatch, request, capsys, name, place):
    folder = request.getfixturevalue(place)
    (folder / name).mkdir() if name.endswith("/") else (folder / name).touch()
    wanted = "mndata.npz or mnist.npz, or the four files train-images-idx3-ubyte", "README"
    with monkeypatch.context() as patch:
        patch.setattr(digits, "_download", lambda: pytest.fail("downloaded without a word"))
        assert_refused(f"{folder} was looked at for MNIST. It holds {name.rstrip('/')}, which is in no form that is read", *wanted)
    assert_bundled(capsys, f"{folder} was looked at for MNIST", f"It holds {name.rstrip('/')},")


def test_many_files_of_an_unknown_form_are_not_all_listed(elsewhere):
    for digit in range(10):
        (elsewhere / str(digit)).mkdir()
    assert_refused("It holds 0, 1, 2, 3 and 6 more, which")


def test_of_the_four_files_those_that_are_missing_are_named(elsewhere, capsys):
    mnist_files.write_files(elsewhere, mnist_files.GZ)
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (elsewhere / f"{name}.gz").unlink()
    words = f"{elsewhere} was looked at for MNIST. Of its four files it lacks t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte:"
    assert_refused(words)
    assert_bundled(capsys, words)


# Bad files


def with_one(place, array):
    """A function that writes an archive in which one of the four arrays is another."""
    return lambda path: mnist_files.write_npz(path, [*mnist_files.ARRAYS[:place], array, *mnist_files.ARRAYS[place + 1:]])


def with_bytes(change):
    """A function that writes a good archive, and then changes its bytes."""
    def spoil(path):
        mnist_files.write_npz(path)
        content = bytearray(path.read_bytes())
        path.write_bytes(change(content) or content)
    return spoil


IMAGES, LABELS = mnist_files.ARRAYS[:2]
ONE_BIT = IMAGES.copy()
ONE_BIT[3, 14, 14] ^= 1
NPY = io.BytesIO()
np.save(NPY, IMAGES)
BAD_ARCHIVES = {
    "truncated": (with_bytes(lambda content: content[:len(content) // 2]), "not a zip file"),
    "one bit of the file": (with_bytes(lambda content: content.__setitem__(2000, content[2000] ^ 1)), ""),
    "one bit of a pixel": (with_one(0, ONE_BIT), "train-images-idx3-ubyte is well-formed, but it is not MNIST's"),
    "another label": (with_one(1, (LABELS + 1) % 10), "train-labels-idx1-ubyte is well-formed, but it is not MNIST's"),
    "keys missing": (lambda path: mnist_files.write_npz(path, keys=digits.KEYS[:3]), "no array named testlabels"),
    "wrong shape": (with_one(0, IMAGES.reshape(6, 784)), "uint8 (6, 784) where uint8 (6, 28, 28)"),
    "wrong dtype": (with_one(0, IMAGES.astype(np.float32)), "float32 (6, 28, 28) where uint8"),
    "web page": (lambda path: path.write_bytes(b"\n" + HTML), "web page"),
    "plain npy": (lambda path: path.write_bytes(NPY.getvalue()), "not an .npz archive"),
    "empty": (Path.touch, "not an .npz archive"),
    "folder": (Path.mkdir, ""),
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
@pytest.mark.parametrize("place", ["course", "elsewhere"])
def test_bad_archive_is_named_and_not_used(course, request, capsys, case, place):
    folder, (spoil, words) = request.getfixturevalue(place), BAD_ARCHIVES[case]
    spoil(folder / "mndata.npz")
    assert_refused(f"{folder / 'mndata.npz'} cannot be used: ", words, "Move mndata.npz elsewhere or delete it, and run again")
    assert_bundled(capsys, f"{folder / 'mndata.npz'} cannot be used")

    for good_one in ("gz", "mnist.npz"):  # a good copy of another form is used, and the bad file still named
        FORMS[good_one](course)
        assert_is_tiny_mnist(data.load_digits("auto"))
        line = capsys.readouterr().out
        assert line.count("\n") == 1 and "MNIST is loaded" in line and line.count(str(folder / "mndata.npz")) == 1


def test_course_data_that_is_the_data_folder_is_read_once(course, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", str(course))
    (course / "mndata.npz").write_bytes(HTML)
    assert_bundled(capsys, "web page")


class Trap:
    """Unpickling one leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("form", ["pickle", "archive"])
def test_nothing_is_ever_unpickled(course, tmp_path, capsys, form):
    sprung = tmp_path / "sprung"
    path = course / "mndata.npz"
    if form == "pickle":
        path.write_bytes(pickle.dumps(Trap(sprung)))
    else:
        with_one(0, np.array([Trap(sprung)], dtype=object))(path)
    assert_refused(path)
    assert_bundled(capsys, path)
    assert not sprung.exists()


RAW = mnist_files.IDX[IDX_NAME]
BAD_IDX = {
    "truncated": (RAW[:1000], "it is cut short"),
    "header truncated": (RAW[:10], "IDX file of shape (6, 0, 0), but MNIST's train-images-idx3-ubyte is (6, 28, 28)"),
    "too long": (RAW + b"\0", "longer than its header says"),
    "web page": (HTML, "web page"),
    "other shape": (mnist_files.idx(mnist_files.ARRAYS[2]), "IDX file of shape (4, 28, 28), but MNIST's"),
    "labels": (mnist_files.idx(LABELS), "not an IDX file of bytes with 3 axes"),
    "another data set": (mnist_files.idx(255 - IMAGES), "train-images-idx3-ubyte is well-formed, but it is not MNIST's"),
    "empty": (b"", "not an IDX file"),
}
BAD_GZ = {f"gz, {case}": (gzip.compress(content), words) for case, (content, words) in BAD_IDX.items() if case != "web page"} | {
    "gz truncated": (gzip.compress(RAW)[:1000], "ended"),
    "gz bomb": (gzip.compress(RAW[:16] + bytes(10**7)), "longer than its header says"),
}


@pytest.mark.parametrize("case", BAD_IDX | BAD_GZ)
def test_bad_idx_file_is_named_and_not_used_or_written_over(course, capsys, monkeypatch, case):
    (content, words), ending = (BAD_IDX | BAD_GZ)[case], ".gz" if case in BAD_GZ else ""
    path = course / f"{IDX_NAME}{ending}"
    mnist_files.write_files(course, (mnist_files.GZ if ending else mnist_files.IDX) | {path.name: content})
    monkeypatch.setattr(digits, "MIRRORS", ("no network is asked: all four files are there",))
    assert_refused(f"{path} cannot be used: ", words, f"Move {path.name} elsewhere or delete it, and run again")
    assert "damaged" not in assert_bundled(capsys, path)
    assert path.read_bytes() == content


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
@pytest.mark.parametrize("form", ["mndata.npz", "gz", "raw"])
def test_whatever_bytes_change_the_digits_are_right_or_refused(course, form, draw):
    """Cut, flip or overwrite anything, anywhere: never a wrong pixel, never another exception."""
    FORMS[form](course)
    name = form if form == "mndata.npz" else IDX_NAME + (".gz" if form == "gz" else "")
    content = bytearray((course / name).read_bytes())
    start = draw.draw(st.integers(0, len(content) - 1))
    new = draw.draw(st.binary(min_size=1, max_size=8))
    if draw.draw(st.booleans()):
        content[start : start + len(new)] = new
    else:
        del content[start:]
    (course / name).write_bytes(content)
    try:
        found = data.load_digits("mnist")
    except ValueError as refused:
        assert str(course / name) in str(refused)
    else:
        assert_is_tiny_mnist(found)


def other_digits(path):
    mnist_files.write_npz(path, keys=digits.KEYS)


@pytest.mark.parametrize("spoil", [other_digits, Path.unlink])
@pytest.mark.parametrize("source", ["bundled", "auto"])
def test_damaged_bundled_file_is_named(course, spoil, source):
    spoil(course / "digits.npz")
    with pytest.raises(ValueError, match=f"{course / 'digits.npz'} cannot be used.*git checkout"):
        data.load_digits(source)


# Downloads, from servers of our own


class Mirror:
    """A web server on 127.0.0.1. `answer(name)` gives status, body, and the length that it claims."""

    def __init__(self, answer):
        asked = self.asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path.lstrip("/"))
                status, body, length = answer(asked[-1])
                self.reply(status, length)
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(body)

            def do_HEAD(self):
                self.reply(200, 0)

            def reply(self, status, length):
                self.send_response(status)
                self.send_header("Content-Length", str(length))
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def mirrors(monkeypatch):
    """Start mirrors, one for each function, and let them be MNIST's; stop them when the test ends."""
    with contextlib.ExitStack() as stack:

        def start(*answers):
            started = [stack.enter_context(contextlib.closing(Mirror(answer))) for answer in answers]
            monkeypatch.setattr(digits, "MIRRORS", tuple(mirror.url for mirror in started))
            return started

        yield start


def sends(content, status=200):
    return status, content, len(content)


def good(name):
    return sends(mnist_files.GZ[name])


BAD_MIRRORS = {
    "cut half-way": lambda name: (200, mnist_files.GZ[name][:500], len(mnist_files.GZ[name])),
    "other content": lambda name: sends(gzip.compress(mnist_files.IDX[name.removesuffix(".gz")][:-1] + b"\xaa")),
    "web page": lambda name: sends(HTML),
    "not found": lambda name: sends(HTML, 404),
}


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_mnist_is_downloaded_once(course, mirrors, capsys):
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
    for words in ("train-images-idx3-ubyte.gz, train-labels", broken.url, "ask for MNIST by name", "README"):
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
    FORMS["dotted"](course)
    (course / "t10k-labels.idx1-ubyte").unlink()
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
    mirrors(lambda name: released.wait(10) and good(name), good)
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

    def together(name):
        """Hold the first file back until both processes are half-way into it."""
        if name.startswith(IDX_NAME):
            both.wait()
        return good(name)

    server = mirrors(together)[0]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (Path(__file__).parent, Path(data.__file__).parents[2])))}
    command = [sys.executable, "-c", FETCH, str(course), server.url]
    processes = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        errors = process.communicate(timeout=60)[1]
        assert process.returncode == 0, errors
    assert server.asked.count(f"{IDX_NAME}.gz") == 2  # they did overlap
    assert names_in(course) == sorted(["digits.npz", *mnist_files.GZ])
