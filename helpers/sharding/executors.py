"""Shards on any `concurrent.futures.Executor`: threads here, or a cluster."""
from queue import Empty, SimpleQueue

from ..blas import one_thread
from .shards import added_up, cut, shard, tasks


class Worker:
    """Computes shards on private copies of a network, one for each call that is under way.

    In threads, the copies share the network's weights in memory. Sent to another process, it takes the
    weights along and makes its copies there.
    """

    def __init__(self, net):
        self.net, self.parameters, self.idle = net, net.parameters(), SimpleQueue()

    def __reduce__(self):
        return Worker, (self.net,)

    def __call__(self, images, labels, share, gradients):
        try:
            net = self.idle.get_nowait()
        except Empty:
            net = self.net.replica()
        for own, given in zip(net.parameters(), self.parameters):
            own.value = given.value  # an optimiser may have put a new array in place of the old
        with one_thread():  # in another process, nobody else has seen to it
            result = shard(net.train(self.net.training), images, labels, share, gradients)
        self.idle.put(net)
        return result


def on_executor(worker, executor, images, labels, gradients):
    """(mean loss, right answers, gradients) of a batch; without an executor, one shard after the other."""
    shards = tasks(cut(worker.net, len(images)), images, labels, gradients)
    if executor is None:
        return added_up([worker(*task) for task in shards])
    return added_up([future.result() for future in [executor.submit(worker, *task) for task in shards]])
