"""Where the iterates of a run go: which rounds are kept, in memory or on disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from empirics.numerics.errors import InputError


@dataclass(frozen=True)
class Kept:
    """Every `every`-th round of a run of `last` rounds, round 0 (the start) and the last one included.

    >>> Kept(7, 3).rounds
    (0, 3, 6, 7)
    """

    last: int
    every: int

    @property
    def rounds(self) -> tuple[int, ...]:
        """The rounds after which iterates are kept."""
        regular = tuple(range(0, self.last + 1, self.every))
        return regular if regular[-1] == self.last else (*regular, self.last)

    def __len__(self) -> int:
        """How many rounds are kept."""
        return -(-self.last // self.every) + 1

    def until(self, index: int) -> int:
        """How many of the kept rounds are at most `index`."""
        return len(self) if index >= self.last else index // self.every + 1

    def of_block(self, block: Tensor, first: int) -> Tensor:
        """Of iterates (R, count, d) after rounds first .. first + count - 1 of the run, the ones that are kept.

        Iterates after round index k (from 0) are those of round k + 1 of the record, whose round 0 is the start.
        """
        if self.every == 1:
            return block
        end = first + block.shape[1]
        rounds = list(range(first - first % self.every + self.every, end + 1, self.every))
        if end == self.last and end % self.every:
            rounds.append(end)
        return block[:, torch.tensor([index - first - 1 for index in rounds], dtype=torch.int64, device=block.device)]


class Recorder(ABC):
    """Takes iterates in pieces and gives them back as one tensor (replicas, kept, d) on the CPU."""

    @abstractmethod
    def write(self, replica: int, place: int, values: Tensor) -> None:
        """Store values (R, count, d) of replicas replica .. replica + R - 1 at the kept rounds from `place` on."""

    @abstractmethod
    def iterates(self) -> Tensor:
        """Everything that was written."""


class InMemory(Recorder):
    """One tensor, allocated once."""

    def __init__(self, replicas: int, kept: int, d: int, dtype: torch.dtype) -> None:
        """Allocate one tensor (replicas, kept, d)."""
        self._values = torch.empty((replicas, kept, d), dtype=dtype)

    def write(self, replica: int, place: int, values: Tensor) -> None:
        """Copy them to their places."""
        self._values[replica : replica + len(values), place : place + values.shape[1]] = values

    def iterates(self) -> Tensor:
        """The tensor itself, not a copy."""
        return self._values


class OnDisk(Recorder):
    """A .npy file, mapped only while a piece is written, so that memory does not grow with the run.

    Entries of rounds that a run never reached are 0.
    """

    def __init__(self, path: str | Path, replicas: int, kept: int, d: int, dtype: torch.dtype) -> None:
        """Create the file; its blocks are taken from the disk as they are written."""
        self._path = Path(path)
        if self._path.suffix != ".npy" or not self._path.parent.is_dir():
            raise InputError(f"path = {str(path)!r}: expected the name of a .npy file in a folder that exists")
        narrow = np.float32 if dtype == torch.float32 else np.float64
        np.lib.format.open_memmap(self._path, mode="w+", dtype=narrow, shape=(replicas, kept, d))

    def write(self, replica: int, place: int, values: Tensor) -> None:
        """Map the file, copy, and unmap it again."""
        mapped = np.load(self._path, mmap_mode="r+")
        mapped[replica : replica + len(values), place : place + values.shape[1]] = values.cpu().numpy()

    def iterates(self) -> Tensor:
        """The file, read as it is used; changing the tensor does not change the file."""
        return torch.from_numpy(np.load(self._path, mmap_mode="c"))
