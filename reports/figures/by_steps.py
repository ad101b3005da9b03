"""Rows of one quantity against the number of fine-tuning steps: what the figures of S4 and S7 have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from reports.figures.selection import distinct, groups, only
from reports.judging.rows import Row

WITNESS_PREFIX = "witness-"
Place = tuple[str, float, int]


def is_witness(task: str) -> bool:
    """Whether a task is one of the stored witnesses, on which a bound is attained or nearly so."""
    return task.startswith(WITNESS_PREFIX)


def place(row: Row) -> Place:
    """The task, alpha and nu of a row."""
    return row.task, row.alpha, row.nu


def steps_frame(
    rows: Sequence[Row], bound: str, quantity: str, more: Callable[[Row], Mapping[str, float | None]]
) -> pd.DataFrame:
    """One line per task, alpha and nu of the rows with both sides, with `more` numbers of a row; empty without rows.

    Tasks named witness-* have panel 'witness', others 'task'. Of equal settings the row with the largest measured value
    is kept.
    """
    mine = [row for row in rows if (row.bound, row.quantity) == (bound, quantity)]
    lines = [
        {
            "task": row.task,
            "panel": "witness" if is_witness(row.task) else "task",
            "alpha": row.alpha,
            "nu": row.nu,
            "predicted": row.predicted,
            "measured": row.measured,
            "tightness": row.tightness,
            "row_id": row.row_id,
            **dict(more(row)),
        }
        for row in mine
        if row.predicted is not None and row.measured is not None
    ]
    if not lines:
        return pd.DataFrame()
    frame = pd.DataFrame(lines).astype(dict.fromkeys(("tightness", *more(mine[0])), "float64"))
    frame = frame.sort_values(["panel", "task", "alpha", "nu", "measured"], kind="stable")
    return frame.drop_duplicates(["task", "alpha", "nu"], keep="last").reset_index(drop=True)


def longest(frame: pd.DataFrame, most: int, fewest_steps: int = 1) -> list[tuple[str, pd.DataFrame]]:
    """At most so many tasks, witnesses apart, those with the most values of nu (at least so many), one alpha each."""
    runs: list[tuple[str, Any]] = [
        (str(task), group.sort_values("nu"))
        for (task, _), group in groups(only(frame, panel="task"), ["task", "alpha"], sort=True)
    ]
    runs.sort(key=lambda run: (-len(distinct(run[1], "nu")), run[0]))
    chosen: dict[str, pd.DataFrame] = {}
    for task, group in runs:
        if len(distinct(group, "nu")) >= fewest_steps:
            chosen.setdefault(task, group)
    return list(chosen.items())[:most]
