"""A file is replaced whole or not at all."""
import zipfile

import numpy as np
import pytest

from helpers.files import replacing, write_npz


@pytest.mark.parametrize("before", [None, "old"])
def test_a_file_is_there_when_it_is_whole(tmp_path, before):
    path = tmp_path / "log.txt"
    if before:
        path.write_text(before)
    with replacing(path) as beside:
        beside.write_text("ne")
        assert (path.read_text() if path.exists() else None) == before
        beside.write_text("new")
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("before", [None, "old"])
def test_after_an_error_all_is_as_it_was(tmp_path, before):
    path = tmp_path / "log.txt"
    if before:
        path.write_text(before)
    with pytest.raises(OSError, match="full"), replacing(path) as beside:
        beside.write_text("ne")
        raise OSError("the disk is full")
    assert (path.read_text() if path.exists() else None) == before
    assert list(tmp_path.iterdir()) == ([path] if before else [])


ARRAYS = {"file": np.arange(6.0).reshape(2, 3).T, "allow_pickle": np.array(["text"]), "γ/w": np.float32(0.5), "": np.zeros((0, 2), bool)}


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_arrays_of_any_name_come_back(tmp_path, compression):
    write_npz(tmp_path / "a.npz", ARRAYS, compression)
    with open(tmp_path / "b.npz", "wb") as file:
        write_npz(file, ARRAYS, compression)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as found:
        assert found.files == list(ARRAYS)
        for name, array in ARRAYS.items():
            assert found[name].dtype == array.dtype and found[name].shape == array.shape and np.array_equal(found[name], array)
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {compression}


def test_python_objects_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle=False"):
        write_npz(tmp_path / "a.npz", {"x": np.array([{}])})
