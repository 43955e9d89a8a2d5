"""What an exercise is, and the verdict on an answer to it."""
import contextlib
import copy
import dis
import inspect
import io
import warnings
from dataclasses import dataclass

import numpy as np

from .errors import explain
from .recognise import close, in_words, kind_of_mistake, place_of, shapes_differ


@dataclass(frozen=True)
class Exercise:
    """What a learner's function is compared with.

    `cases`: tuples of arguments, or `[()]` for a function without any, which is a prediction or a choice.
    `truth`: the right function. What it returns says what is wanted: a number or an array; a tuple of arrays, named by
    `outputs`; or one of the `choices`, text such as "B".
    `mistakes`: {hint: wrong function}; the wrong functions of a choice return the wrong letters.
    """

    cases: list
    truth: callable
    mistakes: dict
    praise: str = ""
    names: tuple = ()      # of the arguments that the answer must leave as they are
    outputs: tuple = ()    # names of the arrays, where several are returned: ("dx", "dw", "db")
    choices: tuple = ("A", "B", "C")  # all that a choice can be
    tolerance: float = 0.0  # how far a predicted number may be off: 0.05 is one part in twenty


class Fault(Exception):
    """Why an answer is not right, in words for the learner."""


def verdict(answer, exercise):
    """What to tell the author of `answer`: that it is right, or the first fault that is found."""
    try:
        _judge(answer, exercise)
    except Fault as fault:
        return str(fault)
    return f"Right. {exercise.praise}".strip()


def _judge(answer, exercise):
    runs = [_run(answer, case, exercise) for case in exercise.cases]
    results = [result for result, _ in runs]
    _refuse_nothing(answer, exercise, results, "".join(printed for _, printed in runs))
    if isinstance(_quietly(exercise.truth, exercise.cases[0]), str):
        _judge_choice(results[0], exercise)
    elif len(_outputs(exercise)) == 1:
        _judge_numbers(answer, exercise, results)
    else:
        _judge_several(answer, exercise, results)


# --- running the answer


def _run(answer, case, exercise):
    """Its result and what it printed, which is shown at once where something is returned as well."""
    given, printed = copy.deepcopy(case), io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            result = _quietly(answer, given)
    except Exception as error:  # whatever the learner's code raises is for the learner to see
        print(printed.getvalue(), end="")
        raise Fault(explain(error, answer, exercise.choices)) from error
    if result is not None:
        print(printed.getvalue(), end="")
    for name, before, after in zip(exercise.names, case, given):
        if not np.array_equal(before, after):
            also = " and return it" if result is None else ""
            raise Fault(f"Your function changed {name}, which its caller still needs: compute a new array instead{also}.")
    return result, printed.getvalue()


def _quietly(function, case):
    """Its result, without the warnings that would stand over the verdict: nan and infinity are found in the result."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return function(*case)


def _of(function, exercise):
    """What the truth or a known mistake returns, for each case."""
    return [_quietly(function, copy.deepcopy(case)) for case in exercise.cases]


# --- nothing returned


def _refuse_nothing(answer, exercise, results, printed):
    missing = [place for place, result in enumerate(results) if result is None]
    if not missing:
        return
    if _is_stub(answer):
        raise Fault("Not tried yet: the function returns nothing.")
    if printed:
        text = printed.strip().replace("\n", " | ")
        raise Fault("Your function returns None: did you print instead of return? What is printed is seen but not handed over. "
                    f"Write return where you wrote print. It printed: {text if len(text) <= 200 else text[:200] + ' ...'}")
    if len(missing) < len(results):
        raise Fault(f"Your function returns None for {_describe(answer, exercise, missing[0])}, and something for other arguments: "
                    "let every branch end in a return.")
    raise Fault("Your function returns None: it computes, but does not hand over what it found. Its last line must be a return.")


def _is_stub(answer):
    """Whether the function does nothing at all."""
    idle = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "COPY_FREE_VARS"}
    return hasattr(answer, "__code__") and all(step.opname in idle for step in dis.get_instructions(answer))


# --- choices and predictions: the verdict must not give the answer away


def _judge_choice(result, exercise):
    wanted, = _of(exercise.truth, exercise)
    letters = ", ".join(exercise.choices)
    if not isinstance(result, str):
        raise Fault(f"Return one of the letters {letters} in quotation marks: yours is {_kind(result)}.")
    chosen = {choice.upper(): choice for choice in exercise.choices}.get(result.strip(" \t\n.():").upper())
    if chosen is None:
        raise Fault(f"{result.strip()!r} is none of the choices: {letters}.")
    if chosen != wanted:
        for hint, wrong in exercise.mistakes.items():
            if _of(wrong, exercise) == [chosen]:
                raise Fault(hint)
        raise Fault(f"Not right yet: it is not {chosen}.")


def _refuse_prediction(found, wanted, tolerance):
    """Says in which direction and how far a predicted number is off, roughly."""
    if not np.isfinite(found):
        raise Fault(f"Not right yet: yours is {found}, and a finite number is wanted.")
    if not wanted or not found:
        raise Fault(f"Not right yet: {'a number other than 0' if wanted else 'another number'} is wanted.")
    ratio = found / wanted
    if ratio < 0:
        only = abs(ratio + 1) <= max(tolerance, 1e-6)
        raise Fault(f"Not right yet: the sign is wrong{', and only the sign' if only else ''}.")
    direction, times = ("large", ratio) if ratio > 1 else ("small", 1 / ratio)
    if times < 1.002:
        raise Fault(f"Nearly: your number is a very little too {direction}. Let Python compute it, or give more digits.")
    if times < 1.5:
        raise Fault(f"Not right yet: your number is a little too {direction}.")
    percent = " Is one of the two in per cent?" if abs(times / 100 - 1) <= max(tolerance, 1e-6) else ""
    raise Fault(f"Not right yet: your number is too {direction} by a factor of about {float(f'{times:.0e}'):,.0f}.{percent}")


# --- numbers and arrays


def _judge_numbers(answer, exercise, results):
    wanted = [np.asarray(want) for want in _of(exercise.truth, exercise)]
    found = [_array(result, want) for result, want in zip(results, wanted)]
    if _right(found, wanted, exercise):
        return
    for hint, wrong in exercise.mistakes.items():
        if _all_close(found, map(np.asarray, _of(wrong, exercise)), exercise.tolerance):
            raise Fault(hint)
    if not exercise.cases[0] and found[0].shape == wanted[0].shape == ():
        _refuse_prediction(found[0].item(), wanted[0].item(), exercise.tolerance)
    raise Fault(f"Not right yet: {_mistake(answer, exercise, found, wanted)}")


def _judge_several(answer, exercise, results):
    """Several arrays: each gets its own verdict, by its name."""
    names, wanted = _outputs(exercise), [list(map(np.asarray, want)) for want in _of(exercise.truth, exercise)]
    found = [[_array(part, like, f"your {name}") for name, part, like in zip(names, _parts(result, names), want)]
             for result, want in zip(results, wanted)]
    found, wanted = list(zip(*found)), list(zip(*wanted))  # from here on by output: found[output][case]
    right = [_right(f, w, exercise, output) for output, (f, w) in enumerate(zip(found, wanted))]
    if all(right):
        return
    _refuse_swapped(names, found, wanted, right)
    done = "".join(f"{name} is right. " for name, good in zip(names, right) if good)
    mistakes = {hint: list(zip(*_of(wrong, exercise))) for hint, wrong in exercise.mistakes.items()}
    for hint, wrong in mistakes.items():  # the same mistake in all that is wrong
        if all(good or _all_close(f, map(np.asarray, x)) for good, f, x in zip(right, found, wrong)):
            raise Fault(done + hint)
    first = right.index(False)
    for hint, wrong in mistakes.items():
        if _all_close(found[first], map(np.asarray, wrong[first])):
            raise Fault(f"{done}In {names[first]}: {hint}")
    raise Fault(f"{done}{names[first]} is not right yet: {_mistake(answer, exercise, found[first], wanted[first])}")


def _refuse_swapped(names, found, wanted, right):
    for one in range(len(names)):
        for other in range(one):
            if not right[one] and not right[other] and _all_close(found[one], wanted[other]) and _all_close(found[other], wanted[one]):
                raise Fault(f"{names[other]} and {names[one]} are exchanged: return {', '.join(names)}, in this order.")


def _outputs(exercise):
    """Names of what is to be returned."""
    wanted = _quietly(exercise.truth, copy.deepcopy(exercise.cases[0]))
    if not isinstance(wanted, tuple):
        return ("the result",)
    return exercise.outputs or tuple(f"output {place}" for place in range(1, len(wanted) + 1))


def _parts(result, names):
    """The arrays that were returned, as many as there are names."""
    many = f"Your function must return {len(names)} things, {', '.join(names)}, in this order"
    if not isinstance(result, tuple | list | np.ndarray) or np.ndim(result) == 0 and isinstance(result, np.ndarray):
        raise Fault(f"{many}, but it returns {_kind(result)}.")
    if len(result) != len(names):
        raise Fault(f"{many}, but it returns {_kind(result)}.")
    return result


def _array(result, want, what="it"):
    """The result as an array, if it is one, or can be seen as one."""
    if isinstance(result, np.matrix):
        raise Fault("Your function returns a np.matrix, whose * and shapes are not those of an array: return a np.array.")
    if result is None:
        raise Fault(f"Not right yet: {what.removeprefix('your ')} is None.")
    try:
        array = np.asarray(result)
    except ValueError:  # several things of different shapes
        array = np.asarray(None)
    if array.dtype.kind in "buif" and not (isinstance(result, tuple) and array.shape != want.shape):
        return array
    if isinstance(result, tuple | list):
        _refuse_one_of_many(result, want)
    must = "Your function must return one number or one array" if what == "it" else f"{what} must be one number or one array"
    raise Fault(f"{must}, but {'it returns' if what == 'it' else 'it is'} {_kind(result)}: look at the line with return.")


def _refuse_one_of_many(result, want):
    """A sequence where one thing is wanted: one of its members may be it, or a decimal comma made it."""
    if len(result) == 2 and want.shape == () and all(type(part) is int for part in result):
        raise Fault(f"{result[0]},{result[1]} are two numbers to Python: write a decimal number with a point, {result[0]}.{result[1]}")
    for place, part in enumerate(result):
        if isinstance(part, np.ndarray | float | int) and close(np.asarray(part), want):
            raise Fault(f"Not right yet: your function returns {len(result)} things, where one is wanted. "
                        f"Number {place + 1} of them is right: return it alone.")


def _kind(result):
    """What the result is, in plain words."""
    if callable(result):
        return f"the function {getattr(result, '__name__', '')} itself: are its brackets missing"
    if isinstance(result, str):
        return "text"
    if isinstance(result, np.ndarray):
        return f"one array of shape {result.shape}"
    if isinstance(result, bool | int | float | np.number | np.bool):
        return "one number"
    if isinstance(result, tuple | list):
        return f"a {type(result).__name__} of {len(result)} things"
    return f"a {type(result).__name__}"


# --- comparing


def _all_close(found, wanted, tolerance=0.0):
    return all(close(f, w, tolerance) for f, w in zip(found, wanted, strict=True))


def _right(found, wanted, exercise, output=None):
    if _all_close(found, wanted, exercise.tolerance):
        return True
    return any(f.dtype == np.float32 for f in found) and _right_in_single_precision(found, wanted, exercise, output)


def _right_in_single_precision(found, wanted, exercise, output):
    """A float32 may be as far off as the truth is when it is given float32."""
    for case, f, w in zip(exercise.cases, found, wanted):
        rough = _quietly(exercise.truth, [a.astype(np.float32) if isinstance(a, np.ndarray) else a for a in case])
        rough = np.asarray(rough if output is None else rough[output], np.float64)
        slack = 4 * np.abs(rough - w).max(initial=0) + 2e-6 * np.abs(w).max(initial=0)
        if f.shape != w.shape or not np.abs(f - w).max(initial=0) <= slack:
            return False
    return True


# --- what is wrong, where no known mistake fits


def _mistake(answer, exercise, found, wanted):
    """The rest of a sentence on what is wrong: what holds for all cases, else where the first difference is."""
    arguments = [_named(answer, case) for case in exercise.cases]
    for place, (f, w) in enumerate(zip(found, wanted)):
        if f.shape == w.shape and f.dtype.kind == "f" and np.isfinite(w).all() and not np.isfinite(f).all():
            return _not_finite(f, w) + _for_case(answer, exercise, place)
    with np.errstate(all="ignore"):
        if kind := kind_of_mistake(list(map(_as_floats, found)), list(map(_as_floats, wanted)), arguments):
            return kind
    if any(f.shape != w.shape for f, w in zip(found, wanted)):
        place = next(place for place, (f, w) in enumerate(zip(found, wanted)) if f.shape != w.shape)
        return shapes_differ(found[place].shape, wanted[place].shape) + _for_case(answer, exercise, place)
    place = next(place for place, (f, w) in enumerate(zip(found, wanted)) if not close(f, w, exercise.tolerance))
    return _first_difference(found[place], wanted[place], bool(exercise.cases[0])) + _for_case(answer, exercise, place, found, wanted)


def _as_floats(array):
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _first_difference(found, wanted, reveal):
    where = np.unravel_index(np.flatnonzero(~np.isclose(found, wanted, rtol=1e-6, atol=1e-9))[0], wanted.shape)
    yours, want = in_words(found[where], wanted[where])
    return f"{place_of(where)}yours is {yours}, {'wanted ' + want if reveal else 'and another number is wanted'}"


def _not_finite(found, wanted):
    where = np.unravel_index(np.flatnonzero(~np.isfinite(found))[0], found.shape)
    kinds = {"nan": "nan comes from 0/0, inf - inf, inf/inf, or the root or logarithm of a negative number",
             "inf": "infinity comes from a division by 0, log(0), or exp of a large number"}
    value = f"{found[where]}"
    return f"{place_of(where)}yours is {value}, wanted {in_words(wanted[where])[0]}: {kinds[value.strip('-')]}"


def _for_case(answer, exercise, place, found=(), wanted=()):
    """", for ..." where there are several cases, and which of them are right."""
    if len(exercise.cases) == 1:
        return "."
    right = sum(close(f, w, exercise.tolerance) for f, w in zip(found, wanted))
    others = f" It is right for {right} of {len(exercise.cases)} sets of arguments." if right else ""
    return f", for {_describe(answer, exercise, place)}.{others}"


def _named(answer, case):
    """{name: argument}, in the names that the learner gave them."""
    try:
        names = list(inspect.signature(answer).parameters)
    except (TypeError, ValueError):
        names = []
    if len(names) != len(case):
        names = [f"argument {place}" for place in range(1, len(case) + 1)]
    return dict(zip(names, case))


def _describe(answer, exercise, place):
    return ", ".join(f"{name} = {np.round(argument, 4).tolist()}" if np.size(argument) <= 12 and np.ndim(argument) < 2 or isinstance(argument, list)
                     else f"{name} of shape {np.shape(argument)}"
                     for name, argument in _named(answer, exercise.cases[place]).items())


def draws(*shapes):
    """Arrays of these shapes, the same each time."""
    rng = np.random.default_rng(7)
    return [rng.standard_normal(shape) for shape in shapes]
