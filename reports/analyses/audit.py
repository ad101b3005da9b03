"""The section on claims: free constants, and claims beside our bounds."""

from __future__ import annotations

from collections.abc import Sequence

from reports.analyses.free_constants import audit
from reports.judging.measurement import Measurement
from reports.sections import Section, SectionTable
from theory.claims.comparison import NOT_DECIDED, compare
from theory.claims.reading import Claim
from theory.tables import Table


def audit_section(claims: Sequence[Claim], measurements: Sequence[Measurement], table: Table) -> Section | None:
    """Free constants and claims beside our bounds; None where nothing is claimed."""
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
    return Section("audit", "Claims", tuple(paragraphs), tuple(tables)) if tables or empty else None
