"""One round from w_0: the change F(w_1) - F(w_0), shifted by what makes it a number in a known range."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import flint
import numpy as np
from flint import arb

from reports.balls import ball
from reports.judging.measurement import Enclosed, Measurement, Sampled
from reports.measure.along_run import BETTING, NOTHING, AlongRun
from reports.measure.mean_squared import in_float64
from reports.measure.moments import expected_change
from reports.measure.one_round import enumerable, expected_round, spread_of
from reports.measure.task_instance import upwards
from reports.measure.trajectories import losses, squared_gradients

SCRIPT = "measured = after - before + {F0_gap}  # both sides carry this shift"


@dataclass(frozen=True, eq=False)
class RoundChange:
    """F(w_1) - F(w_0) + reach in [0, 2 reach] as evidence, norm(grad F(w_0)), at least the spread there if known."""

    evidence: Enclosed | Sampled
    grad_norm: arb
    spread: float | None = None


def reach(run: AlongRun) -> float:
    """F(w_0) - F_low = B_F beta_s beta tau G_max.

    A round moves the server by at most beta_s beta tau G_max surely, and F is B_F-Lipschitz, so the shifted loss lies
    in [0, 2 B_F beta_s beta tau G_max] whatever is drawn.
    """
    p, s = run.specification, run.specification.settings
    return upwards(p.B_F * s.server_step * s.beta * s.tau * run.largest_step)


@lru_cache(maxsize=1)
def round_change(run: AlongRun) -> RoundChange:
    """The round: the subsets of agents where they are few, else the recursion of a quadratic task, else what was run.

    A round without randomness is one number, else there are samples.
    """
    p = run.specification
    if enumerable(p):
        return _enumerated(run, reach(run))
    made = _affine if p.affine else _one_path if p.surely_one_path else _sampled
    return made(run, reach(run))


def round_row(run: AlongRun, bound: str, *, spread_at_start: bool = False) -> Measurement:
    """The row of a bound on one round; `spread_at_start`: gamma_F is needed at w_0 only, and measured there."""
    shift = reach(run)
    if run.recorded is None:
        return run.row(bound, bound, NOTHING, 2 * shift, rounds=1, extra={"F0_gap": shift, "grad_norm": 0.0})
    found = round_change(run)
    extra = {"F0_gap": shift, "grad_norm": found.grad_norm}
    if spread_at_start and found.spread is not None:
        extra["gamma_F"] = found.spread
    return run.row(bound, bound, found.evidence, 2 * shift, rounds=1, extra=extra)


def _sampled(run: AlongRun, shift: float) -> RoundChange:
    values, grad_norm = _run(run, shift)
    evidence = Sampled(np.clip(values, 0.0, 2 * shift), 0.0, 2 * shift, upwards(2 * run.rounding.loss), BETTING)
    return RoundChange(evidence, grad_norm)


def _one_path(run: AlongRun, shift: float) -> RoundChange:
    """F errs at both points, and at w_1 the exact run may be as far off as float64 leads astray."""
    values, grad_norm = _run(run, shift)
    margin = upwards(2 * run.rounding.loss + run.specification.B_F * run.rounding.path)
    return RoundChange(in_float64(run, float(values[0]), margin), grad_norm)


def _run(run: AlongRun, shift: float) -> tuple[np.ndarray, arb]:
    """F(w_1) - F(w_0) + shift of every replica, and norm(grad F(w_0)) with the noise of float64."""
    assert run.recorded is not None
    p, iterates = run.specification, run.recorded.iterates
    loss = losses(p, iterates[:, :2])
    start = math.sqrt(float(squared_gradients(p, iterates[:1, :1])[0, 0]))
    # float64 noise of the norm belongs to the right side
    grad_norm = arb(start, upwards(start + run.rounding.gradient) - start).nonnegative_part()
    return loss[:, 1] - loss[:, 0] + shift, grad_norm


def _enumerated(run: AlongRun, shift: float) -> RoundChange:
    done = expected_round(run.specification)
    with flint.ctx.workprec(ball.BITS):
        lower, upper = ball.bounds(done.after - done.before + ball.ball(shift))
    over = "" if done.subsets == 1 else f"exact expectation over {done.subsets} subsets of agents, "
    evidence = Enclosed(lower, upper, f"{over}Arb balls at {ball.BITS} bits")
    return RoundChange(evidence, done.gradient_norm, ball.float_above(done.spread))


def _affine(run: AlongRun, shift: float) -> RoundChange:
    change, gradients = expected_change(run.specification)
    with flint.ctx.workprec(ball.BITS):
        lower, upper = ball.bounds(change + ball.ball(shift))
        grad_norm, spread = ball.norm(ball.mean(gradients)), ball.float_above(spread_of(gradients))
    evidence = Enclosed(lower, upper, "exact expectation (moment recursion), Arb balls")
    return RoundChange(evidence, grad_norm, spread)
