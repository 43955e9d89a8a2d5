"""Pictures of lesson 09: learning rates, the range of Adam's step sizes, and a race of optimisers."""
import numpy as np
from matplotlib.ticker import PercentFormatter

from .style import INK, INPUT, OUTPUT, TEST, WEIGHT, Picture, canvas

MARKS = {"SGD": (INK, "o"), "momentum": (INPUT, "s"), "RMSProp": (WEIGHT, "^"), "Adam": (TEST, "D")}  # in all pictures and figures


def learning_rates(tuning, title):
    """The accuracy that each optimiser reached at each learning rate: {optimiser: (rates, accuracies)}."""
    fig, ax = canvas(10, 4.4)
    for (name, (rates, accuracies)), (colour, mark) in zip(tuning.items(), MARKS.values()):
        ax.plot(rates, accuracies, mark + "-", color=colour, label=name)
    ax.set(xscale="log", xlabel="learning rate", ylabel="accuracy after an epoch", title=title)
    ax.xaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_major_formatter(PercentFormatter(1))  # with as many digits as the marks need
    ax.minorticks_off()
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return Picture(fig, f"Accuracy against learning rate, one line an optimiser: {title}")


def step_sizes(steps, sizes, title):
    """Quantiles of the effective step sizes of all weights of a layer, {layer: arrays (steps, 5)}: 0, 5, 50, 95 and 100 %."""
    fig, axes = canvas(10.2, 4.4, 1, len(sizes), sharey=True)
    for ax, (layer, quantiles), colour in zip(axes, sizes.items(), (INPUT, WEIGHT, OUTPUT, TEST)):
        least, low, middle, high, most = np.transpose(quantiles)
        ax.plot(steps, most, ":", color=colour)
        ax.plot(steps, least, ":", color=colour)
        ax.fill_between(steps, low, high, color=colour, alpha=0.35, lw=0)
        ax.plot(steps, middle, "-", color=colour)
        ax.set(xscale="log", yscale="log", xlabel="step", title=layer, xticks=[1, 10, 100])
        ax.minorticks_off()
        ax.xaxis.set_major_formatter("{x:g}")
    axes[0].set(ylabel="effective step size", yticks=[0.01, 1, 100, 10_000])
    axes[0].yaxis.set_major_formatter("{x:g}")
    fig.suptitle(title)
    return Picture(fig, f"The range of effective step sizes over a run, one panel a layer: {title}")


def race(losses, title):
    """Training loss against steps, {name: losses (seeds, steps)}: the mean of 60 steps, over seeds, and the seeds' range."""
    window = 60
    fig, ax = canvas(10, 4.6)
    for (name, runs), (colour, mark) in zip(losses.items(), MARKS.values()):
        smooth = runs[:, :runs.shape[1] // window * window].reshape(len(runs), -1, window).mean(axis=2)
        steps = window * (np.arange(smooth.shape[1]) + 0.5)
        ax.fill_between(steps, smooth.min(axis=0), smooth.max(axis=0), color=colour, alpha=0.2, lw=0)
        ax.plot(steps, smooth.mean(axis=0), mark + "-", color=colour, label=name, markevery=4)
    ax.set(yscale="log", xlabel="step", ylabel="training loss", title=title)
    ax.legend()
    return Picture(fig, f"Training loss against steps, one line an optimiser: {title}")
