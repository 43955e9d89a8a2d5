"""What arguments have to do with a wrong result: recognisers like those of `recognise`, which says what they are."""
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .compare import all_of, close, different, equal, ratio, scale, telling, times, well_tested


@dataclass(frozen=True)
class Given:
    """What an answer was called with, and the right function, to be tried with other arguments."""

    tables: list  # {name: argument} for each case
    truth: callable

    def all_of(self, name, wanted):
        """The argument of each case, if it is an array of the result's shape in all of them, else None; a mask as 1 and 0."""
        arrays = [table[name] for table in self.tables]
        fits = all(isinstance(array, np.ndarray) and array.shape == w.shape for array, w in zip(arrays, wanted))
        return [array * 1 for array in arrays] if fits else None

    def numbers(self, name):
        """The argument of each case, if it is a single number in all of them, else None."""
        numbers = [table[name] for table in self.tables]
        return numbers if all(_is_number(number) and np.ndim(number) == 0 for number in numbers) else None


def _is_number(argument):
    return isinstance(argument, np.ndarray | int | float | np.number) and not isinstance(argument, bool)


# --- names for numbers


def multiple(ratios, given, what="every number", wanted="the wanted one"):
    """A sentence on factors, one for each case: the number, if it is one; the size or argument that they are; else None."""
    more, less = named(np.abs(ratios), given), named(1 / np.abs(ratios), given)
    guess = ""
    if more:
        mean = " (a sum for a mean?)" if _is_size(more) else ""
        guess = f" That is {more}: is a division by it missing{mean}, or a factor of it too many?"
    elif less:
        mean = " (a mean for a sum?)" if _is_size(less) else ""
        guess = f" It is divided by {less}: is that once too often{mean}, or is a factor of it missing?"
    if np.allclose(ratios, ratios[0], rtol=1e-6, atol=0):
        return f"{what} is {times(ratios[0])} {wanted}.{guess}"
    if guess:
        return f"{what} is a multiple of {wanted}, not always the same.{guess}"
    return None


def _is_size(words):
    return words.startswith("the ")


def named(numbers, given):
    """Which size or argument these numbers are in every case, such as "stride"; "" if none, or if they are 1."""
    if np.allclose(np.abs(numbers), 1):
        return ""
    tables = [_quantities(table) for table in given.tables]
    fits = [words for words in tables[0]
            if all(np.isclose(table.get(words, np.nan), number, rtol=1e-6, atol=0) for table, number in zip(tables, numbers))]
    return " or ".join(fits[:2])


BATCHES = ("x", "y", "z", "dx", "dy", "dz", "logits", "images")  # names of arrays that usually have the images along axis 0


def _quantities(table):
    """{words: number}: the arguments that are numbers, and the sizes of those that are arrays."""
    numbers, shapes = {}, set()
    for name, argument in table.items():
        if isinstance(argument, np.ndarray) and argument.shape not in shapes:
            shapes.add(argument.shape)  # of another array of this shape, the sizes are the same
            for axis, size in enumerate(argument.shape):
                batch = ", perhaps the batch size" if axis == 0 and argument.ndim > 1 and name in BATCHES else ""
                numbers[f"the length of {name} along axis {axis}{batch}"] = size
            numbers[f"the size of {name}, all numbers counted"] = argument.size
        elif _is_number(argument) and not isinstance(argument, np.ndarray):
            numbers |= {name: float(argument), f"{name} squared": float(argument) ** 2}
    return numbers


# --- recognisers


def unchanged(found, wanted, given):
    for name in given.tables[0]:
        same = all(_is_number(table[name]) and close(f, np.asarray(table[name])) for f, table in zip(found, given.tables))
        if same and telling(found):
            return f"your result is {name}, just as it was handed in."


def step(found, wanted, given):
    """A result that is an argument and something added: the added is a multiple of the wanted."""
    for name in given.tables[0]:
        if (starts := given.all_of(name, wanted)) is None:
            continue
        right = [w - start for w, start in zip(wanted, starts)]
        ratios = [ratio(f - start, want) for f, start, want in zip(found, starts, right)]
        if None not in ratios and different(right) > 2 and np.allclose(ratios, ratios[0], rtol=1e-6, atol=0):
            if np.isclose(ratios[0], -1, rtol=1e-6):
                return f"you go from {name} in the opposite direction: what is added to it has the wrong sign."
            return multiple(ratios, given, f"what you add to {name}", "what is wanted")


def term(found, wanted, given):
    """An argument is added that should not be, or is not that should, or another one in its place."""
    if not well_tested(found):
        return None
    off = [f - w for f, w in zip(found, wanted)]
    terms = {name: given.all_of(name, wanted) or given.numbers(name) for name in given.tables[0]}
    terms = {name: values for name, values in terms.items() if values is not None}

    def is_off_by(values):
        return all_of(lambda o, w, value: np.any(value) and close(w + o, w + value), off, wanted, values)

    for name, values in terms.items():
        if is_off_by([-value for value in values]):
            return f"{name} is missing in your sum: added to it, yours is right."
        if is_off_by(values):
            return f"{name} is once too often in your sum: without it, yours is right."
        if different(values) > 1 and is_off_by([1 - value for value in values]):
            return f"a 1 stands in your sum where {name} should."
        if all_of(lambda f, w, value: close(f, value - w) or close(f, w - value), found, wanted, values):
            return f"yours is the difference between {name} and the wanted result: a step, and not where it leads?"
    for (one, first), (other, second) in combinations(terms.items(), 2):
        for here, there, change in ((one, other, 1), (other, one, -1)):
            if is_off_by([change * (a - b) for a, b in zip(first, second)]):
                return f"{here} stands in your sum where {there} should."


FACTORS = {"{}": lambda a: a, "1 - {}": lambda a: 1 - a, "{} squared": np.square}


def element_factor(found, wanted, given):
    """A factor is missing, or is there once too often, that is an array and has another value for each number."""
    for name in given.tables[0]:
        if (arrays := given.all_of(name, wanted)) is None or different(wanted) < 4:
            continue
        for words, of in FACTORS.items():
            if all_of(lambda f, w, a: close(f * of(a), w), found, wanted, arrays):
                return f"the factor {words.format(name)} is missing: times that, yours is right."
            if all_of(lambda f, w, a: close(f, w * of(a)), found, wanted, arrays):
                return f"the factor {words.format(name)} is once too often in it."


CONDITIONS = {"0": lambda a: a == 0, "above 0": lambda a: a > 0, "0 or above": lambda a: a >= 0,
              "below 0": lambda a: a < 0, "0 or below": lambda a: a <= 0}


def where_an_argument(found, wanted, given):
    """Wrong just where an argument has a sign."""
    wrong = [~equal(f, w) for f, w in zip(found, wanted)]
    if sum(mask.size for mask in wrong) < 6 or all(mask.all() for mask in wrong):
        return None
    for name in given.tables[0]:
        if (arrays := given.all_of(name, wanted)) is None:
            continue
        for words, condition in CONDITIONS.items():
            if all_of(lambda array, mask: np.array_equal(condition(array), mask), arrays, wrong):
                return f"the result is wrong only where {name} is {words}, and right everywhere else."


def one_place(found, wanted, given):
    """A single number is wrong, or right: perhaps at the place that an argument names."""
    right = [equal(f, w) for f, w in zip(found, wanted)]
    if min(mask.size for mask in right) < 3:
        return None
    for words, masks in (("wrong, and all others are right", [~mask for mask in right]),
                         ("right", [mask & (w != 0) for mask, w in zip(right, wanted)])):
        if all(mask.sum() == 1 for mask in masks) and (words != "right" or all(mask.sum() == 1 for mask in right)):
            places = [[int(place[0]) for place in np.nonzero(mask)] for mask in masks]
            names = [name for name in given.tables[0] if [[n] for n in given.numbers(name) or []] == places]
            if names:
                return f"only the number at [{names[0]}] is {words}."
            if words != "right" and all(place == places[0] for place in places):
                return f"only the number at {places[0]} is {words}."


def one_of_them(found, wanted, given):
    """A single number of those wanted: that at the place that an argument names."""
    for name in given.tables[0]:
        places = given.numbers(name) or []
        if all(isinstance(n, int) and w.ndim == 1 and -len(w) <= n < len(w) for n, w in zip(places, wanted)) and places:
            if telling(found) and all_of(lambda f, w, n: close(f, w[n]), found, wanted, places):
                return f"yours is the number at [{name}] of the wanted result: the others are missing."


# --- the right function, called with something else


LEFT_OUT = {
    "1 in place of {0}. Is {0} left out": lambda n: type(n)(1),
    "0 in place of {0}. Is {0} left out": lambda n: type(n)(0),
}
OTHER_NUMBERS = LEFT_OUT | {
    "{0} - 1 in place of {0}": lambda n: n - 1,
    "{0} + 1 in place of {0}": lambda n: n + 1,
    "half of {0} in place of {0}": lambda n: n / 2,
    "2 times {0} in place of {0}": lambda n: 2 * n,
    "-{0} in place of {0}": lambda n: -n,
    "{0} squared in place of {0}": lambda n: n * n,
    "the root of {0} in place of {0}": lambda n: n ** 0.5,
    "1 - {0} in place of {0}": lambda n: 1 - n,
    "1 / {0} in place of {0}": lambda n: 1 / n,
}
OTHER_ARRAYS = {
    "1 in place of {0}": np.ones_like,
    "0 in place of {0}": np.zeros_like,
    "-{0} in place of {0}": lambda a: -a,
    "{0} transposed": lambda a: a.T,
    "2 times {0} in place of {0}": lambda a: 2 * a,
    "{0} squared in place of {0}": np.square,
    "the root of {0} in place of {0}": np.sqrt,
    "1 - {0} in place of {0}": lambda a: 1 - a,
    "1 + {0} in place of {0}": lambda a: 1 + a,
    "the absolute values of {0} in place of {0}": np.abs,
    "the negative numbers of {0} set to 0": lambda a: np.maximum(a, 0),
    "{0} > 0 (1 where that is true) in place of {0}": lambda a: (a > 0).astype(a.dtype),
    "the mean of {0} in place of each of its numbers": lambda a: np.full_like(a, a.mean()),
    "the sum of {0} in place of each of its numbers": lambda a: np.full_like(a, a.sum()),
    "all of {0} set to 0 but its last number. Is = written for +=": lambda a: _only(a, -1),
    "all of {0} set to 0 but its first number": lambda a: _only(a, 0),
    "the sigmoid of {0} in place of {0}": lambda a: 1 / (1 + np.exp(-a)),
    "the exponential of {0} in place of {0}": np.exp,
    "the logarithm of {0} in place of {0}": np.log,
}
OTHER_ORDERS = {  # of arrays and lists
    "{0} in the opposite order": lambda a: a[::-1],
    "the first of {0} alone": lambda a: a[:1],
    "the last of {0} alone": lambda a: a[-1:],
    "{0} without its first": lambda a: a[1:],
    "{0} without its last": lambda a: a[:-1],
}


def _only(array, place):
    kept = np.zeros_like(array)
    kept.flat[place] = array.flat[place]
    return kept


def other_arguments(found, wanted, given):
    """The right result of other arguments."""
    if not any(scale(f) for f in found) or not telling(found) or not well_tested(found) and given.tables[0]:
        return None
    whole = all(np.array_equal(f, np.round(f)) for f in found)
    for words, change in _changes(given, whole):
        try:
            results = [np.asarray(given.truth(*change(dict(table)).values())) for table in given.tables]
        except Exception:  # arguments that do not fit: the answer was not made of them
            continue
        shows = any(np.isfinite(f).all() and not close(f, w) for f, w in zip(found, wanted))  # nan is equal to nan
        if shows and all_of(lambda f, r: r.dtype.kind in "buif" and close(f, r), found, results):
            return f"yours is the right result with {words}{'?' if '. Is ' in words else '.'}"


def _changes(given, whole):
    """(words, function that changes a table of arguments), for all that may be tried; fewer where results are `whole` numbers,
    which rounding makes the same for many arguments."""
    table = given.tables[0]
    for name, argument in table.items():
        for words, change in _options(argument, whole).items():
            yield words.format(name), lambda table, name=name, change=change: table | {name: change(table[name])}
    for one, other in combinations(table, 2):
        if type(table[one]) is type(table[other]) or given.numbers(one) and given.numbers(other):
            yield f"{one} and {other} exchanged", lambda table, a=one, b=other: table | {a: table[b], b: table[a]}
            yield f"{other} in place of {one}", lambda table, a=one, b=other: table | {a: table[b]}
            yield f"{one} in place of {other}", lambda table, a=one, b=other: table | {b: table[a]}


def _options(argument, whole):
    if isinstance(argument, np.ndarray) and argument.ndim:
        return OTHER_ARRAYS | OTHER_ORDERS
    if isinstance(argument, list | tuple):
        return OTHER_ORDERS | _other_columns(argument)
    return (LEFT_OUT if whole else OTHER_NUMBERS) if _is_number(argument) else {}


COLUMNS = {
    "1 in place of": lambda n: 1,
    "0 in place of": lambda n: 0,
    "the opposite sign of": lambda n: -n,
    "half of": lambda n: n / 2,
    "2 times": lambda n: 2 * n,
}


def _other_columns(rows):
    """Of a list of tuples: one number of each row changed."""
    if not all(isinstance(row, tuple) and len(row) == len(rows[0]) for row in rows):
        return {}
    return {f"{words} number {column + 1} in each row of {{0}}": _in_column(column, change)
            for column in range(len(rows[0])) for words, change in COLUMNS.items()}


def _in_column(column, change):
    return lambda rows: [(*row[:column], change(row[column]), *row[column + 1:]) for row in rows]
