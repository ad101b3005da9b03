"""What several files of tests need and takes long to make, made once in a run, by whichever process asks first."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock


@dataclass(frozen=True)
class Once:
    """A folder that all processes of one run of pytest share."""

    folder: Path

    @classmethod
    def of(cls, factory: pytest.TempPathFactory) -> Once:
        """The folder of a run: that of a process alone, or the one in which each process of several has its own."""
        own = factory.getbasetemp()
        return cls(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)

    def made(self, name: str, make: Callable[[Path], object]) -> Path:
        """The path of that name, which make(path) has written; others wait for it and read, and nobody changes it."""
        path, begun = self.folder / name, self.folder / f"{name}.begun"
        with FileLock(self.folder / f"{name}.lock"):
            if not path.exists():
                make(begun)
                begun.rename(path)  # what failed half-way is not taken for made
        return path
