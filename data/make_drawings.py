"""Makes data/drawings.npz: fifty drawn digits, five of each, as strokes.

    python data/make_drawings.py

Nobody drew them on a pad: each is written down below by the points that its strokes pass through, in five styles, and
smooth curves are laid through these. Points are "x,y" on a grid of 28 x 28; a stroke turns sharply at a point that stands
twice; " / " begins the next stroke.
"""
import numpy as np

from helpers import data
from helpers.data import drawing

STYLES = {
    "round": (
        "14,4 8,7 6,14 8,21 14,24 20,21 22,14 20,7 14,4",
        "14,4 14,24",
        "7,9 9,5 14,4 19,6 19,11 14,16 7,23 7,23 21,23",
        "8,6 13,4 19,6 19,10 13,13 13,13 20,15 21,20 15,24 8,22",
        "10,4 7,15 7,15 21,15 / 17,8 17,24",
        "19,5 9,5 9,5 8,12 8,12 14,11 20,14 20,20 14,24 7,22",
        "18,4 11,8 8,16 9,22 14,24 19,22 20,18 16,14 10,16 8,19",
        "7,5 21,5 21,5 16,13 12,24",
        "19,7 14,4 9,7 10,11 18,16 20,20 14,24 8,20 10,16 18,11 19,7",
        "19,9 15,5 9,7 8,11 12,14 18,12 19,9 19,9 19,16 17,24"),
    "slanted": (
        "17,4 10,8 7,16 9,23 14,23 20,17 21,9 17,4 14,6",
        "11,9 17,4 17,4 12,24",
        "9,8 14,4 20,6 18,12 9,21 7,23 7,23 11,21 16,23 21,21",
        "10,5 20,5 20,5 13,12 13,12 19,14 18,20 12,24 6,21",
        "15,4 6,16 6,16 20,14 / 18,9 13,24",
        "12,5 9,13 9,13 15,11 19,14 17,20 11,24 6,22 / 12,5 22,4",
        "20,4 12,10 7,18 8,23 13,24 18,20 18,16 13,15 8,19",
        "9,6 22,5 22,5 15,14 10,25",
        "20,7 15,4 11,8 14,13 16,18 12,24 7,21 11,15 18,11 20,7",
        "20,8 15,5 10,9 11,13 16,13 20,8 20,8 17,16 11,24"),
    "continental": (
        "13,3 8,8 7,15 10,23 16,24 21,18 21,10 17,4 12,4",
        "8,11 15,4 15,4 15,24",
        "8,10 10,5 17,4 20,9 15,15 9,20 9,24 12,21 12,21 21,24",
        "8,7 12,4 18,5 19,9 12,13 18,15 20,19 16,24 9,23 8,21",
        "12,4 6,17 6,17 21,17 / 16,12 16,25",
        "10,5 9,13 9,13 16,12 20,17 17,23 10,24 7,21 / 10,5 19,5",
        "15,3 9,10 7,18 11,24 18,23 20,18 16,14 10,15 8,18",
        "7,6 21,5 21,5 13,24 / 10,14 20,14",
        "14,13 9,9 11,4 17,4 19,8 14,13 8,18 9,23 16,25 20,21 18,16 14,13",
        "19,8 14,4 9,8 10,13 15,14 19,8 19,8 20,16 18,22 12,24 8,22"),
    "hasty": (
        "15,5 9,9 8,17 13,22 19,18 19,9 13,6",
        "13,5 13,15 14,23",
        "8,8 13,5 18,8 15,14 8,22 12,20 20,22",
        "9,6 15,5 18,8 14,12 12,13 18,15 18,20 13,23 8,20",
        "9,5 8,13 12,15 19,13 / 19,6 17,15 16,23",
        "18,5 11,6 10,11 15,12 18,16 15,21 9,22",
        "14,4 10,12 9,20 13,23 17,20 15,16 10,18",
        "8,7 13,7 19,6 17,13 14,23",
        "18,6 11,6 12,11 17,16 15,22 10,20 13,14 18,6",
        "17,8 12,6 10,10 14,13 17,8 17,14 16,23"),
    "untidy": (
        "19,6 12,5 7,11 8,19 14,22 20,17 20,9 16,3",
        "6,20 13,13 20,6",
        "6,12 10,7 15,9 14,16 8,21 6,18 11,18 17,22 23,19",
        "7,9 12,6 16,9 12,13 12,13 18,14 20,19 14,21 5,19",
        "13,6 8,11 9,14 14,13 18,7 18,7 17,14 18,22",
        "21,7 12,8 10,12 15,13 16,18 11,21 6,19",
        "12,4 8,13 9,22 15,23 16,18 11,18",
        "6,9 6,7 12,8 21,6 18,11 11,15 9,22",
        "18,9 13,6 10,10 16,15 17,20 11,22 9,17 17,11",
        "18,8 11,8 9,13 14,15 18,10 19,8 20,15 22,22"),
}


def smooth(points, between=6):
    """Whole points of the pad's grid along a Catmull-Rom curve through `points` (n, 2), `between` of them for each piece."""
    ends = np.vstack([points[:1], points, points[-1:]])
    share = np.linspace(0, 1, between, endpoint=False)[:, None]
    pieces = [b + share / 2 * (c - a + share * (2 * a - 5 * b + 4 * c - d + share * (3 * b - a - 3 * c + d)))
              for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:])]
    places = np.clip(np.rint(np.vstack([*pieces, points[-1:]])), 0, drawing.GRID - 1).astype(int)
    moved = np.append(True, np.any(np.diff(places, axis=0), axis=1))  # a point that stands twice in a row tells nothing
    return tuple(map(tuple, places[moved].tolist()))


def strokes(text):
    return tuple(smooth(np.array([point.split(",") for point in stroke.split()], float) * 10) for stroke in text.split(" / "))


def main():
    drawings = [strokes(text) for texts in STYLES.values() for text in texts]
    labels = np.tile(np.arange(10), len(STYLES))
    data.save_drawings(data.FOLDER / "drawings.npz", drawings, labels)


if __name__ == "__main__":
    main()
