"""A pad to draw a digit on, with mouse, pen, finger or keys, and the live figures that follow what is drawn."""
from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets

from ..data import drawing
from .core import Live, slider

# An example, drawn before anybody draws: a 7.
EXAMPLE = (tuple((70 + 5 * step, 60) for step in range(29)) + tuple((210 - 4 * step, 60 + 8 * step) for step in range(1, 21)),)

_STYLE = """.live-pad {width: 256px; max-width: 100%; margin: 2px}
.live-pad canvas {display: block; width: 100%; aspect-ratio: 1; box-sizing: border-box; background: white; border: 2px solid #7F7F7F;
    border-radius: 6px; cursor: crosshair; touch-action: none}
.live-pad button {font-size: 17px; padding: 4px 16px; margin-top: 6px}
.live-pad p {font-size: 17px; line-height: 1.3; min-height: 3.9em; margin: 8px 0 0}"""


class Pad(anywidget.AnyWidget):
    """A control whose `value` is what is drawn on it: see `data.drawing`.

    `pen` is the width of the pen, `answer` a sentence below the pad, which a screen reader reads out.
    """

    _esm = (Path(__file__).parent / "pad.js").read_text(encoding="utf-8")
    _css = _STYLE
    options = (), (((140, 140),),), EXAMPLE  # some of the values that it can have: nothing, a dot, a digit
    grid = traitlets.Int(drawing.GRID).tag(sync=True)
    margin = traitlets.Int(drawing.MARGIN).tag(sync=True)
    value = traitlets.Any(()).tag(sync=True)
    pen = traitlets.Int(drawing.PEN).tag(sync=True)
    answer = traitlets.Unicode().tag(sync=True)

    @traitlets.validate("value")
    def _checked(self, proposal):
        return drawing.checked(proposal["value"])


class Drawn(Live):
    """A live figure beside a pad. Its `update` is called with `strokes` and `pen`, what is drawn and how wide the pen is."""

    kept = 0  # no drawing comes back, and `update` says the answer, too

    def __init__(self, fig, update, moving, alt, **controls):
        pad, pen = Pad(value=EXAMPLE), slider("pen", drawing.PEN, 12, 2 * drawing.MARGIN)
        for control in (pen, *controls.values()):
            control.layout.width = "256px"  # as wide as the pad
        traitlets.dlink((pen, "value"), (pad, "pen"))
        self.pad = pad

        def answered(**values):
            pad.answer = update(**values)

        super().__init__(fig, answered, moving, alt, strokes=pad, pen=pen, **controls)
        row, image = self.children
        row.layout = widgets.Layout(flex_flow="column", flex="0 0 264px")
        image.layout.flex = "0 1 auto"
        self.children = [widgets.HBox([row, image], layout=widgets.Layout(flex_flow="row wrap", align_items="flex-start"))]

    def _follow(self, change):
        with self.pad.hold_sync():  # the picture goes to the page before the answer
            super()._follow(change)
