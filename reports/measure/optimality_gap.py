"""The optimality gap F(w_K) - F* of a quadratic task after a run, as the rows of those who bound it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

import theory
from empirics import Task
from empirics.certificates import closed_form
from reports.judging.measurement import Evidence, Measurement, Sampled
from reports.measure.along_run import BETTING, NOTHING, AlongRun
from reports.measure.task_instance import upwards

SCRIPT = """lowest = np.array(arb_mat(bowl.tolist()).solve(arb_mat([[x] for x in pull])).entries())
measured = after - F(lowest, np.outer(lowest, lowest))"""


def on_quadratics(task: Task) -> str | None:
    """F* and mu_F are exact on quadratics only."""
    return None if task.quadratic() is not None else "is measured on quadratics, where F* and mu_F are exact"


def largest_gap(run: AlongRun) -> float:
    """F_up - F* over the ball that no run leaves: at most norm(M) (R + norm(w*))^2 / 2."""
    p, s = run.specification, run.specification.settings
    radius = p.instance.task.radius
    assert radius is not None
    reach = radius + float(closed_form.minimiser(p.instance.task, s.alpha, s.nu).norm())
    return upwards(0.5 * p.L_F * reach**2)


def largest_of_ball(task: Task, inputs: Mapping[str, str]) -> float:
    """The same from the constants alone: norm(w*) <= R."""
    assert task.radius is not None
    return 2 * theory.quantity("L_F").value(**inputs) * task.radius**2


def gap_row(run: AlongRun, bound: str) -> Measurement:
    """The row of a bound on it."""
    p, top = run.specification, largest_gap(run)
    if run.recorded is None:
        return run.row(bound, bound, NOTHING, top, rounds=p.cell.rounds)
    values = run.recorded.gaps[:, -1]
    if run.moments is not None:
        evidence: Evidence = run.moments.gap
    else:
        evidence = Sampled(np.clip(values, 0.0, top), 0.0, top, run.rounding.gap, BETTING)
    return run.row(bound, bound, evidence, top, rounds=p.cell.rounds, witness=run.engine(values))
