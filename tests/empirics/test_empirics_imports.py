"""The package imports lazily, and none of what belongs to the other side."""

from __future__ import annotations

import ast
import pathlib
import subprocess
import sys

import empirics

ROOT = pathlib.Path(empirics.__file__).parent
HEAVY = ("sklearn", "flint", "sympy", "hypothesis", "pandas", "matplotlib")


def test_importing_the_tasks_loads_nothing_heavy_but_torch():
    code = (
        "import sys, empirics; empty = [m for m in ('torch', 'numpy') if m in sys.modules];"
        "[getattr(empirics, name) for name in empirics.__all__];"
        f"print(empty, [m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    assert done.stdout.split() == ["[]", "[]"]


def test_no_module_imports_the_other_side():
    allowed = {"__future__", "empirics", "torch", "numpy", "scipy", *sys.stdlib_module_names}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, path
                names = [node.module or ""]
            extra = {name.split(".")[0] for name in names} - allowed
            expected = {"digits.py": {"sklearn"}, "progress.py": {"rich"}}.get(path.name, set())
            if path.parent.name == "testing":
                expected = {"hypothesis", "mpmath"} | ({"pytest"} if path.name == "fixtures.py" else set())
            assert extra <= expected, (path.name, extra)


def test_no_module_shares_a_name_with_a_public_function():
    modules = {path.stem for path in ROOT.glob("*.py")}
    functions = {name for name in empirics.__all__ if callable(getattr(empirics, name))}
    assert not modules & functions


def test_every_public_name_resolves():
    for name in empirics.__all__:
        assert getattr(empirics, name) is getattr(empirics, name)
    assert set(empirics.__all__) == set(dir(empirics))
