"""Which records of a store are meant: by statement, task, kind and age."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from reports.records.store import DamagedRecordError, Store
from reports.staging import DAY


@dataclass(frozen=True)
class Selection:
    """Records that fit each of these; an empty tuple asks for nothing. older_than: days."""

    statements: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    older_than: float = 0.0

    @property
    def named(self) -> bool:
        """Whether it asks what is in a record, and not only how old it is."""
        return bool(self.statements or self.tasks or self.kinds)

    def takes(self, kind: str, task: str, statements: list[str]) -> bool:
        """Whether what a record is about fits.

        >>> Selection(statements=("S4",)).takes("points", "quadratic", ["S2", "S4"])
        True
        >>> Selection(statements=("S4",), tasks=("cosine",)).takes("points", "quadratic", ["S2", "S4"])
        False
        """
        return (
            (not self.statements or not set(self.statements).isdisjoint(statements))
            and (not self.tasks or task in self.tasks)
            and (not self.kinds or kind in self.kinds)
        )

    def old_enough(self, path: Path) -> bool:
        """Whether a file was written so long ago; not one that is gone."""
        try:
            return not self.older_than or time.time() - path.stat().st_mtime > self.older_than * DAY
        except FileNotFoundError:
            return False


class Entry(NamedTuple):
    """What a record is about; damage: why its first bytes do not say it."""

    key: str
    kind: str
    task: str
    statements: list[str]
    damage: str = ""


def entries(store: Store, selection: Selection) -> Iterator[Entry]:
    """The selected records, by key, off the first bytes of each: what is damaged behind them is not seen.

    A damaged one that is old enough is among them, since it cannot say what it is, and one that is deleted meanwhile is
    not.
    """
    for key in store.all_keys():
        if selection.older_than and not selection.old_enough(store.path(key)):
            continue
        try:
            entry = Entry(key, *_about(store.description(key)["cell"]))
        except FileNotFoundError:
            continue
        except DamagedRecordError as error:
            entry = Entry(key, "", "", [], error.why)
        if entry.damage or selection.takes(*entry[1:4]):
            yield entry


def _about(cell: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """Kind, task and statements of a cell's description, empty where it has none."""
    inner = cell.get("cell")
    inner = inner if isinstance(inner, dict) else {}
    statements = inner.get("statements")
    names = [str(name) for name in statements] if isinstance(statements, list) else []
    return str(cell.get("kind", "")), str(inner.get("task", "")), names
