"""The exercises of lesson 14: the gradient along the stream, widths of stages, weights of a bottleneck, an L2 term for a decay, a clean path."""
import numpy as np

from .core import Exercise, draws


class _Body:
    """The backward pass of a linear body, dy -> dy w; a hint may name it."""

    def __init__(self, w):
        self.w = w

    def __call__(self, dy):
        return dy @ self.w

    def __repr__(self):
        return "(a body)"


def _bodies(count):
    return [_Body(0.5 * w) for w in draws((9, 3, 3))[0][:count]]


def _stream_backward(dy, bodies):
    for body in reversed(bodies):
        dy = dy + body(dy)
    return dy


def _in_order(dy, bodies):
    return _stream_backward(dy, bodies[::-1])


def _chain(dy, bodies):
    for body in reversed(bodies):
        dy = body(dy)
    return dy


def _all_of_the_top(dy, bodies):
    return dy + sum(body(dy) for body in bodies)


def _without_dy(dy, bodies):
    return _stream_backward(dy, bodies) - dy


def _last_alone(dy, bodies):
    return dy + bodies[-1](dy)


def _first_left_out(dy, bodies):
    return _stream_backward(dy, bodies[1:])


def _twice(dy, bodies):
    for body in reversed(bodies):
        dy = dy + dy + body(dy)
    return dy


def _subtracted(dy, bodies):
    for body in reversed(bodies):
        dy = dy - body(dy)
    return dy


def _dy_each_time(dy, bodies):
    found = dy
    for body in reversed(bodies):
        found = dy + body(found)
    return found


_STREAM_BACKWARD = Exercise(
    cases=[(draws((4, 3))[0], _bodies(3)), (draws((2, 3))[0], _bodies(9)[4:]), (draws((1, 3))[0], _bodies(1))],
    truth=_stream_backward,
    mistakes={
        "The backward pass begins at the last block: yours begins at the first.": _in_order,
        "That is a plain network. Where is the shortcut, which passes dy on as it is?": _chain,
        "Each body got dy of the top. A body lower down gets what the blocks above it have made of dy.": _all_of_the_top,
        "The 1 of the shortcuts is missing at the end: dy itself belongs to the sum.": _without_dy,
        "That is the shortcut alone: the bodies send something back, too.": lambda dy, bodies: dy,
        "Only the last body has been asked: one after the other, all of them. Is your return indented too far?": _last_alone,
        "The first block is missing: the gradient for its input is wanted.": _first_left_out,
        "The shortcut passes on dy once in each block: yours doubles it.": _twice,
        "The two paths are added, not subtracted.": _subtracted,
        "The shortcut of each block passes on the gradient that has come so far, not dy of the top.": _dy_each_time,
        "The mean is not wanted: gradients of two paths are added.":
            lambda dy, bodies: _stream_backward(dy, bodies) / 2**len(bodies),
    },
    praise="Each block adds what its body sends back, and takes nothing away: equation 5, from the top to the bottom.",
    names=("dy",),
)


def _widths(stages, first=16, inside=2, outside=4, from_outside=False, all_outside=None):
    found = []
    for stage in range(stages):
        out = first * (outside if stage == 0 or all_outside is None else all_outside)
        found.append((first, out))
        first = out if from_outside else first * inside
    return np.array(found)


_WIDTHS = Exercise(
    cases=[(3,), (1,), (5,)],
    truth=_widths,
    mistakes={
        "That is the example as it stands: 16, 64, 128 inside. Compare with the paper's 16, 32, 64.":
            lambda stages: _widths(stages, from_outside=True, all_outside=2),
        "One line is fixed, and the other not: outside is right, but the next stage's inside is still set from outside.":
            lambda stages: _widths(stages, from_outside=True),
        "One line is fixed, and the other not: inside is right, but from stage 2 on, outside is no more four times that.":
            lambda stages: _widths(stages, all_outside=2),
        "All stages are alike: inside must double from one to the next.": lambda stages: _widths(stages, inside=1),
        "The pairs are (inside, outside): yours are the other way round.": lambda stages: _widths(stages)[:, ::-1],
        "Outside is two times inside: in the paper it is four times.": lambda stages: _widths(stages, outside=2),
        "Inside is the quarter: the first pair is (16, 64), not (4, 16).": lambda stages: _widths(stages, first=4),
        "That begins with stage 2: the first pair is (16, 64).": lambda stages: _widths(stages, first=32),
        "One pair for each stage, as a list: those are the sizes inside alone.": lambda stages: _widths(stages)[:, 0],
        "One pair for each stage, as a list: those are the sizes outside alone.": lambda stages: _widths(stages)[:, 1],
    },
    praise="With 18 blocks in each of three stages, models.preactivation_resnet counts 1,703,258 parameters: the paper's 1.70 million.",
)


def _bottleneck_weights(channels, reduction):
    width = channels // reduction
    return channels * width + 9 * width**2 + width * channels


_BOTTLENECK_WEIGHTS = Exercise(
    cases=[(256, 4), (64, 2), (512, 16), (8, 1)],
    truth=_bottleneck_weights,
    mistakes={
        "One of the two 1 × 1 convolutions is missing: one narrows, one widens.":
            lambda channels, reduction: channels * (channels // reduction) + 9 * (channels // reduction)**2,
        "The 3 × 3 convolution has 9 weights for each pair of maps: yours has 1.":
            lambda channels, reduction: 2 * channels * (channels // reduction) + (channels // reduction)**2,
        "The 3 × 3 convolution stands between the two others: it has the narrow maps on both sides.":
            lambda channels, reduction: 2 * channels * (channels // reduction) + 9 * channels * (channels // reduction),
        "That is the 3 × 3 convolution alone.": lambda channels, reduction: 9 * (channels // reduction)**2,
        "Those are the 1 × 1 convolutions alone.": lambda channels, reduction: 2 * channels * (channels // reduction),
        "That is the basic block, two 3 × 3 convolutions with all maps.": lambda channels, reduction: 18 * channels**2,
        "There are biases in yours: before a batch norm they do nothing, and here they are left out.":
            lambda channels, reduction: _bottleneck_weights(channels, reduction) + channels + 2 * (channels // reduction),
        "Only the first and the last of the four sizes are wide: yours narrows nothing.": lambda channels, reduction: 11 * channels**2,
        "All three of yours are 3 × 3: the first and the last are 1 × 1.":
            lambda channels, reduction: 9 * (2 * channels * (channels // reduction) + (channels // reduction)**2),
        "The reduction is a divisor: yours makes the middle wider.":
            lambda channels, reduction: _bottleneck_weights(channels, 1 / reduction),
        "A kernel of 3 × 3 has 9 weights, not 3.": lambda channels, reduction: 2 * channels * (channels // reduction) + 3 * (channels // reduction)**2,
    },
    praise="For 256 maps and a quarter: 69,632, where two 3 × 3 convolutions have 1,179,648.",
)

_TERM = Exercise(
    cases=[()],
    truth=lambda: 5e-5,
    mistakes={
        "That puts 2 times 0.0001 w into the gradient: twice the paper's.": lambda: 1e-4,
        "The other direction: that is the decay which a term of 0.0001 w² gives.": lambda: 2e-4,
        "The term is in the loss, and the learning rate multiplies its gradient as it does all others: do not do it here.": lambda: 5e-6,
        "The learning rate multiplies gradient and decay alike: no need to divide by it.": lambda: 5e-4,
        "Halved twice: the derivative of w² has one 2.": lambda: 2.5e-5,
        "The square is w's, not that of the factor before it.": lambda: 1e-8,
        "The root is not needed: look at the derivative of c w².": lambda: 1e-2,
        "The term is added to the loss, so that large weights cost: it is positive.": lambda: -5e-5,
        "That would be no decay at all.": lambda: 0.0,
        "That is the 2 of the derivative alone. For which c is 2 c what the paper says?": lambda: 0.5,
    },
    praise="Its gradient is 2 times 0.00005 w. The example has 0.0001 w², a decay twice as strong as the paper's.",
)

_CLEAN = Exercise(
    cases=[()],
    truth=lambda: "B",
    mistakes={
        "A: the batch norm behind the sum divides all of it, the shortcut's part too.": lambda: "A",
        "C: x goes through a ReLU before the paths part, so what arrives at the sum is not x.": lambda: "C",
        "D: x is normalised before the paths part, so what arrives at the sum is not x.": lambda: "D",
    },
    praise="Whatever stands inside the body: x itself arrives at the sum, and nothing follows.",
    choices=("A", "B", "C", "D"),
)


EXERCISES = {
    "stream_backward": _STREAM_BACKWARD,
    "widths": _WIDTHS,
    "bottleneck_weights": _BOTTLENECK_WEIGHTS,
    "loss_term": _TERM,
    "clean": _CLEAN,
}
