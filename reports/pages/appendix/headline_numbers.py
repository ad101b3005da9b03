"""Macros of the measured numbers, so that a paper that cites them cannot go stale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.analyses.suite_file import SuiteFile
from reports.judging.closeness import tightest
from reports.judging.rows import Row, Verdict
from reports.pages.appendix.names import fresh
from reports.pages.appendix.suite_tables import suite_macros
from reports.pages.latex import escaped, letters, macro, number


def number_macros(rows: Sequence[Row], error_level: float, suite: SuiteFile | None = None) -> str:
    r"""Macros of the measured numbers: counts, and per quantity the row that holds with the largest tightness.

    >>> print(number_macros([], 1e-3).splitlines()[-1])
    \newcommand{\MFLinconclusive}{\ensuremath{0}}
    """
    lines = [
        "% Measured numbers of one report; a paper that cites them cannot go stale.",
        r"% \<Quantity>measured, ...predicted, ...tightness, ...task: the row that holds with the largest ratio of",
        r"% measured to predicted; \<Quantity>measured<Task> and so on: the same on one task.",
        macro("MFLrows", number(len(rows), 9)),
        macro("MFLtasks", number(len({row.task for row in rows}), 9)),
        macro("MFLerrorlevel", number(error_level)),
        *(macro(f"MFL{letters(verdict.value.lower())}", _count(rows, verdict)) for verdict in Verdict),
    ]
    used: set[str] = set()
    for stem, mine in _stems(rows):
        name = fresh(stem, used)
        best = tightest(mine)
        lines.append(f"% {escaped(mine[0].bound)}, {escaped(mine[0].quantity)}")
        lines.append(macro(f"{name}rows", number(len(mine), 9)))
        lines.append(macro(f"{name}holding", _count(mine, Verdict.HOLDS)))
        if best is not None:
            lines.append(macro(f"{name}task", escaped(best.task)))
            lines += _headline(name, "", best)
            for suffix, task_rows in _by_task(mine):
                best_there = tightest(task_rows)
                lines += _headline(name, suffix, best_there) if best_there is not None else []
    return "\n".join(lines) + "\n" + suite_macros(suite or SuiteFile())


def _headline(name: str, suffix: str, row: Row) -> list[str]:
    values = {"measured": row.measured, "predicted": row.predicted, "tightness": row.tightness}
    return [macro(f"{name}{word}{suffix}", number(value)) for word, value in values.items()]


def _count(rows: Sequence[Row], verdict: Verdict) -> str:
    return number(sum(row.verdict is verdict for row in rows), 9)


def _stems(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    """A macro stem and the rows of each bound and quantity; a quantity of several bounds is named after both."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.bound, row.quantity), []).append(row)
    shared = [quantity for _, quantity in groups]
    for (bound, quantity), mine in groups.items():
        alone = mine[0].provenance != "claim" or shared.count(quantity) == 1
        yield letters(quantity if alone else f"{bound} {quantity}"), mine


def _by_task(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    tasks: dict[str, list[Row]] = {}
    for row in rows:
        tasks.setdefault(row.task, []).append(row)
    used: set[str] = set()
    for task, mine in tasks.items():
        stem = letters(task)
        yield fresh(stem[:1].upper() + stem[1:], used), mine
