"""Free constants: the smallest value of each that no measurement contradicts, or why no row tests the form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy

from reports.analyses.claims import claim_measurements
from reports.judging.measurement import Enclosed, Measurement, Sampled, Withheld
from reports.judging.right_side import RightSide, right_side
from reports.judging.verdicts import confidence_limits, support_level
from theory.claims.reading import Claim, with_claims
from theory.tables import default_table


@dataclass(frozen=True)
class Audited:
    """The smallest value of a free constant: every smaller one is contradicted by the row named.

    value: None where no row contradicts any value. rows: those in which the claim speaks, of all that were `measured`;
    silent: why it does not speak in the others, and in how many.
    """

    claim: str
    constant: str
    value: float | None
    rows: int
    measured: int
    binding: str
    silent: Mapping[str, int]

    @property
    def words(self) -> str:
        """Over which rows the value is the smallest, or why there is none."""
        if self.value is not None:
            return f"all {self.rows} rows in which the claim speaks, of {self.measured}"
        why = [f"{reason} excludes {count} of {self.measured} rows" for reason, count in self.silent.items()]
        if self.rows:
            why.append(f"in the {self.rows} in which it speaks nothing asks for {self.constant} > 0")
        return f"no row tests this form: {'; '.join(why) or 'this plan measures nothing that it bounds'}"


def audit(claims: Sequence[Claim], measurements: Sequence[Measurement]) -> list[Audited]:
    """For every claim and free constant in which it is affine, the least value that all measurements allow.

    Samples count with their lower confidence limits. Of several constants each is audited with the others at 0.
    """
    level = support_level(max(1, sum(isinstance(one.evidence, Sampled) for one in measurements)))
    return [
        _audited(claim, constant, measurements, level)
        for claim in claims
        if claim.filled
        for constant in claim.constants
    ]


def _audited(claim: Claim, constant: str, measurements: Sequence[Measurement], level: float) -> Audited:
    others = {name: sympy.Integer(0) for name in claim.constants if name != constant}
    zero, one = (claim.fixed(**others, **{constant: sympy.Integer(value)}) for value in (0, 1))
    without, table = (with_claims(default_table(), [fixed]) for fixed in (zero, one))
    least, binding, rows, silent = Fraction(0), "", 0, Counter[str]()
    seen = [measurement for measurement in measurements if isinstance(measurement.evidence, Enclosed | Sampled)]
    found = claim_measurements([one], seen, table)
    for measurement in found:
        sides = [right_side(measurement, where) for where in (without, table)]
        ends = [side.ends for side in sides]
        if isinstance(measurement.evidence, Withheld) or ends[0] is None or ends[1] is None:
            silent[_reason(measurement, sides[1])] += 1
            continue
        rows += 1
        slope = ends[1][1] - ends[0][0]
        needed = (_left(measurement, level) - ends[0][1]) / slope if slope > 0 else Fraction(0)
        if needed > least:
            least, binding = needed, measurement.row_id
    value = float(least) if least > 0 else None
    return Audited(claim.id, constant, value, rows, len(found), binding, dict(silent.most_common()))


def _reason(measurement: Measurement, side: RightSide) -> str:
    """Why a claim does not speak in a row."""
    if isinstance(measurement.evidence, Withheld):
        return measurement.evidence.reason.partition(" (")[0]
    failed = next((check.name for check in side.evaluation.hypotheses if not check.holds), "")
    return f"its hypothesis {failed}" if failed else "a right side without a value"


def _left(measurement: Measurement, level: float) -> Fraction:
    """The left side from below."""
    evidence = measurement.evidence
    if isinstance(evidence, Enclosed):
        return evidence.lower
    assert isinstance(evidence, Sampled)
    return Fraction(confidence_limits(evidence, level)[1])
