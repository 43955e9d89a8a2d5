"""The pixels of a figure whose artists move: each frame draws anew only what has changed."""
import io
import math
import struct

import numpy as np
from isal import isal_zlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.image import AxesImage
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image

_MARGIN = 10  # pixels around what matplotlib says of an artist's place: edges are soft, letters hang over


class Pixels:
    """A figure as an array of pixels (height, width, 4). Of its artists only those in `moving` may change.

    All others are drawn once, as a background. The moving ones are drawn in the order given, above it. Matplotlib marks an
    artist as stale when one of its `set_...` methods is called, even if nothing is new (but 3.10 not in `set_path`: `set(path=...)`
    does). A text takes longest to draw: it is drawn only if it looks otherwise than before, or if the pixels below it do; else it
    is copied.
    """

    def __init__(self, fig, moving):
        self.fig, self.moving = fig, moving
        for artist in moving:
            artist.set_animated(True)  # leaves it out of the background
            if isinstance(artist, AxesImage) and artist.get_interpolation() == "nearest":
                artist.make_image = _Enlarged(artist)
        canvas = FigureCanvasAgg(fig)
        fig.draw_without_rendering()     # lets the layout settle once ...
        fig.set_layout_engine("none")    # ... and keeps it: a picture must not jump as it changes
        canvas.draw()
        self._renderer = canvas.get_renderer()
        self.array = np.asarray(canvas.buffer_rgba())
        self.background = self.array.copy()
        self._places = np.zeros((len(moving), 4), int)
        # Axes keep their places. For an artist that is not cut off, no edges.
        self._edges = {artist: artist.get_clip_box().extents for artist in moving if artist.get_clip_on() and artist.get_clip_box()}
        self._looks = {artist: None for artist in moving if isinstance(artist, Text) and not artist.get_bbox_patch()}
        self._copies = {}  # {text: the pixels below it, and with it}
        for artist in moving:
            artist.stale = True

    def draw(self):
        """Brings the pixels up to date with the artists."""
        changed = np.array([self._changed(artist) for artist in self.moving])
        before, now = self._places, self._places.copy()
        for index in np.flatnonzero(changed):
            now[index] = self._place(self.moving[index])
        # What touches the old or the new place of something that is drawn anew is drawn anew, too.
        places = np.stack([before, now], axis=1)
        near = _overlap(places[:, None, :, None], places[None, :, None, :]).any(axis=(2, 3))
        while (reached := changed | near[changed].any(axis=0)).sum() > changed.sum():
            changed = reached
        for top, bottom, left, right in places[changed].reshape(-1, 4):
            self.array[top:bottom, left:right] = self.background[top:bottom, left:right]
        for index in np.flatnonzero(changed):
            artist, (top, bottom, left, right) = self.moving[index], now[index]
            part = self.array[top:bottom, left:right]
            if artist not in self._looks:
                self.fig.draw_artist(artist)
            elif artist.stale or not np.array_equal(part, self._copies[artist][0]):
                below = part.copy()
                self.fig.draw_artist(artist)
                self._copies[artist] = below, part.copy()
            else:
                part[:] = self._copies[artist][1]
            artist.stale = False  # matplotlib leaves it True for what is invisible
        self._places = now

    def _changed(self, artist):
        """Whether an artist may look otherwise than before."""
        if artist.stale and artist in self._looks:
            look = (artist.get_text(), artist.get_color(), artist.get_alpha(), artist.get_visible(), hash(artist.get_fontproperties()),
                    artist.get_rotation(), artist.get_ha(), artist.get_va(),
                    *artist.get_transform().transform(artist.get_unitless_position()))
            artist.stale, self._looks[artist] = look != self._looks[artist], look
        return artist.stale

    def _place(self, artist):
        """Rows and columns that an artist may cover, as top, bottom, left, right."""
        height, width = self.array.shape[:2]
        if not artist.get_visible():
            return 0, 0, 0, 0
        left, low, right, high = self._extents(artist)
        if artist in self._edges:
            edges = self._edges[artist]
            if left > right and isinstance(artist, Collection):  # lines and areas of which matplotlib does not know where they are
                left, low, right, high = edges
            left, low, right, high = max(left, edges[0]), max(low, edges[1]), min(right, edges[2]), min(high, edges[3])
        if not (left <= right and low <= high and math.isfinite(left + low + right + high)):  # nothing, or not a number
            return 0, 0, 0, 0
        rows, columns = (height - high - _MARGIN, height - low + 1 + _MARGIN), (left - _MARGIN, right + 1 + _MARGIN)
        return *(min(max(int(row), 0), height) for row in rows), *(min(max(int(column), 0), width) for column in columns)

    def _extents(self, artist):
        """Pixels around an artist, as left, low, right, high, from the lower left corner of the figure."""
        if isinstance(artist, Patch):  # what matplotlib finds from the curves between the points takes several times as long
            points = artist.get_transform().transform(artist.get_path().vertices)
            return *points.min(axis=0, initial=np.inf), *points.max(axis=0, initial=-np.inf)
        extent = artist.get_window_extent(self._renderer)
        if isinstance(artist, Text) and (box := artist.get_bbox_patch()):  # the frame around a text
            artist.update_bbox_position_size(self._renderer)
            extent = Bbox.union([extent, box.get_window_extent(self._renderer)])
        return extent.extents

    def png(self):
        """The picture as PNG bytes, packed quickly.

        Its rows are packed as they are. Pillow first looks for the filter that makes each row smallest, which takes longer than
        all the rest and gains little where areas are of one colour. `isal` does what zlib does, in a fraction of its time.
        """
        height, width = self.array.shape[:2]
        rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each begins with the number of its filter: 0, none
        rows[:, 1:] = np.asarray(self._rgb()).reshape(height, -1)
        head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits a colour, kind 2: RGB
        return _PNG + _chunk(b"IHDR", head) + _chunk(b"IDAT", isal_zlib.compress(rows, level=1)) + _chunk(b"IEND", b"")

    def stored_png(self):
        """The same picture as a notebook stores it: fewer bytes, if it shows images, for ten times the work."""
        buffer = io.BytesIO()
        self._rgb().save(buffer, format="png", compress_level=9)
        return buffer.getvalue()

    def _rgb(self):
        return Image.fromarray(self.array).convert("RGB")


class _Enlarged:
    """Does what `make_image` of an image does, to the bit and many times as fast, where cells are enlarged and not smoothed.

    Matplotlib finds a colour for each pixel of the picture; here each cell of the array gets one, which is then repeated.
    """

    def __init__(self, image):
        self.image, self.make = image, image.make_image
        self.drawn_for = self.cells = None  # which shape and place; the cell that each pixel of the picture shows

    def __call__(self, renderer, magnification=1.0, unsampled=False):
        array = self.image.get_array()
        place = array.shape[:2], self.image.get_window_extent().bounds
        if place != self.drawn_for:
            self.drawn_for, self.cells = place, None
            return self.make(renderer)
        if self.cells is None:  # as before for the second time, so that asking pays
            self.cells, *self.corner = self._ask(array, renderer)
        colours = self.image.to_rgba(array, bytes=True).view(np.uint32).ravel()  # four bytes a cell as one number
        return colours[self.cells].view(np.uint8).reshape(*self.cells.shape, 4), *self.corner

    def _ask(self, array, renderer):
        """The number of the cell that each pixel shows, and the picture's corner: matplotlib draws an image of the numbers.

        Rows and columns apart would not do: where a row of pixels lies between two cells, matplotlib shows the one and then the other.
        """
        numbers = np.arange(array.shape[0] * array.shape[1])
        colours = np.stack([numbers >> 16, numbers >> 8 & 255, numbers & 255], axis=1).astype(np.uint8)
        self.image.set_data(colours.reshape(*array.shape[:2], 3))
        drawn, *corner = self.make(renderer)
        self.image.set_data(array)
        return drawn[..., :3] @ (1 << 16, 1 << 8, 1), *corner


_PNG = b"\x89PNG\r\n\x1a\n"


def _chunk(kind, content):
    """A part of a PNG: how long it is, of which kind, what is in it, and a checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", isal_zlib.crc32(kind + content))


def _overlap(one, other):
    """Whether rectangles (..., 4) share pixels."""
    low, high = np.maximum(one, other), np.minimum(one, other)
    return (low[..., 0] < high[..., 1]) & (low[..., 2] < high[..., 3])
