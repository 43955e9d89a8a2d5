"""The picture of lesson 01: one neuron."""
from .style import PIXELS, WEIGHTS, Picture, canvas, framed, span


def neuron(image, weights, bias):
    """One neuron's score: image (28, 28) times weights (28, 28), added up, plus the bias."""
    product = image * weights
    fig, axes = canvas(10, 3.6, 1, 3)
    for ax, array, colours, limits, title in (
            (axes[0], image, PIXELS, {"vmin": 0, "vmax": 1}, "pixels $x$"),
            (axes[1], weights, WEIGHTS, span(weights), "weights $w$"),
            (axes[2], product, WEIGHTS, span(product), "products $x_i w_i$")):
        framed(ax).imshow(array, cmap=colours, **limits)
        ax.set_title(title)
    for ax, sign in ((axes[1], "×"), (axes[2], "=")):
        ax.text(-0.13, 0.5, sign, transform=ax.transAxes, fontsize=30, ha="center", va="center")
    score = product.sum() + bias
    more, less = ("orange", "blue") if product.sum() > 0 else ("blue", "orange")
    fig.suptitle(f"Ink on {more} outweighs ink on {less}: the score is {score:+.2f}")
    return Picture(fig, "A digit, the neuron's weights, and their product pixel by pixel")
