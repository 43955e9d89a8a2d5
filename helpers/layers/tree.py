"""Modules hold modules: how everything inside one is found and named."""
from .parameter import Buffer, Parameter


class Tree:
    """The modules, parameters and buffers in a module, by names joined with dots, as in PyTorch."""

    def attributes(self):
        """Pairs (name, value) of all that makes this module, without what is there during a pass or after it."""
        return [(name, value) for name, value in list(vars(self).items()) if name not in ("_cache", "group", "input_gradient")]

    def own(self, kind):
        """Pairs (name, object) of the objects of this kind in attributes, and in lists, tuples and dictionaries there."""
        return [pair for name, value in self.attributes() for pair in _found(name, value, kind)]

    def named_modules(self):
        """Pairs (name, module), each once: this module first and nameless, then all inside.

        Raises ValueError for a module that is inside itself.
        """
        found = {}

        def visit(name, module, above):
            if any(module is outer for outer in above):
                raise ValueError(f"{type(above[-1]).__name__}: {name.split('.')[-1]!r} points back at a {type(module).__name__} that "
                                 "holds it, so its parameters would be counted without end: keep no parent in a module")
            if id(module) not in found:
                found[id(module)] = name, module
                for key, child in module.own(Tree):
                    visit(f"{name}.{key}" if name else key, child, (*above, module))

        visit("", self, ())
        return list(found.values())

    def modules(self):
        """This module and all inside it, each once."""
        return [module for _, module in self.named_modules()]

    def _named_state(self):
        """Pairs (name, Parameter or Buffer), each once; raises ValueError where two have one name."""
        found, names = {}, {}
        for prefix, module in self.named_modules():
            for name, thing in module.own((Parameter, Buffer)):
                name = f"{prefix}.{name}" if prefix else name
                found.setdefault(id(thing), (name, thing))
                if names.setdefault(name, thing) is not thing:
                    raise ValueError(f"{type(self).__name__}: {names[name]} and {thing} would both be saved as {name!r}: give "
                                     "them other names, or the dictionary that holds them other keys")
        return list(found.values())

    def named_parameters(self):
        """Pairs (name, Parameter), each once, from input to output."""
        return [(name, thing) for name, thing in self._named_state() if isinstance(thing, Parameter)]

    def parameters(self):
        """All parameters, each once, from input to output."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_buffers(self):
        """Pairs (name, Buffer), each once."""
        return [(name, thing) for name, thing in self._named_state() if isinstance(thing, Buffer)]


def _found(name, value, kind, above=()):
    """Pairs (name, object): `value` itself, or what is in it. ValueError for a list or dictionary that is inside itself."""
    if isinstance(value, kind):
        return [(name, value)]
    if any(value is outer for outer in above):
        raise ValueError(f"{name.split('.')[0]!r} is a {type(value).__name__} that holds itself: give it the modules alone")
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    return [pair for key, item in inner for pair in _found(f"{name}.{key}", item, kind, (*above, value))]
