"""A drawing, from the strokes of a pen to an image of MNIST's form, and drawings in a file.

A drawing is a tuple of strokes, a stroke a tuple of points (x, y), whole numbers from 0 to 279, x to the right and y
downwards. The same strokes give the same image, to the bit.
"""
import io
import zipfile
from pathlib import Path

import numpy as np

from ..files import replacing, write_npz
from .fetch import FOLDER

GRID = 280            # points lie on a grid of GRID x GRID ...
MARGIN = 20           # ... with so much paper around it that the widest pen stays on the paper
SIDE = GRID + 2 * MARGIN
PEN = 24              # width of the pen: a digit of 200 in height then has strokes as wide as MNIST's
BOX, IMAGE = 20, 28   # a digit fits into BOX x BOX pixels, which stand somewhere in IMAGE x IMAGE
_FULL = 255           # full ink, in MNIST's bytes
_TRACE = 1e-6         # less ink than this is rounding


def checked(strokes):
    """`strokes` as tuples of tuples. Raises ValueError for what is not a drawing."""
    try:
        drawing = tuple(tuple((x, y) for x, y in stroke) for stroke in strokes)
    except (TypeError, ValueError):
        raise ValueError(f"a drawing is a tuple of strokes, each a tuple of points (x, y), but it is {strokes!r:.80}") from None
    for stroke in drawing:
        if not stroke:
            raise ValueError("a stroke has one point at least, but one has none")
        for number in (number for point in stroke for number in point):
            if not isinstance(number, (int, np.integer)) or isinstance(number, bool) or not 0 <= number < GRID:
                raise ValueError(f"points are whole numbers from 0 to {GRID - 1}, but one holds {number!r}")
    return drawing


def ink(strokes, pen=PEN):
    """The paper with the strokes on it (SIDE, SIDE): 0 blank, 1 full ink, between them on the rim of a stroke.

    `pen`: the width of the pen, up to 2 * MARGIN.
    """
    paper = np.zeros((SIDE, SIDE))
    for stroke in strokes:
        for start, stop in zip(stroke, stroke[1:] or stroke):  # a single point makes a dot
            _press(paper, start, stop, pen / 2)
    return paper


def _press(paper, start, stop, radius):
    """Ink wherever the centre of a pixel lies within `radius` of the line from `start` to `stop`."""
    (x, y), (dx, dy) = start, (stop[0] - start[0], stop[1] - start[1])
    x, y, reach = x + MARGIN, y + MARGIN, int(radius + 1)
    top, bottom = max(0, min(y, y + dy) - reach), max(y, y + dy) + reach + 1
    left, right = max(0, min(x, x + dx) - reach), max(x, x + dx) + reach + 1
    down, across = np.arange(top, min(bottom, SIDE))[:, None] - y, np.arange(left, min(right, SIDE)) - x
    share = np.clip((across * dx + down * dy) / (dx * dx + dy * dy or 1), 0, 1)  # how far along the line its nearest point lies
    distance = np.sqrt((across - share * dx) ** 2 + (down - share * dy) ** 2)
    part = paper[top:bottom, left:right]
    np.maximum(part, np.clip(radius + 0.5 - distance, 0, 1), out=part)


def boxed(paper):
    """The ink, scaled to fit BOX x BOX with its proportions kept: each pixel is the mean of the square that it covers."""
    rows, columns = (np.flatnonzero((paper > _TRACE).any(axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((BOX, BOX))
    part = paper[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    longer = max(part.shape)
    return _shares(part.shape[0], longer) @ part @ _shares(part.shape[1], longer).T


def _shares(length, longer):
    """How much of each of BOX equal parts of `longer`, in whose middle `length` pixels lie, each of them takes: (BOX, length)."""
    ends = longer / BOX * np.arange(BOX + 1)[:, None] - (longer - length) / 2
    pixels = np.arange(length)
    covered = np.minimum(ends[1:], pixels + 1) - np.maximum(ends[:-1], pixels)
    return np.maximum(covered, 0) * BOX / longer


def centred(box):
    """The box in IMAGE x IMAGE, moved by whole pixels: its centre of mass is at most half a pixel from (14, 14), as in MNIST.

    A box whose ink is so far to one side that a part of it would be lost stops at the edge.
    """
    image, mass = np.zeros((IMAGE, IMAGE)), box.sum()
    if mass:
        place = np.arange(BOX)
        centre = np.array([box.sum(axis) @ place for axis in (1, 0)]) / mass
        corner = np.floor(IMAGE / 2 - centre.round(6) + 0.5)  # of what is symmetric, rounding must not decide the half
        top, left = np.clip(corner, 0, IMAGE - BOX).astype(int)
        image[top:top + BOX, left:left + BOX] = box
    return image


def digit(strokes, pen=PEN):
    """The drawing as a network reads it: (28, 28) float32 from 0, the background, to 1, in MNIST's steps of 1/255."""
    return np.rint(_FULL * centred(boxed(ink(strokes, pen)))).astype(np.float32) / np.float32(_FULL)


def digits(drawings):
    """The same of many: (N, 1, 28, 28)."""
    return np.array([digit(strokes) for strokes in drawings], np.float32).reshape(-1, 1, IMAGE, IMAGE)


# --- Files ----------------------------------------------------------------------------------------------

# points (P, 2) of all strokes one after the other, the number of points of each stroke, of strokes of each drawing, and labels
_KEYS = "points", "in_stroke", "in_drawing", "labels"


def save_drawings(path, drawings, labels):
    """Write drawings and their labels, what each should be read as, to a small .npz file: whole, or not at all.

    Raises ValueError for what is not a drawing, for labels that are not digits, and for another number of them.
    """
    drawings, labels = [checked(strokes) for strokes in drawings], np.asarray(labels)
    _check_labels(labels, len(drawings))
    strokes = [stroke for drawing in drawings for stroke in drawing]
    points = np.array([point for stroke in strokes for point in stroke], np.int16).reshape(-1, 2)
    arrays = {"points": points, "in_stroke": np.array([len(stroke) for stroke in strokes], np.int32),
              "in_drawing": np.array([len(drawing) for drawing in drawings], np.int32), "labels": labels.astype(np.int8)}
    with replacing(path) as beside:
        write_npz(beside, arrays, zipfile.ZIP_DEFLATED)


def load_drawings(path=FOLDER / "drawings.npz"):
    """(drawings, labels (N,)) from a file that `save_drawings` wrote; without a path, the fifty that come with the course.

    Raises OSError where there is none, and ValueError for a file that holds anything else; the message says what.
    """
    path = Path(path)
    raw = path.read_bytes()
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
            points, in_stroke, in_drawing, labels = (archive[key] for key in _KEYS)
        if in_stroke.min(initial=1) < 1 or in_drawing.min(initial=0) < 0:
            raise ValueError("its counts are not counts")
        if points.shape != (in_stroke.sum(), 2) or in_drawing.sum() != len(in_stroke):
            raise ValueError("its counts do not fit its points")
        points = iter([tuple(point) for point in points.tolist()])
        strokes = iter([tuple(next(points) for _ in range(count)) for count in in_stroke])
        drawings = [checked([next(strokes) for _ in range(count)]) for count in in_drawing]
        _check_labels(labels, len(drawings))
    except Exception as error:  # a damaged file can fail anywhere inside zip, zlib or NumPy
        raise ValueError(f"load_drawings: {path} is not a file of drawings, or is damaged ({error}). "
                         "Take a good copy, or save the drawings again.") from error
    return drawings, labels.astype(np.int64)


def _check_labels(labels, count):
    if labels.shape != (count,):
        raise ValueError(f"one label a drawing is wanted, but there are {count} drawings and labels of shape {labels.shape}")
    if labels.dtype.kind not in "iu" and count or not np.isin(labels, range(10)).all():
        raise ValueError(f"labels are digits, whole numbers from 0 to 9, but they are {labels!r:.80}")
