"""Published forms audited: the smallest free constant that no measurement contradicts, and claims beside our bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy

from reports.analyses.claims import claim_measurements
from reports.judging.measurement import Enclosed, Measurement, Sampled
from reports.judging.rows import Row
from reports.sections import Section, SectionTable
from reports.statements import beside
from theory.claims.comparison import compare
from theory.claims.reading import Claim, with_claims
from theory.language.errors import InputError, PrecisionError
from theory.tables import Table, default_table


@dataclass(frozen=True)
class Audited:
    """The smallest value of a free constant: every smaller one is contradicted by the row named.

    value: None when no row the claim speaks about was measured; 0 when the rest of the right side suffices.
    """

    claim: str
    constant: str
    value: float | None
    rows: int
    binding: str
    tested: int


def audit(claims: Sequence[Claim], measurements: Sequence[Measurement]) -> list[Audited]:
    """For every claim with one free constant in which it is affine, the least constant that all measurements allow.

    Raises nothing for a claim with several constants: each is audited with the others at 0.
    """
    return [_audited(claim, constant, measurements) for claim in claims if claim.filled for constant in claim.constants]


def _audited(claim: Claim, constant: str, measurements: Sequence[Measurement]) -> Audited:
    assert claim.expression is not None
    others = {name: sympy.Integer(0) for name in claim.constants if name != constant}
    tables = [_fixed(claim, {**others, constant: sympy.Integer(value)}) for value in (0, 1)]
    least, binding, rows, tested = Fraction(0), "", 0, 0
    fixed = tables[0][1]
    for measurement in claim_measurements([fixed], measurements, tables[0][0]):
        if not isinstance(measurement.evidence, Enclosed | Sampled):
            continue
        values = [_value(table, measurement, claim.id) for table, _ in tables]
        if values[0] is None or values[1] is None:
            continue
        rows += 1
        base, slope = values[0], values[1] - values[0]
        if slope <= 0:
            continue
        tested += 1
        needed = (_left(measurement) - base) / slope
        if needed > least:
            least, binding = needed, measurement.row_id
    return Audited(claim.id, constant, float(least) if tested else None, rows, binding, tested)


def _value(table: Table, measurement: Measurement, name: str) -> Fraction | None:
    """The right side from above, None where it has no value."""
    try:
        between = table.quantity(name).evaluate(**measurement.inputs).between
    except (InputError, PrecisionError):
        return None
    return None if between is None else between[1]


def _fixed(claim: Claim, values: dict[str, sympy.Expr]) -> tuple[Table, Claim]:
    fixed = claim.fixed(**values)
    return with_claims(default_table(), [fixed]), fixed


def _left(measurement: Measurement) -> Fraction:
    evidence = measurement.evidence
    if isinstance(evidence, Enclosed):
        return evidence.lower
    assert isinstance(evidence, Sampled)
    return Fraction(float(evidence.values.mean()) ** (1 / evidence.power))


def audit_section(
    claims: Sequence[Claim], measurements: Sequence[Measurement], rows: Sequence[Row], table: Table
) -> Section | None:
    """Free constants, claims beside our bounds, and Per-FedAvg's constants beside ours and what was measured."""
    free = [
        [one.claim, one.constant, one.value, one.tested, one.binding]
        for one in audit([claim for claim in claims if claim.constants], measurements)
    ]
    compared = [
        [one.claim, one.mode, one.ours, one.smallest, one.largest, one.points, "; ".join(one.proved)]
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
            ("Claim", "constant", "smallest value", "rows", "binding row"), free,
        ))  # fmt: skip
    if compared:
        tables.append(SectionTable(
            "Claimed over ours on sampled admissible inputs, and what is proved by the signs of coefficients.",
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
