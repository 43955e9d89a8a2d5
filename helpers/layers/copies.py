"""Copies of networks, for other threads and for trials."""
import copy

import numpy as np


def copy_of(net, buffers=True):
    """A copy that shares the values of parameters with `net`, its buffers too unless told otherwise, and nothing else.

    Raises TypeError for a network that holds what cannot be copied.
    """
    shared = [parameter.value for parameter in net.parameters()] + [buffer for _, buffer in net.named_buffers() if buffers]
    try:
        return copy.deepcopy(net, {id(thing): thing for thing in shared})
    except TypeError as error:
        raise TypeError(f"the network cannot be copied for the other threads ({error}): keep open files, locks and the like out of "
                        "layers") from error


def of_the_course(module):
    """Whether a layer is one of `helpers.layers`, of which it is known what they do, and not a learner's."""
    return type(module).__module__.startswith("helpers.")


def restart(generator, *key):
    """Let a random generator begin anew, at a place that the whole numbers `key` decide."""
    generator.bit_generator.state = type(generator.bit_generator)(np.random.SeedSequence(key)).state
