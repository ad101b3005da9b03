"""T3: the optimality gap F(w_K) - F* of a quadratic task."""

from __future__ import annotations

from reports.judging.measurement import Measurement
from reports.measure.along_run import AlongRun, AlongRuns
from reports.measure.optimality_gap import SCRIPT, gap_row, largest_of_ball, on_quadratics
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, TERM, becomes, times, versions


def _rows(run: AlongRun) -> list[Measurement]:
    return [gap_row(run, "T3")]


MEASURED = AlongRuns(
    id="T3",
    left=(LeftSide("T3", "T3", "optimality_gap", SCRIPT),),
    task=on_quadratics,
    measure=_rows,
    largest=largest_of_ball,
    strong=True,
    rate="T3",
    headline=(
        dict(task="witness-noisy-bowl", mode="stochastic", alpha="1/2", nu=0, tau=1, beta="255/256", D=1, D_prime=1,
             D_H=1, rounds=2, start=[0], label="noise"),
        dict(task="witness-bowl", mode="exact", alpha="1/2", nu=0, tau=2, m=1, beta="1/200", rounds=1, start=[1]),
    ),
    witnesses=(
        dict(alpha="1/2", nu=0, label="more", D=1, D_prime=1, D_H=1,
             columns=["task", "mode", "tau", "m", "beta", "rounds", "start"], rows=[
            ["witness-noisy-bowl", "stochastic", 1, 1, "9/10", 8, [0]],
            ["witness-noisy-bowl", "stochastic", 4, 1, "1/5", 40, [0]],
            ["witness-bowl", "exact", 1, 1, "1/10", 1, [1]],
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
