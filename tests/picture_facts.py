"""Every number that a picture draws or says, against a second way of computing it.

`read` takes a figure apart into plain data, {name: value}: what its lines, images, bars, dots and texts show. For
each figure a function of facts says what they must show, computed from the definition and not by the code
under test. `Facts.check` compares the two, for a live figure over the whole range of its controls.
All that is drawn must be claimed: an artist without a fact makes the test red, and so does a number in a text, or a text
that changes with a control. A figure of `helpers.live` or `helpers.figures` without facts makes tests/test_figures.py red.

**How to add a figure's facts.** In tests/test_facts_XX.py of its lesson, write a function with the figure's name:

    @facts.live                                   # a live figure, which tests/live_figures.py makes
    def bias_correction(now):                     # then what the maker hands to it, as in `def slide(now, image, w, slide_filter)`
        ...                                       # now.beta: the value of a control; now.once(key, function): function(), computed
                                                  # the first time and kept for the other settings of the controls
        return {"0 line running mean": (steps, means), ..., "suptitle": [10, means[9], corrected[9]]}

    @facts.picture(lambda: [(image, w, 0.5)])     # a static picture, and arguments to try: ties, empty groups, one channel and three
    def neuron(image, weights, bias):
        return {"0 image 0": image, "0 image 0 limits": (0, 1), "0 image 0 colours": "pixels", ..., "suptitle": ["orange", score]}

and run `pytest tests/test_facts_XX.py -k NAME`: it prints what is drawn and not claimed, under the names that the facts must use.
A name is the axis' place, the kind of artist, and its label in the legend or else its place among its kind:
    "0 line 1"        x and y; "0 horizontal 0" and "0 vertical 0" of lines across the whole axis: one number
    "0 image 0"       rows from the top of the screen; beside it " limits", " colours" (the map's name; `shown` claims these three
                      at once) and, where other artists stand on the image and it is not one cell a number, " extent"
    "0 bars 0"        their places and their lengths; " hatched": which, where some are and some are not
    "0 numbers"       {(row, column): number} of numbers that are drawn as outlines
    "0 dots 0"        x and y of a scatter; " fills", " rings": colours, where they differ from dot to dot
    "0 segments 0"    (n, 2, 2); " strong": places of the thicker ones, where widths differ
    "0 band 0"        x, lower and upper edge;  "0 contours 0": a function of x and y (arrays) whose level bands are drawn
    "0 patch 0"       corners, or the ends of an arrow
    "0 title", "0 xlabel", "0 ylabel", "suptitle"    what the text holds, from left to right: all its numbers, and any words
                      that depend on data ("Adam", not "lowest is"). A number is right if it is the wanted one rounded to the
                      digits that are printed; 97% is 0.97. For a number that is only rounding, such as an error of 1e-9,
                      stands a function that says whether it will do. A text without numbers that does not change need
                      not be claimed, but should be where two panels could be exchanged ("0 title": ["weights"]).
    " colour"         after the name of a line, of bars or of contours: need not be claimed, but should be where a colour says
                      which is which and no legend does
    "0 texts", "texts" [(x, y, [words and numbers]), ...] in any order; None for a place that does not matter
    "alt"             the same of the text for those who cannot see the picture
    "0 xticks"        {place: [words and numbers]}, only where labels are not the numbers at their places
    "controls"        {name: (first value, last value)} of a live figure
    "0 logarithmic"   "x", "y" or "xy", where an axis is; "0 inverted": the same, of axes without an image
"""
import itertools
import re
from types import SimpleNamespace

import numpy as np
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.contour import ContourSet
from matplotlib.lines import AxLine, Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.text import Annotation, Text
from matplotlib.textpath import TextPath

from helpers import figures, live
from helpers.blas import one_thread
from helpers.live.core import values_of

MOST = 12      # values of one control that are tried
MIXED = 12     # random settings of all controls at once
FEW = 50       # so many settings are all tried


# --- Numbers in texts ---------------------------------------------------------------------------

_NUMBER = re.compile(r"(?<![A-Za-z0-9.])[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?%?")


def plain(text):
    """A text without LaTeX's marks, subscripts apart, and the typographer's minus as -."""
    text = re.sub(r"\\mathdefault|\\,|[${}]", "", text.replace(r"\cdot", " · ")).replace("−", "-").replace("_", " ")
    return re.sub(r"10\^(-?[0-9]+)", r"1e\1", text)


def _value(match):
    """(number, half a unit of its last digit) of a match of _NUMBER."""
    mantissa, _, power = match[0].rstrip("%").replace(",", "").partition("e")
    scale = 10.0 ** int(power or 0) / (100 if match[0].endswith("%") else 1)
    return float(mantissa) * scale, 0.5 * scale / 10 ** len(mantissa.partition(".")[2])


def says(text, tokens):
    """Whether a text holds these words and numbers in this order, and no other numbers."""
    text, place = plain(text), 0
    for token in tokens:
        number = _NUMBER.search(text, place)
        if isinstance(token, str):
            found = text.find(plain(token), place)
            if found < 0 or (number and number.end() <= found):
                return False
            place = found + len(plain(token))
        else:
            if not number:
                return False
            value, half = _value(number)
            if callable(token):
                if not token(value):
                    return False
            elif not abs(value - token) <= half + 1e-6 * abs(token) + 1e-12:
                return False
            place = number.end()
    return not _NUMBER.search(text, place)


def must_be_claimed(text):
    return text.get_animated() or _NUMBER.search(plain(text.get_text())) or re.search(r"\b(nan|inf)\b", text.get_text())


# --- What is drawn ------------------------------------------------------------------------------

def read(fig, still=True):
    """({name: value}, {name: [Text, ...]}) of all that is drawn, or of what moves and all that is written."""
    drawn, texts = {}, {}
    if still:
        fig.draw_without_rendering()  # ticks have their text only when they are drawn
    if fig.get_suptitle().strip():
        texts["suptitle"] = [fig._suptitle]
    texts["texts"] = [text for text in fig.texts if text is not fig._suptitle]
    for place, ax in enumerate(fig.axes):
        if ax.get_visible():
            _read_axis(drawn, texts, ax, place, still)
    shown = {name: [text for text in some if text.get_visible() and text.get_text().strip()] for name, some in texts.items()}
    return drawn, {name: some for name, some in shown.items() if some}


def _read_axis(drawn, texts, ax, place, still):
    def seen(artists):
        return [artist for artist in artists if artist.get_visible() and (still or artist.get_animated())]

    containers = [container for container in ax.containers if isinstance(container, BarContainer)]
    bars, numbers = {bar for container in containers for bar in container}, {}
    for names, artists, reader in (
            (_names(ax.lines, lambda line: _line_kind(ax, line)), ax.lines, _line),
            (_names(ax.images, lambda _: "image"), ax.images, _image),
            (_names(containers, lambda _: "bars"), [container for container in containers if seen(container)], _bars),
            (_names(ax.collections, _collection_kind), ax.collections if ax.get_label() != "<colorbar>" else (), _collection)):
        for artist in artists if reader is _bars else seen(artists):
            value, more = reader(ax, artist)
            name = f"{place} {names[artist]}"
            drawn[name] = value
            drawn.update({f"{name} {key}": some for key, some in more.items() if some is not None})
    patches = [patch for patch in ax.patches if patch not in bars]
    numerals = {patch: _numerals(patch.get_path()) for patch in seen(patches) if type(patch) is PathPatch}
    for number, patch in enumerate(patches):
        if numerals.get(patch) is not None:
            assert not numbers.keys() & numerals[patch].keys(), "two numbers in one cell"
            numbers.update(numerals[patch])
        elif patch in seen(patches):
            drawn[f"{place} patch {number}"] = _patch(patch)
    if numbers:
        drawn[f"{place} numbers"] = numbers
    if still:
        for word, some in (("inverted", (not ax.images and ax.xaxis_inverted(), not ax.images and ax.yaxis_inverted())),
                           ("logarithmic", _logarithmic(ax))):
            if any(some):
                drawn[f"{place} {word}"] = "".join(name for name, true in zip("xy", some) if true)
    for name, text in (("title", ax.title), ("xlabel", ax.xaxis.label), ("ylabel", ax.yaxis.label)):
        texts[f"{place} {name}"] = [text]
    texts[f"{place} texts"] = list(ax.texts)
    if still:
        for name, axis in (("xticks", ax.xaxis), ("yticks", ax.yaxis)):
            labels = _ticks(axis)
            if any(not _is_its_place(label, where) for where, label in labels.items()):
                drawn[f"{place} {name}"] = labels


def _names(artists, kind):
    """{artist: its kind, and its label in the legend, or else its place among its kind}, all different."""
    names, counts = {}, {}
    for artist in artists:
        number, label = counts.setdefault(kind(artist), 0), str(artist.get_label() or "_")
        counts[kind(artist)] += 1
        name = f"{kind(artist)} {number if label.startswith('_') else label}"
        names[artist] = name if name not in names.values() else f"{name} {number}"
    return names


def _line_kind(ax, line):
    transform = line.get_transform()  # matplotlib's name for this is misspelt up to 3.10
    across, up = (getattr(transform, "contains_branch_separately", None) or transform.contains_branch_seperately)(ax.transData)
    return "line" if (across and up) or isinstance(line, AxLine) else "vertical" if across else "horizontal"


def _line(ax, line):
    if isinstance(line, AxLine):
        (x, y), slope = line.get_xy1(), line.get_slope()
        return np.array([[x, x + 1], [y, y + slope]]), {}
    x, y = (np.array(some, dtype=float) for some in (line.get_xdata(), line.get_ydata()))
    value = {"line": np.array([x, y]), "horizontal": y[:1].sum(), "vertical": x[:1].sum()}[_line_kind(ax, line)]
    return value, {"colour": to_hex(line.get_color())}


def _image(ax, image):
    array = np.ma.filled(np.ma.asarray(image.get_array()).astype(float), np.nan)
    left, right, bottom, top = image.get_extent()
    first, last = (top, bottom) if image.origin == "upper" else (bottom, top)
    if (first < last) != ax.yaxis_inverted():
        array = array[::-1]
    if (left < right) == ax.xaxis_inverted():
        array = array[:, ::-1]
    more = {} if array.ndim == 3 else {"limits": np.array(image.get_clim()), "colours": image.cmap.name}
    height, width = array.shape[:2]
    cells = np.allclose((left, right, *sorted((bottom, top))), (-0.5, width - 0.5, -0.5, height - 0.5))
    if not cells and (len(ax.lines) or len(ax.collections) or len(ax.patches)):
        more["extent"] = np.array([left, right, *sorted((bottom, top))])
    return array, more


def _bars(ax, container):
    corners = np.array([(bar.get_x(), bar.get_y(), bar.get_width(), bar.get_height()) for bar in container]).T
    x, y, width, height = corners
    vertical = container.orientation == "vertical"
    assert not np.any(y if vertical else x), "bars that do not begin at 0"
    hatched = np.array([place for place, bar in enumerate(container) if bar.get_hatch()])
    return np.array([x + width / 2, height] if vertical else [y + height / 2, width]), {
        "hatched": hatched if 0 < len(hatched) < len(container) else None,
        "colour": np.array([to_hex(bar.get_facecolor()) for bar in container])}


def _patch(patch):
    if isinstance(patch, FancyArrowPatch):
        return np.array(patch._posA_posB, dtype=float).T
    if isinstance(patch, (Rectangle, FancyBboxPatch)):
        x, y, width, height = patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()
        return np.array([[x, x + width], [y, y + height]])
    return patch.get_patch_transform().transform_path(patch.get_path()).vertices.T


def _collection_kind(collection):
    for kind, name in ((ContourSet, "contours"), (LineCollection, "segments"), (PathCollection, "dots"), (PolyCollection, "band")):
        if isinstance(collection, kind):
            return name
    return type(collection).__name__


def _collection(ax, collection):
    kind = _collection_kind(collection)
    if kind == "contours":
        return _levels(ax, collection), {"colour": np.array([to_hex(colour) for colour in collection.get_facecolors()])}
    if kind == "segments":
        widths = np.array(collection.get_linewidths())
        return np.array(collection.get_segments()), {"strong": np.flatnonzero(widths > widths.min()) if len(set(widths)) > 1 else None}
    if kind == "dots":
        fills, rings = (np.array([to_hex(colour) for colour in colours])
                        for colours in (collection.get_facecolors(), collection.get_edgecolors()))
        return np.ma.filled(collection.get_offsets(), np.nan).T, {name: some if len(some) == len(collection.get_offsets()) else None
                                                                   for name, some in (("fills", fills), ("rings", rings))}
    if kind == "band":
        vertices = np.concatenate([path.vertices for path in collection.get_paths()])
        x = np.unique(vertices[:, 0])
        ends = [(vertices[vertices[:, 0] == some, 1].min(), vertices[vertices[:, 0] == some, 1].max()) for some in x]
        return np.array([x, *np.transpose(ends)]), {}
    raise AssertionError(f"picture_facts cannot read a {kind} yet")


def _levels(ax, contours):
    """x, y, lower and upper level at points all over the axis, NaN where no band lies."""
    x, y = (grid.ravel() for grid in np.meshgrid(*(np.linspace(*limits, 33)[1:-1] for limits in (ax.get_xlim(), ax.get_ylim()))))
    points, low, high = np.column_stack([x, y]), np.full(x.size, np.nan), np.full(x.size, np.nan)
    for below, above, path in zip(contours.levels, contours.levels[1:], contours.get_paths()):
        inside = np.zeros(x.size, dtype=bool)
        for polygon in path.to_polygons():
            inside ^= Path(polygon).contains_points(points)
        low[inside], high[inside] = below, above
    return np.array([x, y, low, high])


def _templates():
    for letter in "0123456789.-+e":
        path = TextPath((0, 0), letter, size=1)
        vertices = path.vertices * (1, -1)
        yield letter, vertices - vertices[0], path.codes


_LETTERS = sorted(_templates(), key=lambda template: -len(template[2]))


def _numerals(path):
    """{(row, column): number} of a path made of numbers' outlines, each with its middle at a cell's; None for another path."""
    vertices, codes = path.vertices, path.codes
    if codes is None:
        return {} if len(vertices) <= 1 else None
    vertices, codes = vertices[codes != Path.STOP], codes[codes != Path.STOP]
    found, letters, begin, place = {}, "", 0, 0
    while place < len(codes):
        letter, length = _letter(vertices[place:], codes[place:])
        if letter is None:
            return None
        letters, place = letters + letter, place + length
        (left, top), (right, bottom) = Path(vertices[begin:place], codes[begin:place]).get_extents().get_points()
        middle = np.array([top + bottom, left + right]) / 2
        if letter.isdigit() and np.abs(middle - np.rint(middle)).max() < 1e-3:  # no longer number has its middle there too
            found[tuple(map(int, np.rint(middle)))], letters, begin = float(letters), "", place
    return None if letters else found


def _letter(vertices, codes):
    """(the letter whose outline begins a path, how many vertices it has), or (None, 0)."""
    for letter, shape, marks in _LETTERS:
        if np.array_equal(codes[:len(marks)], marks):
            # The vertex of a CLOSEPOLY means nothing, and is not always kept.
            drawn, wanted = ((some[:len(marks)] - some[0])[marks != Path.CLOSEPOLY] for some in (vertices, shape))
            size = (drawn * wanted).sum() / (wanted * wanted).sum()
            if 0 < size < 2 and np.abs(drawn - size * wanted).max() < 0.01 * size:
                return letter, len(marks)
    return None, 0


_UNITS = {"": 1, "s": 1, "ms": 1e-3, "µs": 1e-6}


def _ticks(axis):
    """{place: label} of the ticks that are seen."""
    low, high = sorted(axis.get_view_interval())
    return {float(tick.get_loc()): label.get_text() for tick in axis.get_major_ticks() for label in (tick.label1, tick.label2)
            if label.get_visible() and label.get_text() and low - 1e-9 <= tick.get_loc() <= high + 1e-9}


def _is_its_place(label, place):
    """Whether a tick's label is the number at which it stands."""
    number = _NUMBER.match(plain(label))
    unit = plain(label)[number.end():].strip() if number else None
    return unit in _UNITS and abs(_value(number)[0] * _UNITS[unit] - place) <= 1e-6 * max(abs(place), 1e-12)


# --- Drawn against wanted -------------------------------------------------------------------------

def shown(name, array, limits, colours):
    """The facts of an image: its numbers, the limits of its colours (one number: from -it to it), and the colours' name."""
    return {name: array, f"{name} limits": (-limits, limits) if np.ndim(limits) == 0 else limits, f"{name} colours": colours}


def complaints(figure, wanted, still=None):
    """Why a figure (`Live` or `Picture`) does not draw what is `wanted`, {name: value}: a list of sentences, empty if it does.

    `still`: names of what never moves, and was compared before.
    """
    fig, said = figure.fig, []
    drawn, texts = read(fig, still is None)
    if still is None:
        texts["alt"] = [Text(text=figure.alt)]
        said += _legend_complaints(fig)
    for name, value in drawn.items():
        if name not in wanted:
            if not name.endswith(" colour"):
                said.append(f"no fact claims {name!r}, which is drawn: {_short(value)}")
            continue
        limit = np.max(np.abs(wanted.get(f"{name} limits", 0)))
        if reason := _differs(name, value, wanted[name], _logarithmic(fig.axes[int(name.split()[0])]), limit):
            said.append(f"{name}: {reason}")
    for name, some in texts.items():
        said += _text_complaints(name, some, wanted.get(name))
    for name in wanted.keys() - drawn.keys() - texts.keys() - {"controls"} - (still or set()):
        if len(wanted[name]) if hasattr(wanted[name], "__len__") else wanted[name] is not None:
            said.append(f"{name} is claimed but not drawn; there are {sorted({*drawn, *texts})}")
    return said


def _legend_complaints(fig):
    """A name in a legend must have the colour of the line or the bars of that name."""
    colours, said = {}, []
    for ax in fig.axes:
        colours |= {str(line.get_label()): to_hex(line.get_color()) for line in ax.lines}
        colours |= {str(bars.get_label()): to_hex(bars[0].get_facecolor()) for bars in ax.containers if isinstance(bars, BarContainer)}
    for legend in [*fig.legends, *(ax.get_legend() for ax in fig.axes if ax.get_legend())]:
        for handle, text in zip(legend.legend_handles, legend.get_texts()):
            if not isinstance(handle, Rectangle | Line2D):
                continue
            shade = to_hex(handle.get_facecolor() if isinstance(handle, Rectangle) else handle.get_color())
            if colours.get(text.get_text()) != shade:
                said.append(f"the legend's {text.get_text()!r} has not the colour of what bears that name")
    return said


def _range_complaints(controls, wanted):
    """Each control must have its range among the wanted ones, {name: (first value, last value)}."""
    ranges = {name: (over(control)[0], over(control)[-1]) for name, control in controls.items()}
    differ = {name for name in ranges.keys() | wanted.keys()
              if name not in wanted or not np.all([one == other if isinstance(one, (str, tuple)) else np.isclose(one, other)
                                                   for one, other in zip(ranges.get(name, (None, None)), wanted[name])])}
    return [f"control {name}: its range is {ranges.get(name)}, wanted is {wanted.get(name)}" for name in sorted(differ)]


def names_of_still(fig):
    """Names in `fig` of what is drawn once and does not move."""
    everything, moving = read(fig), read(fig, still=False)
    return {name for both, some in zip(everything, moving) for name in both.keys() - some.keys()}


def _short(value):
    text = np.array2string(np.asarray(value), threshold=12, edgeitems=2, precision=5) if np.ndim(value) else str(value)
    return " ".join(text[:400].split())


def _logarithmic(ax):
    return ax.get_xscale() == "log", ax.get_yscale() == "log"


def _differs(name, found, wanted, logarithmic, limit):
    """Why a value is not the wanted one, or None. Numbers of an image count in parts of the `limit` of its colours."""
    kind = name.split()[1]
    if callable(wanted):  # the level bands of a function
        x, y, low, high = found
        value = np.asarray(wanted(x, y), dtype=float)
        slack = np.nanmedian(high - low) / 4
        wrong = ~((low - slack <= value) & (value <= high + slack))
        return f"{wrong.mean():.0%} of the points lie in another band" if wrong.mean() > 0.02 else None
    if isinstance(found, dict):
        wanted = {(tuple(map(int, place)) if np.ndim(place) else float(place)): some for place, some in wanted.items()}
        if kind == "numbers":
            bad = {place for place in found.keys() | wanted.keys()
                   if place not in found or place not in wanted or not np.isclose(found[place], float(f"{wanted[place]:.3g}"))}
        else:
            places = {place: next((other for other in wanted if np.isclose(place, other)), None) for place in found}
            bad = {place for place, other in places.items() if other is None or not says(found[place], wanted[other])}
            bad |= wanted.keys() - set(places.values())
        return f"{ {place: (found.get(place), wanted.get(place)) for place in bad} } (drawn, wanted)" if bad else None
    if isinstance(found, str) or np.asarray(found).dtype.kind == "U":
        same = np.array_equal(np.char.lower(np.asarray(found)), np.char.lower(np.asarray(wanted)))
        return None if same else f"{found} is drawn, wanted is {wanted}"
    found, wanted = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    if found.shape != wanted.shape:
        return f"shape {found.shape} is drawn, wanted is {wanted.shape}: {_short(found)} and {_short(wanted)}"
    split = kind in ("line", "bars", "dots", "band") and found.ndim == 2 and found.shape[0] in (2, 3) and name.count(" ") >= 2
    for place, (one, other) in enumerate(zip(found, wanted) if split else [(found, wanted)]):
        coordinate = logarithmic[min(place, 1)] if split else any(logarithmic)
        atol = 0 if coordinate else 2e-5 * max(np.nanmax(np.abs(other), initial=0), limit, 1e-9)
        if not np.allclose(one, other, rtol=2e-5, atol=atol, equal_nan=True):
            far = np.abs(one - other)
            worst = np.unravel_index(np.nanargmax(far), far.shape) if np.isfinite(far).any() else ()
            return (f"{_short(one)} is drawn, wanted is {_short(other)}; "
                    f"the largest difference is at {tuple(map(int, worst))}: {one[worst]} and {other[worst]}")
    return None


def _place(text):
    return text.xy if isinstance(text, Annotation) else text.get_position()


def _text_complaints(name, texts, wanted):
    """Each text must be claimed by one of the wanted ones, and each of these find its text."""
    if not name.endswith("texts"):
        text = texts[0]
        if wanted is None:
            return [f"no fact claims {name!r}: {text.get_text()!r}"] if must_be_claimed(text) else []
        return [] if says(text.get_text(), wanted) else [f"{name}: {text.get_text()!r} does not hold {wanted}"]
    left, said = list(texts), []
    for x, y, tokens in wanted or ():
        fits = [text for text in left if says(text.get_text(), tokens) and all(
            want is None or np.isclose(want, at, atol=1e-6) for want, at in zip((x, y), _place(text)))]
        if fits:
            left.remove(fits[0])
        else:
            said.append(f"{name}: no text holds {tokens} at {x}, {y}")
    return said + [f"no fact claims a text of {name!r}: {text.get_text()!r} at {_place(text)}"
                   for text in left if must_be_claimed(text)]


# --- Facts of figures -----------------------------------------------------------------------------

class Facts:
    """The facts of one lesson's figures, by the figures' names."""

    def __init__(self):
        self.lives, self.pictures = {}, {}

    @property
    def names(self):
        return list(self.lives | self.pictures)  # a live figure and a picture may have one name: both are checked

    def live(self, function):
        self.lives[function.__name__] = function
        return function

    def picture(self, cases):
        def keep(function):
            self.pictures[function.__name__] = function, cases
            return function
        return keep

    def check(self, name):
        """Raises AssertionError if the figure of this name draws or says anything that its facts do not."""
        with one_thread():
            for setting, said in self._complaints(name):
                assert not said, "\n".join([f"{name}, {setting}:", *said])

    def _complaints(self, name):
        if name in self.lives:
            figure, arguments, named = made(name)
            kept = {}

            def once(key, compute):
                if key not in kept:
                    kept[key] = compute()
                return kept[key]

            still = None
            for values in settings(figure.controls):
                figure.update(**values)
                wanted = self.lives[name](SimpleNamespace(**values, once=once), *arguments, **named)
                yield values, complaints(figure, wanted, still) + _range_complaints(figure.controls, wanted.get("controls", {}))
                still = still or names_of_still(figure.fig) | {"alt"}
        if name in self.pictures:
            function, cases = self.pictures[name]
            for number, arguments in enumerate(cases()):
                yield f"case {number}", complaints(getattr(figures, name)(*arguments), function(*arguments))

    def drawn(self, name):
        """The figures of this name: the live one as it begins, and a picture for each of its cases."""
        cases = self.pictures[name][1]() if name in self.pictures else ()
        return [*([made(name)[0]] if name in self.lives else ()), *(getattr(figures, name)(*arguments) for arguments in cases)]


def made(name):
    """(live figure, arguments, named arguments): as its maker makes it, and what the maker handed to it."""
    from live_figures import MAKERS
    make, calls = getattr(live, name), []

    def noting(*arguments, **named):
        calls.append((arguments, named))
        return make(*arguments, **named)

    setattr(live, name, noting)
    try:
        figure = MAKERS[name]()
    finally:
        setattr(live, name, make)
    return figure, *(calls[0] if calls else ((), {}))  # a maker without arguments may be the figure itself


def over(control):
    """Values of a control over its whole range, its ends included: all, or MOST that lie evenly."""
    values = values_of(control)
    return [values[round(place)] for place in np.linspace(0, len(values) - 1, min(MOST, len(values)))]


def settings(controls):
    """Values of all controls: all that there are, if FEW; else each over its range, the others as they begin, and some at random."""
    begin, rng = {name: control.value for name, control in controls.items()}, np.random.default_rng(0)
    ranges = {name: over(control) for name, control in controls.items()}
    yield begin
    if np.prod([len(values) for values in ranges.values()]) <= FEW:
        for values in itertools.product(*ranges.values()):
            yield dict(zip(ranges, values))
        return
    for name, values in ranges.items():
        for value in values:
            if value != begin[name]:
                yield begin | {name: value}
    for _ in range(MIXED):
        yield {name: values[rng.integers(len(values))] for name, values in ranges.items()}
