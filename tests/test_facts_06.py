"""What the figures of lesson 06 draw, computed a second way."""
import numpy as np
import pytest
from picture_facts import Facts

facts = Facts()


@facts.live
def fixes(now, rows, rates, accuracies, chance):
    row, column, seeds = rows.index(now.fixed), rates.index(now.rate), len(accuracies[0][0])

    def middle(runs):
        """The median, exploded runs the lowest of all; NaN where it would be of such a run."""
        ordered = sorted(-1.0 if run != run else float(run) for run in runs)
        median = (ordered[(seeds - 1) // 2] + ordered[seeds // 2]) / 2
        return np.nan if median < 0 else median

    medians = [[middle(runs) for runs in line] for line in accuracies]
    gone = [sum(run != run for run in runs) for runs in accuracies[row]]
    here, at_chance = medians[row][column], sum(run <= chance for run in accuracies[row][column])
    apart = [0.92 * (1.08 / 0.92) ** (seed / (seeds - 1)) for seed in range(seeds)]
    said = [now.fixed, now.rate] + [here] * (here == here)
    for count, what in ((gone[column], "exploded"), (at_chance, "at chance")):
        said += [count, seeds, what] if count else []
    return {"controls": {"fixed": (rows[0], rows[-1]), "rate": (rates[0], rates[-1])}, "0 logarithmic": "x",
            **{f"0 line {place or 'other medians'}": (rates, line) for place, line in enumerate(medians)},
            "0 line median": (rates, medians[row]), "0 line a run": ([rate * one for rate in rates for one in apart], np.ravel(accuracies[row])),
            "0 line exploded, how many": ([rate for rate, count in zip(rates, gone) if count], [-0.045] * np.count_nonzero(gone)),
            "0 texts": [(rate * 1.12, None, [count]) for rate, count in zip(rates, gone) if count],
            "0 patch 0": [[0, 1], [0, chance]], "0 vertical 0": now.rate, "suptitle": said}


def _runs():
    rng = np.random.default_rng(0)
    accuracies = 0.1 + 0.7 * rng.random((3, 4, 5))
    accuracies[0, 1, :3] = accuracies[0, 2, 0] = accuracies[2, 3, 4] = np.nan
    return [(["as published", "stride", "test"], [0.001, 0.01, 0.1, 1.0], accuracies, 0.01, 0.126)]


def _median(runs):
    """The median of runs of which exploded ones count as 0."""
    ordered = sorted(0.0 if run != run else float(run) for run in runs)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


@facts.picture(_runs)
def fixes(rows, rates, accuracies, published, chance):
    own = [max(range(len(rates)), key=lambda column: _median(row[column])) for row in accuracies]
    wanted, gains = {}, []
    for axis, columns in enumerate(([rates.index(published)] * len(rows), own)):
        runs = [row[column] for row, column in zip(accuracies, columns)]
        medians, lost = [_median(some) for some in runs], [(place, np.isnan(some).sum()) for place, some in enumerate(runs)]
        lost = [(place, count) for place, count in lost if count]
        gains.append(100 * (medians[-1] - medians[0]))
        wanted |= {f"{axis} line a run": (np.ravel(runs), [place for place, some in enumerate(runs) for _ in some]),
                   f"{axis} line median": (medians, range(len(rows))), f"{axis} inverted": "y", f"{axis} patch 0": [[0, chance], [0, 1]],
                   f"{axis} line exploded, how many": ([0.03] * len(lost), [place for place, _ in lost]),
                   f"{axis} texts": [(0.06, place, [count]) for place, count in lost]}
    wanted["1 texts"] += [(1.02, place, [rates[column]]) for place, column in enumerate(own)]
    ticks = {place: [name] for place, name in enumerate(rows)}
    return wanted | {"0 yticks": ticks, "0 title": [published], "suptitle": gains, "alt": gains}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
