"""Python's and NumPy's usual errors in plain words."""
import linecache
import re
import traceback

# What the message must hold (a regular expression), and what it means. \1 is what stood in the first brackets.
MEANINGS = (
    (r"could not be broadcast together with (?:remapped )?shapes",
     "These shapes do not fit each other: seen from the right, each two sizes must be equal, or one of them 1. "
     "Look for a missing keepdims=True (or [:, None]) after sum, mean or max, or a missing .T."),
    (r"could not broadcast input array from shape (\(.*?\)) into shape (\(.*?\))",
     r"You assign an array of shape \1 to a place of shape \2: print both shapes, or look at where the slice ends."),
    (r"matmul|not aligned|shapes? .* mismatch",
     "A matrix product @ adds up over the last axis of the left and the last but one of the right: they must be equally long. "
     "Print both shapes. Is a .T missing, or do you want * (element by element)?"),
    (r"cannot reshape array of size (\d+)",
     r"The new shape must hold as many numbers as the old one, \1."),
    (r"truth value of an array .* ambiguous",
     "if, and, or, max and min need one True or False, and you gave them an array: "
     "use np.where or a mask such as x * (x > 0), & and |, np.maximum and np.minimum."),
    (r"unsupported operand type\(s\).*(?:NoneType)|'NoneType' object",
     "Something is None: a function without a return, or a list's own method (append, sort), gave it."),
    (r"too many indices|is not subscriptable|invalid index to scalar",
     "You index more axes than there are: print its shape."),
    (r"index .* out of (?:bounds|range)|index out of range",
     "Places are counted from 0, so the last of n is n - 1. Look at where your loop ends."),
    (r"arrays used as indices must be of integer|only integers, slices",
     "Places must be whole numbers: / makes a float, // a whole number."),
    (r"interpreted as an integer|slice indices must be integers|expected a sequence of integers",
     "A whole number is needed for a size, a range or a place: / makes a float, // a whole number."),
    (r"read-only", "This array may only be read: make a copy with .copy() and change that."),
    (r"Cannot cast ufunc .* output",
     "You write numbers with a fraction into an array of whole numbers: compute a new one, x = x + y in place of x += y."),
    (r"setting an array element with a sequence|only (?:length-1|0-dimensional) arrays",
     "One place holds one number, and you hand it several. Is a sum missing, or do rows have different lengths?"),
    (r"axis .* out of bounds", "The array has fewer axes than you think: print its shape. Axes are counted from 0."),
    (r"axes don't match|axis remapping", "A transposition must name each axis of the array once: print its shape."),
    (r"concatenat|must match exactly|same shape", "These arrays have shapes that cannot be joined: print them."),
    (r"unsupported operand type|can't multiply sequence|can only concatenate",
     "A list, tuple or text cannot be computed with like an array: make it one with np.array."),
    (r"Cannot interpret .* as a data type|Field elements must be",
     "NumPy takes one shape or one list, and then the dtype: np.zeros((2, 3)), np.array([a, b])."),
    (r"object is not iterable|cannot unpack|values to unpack",
     "What you take apart does not have as many parts as there are names, or is a single number: print it."),
    (r"object is not callable",
     "Round brackets call a function, and this is none: index with square brackets, and write * between factors."),
    (r"cannot access local variable|referenced before assignment",
     "A name that the function assigns to is its own: give it a value first, before the loop or the if."),
    (r"name 'np' is not defined", "Run the lesson's first code cell, which imports NumPy."),
    (r"name '(\w+)' is not defined", r"Is \1 spelt as where it is defined, and was that cell run?"),
    (r"unexpected keyword argument '(axes|axe|dim|keepdim|dims)'", r"NumPy's words are axis and keepdims, not \1."),
    (r"has no attribute", "Look at the spelling, and at whether it is an array: a list or a number has no such thing."),
    (r"division (?:or modulo )?by zero|0\.0 cannot be raised", "A divisor is 0 for some arguments."),
    (r"maximum recursion", "Your function calls itself for ever."),
)


def explain(error, answer, choices=()):
    """One or two sentences for the author of the function `answer`, which raised `error`."""
    if isinstance(error, TypeError) and not _lines(error, answer) and "argument" in str(error):
        return (f"Your function does not take the arguments that it is given ({_original(error)}): "
                "leave its first line, with the names of its arguments, as it was.")
    stopped = f"Your function stopped with {type(error).__name__}{_place(error, answer)}: {_original(error)}."
    if isinstance(error, NameError) and error.name and error.name.upper() in choices:
        return f'{stopped} A letter is text: write it in quotation marks, "{error.name}".'
    return " ".join([stopped, *_meaning(error)])


def raised_by(error, answer):
    """Whether `answer` raised it itself, and not a function that it calls."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_code is getattr(answer, "__code__", None)


def _original(error):
    return str(error).strip().rstrip(".") or "no message"


def _meaning(error):
    """What it means, in a list: empty for an unusual error."""
    for pattern, meaning in MEANINGS:
        if found := re.search(pattern, str(error), re.S):
            return [found.expand(meaning)]
    return []


def _lines(error, answer):
    """Numbers of the lines of `answer` that ran when the error came, in its file."""
    code = getattr(answer, "__code__", None)
    return [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code is code]


def _place(error, answer):
    """", in line 2, `y = x @ w`", counted from the line with def; nothing if the error came from elsewhere."""
    lines = _lines(error, answer)
    if not lines:
        return ""
    text = linecache.getline(answer.__code__.co_filename, lines[-1]).strip()
    return f" in line {lines[-1] - answer.__code__.co_firstlineno + 1}" + (f", `{text}`" if text else "")
