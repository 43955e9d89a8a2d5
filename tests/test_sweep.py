"""Sweeps: the results of all runs, in order, each made once, and no half or foreign one among them."""
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import active_children, get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import sweep_runs
from hypothesis import given, strategies as st
from hypothesis import settings as examples
from hypothesis.extra.numpy import array_shapes, arrays

from helpers import data, kept, logs, models, training
from helpers.optim import SGD
from helpers.training import sweep

posix = pytest.mark.skipif(os.name != "posix", reason="no such signals")


class Backwards(Executor):
    """Runs all when asked to start the last of `count`, the last one first."""

    def __init__(self, count):
        self.count, self.waiting = count, []

    def submit(self, function, *args):
        run = Future()
        self.waiting.append((run, function, args))
        if len(self.waiting) == self.count:
            for waiting, function, args in reversed(self.waiting):
                try:
                    waiting.set_result(function(*args))
                except BaseException as error:
                    waiting.set_exception(error)
            self.count, self.waiting = 1, []
        return run


class Calls:
    """A function {"value": number} of (name, number), and what it was called with. Some names act in another way."""

    def __init__(self):
        self.seen, self.acts = [], {}

    def function(self):
        def train(setting):
            self.seen.append(setting)
            if setting in self.acts:
                return self.acts[setting]()
            return {"value": setting[1], "text": setting[0]}
        return train


@pytest.fixture
def calls():
    return Calls()


SETTINGS = [("a", 1), ("b", 2), ("c", 3), ("d", 4)]


def raises(error):
    def act():
        raise error
    return act


def values(results):
    return [None if result is None else int(result["value"]) for result in results]


# --- Results ------------------------------------------------------------------------------------

LEAVES = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | st.booleans() | st.none()
ANY = st.recursive(LEAVES, lambda some: st.lists(some) | st.tuples(some, some) | st.dictionaries(st.text(), some), max_leaves=5)


@given(st.lists(ANY, min_size=1, max_size=6, unique_by=lambda setting: json.dumps(setting, sort_keys=True)), st.randoms())
def test_results_come_in_the_order_of_the_settings(settings, random):
    wanted = [repr(setting) for setting in settings]
    assert sweep(sweep_runs.seen, settings) == wanted
    assert sweep(sweep_runs.seen, settings, Backwards(len(settings))) == wanted


def test_results_come_in_order_whichever_is_first():
    gate = threading.Event()

    def train(setting):
        if setting:
            gate.set()
        else:
            assert gate.wait(30)
        return setting

    with ThreadPoolExecutor(2) as pool:
        assert sweep(train, range(5), pool) == list(range(5))


def test_without_keep_a_result_may_be_anything():
    found = sweep(lambda setting: None if setting else SimpleNamespace(net=setting), [0, 1])
    assert found[0].net == 0 and found[1] is None


NAMES = st.text() | st.sampled_from(["file", "about", "allow_pickle", "0", "1", "args", "kwds", "a/b"])
NUMBERS = (st.integers(-2**60, 2**60) | st.floats() | st.booleans() | st.complex_numbers() | st.lists(st.floats())
           | arrays(st.sampled_from(["f4", "f8", "i2", "?"]), array_shapes(min_dims=0, min_side=0))
           | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))


@examples(max_examples=50)
@given(st.dictionaries(NAMES, NUMBERS, min_size=1, max_size=4))
def test_a_kept_result_is_the_one_that_was_returned(result):
    count = []

    def train(setting):
        count.append(setting)
        return result

    with TemporaryDirectory() as folder:
        fresh, again = (sweep(train, [{"seed": 0}], keep=folder)[0] for _ in range(2))
    assert count == [{"seed": 0}]
    for found in fresh, again:
        assert list(found) == list(result)
        for name, value in result.items():
            wanted = np.asarray(value)[()]  # of a number, no array
            assert type(found[name]) is type(wanted) and found[name].dtype == wanted.dtype
            np.testing.assert_array_equal(found[name], wanted)


def test_a_history_can_be_kept(tmp_path):
    def train(seed):
        return training.fit(net := models.mlp(seed), few(), SGD(net.parameters(), 0.1), 1, 50)

    fresh, again = (sweep(train, [0], keep=tmp_path)[0] for _ in range(2))
    assert fresh["step_losses"].tolist() == again["step_losses"].tolist() and len(fresh["step_losses"]) == 4


def few():
    return data.load_digits("bundled").take(200, test=50)


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("shell", [None, SimpleNamespace(), SimpleNamespace(kernel=True)], ids=["python", "ipython", "notebook"])
def test_a_bar_counts_runs_kept_ones_too(tmp_path, monkeypatch, capsys, calls, shown, shell):
    """As text, which a saved notebook can show; there not on stderr, where it would be red."""
    monkeypatch.setenv("TQDM_DISABLE", "0" if shown else "1")
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    train = calls.function()
    sweep(train, SETTINGS[:1], keep=tmp_path)
    capsys.readouterr()
    sweep(train, SETTINGS, keep=tmp_path)
    streams = capsys.readouterr()
    bar, other = (streams.out, streams.err) if hasattr(shell, "kernel") else (streams.err, streams.out)
    assert ("4/4" in bar and "1/4" in bar) if shown else bar == ""
    assert other == ""


# --- What is kept -------------------------------------------------------------------------------

def test_more_settings_make_only_the_new_runs(tmp_path, calls):
    train = calls.function()
    sweep(train, SETTINGS[1:3], keep=tmp_path)
    assert values(sweep(train, SETTINGS[::-1], keep=tmp_path)) == [4, 3, 2, 1]
    assert calls.seen == [("b", 2), ("c", 3), ("d", 4), ("a", 1)]


@pytest.mark.parametrize("one, other", [(1, 1.0), (1, "1"), (0, False), (0.1, np.float32(0.1)), ({"a": 1}, {"b": 1}),
                                        ([1, 2], [2, 1])])
def test_another_setting_is_another_run(tmp_path, one, other):
    def train(setting):
        return {"setting": repr(setting)}

    assert sweep(train, [one], keep=tmp_path)[0]["setting"] == repr(one)
    assert sweep(train, [other], keep=tmp_path)[0]["setting"] == repr(other)
    assert len(sweep(train, [one, other], keep=tmp_path)) == 2


def test_another_function_with_the_same_settings_is_another_run(tmp_path):
    def first(setting):
        return {"value": 1}

    def second(setting):
        return {"value": 2}

    for _ in range(2):
        assert values(sweep(first, [0], keep=tmp_path) + sweep(second, [0], keep=tmp_path)) == [1, 2]


def module(path, text):
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("script", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def test_runs_of_a_changed_script_are_made_again(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    text = "EPOCHS = 1\ndef train(setting):\n    return {'value': setting + EPOCHS}\n"
    for epochs in (1, 1, 25, 25):
        script = module(tmp_path / "script.py", text.replace("1", str(epochs)))
        assert values(sweep(script.train, [0, 1], keep=tmp_path / "runs")) == [epochs, epochs + 1]
        said = capsys.readouterr().out
        assert ("2 of the runs kept in" in said) == (epochs == 25 and "other code" in said)
        if epochs == 25:
            text = text.replace("1", "25")
    assert not said  # the last time they were found


def test_runs_of_a_changed_course_are_made_again(tmp_path, monkeypatch, capsys, calls):
    monkeypatch.setattr(kept, "__file__", str(tmp_path / "course" / "kept.py"))
    (tmp_path / "course" / "layers").mkdir(parents=True)
    file, train = tmp_path / "course" / "layers" / "norm.py", calls.function()
    for text, count in (("eps = 1", 1), ("eps = 1", 1), ("eps = 2", 2)):
        file.write_text(text)
        sweep(train, SETTINGS[:1], keep=tmp_path / "runs")
        assert len(calls.seen) == count
    assert "1 of the runs kept in" in capsys.readouterr().out


def test_a_file_under_another_runs_name_is_not_used(tmp_path, calls):
    train = calls.function()
    sweep(train, SETTINGS[:1], keep=tmp_path)
    file, = tmp_path.iterdir()
    sweep(train, SETTINGS[1:2], keep=tmp_path)
    other, = set(tmp_path.iterdir()) - {file}
    other.write_bytes(file.read_bytes())
    assert values(sweep(train, SETTINGS[:2], keep=tmp_path)) == [1, 2]


@examples(max_examples=60)
@given(st.data())
def test_a_damaged_file_is_never_another_result(draws):
    count, wanted = [], {"losses": np.arange(7.5), "accuracy": 0.25, "kind": "as published"}

    def train(setting):
        count.append(setting)
        return wanted

    with TemporaryDirectory() as folder:
        sweep(train, [0], keep=folder)
        file, = Path(folder).iterdir()
        raw = bytearray(file.read_bytes())
        at = draws.draw(st.integers(0, len(raw) - 1))
        if draws.draw(st.booleans()):
            raw[at] ^= draws.draw(st.integers(1, 255))
        else:
            del raw[at:]
        file.write_bytes(raw)
        for _ in range(2):
            found, = sweep(train, [0], keep=folder)
            assert found.keys() == wanted.keys() and all(np.array_equal(found[name], wanted[name]) for name in wanted)
        assert len(count) <= 2


@pytest.mark.parametrize("raw", [b"", b"no archive"])
def test_a_damaged_file_is_named(tmp_path, capsys, calls, raw):
    train = calls.function()
    sweep(train, SETTINGS[:1], keep=tmp_path)
    file, = tmp_path.iterdir()
    file.write_bytes(raw)
    assert values(sweep(train, SETTINGS[:1], keep=tmp_path)) == [1]
    assert f"{file} is damaged" in capsys.readouterr().out and len(calls.seen) == 2


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_nothing_is_unpickled(tmp_path, capsys, calls):
    train = calls.function()
    sweep(train, SETTINGS[:1], keep=tmp_path / "runs")
    file, = (tmp_path / "runs").iterdir()
    np.savez(file, about=np.array([Evil(tmp_path / "evil")], dtype=object))
    assert values(sweep(train, SETTINGS[:1], keep=tmp_path / "runs")) == [1]
    assert f"{file} is damaged" in capsys.readouterr().out and not (tmp_path / "evil").exists()


def test_nothing_is_half_written(tmp_path, monkeypatch, calls):
    def half(file, **arrays):
        file.write(b"PK")
        raise OSError("disk full")

    train = calls.function()
    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", half)
        with pytest.raises(OSError, match="disk full"):
            sweep(train, SETTINGS, keep=tmp_path)
    assert list(tmp_path.iterdir()) == [] and calls.seen == SETTINGS[:1]


@pytest.mark.parametrize("result", [0.5, None, {}, {"net": object()}, {"ragged": [[1], [1, 2]]}, {1: 2}, [1, 2]], ids=str)
def test_a_result_that_cannot_be_kept_stops_the_sweep(tmp_path, calls, result):
    calls.acts["b", 2] = lambda: result
    with pytest.raises(TypeError, match=r"\('b', 2\) cannot be kept: return a dictionary of numbers") as caught:
        sweep(calls.function(), SETTINGS, keep=tmp_path)
    assert calls.seen == SETTINGS[:2] and values(caught.value.results) == [1, None, None, None]
    assert f"1 of 4 runs are finished and kept in {tmp_path}" in str(caught.value)


# --- Runs that fail, and interrupts ---------------------------------------------------------------

@pytest.mark.parametrize("executor", [lambda: None, lambda: Backwards(4)])
def test_a_run_that_raises_stops_no_other(tmp_path, calls, executor):
    calls.acts = {("b", 2): raises(FloatingPointError("the loss became nan")), ("d", 4): raises(KeyError("x"))}
    with pytest.raises(RuntimeError) as caught:
        sweep(calls.function(), SETTINGS, executor(), keep=tmp_path)
    words = str(caught.value)
    assert "2 of 4 runs failed:\n  ('b', 2): FloatingPointError: the loss became nan\n  ('d', 4): KeyError: 'x'\n" in words
    assert f"2 of 4 runs are finished and kept in {tmp_path}" in words
    assert isinstance(caught.value.__cause__, FloatingPointError) and values(caught.value.results) == [1, None, 3, None]
    calls.acts, calls.seen = {}, []
    assert values(sweep(calls.function(), SETTINGS, keep=tmp_path)) == [1, 2, 3, 4] and calls.seen == [("b", 2), ("d", 4)]


class Losing(ThreadPoolExecutor):
    """Loses the results of its first `count` runs, each by an error of its own, as Dask does when a worker dies."""

    def __init__(self, count):
        super().__init__(1)
        self.count = count

    def submit(self, *task):
        run = super().submit(*task)
        if self.count == 0:
            return run
        self.count -= 1
        lost = Future()
        run.add_done_callback(lambda _: lost.set_exception(ValueError("not enough values to unpack (expected 3, got 2)")))
        return lost


@pytest.mark.parametrize("count", [1, 3, 4])
def test_what_an_executor_lost_is_made_once_more(tmp_path, calls, count):
    with Losing(count) as executor:
        assert values(sweep(calls.function(), SETTINGS, executor, keep=tmp_path)) == [1, 2, 3, 4]
    assert calls.seen == SETTINGS + SETTINGS[:count]


def test_what_raises_or_is_lost_again_is_made_no_third_time(calls):
    calls.acts["d", 4] = raises(ValueError("mine"))
    with Losing(5) as executor, pytest.raises(RuntimeError, match=r"2 of 4 runs failed:\n  .*, \d\): ValueError: not enough "
                                              r"values.*\n  \('d', 4\): ValueError: mine"):
        sweep(calls.function(), SETTINGS, executor)
    assert len(calls.seen) == 8
    with Losing(0) as executor, pytest.raises(RuntimeError, match="1 of 4 runs failed"):
        sweep(calls.function(), SETTINGS, executor)
    assert len(calls.seen) == 12


@pytest.mark.parametrize("executor", [lambda: None, lambda: Backwards(4)])
def test_an_interrupt_keeps_what_is_finished(tmp_path, calls, executor):
    backwards = executor() is not None
    calls.acts["c", 3] = raises(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt, match=r"interrupted.\n[0-9] of 4 runs are finished and kept in") as caught:
        sweep(calls.function(), SETTINGS, executor(), keep=tmp_path)
    finished = [place for place, value in enumerate(values(caught.value.results)) if value]
    assert f"{len(finished)} of 4" in str(caught.value) and len(list(tmp_path.iterdir())) == len(finished)
    assert backwards or finished == [0, 1]
    calls.acts, calls.seen = {}, []
    assert values(sweep(calls.function(), SETTINGS, keep=tmp_path)) == [1, 2, 3, 4]
    assert calls.seen == [setting for place, setting in enumerate(SETTINGS) if place not in finished]


def test_without_keep_an_error_has_the_finished_results(calls):
    calls.acts["c", 3] = raises(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt, match="2 of 4 .*`results`; keep=FOLDER") as caught:
        sweep(calls.function(), SETTINGS)
    assert values(caught.value.results) == [1, 2, None, None]


@posix
def test_an_interrupt_cancels_what_waits():
    begun, submitted, release = [], threading.Event(), threading.Event()

    class Pool(ThreadPoolExecutor):
        def submit(self, function, train, setting):
            run = super().submit(function, train, setting)
            if setting == 49:
                submitted.set()
            return run

    def train(setting):
        begun.append(setting)
        if setting == 0:
            assert submitted.wait(30)
            time.sleep(0.1)
            os.kill(os.getpid(), signal.SIGINT)
        assert release.wait(30)

    with Pool(1) as pool:
        with pytest.raises(KeyboardInterrupt, match="0 of 50"):
            sweep(train, range(50), pool)
        release.set()
    assert len(begun) == 1


@posix
def test_a_run_that_an_interrupt_cut_short_is_not_kept(tmp_path, calls, capsys):
    def cut():
        net = models.mlp()
        history = training.fit(net, few(), SGD(net.parameters(), 0.1), 2, 50,
                               callback=lambda step, *_: step == 2 and os.kill(os.getpid(), signal.SIGINT))
        assert len(history.step_losses) == 3
        return {"value": 7}

    calls.acts["b", 2] = cut
    with pytest.raises(KeyboardInterrupt, match="1 of 4") as caught:
        sweep(calls.function(), SETTINGS, keep=tmp_path)
    assert values(caught.value.results) == [1, None, None, None] and len(list(tmp_path.iterdir())) == 1
    assert signal.set_wakeup_fd(-1) == -1 and signal.getsignal(signal.SIGINT) is signal.default_int_handler


@posix
def test_other_signals_are_no_interrupt(calls):
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        calls.acts["a", 1] = lambda: os.kill(os.getpid(), signal.SIGUSR1) or {"value": 1}
        assert values(sweep(calls.function(), SETTINGS)) == [1, 2, 3, 4]
    finally:
        signal.signal(signal.SIGUSR1, before)


# --- Processes ------------------------------------------------------------------------------------

def spawned(count):
    return ProcessPoolExecutor(count, get_context("spawn"))


@posix
def test_a_worker_that_dies_is_named_and_the_finished_runs_are_kept(tmp_path):
    with spawned(1) as pool, pytest.raises(RuntimeError, match="a worker ended in the middle of a run.*\n1 of 3") as caught:
        sweep(sweep_runs.dies, ["lives", "dies", "waits"], pool, keep=tmp_path)
    assert [result and str(result["setting"]) for result in caught.value.results] == ["lives", None, None]


@posix
def test_a_worker_does_not_hand_over_what_an_interrupt_cut_short(tmp_path):
    with spawned(1) as pool, pytest.raises(KeyboardInterrupt, match="0 of 1"):
        sweep(sweep_runs.interrupted, [0], pool, keep=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_processes_give_what_this_one_gives_on_one_core_each(monkeypatch):
    settings = [(0.1, 0), (0.1, 1), (0.2, 0)]
    with logs.executor("A log.", ["--workers", "2"]) as pool:
        found, places = sweep(sweep_runs.toy, settings, pool), sweep(sweep_runs.place, range(4), pool)
    assert found == sweep(sweep_runs.toy, settings)
    assert {pid for pid, _ in places}.isdisjoint({os.getpid()})
    if hasattr(os, "sched_getaffinity"):
        cores = {pid: cores for pid, cores in places}
        assert all(len(own) == 1 for own in cores.values())
        assert len({own[0] for own in cores.values()}) == min(len(cores), len(os.sched_getaffinity(0)))


def test_an_error_ends_the_processes_at_once():
    with pytest.raises(KeyboardInterrupt), logs.executor("A log.", ["--workers", "2"]) as pool:
        waiting = [pool.submit(time.sleep, 20) for _ in range(8)]
        while not any(run.running() for run in waiting):
            time.sleep(0.01)
        began = time.monotonic()
        raise KeyboardInterrupt
    while active_children():
        time.sleep(0.01)
    assert time.monotonic() - began < 15


def test_one_worker_is_this_process():
    with logs.executor("A log.", ["--workers", "1"]) as executor:
        assert executor is None


SCRIPT = '''
from pathlib import Path
import numpy as np
from helpers import data, logs, models, training
from helpers.optim import SGD

def train(seed):
    with open("begun", "a") as file:
        file.write(f"{seed}\\n")
    digits, net = data.load_digits("bundled"), models.mlp(seed)
    epochs = 1 if seed < 2 or Path("stopped").exists() else 10_000
    return {"steps": len(training.fit(net, digits, SGD(net.parameters(), 0.1), epochs, 100).step_losses)}

if __name__ == "__main__":
    with logs.executor("A log.") as executor:
        found = training.sweep(train, range(6), executor, keep="runs")
    print([int(run["steps"]) for run in found])
'''


@posix
def test_a_script_goes_on_after_ctrl_c(tmp_path):
    """What a terminal sends goes to the workers, too, where `fit` ends its run at it."""
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TQDM_DISABLE": "1"}
    begin = partial(subprocess.Popen, [sys.executable, "script.py", "--workers", "2"], cwd=tmp_path, env=environment, text=True,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)

    def begun():
        return (tmp_path / "begun").read_text().split() if (tmp_path / "begun").exists() else []

    with begin() as script:
        while len(list(tmp_path.glob("runs/*.npz"))) < 2 or len(begun()) < 4:
            assert script.poll() is None, script.stderr.read()
            time.sleep(0.02)
        os.killpg(script.pid, signal.SIGINT)
        errors = script.communicate(timeout=60)[1]
    assert script.returncode != 0
    assert "KeyboardInterrupt: sweep: interrupted.\n2 of 6 runs are finished and kept in runs" in errors
    assert set(begun()[:4]) == {"0", "1", "2", "3"} and len(list(tmp_path.glob("runs/*"))) == 2
    (tmp_path / "stopped").touch()
    with begin() as script:
        out, errors = script.communicate(timeout=60)
    assert script.returncode == 0 and out == f"{[15] * 6}\n", errors
    assert begun().count("0") == begun().count("1") == 1


@pytest.mark.parametrize("arguments, words", [(["--workers", "0"], "--workers must be at least 1, but it is 0"),
                                              (["--workers", "2", "--scheduler", "tcp://x:1"], "not allowed with")])
def test_a_command_line_that_makes_no_sense_is_refused(capsys, arguments, words):
    with pytest.raises(SystemExit), logs.executor("A log.", arguments):
        pass
    assert words in capsys.readouterr().err


def test_without_dask_a_scheduler_is_refused(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SystemExit), logs.executor("A log.", ["--scheduler", "tcp://localhost:1"]):
        pass
    assert "pip install distributed" in capsys.readouterr().err


# --- Bad input ----------------------------------------------------------------------------------

def never(setting):
    pytest.fail("a run was made")


@pytest.mark.parametrize("train, settings, executor, error, words", [
    (3, [1], None, TypeError, "train must be a function of one setting, but it is 3"),
    (never, [], None, ValueError, "settings is empty"),
    (never, 5, None, TypeError, "settings must be a list, but it is a int"),
    (never, (n for n in range(3)), None, TypeError, "it is a generator: give list(...)"),
    (never, "abc", None, TypeError, "it is a str"),
    (never, {"a": 1}, None, TypeError, "it is a dict"),
    (never, [1], 4, TypeError, "must be a concurrent.futures.Executor, but it is 4"),
    (never, [1], ThreadPoolExecutor, TypeError, "client.get_executor()"),
    (never, [1], SimpleNamespace(submit=never), TypeError, "client.get_executor()"),
    (never, [1, SGD], None, TypeError, "SGD'> must be made of finite numbers, texts,"),
    (never, [np.zeros(2)], None, TypeError, "(a ndarray)"),
    (never, [("a", float("nan"))], None, TypeError, "('a', nan) must be made of finite"),
    (never, [{"a": 1, 2: 3}], None, TypeError, "{'a': 1, 2: 3} must be made of"),
    (never, [(1, 2), 3, [1, 2]], None, ValueError, "(1, 2) and [1, 2] are the same setting"),
    (never, [1, np.int64(1)], None, ValueError, "1 and np.int64(1) are the same setting"),
])
def test_what_cannot_be_used_is_refused_before_any_run(tmp_path, train, settings, executor, error, words):
    with pytest.raises(error, match=re.escape(words)):
        sweep(train, settings, executor, keep=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("train", [lambda setting: 0, partial(never, 1), print])
def test_a_function_that_processes_cannot_import_is_refused(monkeypatch, train):
    notebook = ModuleType("__main__")  # a notebook's has no file
    monkeypatch.setitem(sys.modules, "__main__", notebook)
    if isinstance(train, partial):
        monkeypatch.setattr(never, "__module__", "__main__")
        notebook.never = never
    with spawned(1) as pool:
        if train is print:
            assert sweep(train, [1], pool) == [None]
        else:
            with pytest.raises(TypeError, match=r"other processes cannot import .*top level of a \.py file"):
                sweep(train, [1], pool)


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ValueError, match=re.escape(f"cannot be kept in {folder} (")):
            sweep(never, [1], keep=folder)

    def full(dir):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept, "TemporaryFile", full)
    with pytest.raises(ValueError, match=r"\(No space left on device\): give a folder"):
        sweep(never, [1], keep=tmp_path)


@pytest.mark.parametrize("train", [print, partial(never), eval("lambda setting: 1")], ids=["built in", "partial", "no file"])
def test_keeping_needs_code_that_can_be_read(tmp_path, train):
    with pytest.raises(TypeError, match=r"the code of .* cannot be read.*define it with def"):
        sweep(train, [1], keep=tmp_path / "runs")


# --- The scripts of the stored logs ---------------------------------------------------------------

SMALL = {"skips": {"SEEDS": range(2), "EPOCHS": 2, "KINDS": ["none", "trained"]},
         "two_layer_cnn": {"SEEDS": range(2), "EPOCHS": 2},
         "race": {"SEEDS": range(2), "EPOCHS": 2, "RATES": {"SGD": (0.01, 1e30), "Adam": (1e-3,)}},
         "published_cnn": {"SEEDS": range(2), "IMAGES": 20, "ROWS": ["as published", "stride"], "RATES": [1e-3, 1e3]},
         "published_skip": {"SEEDS": range(2), "EPOCHS": 2, "ROWS": ["as published", "softmax"]},
         "shortcuts": {"SEEDS": range(2), "EPOCHS": 2, "TRIAL": 1, "KINDS": [("identity", None), ("exclusive gate", -6.0)], "RATES": [0.01, 0.1],
                       "IMAGES": 120, "TESTED": 50, "BLOCKS": 2},
         "preactivation": {"SEEDS": range(2), "ORDER_EPOCHS": 2, "ORDERS": "ae", "RATES": [0.01], "TRIED": [0.01, 0.03], "DIGITS": 20, "TESTED": 50, "BLOCKS": 2,
                           "STAGES": (1, 1), "FILTERS": (4, 8, 8), "EPOCHS": 2, "EVERY": 20}}


@pytest.mark.parametrize("name", SMALL)
def test_a_script_makes_its_log(tmp_path, monkeypatch, name):
    stored = logs.load(name)
    path = logs.FOLDER / f"{name}.py"
    script = module(tmp_path / path.name, path.read_text(encoding="utf-8"))
    for size, value in SMALL[name].items():
        assert hasattr(script, size)
        monkeypatch.setattr(script, size, value)
    digits = few()
    planes = data.load_planes_birds("bundled")
    monkeypatch.setattr(data, "load_digits", lambda source: digits)
    monkeypatch.setattr(data, "load_planes_birds", lambda source: planes)
    monkeypatch.setattr(logs, "FOLDER", tmp_path)
    (tmp_path / logs.CHECKSUMS).write_text("{}")

    def save(name, arrays):
        assert list(logs.runs(name).iterdir())
        real(name, arrays)

    real = logs.save
    monkeypatch.setattr(logs, "save", save)
    script.main(["--workers", "1"])
    found = logs.load(name)
    assert not logs.runs(name).exists()
    names = {key for key in stored if not key.startswith(("Momentum", "RMSProp"))} if name == "race" else set(stored)
    assert set(found) == names
    assert all(found[key].ndim == stored[key].ndim and found[key].dtype.kind == stored[key].dtype.kind for key in names)
    if name == "race":
        assert found["SGD tuning"][1] == 0 < found["SGD tuning"][0]
        assert found["SGD losses"].shape == (2, 4) and found["Adam accuracies"].shape == (2, 2)
    if name == "published_cnn":
        assert found["accuracies"].shape == (2, 2, 2)
        assert np.isnan(found["accuracies"][:, 1]).all() and not np.isnan(found["accuracies"][:, 0]).any()
