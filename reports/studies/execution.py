"""Cells of a study: each is stored under the hash of its description, and made only where no record exists."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from reports.records.store import Record, Store, record_key
from reports.records.threads import one_thread
from reports.records.workers import Call, Workers

Made = tuple[Mapping[str, Any], Mapping[str, np.ndarray]]
# what only words or draws cannot change what a cell holds
_WORDS = (
    "conclusion.py",
    "comparisons.py",
    "drawings",
    "frames.py",
    "own_page.py",
    "page.py",
    "paired.py",
    "tables.py",
)


class StudyCell(ABC):
    """One unit of work."""

    @abstractmethod
    def description(self) -> dict[str, Any]:
        """Everything that decides what is run, as plain JSON values."""

    @abstractmethod
    def make(self) -> Made:
        """Facts and arrays, computed now."""

    @property
    @abstractmethod
    def weight(self) -> float:
        """Expected work, in any unit: the heaviest cells are started first so that workers end together."""

    @property
    def key(self) -> str:
        """The key of this cell's record."""
        return record_key(self.description())

    @property
    def batch(self) -> str:
        """Cells of equal batch may be made together; by default none are."""
        return self.key

    def make_with(self, others: Sequence[StudyCell]) -> list[Made]:
        """This cell and others of its batch, made together where that is faster."""
        return [cell.make() for cell in (self, *others)]


@lru_cache(maxsize=1)
def code_version() -> str:
    """SHA-256 of the sources that decide what a study's cell holds: the engine, and the studies' own measurements."""
    digest = hashlib.sha256()
    for package, kinds in (("empirics", (".py", ".cpp", ".h")), ("reports", (".py",))):
        root = Path(str(resources.files(package)))
        folder = root / "studies" if package == "reports" else root
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.suffix in kinds and not name.startswith(_WORDS):
                digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()


def execute_all(cells: Sequence[StudyCell], folder: Path, workers: Workers | None) -> list[Record]:
    """The records of all cells, in the order of the cells; what exists already is read.

    workers: who makes what does not; without them nothing is made or moved. Raises ValueError where a record is then
    missing or damaged.
    """
    store = Store(folder)
    found = {cell.key: store.find(cell.key) if workers else _stored(store, cell.key) for cell in cells}
    missing = {key for key, record in found.items() if record is None}
    if missing and workers is None:
        raise ValueError(f"records {', '.join(sorted(missing))}: not there, or of other sources")
    # who is made together is fixed by the cells, never by what is missing: in a batch the last bits may be others
    batches: dict[str, list[StudyCell]] = {}
    for cell in sorted({cell.key: cell for cell in cells}.values(), key=lambda cell: -cell.weight):
        batches.setdefault(cell.batch, []).append(cell)
    work = [batch for batch in batches.values() if any(cell.key in missing for cell in batch)]
    for index, made in workers.run([Call(_made, (batch,)) for batch in work]) if workers else ():
        for cell, (facts, arrays) in zip(work[index], made, strict=True):
            if cell.key in missing:
                found[cell.key] = store.write(cell.description(), facts, arrays)
    return [found[cell.key] or store.read(cell.key) for cell in cells]


def _stored(store: Store, key: str) -> Record | None:
    return store.read(key) if key in store else None


def _made(batch: Sequence[StudyCell]) -> list[Made]:
    """The cells of a batch, made together."""
    with one_thread():
        return batch[0].make_with(batch[1:])
