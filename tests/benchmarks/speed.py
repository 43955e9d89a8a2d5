"""A training step of three networks: ours, PyTorch as installed, PyTorch at its best, and our products alone.

Each peer runs in a process of its own, in turn, round after round; shown are medians and quartiles of the
microseconds per image of a step (batch of 100, float32, SGD), on one core and on all. Prints the table, and
writes it with a picture beside this file: `speed.md`, `speed.png`. Needs PyTorch.
"""
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
NETWORKS = {"dense net": "mlp", "two-layer CNN": "two_layer_cnn", "skip network": "skip_cnn"}
PEERS = {"ours": "ours", "PyTorch as installed": "torch", "PyTorch at its best": "torch", "our products alone": "products"}
BATCH, STEPS, ROUNDS = 100, 40, 7
# Keeps glibc from handing memory back to the system after every step.
BEST = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**32)}


def batches(steps):
    import numpy as np
    rng = np.random.default_rng(0)
    return [(rng.random((BATCH, 1, 28, 28), np.float32), rng.integers(0, 10, BATCH)) for _ in range(steps)]


def ours(name):
    """A function that takes one step on a batch."""
    from helpers import models, optim, sharding
    net = getattr(models, name)(0)
    optimizer, crew = optim.SGD(net.parameters(), 0.01), sharding.workers(net)
    batch = crew.__enter__()

    def step(images, labels):
        _, _, gradients = batch(images, labels)
        for parameter, gradient in zip(net.parameters(), gradients):
            parameter.grad = gradient
        optimizer.step()

    step.crew = crew  # the workers live as long as the step that uses them
    return step


def torch(name):
    """The same network and step in PyTorch."""
    import torch
    from torch import nn

    class Skip(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.head = nn.Sequential(nn.Conv2d(1, 16, 8), nn.ReLU()), cnn_head()
            self.register_buffer("skip", torch.full((10, 7056), 0.001))

        def forward(self, x):
            maps = self.first(x)
            return self.head(maps) + maps.flatten(1) @ self.skip.T

    def cnn_head():
        return nn.Sequential(nn.Conv2d(16, 8, 4, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(648, 10))

    torch.set_num_threads(cores())
    net = {"mlp": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)),
           "two_layer_cnn": lambda: nn.Sequential(nn.Conv2d(1, 16, 8), nn.ReLU(), cnn_head()), "skip_cnn": Skip}[name]()
    optimizer = torch.optim.SGD(net.parameters(), 0.01)

    def step(images, labels):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(torch.from_numpy(images)), torch.from_numpy(labels)).backward()
        optimizer.step()

    return step


def products(name):
    """Only the matrix products of a step, a shard at a time on one BLAS thread: below this NumPy cannot go."""
    import numpy as np

    from helpers.blas import one_thread
    one_thread().__enter__()
    shard = {"mlp": 100}.get(name, 25)
    first, second, dense, skip = (shard * 441, 65, 16), (shard * 81, 257, 8), (shard, 648, 10), (shard, 7056, 10)
    shapes = {"mlp": [(shard, 784, 128), (784, shard, 128), (shard, 128, 10), (128, shard, 10), (shard, 10, 128)]}.get(name, [
        first, (first[1], first[0], 16), second, (second[1], second[0], 8), (shard * 121, 32, 32), (shard * 121, 32, 32),
        dense, (648, shard, 10), (shard, 10, 648)]) + ([skip, (shard, 10, 7056)] if name == "skip_cnn" else [])
    work = [(np.ones((a, b), np.float32), np.ones((b, c), np.float32), np.empty((a, c), np.float32)) for a, b, c in shapes]

    def step(images, labels):
        for _ in range(BATCH // shard):
            for left, right, out in work:
                np.matmul(left, right, out=out)

    return step


def cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def measure(kind, name):
    """Microseconds per image of a step, in this process."""
    step, data = {"ours": ours, "torch": torch, "products": products}[kind](name), batches(STEPS)
    for images, labels in data[:10]:
        step(images, labels)
    times = []
    for images, labels in data:
        began = time.perf_counter()
        step(images, labels)
        times.append((time.perf_counter() - began) / BATCH * 1e6)
    return statistics.median(times)


def in_a_process(peer, name, one_core):
    # Each library picks the kernels and threads that it thinks best.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("OPENBLAS_", "OMP_", "MKL_"))}
    environment |= BEST if peer == "PyTorch at its best" else {}
    command = [sys.executable, __file__, PEERS[peer], name, "one" if one_core else "all"]
    return float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def table():
    """{(network, cores, peer): microseconds of every round}; the peers take turns."""
    found = {}
    for _ in range(ROUNDS):
        for network, name in NETWORKS.items():
            for one_core in (True, False):
                for peer in PEERS:
                    if peer == "our products alone" and not one_core:
                        continue
                    found.setdefault((network, "one core" if one_core else "all cores", peer), []).append(
                        in_a_process(peer, name, one_core))
    return found


def report(found):
    """The table and what follows from it, as Markdown."""
    versions = ", ".join(f"{package} {metadata.version(package)}" for package in ("numpy", "torch"))
    lines = ["# Speed of a training step", "",
             f"Made by `make bench`: medians of {ROUNDS} processes each (quartiles), microseconds per image; {cores()} cores, "
             f"{platform.machine()}, Python {platform.python_version()}, {versions}.", "",
             "| network | cores | " + " | ".join(PEERS) + " | ours / installed | ours / best |", "|---" * 8 + "|"]
    middle = {key: statistics.median(times) for key, times in found.items()}
    for network in NETWORKS:
        for where in ("one core", "all cores"):
            cells = [f"{middle[key]:.1f} ({quartiles(found[key])})" if (key := (network, where, peer)) in found else "" for peer in PEERS]
            mine, installed, best = (middle[network, where, peer] for peer in list(PEERS)[:3])
            lines.append(f"| {network} | {where} | " + " | ".join(cells) + f" | {mine / installed:.2f} | {mine / best:.2f} |")
    lines += ["", "On all cores as against one, ours: " + ", ".join(
        f"{network} {middle[network, 'one core', 'ours'] / middle[network, 'all cores', 'ours']:.1f} times" for network in NETWORKS)
        + ". Ours against its own products, one core: " + ", ".join(
        f"{network} {middle[network, 'one core', 'ours'] / middle[network, 'one core', 'our products alone']:.2f}" for network in NETWORKS) + "."]
    return "\n".join(lines) + "\n"


def quartiles(times):
    low, _, high = statistics.quantiles(times, n=4)
    return f"{low:.1f}–{high:.1f}"


def picture(found):
    """Bars for every network and peer, one core and all."""
    from helpers import figures as G
    fig, axes = G.canvas(11, 4.6, 1, 2, sharey=True)
    colours, hatches = (G.OUTPUT, G.TRAIN, G.TEST, G.QUIET), ("", "//", "\\\\", "..")
    for ax, where in zip(axes, ("one core", "all cores")):
        for slot, (peer, colour, hatch) in enumerate(zip(PEERS, colours, hatches)):
            for place, network in enumerate(NETWORKS):
                times = found.get((network, where, peer))
                if times:
                    ax.bar(place + 0.21 * (slot - 1.5), statistics.median(times), 0.2, color=colour, hatch=hatch, edgecolor=G.INK,
                           label=peer if place == 0 else None)
        ax.set(title=where, xticks=range(len(NETWORKS)))
        ax.set_xticklabels([name.replace(" ", "\n", 1) for name in NETWORKS])
        ax.tick_params(axis="x", length=0)
    axes[0].set_ylabel("µs an image")
    axes[1].legend(*axes[0].get_legend_handles_labels(), loc="upper left")
    fig.suptitle("A training step in NumPy beside PyTorch's: shorter is faster")
    return G.Picture(fig, "Bars: microseconds per image of a training step, ours and PyTorch's, on one core and on all")


def main():
    try:
        metadata.version("torch")
    except metadata.PackageNotFoundError:
        print("speed.py compares with PyTorch, which is not installed here: .venv/bin/pip install torch")
        return
    found = table()
    text = report(found)
    print(text)
    (HERE / "speed.md").write_text(text, encoding="utf-8")
    (HERE / "speed.png").write_bytes(picture(found).png())


if __name__ == "__main__":
    if len(sys.argv) == 4:
        _, kind, name, where = sys.argv
        if where == "one" and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
        print(measure(kind, name))
    else:
        main()
