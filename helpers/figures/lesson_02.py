"""Pictures of lesson 02: initialisation, regions of the plane, a training's curves, overfitting, and confident mistakes."""
import numpy as np
from matplotlib.ticker import PercentFormatter

from .style import INK, INPUT, OUTPUT, PIXELS, TEST, TRAIN, WEIGHT, Picture, canvas, framed, pictures


def initialisation(sizes, title):
    """How large activations are in each layer, from the first on: {name of an initialisation: (layers,)}."""
    fig, ax = canvas(10, 4.4)
    for (name, values), colour, mark in zip(sizes.items(), (INK, INPUT, OUTPUT, TEST), "os^D"):
        layers = np.arange(1, len(values) + 1)
        ax.plot(layers, values, mark + "-", color=colour, clip_on=False)
        last = f"{values[-1]:.0f}" if values[-1] > 10 else f"{values[-1]:.2g}"
        ax.annotate(f"{name}: {last}", (layers[-1], values[-1]), (12, 0), textcoords="offset points", va="center")
    ax.set_yscale("symlog", linthresh=1e-4)  # straight below that, so that 0 has its place
    ax.set(xlabel="layer", ylabel="size of activations", xticks=layers, xlim=(0.7, len(layers) + 2.6), ylim=(-5e-5, 2000),
           yticks=[0, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000], title=title)
    ax.minorticks_off()
    ax.yaxis.set_major_formatter("{x:g}")
    return Picture(fig, f"The size of activations in each layer, one line an initialisation: {title}")


def overfitting(counts, train, test, title):
    """Accuracy on training and test images against the number of training images; train, test: a row a seed, (seeds, counts)."""
    fig, ax = canvas(10, 4.4)
    for accuracies, colour, mark, dash, name in ((train, TRAIN, "o", "-", "training"), (test, TEST, "s", "--", "test")):
        ax.plot(counts, np.mean(accuracies, axis=0), dash, color=colour)
        ax.plot([], [], mark + dash, color=colour, label=name)
        for row in accuracies:
            ax.plot(counts, row, mark, color=colour)
    ax.set(xscale="log", xlabel="training images", ylabel="accuracy", title=title)
    ax.set_xticks(counts, [f"{count:,}" for count in counts])
    ax.minorticks_off()
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(loc="lower right")
    return Picture(fig, f"Accuracy against the number of training images, on these and on the test images: {title}")


def loss_curves(history, title):
    """Loss and accuracy of a `History`, training and test, epoch by epoch."""
    fig, (left, right) = canvas(10, 3.8, 1, 2)
    epochs = np.arange(1, len(history.test_loss) + 1)
    for ax, train, test, name in ((left, history.train_loss, history.test_loss, "loss"),
                                  (right, history.train_accuracy, history.test_accuracy, "accuracy")):
        ax.plot(epochs, train, color=TRAIN, marker="o", label="training")
        ax.plot(epochs, test, color=TEST, marker="s", ls="--", label="test")
        ax.set(xlabel="epoch", ylabel=name, xticks=epochs[:: max(1, len(epochs) // 5)])
    left.legend()
    right.yaxis.set_major_formatter(PercentFormatter(1))  # with as many digits as the marks need
    fig.suptitle(title)
    return Picture(fig, f"Loss and accuracy by epoch, training and test: {title}")


def mistakes(images, labels, probabilities, classes):
    """The twelve wrong guesses of which the network was surest.

    images (N, C, H, W), labels (N,), probabilities (N, classes); `classes`: a tuple of names.
    """
    guesses, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(guesses != labels)
    worst = wrong[np.argsort(-sure[wrong], kind="stable")][:12]
    shown, (fig, axes) = pictures(images), canvas(10, 4.6, 2, 6)
    fig.get_layout_engine().set(hspace=0.08)
    for ax, index in zip(axes.flat, worst):
        framed(ax).imshow(shown[index], cmap=PIXELS, vmin=0, vmax=1)
        ax.set_title(f"{classes[labels[index]]} read as {classes[guesses[index]]}", fontsize=15, pad=5)
        ax.set_xlabel(f"{sure[index]:.2%} sure", fontsize=14)
    for ax in axes.flat[len(worst):]:
        ax.set_visible(False)
    fig.suptitle(f"Wrong and sure of it: the worst of {len(wrong)} mistakes on {len(labels):,} test images")
    return Picture(fig, "The most confident mistakes: each image with its label, the network's guess, and how sure it was")


def regions(points, labels, classifiers):
    """Which side of its boundary each classifier puts the plane on: {title: function (n, 2) -> classes}."""
    fig, axes = canvas(9, 4, 1, len(classifiers))
    ticks = np.linspace(-1.6, 1.6, 161)
    plane = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    for ax, (title, classify) in zip(axes, classifiers.items()):
        ax.contourf(ticks, ticks, classify(plane).reshape(161, 161), levels=[-0.5, 0.5, 1.5],
                    colors=["#CCE3F0", "#FAE7C2"])
        for value, colour, marker in ((0, INPUT, "o"), (1, WEIGHT, "^")):
            ax.plot(*points[labels == value].T, marker, color=colour, ms=7, mec="white", mew=0.8)
        framed(ax).set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal")
        ax.set_title(f"{title}: accuracy {np.mean(classify(points) == labels):.0%}")
    return Picture(fig, "Two classes of points in the plane and the regions that each classifier gives them")
