"""Arrays as coloured cells with their numbers in them, quick to draw."""
from functools import cache

import numpy as np
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from ..figures import style as G


class Grid:
    """A square array as coloured cells with its numbers written in them; `letters`: their size in cells."""

    def __init__(self, ax, side, colours, limits, dark, letters):
        self.dark, self.letters = dark, letters  # numbers beyond `dark` are written in white
        self.image = ax.imshow(np.zeros((side, side)), cmap=colours, **limits)
        self.plain, self.white = (ax.add_patch(PathPatch(Path([(0, 0)]), fc=colour, lw=0)) for colour in (G.INK, "white"))
        self.artists = [self.image, self.plain, self.white]

    def show(self, array):
        self.image.set_data(array)
        white = np.abs(array) > self.dark
        self.plain.set(path=numerals(array, ~white, self.letters))
        self.white.set(path=numerals(array, white, self.letters))
        return self


@cache
def _numeral(text, letters):
    """The outline of a number in letters of this size, in cells, centred on (0, 0); y runs downwards."""
    path = TextPath((0, 0), text, size=letters)
    middle = path.get_extents().get_points().mean(axis=0)
    return (path.vertices - middle) * (1, -1), path.codes


def numerals(table, chosen, letters):
    """The chosen numbers of a table, each in its cell, as one path: far quicker to draw than as many texts."""
    outlines = [(*_numeral(f"{table[place] + 0.0:.3g}", letters), place[::-1]) for place in map(tuple, np.argwhere(chosen))]
    return Path.make_compound_path(*(Path(vertices + at, codes) for vertices, codes, at in outlines))
