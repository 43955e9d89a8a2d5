"""Pictures of lesson 02: initialisation, and confident mistakes."""
import numpy as np

from .style import INK, INPUT, OUTPUT, PIXELS, TEST, Picture, canvas, framed, pictures


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
