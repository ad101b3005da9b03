"""Which records of a store are meant: by statement, task, kind and age."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

    def takes(self, cell: Mapping[str, Any]) -> bool:
        """Whether a cell's description fits.

        >>> cell = {"kind": "points", "cell": {"task": "quadratic", "statements": ["S2", "S4"]}}
        >>> Selection(statements=("S4",)).takes(cell), Selection(tasks=("cosine",)).takes(cell)
        (True, False)
        """
        kind, task, statements = summary(cell)
        return (
            (not self.statements or not set(self.statements).isdisjoint(statements))
            and (not self.tasks or task in self.tasks)
            and (not self.kinds or kind in self.kinds)
        )

    def takes_age(self, path: Path) -> bool:
        """Whether a file is old enough; not one that is gone."""
        try:
            return not self.older_than or time.time() - path.stat().st_mtime > self.older_than * DAY
        except FileNotFoundError:
            return False


def summary(cell: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """Kind, task and statements of a cell's description, '' and none where it has none."""
    inner = cell.get("cell")
    inner = inner if isinstance(inner, dict) else {}
    statements = inner.get("statements")
    names = [str(name) for name in statements] if isinstance(statements, list) else []
    return str(cell.get("kind", "")), str(inner.get("task", "")), names


@dataclass(frozen=True)
class Entry:
    """A record's words, or what is wrong with them."""

    key: str
    cell: Mapping[str, Any]
    facts: Mapping[str, Any]
    damage: str = ""


def entries(store: Store, selection: Selection) -> Iterator[Entry]:
    """The selected records, off the first bytes of each; also those that cannot say what they are.

    A record that is deleted meanwhile is left out.
    """
    for key in store.all_keys():
        if not selection.takes_age(store.path(key)):
            continue
        try:
            body = store.description(key)
        except FileNotFoundError:
            continue
        except DamagedRecordError as error:
            yield Entry(key, {}, {}, error.why)
            continue
        if selection.takes(body["cell"]):
            yield Entry(key, body["cell"], body["facts"])
