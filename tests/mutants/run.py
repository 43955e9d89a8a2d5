"""Plants the mistakes of `mistakes.py` into copies of the course, one at a time, and shows which test turns red.

    python tests/mutants/run.py [WORD ...]      # only mistakes whose name holds one of the words
    python tests/mutants/run.py --part 2/4      # every fourth of them, from the second on

The test that noticed a mistake the last time, as `noticed.json` says, is asked first, then all that should notice it.
Ends with an error if a mistake goes unnoticed, or no longer fits the code, or if a test that turned red is red without it too.
"""
import argparse
import compileall
import gc
import json
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from py_compile import PycInvalidationMode
from queue import SimpleQueue

import pytest
from mistakes import MISTAKES

# Each mistake has a process of its own, forked from one that has imported these: starting Python anew takes longer than most tests,
# and so would plugins of pytest that no test here needs.
os.environ |= {"PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
PROCESSES = multiprocessing.get_context("forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn")
PROCESSES.set_forkserver_preload(["_hypothesis_pytestplugin", "hypothesis.extra.numpy", "ipywidgets", "matplotlib.figure", "nbformat", "numpy", "pytest", "tqdm"])

ROOT = Path(__file__).resolve().parents[2]
NOTICED = Path(__file__).with_name("noticed.json")  # {mistake: the test that turned red}
SECONDS = 300  # a mistake can make a test wait for ever: that is noticed too
IGNORED = shutil.ignore_patterns(".*", "__pycache__", "*.part", "mndata.npz", "*-ubyte*", "planes_birds.npz", "cifar-10*")


def misfits():
    """Mistakes that cannot be planted, because the text that they change does not stand in its file just once."""
    counts = {mistake: (ROOT / mistake.file).read_text(encoding="utf-8").count(mistake.right) for mistake in MISTAKES}
    return [f"{mistake.name}: stands {count} times in {mistake.file}: {mistake.right!r}"
            for mistake, count in counts.items() if count != 1]


def copy_to(folder):
    """What the tests need of the course, compiled: a file that is then changed is compiled anew, for its hash is another."""
    for name in ("helpers", "tests", "data", "notebooks", "teaching"):
        shutil.copytree(ROOT / name, folder / name, ignore=IGNORED)
    shutil.copy(ROOT / "pyproject.toml", folder)
    compileall.compile_dir(folder, quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    return folder


def first_red(folder, tests, seconds=SECONDS):
    """The first of the tests, given as in `pytest tests/...`, that fails in a copy, or None; one that does not end is killed."""
    report = folder / "report.txt"
    process = PROCESSES.Process(target=run_tests, args=(folder, tests, report))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        return f"(no end within {seconds} s)"
    if process.exitcode == 0:
        return None
    said = report.read_text(encoding="utf-8")
    red = re.search(r"^(?:FAILED|ERROR) tests/(.+?)(?: - .*)?$", said, re.M)
    if not red:
        raise SystemExit(f"pytest itself failed:\n{said}")
    return red[1]


def run_tests(folder, tests, report):
    """In a process of its own, which has imported all that these tests need but the course."""
    os.chdir(folder)
    os.environ["PYTHONPATH"] = str(folder)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    gc.freeze()  # pytest collects garbage when it ends: not among what was there before
    signal.signal(signal.SIGINT, signal.default_int_handler)  # some tests send it, and in a shell's background it is ignored
    for module in [name for name in sys.modules if name.partition(".")[0] == "helpers"]:
        del sys.modules[module]
    with open(report, "w", encoding="utf-8") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
        sys.exit(int(pytest.main([
            "-x", "-q", "--no-header", "--tb=no", "--assert=plain", "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin",
            "--hypothesis-profile=mutants",
            "-m", "not browser and not torch and not handover", *[f"tests/{name}" for name in tests]])))


def planted(mistake, last, folder):
    """The first test that turns red with this mistake in the copy, or None; the test `last`, if there is one, is asked first."""
    path = folder / mistake.file
    right = path.read_text(encoding="utf-8")
    path.write_text(right.replace(mistake.right, mistake.wrong), encoding="utf-8")
    try:
        return (may_notice(mistake, last, folder) and first_red(folder, [last])) or first_red(folder, files(mistake))
    finally:
        path.write_text(right, encoding="utf-8")


def may_notice(mistake, last, folder):
    """Whether `last`, if there is one, is still there, and in a file that should notice the mistake."""
    file, _, test = (last or "").partition("::")
    return file in files(mistake) and f"def {test}(" in (folder / "tests" / file).read_text(encoding="utf-8")


def files(mistake):
    return [f"{name}.py" for name in mistake.tests.split()]


def judges(reds):
    """{file: the tests in it that turned red}, or, where they did not end, whole files. `reds` pairs mistakes with the first red test.

    Of a test with parameters the case that was red; where its name is not plain, and may have been cut at a space, all cases.
    """
    found = defaultdict(set)
    for mistake, red in reds:
        if red is not None:
            plain = re.fullmatch(r"[^[]+\[[A-Za-z0-9_.=+-]+\]", red)
            for test in files(mistake) if red.startswith("(") else [red if plain else red.split("[")[0]]:
                found[test.split("::")[0]].add(test)
    return found


def part(text):
    """'2/4' as a slice that takes every fourth, from the second on."""
    number, of = map(int, text.split("/"))
    if not 1 <= number <= of:
        raise ValueError
    return slice(number - 1, None, of)


def main(words, part):
    if found := misfits():
        raise SystemExit("\n".join(["These mistakes no longer fit the code: change them in mistakes.py.", *found]))
    chosen = [mistake for mistake in MISTAKES if not words or any(word in mistake.name for word in words)][part]
    began, cores = time.monotonic(), os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(cores) as pool:
        copies = SimpleQueue()
        for number in range(cores):
            copies.put(copy_to(Path(temporary) / str(number)))

        def in_a_copy(work, *task):
            folder = copies.get()
            try:
                return work(*task, folder)
            finally:
                copies.put(folder)

        reds, noticed = [], json.loads(NOTICED.read_text(encoding="utf-8"))
        for mistake, red in zip(chosen, pool.map(lambda mistake: in_a_copy(planted, mistake, noticed.get(mistake.name)), chosen)):
            reds.append((mistake, red))
            print(f"{mistake.name:<62} {red or 'NOT NOTICED'}", flush=True)
        unnoticed = sum(red is None for _, red in reds)
        for red in pool.map(lambda tests: in_a_copy(lambda folder: first_red(folder, sorted(tests), 4 * SECONDS)), judges(reds).values()):
            if red:
                raise SystemExit(f"Without any mistake {red} is red too: it cannot judge.")
    noticed |= {mistake.name: red.split("[")[0] for mistake, red in reds if red and not red.startswith("(")}
    names = {mistake.name for mistake in MISTAKES}
    text = json.dumps({name: test for name, test in sorted(noticed.items()) if name in names}, indent=0, ensure_ascii=False)
    NOTICED.write_text(f"{text}\n", encoding="utf-8")
    print(f"{len(chosen) - unnoticed} of {len(chosen)} mistakes noticed, in {time.monotonic() - began:.0f} s")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD", help="in the names of mistakes")
    parser.add_argument("--part", type=part, default="1/1", metavar="NUMBER/OF", help="such as 2/4")
    options = parser.parse_args()
    sys.exit(main(options.words, options.part))
