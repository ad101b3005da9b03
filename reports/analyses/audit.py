"""The section on claims: free constants, claims beside our bounds, and published constants beside ours."""

from __future__ import annotations

from collections.abc import Sequence

from reports.analyses.free_constants import audit
from reports.judging.measurement import Measurement
from reports.judging.rows import Row
from reports.sections import Section, SectionTable
from reports.statements import beside
from theory.claims.comparison import NOT_DECIDED, compare
from theory.claims.reading import Claim
from theory.tables import Table


def audit_section(
    claims: Sequence[Claim], measurements: Sequence[Measurement], rows: Sequence[Row], table: Table
) -> Section | None:
    """Free constants, claims beside our bounds, and Per-FedAvg's constants beside ours and what was measured."""
    free = [
        [one.claim, one.constant, one.value, one.words, one.binding]
        for one in audit([claim for claim in claims if claim.constants], measurements)
    ]
    compared = [
        [one.claim, one.mode, one.ours, one.smallest, one.largest, one.points, "; ".join(one.proved) or NOT_DECIDED]
        for claim in claims
        if claim.checkable
        for one in compare(claim, table)
    ]
    empty = [claim.id for claim in claims if not claim.filled]
    units = [f"{claim.id}: {claim.unit_note}" for claim in claims if claim.filled and claim.unit_note]
    published = _published(rows)
    paragraphs = [
        "What others state, beside what is proved here and what was measured. A claim is checked on instances: a HOLDS "
        "says nothing about the instances that were not looked at."
    ]
    if empty:
        paragraphs.append(f"Claims that are not filled in: {', '.join(empty)}.")
    if units:
        paragraphs.append(f"Units that do not fit, often a lost factor: {'; '.join(units)}.")
    tables = []
    if free:
        tables.append(SectionTable(
            "The smallest value of a free constant that no row of this report contradicts.",
            ("Claim", "constant", "smallest value", "over", "binding row"), free,
        ))  # fmt: skip
    if compared:
        tables.append(SectionTable(
            "Claimed over ours on sampled admissible inputs, and what equality or an evident sign proves.",
            ("Claim", "mode", "ours", "smallest ratio", "largest ratio", "points", "proved"), compared,
        ))  # fmt: skip
    if published:
        tables.append(SectionTable(
            "Per-FedAvg's constants (one fine-tuning step) beside ours and the largest measured value, per task.",
            ("Constant", "task", "published", "ours", "measured", "published / ours", "published / measured"),
            published,
        ))  # fmt: skip
    return Section("audit", "Claims and published forms", tuple(paragraphs), tuple(tables)) if tables or empty else None


def _published(rows: Sequence[Row]) -> list[list]:
    lines = []
    for other in beside():
        if other.ours is None:
            continue
        name, ((bound, quantity), power) = other.left.bound, other.ours
        ours = {
            (row.task, row.nu, row.inputs.get("D"), row.alpha): row
            for row in rows
            if (row.bound, row.quantity) == (bound, quantity)
        }
        for row in rows:
            own = ours.get((row.task, row.nu, row.inputs.get("D"), row.alpha))
            if (
                row.bound != name
                or row.predicted is None
                or row.measured is None
                or own is None
                or own.predicted is None
            ):
                continue
            mine = own.predicted**power
            lines.append([
                name, row.task, row.predicted, mine, row.measured,
                row.predicted / mine if mine else None, row.predicted / row.measured if row.measured > 0 else None,
            ])  # fmt: skip
    return lines
