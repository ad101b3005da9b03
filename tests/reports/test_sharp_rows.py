"""Rows of S4m, S5s, C4 and T1d at the start's spread, against numbers worked out by hand."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

from empirics.algorithm.modes import Mode
from reports.cells.cell import TaskPlan
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.judging.rows import Row, Verdict
from reports.judging.verdicts import judge
from reports.plans.checking import check_tasks
from reports.plans.plan import Plan, PlanError
from reports.records.execution import measured
from reports.records.seeded_cell import SeededCell

CONCAVE = TaskPlan(name="line", factory="explicit-quadratic", arguments={"A": [[[-1]], [[0.5]]], "c": [[0], [0]]})


def rows(task: TaskPlan, cell: PointsCell | NoiseCell | RunCell) -> list[Row]:
    return judge(measured(SeededCell(cell, task, 0, 1, "cpu", 1e-6)))


def test_s4m_is_minus_the_difference_quotient_of_the_agent_that_curves_down_most() -> None:
    """F'' = a (1 - a/2)^2: -9/4 and 9/32; mu_J = -q^2 = -9/4 bounds both."""
    cell = PointsCell(
        task="line", statements=["S4m"], alpha=Fraction(1, 2), nu=1, at=[Fraction(1)], pair=[Fraction(-1)]
    )
    (row,) = rows(CONCAVE, cell)
    assert (row.measured, row.predicted, row.tightness) == (2.25, 2.25, 1.0)
    assert row.verdict is Verdict.HOLDS
    assert row.witness is not None
    assert row.witness["agent"] == 0


def test_s5s_has_rho_2_among_its_constants_and_needs_it() -> None:
    """f = cos w with noise +-1/4 and alpha = 1/2 at w = pi/2: E g - grad F = (1 - cos(1/8)) sin(w^1) P(w^0)."""
    noise = {"gradient": 0.25, "amplitude": 0.0, "frequency": 1.0, "u": [[1.0]], "v": [[1.0]], "phi": [0.0]}
    task = TaskPlan(name="wave", factory="explicit-cosine", arguments={
        "a": [[1.0]], "s": [[1.0]], "phi": [[0.0]], "noise": noise,
    })  # fmt: skip
    at = Fraction(1)
    cell = NoiseCell(
        task="wave", statements=["S5s"], alpha=Fraction(1, 2), nu=1, at=[at], D=1, D_prime=1, D_H=1, method="enumerate"
    )
    (row,) = rows(task, cell)
    w1 = 1 + math.sin(1) / 2
    bias = abs((1 - math.cos(0.125)) * math.sin(w1) * (1 + math.cos(1) / 2))
    assert row.measured == pytest.approx(bias, rel=1e-12)
    assert row.predicted == pytest.approx(1.5 * 0.125**2 / 2, rel=1e-12)
    assert row.constants["rho_2"].value == pytest.approx(1, rel=1e-9)
    assert row.inputs["rho_2"] == str(Fraction(row.constants["rho_2"].value))
    spline = TaskPlan(name="wave", factory="explicit-spline", arguments={
        "knots": [-9, 9], "curvature": [[0, 1]], "slope": [0], "noise": noise,
    })  # fmt: skip
    with pytest.raises(PlanError, match="S5s needs rho_2: the task states no third_derivative_change"):
        check_tasks(Plan(title="x", tasks=[spline], noise=[cell]))


def run(**more: Any) -> RunCell:
    plain: dict[str, Any] = {
        "task": "bowl", "alpha": Fraction(1, 2), "nu": 0, "statements": ["C4"], "mode": Mode.EXACT, "tau": 1,
        "rounds": 4, "start": [Fraction(1)],
    }  # fmt: skip
    return RunCell.model_validate({**plain, **more})


BOWL = TaskPlan(name="bowl", factory="explicit-quadratic", arguments={"A": [[[1]]], "c": [[0]]})


def test_c4_speaks_of_its_own_step_and_names_it() -> None:
    """F = w^2/2 from 1, no noise: h = 1/10; the mean of .81^k over 4 rounds against 20.2 (1/2)/4."""
    (row,) = rows(BOWL, run(beta=Fraction(1, 10)))
    assert row.measured == pytest.approx((1 - 0.81**4) / (4 * 0.19), rel=1e-12)
    assert row.predicted == pytest.approx(20.2 / 8, rel=1e-12)
    (other,) = rows(BOWL, run(beta=Fraction(1, 11)))
    assert other.verdict is Verdict.NOT_APPLICABLE
    assert "beta = C4.beta: it is 0.0909090909, and C4 speaks of the step 0.1" in other.reason
    with pytest.raises(PlanError, match="C4 speaks of rounds of length at most 1/10"):
        planned(run(fraction=Fraction(1, 4)))


def planned(cell: RunCell) -> Plan:
    from reports.plans.plan import plan_of

    raw = cell.model_dump(mode="json", exclude_none=True)
    return plan_of({"title": "x", "tasks": [BOWL.model_dump()], "runs": [raw]})


def test_t1d_takes_the_spread_at_the_start() -> None:
    """Agents w and w/2 with slopes +-1 at 0: gamma_F is 1 there, and more on any ball that the round needs."""
    task = TaskPlan(name="bowl", factory="explicit-quadratic", arguments={"A": [[[1]], [[0.5]]], "c": [[-1], [2]]})
    cell = run(statements=["T1d", "T1"], beta=Fraction(1, 4), tau=2, rounds=1, start=[Fraction(0)])
    found = {row.bound: row for row in rows(task, cell)}
    assert 1 <= float(Fraction(found["T1d"].inputs["gamma_F"])) <= 1 + 1e-15
    assert "gamma_F" not in found["T1b"].inputs
    assert float(Fraction(found["T1b"].inputs["gamma_G"])) > 1.1
    assert found["T1d"].verdict is Verdict.HOLDS
