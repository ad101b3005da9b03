"""E norm(grad F(w_k))^2 along a run, as evidence and as the rows of those who bound its mean over k < K.

A claim may bound the least of the K expectations instead, which the same rows carry along.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np

import theory
from empirics import Task
from reports.judging.measurement import Enclosed, Measurement, Sampled, Unproved
from reports.measure.along_run import BETTING, NOTHING, AlongRun
from reports.measure.squared_gradients import SquaredGradients
from reports.measure.task_instance import upwards

SCRIPT = "measured = np.mean(squares)"
LEAST = "min_squared_meta_gradient"
LEAST_SCRIPT = "from functools import reduce\nmeasured = reduce(arb.min, squares)"


def largest_squared_gradient(task: Task, inputs: Mapping[str, str]) -> float:
    """B_F^2, which no squared meta-gradient exceeds."""
    return theory.quantity("B_F").value(**inputs) ** 2


def mean_squared_row(run: AlongRun, bound: str, quantity: str) -> Measurement:
    """The row of a bound on it."""
    p, trivial = run.specification, run.specification.B_F**2
    if run.recorded is None:
        return run.row(bound, quantity, NOTHING, trivial, rounds=p.cell.rounds)
    squares = run.recorded.squared_gradients
    values = squares.mean(axis=1)
    if p.surely_one_path:
        both = _one_path(run, quantity, squares[0])
        evidence, least = both.mean, both.least
    elif run.moments is not None:
        both = run.moments.squared_gradients
        evidence, least = both.mean, both.least
    else:
        evidence = sampled_squares(run, values)
        least = Unproved(float(squares.mean(axis=0).min()), "the least of K sampled means is no unbiased sample of it")
    return run.row(
        bound, quantity, evidence, trivial, rounds=p.cell.rounds, witness=run.engine(values), further={LEAST: least}
    )


def sampled_squares(run: AlongRun, values: np.ndarray) -> Sampled:
    """Means of squared meta-gradients of independent runs, each in [0, B_F^2] up to the rounding of the runs."""
    p = run.specification
    high, error, how = upwards(p.B_F**2), run.rounding.gradient, BETTING
    if p.instance.estimated:
        high, how = max(high, upwards(2 * float(values.max()))), f"{BETTING}, their range estimated"
    rounding = upwards(2 * p.B_F * error + error**2)
    return Sampled(np.clip(values, 0.0, high), 0.0, high, rounding, how)


def squares_in_float64(run: AlongRun, value: float) -> Enclosed:
    """Of the one path that a run can take, one square or a mean of them: float64 with its rounding bound."""
    p = run.specification
    error = run.rounding.gradient + p.L_F * run.rounding.path
    return in_float64(run, value, upwards(2 * p.B_F * error + error**2))


def in_float64(run: AlongRun, value: float, margin: float) -> Enclosed:
    """A number that float64 gave, and how far it may be off.

    Raises:
        OverflowError: nobody knows how far.
    """
    if not math.isfinite(margin):
        raise OverflowError("nothing bounds how far rounding leads float64 away, and balls would take minutes")
    promised = run.specification.instance.promised_only
    how = "float64 with the rounding that the task promises" if promised else "float64 with a proved rounding bound"
    return Enclosed(Fraction(value) - Fraction(margin), Fraction(value) + Fraction(margin), how)


def _one_path(run: AlongRun, quantity: str, squares: np.ndarray) -> SquaredGradients:
    """Without randomness: float64 with its rounding bound; where that does not decide, the run in balls."""
    p = run.specification
    assert run.recorded is not None
    if p.instance.promised_only and p.instance.in_balls and (balls := run.recorded.squared_gradients_in_balls):
        return balls
    seen = SquaredGradients(
        squares_in_float64(run, float(squares.mean())), squares_in_float64(run, float(squares.min()))
    )
    predicted = theory.quantity(quantity).evaluate(**p.inputs).value
    decided = predicted is None or not seen.mean.lower <= Fraction(predicted) <= seen.mean.upper
    if decided or not p.instance.in_balls:
        return seen
    if run.moments is not None:
        return run.moments.squared_gradients
    return run.recorded.squared_gradients_in_balls or seen
