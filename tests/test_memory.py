"""Memory that is freed and asked for again costs the system nothing."""
import ctypes
import json
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

import helpers
from helpers import memory

FAULTS = """
import json, resource, sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from helpers import memory

def work(_):
    for _ in range(20):
        arrays = [np.ones(2**17 * k) for k in (1, 2, 4, 6, 8)]  # 1 to 8 MB, as a training step makes them
        del arrays

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    if sys.argv[1] == "threads":
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(work, range(3)))
    else:
        work(0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

before = faults() if sys.argv[1] == "here" else 10_000  # threads that were there before keep their arenas
kept = memory.keep_freed_memory()
faults()
print(json.dumps([before, kept, min(faults() for _ in range(8))]))  # threads may meet anew at a peak
"""


@pytest.mark.parametrize("where", ["here", "threads"])
def test_freed_memory_is_used_again(where):
    pytest.importorskip("resource")
    run = subprocess.run([sys.executable, "-c", FAULTS, where], capture_output=True, text=True, timeout=120, check=True,
                         cwd=Path(helpers.__file__).parents[1])
    before, kept, after = json.loads(run.stdout)
    if not kept:
        pytest.skip("another allocator than glibc's")
    assert before > 1000  # pages that the kernel had to clear
    assert after < 100


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_other_systems_are_left_alone(error):
    with patch.object(ctypes, "CDLL", side_effect=error):
        assert memory.keep_freed_memory() is False


def test_whoever_computes_asks_for_it():
    code = "from unittest.mock import patch; from helpers import memory\n" \
           "with patch.object(memory, 'keep_freed_memory') as asked:\n    import helpers.functional\nprint(asked.call_count)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True,
                         cwd=Path(helpers.__file__).parents[1])
    assert run.stdout.split() == ["1"]
