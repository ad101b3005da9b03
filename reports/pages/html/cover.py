"""Which statement was tested in which mode, and on how many tasks."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.judging.frames import ENOUGH_TASKS, coverage_frame
from reports.judging.rows import Row


@dataclass(frozen=True)
class Coverage:
    """Per statement its cells by mode (None where it does not speak about the mode), and the thin ones with reasons."""

    lines: list[tuple[str, dict[str, int]]]
    thin: Sequence[Mapping[Hashable, Any]]
    outside: list[str]
    enough: int = ENOUGH_TASKS


def coverage(rows: Sequence[Row]) -> Coverage:
    """The coverage of a report."""
    records = coverage_frame(rows).to_dict("records")
    measured = {row.bound for row in rows}
    inside = [line for line in records if line["bound"] in measured]
    cells: dict[str, dict[str, int]] = {}
    for line in inside:
        cells.setdefault(line["bound"], {})[line["mode"]] = line["tasks"]
    thin = [line for line in inside if line["tasks"] < ENOUGH_TASKS]
    outside = list(dict.fromkeys(line["bound"] for line in records if line["bound"] not in measured))
    return Coverage(list(cells.items()), thin, outside)
