"""Whole trainings, one for each setting: here one after the other, or on the processes and machines of an executor.

A step of the course's networks is too short to travel to another machine; a whole training is not.
"""
import json
import pickle
import signal
import socket
import sys
import threading
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import closing

import numpy as np

from .kept import Runs
from .progress import bar


def sweep(train, settings, executor=None, keep=None):
    """[train(setting) for setting in settings], on any `concurrent.futures.Executor`; without one, here.

    `settings`: a list of numbers, texts, tuples, lists and dictionaries of them, no two equal. All that decides a result
    belongs into its setting: its seed too.
    `keep`: a folder for finished runs, so that a sweep that was interrupted goes on where it was. `train` then returns a
    dictionary of numbers, texts, lists and arrays, such as a `History`, and the results are dictionaries of arrays. A kept
    run is used again if its setting, the file (or notebook cell) of `train`, and this package are still the same.
    A run that raises does not stop the others; at the end one RuntimeError names each such setting, and why. A run that
    the executor lost, by an error that `train` did not raise, is made once more. An interrupt (Ctrl-C, or the stop button)
    and a pool that lost a process end the sweep at once. Such an error's `results` has the finished runs, and None for the
    others.
    Raises TypeError or ValueError, before any work, for arguments that cannot be used.
    """
    names = _checked(train, settings, executor)
    kept = None if keep is None else Runs(keep, train)
    done = {place: result for place, result in enumerate(kept.read(names) if kept else []) if result is not None}
    failed, count, todo = {}, len(names), {place: setting for place, setting in enumerate(settings) if place not in done}

    def stopped(kind, words):
        where = f"kept in {keep}: calling again makes the others" if kept else "in this error's `results`; keep=FOLDER keeps them"
        error = kind(f"sweep: {words}\n{len(done)} of {count} runs are finished and {where}.")
        error.results = [done.get(place) for place in range(count)]
        return error

    progress = bar("sweep", "run", count, len(done))
    try:
        with progress, closing(_ended(train, todo, executor)) as runs:
            for place, run in runs:
                error = run.exception()
                if isinstance(error, KeyboardInterrupt | BrokenExecutor):
                    raise error
                if error is not None:
                    failed[place] = error
                else:
                    try:
                        done[place] = kept.write(names[place], run.result()) if kept else run.result()
                    except TypeError as words:
                        raise stopped(TypeError, f"the run of {settings[place]!r} cannot be kept: {words}") from words
                progress.update()
    except KeyboardInterrupt:
        raise stopped(KeyboardInterrupt, "interrupted.") from None
    except (BrokenExecutor, CancelledError) as error:
        raise stopped(RuntimeError, "a worker ended in the middle of a run. Was there too little memory, or has a script "
                                    'no `if __name__ == "__main__":`?') from error
    if failed:
        lines = [f"  {settings[place]!r}: {type(error).__name__}: {error}" for place, error in sorted(failed.items())]
        raise stopped(RuntimeError, "\n".join([f"{len(failed)} of {count} runs failed:", *lines])) from failed[min(failed)]
    return [done[place] for place in range(count)]


def _ended(train, settings, executor):
    """(place, Future) of each run of {place: setting}, as it ends. What has not begun when this is closed never does."""
    if executor is None:
        for place, setting in settings.items():
            run = Future()
            try:
                run.set_result(_whole(train, setting))
            except Exception as error:
                run.set_exception(error)
            yield place, run
        return
    runs, lost = {}, {}
    try:
        for place, setting in settings.items():
            runs[executor.submit(_whole, train, setting)] = place
        for run in as_completed(runs):
            if _lost(run):
                lost[executor.submit(_whole, train, settings[runs[run]])] = runs[run]
            else:
                yield runs[run], run
        for run in as_completed(lost):
            yield lost[run], run
    finally:
        for run in [*runs, *lost]:
            run.cancel()


def _lost(run):
    """Whether a run ended by an error of the executor: Dask gives a ValueError for a result that went with its worker."""
    error = None if run.cancelled() else run.exception()
    return isinstance(error, Exception) and not isinstance(error, BrokenExecutor) and not hasattr(error, "raised_by_train")


def _whole(train, setting):
    """train(setting); KeyboardInterrupt if it returned because of an interrupt, as `fit` does: that is no whole run."""
    try:
        return _uninterrupted(train, setting)
    except Exception as error:
        error.raised_by_train = True  # an attribute travels with the error, from any process
        raise


def _uninterrupted(train, setting):
    if threading.current_thread() is not threading.main_thread():
        return train(setting)  # no interrupt arrives here
    told, teller = socket.socketpair()
    with told, teller:
        for end in (told, teller):
            end.setblocking(False)
        before = signal.set_wakeup_fd(teller.fileno(), warn_on_full_buffer=False)  # told of signals, whatever handles them
        try:
            result = train(setting)
        finally:
            signal.set_wakeup_fd(before)
        try:
            if signal.SIGINT in told.recv(4096):
                raise KeyboardInterrupt
        except BlockingIOError:  # no signal at all
            pass
    return result


def _checked(train, settings, executor):
    """A text for each setting by which it is known again; TypeError or ValueError for arguments that cannot be used."""
    if not callable(train):
        raise TypeError(f"sweep: train must be a function of one setting, but it is {train!r}")
    if not isinstance(settings, list | tuple | range):
        raise TypeError(f"sweep: settings must be a list, but it is a {type(settings).__name__}: give list(...)")
    if not settings:
        raise ValueError("sweep: settings is empty: one setting at least is wanted")
    if executor is not None and not isinstance(executor, Executor):
        raise TypeError(f"sweep: executor must be a concurrent.futures.Executor, but it is {executor!r} "
                        "(a Dask client's is client.get_executor())")
    names = {}
    for setting in settings:
        try:
            name = json.dumps([getattr(train, "__qualname__", ""), setting], sort_keys=True, allow_nan=False, default=_number)
        except (TypeError, ValueError) as error:
            raise TypeError(f"sweep: the setting {setting!r} must be made of finite numbers, texts, and tuples, lists and "
                            f"dictionaries of them ({error})") from error
        if name in names:
            raise ValueError(f"sweep: {names[name]!r} and {setting!r} are the same setting: give each once")
        names[name] = setting
    if isinstance(executor, ProcessPoolExecutor):
        try:
            known = b"__main__" not in pickle.dumps(train) or hasattr(sys.modules["__main__"], "__file__")
        except Exception:  # a lambda, a function inside another one
            known = False
        if not known:
            raise TypeError(f"sweep: other processes cannot import {train!r}: move it to the top level of a .py file")
    return list(names)


def _number(value):
    if isinstance(value, np.generic):  # a NumPy number, which `json` cannot write
        return value.item()
    raise TypeError(f"a {type(value).__name__}")
