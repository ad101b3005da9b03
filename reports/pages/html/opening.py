"""What the page says first: the finding in a sentence, and what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reports.judging.rows import Row, Verdict
from theory.language.modes import MODE_NAMES as MODES


def headline(rows: Sequence[Row]) -> str:
    """The finding in one sentence: violations first, else how many bounds have a row that holds.

    >>> headline([])
    'Nothing was measured'
    """
    if not rows:
        return "Nothing was measured"
    measured = list(dict.fromkeys(row.bound for row in rows))
    violated = list(dict.fromkeys(row.bound for row in rows if row.verdict is Verdict.VIOLATED))
    if violated:
        verb = "is" if len(violated) == 1 else "are"
        return f"{len(violated)} of {_bounds(measured)} {verb} violated: {', '.join(violated)}"
    held = {row.bound for row in rows if row.verdict is Verdict.HOLDS}
    if len(held) == len(measured) > 1:
        return f"No bound is violated; all {len(measured)} are confirmed on at least one task"
    verb = "is" if len(held) == 1 else "are"
    return f"No bound is violated; {len(held)} of {len(measured)} {verb} confirmed on at least one task"


def _bounds(measured: Sequence[str]) -> str:
    return "1 bound" if len(measured) == 1 else f"{len(measured)} bounds"


@dataclass(frozen=True)
class Facts:
    """What was measured: how many rows, on which tasks, in which modes, with which numbers of fine-tuning steps."""

    rows: int
    tasks: list[str]
    modes: list[str]
    steps: str


def facts(rows: Sequence[Row]) -> Facts:
    """The facts of a report."""
    steps = sorted({row.nu for row in rows})
    return Facts(
        rows=len(rows),
        tasks=list(dict.fromkeys(row.task for row in rows)),
        modes=[mode for mode in MODES if any(row.mode == mode for row in rows)],
        steps=", ".join(str(nu) for nu in steps),
    )


def counts(rows: Sequence[Row]) -> list[tuple[Verdict, int, float]]:
    """Verdict, number of rows, share in percent; every verdict, in the order of the enum."""
    counted = Counter(row.verdict for row in rows)
    return [(verdict, counted[verdict], 100 * counted[verdict] / max(1, len(rows))) for verdict in Verdict]
