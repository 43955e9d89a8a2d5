"""NumPy's matrix products run in a BLAS library with threads of its own; here they are held to one.

The course's products are so small that a second thread gains nothing. And where another program, a
browser say, keeps a core busy, threads that wait for each other made one product 300 times slower.
"""
import threading
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

_lock, _users, _limit = threading.Lock(), 0, None


@cache
def _controller():
    return ThreadpoolController()  # looks through all loaded libraries: once is enough


def _release():
    # Since version 3.8 threadpoolctl heeds only the first thread that set a limit, until that thread ends. Here any
    # thread may be the last one that leaves the context.
    for library in _controller().lib_controllers:
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread(force=True)


@contextmanager
def one_thread():
    """A context in which BLAS uses one thread, in the whole process.

    What was set before comes back when the last one ends that is under way, in whatever thread.
    """
    global _users, _limit
    with _lock:
        if _users == 0:
            _release()
            _limit = _controller().limit(limits=1, user_api="blas")
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _release()
                _limit.restore_original_limits()
                _release()
