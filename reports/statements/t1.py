"""T1: how much one round lowers F, in its three cases."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import flint
import numpy as np
from flint import arb

import theory
from reports.balls import ball
from reports.judging.measurement import Enclosed, Evidence, Measurement, Sampled
from reports.measure.along_run import BETTING, NOTHING, AlongRun, AlongRuns
from reports.measure.moments import expected_change
from reports.measure.one_round import enumerable, expected_round
from reports.measure.statement import LeftSide
from reports.measure.task_instance import upwards
from reports.measure.trajectories import losses, squared_gradients
from reports.wrong_versions import AGENTS, CONSTANT, EXPONENT, TERM, becomes, swap, times, versions
from theory.language.symbols import tau


def _rows(run: AlongRun) -> list[Measurement]:
    """One round from w_0: F(w_1) - F(w_0) shifted by F(w_0) - F_low, F_low = F(w_0) - B_F beta tau G_max.

    A round moves the server by at most beta tau G_max surely, and F is B_F-Lipschitz, so the shifted loss lies in
    [0, 2 B_F beta tau G_max] whatever is drawn.
    """
    p, s = run.specification, run.specification.settings
    reach = upwards(p.B_F * s.beta * s.tau * run.largest_step)
    case = theory.round_case(**p.inputs)
    if run.recorded is None:
        extra = {"F0_gap": reach, "grad_norm": 0.0}
        return [run.row(case, case, NOTHING, 2 * reach, rounds=1, extra=extra)]
    evidence, change, grad_norm = _left_side(run)(run, reach)
    extra, witness = {"F0_gap": reach, "grad_norm": grad_norm}, _net(run, change, float(grad_norm.mid()))
    return [run.row(case, case, evidence, 2 * reach, rounds=1, extra=extra, witness=witness)]


def _left_side(run: AlongRun) -> Callable[[AlongRun, float], tuple[Evidence, float, arb]]:
    """The subsets of agents where they are few, else the recursion of a quadratic task, else samples."""
    p = run.specification
    if enumerable(p) and p.instance.in_balls:
        return _enumerated
    return _affine if p.affine else _sampled


def _affine(run: AlongRun, reach: float) -> tuple[Evidence, float, arb]:
    change, grad_norm = expected_change(run.specification)
    with flint.ctx.workprec(ball.BITS):
        lower, upper = ball.bounds(change + ball.ball(reach))
    return Enclosed(lower, upper, "exact expectation (moment recursion), Arb balls"), float(change.mid()), grad_norm


def _sampled(run: AlongRun, reach: float) -> tuple[Evidence, float, arb]:
    assert run.recorded is not None
    p, iterates = run.specification, run.recorded.iterates
    loss = losses(p, iterates[:, :2])
    start = math.sqrt(float(squared_gradients(p, iterates[:1, :1])[0, 0]))
    # float64 noise of the norm belongs to the right side
    grad_norm = arb(start, upwards(start + run.rounding.gradient) - start).nonnegative_part()
    values = np.clip(loss[:, 1] - loss[:, 0] + reach, 0.0, 2 * reach)
    evidence = Sampled(values, 0.0, 2 * reach, upwards(2 * run.rounding.loss), BETTING)
    return evidence, float((loss[:, 1] - loss[:, 0]).mean()), grad_norm


def _enumerated(run: AlongRun, reach: float) -> tuple[Evidence, float, arb]:
    done = expected_round(run.specification)
    with flint.ctx.workprec(ball.BITS):
        lower, upper = ball.bounds(done.after - done.before + ball.ball(reach))
        change = float((done.after - done.before).mid())
    over = "" if done.subsets == 1 else f"exact expectation over {done.subsets} subsets of agents, "
    return Enclosed(lower, upper, f"{over}Arb balls at {ball.BITS} bits"), change, done.gradient_norm


def _net(run: AlongRun, change: float, grad_norm: float) -> dict[str, float] | None:
    """The ratio without the common shift: (E F(w_1) - F(w_0) + A beta tau norm(grad F)^2) / (beta tau N)."""
    p, s = run.specification, run.specification.settings
    N = theory.quantity("N").evaluate(**p.inputs).value
    if not N:
        return None
    scale = s.beta * s.tau
    A = theory.quantity("A").value(**p.inputs)
    return {"net_ratio": (change + A * scale * grad_norm**2) / (scale * N)}


def _coarsest(inputs: Mapping[str, str]) -> str:
    return "T1c" if inputs["tau"] == "1" else "T1a"


_SCRIPT = "measured = after - before + {F0_gap}  # both sides carry this shift"

MEASURED = AlongRuns(
    id="T1",
    left=tuple(LeftSide(case, case, "one_round_change", _SCRIPT) for case in ("T1b", "T1c", "T1a")),
    measure=_rows,
    name=_coarsest,
    headline=(
        dict(task="witness-drift", mode="exact", alpha="1/2", nu=0, tau=2, beta="1/100", rounds=1, start=[0]),
        dict(task="witness-sampling", mode="exact", alpha="1/2", nu=0, tau=2, m=1, beta="1/40", rounds=1, start=[0]),
        dict(task="witness-sampling", mode="exact", alpha="1/2", nu=0, tau=1, m=1, beta="1/2", rounds=1, start=[0],
             label="tau1"),
    ),
    witnesses=(
        dict(alpha="1/2", nu=0, label="more", D=1, D_prime=1, D_H=1,
             columns=["task", "mode", "tau", "m", "beta", "rounds", "start"], rows=[
            ["witness-noisy-bowl", "stochastic", 4, 1, "1/200", 1, [0]],
            ["witness-noisy-bowl", "stochastic", 1, 1, "1/2", 1, [0]],
            ["witness-bowl", "exact", 2, 1, "1/200", 1, [1]],
            ["witness-bowl", "exact", 1, 1, "1/1024", 2, [1]],
            ["witness-trio", "exact", 1, 1, "1/2", 1, [0]],
            ["witness-trio", "exact", 1, 2, "1/2", 1, [0]],
            ["witness-trio", "exact", 4, 2, "1/80", 1, [0]],
            ["witness-drift", "exact", 8, 2, "1/400", 1, [0]],
            ["witness-mean", "exact", 5, 2, "6/5", 1, [1]],
        ]),
        dict(task="witness-bowl", mode="exact", alpha="1/2", nu=0, tau=1, beta="1", rounds=1, start=[1],
             label="full-step"),
    ),
    wrong=(
        *versions(
            "T1a", "T1a.N",
            (TERM, "the noise lost", swap("h*sigma2/(m*tau)", "0")),
            (EXPONENT, "tau^2 for tau at the noise", swap("h*sigma2/(m*tau)", "h*sigma2/(m*tau**2)")),
            (CONSTANT, "the noise halved", swap("h*sigma2/(m*tau)", "h*sigma2/(2*m*tau)")),
        ),
        *versions(
            "T1b", "T1b.A",
            (CONSTANT, "1 for 1/2", times("2")),
            (CONSTANT, "0.55 for 1/2", times("1.1"), True),
        ),
        *versions(
            "T1b", "T1b.N",
            (TERM, "the drift lost", becomes("kappa*h*(1 + x)**2*gamma_F**2/2"), True),
            (TERM, "the sampling of agents lost", becomes("x**2*gamma_F**2/2")),
            (CONSTANT, "halved", times("1/2")),
            (CONSTANT, "0.9 of it", times("0.9"), True),
        ),
        *versions(
            "T1b", "theta",
            (EXPONENT, "1/tau^3 for 1/tau^2", lambda e: e / tau),
            (CONSTANT, "halved", times("1/2")),
        ),
        *versions(
            "T1c", "kappa",
            (AGENTS, "kappa lost: agents drawn without error", times("0")),
            (AGENTS, "(n - m)/(m n) for (n - m)/(m (n - 1))", becomes("(n - m)/(m*n)")),
            (AGENTS, "(n - m)/(n (n - 1)): divided by n for m", becomes("(n - m)/(n*(n - 1))")),
        ),
        *versions(
            "T1c", "T1c.N",
            (CONSTANT, "h/4 for h/2 at the noise", becomes("b**2/2 + h/2*(sigma2/(2*m) + kappa*(gamma_F + b)**2)")),
            (TERM, "the noise lost", becomes("b**2/2 + h/2*kappa*(gamma_F + b)**2")),
            (EXPONENT, "h^2 for h", becomes("b**2/2 + h**2/2*(sigma2/m + kappa*(gamma_F + b)**2)")),
            (CONSTANT, "0.95 of it", times("0.95"), True),
        ),
        *versions(
            "T1c", "T1c.A",
            (CONSTANT, "1 for 1/2", times("2")),
            (CONSTANT, "0.55 for 1/2", times("1.1"), True),
        ),
    ),
)  # fmt: skip
