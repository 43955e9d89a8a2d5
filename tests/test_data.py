"""The digits: found, fetched, verified; and every fault a file or a network can have."""

import contextlib
import dataclasses
import errno
import gzip
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

REAL_FOLDER = data.FOLDER
HTML = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A data/ folder with only the bundled digits, a tiny MNIST, and no mirror."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(REAL_FOLDER / "digits.npz", folder)
    monkeypatch.setattr(data, "FOLDER", folder)
    monkeypatch.setattr(data, "MNIST", mnist_files.parts())
    monkeypatch.setattr(data, "MIRRORS", ())
    monkeypatch.setattr(data, "_no_download", None)
    monkeypatch.delenv("COURSE_DIGITS", raising=False)
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


def assert_is_tiny_mnist(digits):
    assert digits.name == "mnist"
    x_train, y_train, x_test, y_test = mnist_files.ARRAYS
    np.testing.assert_array_equal(digits.x_train, x_train[:, None] / np.float32(255))
    np.testing.assert_array_equal(digits.y_train, y_train)
    np.testing.assert_array_equal(digits.x_test, x_test[:, None] / np.float32(255))
    np.testing.assert_array_equal(digits.y_test, y_test)


def assert_refused(path, *words):
    """Asked for MNIST, `load_digits` raises and names the file, the fault and the cure."""
    with pytest.raises(ValueError) as raised:
        data.load_digits("mnist")
    for word in (str(path), *words, f"Delete {path.name} and run again"):
        assert word in str(raised.value)


# What comes out


def check_digits(digits, sizes):
    for images, labels, size in zip(
        (digits.x_train, digits.x_test), (digits.y_train, digits.y_test), sizes
    ):
        assert images.shape == (size, 1, 28, 28) and images.dtype == np.float32
        assert images.min() == 0 and images.max() == 1 and images.flags.c_contiguous
        assert labels.shape == (size,) and labels.dtype == np.int64
        assert set(labels) == set(range(10))


def test_bundled_digits_have_the_promised_form(course):
    digits = data.load_digits("bundled")
    check_digits(digits, (1437, 360))
    assert repr(digits) == (
        "Digits('bundled': 1,437 images to train on, 360 to test with, each 1x28x28)"
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        digits.x_train = None
    assert digits != data.load_digits("bundled")  # compared as objects, not array by array


def test_bundled_digits_are_framed_like_mnist(course):
    """In a 20x20 box, centre of mass within a pixel of the middle, every class in the test set."""
    digits = data.load_digits("bundled")
    images = np.concatenate([digits.x_train, digits.x_test])[:, 0]
    ink = images > 0
    for axis in (1, 2):
        used = ink.any(axis)
        extent = 28 - used.argmax(1) - used[:, ::-1].argmax(1)
        assert extent.max() <= 20
        mass = images.sum(axis)
        centre = (mass * np.arange(28)).sum(1) / mass.sum(1)
        assert np.abs(centre - 13.5).max() < 1.01
    assert np.bincount(digits.y_test).min() >= 30
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) > 1790  # hardly any twice


def test_bundled_file_is_small():
    assert (REAL_FOLDER / "digits.npz").stat().st_size < 500_000


@mnist_files.needs_mnist
def test_real_mnist_is_loaded_fast(monkeypatch):
    monkeypatch.setattr(data, "MIRRORS", ())
    start = time.perf_counter()
    digits = data.load_digits("mnist")
    assert time.perf_counter() - start < 5  # 0.3 s where measured
    check_digits(digits, (60000, 10000))
    assert list(digits.y_train[:5]) == [5, 0, 4, 1, 9]
    assert repr(digits).startswith("Digits('mnist': 60,000 images to train on, 10,000 to test")


# Which source


def test_unknown_source_is_refused(course):
    with pytest.raises(ValueError, match="source is 'minst'.*bundled"):
        data.load_digits("minst")


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


@pytest.mark.parametrize("value", ["auto", "MNIST", "no"])
def test_bad_course_digits_is_refused(course, monkeypatch, value):
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
    monkeypatch.setattr(data, "_download", lambda retry: pytest.fail("asked the network"))
    assert data.load_digits("bundled").name == "bundled"


# Where MNIST is found

FORMS = {
    "mndata.npz": lambda folder: mnist_files.write_npz(folder / "mndata.npz"),
    "mnist.npz": lambda folder: mnist_files.write_npz(folder / "mnist.npz", mnist_files.KERAS_KEYS),
    "raw": lambda folder: mnist_files.write_files(folder, mnist_files.IDX),
    "gz": lambda folder: mnist_files.write_files(folder, mnist_files.GZ),
    "dotted": lambda folder: mnist_files.write_files(
        folder, {name.replace("-idx", ".idx"): raw for name, raw in mnist_files.IDX.items()}
    ),
    "dotted gz": lambda folder: mnist_files.write_files(
        folder, {name.replace("-idx", ".idx"): raw for name, raw in mnist_files.GZ.items()}
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", ["data/", "COURSE_DATA"])
def test_mnist_is_found_in_every_form(course, monkeypatch, tmp_path, capsys, form, place):
    folder = course
    if place == "COURSE_DATA":
        folder = tmp_path / "elsewhere"
        folder.mkdir()
        monkeypatch.setenv("COURSE_DATA", str(folder))
    FORMS[form](folder)
    assert_is_tiny_mnist(data.load_digits("mnist"))
    assert_is_tiny_mnist(data.load_digits("auto"))
    assert capsys.readouterr().out == ""


def test_arrays_in_column_order_come_out_in_row_order(course):
    arrays = [np.asfortranarray(array) for array in mnist_files.ARRAYS]
    mnist_files.write_npz(course / "mndata.npz", arrays=arrays)
    digits = data.load_digits("mnist")
    assert_is_tiny_mnist(digits)
    assert digits.x_train.flags.c_contiguous


def test_course_data_that_is_no_folder_is_named(course, monkeypatch, tmp_path, capsys):
    missing = tmp_path / "missing"
    monkeypatch.setenv("COURSE_DATA", str(missing))
    with pytest.raises(ValueError, match="COURSE_DATA is .*missing, which is not a folder"):
        data.load_digits("mnist")
    mnist_files.write_npz(course / "mndata.npz")
    assert_is_tiny_mnist(data.load_digits("auto"))
    assert f"COURSE_DATA is {missing}" in capsys.readouterr().out


# Bad files


def truncated(path):
    mnist_files.write_npz(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path):
    """One bit of one image, in an archive made anew, so that zip's own checksum agrees."""
    images = mnist_files.ARRAYS[0].copy()
    images[3, 14, 14] ^= 1
    mnist_files.write_npz(path, arrays=[images, *mnist_files.ARRAYS[1:]])


def flipped_in_the_archive(path):
    mnist_files.write_npz(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def keys_missing(path):
    mnist_files.write_npz(path, keys=mnist_files.KEYS[:3])


def wrong_shape(path):
    mnist_files.write_npz(
        path, arrays=[mnist_files.ARRAYS[0].reshape(6, 784), *mnist_files.ARRAYS[1:]]
    )


def wrong_dtype(path):
    mnist_files.write_npz(
        path, arrays=[mnist_files.ARRAYS[0].astype(np.float32), *mnist_files.ARRAYS[1:]]
    )


def label_out_of_range(path):
    labels = mnist_files.ARRAYS[1].copy()
    labels[2] = 10
    mnist_files.write_npz(path, arrays=[mnist_files.ARRAYS[0], labels, *mnist_files.ARRAYS[2:]])


def web_page(path):
    path.write_bytes(b"\n" + HTML)


def plain_npy(path):
    with open(path, "wb") as file:
        np.save(file, mnist_files.ARRAYS[0])


def empty(path):
    path.write_bytes(b"")


BAD_ARCHIVES = {
    truncated: "not a zip file",
    flipped: "damaged: train-images",
    flipped_in_the_archive: "",
    keys_missing: "no array named",
    wrong_shape: "uint8 (6, 784) where uint8 (6, 28, 28)",
    wrong_dtype: "float32 (6, 28, 28) where uint8",
    label_out_of_range: "a label 10, outside 0 to 9",
    web_page: "web page",
    plain_npy: "not an .npz archive",
    empty: "not an .npz archive",
}


@pytest.mark.parametrize("spoil", BAD_ARCHIVES, ids=lambda spoil: spoil.__name__)
def test_bad_archive_is_named_and_never_trusted(course, capsys, spoil):
    path = course / "mndata.npz"
    spoil(path)
    assert_refused(path, BAD_ARCHIVES[spoil])

    assert data.load_digits("auto").name == "bundled"
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and "bundled digits" in line
    assert str(path) in line and "Delete" in line

    FORMS["gz"](course)  # a good copy of another form is used, and the bad file still named
    assert_is_tiny_mnist(data.load_digits("auto"))
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and "MNIST is loaded" in line and str(path) in line


class Trap:
    """Unpickling one leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("form", ["pickle", "archive"])
def test_nothing_is_ever_unpickled(course, tmp_path, form):
    sprung = tmp_path / "sprung"
    path = course / "mndata.npz"
    if form == "pickle":
        path.write_bytes(pickle.dumps(Trap(sprung)))
    else:
        traps = np.array([Trap(sprung)], dtype=object)
        mnist_files.write_npz(path, arrays=[traps, *mnist_files.ARRAYS[1:]])
    assert_refused(path)
    assert data.load_digits("auto").name == "bundled"
    assert not sprung.exists()


IDX_NAME = "train-images-idx3-ubyte"
BAD_IDX = {
    "raw truncated": (IDX_NAME, mnist_files.IDX[IDX_NAME][:1000], "header or size"),
    "raw too long": (IDX_NAME, mnist_files.IDX[IDX_NAME] + b"\0", "header or size"),
    "raw bit-flipped": (IDX_NAME, mnist_files.IDX[IDX_NAME][:-1] + b"\0", "damaged"),
    "raw web page": (IDX_NAME, HTML, "web page"),
    "raw other shape": (IDX_NAME, mnist_files.idx(mnist_files.ARRAYS[2]), "header or size"),
    "raw other header": (
        IDX_NAME,
        mnist_files.idx(mnist_files.ARRAYS[0].reshape(3, 56, 28)),
        "header or size",
    ),
    "raw labels": (IDX_NAME, mnist_files.idx(mnist_files.ARRAYS[1]), "not an IDX file"),
    "gz truncated": (f"{IDX_NAME}.gz", mnist_files.GZ[f"{IDX_NAME}.gz"][:1000], "ended"),
    "gz bit-flipped": (
        f"{IDX_NAME}.gz",
        gzip.compress(mnist_files.IDX[IDX_NAME][:-1] + b"\0"),
        "damaged",
    ),
    "gz web page": (f"{IDX_NAME}.gz", HTML, "web page"),
    "gz not zipped": (f"{IDX_NAME}.gz", mnist_files.IDX[IDX_NAME], "not a .gz file"),
    "gz bomb": (f"{IDX_NAME}.gz", gzip.compress(bytes(10**7)), "header or size"),
}


@pytest.mark.parametrize("case", BAD_IDX)
def test_bad_idx_file_is_named_and_never_trusted(course, capsys, case):
    name, content, words = BAD_IDX[case]
    files = mnist_files.GZ if name.endswith(".gz") else mnist_files.IDX
    mnist_files.write_files(course, {**files, name: content})
    assert_refused(course / name, words)
    assert data.load_digits("auto").name == "bundled"
    assert str(course / name) in capsys.readouterr().out


def test_idx_label_out_of_range_is_named(course):
    labels = mnist_files.ARRAYS[3].copy()
    labels[0] = 255
    mnist_files.write_files(
        course, {**mnist_files.IDX, "t10k-labels-idx1-ubyte": mnist_files.idx(labels)}
    )
    assert_refused(course / "t10k-labels-idx1-ubyte", "a label 255, outside 0 to 9")


def test_three_of_four_idx_files_are_not_mnist(course):
    FORMS["raw"](course)
    (course / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(OSError, match="could not be downloaded"):
        data.load_digits("mnist")


def test_bad_file_in_course_data_gives_way_to_a_good_one(course, monkeypatch, tmp_path, capsys):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("COURSE_DATA", str(elsewhere))
    web_page(elsewhere / "mndata.npz")
    mnist_files.write_npz(course / "mndata.npz")
    assert_refused(elsewhere / "mndata.npz", "web page")
    assert_is_tiny_mnist(data.load_digits("auto"))
    assert str(elsewhere / "mndata.npz") in capsys.readouterr().out


def test_course_data_that_is_the_data_folder_is_read_once(course, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", str(course))
    web_page(course / "mndata.npz")
    data.load_digits("auto")
    assert capsys.readouterr().out.count("web page") == 1


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
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
        digits = data.load_digits("mnist")
    except ValueError as refused:
        assert str(course / name) in str(refused)
    else:
        assert_is_tiny_mnist(digits)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-1000])


def pixel_changed(path):
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["testimages"][0, 14, 14] ^= 1
    np.savez_compressed(path, **arrays)


@pytest.mark.parametrize("spoil", [cut_short, pixel_changed, web_page, Path.unlink])
@pytest.mark.parametrize("source", ["bundled", "auto"])
def test_damaged_bundled_file_is_named(course, spoil, source):
    path = course / "digits.npz"
    spoil(path)
    with pytest.raises(ValueError, match="digits.npz cannot be used.*git checkout") as raised:
        data.load_digits(source)
    assert str(path) in str(raised.value)


# Downloads, against a server of our own


class Mirror:
    """A web server on 127.0.0.1. `answer(name)` gives status, body, and the length it claims."""

    def __init__(self, answer):
        self.asked = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.lstrip("/")
                mirror.asked.append(name)
                status, body, length = answer(name)
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
def mirror():
    """Start mirrors; stop them when the test ends."""
    with contextlib.ExitStack() as stack:

        def start(answer):
            started = Mirror(answer)
            stack.callback(started.close)
            return started

        yield start


def good(name):
    return 200, mnist_files.GZ[name], len(mnist_files.GZ[name])


def cut_half_way(name):
    status, body, length = good(name)
    return status, body[: length // 2], length


def wrong_checksum(name):
    body = bytearray(mnist_files.GZ[name])
    body[-20] ^= 1
    return 200, bytes(body), len(body)


def sends_web_page(name):
    return 200, HTML, len(HTML)


def not_found(name):
    return 404, HTML, len(HTML)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_mnist_is_downloaded_once(course, monkeypatch, mirror, capsys):
    first, second = mirror(good), mirror(good)
    monkeypatch.setattr(data, "MIRRORS", (first.url, second.url))
    assert_is_tiny_mnist(data.load_digits("auto"))
    assert_is_tiny_mnist(data.load_digits("auto"))
    assert first.asked == list(mnist_files.GZ) and second.asked == []
    assert names_in(course) == sorted(["digits.npz", *mnist_files.GZ])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("bad", [cut_half_way, wrong_checksum, sends_web_page, not_found])
def test_bad_mirror_leaves_nothing_and_the_next_one_serves(
    course, monkeypatch, mirror, capsys, bad
):
    broken, working = mirror(bad), mirror(good)
    monkeypatch.setattr(data, "MIRRORS", (broken.url,))
    with pytest.raises(ConnectionError) as raised:
        data.load_digits("mnist")
    for words in ("train-images-idx3-ubyte.gz", broken.url, 'load_digits("mnist")', "README"):
        assert words in str(raised.value)
    assert names_in(course) == ["digits.npz"]

    assert data.load_digits("auto").name == "bundled"
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and "bundled digits" in line and "README" in line

    monkeypatch.setattr(data, "MIRRORS", (broken.url, working.url))
    assert_is_tiny_mnist(data.load_digits("mnist"))
    assert names_in(course) == sorted(["digits.npz", *mnist_files.GZ])


def test_download_replaces_a_damaged_download(course, monkeypatch, mirror, capsys):
    FORMS["gz"](course)
    (course / f"{IDX_NAME}.gz").write_bytes(HTML)
    monkeypatch.setattr(data, "MIRRORS", (mirror(good).url,))
    assert_is_tiny_mnist(data.load_digits("auto"))
    assert f"{IDX_NAME}.gz cannot be used" in capsys.readouterr().out
    assert_is_tiny_mnist(data.load_digits("mnist"))


def test_content_is_verified_even_if_the_archive_has_the_known_sum(course, monkeypatch, mirror):
    forged = [part._replace(sha256="0" * 64) for part in data.MNIST]
    monkeypatch.setattr(data, "MNIST", tuple(forged))
    monkeypatch.setattr(data, "MIRRORS", (mirror(good).url,))
    with pytest.raises(ValueError, match=r"ubyte.gz cannot be used: it is damaged"):
        data.load_digits("mnist")
    assert data.load_digits("auto").name == "bundled"


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


def test_all_mirrors_down_is_quick_and_remembered(course, monkeypatch, capsys):
    monkeypatch.setattr(data, "MIRRORS", (closed_port(), closed_port()))
    assert data.load_digits("auto").name == "bundled"
    first = capsys.readouterr().out
    assert first.count("\n") == 1 and "no mirror answers" in first and "README" in first

    monkeypatch.setattr(data, "_answers", lambda mirror: pytest.fail("asked again"))
    start = time.perf_counter()
    assert data.load_digits("auto").name == "bundled"
    assert time.perf_counter() - start < 1
    assert capsys.readouterr().out == first


def test_asking_for_mnist_tries_again(course, monkeypatch, mirror):
    monkeypatch.setattr(data, "MIRRORS", (closed_port(),))
    assert data.load_digits("auto").name == "bundled"
    with pytest.raises(ConnectionError, match="no mirror answers"):
        data.load_digits("mnist")
    monkeypatch.setattr(data, "MIRRORS", (mirror(good).url,))
    assert_is_tiny_mnist(data.load_digits("mnist"))


def test_name_look_up_that_hangs_costs_no_more_than_the_limit(course, monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: released.wait(10) and [])
    monkeypatch.setattr(data, "ANSWER_WITHIN", 0.2)
    monkeypatch.setattr(data, "MIRRORS", ("http://one.invalid/", "http://two.invalid/"))
    start = time.perf_counter()
    try:
        assert data.load_digits("auto").name == "bundled"
        assert time.perf_counter() - start < 2
    finally:
        released.set()


def test_mirror_that_stalls_gives_way_to_the_next(course, monkeypatch, mirror):
    released = threading.Event()

    def stalls(name):
        released.wait(10)
        return good(name)

    monkeypatch.setattr(data, "STALL_AFTER", 0.2)
    monkeypatch.setattr(data, "MIRRORS", (mirror(stalls).url, mirror(good).url))
    start = time.perf_counter()
    try:
        assert_is_tiny_mnist(data.load_digits("mnist"))
        assert time.perf_counter() - start < 5
    finally:
        released.set()


# Disks


class FullDisk:
    """A file that takes some bytes and then has no room."""

    def __init__(self, file):
        self.file = file

    def write(self, content):
        self.file.write(content[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def __getattr__(self, name):
        return getattr(self.file, name)


def test_full_disk_is_named_and_leaves_nothing(course, monkeypatch, mirror, capsys):
    first, second = mirror(good), mirror(good)
    monkeypatch.setattr(data, "MIRRORS", (first.url, second.url))
    monkeypatch.setattr(
        pooch.downloaders, "open", lambda *args: FullDisk(open(*args)), raising=False
    )
    with pytest.raises(OSError, match="No space left on device. Free some space") as raised:
        data.load_digits("mnist")
    assert str(course) in str(raised.value)
    assert len(first.asked) == 1 and second.asked == []  # another mirror would not help
    assert data.load_digits("auto").name == "bundled"
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and "No space left" in line and str(course) in line
    assert names_in(course) == ["digits.npz"]


def test_folder_that_cannot_be_made_is_named(course, monkeypatch, mirror, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(data, "FOLDER", tmp_path / "file" / "data")
    monkeypatch.setattr(data, "MIRRORS", (mirror(good).url,))
    with pytest.raises(OSError, match="cannot be stored in .*file.*COURSE_DATA") as raised:
        data.load_digits("mnist")
    assert not isinstance(raised.value, ConnectionError)


def test_folder_that_is_read_only_is_named(course, monkeypatch, mirror, capsys):
    def refuse(*args, **kwargs):  # in place of permissions, which do not bind root
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(pooch.utils.tempfile, "NamedTemporaryFile", refuse)
    monkeypatch.setattr(data, "MIRRORS", (mirror(good).url,))
    assert data.load_digits("auto").name == "bundled"
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and f"cannot be stored in {course}" in line
    assert "make the folder writable" in line


# Two at once

FETCH = """
import sys
from pathlib import Path
import mnist_files
from helpers import data

data.FOLDER, data.MIRRORS, data.MNIST = Path(sys.argv[1]), (sys.argv[2],), mnist_files.parts()
digits = data.load_digits("mnist")
assert (digits.y_train == mnist_files.ARRAYS[1]).all()
"""


def test_two_processes_fetching_at_once_both_get_good_data(course, mirror):
    both = threading.Barrier(2, timeout=15)

    def together(name):
        """Hold the first file back until both processes are half-way into it."""
        if name.startswith(IDX_NAME):
            both.wait()
        return good(name)

    server = mirror(together)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", FETCH, str(course), server.url]
    processes = [
        subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        errors = process.communicate(timeout=30)[1]
        assert process.returncode == 0, errors
    assert server.asked.count(f"{IDX_NAME}.gz") == 2  # they did overlap
    assert names_in(course) == sorted(["digits.npz", *mnist_files.GZ])
