"""One thread a worker, and the profile of hypothesis: ci, unless PROPERTIES_PROFILE names another one.

The suite runs in two processes; tiny tensors gain nothing from more threads. The examples of ci are always the same.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from empirics.testing.budget import register_profiles
from tests.once import Once

torch.set_num_threads(1)
register_profiles()
settings.load_profile(os.environ.get("PROPERTIES_PROFILE", "ci"))


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """What is made once in a run, for all of its processes."""
    return Once.of(tmp_path_factory)


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """(name, text) -> name: a module of a user's in a folder that is searched first, not imported yet."""

    def written(name: str, text: str) -> str:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        sys.modules.pop(name, None)
        return name

    return written


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `gpu` are skipped where there is none."""
    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu") is not None:
            item.add_marker(pytest.mark.skip(reason="no CUDA device is visible"))
