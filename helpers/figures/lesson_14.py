"""Pictures of lesson 14: the stream's mean in five orders, accuracies by order, and training runs."""
import numpy as np

from .style import FRAME, GRADIENT, INK, INPUT, OUTPUT, TEST, TRAIN, WEIGHT, Picture, canvas

_LOOKS = {"a": (TEST, "o"), "b": (GRADIENT, "v"), "c": (WEIGHT, "^"), "d": (INPUT, "D"), "e": (OUTPUT, "s")}


def stream_means(found):
    """The mean of the stream in front of each block and behind the last: {order: (seeds, blocks + 1)}. A line a seed."""
    fig, ax = canvas(10.2, 4.8)
    ax.axhline(0, color=FRAME, lw=2)
    ends = []
    for order, lines in found.items():
        colour, mark = _LOOKS[order]
        blocks = np.arange(np.shape(lines)[1])
        for seed, means in enumerate(lines):
            ax.plot(blocks, means, f"{mark}-", color=colour, ms=7, lw=2, markevery=max(1, len(blocks) // 9),
                    label=f"({order})" if seed == 0 else None)
        ends.append(f"({order}) {round(float(np.mean(lines, axis=0)[-1]), 1) + 0.0:.1f}")
    ax.set(xlabel="block", ylabel="mean of the stream")
    ax.legend(loc="upper left", ncols=5)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.25 * (high - low))
    title = f"Mean behind block {len(blocks) - 1}: {', '.join(ends)}"
    ax.set_title(title)
    return Picture(fig, f"The mean of the stream by block, for blocks in five orders, a line a network: {title}")


def accuracies_by_order(accuracies, rates):
    """Test accuracies {order: (2, seeds)} at two learning rates, hollow at the second: a dot a run, and a bar at each mean."""
    fig, ax = canvas(8.8, 4.2)
    means = {}
    for place, (order, table) in enumerate(accuracies.items()):
        colour, mark = _LOOKS[order]
        for middle, fill, rate, runs in zip((place - 0.2, place + 0.2), (colour, "white"), rates, table):
            means[order, rate] = float(np.mean(runs))
            ax.plot(middle + 0.1 * (np.arange(len(runs)) - (len(runs) - 1) / 2), runs, mark, color=colour, ms=10, mfc=fill, mew=2)
            ax.plot([middle - 0.17, middle + 0.17], [means[order, rate]] * 2, color=INK, lw=2)
    ax.set(xticks=range(len(accuracies)), xticklabels=[f"({order})" for order in accuracies], ylabel="test accuracy",
           xlim=(-0.6, len(accuracies) - 0.4), xlabel=f"filled: learning rate {rates[0]:g}; hollow: {rates[1]:g}")
    ax.yaxis.set_major_formatter("{x:.0%}")
    best, worst = max(means, key=means.get), min(means, key=means.get)
    title = f"Best on average: ({best[0]}) at {best[1]:g}, {means[best]:.1%}; worst: ({worst[0]}) at {worst[1]:g}, {means[worst]:.1%}"
    ax.set_title(title)
    return Picture(fig, f"Test accuracy of blocks in five orders at two learning rates, a dot a run and a line at each mean: {title}")


def runs_by_epoch(losses, accuracies):
    """Training losses and test accuracies, both (seeds, epochs): a line a run."""
    fig, (left, right) = canvas(10.2, 4.2, 1, 2)
    epochs = np.arange(1, np.shape(losses)[1] + 1)
    for ax, table, colour, mark, name in ((left, losses, TRAIN, "o", "training loss"), (right, accuracies, TEST, "s", "test accuracy")):
        for run in table:
            ax.plot(epochs, run, f"{mark}-", color=colour, lw=2)
        ax.set(xlabel="epoch", title=name, xticks=epochs)
    left.set_ylim(0, 1.1 * np.max(losses))
    right.yaxis.set_major_formatter("{x:.0%}")
    ends = np.asarray(accuracies)[:, -1]
    title = f"After {len(epochs)} epochs: mean {ends.mean():.1%} of {len(ends)} seeds, {ends.min():.1%} to {ends.max():.1%}"
    fig.suptitle(title)
    return Picture(fig, f"Training loss and test accuracy by epoch, a line a run: {title}")
