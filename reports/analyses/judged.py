"""The verdict rows of what was measured, those of a user's claims on the same evidence among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from reports.analyses.claims import with_claim_measurements
from reports.judging.measurement import Measurement
from reports.judging.rows import Row
from reports.judging.verdicts import judge
from reports.plans.plan import Plan
from reports.records.execution import Outcome
from reports.statements import with_own
from theory.claims.reading import Claim, with_claims
from theory.tables import Table, default_table


@dataclass(frozen=True)
class Judged:
    """The cells with the claims' measurements among their own, the table of all right sides, and the rows in order."""

    outcomes: list[Outcome]
    table: Table
    family: int
    rows: list[Row]

    @property
    def measurements(self) -> list[Measurement]:
        """Those of all cells."""
        return [measurement for outcome in self.outcomes for measurement in outcome.measurements]


def judged_outcomes(
    plan: Plan, claims: Sequence[Claim], outcomes: Sequence[Outcome], *, family: int | None = None
) -> Judged:
    """The rows of a plan's cells, those of the claims among them; family: where the cells are not all of the plan's."""
    table = with_own(with_claims(default_table(), claims), plan.statements)
    found = with_claim_measurements(claims, [outcome.measurements for outcome in outcomes])
    widened = [
        replace(outcome, measurements=measurements) for outcome, measurements in zip(outcomes, found, strict=True)
    ]
    added = sum(len(measurements) for measurements in found) - sum(len(outcome.measurements) for outcome in outcomes)
    made = Judged(widened, table, plan.family + added if family is None else family, [])
    rows = judge(made.measurements, made.family, table)
    return replace(made, rows=sorted(rows, key=lambda row: _reading_order(row, table)))


def _reading_order(row: Row, table: Table) -> tuple[Any, ...]:
    order = {id: index for index, id in enumerate(table.statements)}
    return (order.get(row.bound, len(order)), row.quantity, row.task, row.mode, row.nu, row.tau or 0, row.row_id)
