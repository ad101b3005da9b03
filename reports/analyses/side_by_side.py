"""The bounds on one left side beside one another: predicted, sharper, published, certified and measured."""

from __future__ import annotations

from collections.abc import Sequence

from reports.analyses.certified import certified
from reports.judging.closeness import net
from reports.judging.rows import Row, Verdict
from reports.sections import Cell, Section, SectionTable
from reports.statements import beside
from theory.tables import Table


def side_by_side(cells: Sequence[Sequence[str]], rows: Sequence[Row], table: Table) -> Section | None:
    """The section of the page; None where no left side has two bounds. cells: the row ids of each record."""
    known = {row.row_id: row for row in rows}
    lines = [line for cell in cells for line in _lines([known[id] for id in cell if id in known], table)]
    published = _published(rows)
    if not lines and not published:
        return None
    return Section(
        "side-by-side",
        "Side by side",
        (
            "Where two theorems bound one left side, both beside what was measured. The certified value is a left side "
            "that some instance with the same step, constants and number of local steps attains, proved by an exact "
            "certificate (theory sharpen): no proof from these constants gives less. It is known for exact gradients "
            "of all agents and at least two local steps.",
        ),
        tuple(shown for shown in (_rates(lines), _constants(published)) if shown.lines),
    )


def _rates(lines: Sequence[Sequence[Cell]]) -> SectionTable:
    return SectionTable(
        "One left side of a run, the looser and the sharper bound on it.",
        ("bound", "task", "mode", "nu", "tau", "m", "K", "predicted", "sharper bound", "its value", "certified",
         "measured", "sharper / predicted", "row"),
        lines,
        folded=True,
    )  # fmt: skip


def _lines(rows: Sequence[Row], table: Table) -> list[list[Cell]]:
    """A line a left side of one run that two bounds have a value for: they share mode, measured value and limits."""
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if row.tau is None or row.measured is None or row.predicted is None or net(row):
            continue
        if row.verdict is not Verdict.NOT_APPLICABLE and row.provenance != "claim":
            place = row.mode, row.measured, row.lower, row.upper, str(table.quantity(row.quantity).unit)
            groups.setdefault(place, []).append(row)
    return [_line(group, table) for group in groups.values() if len({row.bound for row in group}) > 1]


def _line(rows: Sequence[Row], table: Table) -> list[Cell]:
    looser = max(rows, key=lambda row: row.predicted or 0.0)
    sharper = min((row for row in rows if row.bound != looser.bound), key=lambda row: row.predicted or 0.0)
    assert looser.predicted is not None
    assert sharper.predicted is not None
    gain = sharper.predicted / looser.predicted if looser.predicted else None
    return [
        looser.quantity, looser.task, looser.mode.replace("_", " "), looser.nu, looser.tau, looser.m, looser.K,
        looser.predicted, sharper.quantity, sharper.predicted, certified(sharper, table), looser.measured, gain,
        sharper.row_id,
    ]  # fmt: skip


def _constants(lines: Sequence[Sequence[Cell]]) -> SectionTable:
    return SectionTable(
        "Per-FedAvg's constants (one fine-tuning step) beside ours and the largest measured value, per task.",
        ("Constant", "task", "published", "ours", "measured", "published / ours", "published / measured"),
        lines,
        folded=True,
    )


def _published(rows: Sequence[Row]) -> list[list[Cell]]:
    """A line a row of a published constant, beside the row of ours in the same setting to the same power."""
    lines: list[list[Cell]] = []
    for other in beside():
        if other.ours is None:
            continue
        target, power = other.ours
        ours = {_setting(row): row.predicted for row in rows if (row.bound, row.quantity) == target}
        for row in rows:
            own = ours.get(_setting(row))
            if row.bound != other.left.bound or row.predicted is None or row.measured is None or own is None:
                continue
            mine = own**power
            ratios = (row.predicted / side if side > 0 else None for side in (mine, row.measured))
            lines.append([row.bound, row.task, row.predicted, mine, row.measured, *ratios])
    return lines


def _setting(row: Row) -> tuple[object, ...]:
    return row.task, row.nu, row.inputs.get("D"), row.alpha
