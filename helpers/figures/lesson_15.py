"""The picture of lesson 15: one training, in this course and in PyTorch."""
import numpy as np

from .style import INK, TEST, TRAIN, Picture, canvas


def two_trainings(ours, theirs):
    """Training losses of one network by step, here and in PyTorch, and how far apart they are."""
    steps, apart = np.arange(1, len(ours) + 1), np.abs(np.subtract(ours, theirs))
    fig, (above, below) = canvas(10, 5.6, 2, 1, sharex=True, height_ratios=(3, 2))
    above.plot(steps, theirs, color=TRAIN, lw=7, label="PyTorch")
    above.plot(steps, ours, color=INK, lw=2, ls="--", label="this course")
    above.set(ylabel="training loss", ylim=(0, 1.1 * max(ours)))
    above.legend(loc="upper right", ncols=2)
    below.plot(steps, np.maximum(apart, 1e-9), "o", color=TEST, ms=4)
    below.set(xlabel="step", ylabel="difference", yscale="log", ylim=(5e-10, max(1e-2, 3 * max(apart))))
    title = f"Two trainings, one curve: never more than {max(apart):.0e} apart"
    fig.suptitle(title)
    return Picture(fig, f"Training losses of one network, here and in PyTorch, over {len(ours)} steps, and their difference: {title}")
