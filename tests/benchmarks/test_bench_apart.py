"""The benchmarks run from a checkout: nothing that is installed needs them, and a worker starts without libraries."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

from tests.architecture import imports, modules, room
from tests.test_wall import ROOT, imported

# from the ground up, as in tests/test_architecture.py; a command's file stands above its folder
FLOORS = [
    {"options", "machine", "workloads"}, {"peers"}, {"worker", "peak", "records", "show"},
    {"timing", "busy", "growth", "overhead", "searching", "store"}, {"run", "gpu"},
]  # fmt: skip


def floor(module: str) -> int:
    return next(level for level, rooms in enumerate(FLOORS) if room(module).split(".")[-1] in rooms)


@pytest.mark.parametrize("module", [one for one in modules() if one.startswith("benchmarks.")])
def test_arrows_point_down(module: str) -> None:
    for other in imports(module):
        if other.startswith("benchmarks.") and room(other) != room(module):
            assert floor(other) < floor(module), f"{module} imports {other}"


@pytest.mark.parametrize("package", ["theory", "empirics", "reports"])
def test_no_package_imports_them(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    assert not [path for path in files if "benchmarks" in imported(path)]


def test_they_are_not_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert not [name for name in project["tool"]["setuptools"]["packages"]["find"]["include"] if "benchmarks" in name]
    assert any(line.startswith("jax") for line in project["project"]["optional-dependencies"]["bench"])


def test_a_worker_settles_threads_and_devices_before_any_library_reads_them() -> None:
    script = (
        "import sys, benchmarks.run, benchmarks.worker; "
        "print(sorted({'torch', 'jax', 'empirics', 'sympy'} & {name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
