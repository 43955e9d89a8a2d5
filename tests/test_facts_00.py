"""What the figures of lesson 00 draw, computed a second way."""
import numpy as np
import pytest
from picture_facts import Facts, shown

facts = Facts()


@facts.live
def how_many_pixels(now, image):
    # The mean over a coarse pixel by the areas that it shares with fine ones, where its edges lie at quarters of a pixel.
    edges = [round(112 * place / now.pixels) / 4 for place in range(now.pixels + 1)]
    share = np.array([[max(0, min(high, fine + 1) - max(low, fine)) / (high - low) for fine in range(28)]
                      for low, high in zip(edges, edges[1:])])
    return {**shown("0 image 0", share @ image @ share.T, (0, 1), "pixels"), "0 title": [now.pixels, now.pixels, now.pixels**2]}


@facts.live
def look_inside(now, images):
    digit, cells = images[now.image][0], [(row, column) for row in range(5) for column in range(5)]
    window = np.array([[digit[now.row + row][now.column + column] for column in range(5)] for row in range(5)])
    left, top = now.column - 0.5, now.row - 0.5
    return {**shown("0 image 0", digit, (0, 1), "pixels"), **shown("1 image 0", window, (0, 1), "pixels"),
            "0 line 0": ([left, left + 5, left + 5, left, left], [top, top, top + 5, top + 5, top]), "0 title": [28, 28],
            "1 texts": [(column, row, [window[row, column]]) for row, column in cells],
            "1 title": [now.row, now.row + 4, now.column, now.column + 4]}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
