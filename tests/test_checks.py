"""Exercises: each stub, planted mistake and solution gets the answer that it should."""
import json
import re
from pathlib import Path

import numpy as np
import pytest

from helpers.checks import EXERCISES, check, verdict

NOTEBOOKS = sorted(Path(__file__).parents[1].glob("notebooks/[0-9]*.ipynb"))
MISTAKES = [(name, hint) for name, exercise in EXERCISES.items() for hint in exercise.mistakes]


def cells_tagged(notebook, tag):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if tag in cell["metadata"].get("tags", [])]


def solutions():
    """{function name: code} from the collapsed cells of all lessons."""
    code = [re.search(r"```python\n(.*?)```", text, re.S)[1] for path in NOTEBOOKS for text in cells_tagged(path, "solution")]
    return {re.search(r"def (\w+)", block)[1]: block for block in code}


def test_every_exercise_has_its_solution_in_a_lesson():
    assert solutions().keys() == EXERCISES.keys()


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_in_the_lesson_is_right(name):
    space = {"np": np}
    exec(solutions()[name], space)
    assert verdict(space[name], EXERCISES[name]).startswith("Right.")


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


@pytest.mark.parametrize("name", EXERCISES)
def test_each_exercise_knows_at_least_three_mistakes(name):
    assert len(EXERCISES[name].mistakes) >= 3


@pytest.mark.parametrize("name", EXERCISES)
def test_anything_else_is_not_right_yet(name):
    truth = EXERCISES[name].truth
    assert verdict(lambda *case: truth(*case) + 0.37, EXERCISES[name]).startswith("Not right yet")


def test_a_wrong_shape_is_named():
    assert "shape (3, 4), but yours has shape (4,)" in verdict(lambda dy, y: dy.sum(axis=0), EXERCISES["sigmoid_backward"])


def test_an_error_in_the_answer_is_shown_and_not_raised():
    assert verdict(lambda dy, y: dy @ y, EXERCISES["sigmoid_backward"]).startswith("Your function stopped with ValueError")


def test_writing_into_an_argument_is_noticed():
    def in_place(dy, x):
        dy *= 1 + (x > 0)
        return dy

    assert "changed dy" in verdict(in_place, EXERCISES["two_paths_backward"])


@pytest.mark.parametrize("name", EXERCISES)
def test_arguments_arrive_as_they_are(name):
    given = []
    verdict(lambda *case: given.append([type(argument) for argument in case]), EXERCISES[name])
    assert given == [[type(argument) for argument in case] for case in EXERCISES[name].cases]


def test_a_number_may_be_counted_up_in_place():
    def map_size(size, layers):
        for kernel, stride, padding in layers:
            size += 2 * padding - kernel
            size //= stride
            size += 1
        return size

    assert verdict(map_size, EXERCISES["map_size"]).startswith("Right.")


@pytest.mark.parametrize("answer", [lambda dy, y: (dy, y[0]), lambda dy, y: "dy * y", lambda dy, y: {"dx": dy}, lambda dy, y: print])
def test_something_else_than_numbers_is_said_to_be_that(answer):
    assert verdict(answer, EXERCISES["sigmoid_backward"]).startswith("Your function must return one number or one array")


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
