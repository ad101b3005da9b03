"""A user's task beside those of the plan: which statements it is measured on, and the cells that do it."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from empirics import Task
from reports.cells.cell import TaskPlan
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.measure.task_instance import TaskInstance
from reports.plans.plan import Plan
from reports.statements import statements

_ALPHA_L = Fraction(1, 8)
_RUNS: tuple[dict[str, Any], ...] = (
    {"mode": "exact", "nu": 1, "tau": 5, "fraction": Fraction(1, 4)},
    {"mode": "first_order", "nu": 2, "tau": 1, "fraction": Fraction(1, 2)},
    {"mode": "hessian_free", "nu": 1, "tau": 2, "fraction": Fraction(1, 4), "delta": Fraction(1, 64)},
)
_SIZES = {"D": 8, "D_prime": 8}
_NOISY: tuple[dict[str, Any], ...] = (
    {"mode": "stochastic", "nu": 1, "tau": 1, "fraction": Fraction(1, 4), **_SIZES, "D_H": 8},
    {"mode": "first_order_stochastic", "nu": 1, "tau": 1, "fraction": Fraction(1, 4), **_SIZES},
    {
        "mode": "hessian_free_stochastic", "nu": 1, "tau": 1, "fraction": Fraction(1, 4), **_SIZES, "D_H": 8,
        "delta": Fraction(1, 64),
    },
)  # fmt: skip


def with_own_task(plan: Plan, name: str, task: Task) -> Plan:
    """The plan with one more task and its cells: T2 in every mode it has samples for, points if it has a ball form."""
    label = "own-" + re.sub(r"[^a-z0-9]+", "-", name.partition(":")[2].lower()).strip("-")
    described = TaskPlan(name=label, factory=name)
    modes = [*_RUNS, *(() if task.sampler.noiseless else _NOISY)]
    runs = [
        RunCell(task=label, alpha_L=_ALPHA_L, rounds=12, replicas=512, statements=["T2"], label="own", **one)
        for one in modes
    ]
    points = []
    if TaskInstance(described, task).in_balls:
        names = [one.id for one in statements().values() if one.kind == PointsCell.kind]
        points = [
            PointsCell(task=label, alpha_L=_ALPHA_L, nu=nu, statements=names, delta=Fraction(1, 16), label="own")
            for nu in (1, 2)
        ]
    return plan.model_copy(
        update={"tasks": [*plan.tasks, described], "points": [*plan.points, *points], "runs": [*plan.runs, *runs]}
    )
