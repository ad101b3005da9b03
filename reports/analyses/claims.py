"""A claim takes part in the report like a built-in bound: the same evidence, another right side."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from reports.judging.measurement import Enclosed, Evidence, Measurement, Sampled, Withheld
from reports.judging.rows import Row
from reports.measure.mean_squared import LEAST
from reports.measure.statement import Target
from reports.statements import left_sides
from theory.claims.reading import Claim, parse_claims, with_claims
from theory.enclosure.scope import missing
from theory.tables import default_table

if TYPE_CHECKING:
    from theory.tables import Table

# without batches the bias of a mode is its error
_ERROR_IS_BIAS = {"first_order_error", "hessian_free_error"}
# what is seen along with a left side, and carried by its rows
_BESIDE = {LEAST: "mean_squared_meta_gradient"}
_CONSTANT_OF = {"A6": "mu", "A7": "mu_F"}


@cache
def sources() -> dict[Target, str]:
    """Bound and quantity of the rows whose left sides a claim can bound -> what those are."""
    return {left.target: left.measures for left in left_sides() if left.measures}


def claim_measurements(claims: Iterable[Claim], measurements: Sequence[Measurement], table: Table) -> list[Measurement]:
    """For every checkable claim, every built-in measurement whose left side it bounds, with its own right side.

    A claim that does not assume A6 is evaluated without mu, hence with q = 1 + alpha L where it names q.
    """
    found: dict[str, Measurement] = {}
    for claim in claims:
        if not claim.checkable:
            continue
        for measurement in measurements:
            if _serves(claim, measurement):
                one = _claimed(claim, measurement, table)
                found.setdefault(one.row_id, one)
    return list(found.values())


def with_claim_measurements(claims: Sequence[Claim], cells: Sequence[list[Measurement]]) -> list[list[Measurement]]:
    """The measurements of every cell, then those of the claims on the same evidence; the first of equal rows stays.

    The result has one list a cell, so that a claim's row is traced to the record it was read off.
    """
    table = with_claims(default_table(), claims)
    seen: set[str] = set()
    result = []
    for measurements in cells:
        added = [one for one in claim_measurements(claims, measurements, table) if one.row_id not in seen]
        seen |= {one.row_id for one in added}
        result.append([*measurements, *added])
    return result


def measured_statements(claim: Claim) -> set[str]:
    """The statements whose rows measure what a claim bounds, in the modes it speaks about."""
    wanted = {measured_with(claim)}
    if claim.measures.name == "meta_gradient_bias":
        wanted |= {name for name in _ERROR_IS_BIAS if name.removesuffix("_error") in claim.modes}
    return {bound for (bound, _), measures in sources().items() if measures in wanted}


_OTHER_ALGORITHM = {"sampling", "beta_s"}  # a claim speaks of m agents without replacement and their plain mean


def _serves(claim: Claim, measurement: Measurement) -> bool:
    left = sources().get((measurement.bound, measurement.quantity))
    if left is None or measurement.setting.mode not in claim.modes or _OTHER_ALGORITHM & measurement.inputs.keys():
        return False
    return left == measured_with(claim) or (claim.measures.name == "meta_gradient_bias" and left in _ERROR_IS_BIAS)


def measured_with(claim: Claim) -> str:
    """The left side whose rows have what a claim bounds."""
    return _BESIDE.get(claim.measures.name, claim.measures.name)


def _claimed(claim: Claim, measurement: Measurement, table: Table) -> Measurement:
    inputs = {key: value for key, value in measurement.inputs.items() if key != "mu" or "A6" in claim.assumes}
    evidence = measurement.further.get(claim.measures.name, measurement.evidence)
    trivial = measurement.trivial
    if claim.measures.name == "meta_gradient_squared_spread":
        evidence, trivial = _squared(evidence), None if trivial is None else trivial**2
    absent = _absent(claim, inputs, table)
    if absent:
        evidence = Withheld(absent)
    return dataclasses.replace(
        measurement, bound=claim.id, quantity=claim.id, inputs=inputs, evidence=evidence, trivial=trivial,
        origin=(measurement.bound, measurement.quantity),
    )  # fmt: skip


def _squared(evidence: Evidence) -> Evidence:
    """Evidence on the square of a left side that is never negative."""
    if isinstance(evidence, Enclosed):
        return Enclosed(max(evidence.lower, evidence.lower * 0) ** 2, evidence.upper**2, evidence.how)
    if isinstance(evidence, Sampled):
        return dataclasses.replace(evidence, power=1) if evidence.power == 2 else Withheld("only the root is sampled")
    return evidence


def _absent(claim: Claim, inputs: dict[str, str], table: Table) -> str:
    """The inputs that the right side or an assumption needs and the row's task does not certify."""
    for assumption in claim.assumes:
        if _CONSTANT_OF[assumption] not in inputs:
            return f"{assumption}: the task certifies no {_CONSTANT_OF[assumption]}"
    lacking = table.scope(inputs).requirements([claim.id]).absent
    return missing(lacking) if lacking else ""


def describe(claims: Iterable[Claim], rows: Sequence[Row]) -> list[str]:
    """One line a claim for the command line: its verdicts and tightness, or why it has none."""
    lines = []
    for claim in claims:
        mine = [row for row in rows if row.bound == claim.id]
        if not claim.filled:
            text = "not filled in"
        elif claim.constants:
            text = f"free constant {', '.join(claim.constants)}: audited, not judged"
        elif not mine:
            text = f"this plan measures nothing that it bounds ({claim.measures.name}, {', '.join(claim.modes)})"
        else:
            counts = Counter(str(row.verdict) for row in mine)
            text = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
            worst = max(
                (row for row in mine if row.tightness is not None), key=lambda row: row.tightness or 0.0, default=None
            )
            text += f"; largest measured / claimed {worst.tightness:.6g} on {worst.row_id}" if worst else ""
        lines.append(f"claim {claim.id}: {text}")
        if claim.filled and claim.unit_note:
            lines.append(f"claim {claim.id}: units: {claim.unit_note}")
    return lines


def stored(claims: Iterable[Claim]) -> list[dict[str, str]]:
    """The files that claims came from, by name and text, for a manifest: nothing else is needed to judge again."""
    files = {claim.origin: claim.source_text for claim in claims}
    return [{"file": name, "text": text} for name, text in files.items()]


def restored(files: Iterable[Mapping[str, str]]) -> tuple[Claim, ...]:
    """The claims of a manifest."""
    return tuple(claim for file in files for claim in parse_claims(file["text"], file["file"]))
