"""Train a network, measure it, and keep what happened."""
import copy
import os
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from tqdm.auto import tqdm

from .blas import one_thread
from .functional.common import check_labels
from .layers import Module
from .sharding import workers
from .sharding.shards import cut

_PATIENCE = 5.0  # seconds between two interrupts after which a step is taken not to end


@dataclass
class History:
    """What `fit` saw: the loss of every step, and one number an epoch for the rest."""

    step_losses: list = field(default_factory=list)     # loss of each batch, before its step
    train_loss: list = field(default_factory=list)      # mean of the epoch's step losses
    train_accuracy: list = field(default_factory=list)  # share right while it trained, 0 to 1
    test_loss: list = field(default_factory=list)       # on the whole test set, after the epoch
    test_accuracy: list = field(default_factory=list)
    seconds: list = field(default_factory=list)         # time its steps took, measuring left out
    interrupted: bool = False

    def __str__(self):
        lines = ["epoch   train loss   test loss   train right   test right"]
        rows = zip(self.train_loss, self.test_loss, self.train_accuracy, self.test_accuracy)
        for epoch, (train_loss, test_loss, train_right, test_right) in enumerate(rows, start=1):
            lines.append(f"{epoch:5}   {train_loss:10.4f}   {test_loss:9.4f}   {train_right:11.2%}   {test_right:10.2%}")
        if self.interrupted:
            lines.append(f"interrupted after {len(self.step_losses)} whole steps")
        return "\n".join(lines)


class Snapshots:
    """A callback for `fit` that keeps chosen parameters and their gradients, to scrub through later.

    `steps`: at which steps to look (0 is before the first). `names`: which parameters, by the names of
    `state_dict`. `images`, `labels`: on these the loss is measured at each look.
    Afterwards `.steps`, `.train_loss`, `.test_loss` are lists, and `.values[name]`, `.grads[name]`
    lists of arrays, all of one length.
    """

    def __init__(self, steps, names, images, labels):
        self.wanted, self.images, self.labels = set(map(int, steps)), images, labels
        self.steps, self.train_loss, self.test_loss = [], [], []
        self.values, self.grads = {name: [] for name in names}, {name: [] for name in names}

    def __call__(self, step, net, loss):
        if step not in self.wanted:
            return
        self.steps.append(step)
        self.train_loss.append(loss)
        with workers(net) as batch:
            self.test_loss.append(_measure(net, self.images, self.labels, batch)[0])
        parameters = dict(net.named_parameters())
        for name in self.values:
            self.values[name].append(parameters[name].value.copy())
            self.grads[name].append(parameters[name].grad.copy())


def fit(net, digits, optimizer, epochs, batch_size, seed=0, callback=None, executor=None, schedule=None, history=None):
    """Train `net` on `digits.x_train`, `digits.y_train` with the cross-entropy loss; returns a `History`.

    Every epoch visits all images once, in an order drawn from (seed, epoch), `batch_size` at a time
    (the last batch takes what is left), and ends with a measurement on the test set.
    `callback(step, net, loss)` is called at each step when the gradients are there and before the
    weights move; steps count from 0. It may change parameters, and nothing else of the network.
    `schedule(step)` gives the step size of each step (see `optim`).
    Given the `history` of an earlier run, `epochs` more are made and put after it: with the weights and the
    optimiser's state of that run, the numbers are those of one unbroken run.
    A batch is computed in shards on all cores, or on any `concurrent.futures.Executor` that is given; the
    result is the same (see `sharding`).
    An interrupt (Ctrl-C, or the stop button) waits for the end of the step and ends the run there:
    weights and history are those of the last whole step. Where a step does not end, another one stops it.
    Raises TypeError or ValueError, before any work, for digits, counts or arguments that do not fit together, and for
    an optimiser of another network; FloatingPointError when the loss is no longer finite, naming epoch, batch and
    layer. The weights are then those that gave that loss, and the error's `history` holds the run until there.
    """
    _check_run(net, digits, epochs, batch_size, executor, history)
    count = len(digits.x_train)
    starts, parameters = range(0, count, batch_size), net.parameters()
    moved = getattr(optimizer, "parameters", parameters)  # a reader's own optimiser may keep them elsewhere
    if not {*map(id, parameters)} & {*map(id, moved)}:
        raise ValueError("fit: the optimiser was made for another network, so this one would not learn: make a new one "
                         "from net.parameters()")
    history = History() if history is None else _continued(history, len(starts))
    done = len(history.train_loss)
    net.train()
    quiet = np.errstate(over="ignore", invalid="ignore")  # FloatingPointError says more than NumPy's warnings
    with _interrupt_held() as interrupted, workers(net, executor) as batch, _progress(epochs * len(starts)) as bar, quiet:
        for epoch in range(done, done + epochs):
            order = np.random.default_rng((seed, epoch)).permutation(count)
            right, began = 0, time.perf_counter()
            for number, start in enumerate(starts):
                chosen = order[start:start + batch_size]
                images, labels = digits.x_train[chosen], digits.y_train[chosen]
                loss, rights, gradients = batch(images, labels)
                _check_finite(loss, net, images, f"epoch {epoch + 1}, batch {number + 1}", history)
                for parameter, gradient in zip(parameters, gradients):
                    parameter.grad = gradient
                if callback is not None:
                    callback(len(history.step_losses), net, loss)
                if schedule is not None:
                    optimizer.lr = schedule(len(history.step_losses))
                optimizer.step()
                history.step_losses.append(loss)
                right += rights
                bar.update()
                if interrupted:
                    return _stopped_early(history, epoch)
            history.seconds.append(time.perf_counter() - began)
            history.train_loss.append(float(np.mean(history.step_losses[-len(starts):])))
            history.train_accuracy.append(right / count)
            test_loss, test_accuracy = _measure(net, digits.x_test, digits.y_test, batch)
            _check_finite(test_loss, net, digits.x_test, f"the test after epoch {epoch + 1}", history)
            history.test_loss.append(test_loss)
            history.test_accuracy.append(test_accuracy)
            bar.set_postfix_str(f"test accuracy {test_accuracy:.2%}")
            if interrupted:
                return _stopped_early(history, epoch)
    return history


def _continued(history, steps):
    """A copy of the history of a run that ended with a whole epoch."""
    if len(history.step_losses) != steps * len(history.train_loss):
        raise ValueError(f"fit: the run of this history ended within an epoch, after {len(history.step_losses)} steps of "
                         f"{steps} an epoch (or had other batches): go on from the end of an epoch")
    return replace(copy.deepcopy(history), interrupted=False)


def _progress(steps):
    # In a notebook tqdm does not heed its own TQDM_DISABLE, with which stored outputs are kept free of bars.
    return tqdm(total=steps, unit="step", desc="training", disable=os.environ.get("TQDM_DISABLE") == "1")


def _check_finite(loss, net, images, when, history):
    if not np.isfinite(loss):
        where = next(filter(None, (_first_not_finite(net, images[part]) for part in cut(net, len(images)))), "the loss itself")
        error = FloatingPointError(f"fit: the loss became {loss} in {when}; numbers first stopped being finite in {where}. "
                                   "The weights are those that gave this loss: try a smaller step size, and check the "
                                   "gradients with gradcheck.check_module")
        error.history = history
        raise error


def _stopped_early(history, epoch):
    history.interrupted = True
    print(f"Interrupted in epoch {epoch + 1}: weights and history are those after {len(history.step_losses)} whole steps.")
    return history


def evaluate(net, images, labels):
    """Share of images (N, ...) whose largest logit is at their label (N,): accuracy in [0, 1]."""
    with workers(net) as batch:
        return _measure(net, images, labels, batch)[1]


def predict(net, images):
    """Logits (N, classes) of images (N, ...), in evaluation mode.

    A few images at a time: what a network keeps for the way back would be gigabytes for all of MNIST.
    """
    with _evaluation_mode(net), one_thread():
        return np.concatenate([net.forward(images[part]) for part in cut(net, len(images))])


def _measure(net, images, labels, batch):
    """Mean loss and accuracy, by the function that `sharding.workers` gives, in evaluation mode."""
    if len(images) != len(labels) or len(images) == 0:
        raise ValueError(f"evaluate: one label an image and one image at least are wanted, "
                         f"but there are {len(images)} images and {len(labels)} labels")
    with _evaluation_mode(net):
        loss, right, _ = batch(images, labels, gradients=False)
    return loss, right / len(images)


@contextmanager
def _evaluation_mode(net):
    """Evaluation mode for the length of a block; then every layer is in the mode in which it was."""
    modes = [(module, module.training) for module in net.modules()]
    net.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _check_run(net, digits, epochs, batch_size, executor, history):
    """What `fit` is given must fit together, the last label too: a mistake shows now, and not after an epoch."""
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
            raise ValueError(f"fit: {name} must be a whole number of at least 1, but it is {value!r}")
    if not isinstance(net, Module):
        raise TypeError(f"fit: the network is a {type(net).__name__}: let its class inherit from helpers.layers.Module")
    if executor is not None and not hasattr(executor, "submit"):
        raise TypeError(f"fit: executor must be a concurrent.futures.Executor, but it is {executor!r}")
    if not isinstance(history, History | None):
        raise TypeError(f"fit: history must be what an earlier fit returned, but it is a {type(history).__name__}")
    for part in ("train", "test"):
        images, labels = getattr(digits, f"x_{part}", None), getattr(digits, f"y_{part}", None)
        for name, array in ((f"x_{part}", images), (f"y_{part}", labels)):
            if not isinstance(array, np.ndarray):
                raise TypeError(f"fit: digits.{name} must be a NumPy array, but it is a {type(array).__name__}")
        if len(images) != len(labels) or len(images) == 0:
            raise ValueError(f"fit: one label an image is wanted and one image at least: x_{part} has "
                             f"{len(images)} images, y_{part} {len(labels)} labels")
    if digits.x_test.shape[1:] != digits.x_train.shape[1:] or digits.x_test.dtype != digits.x_train.dtype:
        raise ValueError(f"fit: images to train on and to test with must be alike, but x_train is {digits.x_train.dtype} "
                         f"{digits.x_train.shape} and x_test {digits.x_test.dtype} {digits.x_test.shape}")
    with np.errstate(all="ignore"):
        logits = predict(net, digits.x_train[:1])
    for name, labels in (("y_train", digits.y_train), ("y_test", digits.y_test)):
        check_labels(f"fit: {name}", labels, (len(labels), logits.shape[1]))


@contextmanager
def _interrupt_held():
    """Collects interrupts in a list while the block runs, so that no step is left half done.

    One that comes long after the first goes through: the step does not end. Only the main thread receives interrupts;
    in another there is nothing to hold.
    """
    held = []  # a list, for a handler must not wait for a lock: a second interrupt may cut into the first

    def hold(*_):
        held.append(time.monotonic())
        if held[-1] - held[0] > _PATIENCE:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield held
        return
    before = signal.signal(signal.SIGINT, hold)
    try:
        yield held
    finally:
        signal.signal(signal.SIGINT, before)


def _first_not_finite(net, x):
    """Where numbers first stop being finite on the way forward: in words, for a message, or None."""
    if not np.isfinite(x).all():
        return "the images of this batch"
    found, modules = [], net.named_modules()

    def watched(name, module, forward):
        def watch(x):
            y = forward(x)
            if not np.isfinite(y).all():
                found.append(f"layer {name}, {module}" if name else f"the network, {module}")
            return y
        return watch

    for name, module in modules:
        module.forward = watched(name, module, module.forward)  # on the object: it hides the method of its class
    try:
        net.forward(x)
    finally:
        for _, module in modules:
            del module.forward
    return found[0] if found else None
