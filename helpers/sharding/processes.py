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
from .shards import added_up, cut, shard, size


# --- In the worker process ------------------------------------------------------------------------

def serve():
    """The life of a worker: obeys the orders that arrive on stdin, answers on stdout, ends with its parent."""
    orders, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a network prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's affair
    benches = {}
    with one_thread(), suppress(EOFError, BrokenPipeError):
        _say(answers, "awake")
        while True:
            order, job, *details = pickle.load(orders)
            try:
                if order == "open":
                    benches[job] = _Bench(*details)
                elif order == "close":
                    benches.pop(job, None)
                else:
                    _say(answers, benches[job].compute(*details))
            except Exception:
                if order == "compute":
                    _say(answers, None)  # the parent does it again by itself, and raises what there is to raise


class _Bench:
    """A worker's copy of a network, on the memory that it shares with its parent."""

    def __init__(self, path, layout, place, pickled):
        net = pickle.loads(pickled)
        memory = _shared(path, layout)
        for parameter, value in zip(net.parameters(), _views(memory["weights"], _values(net))):
            parameter.value = value
        self.net = net.replica()
        self.images, self.labels = memory["images"][place], memory["labels"][place]
        self.gradients = _views(memory["gradients"][place], _values(net))

    def compute(self, count, share, gradients, training):
        self.net.train(training)
        loss, right, found = shard(self.net, self.images[:count], self.labels[:count], share, gradients)
        for place, gradient in zip(self.gradients, found):
            place[...] = gradient
        return loss, right, bool(found)


# --- In the process that trains -------------------------------------------------------------------

class Pool:
    """Worker processes, one a core. `ready` turns true when all are awake; `stop` ends them."""

    def __init__(self, count):
        self.processes, self.ready, self.lock, self.count = [], False, threading.Lock(), count
        threading.Thread(target=self._start, daemon=True).start()  # nobody waits for it

    def _start(self):
        program = f"import sys; sys.path[:] = {sys.path!r}; from helpers.sharding.processes import serve; serve()"
        with suppress(OSError, EOFError):  # where no process can be started, none is ever ready
            for _ in range(self.count):  # in a session of its own, out of reach of Ctrl-C
                self.processes.append(subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE,
                                                       stdout=subprocess.PIPE, start_new_session=True))
            for process in self.processes:
                pickle.load(process.stdout)
            self.ready = True

    def stop(self):
        self.ready = False
        for process in self.processes:
            process.kill()
            process.communicate()


_pool, _pool_lock = None, threading.Lock()


def pool(count, begin):
    """The one `Pool` of this Python, or None as long as it is not ready; with `begin`, one is begun if there is none."""
    global _pool
    with _pool_lock:
        if _pool is None and begin:
            _pool = Pool(count)
            atexit.register(_pool.stop)
        return _pool if _pool is not None and _pool.ready else None


def dismiss():
    """Stop the pool, if there is one; the next call of `pool` may begin another."""
    global _pool
    with _pool_lock:
        if _pool is not None:
            atexit.unregister(_pool.stop)
            _pool.stop()
        _pool = None


class Job:
    """A network on the processes of a pool, for batches of one kind of images.

    Raises an error of many kinds for a network that cannot be sent, and OSError for a full disk.
    """

    def __init__(self, pool, net, images):
        self.pool, self.net, self.kind = pool, net, (images.shape[1:], images.dtype)
        values, room = _values(net), (pool.count, size(net))  # a shard for each worker
        weights, (dtype,) = sum(value.size for value in values), {value.dtype for value in values}
        layout = np.dtype([("labels", np.int64, room), ("images", images.dtype, (*room, *images.shape[1:])),
                           ("weights", dtype, (weights,)), ("gradients", dtype, (pool.count, weights))])
        pickled = pickle.dumps(net)
        with tempfile.NamedTemporaryFile("wb", prefix="shared-", delete=False) as file:
            self.path = file.name
            file.write(bytes(layout.itemsize))  # so that a full disk is noticed here, and not in mid-run
        self.memory = _shared(self.path, layout)
        self.weights = _views(self.memory["weights"], values)
        for place, process in enumerate(pool.processes):
            _say(process.stdin, ("open", id(self), self.path, layout, place, pickled))

    def compute(self, images, labels, gradients):
        """(mean loss, right answers, gradients) of a batch, or None where a worker could not do it."""
        for place, value in zip(self.weights, _values(self.net)):
            place[...] = value
        parts, results = cut(self.net, len(images)), []
        for start in range(0, len(parts), self.pool.count):
            at_once = parts[start:start + self.pool.count]
            for place, part in enumerate(at_once):
                self._order(place, images[part], labels[part], len(images), gradients)
            answers = [pickle.load(self.pool.processes[place].stdout) for place in range(len(at_once))]
            if None in answers:
                return None
            for place, (loss, right, found) in enumerate(answers):
                results.append((loss, right, [self.memory["gradients"][place].copy()] if found else []))
        loss, right, total = added_up(results)
        return loss, right, _views(total[0], self.weights) if total else []

    def _order(self, place, images, labels, batch, gradients):
        count = len(images)
        self.memory["images"][place, :count], self.memory["labels"][place, :count] = images, labels
        _say(self.pool.processes[place].stdin, ("compute", id(self), count, count / batch, gradients, self.net.training))

    def close(self):
        with suppress(OSError):  # a process that has died needs no word
            for process in self.pool.processes:
                _say(process.stdin, ("close", id(self)))
        with suppress(OSError):  # Windows keeps a file that a process still looks at
            os.unlink(self.path)


class Crew:
    """A network's batches on the pool's processes, for as long as these give what this process gives."""

    def __init__(self, net, count, at_home):
        self.net, self.count, self.at_home = net, count, at_home
        self.job, self.trusted = None, True

    def compute(self, images, labels, gradients):
        """(mean loss, right answers, gradients), by the processes or, where they cannot, by `at_home`."""
        crew = pool(self.count, begin=gradients) if self.trusted else None
        result = None
        if crew is not None and crew.lock.acquire(blocking=False):  # else another run has them
            try:
                result = self._away(crew, images, labels, gradients)
            except (EOFError, OSError):  # a process has died, or the disk is full
                dismiss()
            except Exception:  # the network cannot be sent
                pass
            except BaseException:  # an interrupt: some have answered and some have not
                dismiss()
                raise
            finally:
                crew.lock.release()
            self.trusted = result is not None
        return self.at_home(images, labels, gradients) if result is None else result

    def _away(self, crew, images, labels, gradients):
        """The batch's result from the processes, None if they cannot be trusted with this network.

        They are not if a single bit of the first shard differs from what comes out here.
        """
        if self.job is None or self.job.pool is not crew or self.job.kind != (images.shape[1:], images.dtype):
            self.close()
            self.job = Job(crew, self.net, images)
            part = cut(self.net, len(images))[0]
            away = self.job.compute(images[part], labels[part], True)
            here = shard(self.net.replica().train(self.net.training), images[part], labels[part], 1.0, True)
            if away is None or not _same(away, here):
                return None
        return self.job.compute(images, labels, gradients)

    def close(self):
        if self.job is not None:
            self.job.close()
            self.job = None


# --- On both sides --------------------------------------------------------------------------------

def _say(stream, message):
    pickle.dump(message, stream)
    stream.flush()


def _shared(path, layout):
    """{name: array} of a file's memory, laid out as the structured dtype says: what one process writes, all see."""
    memory = np.memmap(path, layout, "r+", shape=1)
    return {name: np.asarray(memory[name][0]) for name in layout.names}


def _values(net):
    return [parameter.value for parameter in net.parameters()]


def _views(flat, arrays):
    """Pieces of `flat` in the shapes of `arrays`, and with their axes in the same order in memory."""
    views, start = [], 0
    for array in arrays:
        axes = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
        piece = flat[start:start + array.size].reshape([array.shape[axis] for axis in axes])
        views.append(piece.transpose(np.argsort(axes)))
        start += array.size
    return views


def _same(first, second):
    return first[:2] == second[:2] and len(first[2]) == len(second[2]) and all(map(np.array_equal, first[2], second[2]))
