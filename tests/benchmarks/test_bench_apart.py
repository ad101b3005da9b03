"""The benchmarks run from a checkout: nothing that is installed needs them, and a worker starts without libraries."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

from tests.test_wall import ROOT, imported


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
