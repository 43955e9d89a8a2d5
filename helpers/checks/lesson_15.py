"""The exercises of lesson 15: a pair for a quotient, a gradient added in place, a missing line, and counting uses."""
import numpy as np

from .core import Exercise


def _quotients():
    rng = np.random.default_rng(15)
    for shape in ((3, 4), (5,), (2, 1, 3)):
        yield rng.standard_normal(shape), rng.uniform(-2, 2, shape), rng.uniform(0.5, 3, shape)


_DIVIDE_BACKWARD = Exercise(
    cases=list(_quotients()),
    truth=lambda dy, a, b: (dy / b, -dy * a / b**2),
    mistakes={
        "For b the sign is missing: a larger b makes the quotient of positive numbers smaller.": lambda dy, a, b: (dy / b, dy * a / b**2),
        "The slope of 1 / b is -1 / b²: b is squared.": lambda dy, a, b: (dy / b, -dy * a / b),
        "db needs a: y is a times 1 / b.": lambda dy, a, b: (dy / b, -dy / b**2),
        "da is the upstream gradient divided by b, as y is a times 1 / b.": lambda dy, a, b: (dy * b, -dy * a / b**2),
        "The upstream gradient is missing: a slope alone is not enough, multiply it by dy.": lambda dy, a, b: (1 / b, -a / b**2),
    },
    praise="With this pair, `function` makes a division that the engine differentiates.",
    names=("dy", "a", "b"),
    outputs=("da", "db"),
)

_ADDED_IN_PLACE = Exercise(
    cases=[()],
    truth=lambda: 2.0,
    mistakes={
        "1 is what it should be. But x and v hold one and the same array when the second report for x comes.": lambda: 1.0,
        "One report of 1 is added to an array that holds 1, once.": lambda: 3.0,
        "v gets a report, from s.": lambda: 0.0,
    },
    praise="What is written for x stands in v's array, too.",
)

_MISSING_LINE = Exercise(
    cases=[()],
    truth=lambda: "B",
    mistakes={
        "A: that is the right order: first the gradients, then the step that uses them.": lambda: "A",
        "C: inside no_grad nothing is remembered, and backward() raises an error.": lambda: "C",
        "D: evaluation mode is for measuring. Without it a loop trains as it should.": lambda: "D",
    },
    praise="Without it each step goes along the sum of all gradients so far.",
    choices=("A", "B", "C", "D"),
)

_GRAPH = {"y": ["h", "x"], "h": ["x", "x"], "x": ["w"], "w": [], "z": ["y", "h"]}

_TIMES_USED = Exercise(
    cases=[(_GRAPH, "x"), (_GRAPH, "h"), (_GRAPH, "w"), (_GRAPH, "z")],
    truth=lambda parents, name: sum(some.count(name) for some in parents.values()),
    mistakes={
        "That is how many values use it. One of them may use it twice, as in x times x.":
            lambda parents, name: sum(name in some for some in parents.values()),
        "That is how many parents it has: how often it uses others, and not how often others use it.":
            lambda parents, name: len(parents[name]),
        "That is one more than there are: the value does not use itself.":
            lambda parents, name: 1 + sum(some.count(name) for some in parents.values()),
    },
    praise="So many reports a value waits for.",
)


EXERCISES = {
    "divide_backward": _DIVIDE_BACKWARD,
    "added_in_place": _ADDED_IN_PLACE,
    "missing_line": _MISSING_LINE,
    "times_used": _TIMES_USED,
}
