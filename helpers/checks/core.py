"""What an exercise is, and the verdict on an answer to it."""
import contextlib
import copy
import inspect
import io
import warnings
from dataclasses import dataclass

import numpy as np

from .arguments import Given
from .bytecode import is_stub, loops_once, unused
from .compare import close, equal, in_words, place_of, shapes_differ
from .errors import explain, raised_by
from .recognise import kind_of_mistake


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


@dataclass(frozen=True)
class Result:
    """What an answer is worth: true where it is right. A notebook shows nothing of it, as its words are printed."""

    passed: bool
    untried: bool  # the function is as it was handed out
    text: str      # for the learner

    def __bool__(self):
        return self.passed

    def _ipython_display_(self):
        pass


class Fault(Exception):
    """Why an answer is not right, in words for the learner."""


class Untried(Fault):
    """Nothing was written yet."""


def judge(answer, exercise):
    """The Result of `answer`: that it is right, or the first fault that is found."""
    try:
        _judge(answer, exercise)
    except Fault as fault:
        return Result(False, isinstance(fault, Untried), str(fault))
    return Result(True, False, f"Right. {exercise.praise}".strip())


def verdict(answer, exercise):
    """The words of `judge`."""
    return judge(answer, exercise).text


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
        if isinstance(error, NotImplementedError) and raised_by(error, answer):
            raise Untried("Not tried yet: the function raises NotImplementedError.") from error
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
    if is_stub(answer):
        raise Untried("Not tried yet: the function returns nothing.")
    if printed:
        text = printed.strip().replace("\n", " | ")
        raise Fault("Your function returns None: did you print instead of return? What is printed is seen but not handed over. "
                    f"Write return where you wrote print. It printed: {text if len(text) <= 200 else text[:200] + ' ...'}")
    if len(missing) < len(results):
        raise Fault(f"Your function returns None for {_describe(answer, exercise, missing[0])}, "
                    "and something for other arguments: let every branch end in a return.")
    raise Fault("Your function returns None: it computes, but does not hand over what it found. Its last line must be a return.")


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


def _refuse_decimal_comma(result, wanted):
    if isinstance(result, tuple) and len(result) == 2 and wanted.shape == () and all(type(part) is int for part in result):
        raise Fault(f"{result[0]},{result[1]} are two numbers to Python: write a decimal number with a point.")


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
    if times > 1e6:
        raise Fault(f"Not right yet: your number is too {direction} by far, more than a million times.")
    percent = " Is one of the two in per cent?" if abs(times / 100 - 1) <= max(tolerance, 1e-6) else ""
    raise Fault(f"Not right yet: your number is too {direction} by a factor of about {float(f'{times:.0e}'):,.0f}.{percent}")


# --- numbers and arrays


def _judge_numbers(answer, exercise, results):
    wanted = [np.asarray(want) for want in _of(exercise.truth, exercise)]
    if not exercise.cases[0]:
        _refuse_decimal_comma(results[0], wanted[0])
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
            raise Fault(hint)
    first = right.index(False)
    for hint, wrong in mistakes.items():
        if _all_close(found[first], map(np.asarray, wrong[first])):
            raise Fault(f"{done}In {names[first]}: {hint}")
    raise Fault(f"{done}{names[first]} is not right yet: {_mistake(answer, exercise, found[first], wanted[first], first)}")


def _refuse_swapped(names, found, wanted, right):
    for one in range(len(names)):
        for other in range(one):
            wrong = not right[one] and not right[other]
            if wrong and _all_close(found[one], wanted[other]) and _all_close(found[other], wanted[one]):
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
    parts = result.ndim > 0 if isinstance(result, np.ndarray) else isinstance(result, tuple | list)
    if not parts or len(result) != len(names):
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
    """A sequence where one thing is wanted: one of its members may be it, or their sum."""
    for place, part in enumerate(result):
        if isinstance(part, np.ndarray | float | int) and close(np.asarray(part), want):
            raise Fault(f"Not right yet: your function returns {len(result)} things, where one is wanted. "
                        f"Number {place + 1} of them is right: return it alone.")
    if all(isinstance(part, np.ndarray) and part.shape == want.shape for part in result) and close(sum(result), want):
        raise Fault(f"Not right yet: your function returns {len(result)} things, where one is wanted: their sum.")


def _kind(result):
    """What the result is, in plain words."""
    if callable(result):
        return f"the function {getattr(result, '__name__', '')} itself, without its brackets"
    if isinstance(result, str):
        return "text"
    if isinstance(result, np.ndarray):
        return f"one array of shape {result.shape}" if result.dtype.kind in "buif" else f"an array of dtype {result.dtype}"
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
        rough = _in_single_precision(exercise.truth, case)
        rough = np.asarray(rough if output is None else rough[output], np.float64)
        slack = 4 * np.abs(rough - w).max(initial=0) + 2e-6 * np.abs(w).max(initial=0)
        if f.shape != w.shape or not np.abs(f - w).max(initial=0) <= slack:
            return False
    return True


def _in_single_precision(truth, case):
    try:
        return _quietly(truth, [a.astype(np.float32) if isinstance(a, np.ndarray) else a for a in case])
    except TypeError:  # a function of the course that wants all its arrays in one precision
        return _quietly(truth, case)


# --- what is wrong, where no known mistake fits


def _mistake(answer, exercise, found, wanted, output=None):
    """The rest of a sentence on what is wrong: its kind, if that can be seen, else where the first difference is."""
    if all(w.dtype == bool for w in wanted):
        return _truth_value(answer, exercise, found, wanted)
    found = [f if f.dtype == np.float32 else f.astype(np.float64) for f in found]
    if loops_once(answer):
        return "a loop of yours ends in its first round. Is the return indented too far?"
    given = Given([_named(answer, case) for case in exercise.cases],
                  exercise.truth if output is None else lambda *case: exercise.truth(*case)[output])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if kind := kind_of_mistake(found, wanted, given):
            return kind
    hint = "".join(f" Your function makes no use of {name}." for name in unused(answer))
    for place, (f, w) in enumerate(zip(found, wanted)):
        if f.shape != w.shape:
            return shapes_differ(f.shape, w.shape) + _for_case(answer, exercise, place) + hint
    right = [close(f, w, exercise.tolerance) for f, w in zip(found, wanted)]
    place = next((place for place, f in enumerate(found) if not np.isfinite(f).all()), right.index(False))
    others = f" It is right for {sum(right)} of {len(right)} sets of arguments." if any(right) else ""
    difference = _first_difference(found[place], wanted[place], reveal=bool(exercise.cases[0]))
    return difference + _for_case(answer, exercise, place) + others + hint


def _truth_value(answer, exercise, found, wanted):
    """What is wrong where True or False is wanted."""
    if not all(np.isin(f, (0, 1)).all() for f in found):
        return "True or False is wanted, and yours is another number: return what a comparison gives, such as score > 0."
    same = [f.shape == w.shape for f, w in zip(found, wanted)]
    if not all(same):
        place = same.index(False)
        return shapes_differ(found[place].shape, wanted[place].shape) + _for_case(answer, exercise, place)
    if all(np.array_equal(f, 1 - w) for f, w in zip(found, wanted)):
        return "every True should be False, and every False True."
    place = next(place for place, (f, w) in enumerate(zip(found, wanted)) if not np.array_equal(f, w))
    where = tuple(np.argwhere(found[place] != wanted[place])[0])
    want = bool(wanted[place][where])
    return f"{place_of(where)}yours is {not want}, wanted {want}" + _for_case(answer, exercise, place)


SOURCES = {"nan": ": nan comes from 0/0, inf - inf, inf/inf, or the root or logarithm of a negative number",
           "inf": ": infinity comes from a division by 0, the logarithm of 0, or exp of a large number"}


def _first_difference(found, wanted, reveal):
    """Where it is: first of all at a nan or infinity, with what makes such."""
    wrong = np.isfinite(wanted) & ~np.isfinite(found)
    wrong = wrong if wrong.any() else ~equal(found, wanted)
    where = np.unravel_index(np.flatnonzero(wrong)[0], wanted.shape)
    yours, want = in_words(found[where], wanted[where])
    source = SOURCES.get(yours.strip("-"), "")
    return f"{place_of(where)}yours is {yours}, {'wanted ' + want if reveal else 'and another number is wanted'}{source}"


def _for_case(answer, exercise, place):
    """The end of a sentence: for which arguments, where there are several sets of them."""
    return "." if len(exercise.cases) == 1 else f" (for {_describe(answer, exercise, place)})."


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
    return ", ".join(f"{name} {_short(argument)}" for name, argument in _named(answer, exercise.cases[place]).items())


def _short(argument):
    if isinstance(argument, np.ndarray) and argument.size <= 4 and argument.ndim == 1:
        return f"= [{', '.join(in_words(number)[0] for number in argument)}]"
    if isinstance(argument, np.ndarray):
        return f"of shape {argument.shape}"
    if isinstance(argument, int | float):
        return f"= {in_words(argument)[0]}"
    return f"= {argument}" if len(str(argument)) <= 80 else f"(a {type(argument).__name__})"


def draws(*shapes):
    """Arrays of these shapes, the same each time."""
    rng = np.random.default_rng(7)
    return [rng.standard_normal(shape) for shape in shapes]
