"""Live figures of lesson 06: fixes and learning rates."""
import numpy as np
from ..figures import style as G
from .core import Live, pick


def mends(rows, rates, accuracies):
    """Accuracy against the learning rate, for a network with more and more of its faults fixed ("mended" in the lesson).

    accuracies (rows, rates, seeds), 0 to 1, NaN where a network exploded; `rows` names what each row fixes on top of the one before.
    """
    fig, ax = G.canvas(10, 4.5)
    ax.set(xscale="log", xlim=(rates[0] * 0.7, rates[-1] * 1.4), ylim=(0, 1), xlabel="step size", ylabel="right on the test images")
    ax.yaxis.set_major_formatter("{x:.0%}")
    whole = np.isfinite(accuracies)
    middle = np.where(whole.any(axis=2), np.where(whole, accuracies, 0).sum(axis=2) / np.maximum(whole.sum(axis=2), 1), np.nan)
    for row, line in enumerate(middle):
        ax.plot(rates, line, color=G.QUIET, lw=2, zorder=1, label="" if row else "other rows")
    curve, = ax.plot([], [], "o-", color=G.TEST, label="mean")
    dots, = ax.plot([], [], "_", color=G.TRAIN, ms=16, mew=2.5, label="each seed")
    lost, = ax.plot([], [], "x", color=G.INK, ms=12, mew=3, label="exploded", zorder=4)
    here = ax.axvline(rates[0], color=G.INK, lw=2, ls="--")
    ax.legend(loc="upper left")
    title = fig.suptitle(" ")

    def update(mended, rate):
        row, column = rows.index(mended), rates.index(rate)
        found = accuracies[row, column][whole[row, column]]
        curve.set_data(rates, middle[row])
        dots.set_data(np.repeat(rates, accuracies.shape[2]), accuracies[row].ravel())
        crossed = np.array(rates)[~whole[row].all(axis=1)]
        lost.set_data(crossed, np.full(len(crossed), 0.03))
        here.set_xdata([rate, rate])
        exploded = accuracies.shape[2] - len(found)
        result = f"{found.mean():.1%} ± {found.std(ddof=1):.1%} right" if len(found) > 1 else ""
        gone = f"{exploded} of {accuracies.shape[2]} seeds exploded" if exploded else ""
        name = f"mended up to {mended}" if row else mended
        title.set_text(f"{name}, step size {rate:g}:  {', '.join(filter(None, (result, gone)))}")

    return Live(fig, update, [curve, dots, lost, here, title],
                "Accuracy against step size for the published network with more and more faults mended",
                mended=pick("mended so far", list(rows), rows[0]), rate=pick("step size", list(rates), rates[(len(rates) - 1) // 2]))
