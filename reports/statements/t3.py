"""T3: the optimality gap F(w_K) - F* of a quadratic task."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

import theory
from empirics import Task
from empirics.certificates import closed_form
from reports.judging.measurement import Evidence, Measurement, Sampled
from reports.measure.along_run import BETTING, NOTHING, AlongRun, AlongRuns
from reports.measure.statement import LeftSide
from reports.measure.task_instance import upwards
from reports.wrong_versions import CONSTANT, TERM, becomes, times, versions


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


def _largest(task: Task, inputs: Mapping[str, str]) -> float:
    assert task.radius is not None
    return 2 * theory.quantity("L_F").value(**inputs) * task.radius**2  # norm(w*) <= R


def _rows(run: AlongRun) -> list[Measurement]:
    p, top = run.specification, largest_gap(run)
    if run.recorded is None:
        return [run.row("T3", "T3", NOTHING, top, rounds=p.cell.rounds)]
    values = run.recorded.gaps[:, -1]
    if run.moments is not None:
        evidence: Evidence = run.moments.gap
    else:
        evidence = Sampled(np.clip(values, 0.0, top), 0.0, top, run.rounding.gap, BETTING)
    return [run.row("T3", "T3", evidence, top, rounds=p.cell.rounds, witness=run.engine(values))]


_SCRIPT = """lowest = np.array(arb_mat(bowl.tolist()).solve(arb_mat([[x] for x in pull])).entries())
measured = after - F(lowest, np.outer(lowest, lowest))"""

MEASURED = AlongRuns(
    id="T3",
    left=(LeftSide("T3", "T3", "optimality_gap", _SCRIPT),),
    task=on_quadratics,
    measure=_rows,
    largest=_largest,
    strong=True,
    rate="T3",
    witnesses=(
        dict(alpha="1/2", nu=0, label="more", D=1, D_prime=1, D_H=1,
             columns=["task", "mode", "tau", "m", "beta", "rounds", "start"], rows=[
            ["witness-noisy-bowl", "stochastic", 1, 1, "9/10", 8, [0]],
            ["witness-noisy-bowl", "stochastic", 4, 1, "1/5", 40, [0]],
            ["witness-bowl", "exact", 1, 1, "1/10", 1, [1]],
            ["witness-bowl", "exact", 2, 1, "1/200", 1, [1]],
            ["witness-pulling", "exact", 2, 2, "1/4", 200, [0]],
            ["witness-pulling", "exact", 16, 2, "1/32", 200, [0]],
            ["witness-sampling", "exact", 1, 1, "9/10", 40, [0]],
            ["witness-sampling", "exact", 2, 1, "1/40", 400, [0]],
        ]),
    ),
    wrong=versions(
        "T3", "T3",
        (TERM, "the floor lost", becomes("(1 - 2*A*beta*tau*mu_F)**K*F0_gap")),
        (CONSTANT, "the floor halved", becomes("(1 - 2*A*beta*tau*mu_F)**K*F0_gap + N/(4*A*mu_F)"), True),
        (CONSTANT, "4 A for 2 A in the rate", becomes("(1 - 4*A*beta*tau*mu_F)**K*F0_gap + N/(2*A*mu_F)")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    ),
)  # fmt: skip
