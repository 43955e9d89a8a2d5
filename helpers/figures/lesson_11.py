"""The picture of lesson 11: what a sorted test set does to a network that is measured in training mode."""
import numpy as np

from .style import QUIET, TEST, TRAIN, Picture, canvas


def by_mode(accuracies):
    """Test accuracies {way: list over seeds}, the first way in evaluation mode: a dot a run."""
    fig, ax = canvas(10, 4.2)
    ax.axhline(0.1, color=QUIET, lw=2, ls="--")
    ax.text(-0.38, 0.12, "a guess", va="bottom", fontsize=14)
    for place, (name, runs) in enumerate(accuracies.items()):
        mark, colour = ("s", TEST) if place == 0 else ("o", TRAIN)
        ax.plot(place + 0.06 * np.arange(len(runs)), runs, mark, color=colour, ms=13, mec="white")
        ax.text(place + 0.06 * len(runs) + 0.02, np.mean(runs), f"{np.mean(runs):.0%}", va="center")
    ax.set(xlim=(-0.4, len(accuracies) - 0.4), ylim=(0, 1.02), xticks=range(len(accuracies)), xticklabels=list(accuracies),
           ylabel="test accuracy")
    ax.yaxis.set_major_formatter("{x:.0%}")
    first, *_, last = accuracies.values()
    title = f"The same weights, the same images: {np.mean(first):.0%} or {np.mean(last):.0%}"
    ax.set_title(title)
    return Picture(fig, f"Test accuracy of networks with batch norm by mode and order of the test set, a dot a run: {title}")
