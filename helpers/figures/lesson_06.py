"""The picture of lesson 06: what each fix of a published network is worth, at one learning rate and at its own."""
import numpy as np

from .style import INK, QUIET, TEST, Picture, canvas


def best_rates(accuracies):
    """For each row of accuracies (rows, rates, seeds) the place of the rate with the highest median; NaN, exploded, is the lowest."""
    return np.median(np.nan_to_num(accuracies, nan=0), axis=2).argmax(axis=1)


def fixes(rows, rates, accuracies, published, chance):
    """Every run of every row, at the learning rate `published` and at the row's own best; the bar is the median.

    accuracies (rows, rates, seeds), 0 to 1, NaN where a network exploded; `chance`: no better than one answer for all images.
    """
    fig, axes = canvas(10, 5.4, 1, 2, sharey=True)
    places, own = np.arange(len(rows)), best_rates(accuracies)
    middles = []
    for ax, columns in zip(axes, (np.full(len(rows), rates.index(published)), own)):
        runs = accuracies[places, columns]
        middles.append(np.median(np.nan_to_num(runs, nan=0), axis=1))
        ax.axvspan(0, chance, color=QUIET, lw=0, alpha=0.5)
        ax.plot(runs.ravel(), np.repeat(places, runs.shape[1]), "o", color=TEST, markerfacecolor="white", label="a run")
        ax.plot(middles[-1], places, "|", color=INK, ms=26, mew=4, label="median")
        exploded = np.isnan(runs).sum(axis=1)
        lost, = np.nonzero(exploded)
        ax.plot(np.full(len(lost), 0.03), lost, "x", color=INK, ms=11, mew=3, label="exploded, how many")
        for row in lost:
            ax.text(0.06, row, exploded[row], va="center")
        ax.set(xlim=(0, 0.9), ylim=(len(rows) - 0.5, -0.5), xticks=(0, 0.2, 0.4, 0.6, 0.8), xlabel="accuracy")
        ax.xaxis.set_major_formatter("{x:.0%}")
        ax.grid(axis="y", color=QUIET)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
    axes[0].set_yticks(places, [name if place == 0 else f"+ {name}" for place, name in enumerate(rows)])
    axes[0].set_title(f"all with learning rate {published:g}")
    axes[1].set_title("each with its own best:", x=0.6)
    for place, column in enumerate(own):
        axes[1].text(1.02, place, f"{rates[column]:g}", va="center", transform=axes[1].get_yaxis_transform())
    axes[0].text(chance / 2, len(rows) - 0.6, "at chance", va="bottom", ha="center", rotation=90)
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    before, after = (round(100 * (middle[-1] - middle[0])) for middle in middles)
    title = f"All fixes together: {before:+d} points at one learning rate, {after:+d} at their own".replace("-", "−")
    fig.suptitle(title)
    return Picture(fig, f"Accuracy of ten runs of a network with more and more faults fixed. {title}")
