"""Numbers as text: two digits where one run was measured, and no probability rounded up to 1."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.rounding import about, duration, probability


@pytest.mark.parametrize("ratio, said", [(3.14159, "about 3"), (137.2, "about 140"), (1263.0, "about 1,300"), (99.6, "about 100")])
def test_a_ratio_has_two_digits(ratio, said):
    assert about(ratio) == said


@given(st.floats(10, 1e6))
def test_a_ratio_is_off_by_a_twentieth_at_most(ratio):
    assert abs(float(about(ratio).removeprefix("about ").replace(",", "")) / ratio - 1) <= 0.05


@pytest.mark.parametrize("seconds, said", [(12.34, "12.3 s"), (1.0, "1.0 s"), (0.25, "250 ms"), (0.01, "10 ms"), (0.00123, "1.2 ms")])
def test_a_time_is_in_seconds_or_milliseconds(seconds, said):
    assert duration(seconds) == said


@pytest.mark.parametrize("p, said", [(np.float32(1), "> 0.9999"), (0.99991, "> 0.9999"), (0.9999, "= 0.9999"),
                                     (0.9957, "= 0.9957"), (0.962, "= 0.96"), (0.00028, "= 0.00028"), (0, "= 0")])
def test_no_probability_is_rounded_up_to_one(p, said):
    assert probability(p) == said
