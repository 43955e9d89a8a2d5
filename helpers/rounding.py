"""Measured numbers as text, with no more digits than they can vouch for."""


def about(ratio):
    """A measured ratio, to two digits: about 140. A single run cannot vouch for more."""
    return f"about {float(f'{ratio:.2g}'):,.0f}"


def duration(seconds):
    """A time, in seconds or milliseconds: 1.5 s, 250 ms, 2.5 ms."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1e3:.2g} ms" if seconds < 0.01 else f"{seconds * 1e3:.0f} ms"


def probability(p):
    """A probability with its sign of equality, such as = 0.97: none below 1 is rounded up to it."""
    if p > 0.9999:
        return "> 0.9999"
    return f"= {p:.4f}" if p > 0.99 else f"= {p:.2g}"
