"""The pictures of lesson 13: five epochs, networks without a block, and products by stage."""
import numpy as np

from .style import INK, OUTPUT, QUIET, TEST, TRAIN, WEIGHT, Picture, canvas


def five_epochs(accuracies, published):
    """Test accuracy by epoch: `accuracies` (seeds, epochs), a dot a run, their mean, and what an article printed (epochs,)."""
    seeds, epochs = accuracies.shape
    places, mean = np.arange(1, epochs + 1), accuracies.mean(axis=0)
    fig, ax = canvas(9, 4.6)
    beside = np.linspace(-0.12, 0.12, seeds)
    ax.plot(np.add.outer(beside, places).ravel(), accuracies.ravel(), "o", color=TEST, mfc="white", label="a run")
    ax.plot(places, mean, "-", color=TEST, label=f"mean of {seeds} runs")
    ax.plot(places, published, "D--", color=INK, label="the article")
    lowest = np.floor(20 * min(accuracies.min(), min(published))) / 20
    ax.set(xticks=places, xlabel="epoch", ylabel="test accuracy", ylim=(lowest, 1.01), yticks=np.arange(lowest, 1.01, 0.05))
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(loc="upper left", ncols=3)
    title = f"In NumPy, without a GPU: {mean[-1]:.1%} after {epochs} epochs; the article has {published[-1]:.1%}"
    ax.set_title(title)
    return Picture(fig, f"Test accuracy by epoch, {seeds} runs, their mean, and an article's: {title}")


def without_block(whole, without):
    """Test accuracy of trained networks, `whole` (seeds,), and `without` (seeds, blocks) each block: a dot a run, dashes their mean."""
    seeds, blocks = without.shape
    places, mean = np.arange(1, blocks + 1), without.mean(axis=0)
    fig, ax = canvas(10, 4.4)
    ax.axhline(whole.mean(), color=QUIET, lw=4)
    ax.text(blocks + 0.9, whole.mean(), "whole", va="center", fontsize=14)
    beside = np.linspace(-0.2, 0.2, seeds)
    ax.plot(np.add.outer(beside, places).ravel(), without.ravel(), "o", color=TEST, mfc="white", ms=7, label="a run")
    ax.plot(places, mean, "_", color=INK, ms=20, mew=4, label="mean")
    ax.set(xticks=places, xlabel="block that is cut", xlim=(0.4, blocks + 0.8), ylabel="test accuracy", ylim=(0.45, 1))
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(loc="lower right", ncols=2)
    worst = int(mean.argmin())
    title = f"Cut one block: block {worst + 1} costs most, and the mean falls from {whole.mean():.1%} to {mean[worst]:.1%}"
    ax.set_title(title)
    return Picture(fig, f"Test accuracy without each block in turn, {seeds} runs: {title}")


def products(counts):
    """Multiplications of an image in the stem and in each stage, by three ways of computing: {way: (stages,)}, the plainest first."""
    stages = ["stem", *(f"stage {number}" for number in range(1, len(next(iter(counts.values())))))]
    fig, ax = canvas(9.6, 4.4)
    width = 0.8 / len(counts)
    styles = (TRAIN, ""), (WEIGHT, "//"), (OUTPUT, "\\\\")
    for number, ((name, column), (colour, hatch)) in enumerate(zip(counts.items(), styles)):
        places = np.arange(len(stages)) + (number - (len(counts) - 1) / 2) * width
        ax.bar(places, np.array(column) / 1e6, width, color=colour, hatch=hatch, edgecolor="white", label=name)
    first, *_, last = (sum(column) for column in counts.values())
    ax.set(xticks=range(len(stages)), xticklabels=stages, ylabel="million products an image",
           ylim=(0, 1.5e-6 * max(max(column) for column in counts.values())))
    ax.legend(loc="upper right", ncols=1)
    title = f"{last / 1e6:.0f} million products do the work of {first / 1e6:.0f}"
    ax.set_title(title)
    return Picture(fig, f"Bars: multiplications in each stage, by {', '.join(counts)}: {title}")
