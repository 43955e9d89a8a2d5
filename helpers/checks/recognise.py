"""What kind of mistake a wrong result is, seen from the numbers alone.

A recogniser gets all results of an answer (`found`), the right ones (`wanted`), both lists of arrays with one for each
set of arguments, and those arguments (`given`). It returns words that go on after "Not right
yet: ", or None. What it says must hold for every set of arguments to full precision, and the numbers must be able to
tell it from other mistakes: where all are alike, many things fit. What is no fact but a guess at the cause is a question.
"""
from itertools import combinations, permutations, product

import numpy as np

from .arguments import (element_factor, multiple, named, one_of_them, one_place, other_arguments, step, term, unchanged,
                        where_an_argument)
from .compare import (all_of, close, common_axes, different, equal, in_words, made_by, ratio, scale, shapes_differ, telling,
                      times, well_tested)


def kind_of_mistake(found, wanted, given):
    """Words for the first kind that fits, or None."""
    if not any(scale(w) for w in wanted):
        return None  # where only zeros are wanted, anything is a factor, an order, a sum
    other = [(f.shape, w.shape) for f, w in zip(found, wanted) if f.shape != w.shape]
    finite = all(np.isfinite(f).all() for f in found)
    for recognise in [other_arguments] if not finite else OTHER_SHAPES if other else ONE_SHAPE:
        if words := recognise(found, wanted, given):
            return f"{shapes_differ(*other[0])}: {words}" if other else words
    return None


# --- one shape, other numbers


def _nothing_there(found, wanted, given):
    if all_of(lambda f: not np.any(f), found):
        return "every number of yours is 0. Is the result never filled, or does // round it down?"


def _factor(found, wanted, given):
    ratios = [ratio(f, w) for f, w in zip(found, wanted)]
    if None in ratios or not well_tested(wanted):
        return None
    if np.allclose(ratios, -1, rtol=1e-6):
        return "every number has the wrong sign, and is right but for that. Is a minus missing, or one too many?"
    alike = np.allclose(ratios, ratios[0], rtol=1e-6, atol=0)
    sizes = [max(abs(number), 1 / abs(number)) for number in ratios]
    if alike and different(wanted) == 1 and not _simple(ratios[0]) and not named(sizes, given):
        return None  # one number is a multiple of any other
    if words := multiple(ratios, given):
        return words
    if not alike and all(different([w]) > 2 for w in wanted):
        return f"every number is a multiple of the wanted one, not always the same: {' and '.join(map(times, ratios))} it."


def _simple(number):
    return any(np.isclose(number, simple, rtol=1e-9, atol=0) for simple in (2, 0.5, 100, 0.01))


def _offset(found, wanted, given):
    steps = [float(np.ravel(f)[0]) - float(np.ravel(w)[0]) if w.size else 0.0 for f, w in zip(found, wanted)]
    constant = all_of(lambda f, w, step: close(f, w + step) and abs(step) > 1e-5 * scale(w), found, wanted, steps)
    if not constant or different(wanted) < 2 or not well_tested(wanted):
        return None
    direction = "large" if steps[0] > 0 else "small"
    if np.allclose(steps, steps[0], rtol=1e-6, atol=0):
        return f"every number is {in_words(abs(steps[0]))[0]} too {direction}."
    same_direction = len({step > 0 for step in steps}) == 1
    if same_direction and (name := named(np.abs(steps), given)):
        return f"every number is too {direction} by {name}."
    if all(different([w]) > 2 for w in wanted):
        return f"all numbers are off by the same amount, another one for each set of arguments: {' and '.join(in_words(*steps))}."


def _sign(found, wanted, given):
    if not made_by(np.abs, map(np.abs, found), wanted):
        return None
    if all_of(lambda f: not np.any(f < 0), found):
        return "yours are the absolute values: the negative numbers have lost their sign."
    return "the numbers are right but for their signs, and only some signs are wrong."


def _turned(found, wanted, given):
    for axis in common_axes(wanted):
        if made_by(lambda w: np.flip(w, axis), found, wanted):
            if all_of(lambda w: w.shape == (2,), wanted):
                return "the two numbers are exchanged."
            return f"the order along axis {axis} is reversed."
    if wanted[0].ndim > 1 and made_by(np.flip, found, wanted):
        return "the result is turned round: the order along every axis is reversed."


def _transposed(found, wanted, given):
    for axes in _orders(wanted):
        if made_by(lambda w: w.transpose(axes), found, wanted):
            return f"it is the wanted result transposed: the axes {_exchanged(axes)} are exchanged."


def _orders(arrays):
    dimensions = len(common_axes(arrays))
    return list(permutations(range(dimensions)))[1:] if dimensions <= 4 else []


def _exchanged(axes):
    return " and ".join(str(axis) for axis, other in enumerate(axes) if axis != other)


def _shifted(found, wanted, given):
    for axis, step in product(common_axes(wanted), (1, -1)):
        overlaps = [(_cut(f, axis, step), _cut(w, axis, -step)) for f, w in zip(found, wanted)]
        if different([w for _, w in overlaps]) > 2 and all_of(lambda pair: close(*pair), overlaps):
            return f"every number stands one place too {'late' if step > 0 else 'early'} along axis {axis}."


def _cut(array, axis, step):
    """Without its first place along the axis (1), or its last (-1)."""
    return np.moveaxis(np.moveaxis(array, axis, 0)[1:] if step > 0 else np.moveaxis(array, axis, 0)[:-1], 0, axis)


def _slice_by_slice(found, wanted, given):
    """Along an axis all is right, but for a factor or an offset of its own in each row."""
    def off_alike(f, w):
        step = (f - w)[0]
        return close(f, w) or abs(step) > 1e-5 * scale(w) and close(f, w + step)
    for axis in common_axes(wanted) if wanted[0].ndim > 1 else ():
        if sum(w.size - w.size // max(w.shape[axis], 1) for w in wanted) < 4 or different(wanted) < 4:
            continue
        if _made_of_rows(off_alike, found, wanted, axis):
            return (f"along axis {axis} all are off by the same number, another one for each row: "
                    f"is something that is added up over axis {axis} missing, or wrong?")
        if _made_of_rows(lambda f, w: ratio(f, w) is not None or close(f, w), found, wanted, axis):
            return (f"along axis {axis} all are off by the same factor, another one for each row: "
                    f"is a division by a sum over axis {axis} missing, or wrong?")


def _made_of_rows(relation, found, wanted, axis):
    def rows(array):
        return np.moveaxis(array, axis, -1).reshape(-1, array.shape[axis])
    return all(all_of(relation, rows(f), rows(w)) for f, w in zip(found, wanted))


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
        if telling(wanted) and made_by(change, found, wanted):
            return f"every number is {words}."


def _part(found, wanted, given):
    """Right at some places along an axis only, the same in every case."""
    if not given.tables[0]:
        return None  # a prediction, which no loop made
    for axis in common_axes(wanted):
        right = [_right_places(f, w, axis) for f, w in zip(found, wanted)]
        if any(not len(places) for places in right):
            continue
        if all(w.shape == (2,) and list(places) == list(right[0]) for w, places in zip(wanted, right)):
            return f"the {('first', 'second')[right[0][0]]} of the two numbers is right, and the other is not."
        for words, chosen in PARTS.items():
            if all(list(places) == list(chosen(w.shape[axis])) for w, places in zip(wanted, right)):
                along = f" along axis {axis}" if wanted[0].ndim > 1 else ""
                return words.format(along)


def _right_places(found, wanted, axis):
    """Along the axis; none at all if only zeros are right, or all is."""
    others = tuple(other for other in range(wanted.ndim) if other != axis)
    right = equal(found, wanted).all(axis=others)
    return np.flatnonzero(right) if not right.all() and np.any(wanted.swapaxes(0, axis)[right]) else []


PARTS = {  # which places along the axis are right
    "only the first place{} is right: does a return inside the loop end it too soon?": lambda n: [0],
    "only the last place{} is right: is what the loop found before overwritten?": lambda n: [n - 1],
    "all is right but the last place{}: does a loop or slice end one too early?": lambda n: range(n - 1),
    "all is right but the first place{}: does a loop or slice begin one too late?": lambda n: range(1, n),
    "the inside is right, and the first and last place{} are wrong: is it the padding?":
        lambda n: range(1, n - 1) if n > 4 else [],
}


def _zeros(found, wanted, given):
    right = [equal(f, w) for f, w in zip(found, wanted)]
    if not any(np.any(good & (w != 0)) for good, w in zip(right, wanted)):
        return None
    if all_of(lambda f, good: np.all(good | (f == 0)), found, right):
        return "some numbers are 0 that should not be, and all others are right: is a mask too many, or are places left out?"
    if all_of(lambda w, good: np.all(good | (w == 0)), wanted, right):
        return "some numbers should be 0 and are not, and all others are right: is a mask missing?"


def _spread_out(found, wanted, given):
    """A sum or mean over an axis stands in place of what it was taken of."""
    for axis, (words, reduce) in product(common_axes(wanted), SUMS.items()):
        if telling(wanted) and made_by(lambda w: np.broadcast_to(reduce(w, axis=axis, keepdims=True), w.shape), found, wanted):
            return f"each place along axis {axis} holds the {words} of all that are wanted there: {words} over an axis too many?"


SUMS = {"sum": np.sum, "mean": np.mean}
GATHERED = SUMS | {"product": np.prod, "maximum": np.max}


def _running_sum(found, wanted, given):
    if different(wanted) < 3:
        return None
    for axis in [None, *common_axes(wanted)]:
        if made_by(lambda w: np.cumsum(w, axis).reshape(w.shape), found, wanted):
            return "each number still has those before it in it: set the sum back to 0 before each."


def _are_whole(wanted):
    return all(w.dtype.kind in "iu" for w in wanted)


def _fraction(found, wanted, given):
    if _are_whole(wanted) and made_by(np.floor, wanted, found):
        return "yours is right but for its fraction, and whole numbers are wanted: // rounds down."


def _whole(found, wanted, given):
    if _are_whole(wanted) and not all_of(lambda f: np.array_equal(f, np.round(f)), found):
        return "whole numbers are wanted, and some of yours have a fraction. Is / written for //, or is a rounding missing?"
    for rounded in (np.floor, np.trunc, np.round, np.ceil):
        if different(wanted) > 1 and made_by(rounded, found, wanted):
            return ("yours are the wanted numbers without their fractions: did // or int round them, "
                    "or is the array made for whole numbers (dtype int)?")


def _nearly(found, wanted, given):
    """Off by far less than the result differs from any argument: so not a step that is small by itself."""
    def off(f, w, arguments):
        others = [a for a in arguments.values() if isinstance(a, np.ndarray) and a.shape == w.shape]
        return scale(f - w) <= 1e-4 * min(scale(w - a) for a in [0, *others])
    if wanted[0].ndim and all_of(off, found, wanted, given.tables):
        return ("the numbers are nearly right: no difference is above 1/10,000 of the largest. "
                "Is it a rounding, or something small added?")


def _other_order(found, wanted, given):
    if different(wanted) > 2 and all_of(lambda f, w: close(np.sort(f, axis=None), np.sort(w, axis=None)), found, wanted):
        return "the numbers are right, but stand in another order. Is a transpose, a reshape or np.tile in the wrong place?"


def _total(found, wanted, given):
    def alike(f, w):
        return w.size > 2 and abs(w.sum()) > 1e-3 * np.abs(w).sum() and np.isclose(f.sum(), w.sum(), rtol=1e-9, atol=0)
    if telling(wanted) and all_of(alike, found, wanted):
        return ("your numbers have the right total, but are shared out wrongly: "
                "added up over another axis, or at the wrong places?")


def _alike(found, wanted, given):
    if all_of(lambda f, w: w.size > 1 and different([f]) == 1 and different([w]) > 1, found, wanted):
        return "all of your numbers are the same, and different ones are wanted."


# --- another shape


def _ones(found, wanted, given):
    if all_of(lambda f, w: close(np.squeeze(f), np.squeeze(w)), found, wanted):
        if all_of(lambda f, w: f.ndim >= w.ndim, found, wanted):
            return "the numbers are right, with an axis of length 1 too many. Is a keepdims=True or [:, None] not needed here?"
        return "the numbers are right, but an axis of length 1 is missing: keepdims=True keeps it."


def _transposed_shape(found, wanted, given):
    if words := _transposed(found, wanted, given):
        return f"the numbers are right, and {words}"
    if all_of(lambda f, w: f.shape == w.shape[::-1], found, wanted):
        return "that is the shape transposed. Is a .T missing or too many, or are rows and columns exchanged?"


def _reshaped(found, wanted, given):
    if all_of(lambda f, w: close(np.ravel(f), np.ravel(w)), found, wanted):
        return "the numbers are right, and in the right order: reshape them."


def _not_gathered(found, wanted, given):
    for axes, (words, reduce), keep in product(_sets_of_axes(found), GATHERED.items(), (False, True)):
        if all_of(lambda f, w: f.size > w.size and close(_gathered(f, reduce, axes, keep), w), found, wanted):
            return f"the {words} over {_listed(axes)} is missing, and then it is right."


def _gathered_too_far(found, wanted, given):
    for axes, (words, reduce), keep in product(_sets_of_axes(wanted), SUMS.items(), (False, True)):
        if all_of(lambda f, w: w.size - f.size > 1 and close(f, _gathered(w, reduce, axes, keep)), found, wanted):
            return f"yours is the {words} of the wanted result over {_listed(axes)}, which is to stay as it is."


def _gathered(array, reduce, axes, keep):
    one_at_a_time = sorted(axes, reverse=True)
    for axis in one_at_a_time:
        array = np.asarray(reduce(array, axis=axis, keepdims=keep))
    return array


def _sets_of_axes(arrays):
    axes = common_axes(arrays)
    return [chosen for count in range(1, len(axes) + 1) for chosen in combinations(axes, count)]


def _listed(axes):
    return f"{'axis' if len(axes) == 1 else 'axes'} {' and '.join(map(str, axes))}"


def _repeated(found, wanted, given):
    def broadcast(f, w):
        fits = all(one in (1, many) for one, many in zip(w.shape[::-1], f.shape[::-1])) and f.ndim >= w.ndim
        return fits and close(f, np.broadcast_to(w, f.shape))
    if all_of(broadcast, found, wanted):
        return "yours is the wanted result, repeated: one of it is enough."


def _not_repeated(found, wanted, given):
    for axis in common_axes([*found, *wanted]):
        if all_of(lambda f, w: f.shape[axis] and close(np.repeat(f, w.shape[axis] // f.shape[axis], axis), w), found, wanted):
            return f"it is right once each number is repeated along axis {axis}."


def _too_much(found, wanted, given):
    if all_of(lambda f, w: f.ndim == w.ndim + 1 and len(f) and close(f[-1], w), found, wanted):
        return "the last along axis 0 is right: return that alone."
    starts = [_start_in(f, w) for f, w in zip(found, wanted)]
    if None not in starts and telling(wanted):
        return f"the wanted numbers are in it, from {list(starts[0])} on, and more around them: cut those off (padding?)."


def _too_little(found, wanted, given):
    for axis in (0, -1):
        if all_of(lambda f, w: w.ndim == f.ndim + 1 and len(w) and close(f, w[axis]), found, wanted) and telling(found):
            return f"yours is the {'last' if axis else 'first'} part of the wanted result alone: the others are missing."
    starts = [_start_in(w, f) for f, w in zip(found, wanted)]
    if None not in starts and telling(found):
        early = any(s > 0 for start in starts for s in start)
        late = any(s + n < m for start, f, w in zip(starts, found, wanted) for s, n, m in zip(start, f.shape, w.shape))
        where = "both ends" if early and late else "the beginning" if early else "the end"
        return f"what is there is right, but some is missing at {where}. Does a loop or slice begin too late, or end too early?"


def _start_in(large, small):
    """Where `small` lies in `large`, as a block; None if it does not."""
    if large.ndim != small.ndim or not small.size or any(a < b for a, b in zip(large.shape, small.shape)):
        return None
    for start in np.ndindex(*[a - b + 1 for a, b in zip(large.shape, small.shape)]):
        if close(large[tuple(slice(s, s + size) for s, size in zip(start, small.shape))], small):
            return start
    return None


ONE_SHAPE = (
    _nothing_there, unchanged, _fraction, _factor, _offset, step, _sign, other_arguments, term, element_factor, _transposed,
    _turned, _shifted, _running_sum, _slice_by_slice, _function, where_an_argument, one_place, _part, _zeros, _whole,
    _spread_out, _alike, _other_order, _nearly, _total)
OTHER_SHAPES = (
    _ones, _transposed_shape, _reshaped, _repeated, _not_gathered, other_arguments, one_of_them, _gathered_too_far,
    _not_repeated, _too_much, _too_little, _other_order, _total)
