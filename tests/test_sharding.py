"""Shards on workers: the same numbers whoever computes them, copies that share the weights and nothing else."""
import pickle
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from helpers import functional as F
from helpers import sharding, training
from helpers.init import he_normal
from helpers.layers import (
    Conv2d, Flatten, Identity, Linear, MaxPool2d, Projection, ReLU, Residual, Sequential, Tanh,
)
from helpers.optim import SGD
from helpers.sharding import Worker, workers

SHARD = Conv2d.shard_size


def small(seed=0, dtype=np.float32):
    """A network with every kind of layer that keeps work arrays: images (N, 1, 9, 8) -> logits (N, 4)."""
    rng = np.random.default_rng(seed)
    body = Sequential(Conv2d(3, 4, (3, 2), rng, stride=2, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(16, 4, rng))
    net = Sequential(Conv2d(1, 3, 3, rng), ReLU(), Residual(body, Projection(he_normal((4, 3, 7, 6), rng))))
    return net.double() if dtype == np.float64 else net


def toy(count, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    images, labels = rng.standard_normal((count + 7, 1, 9, 8)).astype(dtype), rng.integers(0, 4, count + 7)
    return SimpleNamespace(x_train=images[:count], y_train=labels[:count], x_test=images[count:], y_test=labels[count:])


class Backwards(Executor):
    """Waits until its last shard is asked for, then computes them in reverse."""

    def __init__(self):
        self.held = []

    def submit(self, function, /, *args):
        future = Future()
        self.held.append((future, function, args))
        future.result = lambda timeout=None: self.finish() or Future.result(future)
        return future

    def finish(self):
        while self.held:
            future, function, args = self.held.pop()
            future.set_result(function(*args))


def trained(executor=None, count=130, batch_size=60):
    net = small()
    history = training.fit(net, toy(count), SGD(net.parameters(), 0.05), 2, batch_size, executor=executor)
    return history.step_losses, history.test_loss, list(net.state_dict().values())


def same(first, second):
    return (first[0] == second[0] and first[1] == second[1]
            and all(np.array_equal(a, b) for a, b in zip(first[2], second[2], strict=True)))


@pytest.mark.parametrize("batch_size", [1, SHARD - 1, SHARD, SHARD + 1, 60])
@pytest.mark.parametrize("executor", [lambda: ThreadPoolExecutor(1), lambda: ThreadPoolExecutor(4), Backwards])
def test_the_result_is_the_same_on_any_workers(executor, batch_size):
    with executor() as pool:
        assert same(trained(pool, 70, batch_size), trained(None, 70, batch_size))


def test_the_result_is_the_same_in_other_processes():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert same(trained(pool), trained())


def test_the_result_is_the_same_on_one_core(monkeypatch):
    everywhere = trained()
    monkeypatch.setattr(sharding, "_cores", lambda: 1)
    monkeypatch.setattr(sharding, "ThreadPoolExecutor", None)  # none is made
    assert same(trained(), everywhere)


@settings(max_examples=20)
@given(st.integers(1, 110), st.integers(0, 2**32 - 1))
def test_shards_add_up_to_the_batch(count, seed):
    digits, net = toy(count, seed, np.float64), small(seed, np.float64)
    with workers(net) as batch:
        loss, right, gradients = batch(digits.x_train, digits.y_train)
        assert batch(digits.x_train, digits.y_train, gradients=False) == (loss, right, [])
    logits = net.forward(digits.x_train)
    wanted, dlogits = F.cross_entropy(logits, digits.y_train)
    net.backward(dlogits)
    assert loss == pytest.approx(wanted, rel=1e-12)
    assert right == np.count_nonzero(logits.argmax(axis=1) == digits.y_train)
    for found, parameter in zip(gradients, net.parameters(), strict=True):
        np.testing.assert_allclose(found, parameter.grad, rtol=0, atol=1e-12 * max(1, np.abs(parameter.grad).max()))


def test_a_replica_shares_the_weights_and_nothing_else():
    net = small()
    net.backward(np.ones_like(net.forward(toy(5).x_train)))
    twin = net.replica()
    for own, other in zip(net.parameters(), twin.parameters(), strict=True):
        assert own is not other and own.value is other.value and not np.shares_memory(own.grad, other.grad)
    assert all(module.cache is None for module in twin.modules())
    before = [parameter.grad.copy() for parameter in net.parameters()]
    twin.backward(2 * np.ones_like(twin.forward(toy(5, seed=1).x_train)))
    assert all(np.array_equal(a, parameter.grad) for a, parameter in zip(before, net.parameters()))
    assert not any(module.private for module in net.modules())


def test_what_is_sent_away_takes_no_caches_along():
    net = small()
    fresh = len(pickle.dumps(Worker(net)))
    net.backward(np.ones_like(net.forward(toy(100).x_train)))
    assert len(pickle.dumps(Worker(net))) < fresh + 1000
    logits = pickle.loads(pickle.dumps(Worker(net))).net.forward(toy(5).x_train)
    assert np.array_equal(logits, net.forward(toy(5).x_train))


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 99)), min_size=2, max_size=6))
def test_a_replica_is_right_again_and_again(calls):
    """Work arrays are used again, also for batches of another size: nothing of the last call may remain."""
    net = small(dtype=np.float64)
    twin = net.replica()
    for count, seed in calls:
        digits = toy(count, seed, np.float64)
        for parameter in net.parameters():
            parameter.value += 0.01 * seed
        dy = np.random.default_rng(seed).standard_normal((count, 4))
        np.testing.assert_allclose(twin.forward(digits.x_train), net.forward(digits.x_train), rtol=1e-12, atol=1e-12)
        net.backward(dy)
        twin.backward(dy)
        for own, other in zip(net.parameters(), twin.parameters(), strict=True):
            np.testing.assert_allclose(other.grad, own.grad, rtol=1e-10, atol=1e-10)


def test_only_a_replica_writes_over_its_results():
    net, first, second = small(), toy(6).x_train, toy(6, seed=1).x_train
    kept = net.forward(first)
    copy, dx = kept.copy(), net.backward(np.ones_like(kept))
    dx_copy = dx.copy()
    net.backward(3 * np.ones_like(kept))
    net.backward(2 * np.ones_like(net.forward(second)))
    assert np.array_equal(kept, copy) and np.array_equal(dx, dx_copy)


def test_a_replica_hands_no_gradient_to_its_images():
    for net, images in ((small(), toy(3).x_train), (Sequential(Flatten(), Tanh(), Linear(72, 4, np.random.default_rng(0))), toy(3).x_train)):
        twin = net.replica()
        twin.forward(images)
        assert twin.backward(np.ones((3, 4), np.float32)) is None
        net.forward(images)
        assert net.backward(np.ones((3, 4), np.float32)).shape == images.shape
        for own, other in zip(net.parameters(), twin.parameters(), strict=True):
            np.testing.assert_allclose(other.grad, own.grad, rtol=1e-5, atol=1e-6)


def test_an_error_in_a_shard_reaches_the_caller():
    class Bad(Identity):
        shard_size = SHARD

        def forward(self, x):
            if len(x) < SHARD:
                raise RuntimeError("the last shard")
            return super().forward(x)

    net = Sequential(Flatten(), Bad(), Linear(72, 4, np.random.default_rng(0)))
    with pytest.raises(RuntimeError, match="the last shard"):
        training.fit(net, toy(60), SGD(net.parameters(), 0.1), 1, 60)


def test_a_loss_that_is_not_finite_in_one_shard_moves_no_weight():
    net, digits = small(), toy(60)
    digits.x_train[7] = np.nan
    before = net.state_dict()
    with pytest.raises(FloatingPointError, match="the images of this batch"):
        training.fit(net, digits, SGD(net.parameters(), 0.1), 1, 60)
    assert all(np.array_equal(before[name], value) for name, value in net.state_dict().items())


def test_modes_reach_the_workers():
    class Mode(Identity):
        """Adds a class's worth to the first logit in evaluation mode."""

        shard_size = SHARD

        def forward(self, x):
            return super().forward(x) + (0 if self.training else np.eye(4, dtype=x.dtype)[0] * 1e6)

    net, digits = Sequential(Flatten(), Linear(72, 4, np.random.default_rng(0)), Mode()), toy(60)
    digits.x_test, digits.y_test = digits.x_train, digits.y_train
    history = training.fit(net, digits, SGD(net.parameters(), 0.01), 1, 60)
    assert history.test_accuracy == [np.mean(digits.y_train == 0)]
    assert history.train_loss[0] < 100 < history.test_loss[0]


def test_threads_end_with_the_run():
    import threading

    def helpers_of_the_run():
        return [thread for thread in threading.enumerate() if thread.name.startswith("ThreadPoolExecutor")]

    before = helpers_of_the_run()
    trained()
    assert helpers_of_the_run() == before


def test_a_worker_holds_blas_to_one_thread_wherever_it_is():
    # The processes of an executor have not been told: two threads there, and sums are made in another order.
    seen = []

    class Looks(Identity):
        def forward(self, x):
            seen.append({library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"})
            return super().forward(x)

    images, labels = np.ones((3, 4), np.float32), np.array([0, 1, 2])
    with threadpool_limits(2, user_api="blas"):
        Worker(Sequential(Looks(), Linear(4, 3, np.random.default_rng(0))))(images, labels, 1.0, False)
    assert seen == [{1}]
