"""Planes and birds: found and verified, in every form; every fault of a file or a folder; and the bundled stand-in."""
import gzip
import hashlib
import io
import os
import pickle
import tarfile
import time
import tracemalloc
from pathlib import Path

import cifar_files
import numpy as np
import pytest
from cifar_files import (  # noqa: F401
    ARCHIVE, FORMS, INSIDE, NAMES, PACKED, assert_bundled, assert_is_tiny_cifar, assert_refused, course, elsewhere, folder,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mnist_files import HTML, write_files

from helpers import data, models, optim, training
from helpers.data import planes_birds

needs_planes = pytest.mark.skipif(
    not any((Path(place) / "planes_birds.npz").exists() for place in (data.FOLDER, os.environ.get("COURSE_DATA")) if place),
    reason="needs planes_birds.npz in data/ or $COURSE_DATA",
)


# What comes out


@pytest.fixture(scope="module")
def bundled():
    return data.load_planes_birds("bundled")


def check_form(found, sizes):
    for images, labels, size in zip((found.x_train, found.x_test), (found.y_train, found.y_test), sizes):
        assert images.shape == (size, 3, 32, 32) and images.dtype == np.float32 and images.flags.c_contiguous
        assert images.min() == 0 and images.max() == 1
        assert labels.shape == (size,) and labels.dtype == np.int64
        assert set(labels) == {0, 1} and (np.diff(labels) >= 0).all()


@needs_planes
def test_real_planes_and_birds_are_loaded_fast(monkeypatch):
    monkeypatch.setattr(planes_birds, "MIRRORS", ())
    start = time.perf_counter()
    found = data.load_planes_birds("cifar10")
    assert time.perf_counter() - start < 5  # 0.8 s where measured, from planes_birds.npz
    check_form(found, (10000, 2000))
    assert found.classes == ("airplane", "bird") and found.name in ("cifar10", "cifar10-jpeg")
    assert np.bincount(found.y_train).tolist() == [5000, 5000] and np.bincount(found.y_test).tolist() == [1000, 1000]
    planes, birds = (found.x_train[found.y_train == label].mean((0, 2, 3)) for label in (0, 1))
    assert planes[2] - planes[0] > 0.05 > -0.05 > birds[2] - birds[0]  # planes are before the sky, birds among leaves


def test_the_published_sums_and_sizes_are_known():
    """Of the archive as its home publishes it, and as Keras and torchvision check it."""
    assert planes_birds.SHA256 == "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
    assert planes_birds.SIZE == 170498071 and planes_birds.BATCH == 10000
    assert list(planes_birds.BATCHES) == list(NAMES)
    together = hashlib.sha256("".join(planes_birds.BATCHES.values()).encode()).hexdigest()
    assert together.startswith("f7358627169f")


# The bundled stand-in


def test_bundled_images_have_the_promised_form(bundled):
    check_form(bundled, (1437, 360))
    assert bundled.name == "bundled" and bundled.classes == ("even digit", "odd digit")


def test_bundled_images_are_the_same_on_every_machine(bundled):
    """As bytes, which no rounding reaches: whoever changes them changes what the lessons say of them."""
    for images, begins in ((bundled.x_train, "1af924bd7ad6"), (bundled.x_test, "5d86205aa3c1")):
        assert hashlib.sha256(np.rint(images * 255).astype(np.uint8)).hexdigest().startswith(begins)


def test_bundled_labels_are_those_of_the_digits(bundled):
    digits = data.load_digits("bundled")
    for new, old in ((bundled.y_train, digits.y_train), (bundled.y_test, digits.y_test)):
        assert np.bincount(new).tolist() == [(old % 2 == 0).sum(), (old % 2).sum()]


def test_bundled_images_show_their_digits(bundled):
    """Lighter than what is around them, and each at a place of its own."""
    digits = data.load_digits("bundled")
    ink = digits.x_train[np.argsort(digits.y_train % 2, kind="stable"), 0]
    places = set()
    for image, digit in list(zip(bundled.x_train.mean(1), ink))[::20]:
        light = {(row, column): ((image[row:row + 28, column:column + 28] - image.mean()) * digit).sum()
                 for row in range(5) for column in range(5)}
        place = max(light, key=light.get)
        there = image[place[0]:place[0] + 28, place[1]:place[1] + 28]
        assert there[digit > 0.9].mean() > there[digit == 0].mean() + 0.1
        places.add(place)
    assert len(places) > 15


def test_bundled_colours_tell_nothing(bundled):
    """Neither an image's mean colour nor its darkest and lightest ones: a line through them is no better than chance."""
    def colours(images):
        flat = images.reshape(len(images), 3, -1)
        return np.concatenate([flat.mean(2), flat.min(2), flat.max(2), np.ones((len(images), 1))], axis=1)

    line = np.linalg.lstsq(colours(bundled.x_train), bundled.y_train * 2.0 - 1, rcond=None)[0]
    assert abs(((colours(bundled.x_test) @ line > 0) == bundled.y_test).mean() - 0.5) < 0.12  # 4.5 standard errors


def test_bundled_images_are_made_fast_and_leave_random_numbers_alone():
    np.random.seed(3)
    expected, start = np.random.RandomState(3).random(), time.perf_counter()
    data.load_planes_birds("bundled")
    assert time.perf_counter() - start < 5  # 0.2 s where measured
    assert np.random.random() == expected


def test_a_small_residual_network_learns_the_bundled_images_but_not_at_once(bundled):
    """Over seeds 0 to 2: 0.75 to 0.76 after one epoch, 0.87 to 0.89 after five."""
    net = models.resnet((1, 1, 1), filters=(16, 32, 64), num_classes=2)
    history = training.fit(net, bundled, optim.Adam(net.parameters(), 1e-3), epochs=5, batch_size=64, seed=0)
    assert 0.6 < history.test_accuracy[0] < 0.85 < history.test_accuracy[-1] < 0.95


# Which source


def test_course_digits_decides_what_auto_means(folder, monkeypatch, capsys):
    FORMS["archive"](folder)
    monkeypatch.setenv("COURSE_DIGITS", "bundled")
    assert data.load_planes_birds().name == "bundled"
    assert data.load_planes_birds("cifar10").name == "cifar10"
    monkeypatch.setenv("COURSE_DIGITS", "mnist")
    assert data.load_planes_birds().name == "cifar10"
    assert data.load_planes_birds("bundled").name == "bundled"
    (folder / ARCHIVE).unlink()
    with pytest.raises(OSError, match="could not be downloaded"):
        data.load_planes_birds()
    assert capsys.readouterr().out == ""


def test_unknown_sources_are_refused(folder, monkeypatch):
    for source in ("mnist", "planes_birds", "cifar100"):
        with pytest.raises(ValueError, match=f"source is '{source}'; use \"auto\", \"cifar10\" or \"bundled\""):
            data.load_planes_birds(source)
    monkeypatch.setenv("COURSE_DIGITS", "cifar10")
    with pytest.raises(ValueError, match="COURSE_DIGITS is 'cifar10'"):
        data.load_planes_birds()


def test_bundled_never_touches_files_of_cifar_or_the_network(folder, monkeypatch):
    write_files(folder, {ARCHIVE: HTML})
    monkeypatch.setattr(planes_birds, "_download", lambda: pytest.fail("asked the network"))
    assert data.load_planes_birds("bundled").name == "bundled"


# Where CIFAR-10 is found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", ["folder", "elsewhere"])
def test_planes_and_birds_are_found_in_every_form(folder, request, monkeypatch, capsys, form, place):
    place = request.getfixturevalue(place)
    FORMS[form](place)
    write_files(place, {"cifar10.csv": b""})  # of no account beside a form that is read
    monkeypatch.setattr(planes_birds, "_download", lambda: pytest.fail("asked the network"))
    assert_is_tiny_cifar(data.load_planes_birds("cifar10"), form)
    assert_is_tiny_cifar(data.load_planes_birds("auto"), form)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("home", ["KERAS_HOME", "HOME"])
def test_what_keras_keeps_is_found_last(folder, tmp_path, monkeypatch, capsys, home):
    cache = tmp_path / "keras" / "datasets"
    if home == "HOME":
        monkeypatch.delenv("KERAS_HOME")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        cache = tmp_path / ".keras" / "datasets"
    write_files(cache, {"cifar-100-python.tar.gz": b"", "cifar10.zip": b""})
    assert_bundled(capsys, "CIFAR-10 is not in ")
    cifar_files.write_keras(cache)
    assert_is_tiny_cifar(data.load_planes_birds("cifar10"))
    FORMS["npz"](folder)
    assert_is_tiny_cifar(data.load_planes_birds("cifar10"), "npz")


def test_a_folder_that_is_keras_cache_and_course_data_is_read_once(folder, elsewhere, monkeypatch, capsys):
    cache = elsewhere / "datasets"
    monkeypatch.setenv("KERAS_HOME", str(elsewhere))
    monkeypatch.setenv("COURSE_DATA", str(cache))
    write_files(cache, {f"{INSIDE}-target_archive": HTML})
    assert_bundled(capsys, "web page")


def test_of_two_forms_in_a_folder_the_pictures_as_jpeg_come_first(folder):
    """The stored outputs of the lessons are of these."""
    FORMS["archive"](folder)
    FORMS["npz"](folder)
    assert_is_tiny_cifar(data.load_planes_birds("cifar10"), "npz")


def test_course_data_with_other_data_sets_is_no_fault(folder, elsewhere, capsys):
    write_files(elsewhere, dict.fromkeys(["mndata.npz", "cifar-100-python.tar.gz", "CIFAR100.npz", "train", "notes.md"], b""))
    (elsewhere / "cifar-100-python").mkdir()
    FORMS["archive"](folder)
    assert_is_tiny_cifar(data.load_planes_birds("cifar10"))
    assert_is_tiny_cifar(data.load_planes_birds("auto"))
    assert capsys.readouterr().out == ""
    (folder / ARCHIVE).unlink()
    assert_bundled(capsys, f"CIFAR-10 is not in {elsewhere} or {folder}")


UNKNOWN = ["cifar-10.zip", "cifar-10-binary.tar.gz", "cifar-10-matlab.tar.gz", "cifar10.npz", "cifar-10-python.tar", "CIFAR-10-images/",
           "cifar10_train.parquet", "data_batch_1", "test_batch", "planes_birds.csv"]


@pytest.mark.parametrize("name", UNKNOWN)
@pytest.mark.parametrize("place", ["folder", "elsewhere"])
def test_a_form_that_is_not_read_is_named_before_anything_is_downloaded(folder, monkeypatch, request, capsys, name, place):
    place = request.getfixturevalue(place)
    (place / name).mkdir() if name.endswith("/") else (place / name).touch()
    words = f"{place} was looked at for CIFAR-10. It holds {name.rstrip('/')}, which is in no form that is read. Wanted there: "
    with monkeypatch.context() as patch:
        patch.setattr(planes_birds, "_download", lambda: pytest.fail("downloaded without a word"))
        assert_refused(words + f"planes_birds.npz, or {ARCHIVE}, or the folder {INSIDE}", "data/README.md")
    assert_bundled(capsys, words)


# Bad files: each is named, and another form that is good is used in its place


def test_a_folder_that_lacks_files_is_named(folder, capsys):
    FORMS["folder"](folder)
    for name in ("data_batch_3", "test_batch"):
        (folder / INSIDE / name).unlink()
    words = f"{folder / INSIDE} was looked at for CIFAR-10. It lacks data_batch_3, test_batch: unpack {ARCHIVE} anew"
    assert_refused(words)
    assert_bundled(capsys, words)


def assert_not_used(folder, capsys, path, *words):
    assert_refused(f"{path} cannot be used: ", *words, f"Move {path.name} elsewhere or delete it, and run again")
    assert_bundled(capsys, f"{path} cannot be used")
    cifar_files.write_files(folder, {f"{INSIDE}.tar.gz": PACKED})
    assert_is_tiny_cifar(data.load_planes_birds("auto"))
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and "CIFAR-10 is loaded" in line and line.count(str(path)) == 1


def npz_with(place, values):
    return lambda path: cifar_files.write_npz(path, [*cifar_files.NPZ[:place], values, *cifar_files.NPZ[place + 1:]])


IMAGES, LABELS = cifar_files.NPZ[:2]
ONE_BIT = IMAGES.copy()
ONE_BIT[3, 14, 14, 1] ^= 1
BAD_NPZ = {
    "one bit of a pixel": (npz_with(0, ONE_BIT), "train-images is well-formed, but it is not the known copy's"),
    "the images of CIFAR-10 itself": (npz_with(0, np.rint(cifar_files.EXPECTED[0] * 255).astype(np.uint8).transpose(0, 2, 3, 1)),
                                      f"not the known copy's: its SHA-256 begins with ARCHIVE so use {ARCHIVE}"),
    "classes exchanged": (npz_with(1, 1 - LABELS), "train-labels is well-formed, but it is not the known copy's"),
    "channels first": (npz_with(0, IMAGES.transpose(0, 3, 1, 2)), "is uint8 (40, 3, 32, 32) where uint8 (40, 32, 32, 3)"),
    "floats": (npz_with(0, IMAGES / 255), "is float64 (40, 32, 32, 3) where uint8"),
    "MNIST": (lambda path: np.savez(path, x_train=np.zeros((6, 28, 28), np.uint8)), "no array named trainimages, trainlabels"),
    "truncated": (lambda path: (npz_with(0, IMAGES)(path), path.write_bytes(path.read_bytes()[:3000])), "not a zip file"),
    "web page": (lambda path: path.write_bytes(HTML), "web page"),
    "empty": (Path.touch, "not an .npz archive"),
}


@pytest.mark.parametrize("case", BAD_NPZ)
@pytest.mark.parametrize("place", ["folder", "elsewhere"])
def test_bad_npz_is_named_and_not_used(folder, request, capsys, case, place):
    path, (spoil, words) = request.getfixturevalue(place) / "planes_birds.npz", BAD_NPZ[case]
    spoil(path)
    assert_not_used(folder, capsys, path, *words.split("ARCHIVE"))


def spoilt(content, place):
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1:]


CIFAR_100 = cifar_files.packed({"train": b"\x80\x02N.", "test": b"\x80\x02N."}, "cifar-100-python")
BINARY = cifar_files.packed({"data_batch_1.bin": b""}, "cifar-10-batches-bin")
BAD_ARCHIVES = {
    "truncated": (PACKED[:-1000], f"it is cut short, for it has {len(PACKED) - 1000:,} bytes where {ARCHIVE} has {len(PACKED):,}"),
    "half": (PACKED[:len(PACKED) // 2], "it is cut short"),
    "a few bytes": (PACKED[:20], "it is cut short"),
    "empty": (b"", "it is cut short, for it has 0 bytes"),
    "too long": (PACKED + b"\0", "it is too long"),
    "one bit": (spoilt(PACKED, len(PACKED) // 2), "it is not CIFAR-10's: its SHA-256 begins with "),
    "CIFAR-100": (CIFAR_100, f"it is an archive of cifar-100-python, where {INSIDE} is wanted"),
    "CIFAR-100, of the same size": (CIFAR_100.ljust(len(PACKED), b"\0"), "it is an archive of cifar-100-python"),
    "the binary form": (BINARY, "it is an archive of cifar-10-batches-bin"),
    "packed anew": (gzip.compress(gzip.decompress(PACKED), 1, mtime=0), ""),
    "not packed": (gzip.decompress(PACKED), "it is too long"),
    "web page": (HTML, "web page"),
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
@pytest.mark.parametrize("place", ["folder", "elsewhere"])
def test_bad_archive_is_named_and_not_used_or_written_over(folder, request, capsys, monkeypatch, case, place):
    path, (content, words) = request.getfixturevalue(place) / ARCHIVE, BAD_ARCHIVES[case]
    write_files(path.parent, {ARCHIVE: content})
    monkeypatch.setattr(planes_birds, "MIRRORS", ("no network is asked: the archive is there",))
    if place == "folder":
        assert_not_used(folder, capsys, path, words)
    else:
        assert_refused(f"{path} cannot be used: ", words)
    assert path.read_bytes() == content


def test_an_archive_that_unpacks_to_far_too_much_is_not_unpacked(folder):
    write_files(folder, {ARCHIVE: gzip.compress(bytes(10**8), 1)})
    tracemalloc.start()
    try:
        assert_refused("cannot be used")
        assert tracemalloc.get_traced_memory()[1] < 10**7
    finally:
        tracemalloc.stop()


GOOD = cifar_files.FILES["data_batch_2"]
FINE = cifar_files.pickled({"fine_labels": cifar_files.listed([]), "data": cifar_files.array(cifar_files.PIXELS["data_batch_2"])})
SMALL = cifar_files.batch(cifar_files.PIXELS["data_batch_2"][:39], cifar_files.LABELS["data_batch_2"])
GREY = cifar_files.batch(cifar_files.PIXELS["data_batch_2"][:, :1024], cifar_files.LABELS["data_batch_2"])
OTHER = "data_batch_2 is not CIFAR-10's: its MD5 begins with "
BAD_BATCHES = {
    "truncated": (GOOD[:1000], OTHER),
    "one bit": (spoilt(GOOD, len(GOOD) // 2), OTHER),
    "too long": (GOOD + b"\0", OTHER),
    "another of the six": (cifar_files.FILES["data_batch_1"], OTHER),
    "classes exchanged": (cifar_files.batch(cifar_files.PIXELS["data_batch_2"], 9 - cifar_files.LABELS["data_batch_2"]), OTHER),
    "CIFAR-100": (FINE, "such as CIFAR-100's"),
    "web page": (HTML, "web page"),
    "empty": (b"", OTHER),
}


@pytest.mark.parametrize("case", BAD_BATCHES)
@pytest.mark.parametrize("form", ["folder", "keras folder"])
def test_bad_file_in_the_folder_is_named_and_not_used(folder, elsewhere, capsys, case, form):
    FORMS[form](elsewhere)
    path = next(elsewhere.rglob("data_batch_2"))
    path.write_bytes(BAD_BATCHES[case][0])
    assert_not_used(folder, capsys, path, BAD_BATCHES[case][1])


def test_of_a_file_that_is_far_too_long_not_all_is_read(folder, monkeypatch):
    FORMS["folder"](folder)
    monkeypatch.setattr(planes_birds, "LIMIT", 10**6)
    write_files(folder / INSIDE, {"data_batch_2": bytes(10**8)})
    tracemalloc.start()
    try:
        assert_refused(OTHER)
        assert tracemalloc.get_traced_memory()[1] < 10**7
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("content, words", [
    (FINE, "data_batch_2 holds fine_labels, data, where data and labels are wanted"),
    (SMALL, "data_batch_2 holds uint8 (39, 3072) and 40 labels, where uint8 (40, 3072) and 40 labels are expected"),
    (GREY, "data_batch_2 holds uint8 (40, 1024) and 40 labels"),
    (cifar_files.pickled({"labels": cifar_files.listed([]), "data": cifar_files.array(np.zeros((40, 3072)), b"f8")}), "array of b'f8'"),
    (b"\x80\x02].", "cannot be used"),
    (b"\x80\x02", "cannot be used"),
    (b"\x80\x02cnumpy\nndarray\n(" + cifar_files.number(10**9) + b"tR.", "not callable"),
], ids=["CIFAR-100", "too few", "grey", "floats", "a list", "no end", "an array by its class"])
@pytest.mark.parametrize("form", ["folder", "archive"])
def test_verified_files_that_hold_something_else_are_refused_all_the_same(folder, monkeypatch, form, content, words):
    """Were the sums no proof, what comes out would still be planes and birds, or nothing."""
    path = spread(folder, monkeypatch, form, content)
    assert_refused(f"{path} cannot be used: ", words)


def spread(folder, monkeypatch, form, content):
    """Write CIFAR-10 with another data_batch_2, and let all sums be those of that; where the fault should be found."""
    files = cifar_files.FILES | {"data_batch_2": content}
    cifar_files.expect_files(monkeypatch, files)
    if form == "folder":
        write_files(folder / INSIDE, files)
        return folder / INSIDE / "data_batch_2"
    packed = cifar_files.packed(files)
    cifar_files.expect_archive(monkeypatch, packed)
    write_files(folder, {ARCHIVE: packed})
    return folder / ARCHIVE


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
@pytest.mark.parametrize("form", ["npz", "archive", "folder"])
def test_whatever_bytes_change_the_images_are_right_or_refused(folder, form, draw):
    """Cut, flip or overwrite anything, anywhere: never a wrong pixel, never another exception."""
    FORMS[form](folder)
    path = folder / {"npz": "planes_birds.npz", "archive": ARCHIVE, "folder": f"{INSIDE}/data_batch_4"}[form]
    content = bytearray(path.read_bytes())
    start = draw.draw(st.integers(0, len(content) - 1))
    new = draw.draw(st.binary(min_size=1, max_size=8))
    if draw.draw(st.booleans()):
        content[start : start + len(new)] = new
    else:
        del content[start:]
    path.write_bytes(content)
    try:
        found = data.load_planes_birds("cifar10")
    except ValueError as refused:
        assert str(path) in str(refused)
    else:
        assert_is_tiny_cifar(found, form)


# Pickles


class Trap:
    """Unpickling one leaves a file behind."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("form", ["npz", "archive", "folder"])
def test_what_is_not_verified_is_never_unpickled(folder, tmp_path, monkeypatch, capsys, form):
    def unpickle(*args, **kwargs):
        raise AssertionError("unpickled")

    monkeypatch.setattr(planes_birds, "_Unpickler", unpickle)
    monkeypatch.setattr(pickle, "load", unpickle)
    monkeypatch.setattr(pickle, "loads", unpickle)
    trap = Trap(tmp_path / "sprung")
    files = cifar_files.FILES | {"data_batch_1": pickle.dumps(trap, 2)}
    if form == "npz":
        npz_with(0, np.array([trap], dtype=object))(folder / "planes_birds.npz")
    elif form == "archive":
        write_files(folder, {ARCHIVE: cifar_files.packed(files)})
    else:
        write_files(folder / INSIDE, files)
    assert_refused("cannot be used")
    assert_bundled(capsys, "cannot be used")
    assert not (tmp_path / "sprung").exists()


def names(callable_name):
    """A pickle that calls this with one argument."""
    module, name = callable_name
    return f"c{module}\n{name}\n(".encode() + cifar_files.text(b"sprung") + b"tR"


NAMED = {("posix", "mkdir"), ("os", "system"), ("builtins", "eval"), ("__builtin__", "eval"), ("numpy", "load"), ("numpy", "array"),
         ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "_reconstruct"), ("_codecs", "encode"), ("numpy", "ndarray.tofile"),
         ("copyreg", "_reconstructor"), ("helpers.data.planes_birds", "_Unpickler")}


@pytest.mark.parametrize("named", sorted(NAMED), ids=".".join)
@pytest.mark.parametrize("form", ["folder", "archive"])
def test_verified_pickles_that_name_anything_else_are_refused_and_not_run(folder, monkeypatch, tmp_path, form, named):
    """Not even imported: what an import would run is not run either."""
    monkeypatch.chdir(tmp_path)
    content = cifar_files.batch(cifar_files.PIXELS["data_batch_2"], cifar_files.LABELS["data_batch_2"], more=names(named))
    path = spread(folder, monkeypatch, form, content)
    assert_refused(f"{path} cannot be used: it is a pickle that names {'.'.join(named)}, which CIFAR-10's do not")
    assert not (tmp_path / "sprung").exists()


def test_modules_that_a_pickle_names_are_not_imported(folder, monkeypatch, tmp_path):
    (tmp_path / "trap_module.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    for content in (b"\x80\x02ctrap_module\nanything\n.", b"\x80\x04\x8c\x0btrap_module\x8c\x08anything\x93."):
        spread(folder, monkeypatch, "folder", content)
        assert_refused("it is a pickle that names trap_module.anything")
    assert not (tmp_path / "sprung").exists()


def test_links_and_other_members_of_an_archive_are_left_alone(folder, monkeypatch):
    """Nothing is unpacked to disk, whatever an archive holds beside the six files."""
    raw = io.BytesIO(gzip.decompress(PACKED))
    with tarfile.open(fileobj=raw, mode="a") as tar:
        for name in ("../outside", "/tmp/outside", f"elsewhere/{NAMES[0]}", f"{INSIDE}/deeper/{NAMES[0]}"):
            entry = tarfile.TarInfo(name)
            entry.size = 4
            tar.addfile(entry, io.BytesIO(b"evil"))
    packed = gzip.compress(raw.getvalue(), mtime=0)
    cifar_files.expect_archive(monkeypatch, packed)
    write_files(folder, {ARCHIVE: packed})
    before = sorted(folder.parent.rglob("*"))
    assert_is_tiny_cifar(data.load_planes_birds("cifar10"))
    assert sorted(folder.parent.rglob("*")) == before
