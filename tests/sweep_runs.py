"""Toy trainings for sweeps, in a module that other processes can import."""
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from helpers import models, training
from helpers.optim import SGD


def toy(setting):
    """A training of a few hundred milliseconds: {"losses": (steps,), "accuracy": one number}."""
    rate, seed = setting
    rng = np.random.default_rng(0)
    digits = SimpleNamespace(x_train=rng.random((240, 1, 28, 28), np.float32), y_train=rng.integers(0, 10, 240),
                             x_test=rng.random((30, 1, 28, 28), np.float32), y_test=rng.integers(0, 10, 30))
    net = models.mlp(seed)
    history = training.fit(net, digits, SGD(net.parameters(), rate), 5, 60, seed)
    return {"losses": history.step_losses, "accuracy": history.test_accuracy[-1]}


def counted(setting):
    """`toy`; first it says in the file "begun" that it has begun, and where. The third to do so waits to be killed."""
    folder, *setting = setting
    file, line = Path(folder) / "begun", f"{setting} {os.getpid()}"
    with open(file, "a") as lines:
        lines.write(f"{line}\n")
    if file.read_text().splitlines()[2:3] == [line]:
        time.sleep(60)
    return toy(setting)


def place(setting):
    """Which process this is, and its cores."""
    time.sleep(0.3)  # so that one process cannot make all runs
    return os.getpid(), sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def dies(setting):
    if setting == "dies":
        time.sleep(0.5)
        os._exit(1)
    return {"setting": setting}


def interrupted(setting):
    """Returns as if nothing had been."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    os.kill(os.getpid(), signal.SIGINT)
    signal.signal(signal.SIGINT, before)
    return {"setting": setting}


def seen(setting):
    return repr(setting)
