"""Live figures of lesson 00: the first slider, and the numbers inside an image."""
import numpy as np

from ..figures import style as G
from .core import Live, outline, slider


def how_many_pixels(image):
    """The first slider of the course: a digit (28, 28) in n x n pixels."""
    fig, ax = G.canvas(5, 5.4)
    shown = G.framed(ax).imshow(image, cmap=G.PIXELS, vmin=0, vmax=1, extent=(0, 1, 0, 1))
    title = ax.set_title(" ")

    def update(pixels):
        edges = np.linspace(0, 28, pixels + 1)
        # Each coarse pixel is the mean of those that lie under it, sampled finely enough to be exact by eye.
        fine = np.repeat(np.repeat(image, 4, axis=0), 4, axis=1)
        cuts = np.round(edges[:-1] * 4).astype(int)
        sizes = np.diff(np.append(cuts, 112))
        sums = np.add.reduceat(np.add.reduceat(fine, cuts, axis=0), cuts, axis=1)
        shown.set_data(sums / np.outer(sizes, sizes))
        title.set_text(f"{pixels} × {pixels} = {pixels * pixels} numbers")

    return Live(fig, update, [shown, title], "A digit drawn with few pixels", pixels=slider("pixels a side", 5, 1, 28))


def look_inside(images):
    """Images (N, 1, 28, 28): walk through them, and read the numbers under a window of 5 x 5 pixels."""
    fig, (whole, near) = G.canvas(10, 5, 1, 2)
    shown = G.framed(whole).imshow(images[0, 0], cmap=G.PIXELS, vmin=0, vmax=1)
    zoomed = G.framed(near).imshow(images[0, 0, :5, :5], cmap=G.PIXELS, vmin=0, vmax=1)
    window, = whole.plot([], [], color=G.WEIGHT, lw=4)
    numbers = [near.text(column, row, "", ha="center", va="center", fontsize=18) for row in range(5) for column in range(5)]
    title = near.set_title(" ")
    whole.set_title("the image: 28 × 28")

    def update(image, row, column):
        picture = images[image, 0]
        part = picture[row:row + 5, column:column + 5]
        shown.set_data(picture)
        zoomed.set_data(part)
        window.set_data(*outline(row, column, 5, 5))
        for text, value in zip(numbers, part.flat):
            text.set(text=f"{value:.2f}" if value else "0", color="white" if value > 0.45 else G.INK)
        title.set_text(f"rows {row}–{row + 4}, columns {column}–{column + 4}")

    return Live(fig, update, [shown, window, zoomed, *numbers, title],
                "A digit with a window on it, and the pixel values inside the window",
                image=slider("image", 0, 0, len(images) - 1), row=slider("row", 7, 0, 23), column=slider("column", 11, 0, 23))
