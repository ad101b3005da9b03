"""A user's task beside those of the plan: which statements it is measured on, and the cells that do it."""

from __future__ import annotations

import hashlib
import importlib
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

from empirics import Task
from empirics.tasks.sampler import ExactSamples
from reports.balls import ball
from reports.plans.plan import Plan, PointsCell, RunCell, TaskPlan

_ALPHA_L = Fraction(1, 8)
_POINTS = ("S1", "S2", "S3", "S4", "S7", "S8", "S9", "S10")
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
    """The plan with one more task and its cells: T2 in every mode it has samples for, S1-S10 where it has a ball form.

    The task's source text is part of its description, so that a changed task never meets old records.
    """
    label = "own-" + re.sub(r"[^a-z0-9]+", "-", name.partition(":")[2].lower()).strip("-")
    described = TaskPlan(name=label, factory=name, arguments={"source": source_hash(name)})
    modes = [*_RUNS, *(() if isinstance(task.sampler, ExactSamples) else _NOISY)]
    runs = [
        RunCell(task=label, alpha_L=_ALPHA_L, rounds=12, replicas=512, statements=["T2"], label="own", **one)
        for one in modes
    ]
    points = []
    if ball.known(task.family):
        points = [
            PointsCell(
                task=label, alpha_L=_ALPHA_L, nu=nu, statements=list(_POINTS), delta=Fraction(1, 16), label="own"
            )  # type: ignore[arg-type]
            for nu in (1, 2)
        ]
    return plan.model_copy(
        update={"tasks": [*plan.tasks, described], "points": [*plan.points, *points], "runs": [*plan.runs, *runs]}
    )


def source_hash(name: str) -> str:
    """SHA-256 of the text of the task's module."""
    module = importlib.import_module(name.partition(":")[0])
    path = getattr(module, "__file__", None)
    return hashlib.sha256(Path(path).read_bytes() if path else name.encode()).hexdigest()[:16]
