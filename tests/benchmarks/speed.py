"""How fast the course computes, beside PyTorch, the plainest loops, and the matrix products alone: `make bench`.

Each figure comes from a process of its own (see `peers.py`); the peers take turns, round after round; shown are medians
and quartiles of the rounds. Prints the report and writes it beside this file: `speed.md`, and `speed.png`.
Needs PyTorch, and MNIST for the whole run. `speed.py ROUNDS` takes another number of rounds than seven.
"""
import json
import os
import platform
import statistics
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from helpers import data
from helpers.figures import style as G

HERE = Path(__file__).parent
NETWORKS = {"dense net": "mlp", "two-layer CNN": "two_layer_cnn", "skip network": "skip_cnn"}
ENGINE = {"two-layer CNN": "two_layer_cnn", "four residual blocks with batch norm": "batch_norm", "ResNet-34": "resnet34"}
OURS, INSTALLED, BEST, PRODUCTS, LOOPS = "ours", "PyTorch as installed", "PyTorch at its best", "our products alone", "plain loops"
PROGRAM = {OURS: "ours", INSTALLED: "torch", BEST: "torch", PRODUCTS: "products", LOOPS: "loops"}
ONE, ALL = "one core", "all cores"
PROFILED = {"skip_cnn": "the skip network, in shards of 50 images", "resnet34": "ResNet-34 with Adam, in shards of 32 images of 32 × 32"}
RESNETS = ("64 32", "16 32", "16 64", "8 112", "8 224")  # batch and image
BATCHES, SIZES = (25, 50, 100, 200, 400, 800), (28, 40, 56, 80)
# Keeps glibc from handing memory back to the system after every step.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**32)}


def ask(kind, peer=OURS, what="-", where=ONE):
    """What a process of its own found; each library picks the kernels and threads that it thinks best."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("OPENBLAS_", "OMP_", "MKL_"))}
    environment |= {"TQDM_DISABLE": "1"} | (KEEP_MEMORY if peer == BEST else {})
    command = [sys.executable, str(HERE / "peers.py"), kind, PROGRAM[peer], str(what), where.split()[0]]
    return json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def measure(rounds):
    """{kind: {case: figures of all rounds}}; within a round the peers take turns."""
    found = {kind: {} for kind in ("step", "resnet", "convolutions", "operations", "norm", "engine", "growth", "profile", "run", "import")}

    def note(kind, case, *question):
        found[kind].setdefault(case, []).append(ask(kind, *question))

    for number in range(rounds):
        for network, name in NETWORKS.items():
            for where in (ONE, ALL):
                for peer in (OURS, INSTALLED, BEST):
                    note("step", (network, where, peer), peer, name, where)
            note("step", (network, ONE, PRODUCTS), PRODUCTS, name, ONE)
            if name != "mlp":
                note("step", (network, ONE, LOOPS), LOOPS, name, ONE)
        for peer in (OURS, INSTALLED, BEST, LOOPS):
            note("operations", peer, peer)
        for where in (ONE, ALL):
            for peer in (OURS, INSTALLED, BEST):
                note("resnet", (where, peer, "64 32"), peer, "64 32", where)
                note("norm", (where, peer), peer, "-", where)
            for peer in (OURS, PRODUCTS):
                note("convolutions", (where, peer), peer, "-", where)
        for network, name in ENGINE.items():
            note("engine", network, OURS, name)
        for name in PROFILED:
            note("profile", name, OURS, name)
        note("import", OURS)
        if number < 3:
            for peer in (OURS, BEST):
                for batch in BATCHES:
                    note("growth", (peer, batch, 28), peer, f"{batch} 28", ALL)
                for size in SIZES[1:]:
                    note("growth", (peer, 100, size), peer, f"100 {size}", ALL)
            for peer in (OURS, BEST):
                for what in RESNETS[1:]:
                    note("resnet", (ALL, peer, what), peer, what, ALL)
            note("run", OURS, OURS, number, ALL)
        print(f"round {number + 1} of {rounds}", flush=True)
    return found


def middle(values):
    return statistics.median(values)


def spread(values):
    if len(values) < 2:
        return f"{values[0]:.1f}"
    low, _, high = statistics.quantiles(values, n=4)
    return f"{middle(values):.1f} ({low:.1f}–{high:.1f})"


def table(heads, rows):
    return ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *("| " + " | ".join(row) + " |" for row in rows), ""]


def networks(step):
    """Rows of the table of networks."""
    for network in NETWORKS:
        for where in (ONE, ALL):
            times = {peer: step.get((network, where, peer)) for peer in PROGRAM}
            ratios = [f"{middle(times[OURS]) / middle(times[peer]):.2f}" for peer in (INSTALLED, BEST)]
            yield [network, where, *(spread(times[peer]) if times[peer] else "" for peer in PROGRAM), *ratios]


def operations(found):
    for name in found[OURS][0]:
        times = {peer: [figures[name] for figures in rounds] for peer, rounds in found.items() if name in rounds[0]}
        yield [name, *(spread(times[peer]) if peer in times else "" for peer in found),
               *(f"{middle(times[OURS]) / middle(times[peer]):.2f}" for peer in (INSTALLED, BEST))]


def profile(rounds):
    short = lambda label: label if len(label) < 90 else f"Residual, the sum of both paths {label.split()[-1]}"
    return [[short(label), f"{middle([figures[label] for figures in rounds]):.1f}"] for label in rounds[0]]


def growth(found):
    for batch, size in [(batch, 28) for batch in BATCHES] + [(100, size) for size in SIZES[1:]]:
        yield [str(batch), f"{size} × {size}", *(f"{middle([figures[kind] for figures in found[peer, batch, size]]):.{1 - kind}f}"
                                                for kind in (0, 1) for peer in (OURS, BEST))]


def resnets(found):
    """Rows of the table of ResNet-34."""
    for what in RESNETS:
        for where in (ONE, ALL) if what == RESNETS[0] else (ALL,):
            times, memory = ({peer: [figures[kind] for figures in found.get((where, peer, what), [])] for peer in (OURS, INSTALLED, BEST)}
                             for kind in (0, 1))
            fastest = min(middle(times[peer]) for peer in (INSTALLED, BEST) if times[peer])
            batch, size = what.split()
            yield [batch, f"{size} × {size}", where, *(spread(values) if values else "" for values in times.values()),
                   f"{middle(times[OURS]) / fastest:.2f}", *(f"{middle(memory[peer]):.0f}" for peer in (OURS, BEST))]


def convolutions(found):
    for where in (ONE, ALL):
        times = [found[where, peer] for peer in (OURS, PRODUCTS)]
        yield [where, *map(spread, times), f"{middle(times[0]) / middle(times[1]):.2f}"]


def engine(found):
    for network, rounds in found.items():
        yield [network, *(spread(times) for times in zip(*rounds)), f"{middle([engine / hand for hand, engine in rounds]):.2f}"]


def targets(found):
    """Rows (what, wanted, found, reached)."""
    step = {case: middle(values) for case, values in found["step"].items()}
    ours = {where: step["skip network", where, OURS] for where in (ONE, ALL)}
    rows = [(f"step of the skip network beside {peer}, {where}", "at most", limit, ours[where] / step["skip network", where, peer], "")
            for peer, limit in ((INSTALLED, 0.75), (BEST, 1.0)) for where in (ONE, ALL)]
    norm = {case: middle(values) for case, values in found["norm"].items()}
    resnet = {case: [middle(kind) for kind in zip(*values)] for case, values in found["resnet"].items()}
    for where in (ONE, ALL):
        (time, memory), *others = (resnet[where, peer, RESNETS[0]] for peer in (OURS, INSTALLED, BEST))
        rows += [(f"step of ResNet-34 beside the faster PyTorch, {where}", "at most", 0.6, time / min(other[0] for other in others), ""),
                 (f"its peak memory beside PyTorch at its best, {where}", "at most", 1.0, memory / others[1][1], "")]
    convolutions = {case: middle(values) for case, values in found["convolutions"].items()}
    rows += [(f"convolutions of ResNet-34 beside the plain ones' products, {where}", "at most", 0.75,
              convolutions[where, OURS] / convolutions[where, PRODUCTS], "") for where in (ONE, ALL)]
    rows += [(f"batch norm of 64 images, 64 × 32 × 32, beside {BEST}, {where}", "at most", 1.2, norm[where, OURS] / norm[where, BEST], "")
             for where in (ONE, ALL)]
    rows += [(f"step by the engine beside the one by hand, {network}", "at most", 1.3, middle([engine / hand for hand, engine in rounds]), "")
             for network, rounds in found["engine"].items()]
    rows += [("faster than 8 ms an image, which the article's loops take, all cores", "at least", 400, 8000 / ours[ALL], " times"),
             ("beside its own products, one core", "at most", 1.5, ours[ONE] / step["skip network", ONE, PRODUCTS], ""),
             ("all cores beside one", "at least", 3, ours[ONE] / ours[ALL], " times"),
             ("five epochs of 60,000 images, measuring included", "at most", 12, middle([run[0] for run in found["run"][OURS]]), " s"),
             ("peak memory of that run", "at most", 700, max(run[2] for run in found["run"][OURS]), " MB"),
             ("import of helpers without pictures", "at most", 0.3, middle(found["import"][OURS]), " s")]
    for what, bound, limit, value, unit in rows:
        reached = value <= limit if bound == "at most" else value >= limit
        yield [what, f"{bound} {limit:g}{unit}", f"{value:.3g}{unit}", "yes" if reached else "no"]


def report(found, rounds):
    versions = ", ".join(f"{package} {metadata.version(package)}" for package in ("numpy", "torch"))
    peers = [OURS, INSTALLED, BEST, LOOPS]
    runs = found["run"][OURS]
    return "\n".join([
        "# Speed", "",
        f"Made by `make bench`: medians of {rounds} rounds (quartiles), each of a process of its own, in microseconds per image and "
        f"float32; {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {versions}. PyTorch *at its best* is "
        "kept from handing memory back to the system after every step. The *plain loops* go image by image and place by place.", "",
        "## A training step", "", "Batches of 100, SGD.", "",
        "![Bars: a training step of each network in NumPy and in PyTorch, one core and all](speed.png)", "",
        *table(["network", "on", *PROGRAM, "ours / installed", "ours / best"], networks(found["step"])),
        "## ResNet-34", "", "A training step with Adam, two classes, milliseconds; peak memory of the process, MB.", "",
        *table(["batch", "image", "on", OURS, INSTALLED, BEST, "ours / the faster", "ours, MB", "PyTorch at its best, MB"],
               resnets(found["resnet"])),
        "All its convolutions, forward and backward, for 64 images of 32 × 32, beside the products of the plain form alone (windows as rows, "
        "as large as can be, by BLAS on as many cores), ms:", "",
        *table(["on", OURS, "the plain form's products", "ours / products"], convolutions(found["convolutions"])),
        "## The engine", "",
        "Forward and backward pass of 50 images, of ResNet-34 16, on one core, ms: as the layers have it, and by automatic differentiation.", "",
        *table(["network", "by hand", "by the engine", "engine / by hand"], engine(found["engine"])),
        "## What was wanted", "", *table(["what", "wanted", "found", "reached"], targets(found)),
        f"The run: {', '.join(f'{run[0]:.1f} s' for run in runs)} with SGD, {', '.join(f'{run[1]:.2%}' for run in runs)} right on the test set.", "",
        "## Where a step's time goes", "",
        *(line for name, what in PROFILED.items()
          for line in (f"One core, {what}.", "", *table(["part", "µs an image"], profile(found["profile"][name])))),
        "## Single operations", "", "Forward and backward together, one core; sizes as in the skip network.", "",
        *table(["operation", *peers, "ours / installed", "ours / best"], operations({peer: found["operations"][peer] for peer in peers})),
        "## As the batch and the image grow", "", "A step of the two-layer CNN on all cores; peak memory of the process.", "",
        *table(["batch", "image", "ours, µs an image", "PyTorch at its best", "ours, MB", "PyTorch at its best, MB"], growth(found["growth"]))])


def picture(found):
    """Bars for every network and peer, one core and all."""
    fig, axes = G.canvas(11, 4.6, 1, 2, sharey=True)
    colours, hatches = (G.OUTPUT, G.TRAIN, G.TEST, G.QUIET), ("", "//", "\\\\", "..")
    for ax, where in zip(axes, (ONE, ALL)):
        for slot, (peer, colour, hatch) in enumerate(zip(PROGRAM, colours, hatches)):
            for place, network in enumerate(NETWORKS):
                times = found.get((network, where, peer))
                if times:
                    ax.bar(place + 0.21 * (slot - 1.5), middle(times), 0.2, color=colour, hatch=hatch, edgecolor=G.INK,
                           label=peer if place == 0 else None)
        ax.set(title=where, xticks=range(len(NETWORKS)))
        ax.set_xticklabels([name.replace(" ", "\n", 1) for name in NETWORKS])
        ax.tick_params(axis="x", length=0)
    axes[0].set_ylabel("µs an image")
    axes[1].legend(*axes[0].get_legend_handles_labels(), loc="upper left")
    fig.suptitle("A training step in NumPy beside PyTorch's: shorter is faster")
    return G.Picture(fig, "Bars: microseconds per image of a training step, ours and PyTorch's, on one core and on all")


def main(rounds):
    try:
        metadata.version("torch")
    except metadata.PackageNotFoundError:
        print("speed.py compares with PyTorch, which is not installed here: .venv/bin/pip install torch")
        return
    data.load_digits("mnist")  # says so now if it is not at hand
    found = measure(rounds)
    text = report(found, rounds)
    print(text)
    (HERE / "speed.md").write_text(text, encoding="utf-8")
    (HERE / "speed.png").write_bytes(picture(found["step"]).png())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) == 2 else 7)
