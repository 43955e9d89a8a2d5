"""Feedback on exercises: whether an answer is right and, if not, which usual mistake it looks like.

Each exercise is the true function, arguments to try it on, and the usual wrong answers with a hint each;
they are sorted by lesson, and `core` holds what they share.
"""
from . import (lesson_00, lesson_01, lesson_02, lesson_03, lesson_04,
               lesson_05, lesson_06, lesson_07, lesson_08, lesson_09, lesson_10, lesson_11, lesson_12,
               lesson_13, lesson_14, lesson_15)
from .core import Result, judge, verdict

LESSONS = (lesson_00, lesson_01, lesson_02, lesson_03, lesson_04, lesson_05,
           lesson_06, lesson_07, lesson_08, lesson_09, lesson_10, lesson_11, lesson_12,
           lesson_13, lesson_14, lesson_15)
EXERCISES = {name: exercise for lesson in LESSONS for name, exercise in lesson.EXERCISES.items()}


def check(answer):
    """Print what the function `answer`, named as in its exercise, does right or wrong. The Result is true where it is right."""
    name = getattr(answer, "__name__", None)
    if name in EXERCISES:
        result = judge(answer, EXERCISES[name])
    else:
        result = Result(False, False, f"There is no exercise for {name or repr(answer)}: hand check the function itself, under "
                        f"the name that the exercise gives it. There are: {', '.join(EXERCISES)}.")
    print(result.text)
    return result
