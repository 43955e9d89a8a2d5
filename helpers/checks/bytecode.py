"""What can be seen in a function without calling it."""
import dis

IDLE = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "COPY_FREE_VARS"}


def _steps(function):
    return list(dis.get_instructions(function)) if hasattr(function, "__code__") else []


def is_stub(function):
    """Whether it does nothing at all."""
    steps = _steps(function)
    return bool(steps) and all(step.opname in IDLE for step in steps)


def loops_once(function):
    """Whether a loop of it can never come to its second round, as no step leads back to its beginning."""
    steps = _steps(function)
    backward = {step.argval for step in steps if "JUMP_BACKWARD" in step.opname}
    return any(step.opname == "FOR_ITER" and step.offset not in backward for step in steps)


def unused(function):
    """Names of arguments that it never reads."""
    steps = _steps(function)
    if not steps:
        return []
    read = set()
    for step in steps:
        if "LOAD" in step.opname or "CELL" in step.opname or "CLOSURE" in step.opname:
            read |= set(step.argval) if isinstance(step.argval, tuple) else {step.argval}
    code = function.__code__
    return [name for name in code.co_varnames[:code.co_argcount] if name not in read]
