"""How long cells took, a line each: what a dry run estimates from, and nothing of a report depends on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from reports.records.execution import weight
from reports.records.seeded_cell import SeededCell

NAME = "timings.jsonl"


@dataclass(frozen=True)
class Timings:
    """Seconds by unit of weight, by what cells are like."""

    rates: dict[tuple[str, ...], list[float]]

    @classmethod
    def read(cls, file: Path) -> Timings:
        """Those in a file; lines that are torn or of another kind are passed over."""
        rates: dict[tuple[str, ...], list[float]] = {}
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            lines = []
        for line in lines:
            try:
                found = json.loads(line)
                like, rate = tuple(map(str, found["like"])), float(found["seconds"]) / float(found["weight"])
            except (ValueError, TypeError, KeyError, ZeroDivisionError):
                continue
            for end in range(1, len(like) + 1):
                rates.setdefault(like[:end], []).append(rate)
        return cls(rates)

    def seconds(self, seeded: SeededCell) -> float | None:
        """What a cell may take: the median of the cells most like it, by weight; None where there are none."""
        like = _like(seeded)
        for end in range(len(like), 0, -1):
            if like[:end] in self.rates:
                return median(self.rates[like[:end]]) * weight(seeded)
        return None


def add(file: Path, seeded: SeededCell, seconds: float) -> None:
    """Append a cell's time; a line is short enough to be written whole beside other writers."""
    line = {"like": _like(seeded), "weight": weight(seeded), "seconds": round(seconds, 4)}
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(line) + "\n")


def makespan(seconds: Iterable[float], jobs: int) -> float:
    """The time of so many processes for these cells, the longest first.

    >>> makespan([3.0, 2.0, 2.0], 2), makespan([], 2)
    (4.0, 0.0)
    """
    ends = [0.0] * jobs
    for one in sorted(seconds, reverse=True):
        ends[ends.index(min(ends))] += one
    return max(ends)


def _like(seeded: SeededCell) -> tuple[str, ...]:
    """From the general to the particular."""
    cell = seeded.cell
    return (cell.kind, seeded.task.factory, str(getattr(cell, "mode", "+".join(cell.statements))))
