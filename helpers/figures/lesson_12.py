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
    near = [name for name, mean in zip(names[1:], means[1:]) if mean > means[0] - 0.05]
    title = f"Within 5 points of the identity: {'; '.join(near) or 'no other'}"
    fig.suptitle(title, fontsize=16)
    return Picture(fig, f"Test accuracy of deep networks by the shortcut in their blocks, a dot a run: {title}")


def by_length(networks):
    """The gradient by the length of its paths, {networks: [paths of one, ...]}: paths are pairs (length, gradient), and all of
    them add up to the whole. Of each network, the mean norm of one path of a length, and the norm of the sum of all of a length.
    """
    fig, axes = canvas(10.4, 4.6, 1, 2)
    most = []
    for (name, several), colour, mark in zip(networks.items(), (OUTPUT, GRADIENT), "sD"):
        longest = []
        for seed, paths in enumerate(several):
            whole = np.linalg.norm(sum(gradient for _, gradient in paths))
            lengths = range(max(length for length, _ in paths) + 1)
            alike = [[gradient for length, gradient in paths if length == wanted] for wanted in lengths]
            one = [np.mean([np.linalg.norm(gradient) for gradient in some]) / whole for some in alike]
            together = [np.linalg.norm(sum(some)) / whole for some in alike]
            longest.append(int(np.argmax(together)))
            for ax, numbers in zip(axes, (one, together)):
                ax.plot(lengths, numbers, f"{mark}-", color=colour, ms=8, lw=2, label=name if seed == 0 else None)
        most.append(f"{name} {' '.join(map(str, longest))}")
    for ax, title in zip(axes, ("one path", "all paths of a length")):
        ax.set(xlabel="length: bodies on the path", title=title, xticks=lengths)
    axes[0].set(yscale="log", ylabel="norm of the gradient, whole = 1")
    axes[0].legend(loc="lower left")
    axes[1].set_ylim(bottom=0)
    title = f"The length that carries most: {', '.join(most)}"
    fig.suptitle(title)
    return Picture(fig, f"The gradient by the length of its paths, of one path and of all of a length, a line a network: {title}")


def without_a_block(accuracies):
    """Test accuracies {kind of network: (seeds, 1 + blocks)}, of whole networks and then without one block each. A dot a run."""
    fig, ax = canvas(10.2, 4.8)
    columns = np.shape(next(iter(accuracies.values())))[1]
    ax.axhline(0.1, color=INK, lw=2, ls="--")
    ax.text(-0.45, 0.115, "a guess", va="bottom", fontsize=14)
    for (kind, table), colour, mark in zip(accuracies.items(), (OUTPUT, TEST), "so"):
        for seed, runs in enumerate(table):
            ax.plot(np.arange(columns) + 0.12 * (seed - (len(table) - 1) / 2), runs, mark, color=colour, ms=9, mec="white",
                    label=kind if seed == 0 else None)
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(0, 1.19), xticks=range(columns), xticklabels=["none", *range(1, columns)], yticks=(0, 0.5, 1),
           xlabel="block cut out", ylabel="test accuracy")
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(loc="upper right", ncols=2)
    title = "Without one block, in the median: " + ", ".join(f"{kind} {np.median(np.asarray(table)[:, 1:]):.0%}" for kind, table in accuracies.items())
    ax.set_title(title)
    return Picture(fig, f"Test accuracy of trained networks, whole and without one of their blocks, a dot a run: {title}")
