"""CIFAR-10 downloaded, from servers of our own: what has arrived is kept, and nothing half written is taken for whole."""
import os
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import cifar_files
import pytest
from cifar_files import ARCHIVE, PACKED, assert_is_tiny_cifar, course, folder  # noqa: F401
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mirror import sends, starter
from mnist_files import HTML, write_files
from test_downloads import FullDisk, names_in, read_only

from helpers import data
from helpers.data import fetch, planes_birds

PART = f"{ARCHIVE}.part"
HALF = 20 * fetch._CHUNK  # about


def ranged(content=PACKED, most=None, length=None):
    """A server that begins where it is told to; each time it sends so many bytes at most, though it claims all, or `length`."""
    def answer(name, wanted):
        rest = content[wanted:]
        return 206, rest[:most], len(rest) if length is None else length, [span(wanted, content)]
    return answer


def span(begin, content):
    return "Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}"


def whole(name, wanted):
    """A server that knows nothing of ranges."""
    return sends(PACKED)


@pytest.fixture
def mirrors(monkeypatch):
    """Start mirrors, one for each function, and let them be CIFAR-10's; stop them when the test ends."""
    with starter(monkeypatch, planes_birds) as start:
        yield start


def kept(folder):
    return (folder / PART).read_bytes()


def load():
    return data.load_planes_birds("cifar10")


def fails(*words):
    with pytest.raises(ConnectionError) as raised:
        load()
    for word in (f"{ARCHIVE} could not be downloaded", 'call load_planes_birds("cifar10")', "data/README.md", *words):
        assert word in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("server", [ranged(), whole])
def test_cifar_is_downloaded_once_after_a_clear_word(folder, mirrors, monkeypatch, capsys, server):
    monkeypatch.setattr(fetch, "tqdm", partial(fetch.tqdm, disable=False))  # whatever TQDM_DISABLE says
    first, second = mirrors(server, server)
    assert_is_tiny_cifar(data.load_planes_birds("auto"))
    assert first.asked == [ARCHIVE] and names_in(folder) == [ARCHIVE, "digits.npz"]
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 1 and ARCHIVE in printed.err  # a word, and a progress bar
    for word in (f"CIFAR-10 is downloaded into {folder}, once", "70 kB", "forty minutes", "interrupted", 'load_planes_birds("bundled")'):
        assert word in printed.out
    assert_is_tiny_cifar(data.load_planes_birds("auto"))
    assert first.asked == [ARCHIVE] and second.asked == [] and capsys.readouterr().out == ""


def test_the_word_comes_before_the_first_byte_and_not_without_a_network(folder, mirrors, capsys):
    cifar_files.assert_bundled(capsys, "no mirror answers")  # one line, and the word is not it
    said = []
    mirrors(lambda name, wanted: (said.append(capsys.readouterr().out), sends(PACKED))[1])
    load()
    assert "forty minutes" in said[0]


def test_a_connection_that_breaks_again_and_again_is_taken_up_where_it_broke(folder, mirrors):
    step = 12 * fetch._CHUNK
    server = mirrors(ranged(most=step))[0]
    assert_is_tiny_cifar(load())
    assert server.begun == list(range(0, len(PACKED), step)) and names_in(folder) == [ARCHIVE, "digits.npz"]


def test_a_server_that_ends_early_without_a_fault_is_asked_for_the_rest(folder, mirrors):
    server = mirrors(lambda name, wanted: ranged(most=None if wanted else HALF, length=None if wanted else HALF)(name, wanted))[0]
    assert_is_tiny_cifar(load())
    assert server.begun == [0, HALF]


@pytest.mark.parametrize("server", [ranged(most=0), ranged(most=0, length=0)])
def test_a_server_that_brings_nothing_more_is_left(folder, mirrors, server):
    write_files(folder, {PART: PACKED[:HALF]})
    broken, good = mirrors(server, ranged())
    assert_is_tiny_cifar(load())
    assert broken.begun == good.begun == [HALF]
    (folder / ARCHIVE).unlink()
    write_files(folder, {PART: PACKED[:HALF]})
    mirrors(server)
    fails("failed (", f"{HALF:,} of its {len(PACKED):,} bytes are here, and the next attempt goes on from there")
    assert kept(folder) == PACKED[:HALF]


@pytest.mark.parametrize("answer", [None, (404, HTML), (416, b""), (503, HTML)])
def test_what_has_arrived_is_kept_when_no_server_serves(folder, mirrors, answer):
    write_files(folder, {PART: PACKED[:1000]})
    if answer:
        mirrors(lambda name, wanted: sends(answer[1], answer[0]))
    fails("no mirror answers" if answer is None else "failed (HTTPError)", "1,000 of its")
    assert kept(folder) == PACKED[:1000]


BAD_ANSWERS = {
    "web page": lambda name, wanted: sends(HTML),
    "a longer file": ranged(PACKED + b"\0"),
    "a shorter file": ranged(PACKED[:-1]),
    "another place": lambda name, wanted: (206, PACKED[HALF:], len(PACKED) - HALF, [span(HALF, PACKED)]),
    "no place": lambda name, wanted: (206, PACKED[wanted:], len(PACKED) - wanted),
}


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
@pytest.mark.parametrize("begin", [0, 1000])
def test_a_server_with_another_file_costs_nothing_that_has_arrived(folder, mirrors, answer, begin):
    if begin:
        write_files(folder, {PART: PACKED[:begin]})
    server = mirrors(answer)[0]
    fails(f"{server.url} sent another file than {ARCHIVE}")
    assert len(server.asked) == 1
    assert names_in(folder) == [ARCHIVE + ".part", "digits.npz"] if begin else ["digits.npz"]
    if begin:
        assert kept(folder) == PACKED[:begin]
    mirrors(answer, ranged())
    assert_is_tiny_cifar(load())


OTHER = PACKED[:-1] + bytes([PACKED[-1] ^ 1])


def test_another_file_of_the_same_size_is_not_kept(folder, mirrors, capsys):
    server = mirrors(ranged(OTHER))[0]
    assert "bytes are here" not in fails(f"{server.url} sent another file than {ARCHIVE}")
    assert names_in(folder) == ["digits.npz"] and server.begun == [0]
    capsys.readouterr()
    assert data.load_planes_birds("auto").name == "bundled"
    assert "The bundled digits are loaded instead of CIFAR-10: " in capsys.readouterr().out
    mirrors(ranged(OTHER), ranged())
    assert_is_tiny_cifar(load())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
@pytest.mark.parametrize("server", [ranged(), whole], ids=["ranged", "whole"])
def test_whatever_lies_there_half_written_the_images_are_right(folder, mirrors, server, draw):
    """A good beginning of any length is gone on from; a spoilt one, or one that is too long, is begun again."""
    (folder / ARCHIVE).unlink(missing_ok=True)
    begin = draw.draw(st.one_of(st.sampled_from([0, 1, HALF, len(PACKED) - 1, len(PACKED)]), st.integers(0, len(PACKED))))
    spoil = draw.draw(st.sampled_from(["", "spoilt", "too long"])) if begin else ""
    there = {"": PACKED[:begin], "spoilt": PACKED[:begin - 1] + bytes([PACKED[begin - 1] ^ 1]), "too long": PACKED + b"more"}[spoil]
    write_files(folder, {PART: there})
    asked = mirrors(server)[0]
    assert_is_tiny_cifar(load())
    first = [begin] if len(there) < len(PACKED) else []
    assert asked.begun == first + ([0] if spoil and not (server is whole and first) else [])
    assert names_in(folder) == [ARCHIVE, "digits.npz"]


def test_half_an_archive_is_never_taken_for_whole(folder, mirrors, monkeypatch):
    """The name appears when the whole is verified, and no sooner."""
    verify, seen = planes_birds._verify_archive, []
    monkeypatch.setattr(planes_birds, "_verify_archive", lambda file: (seen.append(names_in(folder)), verify(file))[1])
    mirrors(ranged(most=HALF))
    load()
    assert seen[0] == [PART, "digits.npz"]


class Interrupted(fetch.tqdm):
    """A progress bar at whose third step somebody interrupts."""

    def update(self, n=1):
        self.steps = getattr(self, "steps", 0) + 1
        if self.steps == 3:
            raise KeyboardInterrupt


def test_an_interrupted_download_goes_on_where_it_stopped(folder, mirrors, monkeypatch):
    server = mirrors(ranged())[0]
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(fetch, "tqdm", Interrupted)
        load()
    arrived = 3 * fetch._CHUNK
    assert kept(folder) == PACKED[:arrived] and names_in(folder) == [PART, "digits.npz"]
    assert_is_tiny_cifar(load())
    assert server.begun == [0, arrived] and names_in(folder) == [ARCHIVE, "digits.npz"]


def test_progress_is_counted_from_what_is_there(folder, mirrors, monkeypatch):
    bars = []

    class Bar(fetch.tqdm):
        def close(self):
            bars.append((self.initial, self.n, self.total))
            super().close()

    monkeypatch.setattr(fetch, "tqdm", partial(Bar, disable=False))
    write_files(folder, {PART: PACKED[:HALF]})
    mirrors(ranged())
    load()
    assert bars[0] == (HALF, len(PACKED), len(PACKED))


def test_a_server_that_stalls_is_asked_again_as_long_as_it_brings_anything(folder, mirrors, monkeypatch):
    released = threading.Event()

    def slow(name, wanted):
        if wanted:
            released.wait(10)
        return ranged(most=HALF)(name, wanted)

    stalling, good = mirrors(slow, ranged())
    monkeypatch.setattr(fetch, "STALL_AFTER", 0.3)
    start = time.perf_counter()
    try:
        assert_is_tiny_cifar(load())
        assert time.perf_counter() - start < 8
        assert stalling.begun == [0, HALF] and good.begun == [HALF]
    finally:
        released.set()


@pytest.mark.parametrize("disk, words", [(FullDisk, "No space left on device. Free some space"),
                                         (read_only, "Permission denied. Free some space or make the folder writable")])
def test_disk_that_takes_nothing_is_named(folder, monkeypatch, mirrors, disk, words):
    first, second = mirrors(ranged(), ranged())
    with monkeypatch.context() as patch, pytest.raises(OSError, match=words) as raised:
        patch.setattr(fetch, "open", disk, raising=False)
        load()
    assert f"cannot be stored in {folder}" in str(raised.value) and not isinstance(raised.value, ConnectionError)
    assert len(first.asked) == 1 and second.asked == []
    assert_is_tiny_cifar(load())


def test_no_mirror_is_asked_twice_unless_cifar_is_asked_for(folder, monkeypatch, mirrors, capsys):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setattr(planes_birds, "MIRRORS", (f"http://127.0.0.1:{free.getsockname()[1]}/",))
    first = cifar_files.assert_bundled(capsys, "no mirror answers")
    with monkeypatch.context() as patch:
        patch.setattr(fetch, "_answering", lambda *args: pytest.fail("asked again"))
        assert cifar_files.assert_bundled(capsys) == first
    mirrors(ranged())
    assert_is_tiny_cifar(load())


# Processes

FETCH = """
import sys
from pathlib import Path
import cifar_files, pytest
from helpers.data import fetch, planes_birds

cifar_files.expect_tiny_cifar(pytest.MonkeyPatch())
fetch.FOLDER, planes_birds.MIRRORS = Path(sys.argv[1]), (sys.argv[2],)
cifar_files.assert_is_tiny_cifar(planes_birds.load_planes_birds("cifar10"))
"""


def fetching(folder, server):
    paths = map(str, (Path(__file__).parent, Path(data.__file__).parents[2]))
    return subprocess.Popen([sys.executable, "-c", FETCH, str(folder), server.url], stderr=subprocess.PIPE, text=True,
                            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)})


def test_a_process_that_is_killed_leaves_what_the_next_one_goes_on_from(folder, mirrors):
    gone = threading.Event()

    def half(name, wanted):
        """All is announced, half is sent, and then nothing while the connection is open."""
        yield PACKED[:HALF]
        gone.wait(30)

    server = mirrors(lambda name, wanted: (206, half(name, wanted), len(PACKED), [span(0, PACKED)]))[0]
    process = fetching(folder, server)
    try:
        until = time.monotonic() + 30
        while not (folder / PART).exists() or not kept(folder):
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        process.kill()
        process.communicate()
        gone.set()
    arrived = kept(folder)
    assert 0 < len(arrived) <= HALF and PACKED.startswith(arrived) and names_in(folder) == [PART, "digits.npz"]
    again = mirrors(ranged())[0]
    assert_is_tiny_cifar(load())
    assert again.begun == [len(arrived)]


def test_two_processes_fetching_at_once_both_get_good_data(folder, mirrors):
    """Each goes on writing from where it began, the second within what the first is writing."""
    both = threading.Barrier(2, timeout=60)

    def together(name, wanted):
        both.wait()
        return ranged()(name, wanted)

    server = mirrors(together)[0]
    processes = [fetching(folder, server) for _ in range(2)]
    for process in processes:
        errors = process.communicate(timeout=90)[1]
        assert process.returncode == 0, errors
    assert len(server.asked) == 2  # they did overlap
    assert names_in(folder) == [ARCHIVE, "digits.npz"] and (folder / ARCHIVE).read_bytes() == PACKED
