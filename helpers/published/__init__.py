"""The networks of the two NumPy articles exactly as published, faults included: for lessons and tests only.

Nothing else in `helpers` imports them. Each fault has a name and can be mended by itself.
"""
