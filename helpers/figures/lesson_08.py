"""The picture of lesson 08: a network's logits until they overflow."""
import numpy as np

from .style import INK, QUIET, TEST, TRAIN, Picture, canvas


def logit_trace(lowest, highest, limit):
    """The smallest and the largest logit of each batch, up to the one whose gradients are not finite, and where e^z squared ends."""
    fig, ax = canvas(10, 4.6)
    batches = np.arange(len(highest))
    ax.axhline(limit, color=QUIET, lw=2, ls="--")
    ax.text(0, limit, f"the square of $e^z$ overflows, above {limit:.0f}", va="bottom")
    ax.plot(batches, highest, "o-", color=TEST, markevery=5, label="largest logit")
    ax.plot(batches, lowest, "s-", color=TRAIN, markevery=5, label="smallest logit")
    ax.plot(batches[-1], highest[-1], "X", color=INK, ms=16, label="nan")
    ax.set(xlabel="batch", ylabel="logits", ylim=(-15, 1.15 * max(max(highest), limit)),
           title=f"Batch {batches[-1]} is the last: all logits rise together, up to {max(highest):.0f}")
    ax.legend(loc="center left")
    return Picture(fig, f"Smallest and largest logit, batch by batch, until batch {batches[-1]}, whose gradients are nan")
