"""The picture of lesson 10: what depth does to training accuracy, and what it does to the gradient."""
import numpy as np

from .style import OUTPUT, QUIET, TEST, Picture, canvas


def degradation(accuracies, ratios):
    """Training accuracies and first over last gradient, both {(skips, depth): one number a seed}: a dot a run."""
    depths = sorted({depth for _, depth in accuracies})
    fig, (left, right) = canvas(11, 4.6, 1, 2)
    for skips, colour, mark, label in ((False, TEST, "o", "without skips"), (True, OUTPUT, "s", "with skips")):
        for ax, table in ((left, accuracies), (right, ratios)):
            places = [(place + 0.1 * (2 * skips - 1), number) for place, depth in enumerate(depths) for number in table[skips, depth]]
            ax.plot(*np.transpose(places), mark, color=colour, ms=11, mec="white", label=label)
    left.set(ylim=(0.5, 1.02), title="training accuracy")
    left.yaxis.set_major_formatter("{x:.0%}")
    left.legend(loc="lower left")
    right.axhline(1, color=QUIET, lw=2, zorder=0)
    right.set(yscale="log", ylim=(1e-2, 1e2), title="gradient at the start, first / last layer")
    for ax in (left, right):
        ax.set(xlim=(-0.5, len(depths) - 0.5), xticks=range(len(depths)), xticklabels=depths, xlabel="layers")
    fall = np.mean(accuracies[False, depths[-1]]) < np.mean(accuracies[False, depths[0]])
    title = "Deeper plain networks fit worse" + ", and no gradient vanishes" * all(min(some) > 0.1 for some in ratios.values())
    title = title if fall else "Here depth does no harm"
    fig.suptitle(title)
    return Picture(fig, f"Training accuracy, and first over last gradient, against depth, with and without skips: {title}")
