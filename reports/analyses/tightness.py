"""How close a bound comes to what happens: its best stored witness beside the largest ratio on the report's tasks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.judging.measurement import Enclosed, Measurement
from reports.judging.ratio import ratio
from reports.judging.rows import Row, Verdict
from reports.judging.verdicts import judge
from reports.sections import Section, SectionTable
from theory.tables import Table

ATTAINED = 0.999
CLOSE = 0.5
_WITNESS = "witness-"


@dataclass(frozen=True)
class Tightness:
    """A bound's best witness: measured / predicted (for one round without the common shift), where, and in words."""

    bound: str
    quantity: str
    witness: float
    instance: str
    elsewhere: float | None
    where: str

    @property
    def words(self) -> str:
        """'attained', 'within x', or 'no instance above r found'."""
        best = max(self.witness, self.elsewhere or 0.0)
        if best >= ATTAINED:
            return "attained"
        if best >= CLOSE:
            return f"within {1 / best:.4g}"
        return f"no instance above {best:.2g} found"


def tightness(rows: Sequence[Row], measurements: Sequence[Measurement], table: Table) -> list[Tightness]:
    """One entry for every bound and quantity with a witness, in the order of the table."""
    best: dict[tuple[str, str], tuple[float, str]] = {}
    for measurement in measurements:
        if not isinstance(measurement.evidence, Enclosed):
            continue
        (row,) = judge([measurement], table=table)
        if row.predicted is None or row.measured is None or row.verdict is Verdict.VIOLATED:
            continue
        key, value = (row.bound, row.quantity), ratio(measurement, row, table)
        if math.isfinite(value) and value > best.get(key, (0.0, ""))[0]:
            best[key] = (value, row.row_id)
    order = list(table.statements)
    return [
        Tightness(bound, quantity, *found, *_elsewhere(rows, bound, quantity))
        for (bound, quantity), found in sorted(best.items(), key=lambda entry: (order.index(entry[0][0]), entry[0][1]))
    ]


def _elsewhere(rows: Sequence[Row], bound: str, quantity: str) -> tuple[float | None, str]:
    """The largest ratio on the report's own tasks; one round's is not compared, its rows carry a common shift."""
    mine = [
        row for row in rows
        if (row.bound, row.quantity) == (bound, quantity) and row.tightness is not None
        and row.verdict in (Verdict.HOLDS, Verdict.VACUOUS) and not row.task.startswith(_WITNESS)
        and not bound.startswith("T1")
    ]  # fmt: skip
    top = max(mine, key=lambda row: row.tightness or 0.0, default=None)
    return (None, "") if top is None else (top.tightness, top.row_id)


def tightness_section(found: Sequence[Tightness]) -> Section:
    """The table of the page."""
    return Section(
        "tightness",
        "Tightness",
        (
            "Every bound beside the instance that comes closest to it. The witnesses are explicit and are measured in "
            "exact or ball arithmetic; the ratio of T1 is taken without the shift that its rows carry on both sides.",
        ),
        (
            SectionTable(
                "Measured / predicted on the best witness and on the other tasks of this report.",
                ("Bound", "quantity", "best witness", "finding", "instance", "other tasks", "row"),
                [[t.bound, t.quantity, t.witness, t.words, t.instance, t.elsewhere, t.where] for t in found],
            ),
        ),
    )
