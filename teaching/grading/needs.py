"""Which statements of a notebook an answer needs: those that bind the names that it reads, and theirs in turn."""
import ast
import builtins
import symtable
from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """A statement of a cell's top level, and the names that it has to do with."""

    source: str
    where: str          # for a traceback: "cell 12"
    binds: frozenset
    changes: frozenset  # names whose value it may change in place: grads in `grads["w"] = dw` and in `grads.clear()`
    reads: frozenset
    later: bool         # a definition, which reads its names when it is called
    imports: bool


def statements(source, where):
    """The statements of a cell, in order, and each name that is imported as one of its own. Raises SyntaxError."""
    return [_statement(part, text, where) for node in ast.parse(source).body for part, text in _apart(node, source)]


def _apart(node, source):
    """[(statement, its source), ...]: an import of several names is several, as each name may cost seconds."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        parts = [ast.Import([name]) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, [name], node.level)
                 for name in node.names]
        return [(part, ast.unparse(part)) for part in parts]
    if getattr(node, "decorator_list", None):
        first = min(decorator.lineno for decorator in node.decorator_list)
        return [(node, "\n".join(source.splitlines()[first - 1:node.end_lineno]))]
    return [(node, ast.get_source_segment(source, node))]


def _statement(node, text, where):
    top = symtable.symtable(text, where, "exec")
    star = isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
    binds = {"*"} if star else {name.get_name() for name in top.get_symbols() if name.is_assigned() or name.is_imported()}
    return Statement(text, where, frozenset(binds), frozenset(_changed(node)), frozenset({*_read(top), *_added_to(node)}),
                     isinstance(node, ast.FunctionDef | ast.ClassDef), isinstance(node, ast.Import | ast.ImportFrom))


def _read(table):
    """Names of the top level that are read, also from inside functions, whose own names stay out."""
    top = table.get_type() == "module"
    names = {name.get_name() for name in table.get_symbols() if name.is_referenced() and (top or name.is_global())}
    return names.union(*map(_read, table.get_children()))


def _changed(node):
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return
    for part in ast.walk(node):
        if isinstance(part, ast.Subscript | ast.Attribute) and not isinstance(part.ctx, ast.Load):
            yield _root(part)
        elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call) and isinstance(part.value.func, ast.Attribute):
            yield _root(part.value.func)


def _added_to(node):
    """Names in `total += 1`, which a table of symbols does not call read."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return set()
    return {part.target.id for part in ast.walk(node) if isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name)}


def _root(node):
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def needed(target, own, lesson):
    """What the definition `own[target]` needs, itself included, in the order in which it must run.

    A name has the value that it has in the notebook `own` where the definition stands; where it has none there, that of
    further down; and where its cell was deleted, that of the `lesson`. Names that are bound nowhere are left to Python.
    """
    end = len(lesson)  # of the lesson; the notebook's own statements come after it
    everything = [*lesson, *own]
    chosen = {end + target} | {place for place, statement in enumerate(own, end) if "*" in statement.binds}
    wanted = [(name, end + target, True) for name in own[target].reads]
    seen = set()
    while wanted:
        asked = wanted.pop()
        if asked in seen or asked[0] in own[target].binds:
            continue
        seen.add(asked)
        for place in _values(*asked, everything, end) - chosen:
            chosen.add(place)
            ours, statement = place >= end, everything[place]
            last = max(place, end + target) if ours else end
            wanted += [(name, last if statement.later else place, ours) for name in statement.reads]
    return [everything[place] for place in sorted(chosen)]


def _values(name, before, ours, everything, end):
    """Places of the statements that give `name` the value that it has at the place `before`, in the notebook or in its lesson."""
    if not ours:
        return _value(name, range(before), everything)
    if value := _value(name, range(end, before), everything):
        return value
    if hasattr(builtins, name):
        return set()
    return _value(name, range(before + 1, len(everything)), everything) or _value(name, range(end), everything)


def _value(name, places, everything):
    """Of these places, those of the last statement that binds `name`, and of all after it that may change its value."""
    bound = [place for place in places if name in everything[place].binds][-1:]
    if not bound or everything[bound[0]].imports:
        return set(bound)
    return {*bound, *(place for place in places if place > bound[0] and name in everything[place].changes)}
