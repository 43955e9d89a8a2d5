"""The networks of the two NumPy articles exactly as published, faults included: for lessons and tests only.

Nothing else in `helpers` imports them. Each fault has a name and can be fixed by itself.
"""
# Both articles' shapes; each draws its arrays in this order.
SHAPES = {"w1": (16, 1, 8, 8), "b1": (16,), "w2": (8, 16, 4, 4), "b2": (8,), "w3": (10, 8, 9, 9), "b3": (10,)}


def left_over(faults, fixed):
    """The names in `faults` without those in `fixed`. Raises ValueError for one that is no fault."""
    unknown = set(fixed) - set(faults)
    if unknown:
        raise ValueError(f"fixed: no fault is named {', '.join(sorted(unknown))}; the faults are {', '.join(faults)}")
    return set(faults) - set(fixed)
