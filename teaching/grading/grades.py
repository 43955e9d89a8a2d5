"""Runs every answer in a process of its own, with limits, and judges what it returned."""
import base64
import dataclasses
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers.checks import EXERCISES, judge

from . import copies, hidden
from .child import FILE, LARGEST
from .needs import needed

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 10  # of computing, for one answer
WAIT = 300    # seconds for one answer that computes nothing, or on a machine that is busy
KEPT = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "COURSE_DATA", "TMPDIR")  # of the environment: no password is among them


@dataclass(frozen=True)
class Grade:
    """One row of the table."""

    learner: str
    file: str
    lesson: str
    exercise: str
    state: str  # right, wrong, untried, missing or refused
    text: str   # for the learner
    note: str = ""
    code: str = ""

    @property
    def points(self):
        return int(self.state == "right")


BEST_FIRST = ("right", "wrong", "untried", "missing", "refused")


def grade_all(folder, out, seed, seconds=SECONDS, wait=WAIT):
    """[Grade, ...] of all that lies in `folder`, one for each learner and exercise, and one for each file that is refused.

    `out` and `folder` are closed to the learners' code; `seed` chooses the hidden cases.
    """
    closed = [str(Path(path).resolve()) for path in (folder, out)]
    # One process a core; the threads only wait for them.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        tasks = [task for learner, paths in copies.learners(folder).items() for path in paths
                 for task in _tasks(learner, path, str(path.relative_to(folder)), (seed, closed, seconds, wait))]
        grades = list(pool.map(lambda task: task(), tasks))
    return _best(grades)


def _tasks(learner, path, file, how):
    """A function for each row."""
    try:
        copy = copies.read(path)
    except (copies.Refused, OSError) as error:
        text = f"{path.name} {error}"
        refused = Grade(learner, file, "", "", "refused", text if text.endswith("?") else f"{text}.")
        return [lambda: refused]
    return [lambda answer=answer: _graded(learner, file, copy, answer, *how) for answer in copy.answers]


def _graded(learner, file, copy, answer, seed, *limits):
    state, text = ("wrong" if answer.code else "missing"), answer.missing
    if not text:
        state, text = judged(answer.exercise, came_out(copy, answer, seed, *limits), seed)
    return Grade(learner, file, copy.lesson, answer.exercise, state, text, " ".join([answer.note, *copy.notes]).strip(), answer.code)


def _best(grades):
    """One for each learner and exercise: who hands in two copies gets the better answer of each exercise."""
    found = {}
    for grade in grades:
        key = grade.learner, grade.exercise or grade.file
        other = found.get(key)
        if other is not None:
            grade = min(grade, other, key=lambda one: BEST_FIRST.index(one.state))
            grade = dataclasses.replace(grade, note=f"Two copies were handed in: {grade.file} counts here. {grade.note}".strip())
        found[key] = grade
    return sorted(found.values(), key=lambda grade: (grade.learner.casefold(), grade.learner, grade.lesson))


# --- running


def came_out(copy, answer, seed, closed, seconds, wait):
    """What `child` says of an answer."""
    wanted = needed(answer.target, copy.statements, copies.lesson_statements(copy.lesson))
    task = {"exercise": answer.exercise, "seed": seed, "closed": closed, "seconds": seconds,
            "statements": [{"source": statement.source, "where": statement.where} for statement in wanted]}
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    with tempfile.TemporaryDirectory(prefix="answer-", ignore_cleanup_errors=True) as folder:
        environment |= {"PYTHONPATH": str(ROOT), "HOME": folder, "MPLBACKEND": "agg", "OPENBLAS_NUM_THREADS": "1", "TQDM_DISABLE": "1",
                        "COURSE_DIGITS": "bundled"}
        process = subprocess.Popen([sys.executable, "-B", "-s", "-P", "-m", "teaching.grading.child"], cwd=folder, env=environment,
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            process.communicate(json.dumps(task).encode(), timeout=wait)
        except subprocess.TimeoutExpired:
            return {"stopped": f"It was stopped after {wait} seconds: does it wait for something?"}
        finally:
            _end(process)
        if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            return {"stopped": f"It was stopped after {seconds} seconds of computing: is there a loop that never ends?"}
        return _read(Path(folder) / FILE, process.returncode)


def _end(process):
    """The process and all that it may have started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # it has ended, as it should
        pass
    process.wait()


def _read(path, code):
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST:
            raise ValueError
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {"stopped": f"It ended Python itself (exit code {code}) before anything came out."}


# --- judging


def judged(exercise, found, seed):
    """(state, words) for what came out of an answer: it is right only if all that it returned is, judged here."""
    try:
        if "stopped" in found:
            return "wrong", str(found["stopped"])
        state, text = _state(EXERCISES[exercise], found["lesson"])
        new = hidden.exercise(exercise, seed)
        if state == "right" and new:
            state, words = _state(new, found["hidden"])
            text = text if state == "right" else f"Right for what the lesson tries, but not for other arguments. {words}"
        return state, text
    except Exception:  # the learner's process may have written anything
        return "wrong", "What came out of the answer cannot be read."


def _state(exercise, part):
    if part["untried"] is True:
        return "untried", str(part["text"])
    if part["passed"] is not True:
        return "wrong", str(part["text"])
    returned = iter([decoded(value) for value in part["returned"]])
    own = judge(lambda *case: next(returned), exercise)
    return ("right" if own else "wrong"), own.text


def decoded(value):
    """What `child.encoded` was given: never an object that runs code of its own."""
    if not isinstance(value, dict):
        return value
    (kind, content), = value.items()
    if kind == "array":
        return np.lib.format.read_array(io.BytesIO(base64.b64decode(content)), allow_pickle=False)
    if kind in ("tuple", "list"):
        return {"tuple": tuple, "list": list}[kind](decoded(part) for part in content)
    return object()
