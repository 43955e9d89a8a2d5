"""Sums over a whole mini-batch, where its shards are computed by several threads.

Batch normalisation needs the mean of a whole batch. Its layer asks `self.group.sum(array)`: for a batch in one piece
that is the array itself, for shards an all-reduce, the sum over all of them. With it, batch normalisation is
what PyTorch calls SyncBatchNorm.
"""
import threading

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


class Shards:
    """The shards of one batch, `count` of them at work at the same time; shard number r has `Member(shards, r)` for its group."""

    def __init__(self, count):
        self.barrier = threading.Barrier(count)
        # Two lists in turn: a shard can be one sum ahead of another, but not two.
        self.given = [None] * count, [None] * count


class Member(Group):
    """One shard's place among `Shards`."""

    def __init__(self, shards, rank):
        self.shards, self.rank, self.turn = shards, rank, 0

    def sum(self, array):
        """The sum of what all shards hand in, in the order of the shards, so that it does not depend on which is first.

        Waits for all shards. Raises ValueError where they hand in arrays of different shapes, threading.BrokenBarrierError
        where another shard has stopped with an error.
        """
        total, *others = self._exchange(array)
        for part in others:
            total = total + part
        return total

    def leave(self):
        """The end of a shard's work: raises as `sum` does where another shard asks for one more sum."""
        self._exchange(None)

    def _exchange(self, array):
        given, self.turn = self.shards.given[self.turn], 1 - self.turn
        given[self.rank] = array
        self.shards.barrier.wait()
        shapes = [None if part is None else np.shape(part) for part in given]
        if len(set(shapes)) > 1:
            raise ValueError(f"group.sum: the shards of a batch hand in arrays of different shapes, {shapes}: every shard must "
                             "ask for the same sums in the same order")
        return given
