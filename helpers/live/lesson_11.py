"""Live figures of lesson 11: batch norm's routes, its batch-mates and its blindness to scale; dropout; local response norm."""
from copy import deepcopy
from functools import lru_cache

import numpy as np

from .. import functional as F
from ..figures import style as G
from ..gradcheck import numeric_gradient, relative_error
from .core import Live, pick, slider

_SWITCH = ["off", "on"]


def routes():
    """One channel of twelve numbers through batch norm; the gradient for x by those of its three routes that are switched on.

    Straight: x as the numerator. Mean: x in the mean. Variance: x in the variance.
    """
    count, rng = 12, np.random.default_rng(3)
    x, random, places = 2 + 1.5 * rng.standard_normal(count), rng.standard_normal(count), np.arange(1, count + 1)
    normalised = (x - x.mean()) / np.sqrt(x.var() + 1e-5)
    upstreams = {"random": random, "all ones": np.ones(count), "normalised x": normalised}
    fig, (left, right) = G.canvas(10, 4.6, 1, 2)
    left.axhline(0, color=G.QUIET, lw=2)
    left.plot(places, x, "o", color=G.INPUT, label="x")
    left.plot(places, normalised, "s", color=G.OUTPUT, label="normalised")
    left.set(title="forward", xlabel="row", ylim=(-3, 9.5))
    left.legend(loc="upper left", ncols=2)
    right.axhline(0, color=G.QUIET, lw=2)
    wanted, = right.plot([], [], "o", mfc="none", color=G.INK, ms=13, label="finite differences")
    found, = right.plot([], [], "D", color=G.GRADIENT, ms=7, label="routes switched on")
    right.set(title="backward: dx", xlabel="row", xlim=(0.3, count + 0.7), ylim=(-1.2, 2))
    right.legend(loc="upper left")
    title = fig.suptitle(" ")

    @lru_cache
    def slopes(name):
        def loss():
            return np.vdot(upstreams[name], (moved - moved.mean()) / np.sqrt(moved.var() + 1e-5))

        moved = x.copy()
        return numeric_gradient(loss, moved).round(4)

    def update(straight, mean, variance, upstream):
        dy, scale = upstreams[upstream], 1 / np.sqrt(x.var() + 1e-5)
        dx = scale * ((straight == "on") * dy - (mean == "on") * dy.mean()
                      - (variance == "on") * normalised * (dy * normalised).mean())
        wanted.set_data(places, slopes(upstream))
        found.set_data(places, dx)
        title.set_text(f"Largest error {abs(dx - slopes(upstream)).max():.2f}; the sum of dx is {_zero(dx.sum()):.2f}, "
                       f"of dx times normalised x {_zero(dx @ normalised):.2f}")

    return Live(fig, update, [wanted, found, title],
                "One channel through batch norm, and its gradient by the straight route, the mean's and the variance's",
                straight=pick("straight", _SWITCH, "on"), mean=pick("mean", _SWITCH, "off"),
                variance=pick("variance", _SWITCH, "off"), upstream=pick("upstream gradient", list(upstreams), "random"))


def _zero(number, digits=2):
    """The number, without the minus of what is rounded to 0."""
    return 0.0 if abs(number) < 0.5 * 10**-digits else number


def batch_mates(net, images):
    """One image's logits by a network with batch norm: in training mode among other images of a batch, ten draws of these, and in
    evaluation mode. A copy of the network is used, as it is now.
    """
    net = deepcopy(net)
    kept = net.state_dict()

    def logits(images, in_training):
        net.train(in_training)
        found = net.forward(images)
        net.load_state_dict(kept)  # training mode moves the running statistics
        return found

    sizes, draws, classes = [2**power for power in range(1, 9)], 10, len(logits(images[:1], False)[0])
    fig, ax = G.canvas(10, 4.6)
    ax.axhline(0, color=G.QUIET, lw=2)
    places = np.arange(classes)
    train, = ax.plot([], [], "o", color=G.TRAIN, ms=7, mec="white", mew=0.5, label="training mode, ten draws")
    test, = ax.plot([], [], "_", color=G.TEST, ms=30, mew=4, label="evaluation mode")
    ax.set(xlim=(-0.6, classes - 0.4), ylim=(-15, 21), xlabel="class", ylabel="logit", xticks=places)
    ax.legend(loc="upper left", ncols=2)
    title = fig.suptitle(" ")

    @lru_cache
    def drawn(size, image):
        rng = np.random.default_rng((size, image))
        mates = [rng.choice(np.delete(np.arange(len(images)), image), size - 1, replace=False) for _ in range(draws)]
        return (np.array([logits(images[np.append(image, some)], True)[0] for some in mates]), logits(images[image:image + 1], False)[0])

    def update(size, image):
        in_training, in_evaluation = drawn(size, image)
        train.set_data(np.tile(places, draws), in_training.ravel())
        test.set_data(places, in_evaluation)
        agree = (in_training.argmax(axis=1) == in_evaluation.argmax()).sum()
        title.set_text(f"Batch of {size}: {agree} of {draws} draws read {in_evaluation.argmax()}, as evaluation does; "
                       f"logits vary by {in_training.std(axis=0).mean():.2f}")

    return Live(fig, update, [train, test, title], "The logits of one image in training mode, in batches of a size, and in evaluation mode",
                size=pick("batch size", sizes, 8), image=slider("image", 0, 0, min(9, len(images) - 1)))


def weight_scale():
    """The output of batch norm and the gradient of the weights before it, as these weights are scaled."""
    rng = np.random.default_rng(0)
    x, w, dy = rng.standard_normal((64, 20)), rng.standard_normal((1, 20)) / 20**0.5, rng.standard_normal((64, 1))
    scales = [10.0**power for power in range(-4, 5)]
    fig, (left, right) = G.canvas(10, 4.6, 1, 2)

    def run(scale, eps):
        y, cache = F.batch_norm(scale * x @ w.T, np.ones(1), np.zeros(1), eps)
        return y[:, 0], np.linalg.norm(F.batch_norm_backward(dy, cache)[0].T @ x)

    reference = run(1.0, 0.0)[0]
    left.plot([-3, 3], [-3, 3], color=G.QUIET, lw=2)
    dots, = left.plot([], [], "o", color=G.OUTPUT, ms=7)
    left.set(xlim=(-3, 3), ylim=(-3, 3), xlabel="output, weights as drawn", ylabel="output, weights scaled", title="forward")
    without = np.linalg.norm(dy.T @ x)
    right.plot(scales, np.full(len(scales), without), "--", color=G.INK, label="no batch norm")
    line, = right.plot([], [], color=G.GRADIENT, label="batch norm")
    here, = right.plot([], [], "D", color=G.GRADIENT, ms=12)
    right.set(xscale="log", yscale="log", xlabel="weights times", ylabel="norm of dw", title="backward", ylim=(1e-4, 1e6),
              xticks=[1e-4, 1e-2, 1, 1e2, 1e4])
    right.minorticks_off()
    right.legend(loc="upper right")
    title = fig.suptitle(" ")

    @lru_cache
    def norms(eps):
        return [run(scale, eps)[1] for scale in scales]

    def update(scale, eps):
        y, norm = run(scale, eps)
        dots.set_data(reference, y)
        line.set_data(scales, norms(eps))
        here.set_data([scale], [norm])
        title.set_text(f"Weights times {scale:g}: the output's deviation is {y.std():.3g}, the gradient's norm {norm:.2g}")

    return Live(fig, update, [dots, line, here, title],
                "The output of batch norm and the gradient of the weights before it, against the scale of these weights",
                scale=pick("weights times", scales, 1.0), eps=pick("eps", [0.0, 1e-5, 1e-3], 1e-5))


def dropout_masks(image, most=256):
    """An image (H, W) under one of dropout's masks, the average over many, and how far that average is from the image."""
    drawn = np.random.default_rng(0).random((most, *image.shape))
    counts = [2**power for power in range(most.bit_length())]
    fig, (left, middle, right) = G.canvas(10, 4.2, 1, 3, width_ratios=(1, 1, 1.3))
    left_image, middle_image = (G.framed(ax).imshow(image, cmap=G.PIXELS, vmin=0, vmax=1.5) for ax in (left, middle))
    left.set_title("one mask")
    head = middle.set_title(" ")
    line, = right.plot([], [], "o-", color=G.OUTPUT, ms=6)
    here, = right.plot([], [], "D", color=G.INK, ms=11)
    right.set(xscale="log", yscale="log", xlabel="masks", ylabel="off by", title="from the image", ylim=(3e-3, 3), xlim=(0.7, 1.5 * most),
              xticks=[1, 10, 100], yticks=[0.01, 0.1, 1])
    right.minorticks_off()
    title = fig.suptitle(" ")

    @lru_cache
    def means(p):
        masked = image * (drawn >= p) / (1 - p)
        means = np.array([masked[:count].mean(axis=0) for count in counts])
        return means, np.sqrt(((means - image) ** 2).mean(axis=(1, 2)))

    def update(p, masks, mask):
        averages, off = means(p)
        left_image.set_data(image * (drawn[mask - 1] >= p) / (1 - p))
        middle_image.set_data(averages[counts.index(masks)])
        line.set_data(counts, off)
        here.set_data([masks], [off[counts.index(masks)]])
        head.set_text(f"average of {masks}")
        title.set_text(f"p = {p:g}: one mask is off by {off[0]:.2g}, the average of {masks} by {off[counts.index(masks)]:.2g}")

    return Live(fig, update, [left_image, middle_image, line, here, head, title],
                "An image under one of dropout's masks, the average over many, and how far it is from the image",
                p=pick("p", [0.1, 0.2, 0.5, 0.8], 0.5), masks=pick("masks", counts, 16), mask=slider("mask", 1, 1, most))


def local_response(forward, backward):
    """Local response norm over nine channels, and the error of two backward passes as alpha and k change.

    `forward(x, size, alpha, beta, k)` gives y, and `backward(dy, x, size, alpha, beta, k, twice)` gives dx, all of them
    arrays (N, C, H, W): with `twice`, by a formula with the own x squared where own times neighbour belongs. Size 5, beta 0.75.
    """
    rng, alphas = np.random.default_rng(2), [10.0**power for power in range(-5, 3)]
    x, dy = 2 * np.abs(rng.standard_normal((1, 9, 1, 1))), rng.standard_normal((1, 9, 1, 1))
    x[0, 4] = 4
    fig, (left, right) = G.canvas(10, 4.6, 1, 2)
    channels = np.arange(9)
    left.plot(channels, x.ravel(), "o", mfc="none", color=G.INPUT, ms=15, label="x")
    shown, = left.plot([], [], "s", color=G.OUTPUT, label="y, largest = that of x")
    left.set(title="forward, one pixel", xlabel="channel", ylim=(0, 7.5), xticks=channels)
    left.legend(loc="upper left")
    right.axhline(1e-3, color=G.QUIET, lw=2)
    for height, words in ((1e-3, "a tolerance of 0.001"), (1e-8, "1e-8 or less")):
        right.text(1.5e2, height / 2, words, ha="right", va="top", fontsize=14)
    lines = [right.plot([], [], mark, color=colour, ms=6, label=label)[0]
             for mark, colour, label in (("o-", G.OUTPUT, "own times neighbour"), ("s--", G.TEST, "own twice"))]
    here, = right.plot([], [], "D", color=G.INK, ms=12)
    right.set(xscale="log", yscale="log", xlabel="alpha", ylabel="error of dx", title="backward", ylim=(2e-10, 1e4), xlim=(4e-6, 2e2),
              xticks=[1e-4, 1e-2, 1, 100], yticks=[1e-8, 1e-5, 1e-2, 10])
    right.minorticks_off()
    right.legend(loc="upper left")
    title = fig.suptitle(" ")

    @lru_cache
    def errors(k):
        def slopes(alpha):
            return numeric_gradient(lambda: np.vdot(dy, forward(x, 5, alpha, 0.75, k)), x, 1e-5)

        wanted = [slopes(alpha) for alpha in alphas]
        return [[relative_error(backward(dy, x, 5, alpha, 0.75, k, twice), slope) for alpha, slope in zip(alphas, wanted)]
                for twice in (False, True)]

    def update(alpha, k):
        y = forward(x, 5, alpha, 0.75, k).ravel()
        shown.set_data(channels, y * (x.max() / y.max()))
        for line, some in zip(lines, errors(k)):
            line.set_data(alphas, np.maximum(some, 1e-8))  # what is below is rounding
        error = errors(k)[1][alphas.index(alpha)]
        here.set_data([alpha], [error])
        title.set_text(f"alpha = {alpha:g}, k = {k}: own twice is off by {error:.1g}")

    return Live(fig, update, [shown, *lines, here, title],
                "Local response norm at one pixel, and the errors of two backward passes against alpha",
                alpha=pick("alpha", alphas, 1e-4), k=pick("k", [1, 2, 5], 2))
