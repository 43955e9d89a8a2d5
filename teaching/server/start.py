"""What a learner's container begins with, see `Dockerfile`: `python start.py COMMAND...`

Puts the lessons that are missing into the home, keeps to as many cores as CPU_LIMIT says, and becomes the command. Without that,
a training would take a thread for each core of the machine, and its threads would wait for each other's turns.
"""
import os
import random
import sys
from pathlib import Path

from copies import add_missing

if __name__ == "__main__":
    try:
        add_missing(Path(__file__).with_name("notebooks"), Path.home() / "lessons")
    except OSError as fault:  # a full disk must not keep anybody from their files
        print(f"Not all lessons could be copied: {fault}", file=sys.stderr)
    cores = sorted(os.sched_getaffinity(0))
    share = max(1, int(float(os.environ.get("CPU_LIMIT", len(cores)))))
    os.sched_setaffinity(0, random.sample(cores, min(share, len(cores))))
    os.execvp(sys.argv[1], sys.argv[1:])
