"""Tests of runs are run on every engine: the compiled one, where it is installed, and the general torch one."""

from __future__ import annotations

import pytest

from empirics.backends import backend
from empirics.backends.native.library import library

_ON_EVERY_ENGINE = ("test_empirics_runs", "test_empirics_closed_forms", "test_empirics_divergence")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.module.__name__.rpartition(".")[2] in _ON_EVERY_ENGINE:
        metafunc.fixturenames.append("engine")
        metafunc.parametrize("engine", ["native", "torch"], indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "torch":
        monkeypatch.setattr(backend, "_native", lambda settings, task: None)
    elif library() is None:
        pytest.skip("the package was installed without a C++ compiler")
    return request.param
