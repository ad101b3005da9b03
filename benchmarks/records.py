"""Measurements of one output folder: new ones replace what they repeat, the rest stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from reports.pages.speed import FILE_NAME, read
from reports.pages.speed_records import Benchmarks
from reports.records.store import write_atomically

_Row = TypeVar("_Row")


def add(out: Path, measured: Benchmarks) -> None:
    """Store measurements beside those that `out` holds already."""
    joined = merged(read(out) or Benchmarks(), measured)
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / FILE_NAME, (json.dumps(asdict(joined), indent=1, allow_nan=False) + "\n").encode())


def merged(old: Benchmarks, new: Benchmarks) -> Benchmarks:
    """Old and new measurements, a new one in the place of an old one of the same thing."""
    return Benchmarks(
        speed=_merged(old.speed, new.speed, lambda row: (row.device, row.scale, row.workload)),
        contention=_merged(old.contention, new.contention, lambda row: (row.device, row.workload, row.peer, row.busy)),
        memory=_merged(old.memory, new.memory, lambda row: (row.device, row.workload, row.quantity)),
        search=_merged(old.search, new.search, lambda row: row.name),
    )


def _merged(old: Sequence[_Row], new: Sequence[_Row], key: Callable[[_Row], Hashable]) -> list[_Row]:
    rows = {key(row): row for row in [*old, *new]}
    return [rows[name] for name in sorted(rows, key=repr)]
