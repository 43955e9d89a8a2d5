"""Runs one answer: `python -m teaching.grading.child`, with the task as JSON on its input. What came out goes into a file.

It judges as the learner's own `check` does, for the hint, and says what the function returned, so that the grader can judge itself:
what happens in this process is the learner's to change. The guards here stop accidents and simple tricks, not an attacker.
"""
import base64
import copy
import io
import json
import linecache
import os
import resource
import sys

import numpy as np

from helpers.checks import EXERCISES, judge

from . import hidden

FILE = "came_out.json"
MEMORY = 3 * 2**30      # bytes
LARGEST = 16 * 2**20    # bytes of a file
CLOSED = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.kill", "pty.")
CHANGING = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.utime")
LISTING = ("os.listdir", "os.scandir", "os.chdir")


def limit(seconds):
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, LARGEST))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # macOS refuses this one
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def shut(folders):
    """From now on: no network, no other process, no writing outside the folder it runs in, no reading in `folders`."""
    here = os.path.realpath(".")

    def inside(path, folder):
        if isinstance(path, int) or path is None:  # an open file, or the folder it runs in
            return folder == here
        path = os.path.realpath(os.fsdecode(path))
        return path == folder or path.startswith(folder + os.sep)

    def guard(event, arguments):
        writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        paths = arguments[:2] if event in ("os.rename", "os.link", "os.symlink") else arguments[:1]
        if event.startswith(CLOSED):
            raise PermissionError(f"{event} is closed while answers are graded")
        if (writes or event in CHANGING) and not all(inside(path, here) for path in paths):
            raise PermissionError(f"{paths[0]!r} cannot be changed while answers are graded")
        if (event == "open" or event in LISTING) and any(inside(paths[0], folder) for folder in folders):
            raise PermissionError(f"{paths[0]!r} cannot be read while answers are graded")

    sys.addaudithook(guard)


def run(task):
    """What came out: the words of the check, and what the function returned for the cases of the lesson, and for the hidden ones."""
    space = {"__name__": "__main__", "get_ipython": lambda: None}
    for place, statement in enumerate(task["statements"]):
        name = f"{statement['where']}, statement {place}"
        linecache.cache[name] = len(statement["source"]), None, statement["source"].splitlines(True), name  # for the hints
        try:
            exec(compile(statement["source"], name, "exec"), space)
        except BaseException as error:  # sys.exit among them
            first = statement["source"].splitlines()[0]
            return {"stopped": f"What the function needs stopped in {statement['where']}, `{first}`, with {type(error).__name__}: {error}"}
    name = task["exercise"]
    exercises = {"lesson": EXERCISES[name], "hidden": hidden.exercise(name, task["seed"])}
    return {kind: _judged(space[name], exercise) for kind, exercise in exercises.items() if exercise}


def _judged(answer, exercise):
    try:
        result = judge(answer, exercise)
        returned = [encoded(answer(*copy.deepcopy(case))) for case in exercise.cases] if result else []
    except BaseException as error:
        return {"passed": False, "untried": False, "text": f"Your function ended Python with {type(error).__name__}.", "returned": []}
    return {"passed": result.passed, "untried": result.untried, "text": result.text, "returned": returned}


def encoded(value):
    """As JSON, for `decoded`: numbers, text, arrays, and lists of them. Anything else becomes the name of its type."""
    if isinstance(value, str | bool | int | float) or value is None:
        return value
    if isinstance(value, tuple | list):
        return {"tuple" if isinstance(value, tuple) else "list": [encoded(part) for part in value]}
    array = np.asarray(value)
    if array.dtype.kind not in "buif":
        return {"other": type(value).__name__}
    file = io.BytesIO()
    np.lib.format.write_array(file, array.astype(np.float64) if array.dtype == np.longdouble else array, allow_pickle=False)
    return {"array": base64.b64encode(file.getvalue()).decode()}


if __name__ == "__main__":
    task = json.load(sys.stdin)
    limit(task["seconds"])
    shut(task["closed"])
    came_out = run(task)
    with open(FILE, "w", encoding="utf-8") as file:
        json.dump(came_out, file)
    sys.stdout.flush()
    os._exit(0)  # what the learner's code left to be done at exit is not done
