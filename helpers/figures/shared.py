"""Pictures that several lessons show."""
import numpy as np

from .style import INK, PIXELS, WEIGHTS, Picture, canvas, framed, kind, span


def strip(panels, title):
    """Images and score maps side by side, {name: array}; the first is an image, and so is all that has its size."""
    fig, axes = canvas(10, 10 / len(panels) + 0.75, 1, len(panels))
    size = next(iter(panels.values())).shape
    for ax, (name, array) in zip(axes, panels.items()):
        is_image = array.shape == size  # without padding, a map is smaller than its image
        framed(ax).imshow(array, **({"cmap": PIXELS, "vmin": 0, "vmax": 1} if is_image else {"cmap": WEIGHTS, **span(array)}))
        ax.set_title(name)
    fig.suptitle(title)
    return Picture(fig, f"Side by side: {', '.join(panels)}. {title}")


def weight_images(weights, title, names=()):
    """Rows of weights (n, 784) as images of 28 x 28, five across, all on one colour scale; `names` go above them."""
    images = weights.reshape(-1, 28, 28)
    fig, axes = canvas(9, (2.0 if names else 1.8) * len(images) / 5 + 0.6, -(-len(images) // 5), 5)
    for ax, image in zip(axes.flat, images):
        framed(ax).imshow(image, cmap=WEIGHTS, **span(weights))
    for ax, name in zip(axes.flat, names):
        ax.set_title(name, pad=4)
    fig.suptitle(title)
    return Picture(fig, f"{len(images)} sets of weights drawn as images: {title}")


def confusion(labels, guesses, classes):
    """How often each class (rows) was taken for each other one (columns); the right answers are left out.

    labels (N,), guesses (N,): places in `classes`, a tuple of names.
    """
    places, table = range(len(classes)), np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(table, (labels, guesses), 1)
    np.fill_diagonal(table, 0)
    fig, ax = canvas(8, 5.5)
    ax.imshow(table, cmap=WEIGHTS, aspect="auto", **span(table))
    for row, column in np.argwhere(table > 0):
        ax.text(column, row, table[row, column], ha="center", va="center", fontsize=15,
                color="white" if table[row, column] > 0.8 * table.max() else INK)
    ax.set(xticks=places, yticks=places, xticklabels=classes, yticklabels=classes, xlabel="read as", ylabel="is a")
    ax.tick_params(length=0)
    commonest, times = np.argwhere(table == table.max()), "once" if table.max() == 1 else f"{table.max()} times"
    if len(commonest) == 1:
        true, guess = (_with_article(classes[place]) for place in commonest[0])
        title = f"Most often {true} is read as {guess} ({times})"
    else:
        title = f"No {kind(classes)} is mistaken for another more than {times}"
    ax.set_title(title)
    return Picture(fig, f"A table of mistakes, true {kind(classes)} against guess: {title}")


def _with_article(name):
    return f"an {name}" if name[0] in "8aeiou" else f"a {name}"
