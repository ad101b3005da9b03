"""T2: the mean over k < K of norm(grad F(w_k))^2."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

import theory
from empirics import Task
from reports.judging.measurement import Enclosed, Measurement, Sampled
from reports.measure.along_run import BETTING, NOTHING, AlongRun, AlongRuns
from reports.measure.path import mean_squared_gradient
from reports.measure.statement import LeftSide
from reports.measure.task_instance import upwards
from reports.wrong_versions import CONSTANT, EXPONENT, FACTOR, TERM, becomes, times, versions


def _largest(task: Task, inputs: Mapping[str, str]) -> float:
    return theory.quantity("B_F").value(**inputs) ** 2


def _rows(run: AlongRun) -> list[Measurement]:
    p, trivial = run.specification, run.specification.B_F**2
    if run.recorded is None:
        return [run.row("T2", "T2", NOTHING, trivial, rounds=p.cell.rounds)]
    values = run.recorded.squared_gradients.mean(axis=1)
    if p.surely_one_path:
        evidence = _one_path(run, float(values[0]))
    elif run.moments is not None:
        evidence = run.moments.mean_squared_gradient
    else:
        high, error, how = upwards(trivial), run.rounding.gradient, BETTING
        if p.instance.estimated:
            high, how = max(high, upwards(2 * float(values.max()))), f"{BETTING}, their range estimated"
        rounding = upwards(2 * p.B_F * error + error**2)
        evidence = Sampled(np.clip(values, 0.0, high), 0.0, high, rounding, how)
    return [run.row("T2", "T2", evidence, trivial, rounds=p.cell.rounds, witness=run.engine(values))]


def _one_path(run: AlongRun, value: float) -> Enclosed:
    """Without randomness: float64 with its proved rounding bound; where that does not decide, the run in balls."""
    p = run.specification
    if p.instance.promised_only and p.instance.in_balls and (enclosed := mean_squared_gradient(p)) is not None:
        return enclosed
    error = run.rounding.gradient + p.L_F * run.rounding.path
    margin = Fraction(upwards(2 * p.B_F * error + error**2))
    evidence = Enclosed(Fraction(value) - margin, Fraction(value) + margin, "float64 with a proved rounding bound")
    predicted = theory.quantity("T2").evaluate(**p.inputs).value
    decided = predicted is None or not evidence.lower <= Fraction(predicted) <= evidence.upper
    if decided or not p.instance.in_balls:
        return evidence
    if run.moments is not None:
        return run.moments.mean_squared_gradient
    return mean_squared_gradient(p) or evidence


MEASURED = AlongRuns(
    id="T2",
    left=(LeftSide("T2", "T2", "mean_squared_meta_gradient", "measured = np.mean(squares)"),),
    measure=_rows,
    largest=_largest,
    headline=(
        dict(task="witness-bowl", mode="exact", alpha="1/2", nu=0, tau=1, beta="1", rounds=2, start=[1]),
    ),
    witnesses=(
        dict(alpha="1/2", nu=0, label="more", D=1, D_prime=1, D_H=1,
             columns=["task", "mode", "tau", "m", "beta", "rounds", "start"], rows=[
            ["witness-noisy-bowl", "stochastic", 1, 1, "9/10", 8, [0]],
            ["witness-noisy-bowl", "stochastic", 4, 1, "1/5", 40, [0]],
            ["witness-bowl", "exact", 2, 1, "1/200", 1, [1]],
            ["witness-bowl", "exact", 4, 1, "1/8", 1, [1]],
            ["witness-bowl", "exact", 1, 1, "1/1024", 2, [1]],
            ["witness-pulling", "exact", 2, 2, "1/4", 200, [0]],
            ["witness-pulling", "exact", 16, 2, "1/32", 200, [0]],
            ["witness-sampling", "exact", 1, 1, "9/10", 40, [0]],
            ["witness-sampling", "exact", 2, 1, "1/40", 400, [0]],
        ]),
        dict(task="witness-bowl", mode="exact", alpha="1/2", nu=0, tau=1, beta="1", rounds=1, start=[1],
             label="full-step"),
    ),
    wrong=versions(
        "T2", "T2",
        (TERM, "the floor N/A lost", becomes("F0_gap/(A*beta*tau*K)")),
        (CONSTANT, "the floor halved", becomes("F0_gap/(A*beta*tau*K) + N/(2*A)"), True),
        (EXPONENT, "K^2 for K", becomes("F0_gap/(A*beta*tau*K**2) + N/A")),
        (FACTOR, "A lost at the start", becomes("F0_gap/(beta*tau*K) + N/A")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    ),
)  # fmt: skip
