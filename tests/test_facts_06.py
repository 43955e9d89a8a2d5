"""What the figures of lesson 06 draw, computed a second way."""
import numpy as np
import pytest
from picture_facts import Facts

facts = Facts()


@facts.live
def mends(now, rows, rates, accuracies):
    finished = [[[float(one) for one in seeds if one == one] for seeds in row] for row in accuracies]  # those that did not explode
    means = [[sum(some) / len(some) if some else np.nan for some in row] for row in finished]
    row, column, seeds = rows.index(now.mended), rates.index(now.rate), len(accuracies[0][0])
    here, wanted = finished[row][column], {}
    for place, line in enumerate(means):
        wanted[f"0 line {place or 'other rows'}"] = rates, line
    lost = [rate for rate, some in zip(rates, finished[row]) if len(some) < seeds]
    mean = means[row][column]
    spread = [mean, np.sqrt(sum((one - mean)**2 for one in here) / (len(here) - 1))] if len(here) > 1 else []
    return wanted | {
        "0 line mean": (rates, means[row]), "0 line each seed": ([rate for rate in rates for _ in range(seeds)], np.ravel(accuracies[row])),
        "0 line exploded": (lost, [0.03] * len(lost)), "0 vertical 0": now.rate, "0 logarithmic": "x",
        "suptitle": [now.mended, now.rate, *spread] + [seeds - len(here), seeds] * (len(here) < seeds)}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
