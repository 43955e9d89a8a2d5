"""What every live figure is made of: one persistent figure with controls above it, redrawn within a blink."""
from base64 import b64encode
from functools import lru_cache

import ipywidgets as widgets
import numpy as np
from IPython.display import display

from ..blas import one_thread
from ..figures import style as G
from .pixels import Pixels

# A live figure is three outputs of its cell: this sheet, the widget, and a picture. The sheet shows one of the last two: the
# picture, until a live figure stands beside it. A widget whose kernel is gone (the notebook was saved and opened again)
# cannot be drawn: JupyterLab would put an error in its place, so it is hidden. The rule is in the page whenever a widget
# can be: a notebook that is not trusted has neither. The labels of controls become as large as the text of the pictures,
# with room for the longest value beside its slider.
_STYLE = """<style class="live-style">
.jp-OutputArea-child:has(.live-style),
.jp-OutputArea-child:has(.live-style) + .jp-OutputArea-child:not(:has(img)),
.jp-OutputArea-child:has(.live-figure) + .jp-OutputArea-child {display: none}
.live-figure {--jp-widgets-font-size: 17px; --jp-widgets-inline-height: 34px; font-size: 17px}
.live-figure .widget-readout {min-width: max-content; margin-right: 14px}
</style>"""
_VIEW = "application/vnd.jupyter.widget-view+json"


class Live(widgets.VBox):
    """A figure whose artists follow its controls.

    `update(**values)` changes artists in place, given the value of every control. Only the artists in `moving` may
    change, and of these a frame draws only what did. Where no kernel runs, a picture with `alt` stands in its place:
    the frame of the moment of display.
    """

    kept = 100  # frames, of some 50 kB each: where a slider comes back to, nothing is drawn

    def __init__(self, fig, update, moving, alt, **controls):
        self.fig, self.update, self.moving, self.alt, self.controls = fig, update, moving, alt, controls
        self.moves = 0  # how often a control was moved
        self.pixels = Pixels(fig, moving)
        self._kept_frame = lru_cache(self.kept)(self.frame)
        width = f"{round(fig.get_figwidth() * fig.dpi)}px"
        # The picture goes to the page as an address that holds it: from the bytes alone the page would make an address of its
        # own, and fetch the picture from there through another process of the browser.
        self.image = widgets.Image(format="url", layout=widgets.Layout(width=width, max_width="100%"))
        row = widgets.HBox(list(controls.values()), layout=widgets.Layout(flex_flow="row wrap", max_width=width))
        super().__init__([row, self.image], layout=widgets.Layout(align_items="flex-start"))
        self.add_class("live-figure")
        self._view_count = 0  # from here on, ipywidgets counts the pages that show the figure
        for control in controls.values():
            control.observe(self._follow, "value")
        self.image.value = address(self.frame(**self.values))

    def frame(self, **values):
        """The picture for these values of the controls, as PNG bytes."""
        with one_thread():
            self.update(**values)
        self.pixels.draw()
        return self.pixels.png()

    @property
    def values(self):
        """{name: value} of all controls."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def shown(self):
        """On how many pages a browser shows this figure."""
        return self._view_count

    def _follow(self, _):
        self.moves += 1
        self.image.value = address(self._kept_frame(**self.values))

    def _ipython_display_(self):
        # Not one output with both: once a notebook is trusted, a widget wins over every other form of the same output.
        self.frame(**self.values)
        picture = {"image/png": b64encode(self.pixels.stored_png()).decode(),
                   "text/plain": f"Live figure (run the notebook to move its sliders): {self.alt}"}
        display({"text/html": _STYLE}, raw=True)
        display({_VIEW: self._repr_mimebundle_()[_VIEW]}, raw=True)  # no text beside it: that would be shown where no widget can be
        display(picture, metadata={"image/png": {"alt": self.alt}}, raw=True)


def values_of(control):
    """All values that a control can have, in its order."""
    if hasattr(control, "options"):
        return list(control.options)
    steps = round((control.max - control.min) / control.step)
    return [type(control.value)(control.min + step * control.step) for step in range(steps + 1)]


def address(png):
    """A picture as an address, in bytes, that holds it."""
    return b"data:image/png;base64," + b64encode(png)


def slider(label, value, low, high, step=1):
    """A slider over whole numbers, or over fractions if `step` is one."""
    kind = widgets.IntSlider if isinstance(step, int) else widgets.FloatSlider
    return kind(value, min=low, max=high, step=step, description=label, style={"description_width": "initial"},
                layout=widgets.Layout(width="320px"))


def pick(label, options, value):
    """A slider over given values, shown as they are."""
    width = 190 + 8 * (max(12, len(label)) + max(len(str(option)) for option in options))
    return widgets.SelectionSlider(options=options, value=value, description=label,
                                   style={"description_width": "initial"}, layout=widgets.Layout(width=f"{width}px"))


class Tick(widgets.Checkbox):
    """A box to tick; the values that it can have are named as those of `pick` are."""

    options = False, True


def tick(label, value):
    """A box to tick."""
    return Tick(value, description=label, indent=False, layout=widgets.Layout(width=f"{50 + 10 * len(label)}px"))


def outline(row, column, height, width):
    """The outline of a block of cells of an image, as x and y of a line."""
    left, right, top, bottom = column - 0.5, column + width - 0.5, row - 0.5, row + height - 0.5
    return [left, right, right, left, left], [top, top, bottom, bottom, top]


def scrub(snapshots, sheets, gaps="white"):
    """Weights as images, their gradients, and both losses, at one moment of training.

    `sheets` {layer: (parameter's name in `snapshots`, function from its array to one image)};
    `gaps`: the colour where such an image holds NaN.
    """
    first, (name, sheet) = next(iter(sheets.items()))
    values, grads = (sheet(of[name][0]) for of in (snapshots.values, snapshots.grads))
    fig, (left, middle, right) = G.canvas(10, 4.6, 1, 3, width_ratios=(1, 1, 1.15))
    image = G.bare(left).imshow(values, cmap=G.WEIGHTS, extent=(0, 1, 0, values.shape[0] / values.shape[1]))
    gradient = G.bare(middle).imshow(grads, cmap=G.GRADIENTS, extent=(0, 1, 0, values.shape[0] / values.shape[1]))
    for ax in (left, middle):
        ax.set_facecolor(gaps)
    middle.set_title("gradients of the same")
    steps = np.array(snapshots.steps)
    right.plot(steps + 1, snapshots.train_loss, color=G.TRAIN, label="training batch")
    right.plot(steps + 1, snapshots.test_loss, color=G.TEST, ls="--", label="test")
    right.set(xscale="log", xlabel="step", title="loss", ylim=(0, max(snapshots.test_loss) * 1.5))
    right.legend(loc="upper right")
    line = right.axvline(1, ymax=0.7, color=G.INK, lw=2)  # below the legend
    dots, = right.plot([], [], "o", color=G.INK)
    head, title = left.set_title(" "), fig.suptitle(" ")

    def update(moment, show, layer=first):
        name, sheet = sheets[layer]
        run, grads = snapshots.values[name], snapshots.grads[name][moment]
        begun = run[0] if show == "learned so far" else 0
        image.set_data(sheet(run[moment] - begun))
        image.set_clim(**G.span(sheet(run[-1] - begun)))
        gradient.set_data(sheet(grads))
        gradient.set_clim(**G.span(sheet(grads)))
        line.set_xdata([steps[moment] + 1] * 2)
        dots.set_data([steps[moment] + 1] * 2, [snapshots.train_loss[moment], snapshots.test_loss[moment]])
        head.set_text(show)
        title.set_text(f"step {steps[moment]}: test loss {snapshots.test_loss[moment]:.3f}, "
                       f"largest gradient {np.nanmax(np.abs(sheet(grads))):.4f}")

    controls = {"moment": slider("moment", len(steps) - 1, 0, len(steps) - 1),
                "show": pick("show", ["weights", "learned so far"], "learned so far")}
    if len(sheets) > 1:
        controls["layer"] = pick("layer", list(sheets), first)
    return Live(fig, update, [image, gradient, line, dots, head, title],
                f"Weights of the {first} as images, their gradients, and the loss, at one moment of training", **controls)
