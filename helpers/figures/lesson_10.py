"""The pictures of lesson 10: what depth does to how well a network fits, and to its gradient."""
import numpy as np

from .style import OUTPUT, QUIET, TEST, Picture, canvas

_KINDS = (False, TEST, "o", "without skips"), (True, OUTPUT, "s", "with skips")


def degradation(accuracies, ratios):
    """Training accuracies and first over last gradient, both {(skips, depth): one number a seed}: a dot a run."""
    depths = sorted({depth for _, depth in accuracies})
    fig, left = _against_depth(depths, accuracies, ratios)
    left.set(ylim=(min(0.5, *map(min, accuracies.values())) - 0.05, 1.02), title="training accuracy")
    left.yaxis.set_major_formatter("{x:.0%}")
    left.legend(loc="lower left")
    fall = np.mean(accuracies[False, depths[-1]]) < np.mean(accuracies[False, depths[0]])
    title = "Deeper plain networks fit worse, and " + _vanishing(ratios) if fall else "Here depth does no harm"
    fig.suptitle(title)
    return Picture(fig, f"Training accuracy, and first over last gradient, against depth, with and without skips: {title}")


def very_deep(log):
    """The log `degradation`: training losses of the last epoch and first over last gradient, a dot a run."""
    depths = log["depths"].tolist()
    places = [(way, row, (way == 1, depth)) for way in (0, 1) for row, depth in enumerate(depths)]
    losses = {key: log["losses"][way, row, :, -1] for way, row, key in places}
    ratios = {key: log["first over last"][way, row] for way, row, key in places}
    fig, left = _against_depth(depths, losses, ratios)
    left.set(ylim=(0, 1.1 * max(map(max, losses.values()))), title="training loss, last epoch")
    left.legend(loc="upper left")
    deepest = losses.pop((False, depths[-1]))
    worst = "fit worst" if min(deepest) > max(map(max, losses.values())) else "do no harm"
    title = f"With batch norm, {depths[-1]} plain layers {worst}, and {_vanishing(ratios)}"
    fig.suptitle(title)
    return Picture(fig, f"Training loss, and first over last gradient, against depth, batch norm everywhere, with and without skips: {title}")


def _vanishing(ratios):
    return "no gradient vanishes" if all(min(some) > 0.1 for some in ratios.values()) else "gradients vanish"


def _against_depth(depths, fits, ratios):
    """A figure of both, and its left half, which has no title yet."""
    fig, (left, right) = canvas(10.4, 4.6, 1, 2)
    for ax, table in ((left, fits), (right, ratios)):
        for skips, colour, mark, label in _KINDS:
            side = 0.18 if skips else -0.18
            places = [(place + side + 0.1 * (seed - (len(table[skips, depth]) - 1) / 2), number)
                      for place, depth in enumerate(depths) for seed, number in enumerate(table[skips, depth])]
            ax.plot(*np.transpose(places), mark, color=colour, ms=11, mec="white", label=label)
        ax.set(xlim=(-0.5, len(depths) - 0.5), xticks=range(len(depths)), xticklabels=depths, xlabel="layers")
    right.axhline(1, color=QUIET, lw=2, zorder=0)
    right.set(yscale="log", ylim=(1e-2, max(1e2, 3 * max(map(max, ratios.values())))), title="gradient at the start, first / last layer")
    return fig, left
