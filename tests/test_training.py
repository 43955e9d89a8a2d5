"""`fit` and `evaluate`: every number they give, what they do when things go wrong, and when they are interrupted."""
import signal
import threading
from concurrent.futures import Executor, Future
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from helpers import data, models, optim, sharding, training
from helpers import functional as F
from helpers.blas import one_thread
from helpers.layers import Conv2d, Flatten, Identity, Linear, Module, Parameter, ReLU, Residual, Sequential, Tanh
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


def run(net, digits, epochs=3, batch_size=BATCH, seed=0, callback=None, lr=LR):
    return training.fit(net, digits, SGD(net.parameters(), lr), epochs, batch_size, seed, callback)


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


def test_history_prints_as_a_table():
    history = training.History(step_losses=[1.0] * 7, train_loss=[2.34567, 1.5], train_accuracy=[0.5, 0.75],
                               test_loss=[1.25, 1.125], test_accuracy=[0.25, 0.98765], seconds=[1, 1], interrupted=True)
    head, first, second, last = str(history).splitlines()
    assert first.split() == ["1", "2.3457", "1.2500", "50.00%", "25.00%"]
    assert second.split() == ["2", "1.5000", "1.1250", "75.00%", "98.77%"]
    assert last == "interrupted after 7 whole steps"
    history.interrupted = False
    assert str(history).splitlines() == [head, first, second]


def numbers(history):
    return history.step_losses, history.train_loss, history.train_accuracy, history.test_loss, history.test_accuracy


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


class InOrder(Executor):
    """Computes every shard at once, where and when it is handed in."""

    def submit(self, function, /, *args):
        future = Future()
        future.set_result(function(*args))
        return future


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


@given(st.integers(1, 90), st.integers(1, 100), st.integers(1, 3), st.integers(0, 1000), st.integers(1, 9))
def test_every_image_is_visited_once_an_epoch(count, batch_size, epochs, seed, test_count):
    digits = SimpleNamespace(x_train=np.arange(count, dtype=float).reshape(-1, 1), y_train=np.arange(count) * 7 % 4,
                             x_test=np.arange(test_count, dtype=float).reshape(-1, 1), y_test=np.zeros(test_count, int))
    net = Spy()
    history = training.fit(net, digits, SGD(net.parameters(), LR), epochs, batch_size, seed, executor=InOrder())
    batches = [min(batch_size, count - start) for start in range(0, count, batch_size)]
    shards = [min(Spy.shard_size, batch - start) for batch in batches for start in range(0, batch, Spy.shard_size)]
    assert len(history.step_losses) == epochs * len(batches) and len(net.seen) == epochs * len(shards)
    for epoch in range(epochs):
        visited = net.seen[epoch * len(shards):(epoch + 1) * len(shards)]
        assert sorted(sum(visited, [])) == list(range(count))
        assert [len(shard) for shard in visited] == shards
    assert net.blamed == [[number * 7 % 4 for number in batch] for batch in net.seen]  # each image with its own label
    assert net.measured == [[0], *[list(range(test_count))] * epochs]  # one image to see that all fits together, and the test set


def test_epochs_have_orders_of_their_own():
    digits = SimpleNamespace(x_train=np.arange(50.0).reshape(-1, 1), y_train=np.zeros(50, int),
                             x_test=np.ones((1, 1)), y_test=np.zeros(1, int))
    net = Spy()
    training.fit(net, digits, SGD(net.parameters(), LR), epochs=3, batch_size=50, executor=InOrder())
    orders = {tuple(net.seen[2 * epoch] + net.seen[2 * epoch + 1]) for epoch in range(3)}
    assert len(orders) == 3 and tuple(range(50)) not in orders


def test_fit_writes_into_no_data():
    digits = toy()
    for array in vars(digits).values():
        array.setflags(write=False)
    run(network(), digits)


def test_the_network_trains_in_training_mode_and_is_measured_in_evaluation_mode():
    modes = []

    class Note(Identity):
        def forward(self, x):
            modes.append((self.training, len(x)))
            return super().forward(x)

    net = Sequential(Flatten(), Sequential(Note()), Linear(6, 3, np.random.default_rng(0), dtype=np.float64)).eval()
    run(net, toy(), epochs=2)
    assert modes == [(False, 1)] + ([(True, 5)] * 4 + [(True, 3), (False, 11)]) * 2
    assert net.training


@pytest.mark.parametrize("seed", range(3))
def test_mlp_reads_the_bundled_digits(seed):
    digits, net = data.load_digits("bundled"), models.mlp(seed)
    history = training.fit(net, digits, SGD(net.parameters(), lr=0.1), epochs=10, batch_size=50, seed=seed)
    assert history.test_accuracy[-1] > 0.93
    assert sum(history.seconds) < 5  # a tenth of a second on an idle machine
    assert training.evaluate(net, digits.x_test, digits.y_test) == history.test_accuracy[-1]


def test_blas_is_held_to_one_thread_and_let_go():
    """Also when the run ends in an error. With four threads and a busy machine, the run above took 20 s."""
    def threads():
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    def callback(step, net, loss):
        seen.append(threads())
        if step == 2:
            raise RuntimeError

    seen = []
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        with pytest.raises(RuntimeError):
            run(network(), toy(), callback=callback)
        assert threads() == before
    assert seen == [{1}] * 3


# --- Measuring ------------------------------------------------------------------------------------

@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 2**32 - 1))
def test_measuring_in_chunks_of_any_size(count, chunk, seed):
    digits, net = toy(seed, test=count), network(seed)
    with patch.object(net, "shard_size", chunk), sharding.workers(net, InOrder()) as batch:
        loss, accuracy = training._measure(net, digits.x_test, digits.y_test, batch)
    wanted_loss, wanted_accuracy = brute_force(weights(net), digits.x_test, digits.y_test)
    assert loss == pytest.approx(wanted_loss, rel=1e-12)
    assert accuracy == training.evaluate(net, digits.x_test, digits.y_test) == wanted_accuracy


def test_evaluate_takes_many_images():
    digits, net = toy(test=2345), network()
    accuracy = training.evaluate(net, digits.x_test, digits.y_test)
    assert type(accuracy) is float
    assert accuracy == brute_force(weights(net), digits.x_test, digits.y_test)[1]


@pytest.mark.parametrize("mode", [True, False])
def test_evaluate_restores_the_mode(mode):
    modes = []

    class Note(Identity):
        def forward(self, x):
            modes.append(self.training)
            return super().forward(x)

    note = Note()
    net, digits = Sequential(Sequential(note), network()).train(mode), toy()
    training.evaluate(net, digits.x_test, digits.y_test)
    assert modes == [False]
    assert net.training is note.training is mode
    with pytest.raises(ValueError):
        training.evaluate(net, digits.x_test[:, :, :1], digits.y_test)
    assert net.training is note.training is mode


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
    ({"x_train": list}, TypeError, "digits.x_train must be a NumPy array, but it is a list"),
    ({"y_test": lambda y: None}, TypeError, "digits.y_test must be a NumPy array, but it is a NoneType"),
])
def test_digits_that_do_not_fit_are_refused_before_a_weight_moves(change, error, words):
    digits, net = toy(), network()
    for name, changed in change.items():
        setattr(digits, name, changed(getattr(digits, name)))
    before = weights(net)
    with pytest.raises(error, match=words):
        run(net, digits)
    assert equal(weights(net), before)


@pytest.mark.parametrize("arguments, words", [({"executor": 4}, "executor must be a concurrent.futures.Executor, but it is 4"),
                                              ({"history": []}, "history must be what an earlier fit returned, but it is a list")])
def test_arguments_of_another_kind_are_refused(arguments, words):
    net = network()
    with pytest.raises(TypeError, match=words):
        training.fit(net, toy(), SGD(net.parameters(), LR), 1, BATCH, **arguments)


def test_a_network_of_another_kind_is_told_to_inherit():
    with pytest.raises(TypeError, match="a SimpleNamespace: let its class inherit from helpers.layers.Module"):
        training.fit(SimpleNamespace(), toy(), SGD(network().parameters(), LR), 1, BATCH)


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
    with pytest.raises(FloatingPointError, match=r"the loss became nan in epoch 1, batch 2; .*try a smaller step size"):
        run(net, digits, lr=lr)
    with np.errstate(over="ignore"):
        assert equal(weights(net), by_hand(start, digits, 1, lr=lr)[0])
    net = network(dtype=dtype)
    with pytest.raises(FloatingPointError, match="the loss became nan in the test after epoch 1; .* in layer [13], Linear"):
        run(net, digits, epochs=1, batch_size=23, lr=lr)  # the only step is the last
    assert net.training


# --- Interrupts -----------------------------------------------------------------------------------

@pytest.fixture
def own_handler():
    """A handler of the caller's, which `fit` is to hold off and then to put back. Yields what reached it."""
    reached = []

    def handler(*_):
        reached.append(True)

    before = signal.signal(signal.SIGINT, handler)
    yield SimpleNamespace(handler=handler, reached=reached)
    signal.signal(signal.SIGINT, before)


class Bell(Identity):
    """Sends an interrupt from within a pass, at one of its calls."""

    def __init__(self, where=None, at=0):
        self.where, self.left = where, at

    def ring(self, where):
        if where == self.where:
            if self.left == 0:
                signal.raise_signal(signal.SIGINT)
            self.left -= 1

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
    history = run(with_bell(net, Bell("measuring", epoch)), digits, epochs=3)
    assert_stopped_after(epoch * STEPS, history, net, start, digits, capsys)
    assert len(history.train_loss) == len(history.test_loss) == len(history.test_accuracy) == epoch
    assert own_handler.reached == [] and signal.getsignal(signal.SIGINT) is own_handler.handler


@pytest.mark.parametrize("interrupts", [1, 40])
def test_interrupts_from_outside_at_no_chosen_moment(interrupts, own_handler, capsys):
    digits, net, ready, done = toy(), network(), threading.Event(), threading.Event()
    start = weights(net)

    def sender():
        ready.wait(30)
        for _ in range(interrupts):
            if not done.is_set():
                signal.raise_signal(signal.SIGINT)

    def callback(step, net, loss):
        if step == 101:
            ready.set()

    thread = threading.Thread(target=sender)
    thread.start()
    try:
        history = run(net, digits, epochs=20_000, callback=callback)
    finally:
        done.set()
        ready.set()
        thread.join()
    assert 101 < len(history.step_losses) < 20_000 * STEPS
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
    thread.join(30)
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

@given(st.integers(1, 60))
def test_predict_gives_the_logits_of_all_images(count):
    net, images = models.two_layer_cnn(0), data.load_digits("bundled").x_test[:count]
    assert np.allclose(training.predict(net, images), net.forward(images), atol=1e-5)


def test_predict_keeps_little_for_the_way_back():
    net, images = models.two_layer_cnn(0), data.load_digits("bundled").x_test[:100]
    training.predict(net, images)
    assert all(len(module.cache.windows) <= 25 * 21 * 21 for module in net.modules() if isinstance(module, Conv2d))


def test_measuring_leaves_every_layer_in_its_mode():
    net, digits = network(), toy()
    net.train().layers[1].eval()
    for measure in (lambda: training.evaluate(net, digits.x_test, digits.y_test), lambda: training.predict(net, digits.x_test)):
        measure()
        assert [module.training for module in net.modules()] == [True, True, False, True, True]


class Dropout(Module):
    """Draws its own random numbers, and counts the images that it saw."""

    def __init__(self):
        self.rng, self.count, self.kept = np.random.default_rng(0), 0, None

    def forward(self, x):
        self.kept = self.rng.random(x.shape) < 0.5 if self.training else np.ones_like(x)
        self.count += len(x) if self.training else 0
        return x * self.kept

    def backward(self, dy):
        return dy * self.kept


@pytest.mark.parametrize("executor", [None, InOrder()])
def test_a_layer_with_a_state_sees_every_batch_whole_and_itself(executor):
    def training_run():
        net = Sequential(Flatten(), Dropout(), Linear(784, 10, np.random.default_rng(0)))
        history = training.fit(net, data.load_digits("bundled"), SGD(net.parameters(), LR), 1, 100, executor=executor)
        return net, history

    (net, history), (_, again) = training_run(), training_run()
    assert history.step_losses == again.step_losses
    assert net.layers[1].count == len(data.load_digits("bundled").x_train)

    twin, digits = Sequential(Flatten(), Dropout(), Linear(784, 10, np.random.default_rng(0))), data.load_digits("bundled")
    order = np.random.default_rng((0, 0)).permutation(len(digits.x_train))
    for loss, start in zip(history.step_losses, range(0, len(order), 100)):
        chosen = order[start:start + 100]
        plain, dlogits = F.cross_entropy(twin.forward(digits.x_train[chosen]), digits.y_train[chosen])
        assert loss == pytest.approx(plain, rel=1e-6)
        twin.backward(dlogits)
        for parameter in twin.parameters():
            parameter.value -= LR * parameter.grad


def test_a_layer_with_a_state_is_measured_in_pieces():
    class Narrow(Dropout):
        def forward(self, x):
            assert self.training or len(x) <= 25
            return super().forward(x)

    net, digits = Sequential(Flatten(), Narrow(), Linear(784, 10, np.random.default_rng(0))), data.load_digits("bundled")
    plain = Sequential(net.layers[0], net.layers[2])
    assert training.evaluate(net, digits.x_test, digits.y_test) == training.evaluate(plain, digits.x_test, digits.y_test)


class Scale(Module):
    """Writes its gradient where it wrote the last one."""

    shard_size = 10

    def __init__(self):
        self.weight = Parameter(np.full(784, 0.5, np.float32))

    def forward(self, x):
        self.cache = x
        return x * self.weight.value

    def backward(self, dy):
        self.weight.grad[...] = (dy * self.recall()).sum(axis=0)
        return dy * self.weight.value


@pytest.mark.parametrize("executor", [None, InOrder()])
def test_a_gradient_written_in_place_survives_the_next_shard(executor):
    digits = data.load_digits("bundled")
    net = Sequential(Flatten(), Scale(), Linear(784, 10, np.random.default_rng(0)))
    with sharding.workers(net, executor) as batch:
        _, _, gradients = batch(digits.x_train[:100], digits.y_train[:100])
    net.backward(F.cross_entropy(net.forward(digits.x_train[:100]), digits.y_train[:100])[1])
    for found, parameter in zip(gradients, net.parameters(), strict=True):
        assert np.allclose(found, parameter.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("executor", [None, InOrder()])
def test_an_optimiser_may_put_new_arrays_in_place(executor):
    class Rebinding(SGD):
        def step(self):
            for parameter in self.parameters:
                parameter.value = parameter.value - self.lr * parameter.grad

    losses = []
    for optimizer in (Rebinding, SGD):
        net = models.two_layer_cnn(0)
        losses.append(training.fit(net, data.load_digits("bundled"), optimizer(net.parameters(), 0.05), 2, 100, executor=executor).step_losses)
    assert losses[0] == losses[1]


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


def test_two_runs_at_once_hold_blas_until_the_last_has_ended():
    def threads():
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        first, second = one_thread(), one_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert threads() == {1}
        second.__exit__(None, None, None)
        assert threads() == {2}
