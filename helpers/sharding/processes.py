"""Shards on processes of this machine that share weights, images and gradients in memory.

Threads of one Python take turns between two calls of NumPy, and the networks of this course make many short
calls: four threads are little faster than one. Processes wait for nobody. They are started once, while
training has already begun on threads, and kept until Python ends.

What cannot be sent to another process (a layer that was written in a notebook) or comes out differently there
(code that was changed after it was imported) is computed on threads: see `Crew`.
"""
import atexit
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from math import prod

import numpy as np

from ..blas import one_thread
from .executors import Worker
from .shards import added_up, cut, shard, shard_size, tasks


# --- In the worker process ------------------------------------------------------------------------

def serve():
    """The life of a worker: obeys the orders that arrive on stdin, answers on stdout, ends with its parent."""
    global _pool
    _pool = Pool(0)  # never ready: a worker begins no workers, also if a module that it imports calls `fit`
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)  # what a network reads is no order,
    os.dup2(2, 1)  # and what it prints no answer
    sys.stdout = sys.stderr
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's affair
    benches = {}
    with one_thread(), suppress(EOFError, OSError, pickle.UnpicklingError):  # the parent has ended
        _say(answers, "awake")
        while True:
            order, job, *details = pickle.load(orders)
            answer = None  # to an error: the parent computes by itself, and raises what there is to raise
            if order == "close":
                benches.pop(job, None)
                continue
            with suppress(Exception):
                if order == "open":
                    benches[job] = _Bench(*details)
                    answer = "open"
                else:
                    answer = benches[job].compute(*details)
            _say(answers, answer)


class _Bench:
    """A worker's copy of a network, on the memory that it shares with its parent."""

    def __init__(self, path, layout, place, forms, pickled):
        net = pickle.loads(pickled)
        memory = _shared(path, layout)
        for parameter, value in zip(net.parameters(), _views(memory["weights"], forms)):
            parameter.value = value
        self.net = net.replica()
        self.images, self.labels = memory["images"][place], memory["labels"][place]
        self.gradients = _views(memory["gradients"][place], forms)

    def compute(self, count, share, gradients, training):
        self.net.train(training)
        loss, right, found = shard(self.net, self.images[:count], self.labels[:count], share, gradients)
        for place, gradient in zip(self.gradients, found):
            place[...] = gradient
        return loss, right, bool(found)


# --- In the process that trains -------------------------------------------------------------------

class Pool:
    """Worker processes, one for each core but that of their parent. `ready` turns true when all are awake; `stop` ends them.

    Who talks to them holds the `lock`.
    """

    def __init__(self, count):
        self.processes, self.ready, self.lock, self.count = [], False, threading.RLock(), count
        if count:
            threading.Thread(target=self._start, daemon=True).start()  # nobody waits for it

    def _start(self):
        program = f"import sys; sys.path[:] = {sys.path!r}; from helpers.sharding.processes import serve; serve()"
        with suppress(Exception):  # where no process can be started, or all are stopped at once, none is ever ready
            for _ in range(self.count):  # in a session of its own, out of reach of Ctrl-C
                self.processes.append(subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE,
                                                       stdout=subprocess.PIPE, start_new_session=True))
            for process in self.processes:
                pickle.load(process.stdout)
            self.ready = True

    def stop(self):
        self.ready = False
        for process in self.processes:
            with suppress(OSError), process:  # closes its pipes and waits for its end
                process.kill()


_pool, _pool_lock = None, threading.Lock()


def pool(count, begin):
    """The one `Pool` of this Python, or None as long as it is not ready; with `begin`, one is begun if there is none."""
    global _pool
    with _pool_lock:
        if _pool is None and begin:
            _pool = Pool(count)
            atexit.register(_pool.stop)
        return _pool if _pool is not None and _pool.ready else None


def dismiss(old):
    """Stop this pool; the next call of `pool` may begin another."""
    global _pool
    with _pool_lock:
        if _pool is old:
            _pool = None
        old.stop()
        atexit.unregister(old.stop)


def _after_fork():
    """A forked process has its parent's memory but not its workers: two that talk to them would mix up the answers."""
    global _pool, _pool_lock
    if _pool is not None:
        _pool.ready = False
    _pool, _pool_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Job:
    """A network on the processes of a pool, for batches of one kind of images and labels.

    Raises an error of many kinds for a network that cannot be sent, and OSError for a full disk.
    """

    def __init__(self, pool, net, images, labels):
        self.pool, self.net = pool, net
        values, room = _values(net), (pool.count, shard_size(net))  # a shard for each worker
        weights, (dtype,) = sum(value.size for value in values), {value.dtype for value in values}
        layout = np.dtype([("labels", labels.dtype, room), ("images", images.dtype, (*room, *images.shape[1:])),
                           ("weights", dtype, (weights,)), ("gradients", dtype, (pool.count, weights))], align=True)
        self.forms, pickled = _forms(values), pickle.dumps(net)
        handle, self.path = tempfile.mkstemp(prefix="shared-")
        try:
            with open(handle, "wb") as file:
                file.write(bytes(layout.itemsize))  # so that a full disk is noticed here, and not in mid-run
            self.memory = _shared(self.path, layout)
            self.weights = _views(self.memory["weights"], self.forms)
            self.own, self.own_gradient = Worker(net), np.empty(weights, dtype)
            self.opened = None not in self._ask([("open", id(self), self.path, layout, place, self.forms, pickled)
                                                 for place in range(pool.count)])
        finally:
            self._unlink()  # all have it open by now, and when the last of them ends, in whatever way, it is gone

    def _ask(self, orders, own=()):
        """The workers' answers to these orders, one for each; then those to the `own` tasks, done while they work."""
        asked = []
        try:
            for process, order in zip(self.pool.processes, orders):
                _say(process.stdin, order)
                asked.append(process)
            done = [self._own(*task) for task in own]
            return [pickle.load(process.stdout) for process in asked] + done
        except BaseException:  # an answer may be left unread, and the next batch would take it for its own
            dismiss(self.pool)
            raise

    def compute(self, images, labels, gradients):
        """(mean loss, right answers, gradients) of a batch, or None where a worker could not do it."""
        for place, value in zip(self.weights, _values(self.net)):
            place[...] = value
        shards, results, away = tasks(cut(self.net, len(images)), images, labels, gradients), [], self.pool.count
        for start in range(0, len(shards), away + 1):  # at once: one for each worker, and one for this process
            theirs, own = shards[start:start + away], shards[start + away:start + away + 1]
            answers = self._ask((self._order(place, *task) for place, task in enumerate(theirs)), own)
            if None in answers:
                return None
            places = [*self.memory["gradients"][:len(theirs)], self.own_gradient]
            results += [(loss, right, [place.copy()] if found else []) for (loss, right, found), place in zip(answers, places)]
        loss, right, total = added_up(results)
        return loss, right, _views(total[0], self.forms) if total else []

    def _own(self, *task):
        """What a worker answers, computed here: the process that waits for the others has a core, too."""
        with suppress(Exception):  # the whole batch is then computed at home, and raises what there is to raise
            loss, right, found = self.own(*task)
            for place, gradient in zip(_views(self.own_gradient, self.forms), found):
                place[...] = gradient
            return loss, right, bool(found)

    def _order(self, place, images, labels, share, gradients):
        count = len(images)
        self.memory["images"][place, :count], self.memory["labels"][place, :count] = images, labels
        return "compute", id(self), count, share, gradients, self.net.training

    def close(self):
        with self.pool.lock:  # another run may be in the middle of an order
            if self.pool.ready:
                with suppress(OSError):  # a process that has died needs no word
                    for process in self.pool.processes:
                        _say(process.stdin, ("close", id(self)))
        self._unlink()

    def _unlink(self):
        with suppress(OSError):  # Windows keeps a file that a process still looks at; elsewhere it is gone since long
            os.unlink(self.path)


class Crew:
    """A network's batches on the pool's processes, for as long as these give what this process gives."""

    def __init__(self, net, count, at_home):
        self.net, self.count, self.at_home = net, count, at_home
        self.job, self.kind, self.trusted = None, None, True

    def compute(self, images, labels, gradients):
        """(mean loss, right answers, gradients), by the processes or, where they cannot, by `at_home`."""
        crew = pool(self.count, begin=gradients) if self.trusted else None
        result = None
        if crew is not None and crew.lock.acquire(blocking=False):  # else another run has them
            try:
                if crew.ready:  # else it has dismissed them
                    result = self._away(crew, images, labels, gradients)
                    self.trusted = result is not None
            except Exception:  # the network cannot be sent, a process has died, the disk is full
                self.trusted = False
            finally:
                crew.lock.release()
        return self.at_home(images, labels, gradients) if result is None else result

    def _away(self, crew, images, labels, gradients):
        """The batch's result from the processes, None if they cannot be trusted with this network.

        They are not if a single number of the first shard differs from what comes out here.
        """
        kind = crew, images.shape[1:], images.dtype, labels.dtype, [(value.dtype, value.strides) for value in _values(self.net)]
        if self.kind != kind:
            self.close()
            part = cut(self.net, len(images))[0]
            here = shard(self.net.replica().train(self.net.training), images[part], labels[part], 1.0, True)
            self.job = Job(crew, self.net, images, labels)
            if not self.job.opened or not _same(self.job.compute(images[part], labels[part], True), here):
                return None
            self.kind = kind
        return self.job.compute(images, labels, gradients)

    def close(self):
        if self.job is not None:
            self.job.close()
        self.job = self.kind = None


# --- On both sides --------------------------------------------------------------------------------

def _say(stream, message):
    stream.write(pickle.dumps(message))
    stream.flush()


def _shared(path, layout):
    """{name: array} of a file's memory, laid out as the structured dtype says: what one process writes, all see."""
    memory = np.memmap(path, layout, "r+", shape=1)
    return {name: np.asarray(memory[name][0]) for name in layout.names}


def _values(net):
    return [parameter.value for parameter in net.parameters()]


def _forms(arrays):
    """(shape, axes in the order in which they lie in memory) of each array."""
    return [(array.shape, sorted(range(array.ndim), key=lambda axis: -array.strides[axis])) for array in arrays]


def _views(flat, forms):
    """Pieces of `flat` in these forms."""
    views, start = [], 0
    for shape, axes in forms:
        end = start + prod(shape)
        piece = flat[start:end].reshape([shape[axis] for axis in axes])
        views.append(piece.transpose(np.argsort(axes)))
        start = end
    return views


def _same(away, here):
    return away is not None and away[:2] == here[:2] and all(
        a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(away[2], here[2], strict=True))
