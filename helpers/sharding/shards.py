"""How a batch is cut, what is computed on each piece, and how the pieces are added up."""
from math import isfinite

import numpy as np

from .. import functional as F


_AT_HOME = 25  # images at a time, where a network is only measured and has no shards


def shard_size(net):
    """How many images a shard of this network has: what suits its most demanding layer, or None (`Module.shard_size`)."""
    sizes = [module.shard_size for module in net.modules()]
    return None if None in sizes else min(sizes)


def cut(net, count):
    """Slices of a batch of `count` images, of a size that only the network decides."""
    step = shard_size(net) or _AT_HOME
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


def tasks(parts, images, labels, gradients):
    """What `shard` takes besides the network, for each of these parts of a batch."""
    return [(images[part], labels[part], (part.stop - part.start) / len(images), gradients) for part in parts]


def shard(net, images, labels, share, gradients):
    """(loss, right answers, gradients): loss and gradients times `share`, this shard's part of its batch.

    Where the loss is not finite, there are no gradients.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # the caller looks at the loss, and says more
        logits = net.forward(images)
        loss, dlogits = F.cross_entropy(logits, labels)
        right = int(np.count_nonzero(logits.argmax(axis=1) == labels))
        if not gradients or not isfinite(loss):
            return loss * share, right, []
        dlogits *= dlogits.dtype.type(share)
        parameters = net.parameters()
        before = [parameter.grad for parameter in parameters]
        net.backward(dlogits)
    # A layer may have written its gradient where it wrote the one before, which was handed out and is still wanted.
    return loss * share, right, [parameter.grad.copy() if parameter.grad is old else parameter.grad
                                 for parameter, old in zip(parameters, before)]


def added_up(results):
    """The shards' results as the batch's, added in the order of the shards."""
    losses, rights, gradients = zip(*results)
    return sum(losses), sum(rights), [_sum(arrays) for arrays in zip(*gradients)]


def _sum(arrays):
    total = arrays[0]
    for array in arrays[1:]:
        total = total + array
    return total
