"""The explicit instances that attain a bound or come close, measured: no search, no luck, a few seconds."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from functools import lru_cache

from reports.judging.measurement import Enclosed, Measurement
from reports.plans.plan import witness_plan
from reports.records.execution import measured
from reports.records.seeded_cell import seeded_cells

_NOISY_BOWL = "witness-noisy-bowl"


@lru_cache(maxsize=2)
def witness_measurements(own: tuple[str, ...] = ()) -> tuple[Measurement, ...]:
    """Every measurement on a witness whose left side is known exactly or in balls; `own` names a user's bounds."""
    cells = seeded_cells(witness_plan(own), seed=0, seeds=1, device="cpu")
    found = [noisy_round(measurement) for cell in cells for measurement in measured(cell)]
    return tuple(measurement for measurement in found if isinstance(measurement.evidence, Enclosed))


def noisy_round(measurement: Measurement) -> Measurement:
    """One stochastic round on F = w^2/2 with gradient noise +-1 from w = 0, in closed form instead of by samples.

    w_1 = -beta sum_t (1 - beta)^{tau-1-t} s_t with independent signs, so E F(w_1) = (beta^2/2) sum_t (1 - beta)^{2t}.
    """
    if measurement.setting.task != _NOISY_BOWL or not measurement.quantity.startswith("T1"):
        return measurement
    beta, tau = Fraction(measurement.inputs["beta"]), int(measurement.inputs["tau"])
    after = beta**2 / 2 * sum((1 - beta) ** (2 * t) for t in range(tau))
    value = after + Fraction(measurement.inputs["F0_gap"])
    inputs = {**measurement.inputs, "grad_norm": "0"}
    evidence = Enclosed(value, value, "exact expectation in closed form (Q4)")
    return dataclasses.replace(measurement, inputs=inputs, between={}, evidence=evidence, witness={"w": [0.0]})
