"""How close a measured left side comes to its right side; for one round beyond the descent that both sides share."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from reports.judging.measurement import Measurement
from reports.judging.rows import Row
from theory.tables import Table

_ATTAINED = 2.0**-40  # of a side: what is left of a difference that float64 does not tell from 0


def ratio(measurement: Measurement, row: Row, table: Table) -> float:
    """Measured over predicted; for one round both without the common shift and the descent of the theory."""
    assert row.measured is not None
    assert row.predicted is not None
    above, below = row.measured, row.predicted
    if one_round(measurement.inputs):
        base = float(common_part(measurement, table))
        least = _ATTAINED * max(abs(above), abs(below))
        above, below = above - base, below - base
        if abs(above) <= least and abs(below) <= least:
            return 1.0  # both sides are the descent itself
    if below > 0:
        return above / below
    return below / above if above < 0 else float("inf")


def one_round(inputs: Mapping[str, str]) -> bool:
    """Whether a right side of these inputs is about one round, so that both sides carry a shift and a descent."""
    return "F0_gap" in inputs and "grad_norm" in inputs


def common_part(measurement: Measurement, table: Table) -> Fraction:
    """F_shift - A beta_s beta tau norm(grad F)^2: what a bound on one round has beside its floor; A = 0 without one."""
    inputs = measurement.inputs
    scale = Fraction(inputs.get("beta_s", "1")) * Fraction(inputs["beta"]) * Fraction(inputs["tau"])
    name, quantity = f"{measurement.quantity}.A", table.quantity(measurement.quantity)
    if name in table.formulas:
        terms = quantity.terms([name], **inputs)
        A = 0.0 if terms is None else terms[name]
    else:  # a claim stands beside the case of the run
        A = table.quantity("A").evaluate(**inputs).value or 0.0
    return Fraction(inputs["F0_gap"]) - scale * Fraction(A) * Fraction(inputs["grad_norm"]) ** 2
