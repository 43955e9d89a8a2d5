"""The house has floors: a module imports only from those below it, and the lower ones need no pictures."""
import ast
import subprocess
import sys
from pathlib import Path

import pytest

import helpers

HOUSE = Path(helpers.__file__).parent
# From the ground up. `init` lies below `layers`, which draw their weights with it.
FLOORS = ["functional", "data", "init", "layers", "optim", "models", "training", "gradcheck", "figures", "live", "checks", "machine"]
NO_PICTURES = FLOORS[:FLOORS.index("figures")]
MODULES = sorted(file.stem for file in HOUSE.glob("*.py") if file.stem != "__init__")


def imported_from_the_house(source):
    """Names of the modules of `helpers` that this source imports, at the top or inside a function."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("helpers.")}
        elif isinstance(node, ast.ImportFrom):
            path = (node.module or "").split(".")
            if node.level == 0 and path[0] != "helpers":
                continue
            path = [part for part in (path if node.level else path[1:]) if part]
            names |= {path[0]} if path else {alias.name for alias in node.names}
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
    from . import live
"""
    assert imported_from_the_house(source) == {"data", "functional", "init", "layers", "models", "optim", "live"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_floors_below(module):
    assert module in FLOORS, f"give {module} a floor, here and in the design"
    above = FLOORS[FLOORS.index(module):]
    imported = imported_from_the_house((HOUSE / f"{module}.py").read_text(encoding="utf-8"))
    assert imported <= set(FLOORS)
    assert not imported & set(above)


def test_the_package_imports_nothing_by_itself():
    assert imported_from_the_house((HOUSE / "__init__.py").read_text(encoding="utf-8")) == set()


def loaded_by(statement):
    """Packages that are loaded in a fresh Python once the statement has run."""
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=HOUSE.parent, check=True)
    return set(done.stdout.split())


def test_the_lower_floors_need_no_pictures():
    pictures = {"matplotlib", "ipywidgets", "IPython"}
    assert loaded_by("import helpers").isdisjoint(pictures | {"numpy"})
    lower = loaded_by("import " + ", ".join(f"helpers.{module}" for module in NO_PICTURES))
    assert lower.isdisjoint(pictures | {"torch"})
    assert {"helpers", "numpy"} <= lower


def test_what_loads_pictures_is_seen():
    assert "matplotlib" in loaded_by("import helpers.figures")
