"""The explicit instances that attain a bound or come close, measured: no search, no luck, a few seconds."""

from __future__ import annotations

from functools import cache

from reports.judging.measurement import Enclosed, Measurement
from reports.plans.plan import witness_plan
from reports.records.execution import measured
from reports.records.seeded_cell import seeded_cells


@cache
def witnesses_of(name: str) -> tuple[Measurement, ...]:
    """Every measurement on a witness of a statement whose left side is known exactly or in balls."""
    cells = seeded_cells(witness_plan([name]), seed=0, seeds=1, device="cpu")
    found = [measurement for cell in cells for measurement in measured(cell)]
    return tuple(measurement for measurement in found if isinstance(measurement.evidence, Enclosed))
