"""Comparing results of numbers, and words for what is compared."""
import numpy as np


def close(found, wanted, tolerance=0.0):
    """Whether two arrays have one shape and the same numbers, but for rounding."""
    if found.shape != wanted.shape:
        return False
    atol = 1e-9 * min(1.0, max(scale(wanted), 1e-6))  # so that small numbers do not vanish in it
    rtol = max(tolerance, 1e-5 if found.dtype == np.float32 else 1e-6)
    return np.allclose(found, wanted, rtol=rtol, atol=atol, equal_nan=True)


def shapes_differ(found, wanted):
    """Words for two shapes that should be one."""
    return (f"the result must {f'have shape {wanted}' if wanted else 'be one number'}, "
            f"but yours {f'has shape {found}' if found else 'is one number'}")


def in_words(*numbers):
    """Numbers as text, with as many digits as it takes to tell them apart."""
    for digits in (3, 5, 8):
        texts = [_text(number, digits) for number in numbers]
        if len(set(texts)) == len(texts):
            return texts
    return [f"{number:.17g}" for number in numbers]


def _text(number, digits):
    return f"{number:.0f}" if abs(number) < 1e7 and number == round(number) else f"{number:.{digits}g}"


def place_of(where):
    """ "at [0, 2] ", or nothing for a single number."""
    return f"at {[int(place) for place in where]} " if len(where) else ""


def scale(array):
    sizes = np.abs(np.asarray(array, np.float64))
    return sizes[np.isfinite(sizes)].max(initial=0.0)


def all_of(relation, *lists):
    return all(relation(*each) for each in zip(*lists, strict=True))


def made_by(change, found, wanted):
    """Whether `change` makes what was found out of what is wanted."""
    return all_of(lambda f, w: close(f, np.asarray(change(w))), found, wanted)


def different(arrays):
    """How many different numbers there are in all."""
    numbers = np.concatenate([np.ravel(array).astype(np.float64) for array in arrays])
    return len(np.unique(np.round(numbers / (scale(numbers) or 1.0), 9)))


def telling(arrays):
    """Whether a relation without a free number cannot hold by chance: several numbers, or one that is not whole."""
    return different(arrays) > 1 or any(np.any(array != np.round(array)) for array in arrays)


def well_tested(arrays):
    """Whether even whole numbers are enough of them, and different enough, to tell one relation from another."""
    fractions = any(np.any(array != np.round(array)) for array in arrays)
    return fractions or sum(array.size for array in arrays) >= 3 and different(arrays) >= 3


def common_axes(arrays):
    """The axes that all of them have, if all have as many."""
    return range(arrays[0].ndim) if len({array.ndim for array in arrays}) == 1 else range(0)


def equal(found, wanted):
    """Where two arrays of one shape have the same numbers."""
    return np.isclose(found, wanted, rtol=1e-6, atol=1e-9 * min(1.0, max(scale(wanted), 1e-6)))


def ratio(found, wanted):
    """The number by which `wanted` is multiplied in `found`, or None."""
    if not scale(wanted):
        return None
    place = np.argmax(np.abs(wanted))
    number = float(found.flat[place]) / float(wanted.flat[place])
    return number if number and np.isfinite(number) and close(found, number * wanted) else None


def times(number):
    """Words for a factor."""
    whole, part = round(number), round(1 / number) if abs(number) > 1e-9 else 0
    if abs(number - whole) < 1e-6 * abs(number):
        return f"{whole} times"
    if part and abs(1 / number - part) < 1e-6 * abs(part):
        return f"1/{part} of" if part > 0 else f"-1/{-part} of"
    return f"{number:.4g} times"
