"""The pictures of lesson 12: other shortcuts than the identity, the gradient by the length of its paths, and networks without a block."""
import numpy as np

from .style import GRADIENT, INK, OUTPUT, QUIET, TEST, Picture, canvas


def other_shortcuts(names, accuracies):
    """Test accuracies (kinds, seeds) of networks that differ by their shortcuts, a dot a run; the first kind is the identity."""
    fig, ax = canvas(10.2, 5.4)
    rows = np.arange(len(names))[::-1]
    ax.axvline(0.1, color=INK, lw=2, ls="--")
    ax.text(0.11, rows[-1] - 0.75, "a guess", va="center", fontsize=14)
    for place, (row, some) in enumerate(zip(rows, accuracies)):
        ax.axhline(row, color=QUIET, lw=2, zorder=0)
        ax.plot(some, row + 0.16 * (np.arange(len(some)) - (len(some) - 1) / 2), "s" if place == 0 else "o",
                color=OUTPUT if place == 0 else TEST, ms=10, mec="white")
    ax.set(xlim=(0, 1.02), ylim=(-1.1, len(names) - 0.4), yticks=rows, yticklabels=names, xlabel="test accuracy")
    ax.tick_params(axis="y", length=0)
    ax.xaxis.set_major_formatter("{x:.0%}")
    means = np.mean(accuracies, axis=1)
    best = int(np.argmax(means))
    title = f"{'The identity' if best == 0 else names[best]} reads most in the mean, {means[best]:.0%}; the last of all {means.min():.0%}"
    ax.set_title(title)
    return Picture(fig, f"Test accuracy of deep networks by the shortcut in their blocks, a dot a run: {title}")


def by_length(networks):
    """Gradients by the length of their paths, {network: (norm of one path, in the mean, of each length; norm of all paths of a length)}."""
    fig, axes = canvas(10.4, 4.6, 1, 2)
    longest = {}
    for (name, (one, together)), colour, mark in zip(networks.items(), (OUTPUT, GRADIENT), "sD"):
        lengths = np.arange(len(one))
        for ax, numbers in zip(axes, (one, together)):
            ax.plot(lengths, numbers, f"{mark}-", color=colour, ms=9, label=name)
        longest[name] = int(np.argmax(together))
    for ax, title in zip(axes, ("one path", "all paths of a length")):
        ax.set(xlabel="length: bodies on the path", ylabel="norm of the gradient, whole = 1", title=title, xticks=lengths)
    axes[0].set(yscale="log")
    axes[0].legend(loc="lower left")
    axes[1].set_ylim(bottom=0)
    title = "; ".join(f"{name}, length {length} carries most" for name, length in longest.items())
    fig.suptitle(title[0].upper() + title[1:])
    return Picture(fig, f"The gradient by the length of its paths, of one path and of all of a length: {title}")


def without_a_block(whole, cut):
    """Test accuracies of networks: `whole` {kind: (seeds,)}, and `cut` {kind: (seeds, blocks)}, each without one block. A dot a run."""
    fig, ax = canvas(10.2, 4.8)
    blocks = np.shape(next(iter(cut.values())))[1]
    ax.axhline(0.1, color=INK, lw=2, ls="--")
    ax.text(blocks + 0.45, 0.115, "a guess", ha="right", va="bottom", fontsize=14)
    for (kind, some), colour, mark in zip(cut.items(), (OUTPUT, TEST), "so"):
        table = np.column_stack([whole[kind], some])
        for seed, runs in enumerate(table):
            ax.plot(np.arange(blocks + 1) + 0.12 * (seed - (len(table) - 1) / 2), runs, mark, color=colour, ms=9, mec="white",
                    label=kind if seed == 0 else None)
    ax.set(xlim=(-0.5, blocks + 0.5), ylim=(0, 1.19), xticks=range(blocks + 1), xticklabels=["none", *range(1, blocks + 1)], yticks=(0, 0.5, 1),
           xlabel="block cut out", ylabel="test accuracy")
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(loc="upper right", ncols=2)
    spans = ", ".join(f"{kind} {np.median(some):.0%}" for kind, some in cut.items())
    title = f"Without one block, in the median: {spans}"
    ax.set_title(title)
    return Picture(fig, f"Test accuracy of trained networks, whole and without one of their blocks, a dot a run: {title}")
