"""Prediction and measurement share no code: the imports of every module are walked."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = {"theory", "empirics", "reports"}
ALLOWED = {"theory": {"theory"}, "empirics": {"empirics"}, "reports": OURS}


def imported(path: Path) -> set[str]:
    """Top-level names of everything a file imports, at any depth of its body."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.level > 0:
            names.add(path.relative_to(ROOT).parts[0])
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "import_module":
            names |= {
                str(part.value).split(".")[0]
                for part in ast.walk(node)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            }
    return names


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_a_package_imports_only_what_it_may(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        assert imported(path) & OURS <= ALLOWED[package], path


@pytest.mark.parametrize(
    ("package", "forbidden", "except_in"),
    [
        ("theory", {"torch"}, set()),
        ("empirics", {"flint", "sympy"}, set()),
        ("empirics", {"sklearn"}, {"digits.py"}),
    ],
)
def test_heavy_libraries_stay_in_their_room(package: str, forbidden: set[str], except_in: set[str]) -> None:
    for path in sorted((ROOT / package).rglob("*.py")):
        if path.name not in except_in and "testing" not in path.parts:
            assert not imported(path) & forbidden, path


def test_the_walk_sees_a_breach(tmp_path: Path) -> None:
    for text in ("import theory", "from theory.tables import quantity", "def f():\n    import theory.tables"):
        breach = tmp_path / "breach.py"
        breach.write_text(text)
        assert "theory" in imported(breach)


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("theory", ("torch", "sympy", "flint", "empirics", "reports")),
        ("empirics", ("sklearn", "flint", "sympy", "hypothesis", "theory", "reports")),
        ("reports.build", ("torch", "sympy", "matplotlib", "pandas", "sklearn")),
    ],
)
def test_import_time_is_part_of_the_interface(module: str, absent: tuple[str, ...]) -> None:
    code = f"import {module}, sys; print(*[name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_public_names_are_never_modules() -> None:
    """A lazy package would hand out the module for the function of the same name once the module is imported."""
    code = """
import importlib, pkgutil, types, theory, empirics
for package in (theory, empirics):
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not info.name.endswith("__main__") and ".testing" not in info.name:
            importlib.import_module(info.name)
calls = [theory.quantity, theory.bound, theory.bounds, empirics.meta_gradient, empirics.meta_loss]
for name in ("quantity", "bound", "bounds"):
    assert callable(getattr(theory, name)) and not isinstance(getattr(theory, name), types.ModuleType), name
for name in ("meta_gradient", "meta_loss"):
    assert callable(getattr(empirics, name)) and not isinstance(getattr(empirics, name), types.ModuleType), name
for _ in range(2):
    assert theory.quantity("L_F").name == "L_F" and theory.bound("S4").id == "S4" and len(theory.bounds()) > 10
    task = empirics.QuadraticTask(A=[[[1.0]]], c=[[0.0]])
    assert empirics.meta_gradient(task, [2.0], 0.5, 1).item() == 0.5
    assert empirics.meta_loss(task, [2.0], 0.5, 1).item() == 0.5
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=ROOT)
