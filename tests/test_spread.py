"""`helpers.spread`: pieces of work on all cores give what a loop gives."""
import os
import threading
import warnings
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import spread
from helpers.spread import WORTH


@given(st.lists(st.tuples(st.integers(), st.sampled_from([0, 1, WORTH - 1, WORTH, 10 * WORTH])), max_size=12), st.integers(1, 3))
def test_results_are_those_of_a_loop(pieces, cores):
    with patch.object(spread, "cores", lambda: cores):
        found = spread.spread(lambda number, size: (number, size), iter(pieces), [size for _, size in pieces])
    assert found == pieces


def test_large_pieces_are_computed_at_the_same_time():
    meeting = threading.Barrier(2)
    with patch.object(spread, "cores", lambda: 2):
        spread.spread(lambda: meeting.wait(timeout=10), [(), ()], [WORTH, WORTH])


@pytest.mark.parametrize("cores, sizes", [(1, [WORTH] * 3), (2, [WORTH - 1] * 3), (2, [WORTH, 1, 1])])
def test_where_threads_gain_nothing_there_are_none(cores, sizes):
    with patch.object(spread, "cores", lambda: cores):
        assert set(spread.spread(threading.get_ident, [()] * 3, sizes)) == {threading.get_ident()}


@pytest.mark.parametrize("failing", range(3))
def test_an_error_is_raised_when_all_is_done(failing):
    done = []

    def work(number):
        if number == failing:
            raise OverflowError(f"piece {number}")
        done.append(number)

    with patch.object(spread, "cores", lambda: 2), pytest.raises(OverflowError, match=f"piece {failing}"):
        spread.spread(work, [(0,), (1,), (2,)], [WORTH] * 3)
    assert sorted(done) == [number for number in range(3) if number != failing]


def test_threads_warn_of_what_the_caller_is_warned_of():
    def work(exponent):
        return np.float32(10) ** np.float32([exponent])

    with patch.object(spread, "cores", lambda: 2), warnings.catch_warnings():
        warnings.simplefilter("error")
        with np.errstate(over="ignore"):
            assert spread.spread(work, [(99,), (98,)], [WORTH] * 2) == [np.inf, np.inf]
        with np.errstate(over="raise"), pytest.raises(FloatingPointError):
            spread.spread(work, [(99,), (98,)], [WORTH] * 2)


def test_cores_are_those_that_this_process_may_use():
    if hasattr(os, "sched_getaffinity"):
        allowed = os.sched_getaffinity(0)
        try:
            os.sched_setaffinity(0, {min(allowed)})
            assert spread.cores() == 1
        finally:
            os.sched_setaffinity(0, allowed)
    assert 1 <= spread.cores() <= os.cpu_count()
