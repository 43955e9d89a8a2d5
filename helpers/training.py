"""Train a network, measure it, and keep what happened."""
import copy
import signal
import threading
import time
from contextlib import contextmanager

import numpy as np

from . import functional as F
from .layers.containers import check_layer
from .layers.copies import copy_of
from .parallel import shards, workers
from .progress import bar
from .spread import spread
from .sweep import sweep
from .trial import try_out

__all__ = ["History", "Snapshots", "evaluate", "fit", "predict", "sweep"]

_PATIENCE = 5.0  # seconds after a first interrupt from which on a second one does not wait for the end of the step


class History(dict):
    """What `fit` saw, as columns {name: list}, also as attributes: `history["test_loss"]` is `history.test_loss`.

    step_losses: the loss of each batch, before its step. The other columns have one number an epoch:
    train_loss, the mean of the epoch's step losses; test_loss, on the whole test set, after the epoch;
    train_NAME and test_NAME for each metric, such as accuracy (0 to 1), while it trained and on the test set;
    seconds, the time its steps took, measuring left out. `interrupted` says whether the run was.
    """

    interrupted = False

    def __init__(self, columns=()):
        super().__init__({"step_losses": [], "seconds": []} | dict(columns))

    def __getattr__(self, name):
        if name not in self:
            raise AttributeError(f"History: there is no column {name!r}: there are {', '.join(self)}")
        return self[name]

    def __str__(self):
        names = [name for name in self if name not in ("step_losses", "seconds")]
        heads = ["epoch", *(name.replace("_", " ") for name in names)]
        rows = [[str(epoch + 1), *(_shown(name, self[name][epoch]) for name in names)] for epoch in range(len(self.seconds))]
        lines = ["   ".join(cell.rjust(len(head)) for cell, head in zip(row, heads)) for row in [heads, *rows]]
        return "\n".join(lines + [f"interrupted after {len(self.step_losses)} whole steps"] * self.interrupted)


def _shown(name, value):
    return f"{value:.2%}" if name.endswith("accuracy") else f"{value:.4f}"


class Snapshots:
    """A callback for `fit` that keeps chosen parameters and their gradients, to scrub through later.

    `steps`: at which steps to look (0 is before the first). `names`: which parameters, by the names of
    `state_dict`; ValueError at the first step for one that the network has not. `images`, `labels`: on these the loss,
    the cross-entropy, is measured at each look.
    Afterwards `.steps`, `.train_loss`, `.test_loss` are lists, and `.values[name]`, `.grads[name]`
    lists of arrays, all of one length.
    """

    def __init__(self, steps, names, images, labels):
        self.wanted, self.images, self.labels = set(map(int, steps)), images, labels
        self.steps, self.train_loss, self.test_loss = [], [], []
        self.values, self.grads = {name: [] for name in names}, {name: [] for name in names}

    def __call__(self, step, net, loss):
        parameters = dict(net.named_parameters())
        if unknown := self.values.keys() - parameters.keys():
            raise ValueError(f"Snapshots: the network has no parameter named {', '.join(sorted(unknown))}; it has {', '.join(parameters)}")
        if step not in self.wanted:
            return
        self.steps.append(step)
        self.train_loss.append(loss)
        self.test_loss.append(_measure(net, self.images, self.labels, F.cross_entropy, ())["loss"])
        for name in self.values:
            self.values[name].append(parameters[name].value.copy())
            self.grads[name].append(parameters[name].grad.copy())


def fit(net, data, optimizer, epochs, batch_size, seed=0, loss=F.cross_entropy, metrics=None, augment=None, callback=None,
        schedule=None, history=None):
    """Train `net` on `data.x_train`, `data.y_train`, measure it on `data.x_test`, `data.y_test`; returns a `History`.

    Every epoch visits all images once, in an order drawn from (seed, epoch), `batch_size` at a time
    (the last batch takes what is left), and ends with a measurement on the test set.
    `loss(outputs, targets)` gives a number, a mean over images, and its gradient for the outputs; labels may be any
    targets that it takes. Each of `metrics`, a function (outputs, targets) that gives one number an image, becomes two
    columns of the history; for the cross-entropy they are (F.accuracy,) unless given.
    `augment(images, rng)` gives the images to train on in place of those of a shard; rng depends on (seed, step, shard).
    `callback(step, net, loss)` is called at each step when the gradients are there and before the
    weights move; steps count from 0. It may change parameters, and nothing else of the network.
    `schedule(step)` gives the learning rate of each step (see `optim`).
    Given the `history` of an earlier run, `epochs` more are made and put after it: with the weights and the
    optimiser's state of that run, the numbers are those of one unbroken run.
    A batch is computed in shards on all cores, with the same result on any number of them (see `parallel`).
    An interrupt (Ctrl-C, or the stop button) waits for the end of the step and ends the run there:
    weights and history are those of the last whole step. Where a step does not end, a second one stops it.
    Raises TypeError or ValueError, before any work, for data, layers or arguments that do not fit together, and for an
    optimiser of another network; FloatingPointError when the loss is no longer finite, naming epoch, batch and
    layer. The weights are then those that gave that loss, and the error's `history` holds the run until there.
    """
    if metrics is None:
        metrics = (F.accuracy,) if loss is F.cross_entropy else ()
    _check_counts(epochs=(epochs, 1), batch_size=(batch_size, 1), seed=(seed, 0))
    _check_data(data)
    _check_arguments(net, optimizer, loss, metrics, history, augment=augment, callback=callback, schedule=schedule)
    count, parameters = len(data.x_train), net.parameters()
    starts = range(0, count, batch_size)
    columns = [f"{part}_{name}" for name in ("loss", *(metric.__name__ for metric in metrics)) for part in ("train", "test")]
    history = History({column: [] for column in columns} | ({} if history is None else _continued(history, columns, len(starts))))
    whole = try_out("fit", net, data, batch_size, loss, metrics, augment)
    net.train()
    done = len(history.seconds)

    with _interrupt_held() as interrupted, workers(net, training=True, whole=whole) as each, \
            bar("training", "step", epochs * len(starts)) as progress, _quiet():
        for epoch in range(done, done + epochs):
            order = np.random.default_rng((seed, epoch)).permutation(count)
            totals, began = np.zeros(len(metrics)), time.perf_counter()
            for number, start in enumerate(starts):
                step, chosen = len(history.step_losses), order[start:start + batch_size]
                images, targets = data.x_train[chosen], data.y_train[chosen]
                value, sums = backpropagate(each, parameters, images, targets, loss, metrics, augment, (seed, step))
                _check_finite(value, net, images, f"epoch {epoch + 1}, batch {number + 1}", history)
                if callback is not None:
                    callback(step, net, value)
                if schedule is not None:
                    optimizer.lr = schedule(step)
                optimizer.step()
                history.step_losses.append(value)
                totals += sums
                progress.update()
                if interrupted:
                    return _stopped_early(history, epoch)
            seconds = time.perf_counter() - began
            test = _measure(net, data.x_test, data.y_test, loss, metrics)
            _check_finite(test["loss"], net, data.x_test, f"the test after epoch {epoch + 1}", history, training=False)
            train = {"loss": float(np.mean(history.step_losses[-len(starts):]))} | _named(metrics, totals / count)
            for name in train:
                history[f"train_{name}"].append(train[name])
                history[f"test_{name}"].append(test[name])
            history.seconds.append(seconds)
            progress.set_postfix_str(", ".join(f"test {name} {_shown(name, value)}" for name, value in test.items()))
            if interrupted:
                return _stopped_early(history, epoch)
    return history


def backpropagate(each, parameters, images, targets, loss, metrics=(), augment=None, key=(0, 0)):
    """The gradient of one mini-batch, in `.grad` of the `parameters`; returns its loss and the sum of each metric.

    `each` is what `parallel.workers` gives, `key` the seed and the step. Where the loss is not finite, no gradient changes.
    """
    def shard(worker, part):
        x, y, share = images[part], targets[part], (part.stop - part.start) / len(images)
        if augment is not None:
            x = augment(x, np.random.default_rng((*key, 1, part.start)))
        with _quiet():
            outputs = worker.net.forward(x)
            value, dy = loss(outputs, y)
            sums = [np.sum(metric(outputs, y)) for metric in metrics]
            for parameter in worker.parameters:
                parameter.clear()
            worker.net.backward(dy * dy.dtype.type(share))
        return value * share, sums, worker.gradients()

    values, sums, gradients = zip(*each(shard, len(images), key))
    if np.isfinite(sum(values)):
        totals = spread(_added_up, zip(*gradients), [parameter.value.size for parameter in parameters])
        for parameter, total in zip(parameters, totals):
            parameter.grad = total
    return float(sum(values)), np.sum(sums, axis=0)


def evaluate(net, images, labels):
    """Share of images (N, ...) whose largest logit is at their label (N,): accuracy in [0, 1]."""
    return _measure(net, images, labels, F.cross_entropy, (F.accuracy,))["accuracy"]


def predict(net, images):
    """Outputs, such as logits (N, classes), of images (N, ...), in evaluation mode; `net` itself is left as it is.

    A shard at a time on all cores: what a network lays out for all of MNIST at once would be gigabytes.
    """
    check_layer("predict", net)
    if not isinstance(images, np.ndarray) or len(images) == 0:
        raise ValueError(f"predict: an array of images (N, ...) is wanted, one image at least, but it is {_kind(images)}")
    with workers(net, training=False) as each:
        # Copies: a layer may keep an array for its output, and write the next shard's there.
        return np.concatenate(each(lambda worker, part: np.array(worker.net.forward(images[part])), len(images)))


def _measure(net, images, targets, loss, metrics):
    """{"loss": mean loss, metric: mean} in evaluation mode."""
    check_layer("evaluate", net)
    if len(images) != len(targets) or len(images) == 0:
        raise ValueError(f"evaluate: one label an image and one image at least are wanted, "
                         f"but there are {len(images)} images and {len(targets)} labels")

    def measured(worker, part):
        with _quiet():
            outputs = worker.net.forward(images[part])
            value = loss(outputs, targets[part])[0] * ((part.stop - part.start) / len(images))
            return value, [np.sum(metric(outputs, targets[part])) for metric in metrics]

    with workers(net, training=False) as each:
        losses, rights = zip(*each(measured, len(images)))
    return {"loss": float(sum(losses))} | _named(metrics, np.sum(rights, axis=0) / len(images))


def _named(metrics, values):
    return {metric.__name__: float(value) for metric, value in zip(metrics, values)}


def _added_up(total, *others):
    """The sum of the shards' gradients, in the order of the shards; it is made in the first."""
    for part in others:
        total += part
    return total


def _quiet():
    """FloatingPointError, which `fit` raises, says more than NumPy's warnings."""
    return np.errstate(over="ignore", invalid="ignore")


def _continued(history, columns, steps):
    """A copy of the columns of a run that ended with a whole epoch."""
    if len(history.step_losses) != steps * len(history.seconds):
        raise ValueError(f"fit: the run of this history ended within an epoch, after {len(history.step_losses)} steps of "
                         f"{steps} an epoch (or had other batches): go on from the end of an epoch")
    if history.seconds and history.keys() != {"step_losses", "seconds", *columns}:
        raise ValueError(f"fit: the history has the columns {', '.join(history)}, but this run would add to "
                         f"{', '.join(columns)}: go on with the same metrics")
    return copy.deepcopy(dict(history))


def _check_finite(loss, net, images, when, history, training=True):
    if not np.isfinite(loss):
        error = FloatingPointError(f"fit: the loss became {loss} in {when}; numbers first stopped being finite in "
                                   f"{_first_not_finite(net, images, training)}. The weights are those that gave this loss: "
                                   "try a smaller learning rate, and check the gradients with gradcheck.check_module")
        error.history = history
        raise error


def _first_not_finite(net, images, training):
    """Where numbers first stop being finite on the way forward, in words; looked for in a copy, a shard at a time."""
    if not np.isfinite(images).all():
        return "the images of this batch"
    twin, found = copy_of(net, buffers=False).train(training), []

    def watched(name, module, forward):
        def watch(x):
            y = forward(x)
            if not np.isfinite(y).all():
                found.append(f"layer {name}, {module}" if name else f"the network, {module}")
            return y
        return watch

    modules = twin.named_modules()
    for name, module in modules:
        module.forward = watched(name, module, module.forward)  # on the object: it hides the method of its class
    for part in shards(twin.modules(), len(images)):
        if not found:
            twin.forward(images[part])
    return found[0] if found else "the loss itself"


def _stopped_early(history, epoch):
    history.interrupted = True
    print(f"Interrupted in epoch {epoch + 1}: weights and history are those after {len(history.step_losses)} whole steps.")
    return history


# --- What `fit` is given must fit together: a mistake shows now, and not after an epoch ---------------

def _kind(thing):
    return f"an array of shape {thing.shape}" if isinstance(thing, np.ndarray) else f"a {type(thing).__name__}"


def _check_counts(**counts):
    for name, (value, least) in counts.items():
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
            raise ValueError(f"fit: {name} must be a whole number of at least {least}, but it is {value!r}")


def _check_data(data):
    for part in ("train", "test"):
        images, targets = getattr(data, f"x_{part}", None), getattr(data, f"y_{part}", None)
        for name, array in ((f"x_{part}", images), (f"y_{part}", targets)):
            if not isinstance(array, np.ndarray):
                raise TypeError(f"fit: data.{name} must be a NumPy array, but it is {_kind(array)}: pass a data.Dataset, or any object with "
                                "x_train, y_train, x_test and y_test")
        if len(images) != len(targets) or len(images) == 0:
            raise ValueError(f"fit: one label an image is wanted and one image at least: x_{part} has "
                             f"{len(images)} images, y_{part} {len(targets)} labels")
    if data.x_test.shape[1:] != data.x_train.shape[1:] or data.x_test.dtype != data.x_train.dtype:
        raise ValueError(f"fit: images to train on and to test with must be alike, but x_train is {data.x_train.dtype} "
                         f"{data.x_train.shape} and x_test {data.x_test.dtype} {data.x_test.shape}")


def _check_arguments(net, optimizer, loss, metrics, history, **functions):
    check_layer("fit", net)
    if isinstance(optimizer, type):
        raise TypeError(f"fit: {optimizer.__name__} is a class: make an optimiser, {optimizer.__name__}(net.parameters(), ...)")
    if not callable(getattr(optimizer, "step", None)):
        raise TypeError(f"fit: the optimiser must have a method step(), but it is {_kind(optimizer)}")
    moved = getattr(optimizer, "parameters", net.parameters())  # a learner's own optimiser may keep them elsewhere
    moved = moved() if callable(moved) else moved
    if not set(map(id, net.parameters())) & set(map(id, moved)):
        raise ValueError("fit: the optimiser was made for another network, so this one would not learn: make a new one "
                         "from net.parameters()")
    if not isinstance(metrics, (list, tuple)) or not all(callable(metric) and hasattr(metric, "__name__") for metric in metrics):
        raise TypeError(f"fit: metrics must be a list of functions (outputs, targets), each with a name, but it is {metrics!r}")
    if len({"loss", *(metric.__name__ for metric in metrics)}) <= len(metrics):
        raise ValueError("fit: two metrics have one name, or one is named loss, and so would share a column of the history: "
                         "rename one")
    for name, function in functions.items() | {("loss", loss)}:
        if not callable(function) and (function is not None or name == "loss"):
            raise TypeError(f"fit: {name} must be a function, but it is {function!r}" + ": optim.constant_lr makes one of a number" * (name == "schedule"))
    if functions["schedule"] is not None and not hasattr(optimizer, "lr"):
        raise ValueError(f"fit: a schedule sets the optimiser's lr, but this {type(optimizer).__name__} has none: read self.lr in its step")
    if not isinstance(history, History | None):
        raise TypeError(f"fit: history must be what an earlier fit returned, but it is {_kind(history)}")


@contextmanager
def _interrupt_held():
    """Collects interrupts in a list while the block runs, so that no step is left half done.

    A second one more than 5 s after the first raises KeyboardInterrupt: the step does not end. Only the main thread
    receives interrupts; in another there is nothing to hold.
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
