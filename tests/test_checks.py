"""Exercises: each stub, planted mistake and solution gets the answer that it should."""
import ast
import contextlib
import io
import json
import re
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from wrong_answers import RIGHT, WRONG

from helpers.checks import EXERCISES, check, verdict
from helpers.checks.bytecode import loops_once, unused
from helpers.checks.compare import in_words
from helpers.checks.core import Exercise, draws, judge

NOTEBOOKS = sorted(Path(__file__).parents[1].glob("notebooks/[0-9]*.ipynb"))
MISTAKES = [(name, hint) for name, exercise in EXERCISES.items() for hint in exercise.mistakes]
UNNAMED = r"yours is \S+, (wanted [^:]*$|and another)|(has shape \([^:]*|is one number)( \(for .*)?$|^Not right yet: it is not"


def wanted(exercise):
    return [exercise.truth(*case) for case in exercise.cases]


NUMBERS = [name for name, exercise in EXERCISES.items() if not isinstance(wanted(exercise)[0], str | tuple)]
CHOICES = [name for name, exercise in EXERCISES.items() if isinstance(wanted(exercise)[0], str)]


def cells_tagged(notebook, tag):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if tag in cell["metadata"].get("tags", [])]


@cache
def solutions():
    """{function name: (code, lesson)} from the collapsed cells of all lessons."""
    found = [(re.search(r"```python\n(.*?)```", text, re.S)[1], path) for path in NOTEBOOKS for text in cells_tagged(path, "solution")]
    return {re.search(r"def (\w+)", code)[1]: (code, path) for code, path in found}


@cache
def imports_and_functions(lesson):
    """What a lesson imports and the functions that it defines, without its experiments."""
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    body = [node for cell in cells if cell["cell_type"] == "code" for node in ast.parse("".join(cell["source"])).body
            if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef)]
    return compile(ast.Module(body, []), lesson.name, "exec")


def solved(name):
    """The function of the lesson's solution. Where it uses what the code cell above its exercise sets up, that has run."""
    code, lesson = solutions()[name]
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    above = next(before for before, cell in zip(cells, cells[1:]) if f"def {name}(" in "".join(cell["source"]))
    setup, space = "".join(above["source"]), {"rng": np.random.default_rng(0)}
    exec(imports_and_functions(lesson), space)
    if above["cell_type"] == "code" and set(re.findall(r"^(\w+) =", setup, re.M)) & set(re.findall(r"\w+", code)):
        exec(setup, space)
    exec(code, space)
    return space[name]


# --- exercises made up to be answered wrongly

SQUARE, OBLONG = draws((3, 3), (3, 3)), draws((4, 5), (4, 5))
CASES = [(SQUARE[0], SQUARE[1], 2.5), (OBLONG[0], OBLONG[1], 0.7)]


def product(a, b, scale):
    return scale * a * np.abs(b)


def said(answer, truth=product, cases=CASES, **more):
    return verdict(answer, Exercise(cases, truth, more.pop("mistakes", {}), **more))


KINDS = {
    "every number is 2 times the wanted one": lambda r: 2 * r,
    "every number is 1/2 of the wanted one": lambda r: r / 2,
    "every number is -1/3 of the wanted one": lambda r: -r / 3,
    "every number is 0.123 times the wanted one": lambda r: 0.123 * r,
    "every number has the wrong sign": lambda r: -r,
    "divided by the length of a along axis 0": lambda r: r / len(r),
    "That is the size of a, all numbers counted": lambda r: r * r.size,
    "not always the same: 0.* times and 0.* times it": lambda r: r * r[0, 0],
    "off by the same amount, another one": lambda r: r + r.max(),
    "every number is 0.37 too large": lambda r: r + 0.37,
    "every number is 2 too small": lambda r: r - 2,
    "every number of yours is 0": lambda r: 0 * r,
    "the absolute values": lambda r: np.abs(r),
    "only some signs are wrong": lambda r: -np.abs(r),
    "order along axis 0 is reversed": lambda r: r[::-1],
    "order along axis 1 is reversed": lambda r: r[:, ::-1],
    "turned round": lambda r: r[::-1, ::-1],
    "one place too late along axis 0": lambda r: np.roll(r, 1, 0),
    "one place too early along axis 1": lambda r: np.roll(r, -1, 1),
    "axis 0 all are off by the same number": lambda r: r - r.mean(axis=0),
    "axis 1 all are off by the same factor": lambda r: r / r.sum(axis=1, keepdims=True),
    "1 less the wanted one": lambda r: 1 - r,
    "the square of the wanted one": lambda r: r**2,
    "1 divided by the wanted one": lambda r: 1 / r,
    "e to the power of the wanted one": lambda r: np.exp(r),
    "only the number at \\[0, 1\\] is wrong": lambda r: r + (np.arange(r.size).reshape(r.shape) == 1),
    "only the first place along axis 0 is right": lambda r: np.where(np.arange(len(r))[:, None] < 1, r, 7 + r**2),
    "only the last place along axis 1 is right": lambda r: np.where(np.arange(r.shape[1]) > r.shape[1] - 2, r, 7 + r**2),
    "but the last place along axis 1": lambda r: np.where(np.arange(r.shape[1]) > r.shape[1] - 2, 7 + r**2, r),
    "but the first place along axis 0": lambda r: np.where(np.arange(len(r))[:, None] < 1, 7 + r**2, r),
    "some numbers are 0 that should not be": lambda r: np.where(np.arange(r.size).reshape(r.shape) % 2, r, 0),
    "axis 0 holds the sum": lambda r: 0 * r + r.sum(axis=0),
    "axis 1 holds the mean": lambda r: 0 * r + r.mean(axis=1, keepdims=True),
    "set the sum back to 0": lambda r: np.cumsum(r).reshape(r.shape),
    "without their fractions": lambda r: np.floor(r),
    "all of your numbers are the same": lambda r: 0 * r + 0.3,
    "stand in another order": lambda r: np.sort(r, axis=1),
    "nearly right": lambda r: r + 1e-5 * np.sin(r),
    "right total": lambda r: np.repeat(r[:, ::2].sum(), r.size).reshape(r.shape) * np.eye(*r.shape) / len(r)
    + np.repeat(r[:, 1::2].sum(), r.size).reshape(r.shape) * np.eye(*r.shape) / len(r),
    # another shape
    "that is the shape transposed": lambda r: np.cos(r).T,
    "transposed: the axes 0 and 1 are exchanged": lambda r: r.T,
    "with an axis of length 1 too many": lambda r: r[None],
    "in the right order: reshape": lambda r: r.ravel(),
    "sum over axis 2 is missing": lambda r: r[:, :, None] * np.array([0.3, 0.5, 0.2]),
    "mean over axis 0 is missing": lambda r: r * np.array([0.5, 1.7, 0.8])[:, None, None],
    "product over axis 0 is missing": lambda r: np.stack([r / 3, 0 * r + 3]),
    "sum of the wanted result over axis 0,": lambda r: r.sum(axis=0),
    "mean of the wanted result over axes 0 and 1": lambda r: r.mean(keepdims=True),
    "repeated: one of it": lambda r: np.stack([r] * 3, axis=0) + 0 * np.arange(3)[:, None, None],
    "in it, from \\[1, 2\\] on": lambda r: np.pad(r, ((1, 0), (2, 1))),
    "some is missing at the end": lambda r: r[:, :-1],
    "some is missing at the beginning": lambda r: r[1:],
    "some is missing at both ends": lambda r: r[:, 1:-1],
    "yours is the first part of the wanted result alone": lambda r: r[0],
    "the last along axis 0 is right": lambda r: np.stack([r**3, r]),
}


@pytest.mark.parametrize("words", KINDS)
def test_each_kind_of_mistake_is_recognised(words):
    assert re.search(words, said(lambda a, b, scale: KINDS[words](product(a, b, scale))))


BY_ARGUMENTS = {
    "your result is a, just": lambda a, b, scale: a,
    "what you add to a is 3 times what is wanted": lambda a, b, scale: a + 3 * (product(a, b, scale) - a),
    "from a in the opposite direction": lambda a, b, scale: 2 * a - product(a, b, scale),
    "-1 / scale|scale squared": lambda a, b, scale: product(a, b, scale) / scale**2,
    "right result with 1 in place of b": lambda a, b, scale: scale * a,
    "right result with a in place of b": lambda a, b, scale: scale * a * np.abs(a),
    "b is once too often in your sum": lambda a, b, scale: product(a, b, scale) + b,
    "b is missing in your sum": lambda a, b, scale: product(a, b, scale) - b,
    "every number is too large by scale": lambda a, b, scale: product(a, b, scale) + scale,
    "a 1 stands in your sum where b should": lambda a, b, scale: product(a, b, scale) + 1 - b,
    "b stands in your sum where a should": lambda a, b, scale: product(a, b, scale) + b - a,
    "difference between a and the wanted": lambda a, b, scale: a - product(a, b, scale),
    "the factor b squared is once too often": lambda a, b, scale: product(a, b, scale) * b**2,
    "the factor 1 - a is missing": lambda a, b, scale: product(a, b, scale) / (1 - a),
    "wrong only where b is below 0": lambda a, b, scale: scale * a * np.where(b < 0, b**2, b),
}


@pytest.mark.parametrize("words", BY_ARGUMENTS)
def test_each_mistake_that_arguments_explain_is_recognised(words):
    assert re.search(words, said(BY_ARGUMENTS[words]))


def test_an_argument_that_is_a_place_is_named():
    def truth(x, k):
        return x**2 + k

    cases = [(draws((6,))[0], 2), (draws((5,))[0], 3)]
    assert "only the number at [k] is wrong" in said(lambda x, k: truth(x, k) + 5 * (np.arange(len(x)) == k), truth, cases)
    assert "only the number at [k] is right" in said(lambda x, k: truth(x, k) + np.cos(x) * (np.arange(len(x)) != k), truth, cases)
    assert "the number at [k] of the wanted" in said(lambda x, k: truth(x, k)[k], truth, cases)


def test_of_layers_a_changed_column_is_recognised():
    def truth(layers):
        return sum(kernel * stride for kernel, stride in layers)

    cases = [([(3, 2), (5, 4)],), ([(2, 7), (11, 1), (3, 3)],), ([(4, 4)],)]
    assert "1 in place of number 2 in each row of layers" in said(lambda layers: sum(kernel for kernel, _ in layers), truth, cases)
    assert "the first of layers alone" in said(lambda layers: layers[0][0] * layers[0][1], truth, cases)


def test_a_repeat_that_is_missing_is_named():
    words = said(lambda x: x / 4, lambda x: np.repeat(x, 2, axis=1) / 4, [(x,) for x in draws((3, 4), (2, 3))])
    assert "repeated along axis 1" in words


def test_two_numbers_are_spoken_of_as_two():
    def truth(x):
        return np.array([x.mean(), x.std()])

    cases = [(x,) for x in draws((5,), (6,))]
    assert "the two numbers are exchanged" in said(lambda x: truth(x)[::-1], truth, cases)
    assert "the first of the two numbers is right, and the other is not" in said(lambda x: np.array([x.mean(), x.max()]), truth, cases)


@pytest.mark.parametrize("answer, words", [
    (lambda n: n / 2, "right but for its fraction"), (lambda n: n / 2 + n, "Is / written for //"), (lambda n: n // 2 + 1, "every number is 1 too large")])
def test_where_whole_numbers_are_wanted_a_fraction_is_named(answer, words):
    assert words in said(answer, lambda n: n // 2, [(5,), (8,), (13,)])


def test_a_border_that_is_wrong_is_named():
    cases = [(x,) for x in draws((6,), (7,))]
    assert "the inside is right, and the first and last place are wrong" in said(lambda x: np.pad(x[1:-1], 1, mode="edge") ** 3, lambda x: x**3, cases)
    zero = [(x * (np.arange(len(x)) < len(x) - 1),) for x, in cases]  # the last place is right, for zero is wanted there
    assert "only the number at [0] is wrong" in said(lambda x: np.where(np.arange(len(x)), x**3, 9), lambda x: x**3, zero)
    assert re.search(UNNAMED, said(lambda x: np.where(np.arange(len(x)) > 1, x**3, x - 9), lambda x: x**3, zero))


def test_a_mask_that_is_missing_is_named():
    def truth(x):
        return np.maximum(x**3, 0)[:2]

    assert "should be 0 and are not" in said(lambda x: np.where(truth(x) > 0, truth(x), np.cos(x[:2])), truth, [(draws((3, 4))[0],)])


@pytest.mark.parametrize("seed", range(60))
def test_numbers_that_have_nothing_to_do_with_the_wanted_ones_get_no_kind(seed):
    rng = np.random.default_rng(seed)
    shape = [None, (3, 3), (2, 5), (3,), (2, 3, 3), ()][seed % 6]
    words = said(lambda a, b, scale: rng.standard_normal(a.shape if shape is None else shape))
    assert re.search(UNNAMED, words), words


@pytest.mark.parametrize("seed", range(60))
def test_wrong_whole_numbers_get_no_kind_by_chance(seed):
    rng = np.random.default_rng(seed)
    cases = [tuple(int(n) for n in rng.integers(1, 30, 3)) for _ in range(4)]
    words = said(lambda a, b, c: int(rng.integers(1, 200)), lambda a, b, c: a * b + c, cases)
    assert re.search(UNNAMED, words), words


@pytest.mark.parametrize("truth, answer", [
    (lambda x: np.zeros(4), lambda x: np.ones(4)), (lambda x: np.ones(4), lambda x: np.full(4, 2.5)),
    (lambda x: np.ones(4), lambda x: np.arange(4.0)), (lambda x: 7, lambda x: 21), (lambda x: 7, lambda x: 0.5),
    (lambda x: 0.3, lambda x: 0.77), (lambda x: np.zeros((3, 4)), lambda x: np.zeros(4)),
    (lambda x: np.array([0, 2.5, 3.5]), lambda x: np.array([0, 7.1, 8.3]))])
def test_where_many_kinds_fit_none_is_named(truth, answer):
    words = said(answer, truth, [(draws((4,))[0],)])
    assert re.search(UNNAMED, words) or "whole numbers are wanted" in words, words


def test_of_whole_numbers_few_tell_nothing_and_rounding_explains_nothing():
    assert re.search(UNNAMED, said(lambda a, b: 2 * (a + b), lambda a, b: a + b, [(3, 4), (5, 6)]))
    assert re.search(UNNAMED, said(lambda n: (n + 1) // 4, lambda n: n // 4, [(7,), (9,), (11,), (15,)]))


def test_a_step_that_is_small_by_itself_does_not_make_a_wrong_one_nearly_right():
    cases = [tuple(draws((3, 4), (3, 4)))]
    assert re.search(UNNAMED, said(lambda w, g: w + 3e-5 * np.cos(g), lambda w, g: w + 3e-5 * g**2, cases))


def test_a_kind_must_fit_every_case():
    words = said(lambda a, b, scale: product(a, b, scale) + (np.cos(a) if len(a) == 3 else 0))
    assert re.search(r"yours is \S+, wanted \S+ \(for a of shape \(3, 3\), b of shape \(3, 3\), scale = 2.5\)", words)
    assert "right for 1 of 2 sets of arguments" in words


def test_numbers_are_printed_with_digits_that_tell_them_apart():
    assert in_words(2.0, 2.000003) == ["2", "2.000003"] and in_words(1040, 1056.5) == ["1040", "1.06e+03"]
    assert in_words(0.41234, 0.2) == ["0.412", "0.2"] and in_words(np.nan, -np.inf) == ["nan", "-inf"]
    assert in_words(1, 1 + 2e-12)[1].startswith("1.000000000002")


def test_an_argument_that_is_not_used_is_named():
    assert "makes no use of b." in said(lambda a, b, scale: scale * a + a**3)
    assert unused(lambda a, b: [a for _ in range(3)]) == ["b"]


# --- answers that return nothing, something else, or stop


def prints(a, b, scale):
    print(a + 1)


def branches(a, b, scale):
    if len(a) == 3:
        return product(a, b, scale)


def assigns(a, b, scale):
    c = product(a, b, scale)  # noqa: F841


def with_docstring(a, b, scale):
    """What it should do."""
    ...


def changes_in_place(a, b, scale):
    a *= 2


@pytest.mark.parametrize("answer, words", [
    (prints, "print instead of return.*It printed: .*1.001"),
    (branches, "returns None for a of shape \\(4, 5\\), b of shape \\(4, 5\\), scale = 0.7, and something for other arguments"),
    (assigns, "does not hand over what it found"),
    (with_docstring, "^Not tried yet: the function returns nothing.$"),
    (changes_in_place, "changed a, .* and return it"),
])
def test_what_returns_nothing_is_told_why(answer, words):
    assert re.search(words, said(answer, names=("a",)))


def test_what_an_answer_prints_besides_is_shown(capsys):
    def loud(a, b, scale):
        print("half way")
        return product(a, b, scale)

    assert said(loud) == "Right." and capsys.readouterr().out == "half way\nhalf way\n"


def loops_but_once(items):
    total = 0
    for item in items:
        total += item
        return total


def loops_properly(items):
    total = 0
    for item in items:
        if item > 3:
            continue
        for other in [item for item in items if item]:
            total += other
        if total > 99:
            return 99
    while total > 7:
        total -= 1
    return total


def searches(items):
    for item in items:
        if item:
            return item


def test_a_loop_that_cannot_go_round_is_seen():
    assert loops_once(loops_but_once) and not loops_once(loops_properly) and not loops_once(searches)
    assert "first round" in said(loops_but_once, sum, [([1.5, 2, 7],), ([2.5, 3],)])


@pytest.mark.parametrize("answer, words", [
    (lambda a, b, scale: a - b.sum(axis=1), r"stopped with ValueError in line 1, `.*`: operands could not be .*\(4,5\) \(4,\)\. .*keepdims"),
    (lambda a, b, scale: (a.T @ b)[:, :2] @ b, "matmul: .*size 3 is different from 2.*element by element"),
    (lambda a, b, scale: np.dot(a[:2].T, b), "not aligned.*element by element"),
    (lambda a, b, scale: a[len(a)], "index 3 is out of bounds.*counted from 0"),
    (lambda a, b, scale: [1, 2][len(a)], "list index out of range.*counted from 0"),
    (lambda a, b, scale: a if a > 0 else b, "ambiguous.*np.where"),
    (lambda a, b, scale: np.broadcast_to(1.0, (3,)).__setitem__(0, 2), "read-only.*copy"),
    (lambda a, b, scale: a[0, 0, 0], "too many indices.*print its shape"),
    (lambda a, b, scale: a[scale], "only integers.*// a whole number"),
    (lambda a, b, scale: range(scale), "as an integer.*// a whole number"),
    (lambda a, b, scale: a.reshape(7, -1), "cannot reshape array of size 9 .*as many numbers as the old one, 9"),
    (lambda a, b, scale: np.zeros(4).__setitem__(slice(0, 2), np.ones(3)), r"assign an array of shape \(3,\) to a place of shape \(2,\)"),
    (lambda a, b, scale: a.sum(axis=3), "axis 3 is out of bounds.*fewer axes"),
    (lambda a, b, scale: np.zeros(3, 3), "takes one shape|NumPy takes one shape or one list"),
    (lambda a, b, scale: a.sum(dim=1), "axis and keepdims, not dim"),
    (lambda a, b, scale: scale(a), "not callable.*square brackets"),
    (lambda a, b, scale: sigmoid(a), "name 'sigmoid' is not defined.*Is sigmoid spelt"),  # noqa: F821
    (lambda a, b, scale: 1 // 0, "division or modulo by zero. A divisor is 0"),
    (lambda a, b, scale: print(end="") + a, "NoneType.*Something is None"),
    (lambda a, b, scale: [1] - a[0].tolist(), "unsupported operand.*np.array"),
    (lambda a, b, scale: a.summ(), "no attribute 'summ'.*spelling"),
    (lambda a, b: a, "does not take the arguments.*leave its first line"),
])
def test_an_error_is_said_in_plain_words_with_its_line_and_its_own_text(answer, words):
    assert re.search(words, said(answer), re.S)


def test_an_error_in_a_later_line_names_that_line():
    space = {}
    exec("def answer(a, b, scale):\n    c = 1\n    def inner():\n        return c / 0\n    return inner()", space)
    assert said(space["answer"]).startswith("Your function stopped with ZeroDivisionError in line 5: division by zero.")


def test_an_unusual_error_is_shown_as_it_is():
    def strange(a, b, scale):
        raise KeyError("weights")

    assert re.search("stopped with KeyError in line 2, `raise KeyError\\(\"weights\"\\)`: 'weights'.$", said(strange))


@pytest.mark.parametrize("answer, words", [
    (lambda a, b, scale: (a, b[0]), "but it returns a tuple of 2 things"),
    (lambda a, b, scale: "dy * y", "but it returns text"),
    (lambda a, b, scale: {"dx": a}, "but it returns a dict"),
    (lambda a, b, scale: print, "but it returns the function print itself"),
    (lambda a, b, scale: (x for x in a), "but it returns a generator"),
    (lambda a, b, scale: 1j * a, "but it returns an array of dtype complex128"),
    (lambda a, b, scale: np.asmatrix(a), "np.matrix"),
    (lambda a, b, scale: (b, product(a, b, scale)), "2 things, where one is wanted. Number 2 of them is right"),
    (lambda a, b, scale: (product(a, b, scale) - b, b), "2 things, where one is wanted: their sum"),
])
def test_something_else_than_numbers_is_said_to_be_that(answer, words):
    assert words in said(answer)


@pytest.mark.parametrize("style", [tuple, list, lambda r: tuple(map(tuple, r.tolist())), np.ma.array, np.longdouble])
def test_right_numbers_in_another_container_are_right(style):
    assert said(lambda a, b, scale: style(product(a, b, scale))) == "Right."


def test_single_precision_throughout_is_right_but_not_anything_near():
    def single(a, b, scale):
        return np.float32(scale) * a.astype(np.float32) * np.abs(b.astype(np.float32))

    assert said(single) == "Right."
    assert said(lambda a, b, scale: single(a, b, scale) * np.float32(1.0001)).startswith("Not right")
    assert said(lambda a, b, scale: product(a, b, scale) * 1.00001).startswith("Not right")


def test_small_numbers_are_compared_as_carefully_as_large_ones():
    cases = [(1e-9 * a, b, scale) for a, b, scale in CASES]
    assert "1.01 times" in said(lambda a, b, scale: 1.01 * product(a, b, scale), cases=cases)


@pytest.mark.parametrize("make, words", [(np.log, "nan, wanted .*negative number"), (lambda a: 1 / (a > 0), "inf, wanted .*division by 0")])
def test_what_is_not_finite_is_shown_first_with_what_makes_it(make, words):
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        assert re.search(r"at \[\d, \d\] yours is " + words, said(lambda a, b, scale: make(a)))
    assert not shown


def test_a_hint_that_is_listed_comes_before_the_kind():
    assert said(lambda a, b, scale: 2 * product(a, b, scale), mistakes={"Twice.": lambda a, b, scale: 2 * product(a, b, scale)}) == "Twice."


@pytest.mark.parametrize("answer, words", [
    (lambda x: x.sum() > 0, "^Right"), (lambda x: int(x.sum() > 0), "^Right"), (lambda x: x.sum() <= 0, "every True should be False"),
    (lambda x: x.sum(), "True or False is wanted"), (lambda x: x > 0, "must be one number, but yours has shape \\(3,\\)"),
    (lambda x: True, "yours is True, wanted False \\(for x = "), (lambda x: 0, "yours is False, wanted True \\(for x = ")])
def test_where_a_truth_value_is_wanted_it_is_spoken_of_as_such(answer, words):
    assert re.search(words, said(answer, lambda x: bool(x.sum() > 0), [(x,) for x in draws((3,), (3,), (3,), (3,))]))


# --- several arrays


def layer(dy, x, w):
    return dy @ w, dy.T @ x, dy.sum(axis=0)


def several(answer, mistakes={}, **more):
    cases = [tuple(draws((4, 3), (4, 3), (3, 3))), tuple(draws((2, 5), (2, 5), (5, 5)))]
    return said(answer, layer, cases, outputs=("dx", "dw", "db"), mistakes=mistakes, **more)


def part(**changed):
    def answer(dy, x, w):
        result = dict(zip(("dx", "dw", "db"), layer(dy, x, w)))
        return tuple((result | {name: change(result[name]) for name, change in changed.items()}).values())
    return answer


@pytest.mark.parametrize("answer, words", [
    (layer, "^Right.$"),
    (lambda dy, x, w: list(layer(dy, x, w)), "^Right.$"),
    (part(dw=lambda dw: 2 * dw), "^dx is right. db is right. dw is not right yet: every number is 2 times"),
    (part(dx=lambda dx: -dx, db=lambda db: db[:-1]), "^dw is right. dx is not right yet: every number has the wrong sign"),
    (lambda dy, x, w: (dy @ w.T, dy.T @ x, dy.sum(axis=0)), "dx is not right yet: yours is the right result with w transposed"),
    (part(dw=lambda dw: dw.T), "dw is not right yet: yours is the right result with dy and x exchanged"),
    (part(dw=lambda dw: dw[::-1]), "dw is not right yet: the order along axis 0 is reversed"),
    (lambda dy, x, w: (layer(dy, x, w)[1], layer(dy, x, w)[0], dy.sum(axis=0)), "^dx and dw are exchanged: return dx, dw, db, in this order"),
    (lambda dy, x, w: layer(dy, x, w)[:2], "return 3 things, dx, dw, db, in this order, but it returns a tuple of 2 things"),
    (lambda dy, x, w: dy @ w, "but it returns one array of shape \\(4, 3\\)"),
    (lambda dy, x, w: (dy @ w, dy.T @ x, None), "db is None"),
    (lambda dy, x, w: (dy @ w, dy.T @ x, "db"), "your db must be one number or one array, but it is text"),
    (lambda dy, x, w: None, "Not tried yet"),
])
def test_each_of_several_arrays_gets_its_own_verdict(answer, words):
    assert re.search(words, several(answer))


def test_a_listed_mistake_is_known_where_only_one_output_has_it():
    mistakes = {"The batch is summed twice.": lambda dy, x, w: (dy @ w, dy.T @ x * len(x), dy.sum(axis=0) * len(x))}
    assert several(part(dw=lambda dw: 7 * dw), mistakes).startswith("dx is right. db is right. dw is not right yet")
    wrong = mistakes["The batch is summed twice."]
    assert several(wrong, mistakes) == "The batch is summed twice."
    assert several(lambda dy, x, w: (dy @ w, wrong(dy, x, w)[1], dy.sum(axis=0)), mistakes) == "The batch is summed twice."
    assert several(lambda dy, x, w: (dy @ w, wrong(dy, x, w)[1], dy[0]), mistakes) == "dx is right. In dw: The batch is summed twice."


# --- choices and predictions

CHOICE = Exercise([()], lambda: "B", {"A sums over the batch.": lambda: "A"}, "It keeps the mean.")
PREDICTION = Exercise([()], lambda: 0.4, {"That is for one layer.": lambda: 0.9}, tolerance=0.05)


@pytest.mark.parametrize("letter, words", [
    ("B", "^Right. It keeps the mean.$"), (" b ", "^Right."), ("(b)", "^Right."), ("B.", "^Right."),
    ("A", "^A sums over the batch.$"), ("a", "^A sums"), ("c", "^Not right yet: it is not C.$"),
    ("D", "'D' is none of the choices: A, B, C"), ("", "none of the choices"), ("AB", "none of the choices"),
    (2, "one of the letters A, B, C in quotation marks: yours is one number"), (None, "Not tried yet"),
])
def test_a_choice_is_read_as_learners_write_it(letter, words):
    space = {}
    exec(f"def answer():\n    return {letter!r}" if letter is not None else "def answer():\n    ...", space)
    assert re.search(words, verdict(space["answer"], CHOICE))


def test_a_letter_without_quotation_marks_is_said_to_need_them():
    assert verdict(lambda: B, CHOICE).endswith('A letter is text: write it in quotation marks, "B".')  # noqa: F821


@pytest.mark.parametrize("number, words", [
    (0.4, "^Right"), (0.415, "^Right"), (np.float32(0.39), "^Right"), (0.9, "^That is for one layer.$"), (0.91, "^That is for one layer.$"),
    (0.43, "a little too large"), (0.3, "a little too small"), (4, "too large by a factor of about 10."), (0.0401, "too small by a factor of about 10."),
    (1.0, "too large by a factor of about 2"), (40, "factor of about 100. Is one of the two in per cent"), (4e4, "factor of about 100,000."), (4e7, "too large by far, more than a million times."), (1e-300, "too small by far"),
    (-0.4, "the sign is wrong, and only the sign"), (-7, "the sign is wrong.$"), (0, "a number other than 0"), (np.inf, "a finite number"),
    ((0, 4), "write a decimal number with a point"), ("0.4", "returns text"), ([0.4], "axis of length 1 too many"),
])
def test_a_prediction_is_told_how_far_it_is_off_and_no_more(number, words):
    said = verdict(lambda: number, PREDICTION)
    assert re.search(words, said) and "wanted 0" not in said


def test_an_exact_prediction_that_is_nearly_right_is_told_so():
    assert verdict(lambda: 4.605, Exercise([()], lambda: np.log(100), {})).startswith("Nearly: your number is a very little too small")
    assert verdict(lambda: 5, Exercise([()], lambda: 0, {})) == "Not right yet: another number is wanted."


def test_a_predicted_array_is_not_given_away():
    assert "another number is wanted" in verdict(lambda: np.array([1, 5, 2]), Exercise([()], lambda: np.array([1, 2, 7]), {}))


# --- the exercises of the lessons


def test_every_exercise_has_its_solution_in_a_lesson():
    assert solutions().keys() == EXERCISES.keys()


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_in_the_lesson_is_right(name):
    assert verdict(solved(name), EXERCISES[name]).startswith("Right.")


@pytest.mark.parametrize("name", EXERCISES)
def test_the_untouched_stub_is_said_to_be_untouched(name):
    stubs = [source for path in NOTEBOOKS for source in cells_tagged(path, "exercise") if f"def {name}(" in source]
    assert len(stubs) == 1
    said, space = [], {"np": np, "check": lambda answer: said.append(verdict(answer, EXERCISES[answer.__name__]))}
    exec(stubs[0], space)
    assert said == ["Not tried yet: the function returns nothing."]


@pytest.mark.parametrize("name, hint", MISTAKES)
def test_each_usual_mistake_gets_its_own_hint(name, hint):
    with np.errstate(all="ignore"):
        assert verdict(EXERCISES[name].mistakes[hint], EXERCISES[name]) == hint


@pytest.mark.parametrize("name", NUMBERS)
def test_each_exercise_knows_at_least_three_mistakes(name):
    assert len(EXERCISES[name].mistakes) >= 3 or EXERCISES[name].cases == [()]


@pytest.mark.parametrize("name", CHOICES)
def test_each_wrong_choice_has_its_own_hint_and_the_right_one_is_among_them(name):
    exercise = EXERCISES[name]
    assert {*wanted(exercise), *[wrong() for wrong in exercise.mistakes.values()]} == set(exercise.choices)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_sum_of_everything_with_something_is_not_right_yet(name):
    exercise = EXERCISES[name]
    assert re.match("Not right yet|Nearly", verdict(lambda *case: exercise.truth(*case) + 0.37, exercise))


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("style", [np.float32, lambda result: np.asarray(result).tolist(), lambda result: np.asarray(result, float),
                                   lambda result: np.asarray(result)[()]])
def test_any_style_of_the_right_numbers_is_right(name, style):
    exercise = EXERCISES[name]
    assert verdict(lambda *case: style(exercise.truth(*case)), exercise).startswith("Right.")


@pytest.mark.parametrize("name", EXERCISES)
def test_arguments_arrive_as_they_are(name):
    given = []
    verdict(lambda *case: given.append([type(argument) for argument in case]), EXERCISES[name])
    assert given == [[type(argument) for argument in case] for case in EXERCISES[name].cases]


@cache
def heard(answer):
    with contextlib.redirect_stdout(io.StringIO()):
        return verdict(answer.function({"np": np}), EXERCISES[answer.exercise])


@pytest.mark.parametrize("answer", WRONG, ids=str)
def test_a_learners_wrong_answer_gets_a_hint_that_names_it(answer):
    said = heard(answer)
    assert not said.startswith("Right")
    assert re.search(answer.word, said)


@pytest.mark.parametrize("answer", RIGHT, ids=str)
def test_a_learners_right_answer_is_right_in_any_style(answer):
    assert heard(answer).startswith("Right.")


def test_of_many_wrong_answers_nearly_all_are_named():
    said = [heard(answer) for answer in WRONG]
    assert sum(not re.search(UNNAMED, words) for words in said) >= 0.95 * len(said)


@pytest.mark.parametrize("name", EXERCISES)
def test_each_exercise_has_wrong_and_right_answers_of_learners(name):
    wrong, right = (sum(answer.exercise == name for answer in answers) for answers in (WRONG, RIGHT))
    assert wrong >= 4 and right, f"wrong_answers.py has {wrong} wrong and {right} right ones: write at least four and one"


STRANGE = [0, -1, 3.5, True, np.nan, [], np.zeros(0), np.zeros((0, 4)), np.zeros((2, 1, 1, 1, 1, 3)), np.arange(3), np.full((3, 4), np.nan),
           np.full(4, 1e300), -np.inf, np.ones((3, 4), bool), np.ones(5, np.float16), (1, 2), [[1, 2], [3]], (None, 1), b"B", {1}]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_strangest_results_get_a_verdict(name):
    for result in STRANGE:
        assert isinstance(verdict(lambda *case: result, EXERCISES[name]), str)


# --- check, as the lessons call it


def test_a_wrong_shape_is_named():
    def answer(dy, y):
        return dy.sum(axis=0) ** 2

    assert "shape (3, 4), but yours has shape (4,)" in verdict(answer, EXERCISES["sigmoid_backward"])


def test_an_error_in_the_answer_is_shown_and_not_raised():
    assert verdict(lambda dy, y: dy @ y, EXERCISES["sigmoid_backward"]).startswith("Your function stopped with ValueError")


def test_writing_into_an_argument_is_noticed():
    def in_place(dy, x):
        dy *= 1 + (x > 0)
        return dy

    assert "changed dy" in verdict(in_place, EXERCISES["two_paths_backward"])


@pytest.mark.parametrize("answer, name", [(lambda: 1, "<lambda>"), (3, "3"), (np.zeros(2).sum(), "np.float64(0.0)")])
def test_what_is_no_exercise_is_said_to_be_none(answer, name, capsys):
    check(answer)
    said = capsys.readouterr().out
    assert f"no exercise for {name}" in said and "log_softmax" in said


def test_check_prints_the_verdict_by_the_functions_name(capsys):
    def sigmoid_backward(dy, y):
        return dy * y * (1 - y)

    check(sigmoid_backward)
    assert capsys.readouterr().out.startswith("Right.")


# --- check, as a program calls it


def tried(body):
    space = {}
    exec(f"def sigmoid_backward(dy, y):\n    {body}", {"np": np}, space)
    return check(space["sigmoid_backward"])


@pytest.mark.parametrize("body, passed, untried", [
    ("return dy * y * (1 - y)", True, False), ("return dy * y", False, False), ("return", False, True), ("...", False, True),
    ("pass", False, True), ("'A docstring.'", False, True), ("raise NotImplementedError", False, True),
    ("raise NotImplementedError('later')", False, True), ("raise ValueError", False, False), ("print(dy)", False, False),
    ("return np.ma.array(dy).nothing", False, False)])
def test_check_answers_a_program(body, passed, untried, capsys):
    result = tried(body)
    assert (result.passed, bool(result), result.untried) == (passed, passed, untried)
    assert result.text == capsys.readouterr().out.rstrip("\n") != ""


def test_a_function_that_is_called_and_not_implemented_is_an_error_as_any_other():
    def later():
        raise NotImplementedError("later")

    result = judge(lambda a, b, scale: later(), Exercise(CASES, product, {}))
    assert not result.untried and "NotImplementedError" in result.text


def test_what_is_no_exercise_is_not_passed():
    result = check(lambda: 1)
    assert not result and not result.untried and "no exercise" in result.text


def test_a_notebook_shows_nothing_of_a_result():
    data, metadata = DisplayFormatter().format(tried("return dy"))
    assert data == metadata == {}
