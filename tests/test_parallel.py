"""A batch in shards on threads: the numbers of one piece, the same from run to run and for any number of cores."""
import gc
import os
import sys
import threading
import time
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from helpers import functional as F
from helpers import parallel, training
from helpers.blas import one_thread
from helpers.layers import (
    BatchNorm2d, Buffer, Conv2d, Dropout, Flatten, Identity, Linear, MaxPool2d, Module, Parameter, ReLU, Residual, Sequential,
    Tanh,
)
from helpers.layers.group import Group, Member, Shards, Stopped
from helpers.optim import SGD

SHARD = 7  # images at a time: 60 images are nine shards
LIMIT = 20  # seconds after which a test takes shards for stuck


def within(work):
    """What work() returns or raises; fails, and leaves it behind, where it does not end."""
    ended = []

    def target():
        try:
            ended.append((work(), None))
        except BaseException as error:
            ended.append((None, error))

    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    thread.join(LIMIT)
    if not ended:
        for shards in [thing for thing in gc.get_objects() if isinstance(thing, Shards)]:
            shards.stop()  # or this process would not end either
    assert ended, f"no end within {LIMIT} s: the shards wait for each other"
    result, error = ended[0]
    if error is not None:
        raise error
    return result


def cores(monkeypatch, count):
    monkeypatch.setattr(parallel, "cores", lambda: count)


def toy(count=60, seed=0, dtype=np.float32):
    """Images (count, 1, 6, 5) with labels below 4, and eleven more to test."""
    rng = np.random.default_rng(seed)
    images, labels = rng.standard_normal((count + 11, 1, 6, 5)).astype(dtype), rng.integers(0, 4, count + 11)
    return SimpleNamespace(x_train=images[:count], y_train=labels[:count], x_test=images[count:], y_test=labels[count:])


def network(*more, norm=False, seed=0, dtype=np.float32, shard=SHARD):
    """(N, 1, 6, 5) -> (N, 4): convolutions, a residual block, pooling; with batch norm if `norm`; `more` before the last layer."""
    rng = np.random.default_rng(seed)

    def block(channels):
        return [Conv2d(channels, 3, 3, rng, padding=1), *([BatchNorm2d(3)] if norm else []), ReLU()]

    net = Sequential(*block(1), Residual(Sequential(*block(3))), MaxPool2d(2), Flatten(), *more, Linear(18, 4, rng))
    net.layers[0].shard_size = shard
    return net.double() if dtype == np.float64 else net


def row(*more, shard=SHARD):
    """A small network of rows: (N, 1, 6, 5) -> (N, 4), with `more` before its last layer."""
    net = Sequential(Flatten(), *more, Linear(30, 4, np.random.default_rng(0)))
    net.layers[0].shard_size = shard
    return net


def trained(net, digits=None, epochs=2, batch_size=45, seed=0, **settings):
    """Every number that a run gives, as bytes where they are arrays: 60 images are batches of 45 and 15."""
    digits = toy() if digits is None else digits
    history = within(lambda: training.fit(net, digits, SGD(net.parameters(), 0.05), epochs, batch_size, seed, **settings))
    return (history.step_losses, history.train_accuracy, history.test_loss,
            {name: value.tobytes() for name, value in net.state_dict().items()})


def one_step(net, digits):
    """(loss, gradients) of all images in one step of `fit`, which leaves the weights where they are."""
    seen = []

    def look(step, net, loss):
        seen.append((loss, [parameter.grad.copy() for parameter in net.parameters()]))
        for parameter in net.parameters():
            parameter.clear()

    within(lambda: training.fit(net, digits, SGD(net.parameters(), 0.1), 1, len(digits.x_train), callback=look))
    return seen[0]


def whole(net, digits):
    """The same without `fit`: one pass in one piece, in the order of the first epoch."""
    order = np.random.default_rng((0, 0)).permutation(len(digits.x_train))
    loss, dy = F.cross_entropy(net.train().forward(digits.x_train[order]), digits.y_train[order])
    net.backward(dy)
    return loss, [parameter.grad.copy() for parameter in net.parameters()]


def assert_close(found, wanted):
    assert found[0] == pytest.approx(wanted[0], rel=1e-12)
    largest = max(np.abs(gradient).max() for gradient in wanted[1])
    for one, other in zip(found[1], wanted[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-11 * largest)


# --- Shards -----------------------------------------------------------------------------------------

@given(st.integers(1, 500), st.lists(st.sampled_from([3, 25, 250, None]), min_size=1, max_size=3), st.booleans())
def test_shards_cut_a_batch_into_as_few_and_as_equal_pieces_as_can_be(count, sizes, one):
    parts = parallel.shards([SimpleNamespace(shard_size=size) for size in sizes], count, one)
    size = count if one else min(size or 25 for size in sizes)
    assert [image for part in parts for image in range(part.start, part.stop)] == list(range(count))
    lengths = [part.stop - part.start for part in parts]
    assert max(lengths) <= size and max(lengths) - min(lengths) <= 1 and len(parts) == -(-count // size)


@settings(max_examples=25)
@given(st.integers(2, 40), st.integers(1, 9), st.booleans(), st.integers(0, 2**32 - 1))
def test_a_step_in_shards_is_the_step_in_one_piece(count, shard, norm, seed):
    """Loss, gradients and, where there is batch norm, its running statistics."""
    digits, nets = toy(count, seed, np.float64), [network(norm=norm, seed=seed, dtype=np.float64, shard=shard) for _ in range(2)]
    assert_close(one_step(nets[0], digits), whole(nets[1], digits))
    buffers = [dict(net.named_buffers()) for net in nets]
    assert len(buffers[0]) == 4 * norm
    for name, buffer in buffers[0].items():
        np.testing.assert_allclose(buffer.value, buffers[1][name].value, rtol=1e-12, atol=1e-14)
        assert np.ptp(buffer.value) > 0  # it has moved


@pytest.mark.parametrize("norm", [False, True])
def test_evaluation_in_shards_is_evaluation_in_one_piece(norm):
    net, digits = network(norm=norm, dtype=np.float64), toy(dtype=np.float64)
    trained(net, digits)
    images = np.random.default_rng(1).standard_normal((50, 1, 6, 5))
    net.eval()
    np.testing.assert_allclose(training.predict(net.train(), images), net.eval().forward(images), rtol=1e-12, atol=1e-14)


class PlainDropout(Module):
    """As in books: a generator and the last mask as plain attributes."""

    def __init__(self):
        self.rng, self.mask, self.masks = np.random.default_rng(0), None, []

    def forward(self, x):
        self.mask = (self.rng.random(x.shape) < 0.5) * x.dtype.type(2) if self.training else np.ones_like(x)
        self.masks.append(self.mask)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


NETWORKS = {
    "plain": lambda: network(), "batch norm": lambda: network(norm=True), "dropout": lambda: network(Dropout(0.5, 1), norm=True),
    "a dropout of the reader's own": lambda: network(PlainDropout()), "one shard": lambda: row(shard=250),
}


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_the_same_bits_from_run_to_run_and_on_any_number_of_cores(make, monkeypatch):
    first = trained(make())
    for count in (1, 2, 3, 8):
        cores(monkeypatch, count)
        assert trained(make()) == first
    assert trained(make(), seed=1)[0] != first[0]


def test_results_come_in_the_order_of_the_shards_whichever_is_first(monkeypatch):
    cores(monkeypatch, 3)
    last, done = threading.Event(), []

    def work(worker, part):
        if part.start == 0:
            assert last.wait(LIMIT)
        done.append(part.start)
        if len(done) == 2:
            last.set()
        return part.start

    net = row(shard=10)
    with parallel.workers(net, training=True) as each:
        assert within(lambda: each(work, 30)) == [0, 10, 20]
    assert done[-1] == 0


class Counting(Identity):
    """A learner's layer with plain state."""

    count = 0

    def forward(self, x):
        self.count += len(x)
        return super().forward(x)


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_what_a_layer_keeps_in_the_network_depends_on_no_core(count, monkeypatch):
    cores(monkeypatch, count)
    net = Sequential(Counting(), network())
    trained(net)
    assert 0 < net.layers[0].count < 4 * len(toy().x_train) and net.layers[0].count == len_of_first_shards(net)


def len_of_first_shards(net):
    """How many images the first shards of the batches of `trained` have."""
    alone = Sequential(Counting(), network())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parallel, "cores", lambda: 1)
        trained(alone)
    return alone.layers[0].count


@pytest.mark.parametrize("count", [2, 3, 8])
@pytest.mark.parametrize("layers", [(), (Counting(),)], ids=["the course's", "a learner's"])
def test_no_copy_is_at_work_in_two_threads(count, layers, monkeypatch):
    cores(monkeypatch, count)
    busy, lock, clashes = set(), threading.Lock(), []

    def work(worker, part):
        with lock:
            clashes.append(id(worker) in busy)
            busy.add(id(worker))
        threading.Event().wait(0.005)
        with lock:
            busy.discard(id(worker))

    with parallel.workers(Sequential(*layers, row(shard=1)), training=True) as each:
        for images in (9, 2, 3, 1, 8):  # what a large batch left behind, too
            within(lambda: each(work, images))
    assert not any(clashes)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_sum_does_not_depend_on_which_shard_is_first(order):
    numbers, shards, found = np.array([1e16, 1.0, -1e16]), Shards(3), {}
    threads = []

    def work(rank):
        found[rank] = Member(shards, rank).sum(numbers[rank:rank + 1])

    for place, rank in enumerate(order):
        end = time.monotonic() + LIMIT
        while sum(box.qsize() for (to, _), box in shards.boxes.items() if to == order[-1]) < place:
            assert time.monotonic() < end
        threads.append(threading.Thread(target=work, args=(rank,), daemon=True))
        threads[-1].start()
    for thread in threads:
        thread.join(LIMIT)
    assert [found[rank].tolist() for rank in range(3)] == [[(1e16 + 1.0) - 1e16]] * 3


def test_a_shard_that_goes_on_after_another_has_stopped_is_told_so_each_time():
    shards = Shards(2)
    shards.stop()
    for _ in range(2):
        with pytest.raises(Stopped):
            within(lambda: Member(shards, 0).sum(np.zeros(1)))


def test_a_shard_may_be_one_sum_ahead_of_the_others():
    """The slow one still reads the first sum while the fast one hands in its second."""
    shards, sums = Shards(2), 50

    def work(rank, into):
        member = Member(shards, rank)
        for number in range(sums):
            into.append(float(member.sum(np.array([rank + 10.0 * number]))[0]))

    with patch.object(np, "shape", side_effect=lambda array: (threading.Event().wait(0.001), array.shape)[1]):  # while it reads
        results = [], []
        thread = threading.Thread(target=work, args=(1, results[1]), daemon=True)
        thread.start()
        within(lambda: work(0, results[0]))
        thread.join(LIMIT)
    assert results[0] == results[1] == [1 + 20.0 * number for number in range(sums)]


# --- Randomness and plain attributes ------------------------------------------------------------------

class Notes(PlainDropout):
    """Its masks, in a list that all copies share, with the first image of the shard."""

    seen = []

    def forward(self, x):
        y = super().forward(x)
        if self.training:
            self.seen.append((float(x[0, 0]), self.mask.copy()))
        return y


@pytest.mark.parametrize("count", [1, 4])
def test_masks_differ_between_shards_and_steps_and_depend_on_no_core(count, monkeypatch):
    cores(monkeypatch, count)
    monkeypatch.setattr(Notes, "seen", [])
    digits = toy(28)
    digits.x_train[...] = 1  # so that only the masks differ
    digits.x_train[:, 0, 0, 0] = np.arange(28)
    net = row(Notes())
    trained(net, digits, epochs=2, batch_size=14)
    del Notes.seen[:3]  # the trial's
    masks = {mask.tobytes() for _, mask in Notes.seen}
    assert len(Notes.seen) == len(masks) == 8  # two epochs of two steps of two shards
    for _, mask in Notes.seen:
        assert 0.3 < (mask > 0).mean() < 0.7


def test_plain_attributes_do_not_leak_between_shards(monkeypatch):
    """Each of two threads keeps self.x between its forward and its backward pass while the other is at work."""
    cores(monkeypatch, 2)
    barrier = threading.Barrier(2)

    class Keeps(Module):
        def __init__(self):
            self.w = Parameter(np.ones(30))

        def forward(self, x):
            self.x = x
            if self.training and len(x) == SHARD:
                barrier.wait(LIMIT)  # both have written
            return x * self.w.value

        def backward(self, dy):
            if len(dy) == SHARD:
                barrier.wait(LIMIT)
            self.w.grad = (dy * self.x).sum(axis=0)
            return dy * self.w.value

    digits, nets = toy(2 * SHARD, dtype=np.float64), [row(Keeps()).double() for _ in range(2)]
    found = one_step(nets[0], digits)
    for module in nets[1].modules():
        module.forward = module.forward  # nothing of the class: the barrier would wait for a second thread
    monkeypatch.setattr(barrier, "wait", lambda *_: None)
    assert_close(found, whole(nets[1], digits))


@pytest.mark.parametrize("count", [1, 3])
def test_a_layer_may_write_its_results_where_it_wrote_the_last(count, monkeypatch):
    cores(monkeypatch, count)

    class Scale(Module):
        def __init__(self):
            self.w, self.dw, self.y = Parameter(np.linspace(1, 2, 30)), np.zeros(30), np.zeros((99, 30))

        def forward(self, x):
            self.x = x
            return np.multiply(x, self.w.value, out=self.y[:len(x)])

        def backward(self, dy):
            self.w.grad = np.sum(dy * self.x, axis=0, out=self.dw)
            return dy * self.w.value

    class InPlace(Scale):
        def backward(self, dy):
            self.w.grad[...] = (dy * self.x).sum(axis=0)
            return dy * self.w.value

    for kind in (Scale, InPlace):
        digits, nets = toy(30, dtype=np.float64), [row(kind()).double() for _ in range(2)]
        assert_close(one_step(nets[0], digits), whole(nets[1], digits))
    net = Sequential(Flatten(), Scale())
    net.layers[0].shard_size = SHARD
    flat = digits.x_train.reshape(30, 30)
    assert np.array_equal(training.predict(net, digits.x_train), flat * np.linspace(1, 2, 30))


@pytest.mark.parametrize("make", [NETWORKS["dropout"], NETWORKS["a dropout of the reader's own"]])
def test_a_run_that_is_taken_up_again_equals_the_unbroken_one_bit_for_bit(make, tmp_path):
    unbroken = make()
    history = training.fit(unbroken, toy(), SGD(unbroken.parameters(), 0.05), 3, 45)
    first = make()
    so_far = training.fit(first, toy(), SGD(first.parameters(), 0.05), 1, 45)
    first.save(tmp_path / "net.npz")
    second = make()
    second.load(tmp_path / "net.npz")
    resumed = training.fit(second, toy(), SGD(second.parameters(), 0.05), 2, 45, history=so_far)
    assert resumed.step_losses == history.step_losses and resumed.test_loss == history.test_loss
    assert all(np.array_equal(value, second.state_dict()[name]) for name, value in unbroken.state_dict().items())


def test_an_optimiser_may_put_new_arrays_in_place():
    class Rebinding(SGD):
        def step(self):
            for parameter in self.parameters:
                parameter.value = parameter.value - self.lr * parameter.grad

    histories = []
    for optimizer in (Rebinding, SGD):
        net = network()
        histories.append(training.fit(net, toy(), optimizer(net.parameters(), 0.05), 2, 45))
    assert histories[0].step_losses == histories[1].step_losses and histories[0].test_loss == histories[1].test_loss


def test_buffers_are_those_of_the_network_in_every_shard():
    """A layer that divides by a running mean: it is read in all shards, and moved in the first when all have read it."""
    class Running(Module):
        synchronised = True

        def __init__(self):
            self.size = Buffer(np.ones(1))

        def forward(self, x):
            self.mean = np.divide(*self.group.sum(np.array([np.abs(x).sum(), x.size])))
            self.scale = 1 / self.size.value
            return x * self.scale

        def backward(self, dy):
            self.group.sum(np.zeros(1))
            if self.group.rank == 0:
                self.size.value = 0.5 * self.size.value + 0.5 * self.mean
            return dy * self.scale

    nets, digits = [row(Linear(30, 30, 1), Running()).double() for _ in range(2)], toy(dtype=np.float64)
    history = within(lambda: training.fit(nets[0], digits, SGD(nets[0].parameters(), 0.05), 1, 15))
    np.testing.assert_allclose(history.step_losses, plain_loop(nets[1], digits, 15), rtol=1e-11)
    np.testing.assert_allclose(nets[0].layers[2].size.value, nets[1].layers[2].size.value, rtol=1e-11)


# --- Batches that are kept whole --------------------------------------------------------------------

class OwnNorm(Module):
    """Batch norm as learners write it: plain running means, and no word to the other shards."""

    def __init__(self):
        self.mean, self.var, self.sizes = np.zeros(30), np.ones(30), []

    def forward(self, x):
        if self.training:
            self.sizes.append(len(x))
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.mean, self.var = 0.9 * self.mean + 0.1 * mean, 0.9 * self.var + 0.1 * var
        else:
            mean, var = self.mean.astype(x.dtype), self.var.astype(x.dtype)
        self.scale = (1 / np.sqrt(var + 1e-5)).astype(x.dtype)
        self.normal = (x - mean) * self.scale
        return self.normal

    def backward(self, dy):
        return self.scale * (dy - dy.mean(axis=0) - self.normal * (dy * self.normal).mean(axis=0))


class GlobalDropout(Module):
    """Draws from NumPy's global generator, which no thread can have to itself."""

    def __init__(self):
        self.sizes = []

    def forward(self, x):
        if self.training:
            self.sizes.append(len(x))
        self.mask = np.random.rand(*x.shape) < 0.5 if self.training else 1
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class Undivided(Identity):
    shard_size = None

    def __init__(self):
        self.sizes = []

    def forward(self, x):
        if self.training:
            self.sizes.append(len(x))
        return super().forward(x)


def plain_loop(net, digits, batch_size):
    """An epoch of plain steps on the network itself."""
    losses, order = [], np.random.default_rng((0, 0)).permutation(len(digits.x_train))
    net.train()
    for start in range(0, len(order), batch_size):
        chosen = order[start:start + batch_size]
        loss, dy = F.cross_entropy(net.forward(digits.x_train[chosen]), digits.y_train[chosen])
        net.backward(dy)
        losses.append(loss)
        for parameter in net.parameters():
            parameter.value -= 0.05 * parameter.grad
    return losses


@pytest.mark.parametrize("kind", [OwnNorm, GlobalDropout, Undivided])
def test_layers_whose_images_depend_on_each_other_see_batches_whole(kind):
    nets, digits = [row(Linear(30, 30, 1), kind()).double() for _ in range(2)], toy(dtype=np.float64)
    digits.x_test = digits.x_test[:1]  # one image is measured: it needs no second
    digits.y_test = digits.y_test[:1]
    state = np.random.get_state()
    history = training.fit(nets[0], digits, SGD(nets[0].parameters(), 0.05), 1, 45)
    assert nets[0].layers[2].sizes == [45, 15]  # and the trial's on a copy
    if kind is not GlobalDropout:
        assert history.step_losses == plain_loop(nets[1], digits, 45)
        assert all(map(np.array_equal, nets[0].state_dict().values(), nets[1].state_dict().values()))
    if kind is OwnNorm:
        own, other = nets[0].layers[2], nets[1].layers[2]
        assert np.array_equal(own.mean, other.mean) and np.array_equal(own.var, other.var)
        wanted = nets[1].eval().forward(digits.x_train)
        np.testing.assert_allclose(training.predict(nets[0], digits.x_train), wanted, rtol=1e-12, atol=1e-14)
    np.random.set_state(state)


def test_layers_whose_images_are_apart_are_divided():
    sizes = []

    class Own(Tanh):
        def forward(self, x):
            sizes.append(len(x))
            return super().forward(x)

    trained(row(Own(), PlainDropout()), epochs=1)
    assert max(sizes) <= SHARD


@pytest.mark.parametrize("loss", [
    lambda y, t: (float(((y - t)**2).sum()), 2 * (y - t)),
    lambda y, t: (float(np.sqrt(((y - t)**2).mean())), (y - t) / (y.size * np.sqrt(((y - t)**2).mean()))),
], ids=["a sum", "a root of a mean"])
def test_a_loss_that_is_no_mean_over_images_is_of_the_whole_batch(loss):
    digits = toy(20, dtype=np.float64)
    digits.y_train, digits.y_test = np.eye(4)[digits.y_train], np.eye(4)[digits.y_test]
    nets, seen = [row().double() for _ in range(2)], []
    within(lambda: training.fit(nets[0], digits, SGD(nets[0].parameters(), 1e-9), 1, 20, loss=loss,
                                callback=lambda step, net, value: seen.append((value, [p.grad.copy() for p in net.parameters()]))))
    order = np.random.default_rng((0, 0)).permutation(20)
    value, dy = loss(nets[1].forward(digits.x_train[order]), digits.y_train[order])
    nets[1].backward(dy)
    assert_close(seen[0], (value, [parameter.grad for parameter in nets[1].parameters()]))


# --- Shards that fail --------------------------------------------------------------------------------

class Faulty(Module):
    """Asks for a sum in each pass, and raises in a chosen one, in the shard of this number."""

    synchronised = True

    def __init__(self, where=None, rank=None, error=KeyError):
        self.where, self.rank, self.error = where, rank, error
        self.w = Parameter(np.zeros(1, np.float32))  # without one no gradient would come here

    def _act(self, where, x):
        if (where, self.group.rank) == (self.where, self.rank):
            raise self.error("its own words")
        self.group.sum(np.ones(1))
        return x

    def forward(self, x):
        return self._act("forward", x)

    def backward(self, dy):
        return self._act("backward", dy)


def in_three_shards(net):
    return trained(net, toy(30), batch_size=30)


def threads():
    return {thread for thread in threading.enumerate() if thread.name.startswith("ThreadPoolExecutor")}


@pytest.mark.parametrize("error", [KeyError, SystemExit, MemoryError])
@pytest.mark.parametrize("where", ["forward", "backward"])
@pytest.mark.parametrize("rank", [1, 2])
def test_a_shard_that_raises_releases_those_that_wait_for_it(where, rank, error):
    net, before = row(Faulty(where, rank, error), shard=10), threads()
    weights = net.state_dict()
    with pytest.raises(error, match="its own words"):
        in_three_shards(net)
    assert threads() == before
    assert all(np.array_equal(value, net.state_dict()[name]) for name, value in weights.items())


def test_a_shard_that_raises_stops_those_that_wait_for_nothing(monkeypatch):
    cores(monkeypatch, 2)
    begun = []

    def work(worker, part):
        begun.append(part.start)
        if part.start == 0:
            raise KeyError("its own words")
        threading.Event().wait(0.01)

    with parallel.workers(row(shard=1), training=True) as each:
        with pytest.raises(KeyError, match="its own words"):
            within(lambda: each(work, 400))
        assert len(begun) < 400
        assert within(lambda: each(lambda worker, part: part.start, 2)) == [0, 1]  # the next batch is none the worse


@pytest.mark.parametrize("sums", [
    lambda group, first: [group.sum(np.ones(1)) for _ in range(2 if first else 1)],
    lambda group, first: [group.sum(np.ones(1)) for _ in range(1 if first else 3)],
    lambda group, first: [group.sum(np.ones(1))] if first else [],
    lambda group, first: group.sum(np.ones(2 if first else 1)),
    lambda group, first: group.sum(np.ones((1, 1)) if first else np.ones(1)),
], ids=["one more", "two fewer", "none", "another length", "another number of axes"])
def test_shards_that_ask_for_different_sums_raise(sums):
    class Odd(Identity):
        synchronised = True

        def forward(self, x):
            sums(self.group, self.group.rank == 0)
            return super().forward(x)

    with pytest.raises(ValueError, match="arrays of different shapes.*every shard must ask for the same sums in the same order"):
        in_three_shards(row(Odd(), shard=10))


def test_a_layer_that_sums_without_saying_so_is_told(monkeypatch):
    class Silent(Identity):
        def forward(self, x):
            self.group.sum(np.ones(1))
            return super().forward(x)

    with pytest.raises(RuntimeError, match="set synchronised = True in the class"):
        in_three_shards(row(Silent(), shard=10))
    trained(row(Silent(), shard=250))  # a batch in one piece is its own sum


def test_a_loss_that_is_not_finite_in_one_shard_is_named_where_shards_wait_for_each_other():
    class Burst(Identity):
        def forward(self, x):
            y = super().forward(x).copy()
            y[x[:, 0] == np.float32(99)] = np.inf
            return y

    net, digits = row(Faulty(), Burst()), toy()
    digits.x_train[13, 0, 0, 0] = 99
    with pytest.raises(FloatingPointError, match=r"epoch 1, batch 1; .* in layer 2, Burst\(\)"):
        trained(net, digits, batch_size=60)


def test_threads_end_with_the_run():
    before = threads()
    trained(network(norm=True))
    training.predict(network(), toy().x_train)
    assert threads() == before


# --- What a run leaves behind, and what it leaves out -------------------------------------------------

@pytest.mark.parametrize("shard", [SHARD, 250])
@pytest.mark.parametrize("count", [1, 2])
def test_the_gradient_of_the_images_is_never_computed(shard, count, monkeypatch):
    cores(monkeypatch, count)
    asked, real = [], F.conv2d_backward

    def spy(dy, cache, input_gradient=True):
        asked.append((cache[3][1], input_gradient))  # the channels of its images
        return real(dy, cache, input_gradient)

    net = network(shard=shard)
    with monkeypatch.context() as patched:
        patched.setattr(F, "conv2d_backward", spy)
        trained(net)
    training_steps = asked[2:]  # the trial's pass looks at all layers
    assert set(training_steps) == {(1, False), (3, True)}
    images = toy().x_train
    net.forward(images)
    assert net.backward(np.ones((60, 4), np.float32)).shape == images.shape


def test_what_was_set_in_a_network_is_put_back():
    net, group = network(Faulty("backward"), norm=True), Group()
    net.layers[1].group, net.layers[3].input_gradient = group, True
    net.layers[0].drop_input_gradient()
    before = [vars(module).keys() | {"_cache"} for module in net.train().modules()]
    trained(net)
    net.layers[-2].rank = 1
    with pytest.raises(KeyError):
        trained(net)
    assert [vars(module).keys() | {"_cache"} for module in net.modules()] == before
    assert net.layers[1].group is group and net.layers[0].input_gradient is False


class Watched(Identity):
    """Plain state of every kind, changed in each pass."""

    def __init__(self):
        self.rng, self.seen, self.count, self.x = np.random.default_rng(0), {}, Buffer(np.zeros(1)), None

    def forward(self, x):
        self.rng.random(3)
        self.count.value += 1
        self.seen[len(self.seen)] = self.x = x
        return super().forward(x)


def everything(net):
    """All that a network holds but caches, as something that can be compared."""
    def shown(value):
        if isinstance(value, np.random.Generator):
            return str(value.bit_generator.state)
        if isinstance(value, (Parameter, Buffer)):
            return value.value.tobytes(), getattr(value, "grad", np.zeros(1)).tobytes(), id(value.value)
        return repr(value) if not isinstance(value, np.ndarray) else value.tobytes()
    return [(name, key, shown(value)) for name, module in net.named_modules() for key, value in vars(module).items()]


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("count", [1, 2])
def test_looking_at_a_network_changes_nothing(mode, count, monkeypatch):
    cores(monkeypatch, count)
    net, digits = network(Watched(), Dropout(0.5), norm=True), toy()
    trained(net, digits)
    net.train(mode)
    net.layers[2].train(not mode)
    before, caches = everything(net), [module.cache for module in net.modules()]
    first = training.predict(net, digits.x_train)
    training.evaluate(net, digits.x_train, digits.y_train)
    with pytest.raises(ValueError):
        training.predict(net, digits.x_train[:, :, :, :3])
    assert everything(net) == before
    assert all(module.cache is cache for module, cache in zip(net.modules(), caches, strict=True))
    assert np.array_equal(training.predict(net, digits.x_train), first)


def test_nothing_is_kept_for_a_backward_pass_in_evaluation(monkeypatch):
    kept = []

    def look(worker, part):
        worker.net.forward(toy().x_train[part])
        kept.extend(module.cache for module in worker.net.modules())

    with parallel.workers(network(norm=True), training=False) as each:
        each(look, 60)
    assert kept and set(kept) == {None}


def test_looking_at_a_network_while_it_trains_changes_nothing():
    def run(look):
        net, out = network(Dropout(0.5), PlainDropout(), norm=True), []
        thread = threading.Thread(target=lambda: out.append(trained(net, epochs=4)), daemon=True)
        thread.start()
        looks = 0
        while thread.is_alive() and look:
            assert np.isfinite(training.predict(net, toy().x_test)).all()
            assert 0 <= training.evaluate(net, toy().x_test, toy().y_test) <= 1
            looks += 1
        thread.join(LIMIT)
        return out[0], looks

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # threads take turns as often as can be
    try:
        alone, _ = run(False)
        for _ in range(3):
            watched, looks = run(True)
            assert watched == alone and looks
    finally:
        sys.setswitchinterval(interval)


def test_a_parameter_can_be_copied_while_another_thread_sets_its_gradient():
    parameter, over = Parameter(np.zeros(1)), threading.Event()

    def train():
        while not over.is_set():
            parameter.clear()
            parameter.grad = parameter.value

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = threading.Thread(target=train, daemon=True)
    thread.start()
    try:
        for _ in range(200_000):
            assert list(parameter.__getstate__()) == ["value"]
    finally:
        over.set()
        thread.join(LIMIT)
        sys.setswitchinterval(interval)


def test_a_network_that_cannot_be_copied_is_refused_in_words():
    class Locked(Identity):
        def __init__(self):
            self.lock = threading.Lock()

    net = row(Locked())
    for use in (lambda: training.predict(net, toy().x_test), lambda: trained(net)):
        with pytest.raises(TypeError, match="cannot be copied .*keep open files, locks and the like out of layers"):
            use()


def test_a_copy_shares_the_values_and_nothing_else():
    net = network(Watched(), norm=True)
    net.backward(np.ones_like(net.forward(toy().x_train)))
    for buffers in (True, False):
        twin = parallel.copy_of(net, buffers)
        for own, other in zip(net.parameters(), twin.parameters(), strict=True):
            assert own is not other and own.value is other.value and not np.shares_memory(own.grad, other.grad)
        for (_, own), (_, other) in zip(net.named_buffers(), twin.named_buffers(), strict=True):
            assert (own is other) == np.shares_memory(own.value, other.value) == buffers
        for own, other in zip(net.modules(), twin.modules(), strict=True):
            assert own is not other and other.cache is None
        assert twin.layers[-2].rng is not net.layers[-2].rng and twin.layers[-2].seen is not net.layers[-2].seen


# --- Threads of the BLAS library ----------------------------------------------------------------------

def blas_threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def in_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(LIMIT)
    assert not thread.is_alive()


def test_blas_is_held_to_one_thread_and_let_go():
    """Also when the run ends in an error."""
    def look(step, net, loss):
        seen.append(blas_threads())
        if step == 2:
            raise RuntimeError

    seen = []
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with pytest.raises(RuntimeError):
            trained(row(), batch_size=10, callback=look)
        assert blas_threads() == before
    assert seen == [{1}] * 3


@pytest.mark.parametrize("first_ends_first", [True, False])
def test_blas_is_held_until_the_last_of_two_uses_ends_whichever_thread_that_is(first_ends_first):
    with threadpool_limits(2, user_api="blas"):
        before, first, second = blas_threads(), one_thread(), one_thread()
        first.__enter__()
        in_thread(second.__enter__)
        ends = [lambda: first.__exit__(None, None, None), lambda: in_thread(lambda: second.__exit__(None, None, None))]
        one, other = ends if first_ends_first else ends[::-1]
        one()
        assert blas_threads() == {1}
        other()
        assert blas_threads() == before
