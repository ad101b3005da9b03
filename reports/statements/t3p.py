"""T3p: the optimality gap F(w_K) - F* of a quadratic task, bounded through T1d."""

from __future__ import annotations

from reports.judging.measurement import Measurement
from reports.measure.along_run import AlongRun, AlongRuns, of_theorem_1d
from reports.measure.optimality_gap import SCRIPT, gap_row, largest_of_ball, on_quadratics
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, TERM, becomes, times, versions


def _rows(run: AlongRun) -> list[Measurement]:
    return [gap_row(run, "T3p")]


MEASURED = AlongRuns(
    id="T3p",
    left=(LeftSide("T3p", "T3p", script=SCRIPT),),
    task=on_quadratics,
    measure=_rows,
    largest=largest_of_ball,
    strong=True,
    rate="T3",
    algorithm=of_theorem_1d,
    headline=(
        dict(task="witness-noisy-bowl", mode="stochastic", alpha="1/2", nu=0, tau=1, beta="1/2", D=1, D_prime=1, D_H=1,
             rounds=8, start=[0], label="noise"),
        dict(task="witness-bowl", mode="exact", alpha="1/2", nu=0, tau=1, beta="1/4", rounds=4, start=[1]),
    ),
    witnesses=(
        dict(alpha="1/2", nu=0, label="more", D=1, D_prime=1, D_H=1,
             columns=["task", "mode", "tau", "m", "beta", "rounds", "start"], rows=[
            ["witness-noisy-bowl", "stochastic", 1, 1, "9/10", 8, [0]],
            ["witness-noisy-bowl", "stochastic", 4, 1, "1/5", 40, [0]],
            ["witness-bowl", "exact", 2, 1, "1/200", 1, [1]],
            ["witness-pulling", "exact", 2, 2, "1/4", 200, [0]],
            ["witness-sampling", "exact", 1, 1, "9/10", 40, [0]],
        ]),
    ),
    wrong=versions(
        "T3p", "T3p",
        (TERM, "the floor lost", becomes("(1 - T3p.lam)**K*F0_gap")),
        (CONSTANT, "the floor halved", becomes("(1 - T3p.lam)**K*F0_gap + (1 - (1 - T3p.lam)**K)*T1d.N/(4*T1d.A*mu_F)"),
         True),
        (CONSTANT, "3/2 of the rate", becomes(
            "(1 - 3*T3p.lam/2)**K*F0_gap + (1 - (1 - 3*T3p.lam/2)**K)*T1d.N/(2*T1d.A*mu_F)")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    ),
)  # fmt: skip
