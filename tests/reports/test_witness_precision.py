"""Ratio-one witnesses decide right sides that are wrong by 1e-20 either way: no tolerance stands between."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

import theory
from reports.judging.measurement import Enclosed, Measurement
from reports.judging.rows import Verdict
from reports.judging.verdicts import compare
from reports.plans.plan import load_plan
from reports.records.execution import execute
from reports.records.seeded_cell import seeded_cells

EXACT = ("S2", "S3", "S4", "S6", "S7", "S8", "S10", "T1c", "T2")
TINY = Fraction(1, 10**20)


@pytest.fixture(scope="module")
def attained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Measurement, Fraction]]]:
    """Witness measurements whose left side equals their right side as rationals, by statement."""
    plan = load_plan("standard").only(set(EXACT))
    witnesses = plan.model_copy(
        update={
            group: [cell for cell in getattr(plan, group) if cell.task.startswith("witness")]
            for group in ("points", "noise", "runs")
        }
    )
    folder: Path = tmp_path_factory.mktemp("records")
    found: dict[str, list[tuple[Measurement, Fraction]]] = {}
    for seeded in seeded_cells(witnesses, seed=0, seeds=1, device="cpu"):
        for measurement in execute(seeded, folder).measurements:
            right = theory.quantity(measurement.quantity).evaluate(**measurement.inputs).exact
            left = measurement.evidence
            if isinstance(left, Enclosed) and right is not None and left.lower <= right <= left.upper:
                found.setdefault(measurement.bound, []).append((measurement, right))
    return found


@pytest.mark.parametrize("statement", EXACT)
def test_a_right_side_off_by_1e_20_changes_the_verdict(
    attained: dict[str, list[tuple[Measurement, Fraction]]], statement: str
) -> None:
    assert attained.get(statement), f"no witness of {statement} attains its bound exactly"
    for measurement, right in attained[statement]:
        left = measurement.evidence
        assert isinstance(left, Enclosed)
        slack = abs(right) * TINY
        assert compare(left, right, right)[0] is Verdict.HOLDS, measurement.row_id
        assert compare(left, right + slack, right + slack)[0] is Verdict.HOLDS, measurement.row_id
        assert compare(left, right - slack, right - slack)[0] is Verdict.VIOLATED, measurement.row_id
