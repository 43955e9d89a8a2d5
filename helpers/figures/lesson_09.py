"""The picture of lesson 09: a race of optimisers."""
import numpy as np

from .style import INK, INPUT, TEST, WEIGHT, Picture, canvas


def race(losses, title):
    """Training loss against steps, {name: losses (seeds, steps)}: the mean of 60 steps, over seeds, and the seeds' range."""
    window = 60
    fig, ax = canvas(10, 4.6)
    for (name, runs), colour, mark in zip(losses.items(), (INK, INPUT, WEIGHT, TEST), "os^D"):
        smooth = runs[:, :runs.shape[1] // window * window].reshape(len(runs), -1, window).mean(axis=2)
        steps = window * (np.arange(smooth.shape[1]) + 0.5)
        ax.fill_between(steps, smooth.min(axis=0), smooth.max(axis=0), color=colour, alpha=0.2, lw=0)
        ax.plot(steps, smooth.mean(axis=0), mark + "-", color=colour, label=name, markevery=4)
    ax.set(yscale="log", xlabel="step", ylabel="training loss", title=title)
    ax.legend()
    return Picture(fig, f"Training loss against steps, one line an optimiser: {title}")
