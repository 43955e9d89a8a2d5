"""A batch on all cores: shards of it, workers that know the weights, and sums in a fixed order.

A gradient is a sum over images, so it may be summed in parts, anywhere. The parts are always the same
shards in the same order, of a size that only the network decides (`Module.shard_size`): results do not
depend on how many workers there are or which is first. A network with a layer that has no such size sees
its batches whole, and by itself.

- `shards`: how a batch is cut, computed and added up
- `executors`: shards on any `concurrent.futures.Executor`
- `processes`: shards on processes of this machine that share memory
"""
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial

from ..blas import one_thread
from .executors import Worker, on_executor
from .processes import Crew
from .shards import added_up, cut, shard, shard_size, tasks


@contextmanager
def workers(net, executor=None):
    """A function (images, labels, gradients=True) -> (mean loss, right answers, gradients) on all workers.

    Any `concurrent.futures.Executor` will do, a Dask cluster's too. Without one, all cores are used: first by
    threads, each with BLAS held to one thread, and by processes as soon as these are awake (see `processes`).
    """
    if shard_size(net) is None:
        with one_thread():
            yield partial(_alone, net)
        return
    with one_thread(), ExitStack() as stack:
        compute, cores = partial(on_executor, Worker(net), executor), _cores()
        if executor is None and cores > 1:
            threads = stack.enter_context(ThreadPoolExecutor(cores))
            crew = Crew(net, cores - 1, at_home=partial(on_executor, Worker(net), threads))
            stack.callback(crew.close)
            compute = crew.compute

        def batch(images, labels, gradients=True):
            if executor is None and len(cut(net, len(images))) == 1:
                return shard(net, images, labels, 1.0, gradients)
            return compute(images, labels, gradients)

        yield batch


def _alone(net, images, labels, gradients=True):
    """The same by the network itself: a batch to learn from is computed whole, one to be measured in pieces."""
    parts = [slice(0, len(images))] if gradients else cut(net, len(images))
    return added_up([shard(net, *task) for task in tasks(parts, images, labels, gradients)])


def _cores():
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
