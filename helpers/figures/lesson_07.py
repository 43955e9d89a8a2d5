"""The picture of lesson 07: twenty layers, from three initialisations, without skips and with them."""
import numpy as np

from .style import OUTPUT, QUIET, TEST, Picture, canvas


def with_and_without(accuracies):
    """Test accuracies {name: (without skips, with skips)}, each a list over seeds: a dot a run."""
    fig, ax = canvas(10, 4.6)
    ax.axhline(0.1, color=QUIET, lw=2, ls="--")
    for shift, way, (colour, mark, label) in zip((-0.12, 0.12), (0, 1), ((TEST, "o", "without skips"), (OUTPUT, "s", "with skips"))):
        for place, pair in enumerate(accuracies.values()):
            runs = np.asarray(pair[way])
            ax.plot(np.full(len(runs), place + shift), runs, mark, color=colour, ms=13, mec="white",
                    label=label if place == 0 else None)
            ax.text(place + 1.5 * shift, runs.mean(), f"{runs.mean():.0%}", ha="right" if shift < 0 else "left", va="center")
    ax.set(xlim=(-0.6, len(accuracies) - 0.4), ylim=(0, 1.02), xticks=range(len(accuracies)),
           xticklabels=[name.replace(" from ", "\nfrom ") for name in accuracies], ylabel="test accuracy")
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    gains = {name: np.mean(after) - np.mean(before) for name, (before, after) in accuracies.items()}
    hurt = [name for name, gain in gains.items() if gain < 0]
    title = "A skip around each layer helps" + f", but hurts {' and '.join(hurt)}" * bool(hurt)
    ax.set_title(title)
    return Picture(fig, f"Test accuracy of twenty layers without and with skips, a dot a run: {title}")
