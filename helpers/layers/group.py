"""Sums over a whole mini-batch, where its shards are computed by several threads.

Batch normalisation needs the mean of a whole batch. Its layer asks `self.group.sum(array)`: for a batch in one piece
that is the array itself, for shards an all-reduce, the sum over all of them. With it, batch normalisation is
what PyTorch calls SyncBatchNorm.
"""
from queue import SimpleQueue

import numpy as np


class Group:
    """A batch in one piece."""

    rank = 0  # the shard's number: only the layers of shard 0 change buffers

    def sum(self, array):
        """The sum over all shards of what each of them hands in: here there is one."""
        return array

    def leave(self):
        """The end of a shard's work."""


class Apart(Group):
    """One shard of several that are not computed at the same time, as no layer said that it needs it."""

    def __init__(self, rank):
        self.rank = rank

    def sum(self, array):
        raise RuntimeError("group.sum: a layer asks for a sum over the whole batch, but its class does not say so: "
                           "set synchronised = True in the class")


class Stopped(RuntimeError):
    """A shard cannot go on, for another one has stopped with an error."""


class Shards:
    """The shards of one batch, `count` of them at work at the same time; shard number r has `Member(shards, r)` for its group."""

    def __init__(self, count):
        self.ranks, self.stopped = range(count), False
        self.boxes = {(to, by): SimpleQueue() for to in self.ranks for by in self.ranks}  # what shard `by` has for shard `to`

    def stop(self):
        """Releases the shards that wait for another one: their sums raise `Stopped`, now and later."""
        self.stopped = True
        for box in self.boxes.values():
            box.put(Stopped)


class Member(Group):
    """One shard's place among `Shards`."""

    def __init__(self, shards, rank):
        self.shards, self.rank = shards, rank

    def sum(self, array):
        """The sum of what all shards hand in, in the order of the shards, so that it does not depend on which is first.

        Waits for all shards. Raises ValueError where they hand in arrays of different shapes, `Stopped` where another shard
        has stopped with an error.
        """
        total, *others = self._exchange(array)
        for part in others:
            total = total + part
        return total

    def leave(self):
        """The end of a shard's work: raises as `sum` does where another shard asks for one more sum."""
        self._exchange(None)

    def _exchange(self, array):
        if self.shards.stopped:
            raise Stopped
        for other in self.shards.ranks:
            self.shards.boxes[other, self.rank].put(array)
        given = [self.shards.boxes[self.rank, other].get() for other in self.shards.ranks]
        if any(part is Stopped for part in given):
            raise Stopped
        shapes = [None if part is None else np.shape(part) for part in given]
        if len(set(shapes)) > 1:
            raise ValueError(f"group.sum: the shards of a batch hand in arrays of different shapes, {shapes}: every shard must "
                             "ask for the same sums in the same order")
        return given
