"""Live figures of lesson 06: fixes and learning rates."""
import numpy as np

from ..figures import style as G
from .core import Live, pick


def fixes(rows, rates, accuracies, chance):
    """Every run against the learning rate, for a network with more and more of its faults fixed.

    accuracies (rows, rates, seeds), 0 to 1, NaN where a network exploded; `rows` names what each row fixes on top of the one before;
    a run of at most `chance` is no better than one answer for all images. Lines are medians, exploded runs the lowest of all.
    """
    fig, ax = G.canvas(10, 4.8)
    ax.set(xscale="log", xlim=(rates[0] * 0.7, rates[-1] * 1.5), ylim=(-0.1, 1), xlabel="learning rate", ylabel="accuracy")
    ax.set_yticks((0, 0.25, 0.5, 0.75, 1))
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.axhspan(0, chance, color=G.QUIET, lw=0, alpha=0.5)
    middle = np.median(np.nan_to_num(accuracies, nan=-1), axis=2)
    middle[middle < 0] = np.nan
    for row, line in enumerate(middle):
        ax.plot(rates, line, color=G.QUIET, lw=2, zorder=1, label="" if row else "other medians")
    seeds = accuracies.shape[2]
    beside = np.multiply.outer(rates, np.geomspace(0.92, 1.08, seeds))  # the runs of one rate, a little apart
    curve, = ax.plot([], [], "-", color=G.TEST, label="median")
    dots, = ax.plot([], [], "o", color=G.TEST, markerfacecolor="white", label="a run")
    lost, = ax.plot([], [], "x", color=G.INK, ms=11, mew=3, label="exploded, how many", zorder=4)
    counts = [ax.text(rate * 1.12, -0.045, "", va="center") for rate in rates]
    ax.text(np.sqrt(rates[0] * rates[-1]), 0.005, "at chance", va="bottom", ha="center")
    here = ax.axvline(rates[0], color=G.INK, lw=2, ls="--")
    ax.legend(loc="upper left")
    title = fig.suptitle(" ")

    def update(fixed, rate):
        row, column = rows.index(fixed), rates.index(rate)
        curve.set_data(rates, middle[row])
        dots.set_data(beside.ravel(), accuracies[row].ravel())
        gone = np.isnan(accuracies[row]).sum(axis=1)
        lost.set_data(np.array(rates)[gone > 0], np.full((gone > 0).sum(), -0.045))
        for text, count in zip(counts, gone):
            text.set_text(count or "")
        here.set_xdata([rate, rate])
        runs = accuracies[row, column]
        exploded, guessing = gone[column], (runs <= chance).sum()
        found = [] if np.isnan(middle[row, column]) else [f"median {middle[row, column]:.1%}"]
        found += [f"{count} of {seeds} {what}" for count, what in ((exploded, "exploded"), (guessing, "at chance")) if count]
        name = f"fixed up to {fixed}" if row else fixed
        title.set_text(f"{name}, learning rate {rate:g}: {', '.join(found)}")

    return Live(fig, update, [curve, dots, lost, *counts, here, title],
                "Accuracy of each run against the learning rate, for the published network with more and more faults fixed",
                fixed=pick("fixed so far", list(rows), rows[0]),
                rate=pick("learning rate", list(rates), rates[int(np.nanargmax(middle[0]))]))
