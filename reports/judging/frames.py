"""The tables of a report as data frames: every row flat, one line per statement, and what is covered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

import theory
from reports.judging.closeness import loosest, ratio_of, tightest
from reports.judging.rows import Row, Verdict
from theory.tables import Table

_COUNTS = ("nu", "tau", "n", "m", "K", "seeds", "replicas")
_NUMBERS = ("alpha", "beta", "measured", "lower", "upper", "predicted", "trivial", "tightness")
_NESTED = ("inputs", "hypotheses", "witness", "constants")
ENOUGH_TASKS = 2
_REASONS_SHOWN = 3


def results_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """Every row on one line, in the order given; nested fields as JSON text, absent numbers empty.

    Columns are those of a row, so that results.csv and verdicts.json say the same thing.

    >>> frame = results_frame([])
    >>> len(frame), "tightness" in frame.columns
    (0, True)
    """
    columns = list(Row.model_fields)
    frame = pd.DataFrame([_flat(row) for row in rows], columns=columns)
    for name in _COUNTS:
        frame[name] = frame[name].astype("Int64")
    for name in _NUMBERS:
        frame[name] = frame[name].astype("float64")
    return frame


def _flat(row: Row) -> dict[str, Any]:
    line = row.model_dump(mode="json")
    for name in _NESTED:
        line[name] = "" if line[name] is None else json.dumps(line[name], sort_keys=True)
    return line


def statement_order(rows: Iterable[Row], table: Table | None = None) -> list[str]:
    """The ids of the theory's statements in its own order, then any other bound (a claim) as it first appears.

    >>> statement_order([]) == [bound.id for bound in theory.bounds()]
    True
    """
    known = list((table or theory.default_table()).statements)
    others = dict.fromkeys(row.bound for row in rows)
    return known + [name for name in others if name not in known]


def by_statement(rows: Iterable[Row], table: Table | None = None) -> dict[str, list[Row]]:
    """The rows of every statement, in statement order and then as given; a statement without rows has none."""
    rows = list(rows)
    found: dict[str, list[Row]] = {name: [] for name in statement_order(rows, table)}
    for row in rows:
        found[row.bound].append(row)
    return found


def summary_frame(rows: Sequence[Row], table: Table | None = None) -> pd.DataFrame:
    """One line per statement, in statement order, a statement without rows included.

    Counts per verdict, the tasks and modes of its rows, and the largest and smallest tightness (measured / predicted)
    of its comparable rows (reports.judging.closeness) with the row and task that attain each.
    """
    table = table or theory.default_table()
    return pd.DataFrame([_summary(name, mine, table) for name, mine in by_statement(rows, table).items()])


def _summary(name: str, rows: Sequence[Row], table: Table) -> dict[str, Any]:
    known = table.bound(name) if name in table.statements else None
    largest, smallest = tightest(rows), loosest(rows)
    tasks, modes = _distinct(row.task for row in rows), _distinct(row.mode for row in rows)
    return {
        "bound": name,
        "title": known.title if known else "",
        "kind": known.kind if known else rows[0].kind,
        "provenance": known.provenance if known else rows[0].provenance,
        "rows": len(rows),
        **{verdict.value: sum(row.verdict is verdict for row in rows) for verdict in Verdict},
        "tasks": len(tasks),
        "task_names": ", ".join(tasks),
        "modes": len(modes),
        "mode_names": ", ".join(modes),
        **_extreme("largest", largest),
        **_extreme("smallest", smallest),
    }


def _extreme(which: str, row: Row | None) -> dict[str, Any]:
    return {
        f"{which}_tightness": float("nan") if row is None else ratio_of(row),
        f"{which}_row": "" if row is None else row.row_id,
        f"{which}_task": "" if row is None else row.task,
    }


def coverage_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One line for each statement and each mode it covers: on how many tasks it holds without being vacuous.

    Where fewer than two tasks have a HOLDS row, `reason` says why: the reasons of the other rows of the pair, 'only
    ... in the plan' when it has no other row, or 'not in the plan'. Elsewhere `reason` is empty.
    """
    lines = [_coverage(bound, mode, rows) for bound in theory.bounds() for mode in bound.modes]
    columns = ["bound", "provenance", "mode", "rows", "tasks", "task_names", "reason"]
    return pd.DataFrame(lines, columns=columns)


def _coverage(bound: theory.Bound, mode: str, rows: Sequence[Row]) -> dict[str, Any]:
    mine = [row for row in rows if row.bound == bound.id and row.mode == mode]
    tasks = _distinct(row.task for row in mine if row.verdict is Verdict.HOLDS)
    return {
        "bound": bound.id,
        "provenance": bound.provenance,
        "mode": mode,
        "rows": len(mine),
        "tasks": len(tasks),
        "task_names": ", ".join(tasks),
        "reason": "" if len(tasks) >= ENOUGH_TASKS else _why_few(mine, tasks),
    }


def _why_few(rows: Sequence[Row], held: Sequence[str]) -> str:
    if not rows:
        return "not in the plan"
    reasons: dict[str, str] = {}
    for row in rows:
        if row.verdict is not Verdict.HOLDS and row.task not in held:
            reasons.setdefault(row.task, f"{row.verdict.value} on {row.task}: {row.reason}")
    if not reasons:
        return f"only {', '.join(held)} in the plan"
    shown = list(reasons.values())[:_REASONS_SHOWN]
    hidden = len(reasons) - len(shown)
    return "; ".join(shown) + (f"; and {hidden} more tasks" if hidden > 1 else "; and 1 more task" if hidden else "")


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
