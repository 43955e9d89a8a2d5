"""`fit` and `evaluate`: every number they give, what they do when things go wrong, and when they are interrupted."""
import signal
import threading
from functools import partial
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import data, models, optim, parallel, training
from helpers import functional as F
from helpers.layers import BatchNorm2d, Flatten, Identity, Linear, Module, Parameter, ReLU, Residual, Sequential, Tanh
from helpers.optim import SGD

SIZES = (6, 5, 3)
LR, BATCH = 0.3, 5  # 23 images: four batches of five and one of three
STEPS = 5  # an epoch


def toy(seed=0, train=23, test=11, dtype=np.float64):
    """A few small random images with random labels."""
    rng = np.random.default_rng(seed)
    x_train, x_test = (rng.standard_normal((count, 1, 2, 3)).astype(dtype) for count in (train, test))
    y_train, y_test = rng.integers(0, 3, train), rng.integers(0, 3, test)
    return SimpleNamespace(x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


def network(seed=0, dtype=np.float64):
    net = models.mlp(seed, SIZES)
    return net.double() if dtype == np.float64 else net


def run(net, digits, epochs=3, batch_size=BATCH, seed=0, lr=LR, **settings):
    return training.fit(net, digits, SGD(net.parameters(), lr), epochs, batch_size, seed, **settings)


def weights(net):
    return [parameter.value.copy() for parameter in net.parameters()]


def equal(first, second):
    return all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def forward_by_hand(values, images):
    w1, b1, w2, b2 = values
    h, first = F.linear(images.reshape(len(images), -1), w1, b1)
    a, bent = F.relu(h)
    logits, second = F.linear(a, w2, b2)
    return logits, (first, bent, second)


def by_hand(values, digits, steps, batch_size=BATCH, seed=0, lr=LR):
    """The plain loop, without `layers`, `optim` or `training`: what each of so many steps saw, and where it ended.

    -> weights at the end, and for each step (weights before it, gradients, loss, how many were right, batch size).
    """
    values, seen, epoch = [value.copy() for value in values], [], 0
    while len(seen) < steps:
        order = np.random.default_rng((seed, epoch)).permutation(len(digits.x_train))
        for start in range(0, len(order), batch_size):
            if len(seen) == steps:
                break
            chosen = order[start:start + batch_size]
            labels = digits.y_train[chosen]
            logits, (first, bent, second) = forward_by_hand(values, digits.x_train[chosen])
            loss, dy = F.cross_entropy(logits, labels)
            da, dw2, db2 = F.linear_backward(dy, second)
            _, dw1, db1 = F.linear_backward(F.relu_backward(da, bent), first)
            gradients = [dw1, db1, dw2, db2]
            right = sum(int(np.argmax(row)) == label for row, label in zip(logits, labels, strict=True))
            seen.append((values, gradients, loss, right, len(chosen)))
            values = [value - lr * gradient for value, gradient in zip(values, gradients, strict=True)]
        epoch += 1
    return values, seen


def brute_force(values, images, labels):
    """Loss and accuracy, one image at a time."""
    losses, right = [], 0
    for image, label in zip(images, labels, strict=True):
        logits, _ = forward_by_hand(values, image[None])
        losses.append(F.cross_entropy(logits, np.array([label]))[0])
        right += int(np.argmax(logits) == label)
    return np.mean(losses), right / len(labels)


# --- The loop -------------------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [1, 5, 23, 100])
def test_fit_is_the_plain_loop(dtype, batch_size):
    """Bit for bit: weights and losses."""
    digits, net = toy(dtype=dtype), network(dtype=dtype)
    steps = 3 * len(range(0, 23, batch_size))
    wanted, seen = by_hand(weights(net), digits, steps, batch_size, seed=7)
    history = run(net, digits, epochs=3, batch_size=batch_size, seed=7)
    assert equal(weights(net), wanted)
    assert history.step_losses == [loss for _, _, loss, _, _ in seen]
    assert {parameter.value.dtype for parameter in net.parameters()} == {np.dtype(dtype)}


def test_every_number_of_the_history():
    digits, net = toy(), network()
    start = weights(net)
    history = run(net, digits, epochs=4)
    _, seen = by_hand(start, digits, 4 * STEPS)
    assert len(history.step_losses) == 4 * STEPS and not history.interrupted
    for numbers in (history.train_loss, history.train_accuracy, history.test_loss, history.test_accuracy, history.seconds):
        assert len(numbers) == 4 and all(type(number) is float for number in numbers)
    for epoch in range(4):
        steps = seen[epoch * STEPS:(epoch + 1) * STEPS]
        assert sum(count for *_, count in steps) == 23
        assert history.train_loss[epoch] == pytest.approx(sum(loss for _, _, loss, _, _ in steps) / STEPS, rel=1e-14)
        assert history.train_accuracy[epoch] == sum(right for *_, right, _ in steps) / 23
        loss, accuracy = brute_force(by_hand(start, digits, (epoch + 1) * STEPS)[0], digits.x_test, digits.y_test)
        assert history.test_loss[epoch] == pytest.approx(loss, rel=1e-13)
        assert history.test_accuracy[epoch] == accuracy
    assert len(set(history.test_loss)) == 4 and len(set(history.train_accuracy)) > 1


def test_seconds_leave_the_measuring_out(monkeypatch):
    class Clock(Identity):
        now = 0.0

        def forward(self, x):
            Clock.now += 1 if self.training else 1000
            return super().forward(x)

    monkeypatch.setattr(training.time, "perf_counter", lambda: Clock.now)
    net = Sequential(Flatten(), Clock(), Linear(6, 3, np.random.default_rng(0), dtype=np.float64))
    assert run(net, toy(), epochs=3).seconds == [STEPS] * 3


def test_history_is_columns_by_name_and_prints_as_a_table():
    history = training.History({"step_losses": [1.0] * 7, "train_loss": [2.34567, 1.5], "train_accuracy": [0.5, 0.75],
                                "test_loss": [1.25, 1.125], "test_accuracy": [0.25, 0.98765], "test_error": [3.0, 4.0],
                                "seconds": [1, 1]})
    history.interrupted = True
    head, first, second, last = str(history).splitlines()
    assert head == "epoch   train loss   train accuracy   test loss   test accuracy   test error"
    assert first.split() == ["1", "2.3457", "50.00%", "1.2500", "25.00%", "3.0000"]
    assert second.split() == ["2", "1.5000", "75.00%", "1.1250", "98.77%", "4.0000"]
    assert len(first) == len(second) == len(head) and last == "interrupted after 7 whole steps"
    history.interrupted = False
    assert str(history).splitlines() == [head, first, second]
    assert history.train_loss is history["train_loss"]
    with pytest.raises(AttributeError, match="no column 'loss': there are step_losses, seconds, train_loss,"):
        history.loss


def numbers(history):
    return history.step_losses, history.train_loss, history.train_accuracy, history.test_loss, history.test_accuracy


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_the_seed_decides(seed):
    digits, nets = toy(dtype=np.float32), [network(dtype=np.float32) for _ in range(3)]
    runs = zip(nets, (seed, seed, seed + 1), strict=True)
    first, again, other = (run(net, digits, epochs=2, seed=chosen) for net, chosen in runs)
    assert numbers(first) == numbers(again)
    assert equal(weights(nets[0]), weights(nets[1]))
    assert first.step_losses != other.step_losses


class Shared(list):
    """A list that copies of its owner share."""

    def __deepcopy__(self, memo):
        return self


class Spy(Module):
    """Notes which images pass by, each known by its only pixel, and which labels the gradient blames."""

    shard_size = 25

    def __init__(self):
        self.scale = Parameter(np.zeros(1))
        self.seen, self.blamed, self.measured = Shared(), Shared(), Shared()

    def forward(self, x):
        (self.seen if self.training else self.measured).append(x.ravel().astype(int).tolist())
        return np.zeros((len(x), 4))

    def backward(self, dy):
        self.blamed.append(dy.argmin(axis=1).tolist())


def spied(digits, epochs, batch_size, seed=0):
    """A Spy after a run on one core, its trial forgotten, and the history."""
    net = Spy()
    with patch.object(parallel, "cores", lambda: 1), patch.object(training, "try_out", lambda *_: False):
        return net, run(net, digits, epochs, batch_size, seed)


@given(st.integers(1, 90), st.integers(1, 100), st.integers(1, 3), st.integers(0, 1000), st.integers(1, 9))
def test_every_image_is_visited_once_an_epoch(count, batch_size, epochs, seed, test_count):
    digits = SimpleNamespace(x_train=np.arange(count, dtype=float).reshape(-1, 1), y_train=np.arange(count) * 7 % 4,
                             x_test=np.arange(test_count, dtype=float).reshape(-1, 1), y_test=np.zeros(test_count, int))
    net, history = spied(digits, epochs, batch_size, seed)
    batches = [min(batch_size, count - start) for start in range(0, count, batch_size)]
    shards = [part.stop - part.start for batch in batches for part in parallel.shards([net], batch)]
    assert len(history.step_losses) == epochs * len(batches) and len(net.seen) == epochs * len(shards)
    for epoch in range(epochs):
        visited = net.seen[epoch * len(shards):(epoch + 1) * len(shards)]
        assert sorted(sum(visited, [])) == list(range(count))
        assert [len(shard) for shard in visited] == shards
    assert net.blamed == [[number * 7 % 4 for number in batch] for batch in net.seen]  # each image with its own label
    assert net.measured == [list(range(test_count))] * epochs


def test_epochs_have_orders_of_their_own():
    digits = SimpleNamespace(x_train=np.arange(50.0).reshape(-1, 1), y_train=np.zeros(50, int),
                             x_test=np.ones((1, 1)), y_test=np.zeros(1, int))
    net, _ = spied(digits, epochs=3, batch_size=50)
    orders = {tuple(net.seen[2 * epoch] + net.seen[2 * epoch + 1]) for epoch in range(3)}
    assert len(orders) == 3 and tuple(range(50)) not in orders


def test_fit_writes_into_no_data():
    digits = toy()
    for array in vars(digits).values():
        array.setflags(write=False)
    run(network(), digits)


def test_the_network_trains_in_training_mode_and_is_measured_in_evaluation_mode():
    modes = Shared()

    class Note(Identity):
        def forward(self, x):
            modes.append((self.training, len(x)))
            return super().forward(x)

    net = Sequential(Flatten(), Sequential(Note()), Linear(6, 3, np.random.default_rng(0), dtype=np.float64)).eval()
    run(net, toy(), epochs=2)
    assert modes[3:] == ([(True, 5)] * 4 + [(True, 3), (False, 11)]) * 2  # after the trial's
    assert net.training and net.layers[1].layers[0].training


@pytest.mark.parametrize("seed", range(3))
def test_mlp_reads_the_bundled_digits(seed):
    digits, net = data.load_digits("bundled"), models.mlp(seed)
    history = training.fit(net, digits, SGD(net.parameters(), lr=0.1), epochs=10, batch_size=50, seed=seed)
    assert history.test_accuracy[-1] > 0.93
    assert training.evaluate(net, digits.x_test, digits.y_test) == history.test_accuracy[-1]


# --- Measuring ------------------------------------------------------------------------------------

@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 2**32 - 1))
def test_measuring_in_shards_of_any_size(count, size, seed):
    digits, net = toy(seed, test=count), network(seed)
    with patch.object(net, "shard_size", size):
        found = training._measure(net, digits.x_test, digits.y_test, F.cross_entropy, (F.accuracy,))
        accuracy = training.evaluate(net, digits.x_test, digits.y_test)
    wanted_loss, wanted_accuracy = brute_force(weights(net), digits.x_test, digits.y_test)
    assert found["loss"] == pytest.approx(wanted_loss, rel=1e-12)
    assert found["accuracy"] == accuracy == wanted_accuracy and type(accuracy) is float


def test_outputs_that_are_no_numbers_are_not_right():
    """Of ten classes one in ten has the label 0, where argmax sees nan first."""
    net, digits = network(), toy()
    net.layers[-1].weight.value[...] = np.nan
    assert training.evaluate(net, digits.x_test, digits.y_test) == 0


def test_evaluate_needs_a_label_an_image():
    digits, net = toy(), network()
    with pytest.raises(ValueError, match="11 images and 10 labels"):
        training.evaluate(net, digits.x_test, digits.y_test[:-1])
    with pytest.raises(ValueError, match="10 images and 11 labels"):
        training.evaluate(net, digits.x_test[:-1], digits.y_test)
    with pytest.raises(ValueError, match="0 images and 0 labels"):
        training.evaluate(net, digits.x_test[:0], digits.y_test[:0])


# --- Callbacks ------------------------------------------------------------------------------------

def test_the_callback_sees_gradients_before_the_weights_move():
    digits, net, calls = toy(), network(), []
    start = weights(net)

    def callback(step, given, loss):
        assert given is net
        calls.append((step, loss, weights(net), [parameter.grad.copy() for parameter in net.parameters()]))

    history = run(net, digits, epochs=2, callback=callback)
    _, seen = by_hand(start, digits, 2 * STEPS)
    assert [step for step, *_ in calls] == list(range(2 * STEPS))
    assert [loss for _, loss, *_ in calls] == history.step_losses
    for (_, loss, values, grads), (wanted_values, wanted_grads, wanted_loss, *_) in zip(calls, seen, strict=True):
        assert loss == wanted_loss and equal(values, wanted_values) and equal(grads, wanted_grads)


def test_snapshots():
    digits, net = toy(), network()
    start, names = weights(net), ["3.weight", "1.bias"]
    snapshots = training.Snapshots(np.linspace(0, 9, 4), names, digits.x_test, digits.y_test)  # 0, 3, 6, 9
    history = run(net, digits, epochs=3, callback=snapshots)
    wanted, seen = by_hand(start, digits, 3 * STEPS)
    assert equal(weights(net), wanted)  # looking changes nothing
    assert snapshots.steps == [0, 3, 6, 9]
    assert snapshots.train_loss == [history.step_losses[step] for step in snapshots.steps]
    assert list(snapshots.values) == list(snapshots.grads) == names
    for place, step in enumerate(snapshots.steps):
        values, grads, *_ = seen[step]
        assert snapshots.test_loss[place] == pytest.approx(brute_force(values, digits.x_test, digits.y_test)[0], rel=1e-13)
        for name, index in (("3.weight", 2), ("1.bias", 1)):
            assert np.array_equal(snapshots.values[name][place], values[index])
            assert np.array_equal(snapshots.grads[name][place], grads[index])
    assert all(len(arrays) == 4 for kept in (snapshots.values, snapshots.grads) for arrays in kept.values())
    assert len(snapshots.test_loss) == 4


def test_snapshots_of_parameters_that_are_not_there_are_refused_at_the_first_step():
    net, digits = network(), toy()
    before = weights(net)
    snapshots = training.Snapshots([9], ["1.bias", "2.weight", "bias"], digits.x_test, digits.y_test)
    with pytest.raises(ValueError, match="no parameter named 2.weight, bias; it has 1.weight, 1.bias, 3.weight, 3.bias"):
        run(net, digits, callback=snapshots)
    assert equal(weights(net), before)


# --- What is refused before any work ---------------------------------------------------------------

def test_an_optimiser_of_another_network_is_refused():
    net, other = network(), network()
    with pytest.raises(ValueError, match=r"the optimiser was made for another network.*make a new one from net.parameters\(\)"):
        training.fit(net, toy(), SGD(other.parameters(), LR), 1, BATCH)


def test_an_optimiser_may_move_some_parameters_only():
    net = network()
    before = weights(net)
    training.fit(net, toy(), SGD(net.parameters()[:1], LR), 1, BATCH)
    assert [np.array_equal(*pair) for pair in zip(weights(net), before)] == [False] + [True] * (len(before) - 1)


def test_an_optimiser_of_the_readers_own_needs_a_step_only():
    class Own:
        def __init__(self, net):
            self.net, self.lr = net, LR

        def step(self):
            for parameter in self.net.parameters():
                parameter.value -= self.lr * parameter.grad

    ours, theirs = network(), network()
    training.fit(ours, toy(), Own(ours), 1, BATCH)
    run(theirs, toy(), epochs=1)
    assert all(np.array_equal(*pair) for pair in zip(weights(ours), weights(theirs), strict=True))


@pytest.mark.parametrize("change, error, words", [
    ({"y_train": lambda y: np.where(np.arange(len(y)) == len(y) - 1, 3, y)}, ValueError, "y_train: labels must lie between 0 and 2"),
    ({"y_test": lambda y: y + 2}, ValueError, "y_test: labels must lie between 0 and 2"),
    ({"y_test": lambda y: y - 1}, ValueError, "y_test: labels must lie between 0 and 2"),
    ({"y_test": lambda y: y.astype(float)}, TypeError, "y_test: labels must be a NumPy array of integers"),
    ({"x_test": lambda x: x[:, 0]}, ValueError, "must be alike"),
    ({"x_test": lambda x: x.astype(np.uint8)}, ValueError, "must be alike"),
    ({"x_train": list}, TypeError, "data.x_train must be a NumPy array, but it is a list"),
    ({"y_test": lambda y: None}, TypeError, "data.y_test must be a NumPy array, but it is a NoneType"),
])
def test_digits_that_do_not_fit_are_refused_before_a_weight_moves(change, error, words):
    digits, net = toy(), network()
    for name, changed in change.items():
        setattr(digits, name, changed(getattr(digits, name)))
    before = weights(net)
    with pytest.raises(error, match=words):
        run(net, digits)
    assert equal(weights(net), before)


@pytest.mark.parametrize("arguments, error, words", [
    ({"history": []}, TypeError, "history must be what an earlier fit returned, but it is a list"),
    ({"optimizer": SGD}, TypeError, r"SGD is a class: make an optimiser, SGD\(net.parameters\(\), ...\)"),
    ({"optimizer": 0.1}, TypeError, r"the optimiser must have a method step\(\), but it is a float"),
    ({"schedule": 0.1}, TypeError, "schedule must be a function, but it is 0.1: optim.constant_lr makes one of a number"),
    ({"callback": 1}, TypeError, "callback must be a function, but it is 1"),
    ({"augment": "flip"}, TypeError, "augment must be a function, but it is 'flip'"),
    ({"loss": "mse"}, TypeError, "loss must be a function, but it is 'mse'"),
    ({"loss": None}, TypeError, "loss must be a function, but it is None"),
    ({"metrics": F.accuracy}, TypeError, "metrics must be a list of functions"),
    ({"metrics": ["accuracy"]}, TypeError, "metrics must be a list of functions"),
    ({"metrics": [partial(F.accuracy)]}, TypeError, "each with a name"),
    ({"metrics": [F.accuracy, F.accuracy]}, ValueError, "two metrics have one name"),
    ({"seed": -1}, ValueError, "seed must be a whole number of at least 0, but it is -1"),
    ({"seed": np.random.default_rng(0)}, ValueError, "seed must be a whole number"),
])
def test_arguments_of_another_kind_are_refused(arguments, error, words):
    net, calls = network().eval(), []
    before = weights(net)
    settings = {"optimizer": SGD(net.parameters(), LR), "epochs": 1, "batch_size": BATCH, "callback": lambda *_: calls.append(_)}
    with pytest.raises(error, match=words):
        training.fit(net, toy(), **settings | arguments)
    assert equal(weights(net), before) and calls == [] and not net.training


def test_a_column_of_the_loss_belongs_to_the_loss():
    def loss(outputs, labels):
        return np.zeros(len(labels))

    with pytest.raises(ValueError, match="one is named loss"):
        run(network(), toy(), metrics=[loss])


def test_a_schedule_needs_an_optimiser_that_reads_lr():
    class Own:
        def __init__(self, parameters):
            self.parameters, self.rate = parameters, LR

        def step(self):
            pass

    net = network()
    with pytest.raises(ValueError, match="a schedule sets the optimiser's lr, but this Own has none: read self.lr in its step"):
        training.fit(net, toy(), Own(net.parameters()), 1, BATCH, schedule=optim.constant_lr(0.1))


@pytest.mark.parametrize("given, words", [
    (SimpleNamespace(), "SimpleNamespace is no Module: write class SimpleNamespace"), (Linear, "Linear is a class"),
    ([Flatten()], "a list is no layer"),
])
def test_a_network_of_another_kind_is_refused_in_words(given, words):
    optimizer = SGD(network().parameters(), LR)
    for use in (lambda: training.fit(given, toy(), optimizer, 1, BATCH), lambda: training.predict(given, toy().x_test),
                lambda: training.evaluate(given, toy().x_test, toy().y_test)):
        with pytest.raises(TypeError, match=words):
            use()


@pytest.mark.parametrize("images", [[[1.0]], None, np.zeros((0, 1, 2, 3))], ids=["a list", "nothing", "no images"])
def test_predict_wants_images(images):
    with pytest.raises(ValueError, match="predict: an array of images .N, .... is wanted, one image at least, but it is an? "):
        training.predict(network(), images)


# --- Losses, metrics and augmentation ---------------------------------------------------------------

def regression(seed=0):
    digits = toy(seed)
    for part in ("train", "test"):
        x = getattr(digits, f"x_{part}")
        setattr(digits, f"y_{part}", np.stack([x.sum(axis=(1, 2, 3)), x[:, 0, 0, 0], x[:, 0, 1, 2]], axis=1))
    return digits


def largest_error(outputs, targets):
    return np.abs(outputs - targets).max(axis=1)


def test_loss_and_metrics_are_arguments():
    """Targets that are no labels; each metric has its columns, and every number in them is right."""
    digits, net = regression(), network()
    start = weights(net)
    history = run(net, digits, epochs=2, lr=0.01, loss=F.mse_loss, metrics=[largest_error])
    assert list(history) == ["step_losses", "seconds", "train_loss", "test_loss", "train_largest_error", "test_largest_error"]
    assert all(type(number) is float for name in history for number in history[name])
    twin, errors = network(), []
    assert equal(weights(twin), start)
    for epoch in range(2):
        order, losses, errors = np.random.default_rng((0, epoch)).permutation(23), [], []
        for chosen in (order[place:place + BATCH] for place in range(0, 23, BATCH)):
            y = twin.forward(digits.x_train[chosen])
            loss, dy = F.mse_loss(y, digits.y_train[chosen])
            losses.append(loss)
            errors += list(largest_error(y, digits.y_train[chosen]))
            twin.backward(dy)
            for parameter in twin.parameters():
                parameter.value -= 0.01 * parameter.grad
        y = twin.forward(digits.x_test)
        assert history.train_loss[epoch] == pytest.approx(np.mean(losses), rel=1e-13)
        assert history.train_largest_error[epoch] == pytest.approx(np.mean(errors), rel=1e-13)
        assert history.test_loss[epoch] == pytest.approx(F.mse_loss(y, digits.y_test)[0], rel=1e-13)
        assert history.test_largest_error[epoch] == pytest.approx(largest_error(y, digits.y_test).mean(), rel=1e-13)
    assert equal(weights(net), weights(twin))
    assert "train largest error" in str(history)


def test_the_cross_entropy_may_have_other_metrics_or_none():
    assert list(run(network(), toy(), metrics=[])) == ["step_losses", "seconds", "train_loss", "test_loss"]
    history = run(network(), toy(), metrics=[F.accuracy, lambda outputs, labels: outputs.max(axis=1)])
    assert history.test_accuracy == run(network(), toy()).test_accuracy and "test_<lambda>" in history


def test_a_run_goes_on_with_the_same_metrics_only():
    net = network()
    history = run(net, toy(), epochs=1)
    with pytest.raises(ValueError, match="the history has the columns .*train_accuracy.*go on with the same metrics"):
        run(net, toy(), epochs=1, history=history, metrics=[])


@pytest.mark.parametrize("count", [1, 3])
def test_augmentation_depends_on_seed_step_and_shard(count, monkeypatch):
    monkeypatch.setattr(parallel, "cores", lambda: count)
    digits, drawn = toy(), {}

    def augment(images, rng):
        shift = rng.standard_normal()
        drawn.setdefault((seed, float(images[0, 0, 0, 0])), []).append(shift)
        return images + shift

    def once():
        net = network()
        net.layers[0].shard_size = 3
        return numbers(run(net, digits, epochs=2, seed=seed, augment=augment))

    for seed in (0, 1):
        assert once() == once()
    drawn = {key: shifts[1:] if key[1] == float(digits.x_train[0, 0, 0, 0]) else shifts for key, shifts in drawn.items()}
    twice = [shift for shifts in drawn.values() for shift in shifts]
    assert len(set(twice)) >= 2 * 2 * 9  # seeds, epochs, and shards: four batches of two and one of one


def test_augmented_images_are_what_is_trained_on_and_are_not_tested():
    digits, net, plain = toy(), network(), toy()
    plain.x_train = -plain.x_train
    before = digits.x_train.copy()

    def augment(images, rng):
        images *= -1  # its own to change
        return images

    assert numbers(run(net, digits, augment=augment)) == numbers(run(network(), plain))
    assert np.array_equal(digits.x_train, before)


# --- A loss that is no longer finite --------------------------------------------------------------

@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name, layer", [("1.weight", r"layer 1, Linear\(6, 5\)"), ("1.bias", r"layer 1, Linear\(6, 5\)"),
                                         ("3.weight", r"layer 3, Linear\(5, 3\)"), ("3.bias", r"layer 3, Linear\(5, 3\)")])
def test_a_number_that_is_not_finite_is_traced_to_its_layer(name, layer, bad):
    net, digits = network(), toy()
    dict(net.named_parameters())[name].value.ravel()[0] = bad
    if name.startswith("1") and bad == -np.inf:
        net.layers = (net.layers[0], net.layers[1], Identity(), net.layers[3])  # a ReLU would turn it into 0
    kept = weights(net)
    with pytest.raises(FloatingPointError, match=rf"epoch 1, batch 1; numbers first stopped being finite in {layer}\."):
        run(net, digits)
    assert all(np.array_equal(value, before, equal_nan=True) for value, before in zip(weights(net), kept, strict=True))


def test_the_layer_is_looked_for_a_shard_at_a_time():
    # A whole test set at once, laid out as windows, can be larger than the memory.
    class Narrow(Identity):
        shard_size = 4

        def forward(self, x):
            assert len(x) <= 4, "more than a shard at once"
            return super().forward(x)

    net, digits = network(), toy()
    net.layers = (Narrow(), *net.layers)
    net.layers[-1].bias.value[0] = np.nan
    with pytest.raises(FloatingPointError, match=f"stopped being finite in layer {len(net.layers) - 1}, Linear"):
        run(net, digits, batch_size=len(digits.x_train))


def test_the_layer_is_found_in_a_nested_network():
    rng = np.random.default_rng(0)
    inner = Sequential(ReLU(), Sequential(Linear(4, 3, rng)))
    net = Sequential(Flatten(), Sequential(Linear(6, 4, rng), Tanh()), inner).double()
    net.layers[2].layers[1].layers[0].weight.value[1, 2] = np.nan
    with pytest.raises(FloatingPointError, match=r"in layer 2\.1\.0, Linear\(4, 3\)\."):
        run(net, toy())


def test_a_network_that_is_no_sequence_is_named():
    class Own(Module):
        shard_size = None

        def __init__(self):
            self.inner = network()

        def forward(self, x):
            return self.inner.forward(x) * np.nan

        def backward(self, dy):
            return self.inner.backward(dy)

    with pytest.raises(FloatingPointError, match=r"in the network, Own\(\)\."):
        run(Own(), toy())


def test_the_layer_is_found_inside_a_residual_and_a_network_of_ones_own():
    class Own(Module):
        def __init__(self):
            rng = np.random.default_rng(0)
            self.flat, self.head = Flatten(), Residual(Sequential(Linear(6, 3, rng), Tanh()), Linear(6, 3, rng))

        def forward(self, x):
            return self.head.forward(self.flat.forward(x))

        def backward(self, dy):
            return self.flat.backward(self.head.backward(dy))

    for name, layer in (("head.body.0", r"Linear\(6, 3\)"), ("head.shortcut", r"Linear\(6, 3\)")):
        net = Own().double()
        dict(net.named_parameters())[f"{name}.bias"].value[2] = np.nan
        with pytest.raises(FloatingPointError, match=rf"in layer {name}, {layer}\."):
            run(net, toy())
        assert all("forward" not in vars(module) for module in net.modules()), "the watch is over"


def test_the_run_until_a_loss_that_is_not_finite_is_kept():
    def spoil(step, net, loss):
        if step == STEPS + 1:
            net.parameters()[-1].grad = net.parameters()[-1].grad * np.nan

    with pytest.raises(FloatingPointError, match="epoch 2, batch 3") as caught:
        run(network(), toy(), callback=spoil)
    history = caught.value.history
    assert len(history.step_losses) == STEPS + 2 and len(history.test_loss) == 1
    assert history.step_losses == run(network(), toy()).step_losses[:STEPS + 2]


def test_a_test_that_is_not_finite_is_looked_at_in_evaluation_mode():
    """Training normalises by the batch; only the running variance is spoiled."""
    class Spoils(BatchNorm2d):
        def forward(self, x):
            y = super().forward(x)
            self.running_var.value[0] = np.nan
            return y

    net = Sequential(Spoils(1), *network().layers).double()
    with pytest.raises(FloatingPointError, match="in the test after epoch 1; .* in layer 0, Spoils"):
        run(net, toy())


@pytest.mark.parametrize("poison, epoch, batch", [(0, 1, 2), (3, 1, 5), (6, 2, 3)])
def test_epoch_and_batch_are_named(poison, epoch, batch):
    net, digits = network(), toy()
    after = []

    def callback(step, net, loss):
        if step == poison:
            net.layers[3].weight.value[0, 0] = np.nan
        if step > poison:
            after.append(step)

    with pytest.raises(FloatingPointError, match=f"the loss became nan in epoch {epoch}, batch {batch};.*layer 3, Linear"):
        run(net, digits, callback=callback)
    assert after == []


def test_images_that_are_not_finite_are_named():
    digits = toy()
    digits.x_train[4, 0, 1, 1] = np.nan
    position = np.random.default_rng((0, 0)).permutation(23).tolist().index(4)
    net = network()
    start = weights(net)
    with pytest.raises(FloatingPointError, match=f"epoch 1, batch {position // BATCH + 1}; .* in the images of this batch"):
        run(net, digits)
    assert equal(weights(net), by_hand(start, digits, position // BATCH)[0])  # those that gave this loss


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_step_far_too_large_ends_in_one_clear_error(dtype):
    """Not in warnings of NumPy's (pytest makes those errors), nor in a history that holds nan."""
    digits, net = toy(dtype=dtype), network(dtype=dtype)
    start, lr = weights(net), float(np.finfo(dtype).max) / 10
    with pytest.raises(FloatingPointError, match=r"the loss became nan in epoch 1, batch 2; .*try a smaller learning rate"):
        run(net, digits, lr=lr)
    with np.errstate(over="ignore"):
        assert equal(weights(net), by_hand(start, digits, 1, lr=lr)[0])
    net = network(dtype=dtype)
    with pytest.raises(FloatingPointError, match="the loss became nan in the test after epoch 1; .* in layer [13], Linear"):
        run(net, digits, epochs=1, batch_size=23, lr=lr)  # the only step is the last
    assert net.training


# --- Interrupts -----------------------------------------------------------------------------------

@pytest.fixture
def own_handler(monkeypatch):
    """A handler of the caller's, which `fit` is to hold off and then to put back. Yields what reached it."""
    reached = []

    def handler(*_):
        reached.append(True)

    before = signal.signal(signal.SIGINT, handler)
    monkeypatch.setattr(training, "try_out", lambda *_: False)  # its passes would count, too
    yield SimpleNamespace(handler=handler, reached=reached)
    signal.signal(signal.SIGINT, before)


class Bell(Identity):
    """Sends an interrupt from within a pass, at one of its calls."""

    def __init__(self, where=None, at=0):
        self.where, self.left = where, Shared([at])

    def ring(self, where):
        if where == self.where:
            if self.left[0] == 0:
                signal.raise_signal(signal.SIGINT)
            self.left[0] -= 1

    def forward(self, x):
        self.ring("forward" if self.training else "measuring")
        return super().forward(x)

    def backward(self, dy):
        self.ring("backward")
        return super().backward(dy)


class BellSGD(SGD):
    """Sends an interrupt when half the parameters have moved."""

    def __init__(self, parameters, lr, at):
        super().__init__(parameters, lr)
        self.left, self.moved = at, 0

    def _move(self, *args):
        super()._move(*args)
        self.moved += 1
        if self.moved % len(self.parameters) == len(self.parameters) // 2:
            if self.left == 0:
                signal.raise_signal(signal.SIGINT)
            self.left -= 1


def with_bell(net, bell):
    """The bell rings between the two linear layers."""
    net.layers = (*net.layers[:3], bell, net.layers[3])
    return net


def assert_stopped_after(steps, history, net, start, digits, capsys):
    wanted, seen = by_hand(start, digits, steps)
    assert history.interrupted is True
    assert history.step_losses == [loss for _, _, loss, _, _ in seen]
    assert equal(weights(net), wanted)
    assert f"after {steps} whole steps" in capsys.readouterr().out


@pytest.mark.parametrize("where", ["forward", "backward", "optimizer", "callback"])
@pytest.mark.parametrize("at", [0, 4, 7])  # the first step; the last of an epoch; in the middle of the second
def test_an_interrupt_waits_for_the_end_of_the_step(where, at, own_handler, capsys):
    digits, net = toy(), network()
    start = weights(net)
    with_bell(net, Bell(where, at))
    optimizer = BellSGD(net.parameters(), LR, at) if where == "optimizer" else SGD(net.parameters(), LR)

    def callback(step, net, loss):
        if where == "callback" and step == at:
            signal.raise_signal(signal.SIGINT)

    history = training.fit(net, digits, optimizer, epochs=4, batch_size=BATCH, callback=callback)
    assert_stopped_after(at + 1, history, net, start, digits, capsys)
    whole = (at + 1) // STEPS if (at + 1) % STEPS else at // STEPS  # an epoch counts once it has been measured
    for metrics in (history.train_loss, history.train_accuracy, history.test_loss, history.test_accuracy, history.seconds):
        assert len(metrics) == whole
    assert signal.getsignal(signal.SIGINT) is own_handler.handler
    assert own_handler.reached == []


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_an_interrupt_while_measuring(epoch, own_handler, capsys):
    digits, net = toy(), network()
    start = weights(net)
    history = run(with_bell(net, Bell("measuring", epoch - 1)), digits, epochs=3)
    assert_stopped_after(epoch * STEPS, history, net, start, digits, capsys)
    assert len(history.train_loss) == len(history.test_loss) == len(history.test_accuracy) == epoch
    assert own_handler.reached == [] and signal.getsignal(signal.SIGINT) is own_handler.handler


@pytest.mark.parametrize("interrupts", [1, 40])
def test_interrupts_from_outside_at_no_chosen_moment(interrupts, own_handler, capsys, monkeypatch):
    monkeypatch.setattr(training, "_PATIENCE", 1e9)  # on a busy machine a step can take long
    digits, net, ready, done = toy(), network(), threading.Event(), threading.Event()
    start = weights(net)

    def sender():
        ready.wait(300)
        for _ in range(interrupts):
            if not done.is_set():
                signal.raise_signal(signal.SIGINT)

    def callback(step, net, loss):
        if step == 101:
            ready.set()

    thread = threading.Thread(target=sender)
    thread.start()
    try:
        history = run(net, digits, epochs=100_000, callback=callback)
    finally:
        done.set()
        ready.set()
        thread.join()
    assert 101 < len(history.step_losses) < 100_000 * STEPS
    assert_stopped_after(len(history.step_losses), history, net, start, digits, capsys)
    assert signal.getsignal(signal.SIGINT) is own_handler.handler


def test_the_handler_is_put_back(own_handler):
    digits = toy()
    assert not run(network(), digits).interrupted
    assert signal.getsignal(signal.SIGINT) is own_handler.handler
    digits.x_train[0] = np.nan
    with pytest.raises(FloatingPointError):
        run(network(), digits)
    assert signal.getsignal(signal.SIGINT) is own_handler.handler

    def callback(step, net, loss):
        assert signal.getsignal(signal.SIGINT) is not own_handler.handler
        raise RuntimeError("from the callback")

    net = network()
    start = weights(net)
    with pytest.raises(RuntimeError, match="from the callback"):
        run(net, toy(), callback=callback)
    assert signal.getsignal(signal.SIGINT) is own_handler.handler
    assert equal(weights(net), start)
    signal.raise_signal(signal.SIGINT)
    assert own_handler.reached == [True]


def test_fit_runs_in_another_thread(own_handler):
    digits, here, there, results = toy(), network(), network(), []
    thread = threading.Thread(target=lambda: results.append(run(there, digits)))
    thread.start()
    thread.join(300)
    assert numbers(results[0]) == numbers(run(here, digits))
    assert equal(weights(there), weights(here))
    assert signal.getsignal(signal.SIGINT) is own_handler.handler


# --- Bad input ------------------------------------------------------------------------------------

def assert_refused(digits, kind, match, **settings):
    """Before any work: no step, no call, no change of mode."""
    net = network().eval()
    start, calls = weights(net), []
    with pytest.raises(kind, match=match):
        run(net, digits, callback=lambda *_: calls.append(_), **settings)
    assert equal(weights(net), start) and calls == [] and not net.training


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
@pytest.mark.parametrize("value", [0, -1, 1.5, 2.0, "3", None, np.nan, [1]], ids=repr)
def test_counts_must_be_whole_and_positive(name, value):
    with pytest.raises(ValueError) as error:
        run(network(), toy(), **{name: value})
    assert f"fit: {name} must be a whole number of at least 1, but it is {value!r}" in str(error.value)
    assert_refused(toy(), ValueError, f"fit: {name}", **{name: value})


def test_counts_may_be_numpys():
    assert len(run(network(), toy(), epochs=np.int64(2), batch_size=np.int32(5)).step_losses) == 2 * STEPS


@pytest.mark.parametrize("part", ["train", "test"])
def test_images_and_labels_must_be_as_many(part):
    for images, labels in ((-1, None), (None, -1), (0, 0), (0, None)):
        digits = toy()
        setattr(digits, f"x_{part}", getattr(digits, f"x_{part}")[:images])
        setattr(digits, f"y_{part}", getattr(digits, f"y_{part}")[:labels])
        found = [len(getattr(digits, f"{kind}_{part}")) for kind in "xy"]
        assert_refused(digits, ValueError, f"x_{part} has {found[0]} images, y_{part} {found[1]} labels")


def test_what_does_not_fit_the_network_moves_no_weight():
    digits, net = toy(), network()
    digits.y_train = digits.y_train.astype(float)
    start = weights(net)
    with pytest.raises(TypeError, match="labels must be a NumPy array of integers"):
        run(net, digits)
    digits = toy(dtype=np.float32)
    with pytest.raises(TypeError, match="share one dtype"):
        run(net, digits)
    assert equal(weights(net), start)


# --- Step sizes that change, and runs that go on ---------------------------------------------------

@pytest.mark.parametrize("kind", [SGD, optim.Momentum, optim.RMSProp, optim.Adam, optim.AdamW])
@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_run_that_is_taken_up_again_equals_the_unbroken_one(kind, stop, tmp_path):
    """After any epoch, through files: weights, losses, the optimiser's state and the place in the schedule."""
    digits, schedule = toy(), optim.cosine_lr(0.2, 4 * STEPS, warm_up=2)

    def begin():
        net = network()
        return net, kind(net.parameters(), 0.5)

    def train(net, optimizer, epochs, history=None):
        return training.fit(net, digits, optimizer, epochs, BATCH, seed=3, schedule=schedule, history=history)

    net, optimizer = begin()
    whole = train(net, optimizer, 4)

    first, its_optimizer = begin()
    so_far = train(first, its_optimizer, stop)
    kept = list(so_far.step_losses)
    first.save(tmp_path / "net.npz")
    np.savez(tmp_path / "optimizer.npz", **its_optimizer.state_dict())
    second, its_optimizer = begin()
    second.load(tmp_path / "net.npz")
    with np.load(tmp_path / "optimizer.npz") as state:
        its_optimizer.load_state_dict(dict(state))
    history = train(second, its_optimizer, 4 - stop, so_far)

    assert so_far.step_losses == kept  # the earlier history stays as it was
    for name in ("step_losses", "train_loss", "train_accuracy", "test_loss", "test_accuracy"):
        assert getattr(history, name) == getattr(whole, name), name
    assert len(history.seconds) == 4
    assert equal(weights(net), weights(second))


def test_the_schedule_sets_each_step():
    net, used, asked = network(), [], []
    optimizer = SGD(net.parameters(), 1.0)

    def schedule(step):
        asked.append(step)
        return 0.1 / (step + 1)

    with patch.object(optimizer, "step", lambda: used.append(optimizer.lr)):
        history = training.fit(net, toy(), optimizer, 2, BATCH, schedule=schedule)
        training.fit(net, toy(), optimizer, 1, BATCH, schedule=schedule, history=history)
    assert asked == list(range(3 * STEPS)) and used == [0.1 / (step + 1) for step in asked]


def test_a_history_that_ended_within_an_epoch_is_refused():
    net = network()
    history = run(net, toy(), epochs=1)
    history.step_losses.pop()
    before = weights(net)
    with pytest.raises(ValueError, match="ended within an epoch, after 4 steps of 5 an epoch"):
        training.fit(net, toy(), SGD(net.parameters(), LR), 1, BATCH, history=history)
    assert equal(weights(net), before)


def test_a_run_that_was_interrupted_at_the_end_of_an_epoch_may_go_on():
    net = network()
    history = run(net, toy(), epochs=1)
    history.interrupted = True
    assert not training.fit(net, toy(), SGD(net.parameters(), LR), 1, BATCH, history=history).interrupted


# --- Layers and optimisers of the reader's own ----------------------------------------------------

class TwoNames(Module):
    """One layer under two names, as people write it."""

    def __init__(self):
        self.fc = Linear(6, 3, 0)
        self.net = Sequential(Flatten(), self.fc)

    def forward(self, x):
        return self.net.forward(x)

    def backward(self, dy):
        return self.net.backward(dy)


class InAList(Module):
    """Layers in a list, a dictionary and a tuple."""

    def __init__(self):
        self.body = [Flatten(), {"first": Linear(6, 5, 0)}]
        self.head = (ReLU(), Linear(5, 3, 1))

    def each(self):
        return [self.body[0], self.body[1]["first"], *self.head]

    def forward(self, x):
        for layer in self.each():
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in self.each()[::-1]:
            dy = layer.backward(dy)
        return dy


class KeepsInput(Module):
    """Keeps self.x, as every from-scratch book does."""

    def __init__(self):
        self.w = Parameter(np.zeros((6, 3)))

    def forward(self, x):
        self.x = x.reshape(len(x), -1)
        return self.x @ self.w.value

    def backward(self, dy):
        self.w.grad = self.x.T @ dy


class AddsUp(KeepsInput):
    """Adds to its gradient, as PyTorch does."""

    def backward(self, dy):
        self.w.grad += self.x.T @ dy


@pytest.mark.parametrize("make, plain", [
    (TwoNames, lambda: Sequential(Flatten(), Linear(6, 3, 0))),
    (InAList, lambda: Sequential(Flatten(), Linear(6, 5, 0), ReLU(), Linear(5, 3, 1))),
    (KeepsInput, lambda: Sequential(Flatten(), Linear(6, 3, 0, bias=False, init=lambda shape, rng, dtype: np.zeros(shape, dtype)))),
    (AddsUp, KeepsInput),
], ids=["one layer under two names", "layers in a list", "an input that is kept", "gradients that are added up"])
@pytest.mark.parametrize("shard", [250, 2])
def test_layers_as_readers_write_them(make, plain, shard):
    """Each parameter moves once a step, by its own gradient; what is only kept is neither trained nor saved."""
    histories, nets = [], [make().double(), plain().double()]
    for net in nets:
        net.shard_size = shard
        histories.append(run(net, toy()))
    assert np.allclose(histories[0].step_losses, histories[1].step_losses, rtol=1e-12, atol=0)
    assert len(nets[0].parameters()) == len(nets[1].parameters()) == len(nets[0].state_dict())
    for own, other in zip(nets[0].parameters(), nets[1].parameters()):
        other = other.value if own.value.shape == other.value.shape else other.value.T
        assert np.allclose(own.value, other, rtol=1e-10, atol=1e-12)
    fresh = make().double()
    fresh.load_state_dict(nets[0].state_dict())
    fresh.shard_size = shard
    assert np.array_equal(training.predict(fresh, toy().x_test), training.predict(nets[0], toy().x_test))


def test_tied_weights_train_by_the_sum_of_their_gradients():
    class Tied(Linear):
        def backward(self, dy):
            before = self.weight.grad
            dx = super().backward(dy)
            self.weight.grad = self.weight.grad + before
            return dx

    rng = np.random.default_rng(0)
    first, second, digits = Tied(6, 6, rng), Tied(6, 6, rng), toy()
    second.weight = first.weight
    net, kept = Sequential(Flatten(), first, Tanh(), second).double(), []
    run(net, digits, epochs=1, batch_size=23, callback=lambda step, net, loss: kept.append(first.weight.grad.copy()))

    apart = Sequential(Flatten(), Linear(6, 6, np.random.default_rng(0)), Tanh(), Linear(6, 6, 1)).double()
    apart.layers[3].weight.value[...] = apart.layers[1].weight.value
    order = np.random.default_rng((0, 0)).permutation(23)
    apart.backward(F.cross_entropy(apart.forward(digits.x_train[order]), digits.y_train[order])[1])
    np.testing.assert_allclose(kept[0], apart.layers[1].weight.grad + apart.layers[3].weight.grad, rtol=1e-12, atol=1e-15)


def test_a_network_that_became_float64_after_its_optimiser_was_made_is_refused():
    net = network(dtype=np.float32)
    optimizer = SGD(net.parameters(), LR)
    with pytest.raises(ValueError, match=r"make the optimiser after net.double\(\)"):
        training.fit(net.double(), toy(), optimizer, 1, BATCH)


def test_a_step_that_does_not_end_can_be_stopped(own_handler):
    class Stuck(Identity):
        def forward(self, x):
            if self.training:
                for _ in range(3):
                    signal.raise_signal(signal.SIGINT)
                    clock[0] += 4
            return super().forward(x)

    clock, net = [0.0], network()
    net.layers = (*net.layers[:3], Stuck(), net.layers[3])
    with patch.object(training.time, "monotonic", lambda: clock[0]), pytest.raises(KeyboardInterrupt):
        run(net, toy())
    assert clock[0] == 8 and signal.getsignal(signal.SIGINT) is own_handler.handler
