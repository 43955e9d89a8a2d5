"""A batch on all cores: shards of it, workers that share the weights, and sums in a fixed order.

A gradient is a sum over images, so it may be summed in parts, anywhere. The parts are always the same
shards in the same order, of a size that only the network decides (`Module.shard`): results do not
depend on how many workers there are or which is first.
"""
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Empty, SimpleQueue

import numpy as np

from . import functional as F
from .blas import one_thread


def shard(net, images, labels, share, gradients):
    """(loss, right answers, gradients): loss and gradients times `share`, this shard's part of its batch."""
    with np.errstate(over="ignore", invalid="ignore"):  # the caller looks at the loss, and says more
        logits = net.forward(images)
        loss, dlogits = F.cross_entropy(logits, labels)
        right = int(np.count_nonzero(logits.argmax(axis=1) == labels))
        if not gradients or not np.isfinite(loss):
            return loss * share, right, []
        net.backward(dlogits * dlogits.dtype.type(share))
    return loss * share, right, [parameter.grad for parameter in net.parameters()]


class Worker:
    """Computes shards on private copies of a network, one for each call that is under way.

    In threads, the copies share the network's weights in memory. Sent to another process, it takes the
    weights along and makes its copies there.
    """

    def __init__(self, net):
        self.net, self.idle = net, SimpleQueue()

    def __reduce__(self):
        return Worker, (self.net,)

    def __call__(self, images, labels, share, gradients):
        try:
            net = self.idle.get_nowait()
        except Empty:
            net = self.net.replica()
        result = shard(net.train(self.net.training), images, labels, share, gradients)
        self.idle.put(net)
        return result


@contextmanager
def workers(net, executor=None):
    """A function (images, labels, gradients=True) -> (mean loss, right answers, gradients) on all workers.

    Any `concurrent.futures.Executor` will do, a Dask cluster's too. Without one, threads are used, as many
    as there are cores, each with BLAS held to one thread; on one core, none.
    """
    worker, cores = Worker(net), _cores()
    own = ThreadPoolExecutor(cores) if executor is None and cores > 1 else None
    run = executor or own

    def batch(images, labels, gradients=True):
        count, size = len(images), min(module.shard for module in net.modules())
        parts = [slice(start, min(start + size, count)) for start in range(0, count, size)]
        if len(parts) == 1 and executor is None:
            return shard(net, images, labels, 1.0, gradients)
        tasks = [(images[part], labels[part], (part.stop - part.start) / count, gradients) for part in parts]
        if run is None:
            results = [worker(*task) for task in tasks]
        else:
            results = [future.result() for future in [run.submit(worker, *task) for task in tasks]]
        losses, rights, shards = zip(*results)
        return sum(losses), sum(rights), [_sum(part) for part in zip(*shards)]

    with one_thread():
        try:
            yield batch
        finally:
            if own:
                own.shutdown()


def _cores():
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _sum(arrays):
    total = arrays[0]
    for array in arrays[1:]:
        total = total + array
    return total
