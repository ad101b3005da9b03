"""Records of other folders copied into a store: each verified, and none that is here replaced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reports.records.store import DamagedRecordError, Record, Store
from reports.upkeep.verified import verified


@dataclass(frozen=True)
class Merged:
    """What came of a source: how many were copied, how many were here, and what was left out, in lines."""

    source: str
    copied: int
    same: int
    conflicts: list[str]
    damaged: list[str]

    @property
    def whole(self) -> bool:
        """Whether everything that was asked for is in the store now."""
        return not (self.conflicts or self.damaged)


def source_of(folder: Path) -> Store | None:
    """The store in a report's folder, or the folder itself where it is a store; None where there is neither."""
    inner = Store(folder / "records")
    store = inner if inner.folder.is_dir() else Store(folder)
    return store if inner.folder.is_dir() or any(store.all_keys()) or store.older() else None


def merge(theirs: Store, ours: Store, keys: Iterable[str]) -> Merged:
    """Copy those of their records with these keys that are not here; a damaged one of ours makes room for a whole one.

    A conflict is a key under which both have whole records with other bytes, as two machines may compute them: ours
    stays.
    """
    copied = same = 0
    conflicts: list[str] = []
    damaged = [older] if (older := theirs.older()) else []
    for data, record in verified(theirs, keys):
        if isinstance(record, DamagedRecordError):
            damaged.append(str(record))
            continue
        key = record.key
        if key not in ours and ours.add(key, data):
            copied += 1
        elif (here := ours.find(key)) is None:  # it was damaged
            copied += ours.add(key, data)
        elif ours.content(key) == data:
            same += 1
        else:
            conflicts.append(f"record {key}: {_apart(here, record)} differ; ours is kept")
    return Merged(str(theirs.folder), copied, same, conflicts, damaged)


def _apart(here: Record, there: Record) -> str:
    names = sorted({*here.arrays, *there.arrays})
    apart = [name for name in names if not _equal(here, there, name)]
    facts = sorted(
        name for name in {*here.facts, *there.facts} if here.facts.get(name, ...) != there.facts.get(name, ...)
    )
    return ", ".join([*(f"fact {name}" for name in facts), *(f"array {name}" for name in apart)]) or "its bytes"


def _equal(here: Record, there: Record, name: str) -> bool:
    if name not in here.arrays or name not in there.arrays:
        return False
    one, other = here.arrays[name], there.arrays[name]
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
