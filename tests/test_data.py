"""The digits: found and verified, in every form; and every fault that a file or a folder can have."""
import gzip
import io
import pickle
import time
import tracemalloc
from pathlib import Path

import mnist_files
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mnist_files import HTML, IDX_NAME, assert_bundled, assert_is_tiny_mnist, assert_refused, course, elsewhere  # noqa: F401

from helpers import data
from helpers.data import digits

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
    assert (data.FOLDER / "digits.npz").stat().st_size < 500_000


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
    name = name.rstrip("/")
    words = f"{folder} was looked at for MNIST. It holds {name}, which is in no form that is read. Wanted there: "
    with monkeypatch.context() as patch:
        patch.setattr(digits, "_download", lambda: pytest.fail("downloaded without a word"))
        assert_refused(words + "mndata.npz or mnist.npz, or the four files train-images-idx3-ubyte", "data/README.md")
    assert_bundled(capsys, words)


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


def test_a_file_that_unpacks_to_far_too_much_is_not_unpacked(course):
    mnist_files.write_files(course, mnist_files.GZ | {f"{IDX_NAME}.gz": gzip.compress(RAW[:16] + bytes(10**8), 1)})
    tracemalloc.start()
    try:
        assert_refused("longer than its header says")
        assert tracemalloc.get_traced_memory()[1] < 10**7
    finally:
        tracemalloc.stop()


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
