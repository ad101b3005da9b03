"""Cells that failed, one file each: kept beside the records until the cell is run again and gives one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from reports.records.attempts import Failure
from reports.records.store import write_atomically


@dataclass(frozen=True)
class Failures:
    """A folder of them."""

    folder: Path

    def write(self, failure: Failure, command: str) -> None:
        """Keep a failure with the command that runs its cell again."""
        text = json.dumps({**asdict(failure), "command": command}, indent=1, sort_keys=True)
        write_atomically(self._path(failure.key), f"{text}\n".encode())

    def read(self, key: str) -> Failure | None:
        """The failure of a cell; None where it has none that can be read."""
        try:
            stored = json.loads(self._path(key).read_bytes())
            stored.pop("command")
            failure = Failure(**stored)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None
        return failure if failure.key == key else None

    def forget(self, key: str) -> None:
        """The cell has its record now."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"
