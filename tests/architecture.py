"""The graph of imports: who imports whom, in a file's body, in its functions and for type checkers alike."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("theory", "empirics", "reports", "benchmarks")


@cache
def modules() -> dict[str, Path]:
    """Every file of the four packages under its module's name."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return {_name(path): path for path in paths}


@cache
def imports(module: str) -> frozenset[str]:
    """The files of ours that a file imports."""
    return frozenset(imported(modules()[module].read_text(encoding="utf-8"), set(modules())) - {module})


def imported(text: str, known: set[str]) -> set[str]:
    """Which of the known modules a text imports; a name taken from a package is its module where there is one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else node.module for name in inner}
    return found & known


def room(module: str) -> str:
    """The folder of a package, or its own name for a file at the top: theory.language, reports.build, theory."""
    return ".".join(module.split(".")[:2])


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
