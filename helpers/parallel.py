"""A mini-batch on all cores: fixed shards on threads, sums in a fixed order.

A gradient is a sum over images, so it may be summed in parts. The parts are always the same shards, of a size that only
the network and the batch decide, and they are added up in order: results do not depend on how many threads there are.
NumPy lets other threads work during matrix products and large copies. Each thread has a copy of the network that shares
its values; in training the network itself is the first of them.
"""
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue

import numpy as np

from .blas import one_thread
from .layers.copies import copy_of, of_the_course, restart
from .layers.group import Apart, Group, Member, Shards, Stopped
from .spread import cores

_PASSING = "group", "input_gradient"  # what a pass sets in modules

PIECE = 25  # images at a time in evaluation, where a layer wants to see its batches whole


def shards(modules, count, whole=False):
    """Slices of a batch of `count` images: as few as every `Module.shard_size` allows, as equal as can be; one if `whole`."""
    size = count if whole else min(module.shard_size or PIECE for module in modules)
    pieces = -(-count // size)
    return [slice(count * piece // pieces, count * (piece + 1) // pieces) for piece in range(pieces)]


class Worker:
    """What one thread computes with: a network, its parameters and its random generators."""

    def __init__(self, net, training):
        self.net, self.modules, self.parameters = net, net.modules(), net.parameters()
        self.generators = [generator for module in self.modules for _, generator in module.own(np.random.Generator)]
        self.own_arrays = all(map(of_the_course, self.modules))
        before = [dict(vars(module)) for module in self.modules]
        net.drop_input_gradient()
        self.first = [module for module in self.modules if not module.input_gradient]
        for module, own in zip(self.modules, before):
            vars(module).pop("input_gradient", None)
            vars(module).update(own)
        if not training:  # on a copy
            for module in self.modules:
                module.training = module.recording = False

    def gradients(self):
        """The parameters' gradients; copies, where a learner's layer may write the next ones into the same arrays."""
        if self.own_arrays:
            return [parameter.grad for parameter in self.parameters]
        return [np.array(parameter.grad) for parameter in self.parameters]

    def compute(self, work, part, group, key):
        """work(self, part) as a member of `group`; `key` and its rank decide what random generators draw."""
        for number, generator in enumerate(self.generators):
            restart(generator, *key, group.rank, number)
        before = [{name: value for name, value in vars(module).items() if name in _PASSING} for module in self.modules]
        for module in self.modules:
            module.group = group
        for module in self.first:
            module.input_gradient = False  # no layer reads the gradient for the images
        try:
            result = work(self, part)
            group.leave()
            return result
        finally:
            for module, own in zip(self.modules, before):
                for name in (*_PASSING, "_cache"):  # the memory of this pass is there for the next shard's
                    vars(module).pop(name, None)
                vars(module).update(own)


@contextmanager
def workers(net, training, whole=False):
    """A function `each(work, count, key=(0,))` that computes a batch of `count` images in shards, on all cores.

    It returns [work(worker, part) for each shard, the slice `part` of the batch], in the order of the shards.
    `key`, whole numbers such as seed and step, decides what random generators in the network draw. If one shard raises,
    the others are stopped and the error is raised here.
    In training `net` itself computes the first shard, the images' gradient is left out, and `whole`, or a layer with
    `shard_size` None, keeps batches in one piece. In evaluation copies compute all shards, with buffers of their own, and
    record nothing.
    """
    parameters, modules = net.parameters(), net.modules()
    whole = training and (whole or any(module.shard_size is None for module in modules))
    together = training and any(module.synchronised for module in modules)
    team = [Worker(net if training else copy_of(net, buffers=False), training)]
    again = not training or team[0].own_arrays  # else what a learner's layer keeps in `net` would depend on the threads

    def each(work, count, key=(0,)):
        parts = shards(modules, count, whole)
        others = len(parts) - 1 if together else min(len(parts), cores()) - 1  # threads beside this one
        while len(team) < min(len(parts), others + (1 if again else 2)):
            team.append(Worker(copy_of(net, buffers=training), training))
        shared, waiting, results, errors = Shards(len(parts) if together else 0), SimpleQueue(), [None] * len(parts), []
        for rank in range(1, len(parts)):
            waiting.put(rank)

        def compute(worker, rank):
            group = Member(shared, rank) if together else Apart(rank) if training and len(parts) > 1 else Group()
            for own, given in zip(worker.parameters, parameters):
                own.value = given.value  # an optimiser may have put a new array in place of the old
            try:
                results[rank] = worker.compute(work, parts[rank], group, key)
            except BaseException as error:
                errors.append((isinstance(error, Stopped), rank, error))
                shared.stop()  # releases the shards that wait for this one
                if not isinstance(error, Exception):  # an interrupt, or an exit
                    raise

        def compute_others(worker):
            with suppress(Empty):
                while not errors:
                    compute(worker, waiting.get_nowait())

        futures = [pool.submit(compute_others, worker) for worker in team[1:others + 1]]
        try:
            compute(team[0], 0)
            for worker in team[:1] if again else team[others + 1:others + 2]:
                compute_others(worker)
            for future in futures:
                future.result()
        finally:
            shared.stop()  # an interrupt may have come in the middle
        if errors:
            raise min(errors, key=lambda error: error[:2])[2]
        return results

    pool = ThreadPoolExecutor(10_000)  # it starts as many threads as are at work at the same time
    try:
        with one_thread():
            yield each
    finally:
        pool.shutdown(wait=sys.exc_info()[0] is not KeyboardInterrupt, cancel_futures=True)  # a shard may never end
