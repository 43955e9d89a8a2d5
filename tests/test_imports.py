"""The house has floors: a module imports only from those below it, and the lower ones need no pictures."""
import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import helpers

HOUSE = Path(helpers.__file__).parent
# From the ground up, as the package's own table has them.
FLOORS = [name for cell in re.findall(r"^\| (`.*?`) \|", helpers.__doc__, re.M) for name in re.findall(r"`(\w+)`", cell)]
NO_PICTURES = FLOORS[:FLOORS.index("figures")]
FILES = sorted(file.relative_to(HOUSE.parent) for file in HOUSE.rglob("*.py"))


def floors_imported(source, package):
    """Names of the modules on the floors of `helpers` that a source in `package` imports, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            paths = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = list(package)[:len(package) + 1 - node.level] if node.level else []
            base += node.module.split(".") if node.module else []
            paths = [[*base, alias.name] for alias in node.names]
        else:
            continue
        names |= {path[1] for path in paths if path[0] == "helpers" and len(path) > 1}
    return names


def test_every_way_to_import_is_recognised():
    source = """
import os, helpers.data as d
from . import functional as F, init
from .layers import Linear
from helpers import models
from helpers.optim import SGD
from pathlib import Path
def late():
    from . import checks
"""
    assert floors_imported(source, ("helpers",)) == {"data", "functional", "init", "layers", "models", "optim", "checks"}
    inside = "from .. import figures as G\nfrom ..functional import common\nfrom .core import Live\nfrom . import lesson_01"
    assert floors_imported(inside, ("helpers", "live")) == {"figures", "functional", "live"}


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_module_imports_only_from_floors_below(file):
    imported = floors_imported((HOUSE.parent / file).read_text(encoding="utf-8"), file.parent.parts)
    if file.parts[1:] == ("__init__.py",):
        assert imported == set()  # so that `import helpers` costs nothing
        return
    module = Path(file.parts[1]).stem  # a file, or the folder it lies in, whose parts may import each other
    assert module in FLOORS, f"give {module} a floor, in the table of helpers/__init__.py"
    below = set(FLOORS[:FLOORS.index(module)])
    assert imported <= below | ({module} if len(file.parts) > 2 else set())


def loaded_by(statement):
    """Packages that are loaded in a fresh Python once the statement has run."""
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    command = [sys.executable, "-c", code]
    return set(subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=HOUSE.parent, check=True).stdout.split())


def test_the_lower_floors_need_no_pictures():
    pictures = {"matplotlib", "ipywidgets", "IPython"}
    assert loaded_by("import helpers").isdisjoint(pictures | {"numpy"})
    lower = loaded_by("import " + ", ".join(f"helpers.{module}" for module in NO_PICTURES))
    assert lower.isdisjoint(pictures | {"torch"})
    assert {"helpers", "numpy"} <= lower


def test_what_loads_pictures_is_seen():
    assert "matplotlib" in loaded_by("import helpers.figures")
