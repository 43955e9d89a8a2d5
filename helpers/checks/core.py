"""What an exercise is, and the verdict on an answer to it."""
import copy
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Exercise:
    """`cases`: tuples of arguments; `truth`: the right function; `mistakes`: {hint: wrong function}."""

    cases: list
    truth: callable
    mistakes: dict
    praise: str = ""
    names: tuple = ()  # of the arguments, for messages


def verdict(answer, exercise):
    """One sentence on `answer`: not tried, stopped with an error, wrong shape, a known mistake, or right."""
    found, wanted = [], [exercise.truth(*case) for case in exercise.cases]
    for case in exercise.cases:
        given = copy.deepcopy(case)
        try:
            found.append(answer(*given))
        except Exception as error:  # whatever the reader's code raises is for the reader to see
            return f"Your function stopped with {type(error).__name__}: {error}"
        for name, before, after in zip(exercise.names, case, given):
            if not np.array_equal(before, after):
                return f"Your function changed {name}, which its caller still needs: compute a new array instead."
    if any(result is None for result in found):
        return "Not tried yet: the function returns nothing."
    if not all(map(_numbers, found)):
        return "Your function must return one number or one array, but it returns something else: look at its last line."
    if _same(found, wanted):
        return f"Right. {exercise.praise}".strip()
    for hint, wrong in exercise.mistakes.items():
        with np.errstate(all="ignore"):  # some mistakes overflow: that is the mistake
            if _same(found, [wrong(*case) for case in exercise.cases]):
                return hint
    for result, want in zip(found, wanted):
        if np.shape(result) != np.shape(want):
            return f"The result must have shape {np.shape(want)}, but yours has shape {np.shape(result)}."
    return "Not right yet. Try it on one small case whose answer you know."


def _numbers(result):
    """Whether it is one array of numbers, or can be seen as one."""
    try:
        return np.asarray(result).dtype.kind in "buif"
    except ValueError:  # several things of different shapes
        return False


def _same(found, wanted):
    return all(np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True)
               for a, b in zip(found, wanted))


def draws(*shapes):
    """Arrays of these shapes, the same each time."""
    rng = np.random.default_rng(7)
    return [rng.standard_normal(shape) for shape in shapes]
