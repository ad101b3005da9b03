"""Measured over predicted, where both sides of a row may carry the same shift."""

from __future__ import annotations

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
    if "F0_gap" in measurement.inputs and "grad_norm" in measurement.inputs:
        inputs = {**measurement.inputs}
        A = table.quantity("A").evaluate(**inputs).value
        scale = float(Fraction(inputs["beta"])) * float(Fraction(inputs["tau"]))
        base = float(Fraction(inputs["F0_gap"])) - scale * (A or 0.0) * float(Fraction(inputs["grad_norm"])) ** 2
        least = _ATTAINED * max(abs(above), abs(below))
        above, below = above - base, below - base
        if abs(above) <= least and abs(below) <= least:
            return 1.0  # both sides are the descent itself
    if below > 0:
        return above / below
    return below / above if above < 0 else float("inf")
