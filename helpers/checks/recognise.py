"""What kind of mistake a wrong result is, seen from the numbers alone.

A recogniser gets all results of an answer (`found`), the right ones (`wanted`), both lists of arrays with one for each
set of arguments, and those arguments (`given`, a list of {name: argument}). It returns words that go on after "Not right
yet: ", or None. What it says must hold for every set of arguments to full precision, and the numbers must be able to
tell it from other mistakes: where all are alike, many things fit. What is no fact but a guess at the cause is a question.
"""
from itertools import combinations, permutations, product

import numpy as np


def kind_of_mistake(found, wanted, given):
    """Words for the first kind that fits, or None."""
    if not any(_scale(w) for w in wanted):
        return None  # where only zeros are wanted, anything is a factor, an order, a sum
    other = [(f.shape, w.shape) for f, w in zip(found, wanted) if f.shape != w.shape]
    for recognise in OTHER_SHAPES if other else ONE_SHAPE:
        if words := recognise(found, wanted, given):
            return f"{shapes_differ(*other[0])}: {words}" if other else words
    return None


# --- tools


def close(found, wanted, tolerance=0.0):
    """Whether two arrays have one shape and the same numbers, but for rounding."""
    if found.shape != wanted.shape:
        return False
    atol = 1e-9 * min(1.0, max(_scale(wanted), 1e-6))  # so that small numbers do not vanish in it
    rtol = max(tolerance, 1e-5 if found.dtype == np.float32 else 1e-6)
    return np.allclose(found, wanted, rtol=rtol, atol=atol, equal_nan=True)


def shapes_differ(found, wanted):
    """Words for two shapes that should be one."""
    return f"the result must have shape {wanted}, but yours has shape {found}"


def in_words(*numbers):
    """Numbers as text, with as many digits as it takes to tell them apart."""
    for digits in (3, 5, 8):
        texts = [f"{number:.{digits}g}" for number in numbers]
        if len(set(texts)) == len(texts):
            return texts
    return [f"{number:.17g}" for number in numbers]


def place_of(where):
    """ "at [0, 2] ", or nothing for a single number."""
    return f"at {[int(place) for place in where]} " if len(where) else ""


def _scale(array):
    sizes = np.abs(np.asarray(array, np.float64))
    return sizes[np.isfinite(sizes)].max(initial=0.0)


def _all(relation, *lists):
    return all(relation(*each) for each in zip(*lists, strict=True))


def _made_by(change, found, wanted):
    """Whether `change` makes what was found out of what is wanted."""
    return _all(lambda f, w: close(f, np.asarray(change(w))), found, wanted)


def _different(arrays):
    """How many different numbers there are in all."""
    return len(np.unique(np.round(np.concatenate([np.ravel(array).astype(np.float64) for array in arrays]), 9)))


def _telling(arrays):
    """Whether a relation without a free number cannot hold by chance: several numbers, or one that is not whole."""
    return _different(arrays) > 1 or any(np.any(array != np.round(array)) for array in arrays)


def _axes(arrays):
    """The axes that all of them have, if all have as many."""
    return range(arrays[0].ndim) if len({array.ndim for array in arrays}) == 1 else range(0)


# --- one shape, other numbers


def _nothing_there(found, wanted, given):
    if _all(lambda f: not np.any(f), found):
        return "every number of yours is 0. Is the result never filled, or does // round it down?"


def _unchanged(found, wanted, given):
    for name in given[0]:
        if all(name in arguments and _is_number(arguments[name]) and close(f, np.asarray(arguments[name]))
               for f, arguments in zip(found, given)) and _telling(found):
            return f"your result is {name}, just as it was handed in."


def _is_number(argument):
    return isinstance(argument, np.ndarray | int | float | np.number)


def _factor(found, wanted, given):
    ratios = [_ratio(f, w) for f, w in zip(found, wanted)]
    if None in ratios or not _telling(wanted):
        return None
    cause = _cause(np.abs(ratios), given)
    if not np.allclose(ratios, ratios[0], rtol=1e-6, atol=0):
        enough = cause or _all(lambda w: _different([w]) > 2, wanted)
        return f"every number is a multiple of the wanted one: {' and '.join(map(_times, ratios))} it{cause or '.'}" if enough else None
    if np.isclose(ratios[0], -1, rtol=1e-6):
        return "every number has the wrong sign, and is right but for that. Is a minus missing, or one too many?"
    if _different(wanted) > 1 or cause or abs(ratios[0]) in (2, 0.5):  # one number is a multiple of any other
        return f"every number is {_times(ratios[0])} the wanted one{cause or '.'}"


def _ratio(found, wanted):
    """The number by which `wanted` is multiplied in `found`, or None."""
    if not _scale(wanted):
        return None
    place = np.argmax(np.abs(wanted))
    ratio = float(found.flat[place]) / float(wanted.flat[place])
    return ratio if ratio and close(found, ratio * wanted) else None


def _times(ratio):
    whole, part = round(ratio), round(1 / ratio) if abs(ratio) > 1e-9 else 0
    if abs(ratio - whole) < 1e-6 * abs(ratio):
        return f"{whole} times"
    if part and abs(1 / ratio - part) < 1e-6 * abs(part):
        return f"1/{part} of" if part > 0 else f"-1/{-part} of"
    return f"{ratio:.4g} times"


def _cause(factors, given):
    """Where a size or an argument is the factor in every case: words for that, else ""."""
    if more := _equal_to(factors, given):
        return f" ({more}). Is it multiplied by once too often, not divided by, or a sum taken for a mean?"
    if less := _equal_to(1 / factors, given):
        return f" (divided by {less}). Is it left out, divided by once too often, or a mean taken for a sum?"
    return ""


def _equal_to(numbers, given):
    """Which size or argument these numbers are in every case, such as "stride"; "" if none, or if they are 1."""
    if np.allclose(np.abs(numbers), 1):
        return ""
    tables = [_quantities(arguments) for arguments in given]
    fits = [words for words in tables[0]
            if all(np.isclose(table.get(words, np.nan), number, rtol=1e-6, atol=0) for table, number in zip(tables, numbers))]
    return " or ".join(fits[:2])


def _quantities(arguments):
    """{words: number}: the arguments that are numbers, and the sizes of those that are arrays."""
    numbers = {}
    for name, argument in arguments.items():
        if isinstance(argument, np.ndarray):
            for axis, size in enumerate(argument.shape):
                batch = ", the batch size?" if axis == 0 and argument.ndim > 1 else ""
                numbers[f"the length of {name} along axis {axis}{batch}"] = size
            numbers[f"how many numbers {name} holds"] = argument.size
        elif _is_number(argument):
            numbers |= {name: float(argument), f"{name} squared": float(argument) ** 2}
    return numbers


def _offset(found, wanted, given):
    steps = [float(np.ravel(f)[0]) - float(np.ravel(w)[0]) if w.size else 0.0 for f, w in zip(found, wanted)]
    constant = _all(lambda f, w, step: close(f, w + step) and abs(step) > 1e-5 * _scale(w), found, wanted, steps)
    if not constant or _different(wanted) < 2:
        return None
    direction = "large" if steps[0] > 0 else "small"
    if np.allclose(steps, steps[0], rtol=1e-6, atol=0):
        return f"every number is {in_words(abs(steps[0]))[0]} too {direction}."
    if cause := len({step > 0 for step in steps}) == 1 and _equal_to(np.abs(steps), given):
        return f"every number is too {direction} by {cause}."


def _step(found, wanted, given):
    """A result that is an argument and something added: the added is a multiple of the wanted."""
    for name in given[0]:
        starts = [arguments.get(name) for arguments in given]
        if not all(isinstance(start, np.ndarray) and start.shape == w.shape for start, w in zip(starts, wanted)):
            continue
        moves = [f - start for f, start in zip(found, starts)]
        right = [w - start for w, start in zip(wanted, starts)]
        ratios = [_ratio(move, want) for move, want in zip(moves, right)]
        if None not in ratios and _different(right) > 2 and np.allclose(ratios, ratios[0], rtol=1e-6, atol=0):
            if np.isclose(ratios[0], -1, rtol=1e-6):
                return f"you go from {name} in the opposite direction: what is added to it has the wrong sign."
            return f"what you add to {name} is {_times(ratios[0])} the wanted{_cause(np.abs(ratios), given) or '.'}"


def _sign(found, wanted, given):
    if not _made_by(np.abs, map(np.abs, found), wanted):
        return None
    if _all(lambda f: not np.any(f < 0), found):
        return "yours are the absolute values: the negative numbers have lost their sign."
    return "the numbers are right but for their signs, and only some signs are wrong."


def _turned(found, wanted, given):
    for axis in _axes(wanted):
        if _made_by(lambda w: np.flip(w, axis), found, wanted):
            if _all(lambda w: w.shape == (2,), wanted):
                return "the two numbers are exchanged."
            return f"the order along axis {axis} is reversed."
    if wanted[0].ndim > 1 and _made_by(np.flip, found, wanted):
        return "the result is turned round: the order along every axis is reversed."


def _transposed(found, wanted, given):
    for axes in _orders(wanted):
        if _made_by(lambda w: w.transpose(axes), found, wanted):
            return f"it is the wanted result transposed: the axes {_exchanged(axes)} are exchanged."


def _orders(arrays):
    dimensions = len(_axes(arrays))
    return list(permutations(range(dimensions)))[1:] if dimensions <= 4 else []


def _exchanged(axes):
    return " and ".join(str(axis) for axis, other in enumerate(axes) if axis != other)


def _shifted(found, wanted, given):
    for axis, step in product(_axes(wanted), (1, -1)):
        overlaps = [(_cut(f, axis, step), _cut(w, axis, -step)) for f, w in zip(found, wanted)]
        if _different([w for _, w in overlaps]) > 2 and _all(lambda pair: close(*pair), overlaps):
            return f"every number stands one place too {'late' if step > 0 else 'early'} along axis {axis}."


def _cut(array, axis, step):
    """Without its first place along the axis (1), or its last (-1)."""
    return np.moveaxis(np.moveaxis(array, axis, 0)[1:] if step > 0 else np.moveaxis(array, axis, 0)[:-1], 0, axis)


def _slice_by_slice(found, wanted, given):
    """Along an axis all is right, but for a factor or an offset of its own in each row."""
    for axis in _axes(wanted):
        if sum(w.size - w.size // max(w.shape[axis], 1) for w in wanted) < 4 or _different(wanted) < 4:
            continue
        if _made_of_rows(lambda f, w: close(f, w + (f - w)[:1]), found, wanted, axis):
            return f"along axis {axis} all are off by the same number, another one for each row: is something missing that is added up over axis {axis}?"
        if _made_of_rows(lambda f, w: _ratio(f, w) is not None or close(f, w), found, wanted, axis):
            return f"along axis {axis} all are off by the same factor, another one for each row: is a division by a sum over axis {axis} missing?"


def _made_of_rows(relation, found, wanted, axis):
    def rows(array):
        return np.moveaxis(array, axis, -1).reshape(-1, array.shape[axis])
    return all(_all(relation, rows(f), rows(w)) for f, w in zip(found, wanted))


CHANGES = {
    "1 less the wanted one": lambda w: 1 - w,
    "the square of the wanted one": np.square,
    "the square root of the wanted one": np.sqrt,
    "1 divided by the wanted one": lambda w: 1 / w,
    "e to the power of the wanted one": np.exp,
    "the logarithm of the wanted one": np.log,
}


def _function(found, wanted, given):
    for words, change in CHANGES.items():
        if _telling(wanted) and _made_by(change, found, wanted):
            return f"every number is {words}."


CONDITIONS = {"0": lambda a: a == 0, "above 0": lambda a: a > 0, "0 or above": lambda a: a >= 0,
              "below 0": lambda a: a < 0, "0 or below": lambda a: a <= 0}


def _where_an_argument(found, wanted, given):
    """Wrong just where an argument has a sign."""
    wrong = [~_equal(f, w) for f, w in zip(found, wanted)]
    if sum(mask.size for mask in wrong) < 6 or _all(np.all, wrong):
        return None
    for name in given[0]:
        arrays = [arguments.get(name) for arguments in given]
        if not all(isinstance(array, np.ndarray) and array.shape == mask.shape for array, mask in zip(arrays, wrong)):
            continue
        for words, condition in CONDITIONS.items():
            if _all(lambda array, mask: np.array_equal(condition(array), mask), arrays, wrong):
                return f"the result is wrong only where {name} is {words}, and right everywhere else."


def _equal(found, wanted):
    """Where they are the same."""
    return np.isclose(found, wanted, rtol=1e-6, atol=1e-9 * min(1.0, max(_scale(wanted), 1e-6)))


def _part(found, wanted, given):
    """Right at some places along an axis only, the same in every case."""
    for axis in _axes(wanted):
        right = [_right_places(f, w, axis) for f, w in zip(found, wanted)]
        for words, places in PARTS.items():
            if _all(lambda good: len(good) > 1 and np.array_equal(np.flatnonzero(good), places(len(good))), right):
                along = f" along axis {axis}" if wanted[0].ndim > 1 else ""
                return f"{words.format(along)}."


def _right_places(found, wanted, axis):
    others = tuple(other for other in range(wanted.ndim) if other != axis)
    return _equal(found, wanted).all(axis=others) & (wanted != 0).any(axis=others)


PARTS = {  # which places along the axis are right
    "only the first place{} is right: does a return inside the loop end it too soon": lambda n: [0],
    "only the last place{} is right: is what the loop found before overwritten": lambda n: [n - 1],
    "all is right but the last place{}: does a loop or slice end one too early": lambda n: range(n - 1),
    "all is right but the first place{}: does a loop or slice begin one too late": lambda n: range(1, n),
    "the inside is right, and the first and last place{} are wrong: is it the padding": lambda n: range(1, n - 1),
}


def _zeros(found, wanted, given):
    right = [_equal(f, w) for f, w in zip(found, wanted)]
    if not any(np.any(good & (w != 0)) for good, w in zip(right, wanted)):
        return None
    if _all(lambda f, good: np.all(good | (f == 0)), found, right):
        return "some numbers are 0 that should not be, and all others are right: is a mask too many, or are places left out?"
    if _all(lambda w, good: np.all(good | (w == 0)), wanted, right):
        return "some numbers should be 0 and are not, and all others are right: is a mask missing?"


def _spread_out(found, wanted, given):
    """A sum or mean over an axis stands in place of what it was taken of."""
    for axis, (words, reduce) in product(_axes(wanted), SUMS.items()):
        if _telling(wanted) and _made_by(lambda w: np.broadcast_to(reduce(w, axis=axis, keepdims=True), w.shape), found, wanted):
            return f"each place along axis {axis} holds the {words} of all that are wanted there: {words} over an axis too many?"


SUMS = {"sum": np.sum, "mean": np.mean}


def _running_sum(found, wanted, given):
    if _different(wanted) < 3:
        return None
    for axis in [None, *_axes(wanted)]:
        if _made_by(lambda w: np.cumsum(w, axis).reshape(w.shape), found, wanted):
            return "each number still has those before it in it: set the sum back to 0 before each."


def _whole(found, wanted, given):
    if _all(lambda w: np.array_equal(w, np.round(w)), wanted) and not _all(lambda f: np.array_equal(f, np.round(f)), found):
        return "whole numbers are wanted, and some of yours are not: / keeps the fraction, // rounds down."
    for rounded in (np.floor, np.trunc, np.round, np.ceil):
        if _different(wanted) > 1 and _made_by(rounded, found, wanted):
            return ("yours are the wanted numbers without their fractions: did // or int round them, "
                    "or is the array made for whole numbers (dtype int)?")


def _nearly(found, wanted, given):
    """Off by far less than the result differs from any argument: so not a step that is small by itself."""
    def off(f, w, arguments):
        others = [a for a in arguments.values() if isinstance(a, np.ndarray) and a.shape == w.shape]
        return _scale(f - w) <= 1e-4 * min(_scale(w - a) for a in [0, *others])
    if wanted[0].ndim and _all(off, found, wanted, given):
        return "the numbers are nearly right: no difference is above 1/10,000 of the largest. Is it a rounding, or something small added?"


def _other_order(found, wanted, given):
    if _different(wanted) > 2 and _all(lambda f, w: f.size == w.size and close(np.sort(f, axis=None), np.sort(w, axis=None)), found, wanted):
        return "the numbers are right, but stand in another order. Is a transpose, a reshape or np.tile in the wrong place?"


def _total(found, wanted, given):
    def alike(f, w):
        return w.size > 1 and abs(w.sum()) > 1e-3 * np.abs(w).sum() and np.isclose(f.sum(), w.sum(), rtol=1e-9, atol=0)
    if _telling(wanted) and _all(alike, found, wanted):
        return "your numbers have the right total, but are shared out wrongly: added up over another axis, or at the wrong places?"


def _alike(found, wanted, given):
    if _all(lambda f, w: w.size > 1 and _different([f]) == 1 and _different([w]) > 1, found, wanted):
        return "all of your numbers are the same, and different ones are wanted."


# --- another shape


def _ones(found, wanted, given):
    if _all(lambda f, w: close(np.squeeze(f), np.squeeze(w)), found, wanted):
        if _all(lambda f, w: f.ndim >= w.ndim, found, wanted):
            return "the numbers are right, with an axis of length 1 too many. Is a keepdims=True or [:, None] not needed here?"
        return "the numbers are right, but an axis of length 1 is missing: keepdims=True keeps it."


def _transposed_shape(found, wanted, given):
    if words := _transposed(found, wanted, given):
        return f"the numbers are right, and {words}"
    if _all(lambda f, w: f.shape == w.shape[::-1], found, wanted):
        return "that is the shape transposed. Is a .T missing or too many, or are rows and columns exchanged?"


def _reshaped(found, wanted, given):
    if _all(lambda f, w: close(np.ravel(f), np.ravel(w)), found, wanted):
        return "the numbers are right, and in the right order: reshape them."


def _not_added_up(found, wanted, given):
    for axes, (words, reduce) in product(_sets_of_axes(found), SUMS.items()):
        if any(_made_by_found(reduce, axes, keep, found, wanted) for keep in (False, True)):
            return f"a {words} over axis {_listed(axes)} is missing, and then it is right."


def _made_by_found(reduce, axes, keep, found, wanted):
    return _all(lambda f, w: f.size > w.size and close(np.asarray(reduce(f, axis=axes, keepdims=keep)), w), found, wanted)


def _added_too_far(found, wanted, given):
    for axes, (words, reduce), keep in product(_sets_of_axes(wanted), SUMS.items(), (False, True)):
        if _all(lambda f, w: f.size < w.size, found, wanted) and _made_by(lambda w: reduce(w, axis=axes, keepdims=keep), found, wanted):
            return f"yours is the {words} of the wanted result over axis {_listed(axes)}: leave that axis as it is."


def _sets_of_axes(arrays):
    axes = _axes(arrays)
    return [chosen for count in range(1, len(axes) + 1) for chosen in combinations(axes, count)]


def _listed(axes):
    return " and ".join(map(str, axes))


def _repeated(found, wanted, given):
    def broadcast(f, w):
        fits = all(one in (1, many) for one, many in zip(w.shape[::-1], f.shape[::-1])) and f.ndim >= w.ndim
        return fits and close(f, np.broadcast_to(w, f.shape))
    if _all(broadcast, found, wanted):
        return "yours is the wanted result, repeated: one of it is enough."


def _too_much(found, wanted, given):
    starts = [_start_in(f, w) for f, w in zip(found, wanted)]
    if None not in starts and _different(wanted) > 2:
        return f"the wanted numbers are in it, from {list(starts[0])} on, and more around them: cut those off (padding?)."


def _too_little(found, wanted, given):
    starts = [_start_in(w, f) for f, w in zip(found, wanted)]
    if None not in starts and _different(found) > 2:
        end = "the end" if not any(map(any, starts)) else "the beginning"
        return f"what is there is right, but some is missing at {end}. Does a loop or slice begin too late, or end too early?"


def _start_in(large, small):
    """Where `small` lies in `large`, as a block; None if it does not."""
    if large.ndim != small.ndim or not small.size or any(a < b for a, b in zip(large.shape, small.shape)):
        return None
    for start in np.ndindex(*[a - b + 1 for a, b in zip(large.shape, small.shape)]):
        if close(large[tuple(slice(s, s + size) for s, size in zip(start, small.shape))], small):
            return start
    return None


ONE_SHAPE = (_nothing_there, _unchanged, _factor, _offset, _step, _sign, _transposed, _turned, _shifted, _slice_by_slice,
             _function, _where_an_argument, _part, _zeros, _spread_out, _running_sum, _whole, _alike, _other_order, _nearly, _total)
OTHER_SHAPES = (_ones, _transposed_shape, _reshaped, _not_added_up, _added_too_far, _repeated, _too_much, _too_little,
                _other_order, _total)
