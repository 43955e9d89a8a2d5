"""A trial before a network is trained: a few images go forward and backward through a copy of it.

Layers are written by learners, and most mistakes in them raise no error by themselves: they give wrong gradients in
silence. What can be seen from outside is named here, before any work.
"""
from contextlib import contextmanager
from itertools import combinations

import numpy as np

from .functional.checks import check_labels
from .functional.losses import cross_entropy
from .layers.parameter import Parameter
from .layers.copies import copy_of, of_the_course, restart

IMAGES = 4


class _Watched(Parameter):
    """A parameter that notes when its gradient is put in place again without having been read, so that the first is lost."""

    state = "begin"

    @property
    def grad(self):
        if self.state != "lost":
            self.state = "read"
        return super().grad

    @grad.setter
    def grad(self, gradient):
        if self.state == "set":
            self.state = "lost"
        elif self.state != "lost":
            self.state = "set"
        self._grad = gradient


@contextmanager
def watched(where, net):
    """While the block runs, one forward and one backward pass of `net` raise for mistakes in layers that are seen from outside.

    TypeError where a layer returns nothing; ValueError where one object is used twice in a pass, or a parameter in two
    places, for only the last gradient would count.
    """
    modules, parameters, used, silent = net.named_modules(), net.named_parameters(), set(), []
    for (first, one), (second, other) in combinations(parameters, 2):
        if np.may_share_memory(one.value, other.value):
            raise ValueError(f"{where}: {first} and {second} are two parameters on one array, so each step would move it twice: "
                             "give each layer an array of its own")

    def watch(label, module, method, inner):
        def forward(x):
            if module is net:
                used.clear()
            if id(module) in used:
                raise ValueError(f"{where}: {label} is used twice in one forward pass, but remembers only the last: "
                                 "make an object for each place")
            used.add(id(module))
            return returned(inner(x))

        def backward(dy):
            if dy is None and silent:
                raise TypeError(f"{where}: {silent[-1]}.backward returned nothing, so the layers below it would not learn: "
                                "end it with a return")
            dx = inner(dy)
            if dx is None:
                silent.append(label)
            return dx

        def returned(y):
            if y is None:
                raise TypeError(f"{where}: {label}.forward returned nothing: end it with a return")
            return y

        return forward if method == "forward" else backward

    for name, module in modules:
        label = f"layer {name}, {module}" if name else f"the network, {module}"
        for method in ("forward", "backward"):
            setattr(module, method, watch(label, module, method, getattr(module, method)))
    kinds = [type(parameter) for _, parameter in parameters]
    for _, parameter in parameters:
        parameter.__class__ = _Watched
    try:
        yield
        for name, parameter in parameters:
            if parameter.state == "lost":
                raise ValueError(f"{where}: {name} is used in two places of the network, and the second gradient takes the place of the "
                                 "first: give each layer a parameter of its own, or add up, parameter.grad = parameter.grad + ...")
            if parameter.grad is None or np.shape(parameter.grad) != parameter.value.shape:
                found = "None" if parameter.grad is None else f"of shape {np.shape(parameter.grad)}"
                raise ValueError(f"{where}: the gradient of {name} is {found}, but its value has shape {parameter.value.shape}: "
                                 "in backward, set .grad to dL/dvalue, one number for each of the value's")
    finally:
        for _, module in modules:
            del module.forward, module.backward
        for (_, parameter), kind in zip(parameters, kinds):
            parameter.__class__ = kind
            vars(parameter).pop("state", None)


def try_out(where, net, data, batch_size, loss, metrics, augment=None):
    """Runs the trial; returns whether a batch must be kept whole, for its images or losses depend on each other.

    Batch normalisation written without `group.sum` is of that kind, and a loss that is no mean over images. Raises what
    `watched` does, and TypeError or ValueError where outputs, targets, loss, metrics and augmentation do not fit together.
    """
    twin = copy_of(net, buffers=False).train()
    whole = any(module.shard_size is None for module in twin.modules())
    images, targets = (array[:batch_size if whole else min(IMAGES, batch_size)] for array in (data.x_train, data.y_train))
    count = len(images)
    if augment is not None:
        given, images = images, augment(images.copy(), np.random.default_rng(0))
        if not isinstance(images, np.ndarray) or len(images) != count or images.dtype != given.dtype:
            raise ValueError(f"{where}: augment must return as many images as it gets, of the same dtype: {given.dtype} {given.shape} went in, "
                             f"{getattr(images, 'dtype', type(images).__name__)} {np.shape(images)} came out")
    with watched(where, twin), np.errstate(all="ignore"):
        y = twin.forward(images)
        if not isinstance(y, np.ndarray) or y.shape[:1] != (count,):
            raise ValueError(f"{where}: the network must give an array with one row an image, but gives {type(y).__name__} {np.shape(y)} "
                             f"for {count} images")
        if loss is cross_entropy:
            if y.ndim != 2:
                raise ValueError(f"{where}: the network's output has shape {y.shape}, but the cross-entropy takes logits (N, C), one for each "
                                 "class: end the network with Flatten() and Linear(features, classes, rng)")
            for name in ("y_train", "y_test"):
                labels = getattr(data, name)
                check_labels(f"{where}: {name}", labels, (len(labels), y.shape[1]))
        value, dy = loss(y, targets)
        for metric in metrics:
            if np.shape(metric(y, targets)) != (count,):
                raise ValueError(f"{where}: the metric {metric.__name__} must give one number an image, shape {(count,)}, "
                                 f"but gives {np.shape(metric(y, targets))}")
        twin.backward(dy)
    with np.errstate(all="ignore"):
        return count > 1 and (_is_no_mean(loss, y, targets, value) or _mixes(twin, images))  # y may change with the next pass


def _mixes(net, images):
    """Whether the first images' outputs change with the others, in training, but for layers that ask for sums over the batch."""
    if all(map(of_the_course, net.modules())):
        return False
    generators = [generator for module in net.modules() for _, generator in module.own(np.random.Generator)]
    for module in net.modules():
        if module.synchronised:
            module.training = False
    half, outputs = len(images) // 2, []
    for others in (images[half:], -2 * images[half:] + 1):
        for number, generator in enumerate(generators):
            restart(generator, number)
        outputs.append(net.forward(np.concatenate([images[:half], others]).astype(images.dtype))[:half].copy())
    return not np.allclose(*outputs, rtol=1e-4, atol=1e-6, equal_nan=True)


def _is_no_mean(loss, y, targets, value):
    parts = [slice(0, 1), slice(1, len(y))]
    mean = sum(loss(y[part], targets[part])[0] * len(y[part]) for part in parts) / len(y)
    return bool(np.isfinite(value) and np.isfinite(mean) and abs(mean - value) > 1e-3 * max(abs(value), abs(mean)))
