"""Memory that was freed is kept for the next arrays, where the system's allocator can be asked to.

A training step makes the same arrays as the step before, some megabytes each, and lets go of them. By default glibc, the
C library of most Linux systems, hands such memory back to the kernel, which has to clear it, page by page, before it hands
it out again: up to a fifth of the time of a step. And each thread gets an arena of its own, which gives memory back whatever
it is told: so there is to be one for all. `MALLOC_MMAP_THRESHOLD_`, `MALLOC_TRIM_THRESHOLD_` and `MALLOC_ARENA_MAX` in the
environment do the same before a program begins.
"""
import ctypes

# From glibc's malloc.h: requests above the first threshold get pages of their own, and free memory above the second goes back.
_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD, _M_ARENA_MAX = -3, -1, -8
_LARGEST = 2**25  # bytes: more than any array of these networks, and the most that every glibc accepts
_KEPT = 2**30


def keep_freed_memory():
    """Ask the allocator, for the whole process, to keep up to 1 GB. Whether it does: elsewhere than with glibc nothing happens."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS and musl have no such function, Windows no such library
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _LARGEST) and mallopt(_M_TRIM_THRESHOLD, _KEPT) and mallopt(_M_ARENA_MAX, 1))
