"""The pixels of a figure whose artists move: each frame draws anew only what has changed."""
import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image

_MARGIN = 10  # pixels around what matplotlib says of an artist's place: edges are soft, letters hang over


class Pixels:
    """A figure as an array of pixels (height, width, 4). Of its artists only those in `moving` may change.

    All others are drawn once, as a background. The moving ones are drawn in the order given, above it. Matplotlib marks an
    artist as stale when one of its `set_...` methods is called.
    """

    def __init__(self, fig, moving):
        self.fig, self.moving = fig, moving
        for artist in moving:
            artist.set_animated(True)  # leaves it out of the background
        canvas = FigureCanvasAgg(fig)
        fig.draw_without_rendering()     # lets the layout settle once ...
        fig.set_layout_engine("none")    # ... and keeps it: a picture must not jump as it changes
        canvas.draw()
        self._renderer = canvas.get_renderer()
        self.array = np.asarray(canvas.buffer_rgba())
        self._background = self.array.copy()
        self._places = np.zeros((len(moving), 4), int)
        for artist in moving:
            artist.stale = True

    def draw(self):
        """Brings the pixels up to date with the artists."""
        changed = np.array([artist.stale for artist in self.moving])
        before, now = self._places, self._places.copy()
        for index in np.flatnonzero(changed):
            now[index] = self._place(self.moving[index])
        # What touches the old or the new place of something that is drawn anew is drawn anew, too.
        places = np.stack([before, now], axis=1)
        near = _overlap(places[:, None, :, None], places[None, :, None, :]).any(axis=(2, 3))
        while (reached := changed | near[changed].any(axis=0)).sum() > changed.sum():
            changed = reached
        for top, bottom, left, right in places[changed].reshape(-1, 4):
            self.array[top:bottom, left:right] = self._background[top:bottom, left:right]
        for index in np.flatnonzero(changed):
            self.fig.draw_artist(self.moving[index])
            self.moving[index].stale = False  # matplotlib leaves it True for what is invisible
        self._places = now

    def _place(self, artist):
        """Rows and columns that an artist may cover, as top, bottom, left, right."""
        height, width = self.array.shape[:2]
        extent = artist.get_window_extent(self._renderer)
        if isinstance(artist, Text) and (box := artist.get_bbox_patch()):  # the frame around a text
            artist.update_bbox_position_size(self._renderer)
            extent = Bbox.union([extent, box.get_window_extent(self._renderer)])
        if artist.get_clip_on() and artist.get_clip_box() is not None:
            extent = Bbox.intersection(extent, artist.get_clip_box())
        if not artist.get_visible() or extent is None or not np.isfinite(extent.extents).all():
            return 0, 0, 0, 0
        left, low, right, high = extent.padded(_MARGIN).extents
        return (*np.clip((height - high, height - low + 1), 0, height), *np.clip((left, right + 1), 0, width))

    def png(self, compress_level):
        """The picture as PNG bytes."""
        buffer = io.BytesIO()
        Image.fromarray(self.array).convert("RGB").save(buffer, format="png", compress_level=compress_level)
        return buffer.getvalue()


def _overlap(one, other):
    """Whether rectangles (..., 4) share pixels."""
    low, high = np.maximum(one, other), np.minimum(one, other)
    return (low[..., 0] < high[..., 1]) & (low[..., 2] < high[..., 3])
