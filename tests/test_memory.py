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
import json, resource
import numpy as np
from helpers import memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        arrays = [np.ones(2**17 * k) for k in (1, 2, 4, 6, 8)]  # 1 to 8 MB, as a training step makes them
        del arrays
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
before, kept = faults(), memory.keep_freed_memory()
faults()
print(json.dumps([before, kept, faults()]))
"""


def test_freed_memory_is_used_again():
    pytest.importorskip("resource")
    run = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, timeout=120, check=True,
                         cwd=Path(helpers.__file__).parents[1])
    before, kept, after = json.loads(run.stdout)
    if not kept:
        pytest.skip("another allocator than glibc's")
    assert before > 1000 and after < before / 20  # pages that the kernel had to clear


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
