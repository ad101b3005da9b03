"""A cell tried by a worker: what it contributes and the record to keep, or why it failed; no file is touched there."""

from __future__ import annotations

import platform
import traceback
from dataclasses import dataclass
from functools import partial

from reports.records.execution import Outcome, computed, read_off, weight
from reports.records.seeded_cell import SeededCell
from reports.records.store import Record, record_key
from reports.records.workers import Call


@dataclass(frozen=True)
class Failure:
    """A cell that gave no record: its key and its words, why, on which host, and for a developer where."""

    key: str
    cell: str
    reason: str
    host: str
    trace: str


@dataclass(frozen=True)
class Success:
    """What a cell contributes, and its record where that was made just now."""

    outcome: Outcome
    made: Record | None


def cell_call(seeded: SeededCell, record: Record | None, limit: float | None = None) -> Call:
    """What a worker is asked for: to run the cell within so many seconds, or to read it off its record."""
    return Call(
        attempt, (seeded, record), weight(seeded), lost=partial(failure, seeded),
        limit=limit if record is None else None, shape=shape(seeded),
    )  # fmt: skip


def shape(seeded: SeededCell) -> str:
    """Cells of one shape run the same arithmetic on the same task with other numbers."""
    cell = seeded.cell
    return f"{cell.kind} on {cell.task}, {getattr(cell, 'mode', '+'.join(cell.statements))}"


def attempt(seeded: SeededCell, record: Record | None) -> Success | Failure:
    """Run a cell, or read it off its record; whatever it raises is its failure and nobody else's."""
    try:
        if record is not None:
            return Success(read_off(seeded, record), None)
        return Success(*computed(seeded))
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {error}".splitlines()[0][:500]
        return failure(seeded, said, platform.node(), traceback.format_exc())


def failure(seeded: SeededCell, reason: str, host: str = "", trace: str = "") -> Failure:
    """The failure of a cell."""
    return Failure(record_key(seeded.description()), words(seeded), reason, host, trace)


def words(seeded: SeededCell) -> str:
    """A cell as a reader knows it: its kind, its task, and the settings that its rows are named by.

    >>> from reports.plans.plan import load_plan
    >>> from reports.records.seeded_cell import seeded_cells
    >>> words(seeded_cells(load_plan("quick").only({"T3"}), seed=0, seeds=1, device="cpu")[0])
    'runs of T3 on quadratic, exact, nu = 1, tau = 5, m = 5'
    """
    cell = seeded.cell
    settings = [f"{name} = {value}" for name in ("nu", "tau", "m", "label") if (value := getattr(cell, name, None))]
    parts = [str(cell.mode)] if hasattr(cell, "mode") else []  # type: ignore[union-attr]
    return ", ".join([f"{cell.kind} of {', '.join(cell.statements)} on {cell.task}", *parts, *settings])
