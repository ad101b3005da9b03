"""Families of rounds of every agent: their left sides are those of the balls, and floors are those of the limit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from empirics.algorithm.modes import Mode
from reports.cells.cell import TaskPlan
from reports.cells.run_cell import RunCell
from reports.judging.measurement import Enclosed
from reports.judging.rows import Verdict
from reports.judging.verdicts import judge
from reports.measure.specify import specify
from reports.measure.task_instance import TaskInstance
from reports.records.execution import measured
from reports.records.seeded_cell import SeededCell
from reports.refutation.families.every_agent import EveryAgent
from reports.refutation.families.reflections import Reflections
from reports.refutation.families.wedges import Wedges
from reports.refutation.family import Family, Instance, Target
from tests.reports.measuring import of

EXACT, FIRST = EveryAgent(Mode.EXACT), EveryAgent(Mode.FIRST_ORDER)
EXACT_PATH: Target = ("D1", "omega")
UNEVEN = (1.0, 0.25, 1.0, -1.0, 0.5, 0.125)
CASES: list[tuple[Family, Target, dict[str, int], tuple[float, ...]]] = [
    (EXACT, ("T4p", "T4p"), {"nu": 1, "tau": 5, "n": 3, "K": 1}, UNEVEN),
    (EXACT, ("T4p", "T4p_gap"), {"nu": 0, "tau": 2, "n": 2, "K": 1}, UNEVEN),
    (EXACT, ("T4c", "T4c_gap"), {"nu": 0, "tau": 16, "n": 9, "K": 1}, UNEVEN),
    (EXACT, ("T4", "T4"), {"nu": 2, "tau": 2, "n": 3, "K": 1}, UNEVEN),
    (EXACT, EXACT_PATH, {"nu": 1, "tau": 5, "n": 3, "K": 1}, UNEVEN),
    (EXACT, ("C2", "C2"), {"nu": 1, "tau": 5, "n": 3, "K": 16}, UNEVEN),
    (FIRST, ("C1", "C1"), {"nu": 2, "tau": 1, "n": 3, "K": 16}, UNEVEN),
    (Reflections(), ("T4p", "T4p"), {"nu": 0, "tau": 3, "n": 4}, (0.25,)),
    (Reflections(), ("T4p", "T4p_gap"), {"nu": 0, "tau": 2, "n": 3}, (0.01,)),
    (Reflections(), ("D1", "omega"), {"nu": 0, "tau": 5, "n": 3}, (0.25,)),
    (Wedges(), ("T1d", "T1d"), {"nu": 0, "tau": 3, "n": 2, "K": 1}, (0.25, 0.5, -0.5)),
]


def row_of(instance: Instance, target: Target):
    found = measured(SeededCell(instance.cell, instance.task, 0, 1, "cpu", 1e-6))
    (one,) = [item for item in found if (item.bound, item.quantity) == target]
    (row,) = judge([one])
    return one, row


@pytest.mark.parametrize(("family", "target", "option", "x"), CASES)
def test_a_batch_has_the_left_side_and_right_sides_of_its_instances(family, target, option, x) -> None:
    """The left side within rounding; the constants of the search may be wider than those of the instance's ball."""
    assert family.serves(target, option)
    batch = family.batch(torch.tensor([x], dtype=torch.float64), option)
    one, row = row_of(family.instance([Fraction(value) for value in x], option, target), target)
    assert isinstance(one.evidence, Enclosed)
    shift = Fraction(one.inputs["F0_gap"]) if target[0] == "T1d" else 0
    left = float((one.evidence.lower + one.evidence.upper) / 2 - shift)
    assert float(batch.measured[target].expand(1)[0]) == pytest.approx(left, rel=1e-8)
    attained = target == EXACT_PATH and row.tightness == pytest.approx(1, rel=1e-12)  # then no ball is narrow enough
    assert row.verdict in (Verdict.HOLDS, Verdict.VACUOUS) or attained
    for name in ("L_F", "mu_c", "beta"):
        if name in one.inputs and name in batch.inputs:
            assert float(batch.inputs[name].expand(1)[0]) == pytest.approx(float(Fraction(one.inputs[name])), rel=1e-9)


def test_the_ball_of_a_floor_holds_the_limit_however_few_rounds_the_cell_has() -> None:
    """f_1' = w + 1, f_2' = (w - 8)/4 from w = 0: one round of length 1/200 ends near 0, the limit is near 0.8.

    On the ball of that one round gamma_G is the spread near 0, and T4p's right side there is exceeded at the limit.
    """
    task = TaskPlan(name="pair", factory="explicit-quadratic", arguments={"A": [[[1]], [[0.25]]], "c": [[-1], [8]]})
    cell = RunCell(
        task="pair", alpha=Fraction(1, 2), nu=0, statements=["T4p", "T4", "T4c"], mode=Mode.EXACT, tau=16,
        beta=Fraction(1, 3200), rounds=1, start=[Fraction(0)],
    )  # fmt: skip
    found = specify(TaskInstance.of(task), cell, of(cell))
    R = (1 - np.array([1, 0.25]) / 3200) ** 16
    limit = float(((1 - R) * np.array([-1, 8])).mean() / (1 - R).mean())
    assert found.refusal is None
    assert found.instance.task.radius is not None
    assert found.instance.task.radius >= limit > 0.5
    short = specify(TaskInstance.of(task), cell.model_copy(update={"statements": ["T2"]}), of(cell)[:0])
    assert short.instance.task.radius is not None
    assert short.instance.task.radius < limit
    rows = judge(measured(SeededCell(cell, task, 0, 1, "cpu", 1e-6)))
    assert {row.verdict for row in rows} == {Verdict.HOLDS}


def test_a_run_whose_limit_no_ball_holds_keeps_its_other_rows() -> None:
    """Curvatures 6/5 and -9/10: sixteen steps of length 1 in all grow in the mean, and h <= 1 says nothing of it."""
    task = TaskPlan(name="away", factory="explicit-quadratic", arguments={"A": [[[1.2]], [[-0.9]]], "c": [[0], [1]]})
    cell = RunCell(
        task="away", alpha=Fraction(1, 2), nu=0, statements=["T2", "T4"], mode=Mode.EXACT, tau=16,
        beta=Fraction(1, 20), rounds=2, start=[Fraction(1)],
    )  # fmt: skip
    rows = {row.quantity: row for row in judge(measured(SeededCell(cell, task, 0, 1, "cpu", 1e-6)))}
    assert {rows[name].verdict for name in ("T4", "T4_gap")} == {Verdict.NOT_APPLICABLE}
    assert "no finite number of rounds" in rows["T4"].reason
    assert rows["T2"].measured is not None
