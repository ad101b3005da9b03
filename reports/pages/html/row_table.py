"""The rows of one statement as a table: a column for everything in which two of them may differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from markupsafe import Markup

from reports.figures.modes import mode_words
from reports.judging.rows import Row, Verdict
from reports.pages.html.findings import ATTENTION, brief
from reports.pages.html.formulas import inline
from reports.pages.html.numerals import interval, number
from reports.pages.words import VERDICTS, tally
from theory.tables import Table

_Key = float | str | None


@dataclass(frozen=True)
class Column:
    """A column: its head, its cells, and what they are sorted by, None for an absent one."""

    head: Markup | str
    meaning: str
    cells: list[str]
    keys: list[_Key]
    numeric: bool


@dataclass(frozen=True)
class Listed:
    """The rows of a statement with their columns; why: what a row that does not hold says of itself, else ''."""

    bound: str
    rows: Sequence[Row]
    columns: list[Column]
    counts: list[tuple[Verdict, int]]
    why: list[str]


def listed(bound: str, rows: Sequence[Row], table: Table, dimensions: Mapping[str, int]) -> Listed:
    """The table of a statement. dimensions: d of each task that is known."""
    why = ["" if row.verdict is Verdict.HOLDS else brief(row.reason) for row in rows]
    return Listed(bound, rows, _columns(rows, table, dimensions), tally(rows), why)


def _columns(rows: Sequence[Row], table: Table, dimensions: Mapping[str, int]) -> list[Column]:
    """The columns, without those in which no row has anything."""
    first = [
        _text("Verdict", rows, lambda row: VERDICTS[row.verdict], key=lambda row: ATTENTION.index(row.verdict)),
        *([_bounded(rows, table)] if len({row.quantity for row in rows}) > 1 else []),
        _text("Task", rows, lambda row: row.task),
        _text("Mode", rows, lambda row: mode_words(row.mode)),
        _number("ν", "fine-tuning steps", rows, lambda row: row.nu),
    ]
    settings = [
        _number("α", "fine-tuning step size", rows, lambda row: row.alpha),
        _number("β", "local step size", rows, lambda row: row.beta),
        _number("τ", "local steps in a round", rows, lambda row: row.tau),
        _taking_part(rows),
        _number("K", "rounds", rows, lambda row: row.K),
        _number("d", "dimension of the parameters", rows, lambda row: dimensions.get(row.task)),
        _batches(rows),
        _number("δ", "probe step", rows, _probe_step),
    ]
    sides = [
        _number("Measured", "the left side", rows, lambda row: row.measured, digits=4),
        _text("Limits", rows, interval, meaning="confidence limits, or the enclosure; none where it is exact"),
        _number("Predicted", "the right side", rows, lambda row: row.predicted, digits=4),
        _number("Ratio", "measured / predicted, for one round the net ratio", rows, lambda row: row.tightness),
    ]
    kept = [column for column in settings if any(key is not None for key in column.keys)]
    return [*first, *(column for column in sides if column.head != "Limits" or any(column.cells)), *kept]


def _text(
    head: str, rows: Sequence[Row], cell: Callable[[Row], str], meaning: str = "",
    key: Callable[[Row], _Key] | None = None,
) -> Column:  # fmt: skip
    cells = [cell(row) for row in rows]
    return Column(head, meaning, cells, [key(row) for row in rows] if key else list(cells), False)


def _number(
    head: str, meaning: str, rows: Sequence[Row], value: Callable[[Row], float | None], digits: int = 3
) -> Column:
    values = [value(row) for row in rows]
    return Column(head, meaning, [number(one, digits) for one in values], list(values), True)


def _bounded(rows: Sequence[Row], table: Table) -> Column:
    cells = [
        inline(table.symbols[row.quantity].record.latex) if row.quantity in table.formulas else row.quantity
        for row in rows
    ]
    return Column("Bounds", "which of its right sides", cells, [row.quantity for row in rows], False)


def _taking_part(rows: Sequence[Row]) -> Column:
    cells = [f"{row.n}" if row.m is None else f"{row.m} of {row.n}" for row in rows]
    return Column("Agents", "that take part, of all", cells, [row.m or row.n for row in rows], True)


def _probe_step(row: Row) -> float | None:
    return float(Fraction(row.inputs["delta"])) if "delta" in row.inputs else None


def _batches(rows: Sequence[Row]) -> Column:
    """D, D' and D_H, which are in the inputs."""
    sizes = [[row.inputs.get(name) for name in ("D", "D_prime", "D_H")] for row in rows]
    cells = [", ".join(size or "–" for size in one) if any(one) else "–" for one in sizes]
    keys = [float(Fraction(one[0])) if one[0] is not None else None for one in sizes]
    return Column("D, D′, D_H", "batch sizes", cells, list(keys), True)
