"""The recorded of a run over its rounds beside what the rate statements predict at each round, for the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import theory
from reports.judging.measurement import Measurement
from reports.judging.statistics import betting_lower_bounds, betting_upper_bounds

if TYPE_CHECKING:
    from reports.measure.recorded_run import RecordedRun

BAND_LEVEL = 0.025  # each side, at each round: a pointwise 95 % band for the eye; it decides nothing


@dataclass(frozen=True)
class Curve:
    """One run: columns by name, one entry a round k = 1..K."""

    columns: dict[str, list]


def curve_of(recorded: RecordedRun, measurements: Sequence[Measurement]) -> Curve | None:
    """Running mean of the squared meta-gradient and the gap, their bands, bounds and floors, of a run with rows."""
    p, s = recorded.specification, recorded.specification.settings
    if theory.quantity("T2").evaluate(**p.inputs).value is None:
        return None
    rounds = np.arange(1, p.cell.rounds + 1)
    running = np.cumsum(recorded.squared_gradients, axis=1) / rounds
    A, N = (theory.quantity(name).value(**p.inputs) for name in ("A", "N"))
    gap0 = float(Fraction(p.inputs["F0_gap"]))
    columns: dict[str, list] = {
        "k": rounds.tolist(),
        **_band("squared_gradient", running, p.B_F**2),
        "squared_gradient_bound": (gap0 / (A * s.beta * s.tau * rounds) + N / A).tolist(),
        "squared_gradient_floor": [N / A] * len(rounds),
    }
    ids = {measurement.bound: measurement.row_id for measurement in measurements if measurement.bound in ("T2", "T3")}
    if "T3" in p.cell.statements:
        gap = recorded.gaps[:, 1:]
        mu_F = float(Fraction(p.inputs["mu_F"]))
        columns |= _band("gap", gap, max(float(gap.max()), 1e-300) * 2)
        columns["gap_bound"] = ((1 - 2 * A * s.beta * s.tau * mu_F) ** rounds * gap0 + N / (2 * A * mu_F)).tolist()
        columns["gap_floor"] = [N / (2 * A * mu_F)] * len(rounds)
    constant = {
        "task": p.instance.name, "mode": p.cell.mode, "nu": s.nu, "tau": s.tau,
        "m": s.participants or p.instance.task.n,
        "n": p.instance.task.n, "row_id_T2": ids.get("T2"), "row_id_T3": ids.get("T3"),
    }  # fmt: skip
    return Curve({**{name: [value] * len(rounds) for name, value in constant.items()}, **columns})


_COLUMNS = (
    "task", "mode", "nu", "tau", "m", "n", "k", "squared_gradient", "squared_gradient_lower", "squared_gradient_upper",
    "squared_gradient_bound", "squared_gradient_floor", "gap", "gap_lower", "gap_upper", "gap_bound", "gap_floor",
    "row_id_T2", "row_id_T3",
)  # fmt: skip


def curves_frame(curves: Sequence[Curve]) -> pd.DataFrame:
    """All curves in one frame, absent columns as NaN."""
    frames = [pd.DataFrame(curve.columns).reindex(columns=list(_COLUMNS)) for curve in curves]
    if not frames:
        return pd.DataFrame(columns=list(_COLUMNS))
    return pd.concat([frame.dropna(axis=1, how="all") for frame in frames], ignore_index=True).reindex(
        columns=list(_COLUMNS)
    )


def _band(name: str, values: np.ndarray, top: float) -> dict[str, list]:
    mean = values.mean(axis=0)
    if len(values) == 1:
        return {name: mean.tolist(), f"{name}_lower": mean.tolist(), f"{name}_upper": mean.tolist()}
    clipped = np.clip(values, 0.0, top)
    columns = np.ascontiguousarray(clipped.T)
    lower = betting_lower_bounds(columns, 0.0, top, BAND_LEVEL)
    upper = betting_upper_bounds(columns, 0.0, top, BAND_LEVEL)
    return {name: mean.tolist(), f"{name}_lower": lower.tolist(), f"{name}_upper": upper.tolist()}
