"""Independent pieces of work on all cores: for sums over many numbers, where NumPy lets other threads work meanwhile."""
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

WORTH = 2**16  # numbers: with smaller pieces threads wait for each other longer than they work


def numbers_of_cores():
    """The numbers of the cores that this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)


def cores():
    """How many cores this process may use."""
    return len(numbers_of_cores())


def spread(work, pieces, sizes):
    """[work(*piece) for piece in pieces], those of at least `WORTH` numbers on all cores. No piece may write what another reads.

    `sizes` says how many numbers each piece has. An error in one is raised here, when all that was begun is done.
    """
    pieces, large = list(pieces), [number for number, size in enumerate(sizes) if size >= WORTH]
    if len(large) < 2 or cores() == 1:
        large = []
    results = [None if number in large else work(*piece) for number, piece in enumerate(pieces)]
    warnings = np.geterr()  # a thread begins with NumPy's own

    def one(number):
        with np.errstate(**warnings):
            results[number] = work(*pieces[number])

    if large:
        with ThreadPoolExecutor(cores()) as pool:
            list(pool.map(one, large))
    return results
