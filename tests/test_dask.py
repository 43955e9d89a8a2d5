"""`fit` on a real Dask cluster of worker processes on this machine: the same losses, also when a worker dies."""
import os
import signal
from types import SimpleNamespace

import numpy as np
import pytest

from helpers import models, training
from helpers.optim import SGD

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("default")  # a killed worker leaves sockets and streams open behind it


@pytest.fixture
def client():
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
                                  worker_dashboard_address=None, silence_logs=50) as cluster:
        with distributed.Client(cluster) as client:
            yield client


def losses(executor=None, callback=None):
    rng = np.random.default_rng(0)
    digits = SimpleNamespace(x_train=rng.random((240, 1, 28, 28), np.float32), y_train=rng.integers(0, 10, 240),
                             x_test=rng.random((30, 1, 28, 28), np.float32), y_test=rng.integers(0, 10, 30))
    net = models.skip_cnn(0, "trained")
    history = training.fit(net, digits, SGD(net.parameters(), 0.01), 2, 60, callback=callback, executor=executor)
    return history.step_losses + history.test_loss


def test_a_cluster_gives_the_same_losses(client):
    assert losses(client.get_executor()) == losses()


def test_a_worker_that_dies_costs_no_correctness(client):
    pid = next(iter(client.run(os.getpid).values()))

    def kill_one(step, net, loss):
        if step == 3:
            os.kill(pid, signal.SIGKILL)

    assert losses(client.get_executor(), kill_one) == losses()
    client.wait_for_workers(2, timeout=30)  # the cluster starts another one in its place
    assert pid not in client.run(os.getpid).values()
