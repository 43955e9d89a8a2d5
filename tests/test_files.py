"""A file is replaced whole or not at all."""
import pytest

from helpers.files import replacing


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
