"""T2: the mean over k < K of norm(grad F(w_k))^2."""

from __future__ import annotations

from reports.judging.measurement import Measurement
from reports.measure.along_run import AlongRun, AlongRuns
from reports.measure.mean_squared import SCRIPT, largest_squared_gradient, mean_squared_row
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, FACTOR, TERM, becomes, times, versions


def _rows(run: AlongRun) -> list[Measurement]:
    return [mean_squared_row(run, "T2", "T2")]


MEASURED = AlongRuns(
    id="T2",
    left=(LeftSide("T2", "T2", "mean_squared_meta_gradient", SCRIPT),),
    measure=_rows,
    largest=largest_squared_gradient,
    headline=(
        dict(task="witness-bowl", mode="exact", alpha="1/2", nu=0, tau=1, beta="1", rounds=2, start=[1]),
        dict(task="witness-stalled", mode="first_order", alpha="1/2", nu=1, tau=1, beta="1/40", rounds=5000, start=[0],
             label="bias"),
        dict(task="witness-blind", mode="hessian_free", alpha=1, nu=1, tau=1, delta="1/8", beta="1/60", rounds=5000,
             start=[0], label="probes"),
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
        dict(task="witness-reflected-far", mode="exact", alpha="1/2", nu=0, tau=16, beta="1/161", rounds=1024,
             start=[0, 0, 0], label="drift"),
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
