"""The live figure of lesson 08: the inert skip."""
import numpy as np
from ..analysis import skip_to_logits
from ..figures import style as G
from .core import Live, pick


_ROWS = ("as published", "random")


def inert(net, image, label):
    """What a skip to the logits changes, by its scale: with equal rows nothing, with random ones everything.

    `net` is a `published.skip.SkipNet`, image (28, 28).
    """
    shape = 10, 16, 21, 21
    rows = dict(zip(_ROWS, (np.ones(shape), np.random.default_rng(0).standard_normal(shape))))
    _, still, gradient = skip_to_logits(net, image, label, np.zeros(shape))
    fig, axes = G.canvas(10.4, 4.4, 1, 3, width_ratios=(1, 1, 0.9))
    bars = [ax.bar(range(10), still, color=colour, edgecolor=G.INK, animated=True) for ax, colour in zip(axes, (G.WEIGHT, G.OUTPUT))]
    axes[0].set(ylim=(-1.1, 1.1), xticks=range(10), yticks=[0], title="added to each logit")
    axes[1].set(ylim=(0, 1.05), xticks=range(10), title="probabilities")
    for ax in axes[:2]:
        ax.axhline(0, color=G.INK, lw=2)
    sheet = G.bare(axes[2]).imshow(G.tiled(gradient[:, 0], 4, gap=1), cmap=G.GRADIENTS, **G.span(gradient))
    axes[2].set_facecolor(G.GAP)
    axes[2].set_title("gradient, first filters")
    title = fig.suptitle(" ")

    def update(scale, kind):
        added, p, dw1 = skip_to_logits(net, image, label, scale * rows[kind])
        largest = np.abs(added).max()
        for bar, height in zip(bars[0], added / (largest or 1)):
            bar.set_height(height)
        for bar, height in zip(bars[1], p):
            bar.set_height(height)
        sheet.set_data(G.tiled(dw1[:, 0], 4, gap=1))
        moved = np.abs(p - still).max()
        if kind == _ROWS[0]:
            title.set_text(f"Every logit rises by {added[0]:,.2f}: probabilities move by {moved:.0e}")
        else:
            title.set_text(f"Logits change unequally, by up to {largest:,.2f}: probabilities move by {moved:.2g}")

    return Live(fig, update, [*bars[0], *bars[1], sheet, title],
                "What the skip adds to ten logits, the ten probabilities, and the gradient of the first filters",
                scale=pick("scale of the skip", [0.0, 0.001, 0.01, 0.1, 1.0, 10.0, 100.0], 0.001), kind=pick("rows", _ROWS, _ROWS[0]))
