"""NumPy's matrix products run in a BLAS library with threads of its own; here they are held to one.

The course's products are so small that a second thread gains nothing. And where another program, a
browser say, keeps a core busy, threads that wait for each other made one product 300 times slower.
"""
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _controller():
    return ThreadpoolController()  # looks through all loaded libraries: once is enough


def one_thread():
    """A context in which BLAS uses one thread; what was set before comes back after it."""
    return _controller().limit(limits=1, user_api="blas")
