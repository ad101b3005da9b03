"""The rooms of the package: arrows point down only, and no file imports in a circle."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import theory

HOME = Path(theory.__file__).parent
# from the ground up; files at the top level are rooms of their own
ROOMS = [
    {"language"}, {"enclosure"}, {"printing"}, {"statements"}, {"views"}, {"tables"},
    {"growth", "admissibility", "planning"}, {"claims"}, {"text", "macros", "__main__", "theory"},
]  # fmt: skip
ONLY = {"language": set(), "enclosure": {"language"}, "printing": {"language"}, "statements": {"language"}}


def module_of(path: Path) -> str:
    parts = path.relative_to(HOME.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in sorted(HOME.rglob("*.py"))}


def imports(module: str) -> set[str]:
    """Every file of the package that a file imports, inside functions and for type checkers too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in inner}
    return found & set(MODULES)


def room(module: str) -> str:
    return [*module.split("."), "theory"][1]


def floor(module: str) -> int:
    return next(place for place, names in enumerate(ROOMS) if room(module) in names)


@pytest.mark.parametrize("module", MODULES)
def test_arrows_point_down(module: str) -> None:
    for other in imports(module) - {module}:
        assert floor(other) <= floor(module), f"{module} imports {other}"
        allowed = ONLY.get(room(module))
        assert allowed is None or room(other) in allowed | {room(module)}, f"{module} imports {other}"


def test_no_circle_of_files() -> None:
    TopologicalSorter({module: imports(module) - {module} for module in MODULES}).prepare()


def test_no_module_shares_a_name_with_a_public_function() -> None:
    assert not {path.stem for path in HOME.glob("*.py")} & set(theory.__all__)
