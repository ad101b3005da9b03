"""T1d: how much one round lowers F, in one theorem."""

from __future__ import annotations

from reports.judging.measurement import Measurement
from reports.measure.along_run import AlongRun, AlongRuns, of_theorem_1d
from reports.measure.round_change import SCRIPT, round_row
from reports.measure.statement import LeftSide
from reports.wrong_versions import AGENTS, CONSTANT, EXPONENT, TERM, becomes, times, versions


def _rows(run: AlongRun) -> list[Measurement]:
    return [round_row(run, "T1d", spread_at_start=True)]


MEASURED = AlongRuns(
    id="T1d",
    left=(LeftSide("T1d", "T1d", script=SCRIPT),),
    measure=_rows,
    algorithm=of_theorem_1d,
    headline=(
        dict(task="witness-drift", mode="exact", alpha="1/2", nu=0, tau=2, beta="1/100", rounds=1, start=[0]),
        dict(task="witness-brief-drift", mode="exact", alpha="1/2", nu=0, tau=2, beta="1/1000", rounds=1, start=[0]),
        dict(task="witness-wedge", mode="exact", alpha="1/2", nu=0, tau=2, beta="1/20", rounds=1, start=[0, 0]),
        dict(task="witness-wedge-5", mode="exact", alpha="1/2", nu=0, tau=5, beta="1/25", rounds=1, start=[0, 0]),
        dict(task="witness-uneven", mode="exact", alpha="1/2", nu=0, tau=2, m=1, beta="1/40", rounds=1, start=[0]),
        dict(task="witness-noisy-bowl", mode="stochastic", alpha="1/2", nu=0, tau=1, beta="1/2", D=1, D_prime=1, D_H=1,
             rounds=1, start=[0]),
    ),
    witnesses=(
        dict(alpha="1/2", nu=0, label="more", D=1, D_prime=1, D_H=1,
             columns=["task", "mode", "tau", "m", "beta", "rounds", "start"], rows=[
            ["witness-noisy-bowl", "stochastic", 4, 1, "1/200", 1, [0]],
            ["witness-trio", "exact", 1, 1, "1/2", 1, [0]],
            ["witness-trio", "exact", 4, 2, "1/80", 1, [0]],
            ["witness-bowl", "exact", 1, 1, "1", 1, [1]],
        ]),
        dict(task="witness-bowl", mode="exact", alpha="1/2", nu=0, tau=1, beta="1/2", server_step="3/2", rounds=1,
             start=[1], label="server"),
        dict(alpha="1/2", nu=0, tau=1, beta="1/2", rounds=1, start=[0], weights=["1/4", "3/4"], label="weights",
             columns=["task", "mode", "sampling", "m", "D", "D_prime", "D_H"], rows=[
            ["witness-weighed", "exact", "replacement", 1, None, None, None],
            ["witness-noisy-pair", "stochastic", "full", None, 1, 1, 1],
        ]),
        dict(task="witness-stalled", mode="first_order", alpha="1/2", nu=1, tau=1, beta="1/40", rounds=1, start=[0],
             label="bias"),
        dict(task="witness-blind", mode="hessian_free", alpha=1, nu=1, tau=1, delta="1/8", beta="1/60", rounds=1,
             start=[0], label="probes"),
    ),
    wrong=(
        *versions(
            "T1d", "T1d.N",
            (CONSTANT, "halved", times("1/2")),
            (CONSTANT, "0.9 of it", times("0.9"), True),
        ),
        *versions(
            "T1d", "T1d.A",
            (CONSTANT, "1.1 times it", times("1.1"), True),
            (CONSTANT, "1.5 times it", times("3/2")),
        ),
        *versions(
            "T1d", "V_d",
            (TERM, "the noise lost", times("0")),
            (CONSTANT, "halved", times("1/2")),
        ),
        *versions(
            "T1d", "T1d.omega",
            (TERM, "the drift lost", times("0"), True),
            (EXPONENT, "omega^2 for omega", lambda e: e**2, True),
        ),
        *versions(
            "T1d", "kappa",
            (AGENTS, "kappa lost: agents drawn without error", times("0")),
            (AGENTS, "(n - m)/(m n) for (n - m)/(m (n - 1))", becomes("(n - m)/(m*n)")),
        ),
        *versions("T1d", "share", (AGENTS, "1/m for the largest weight", becomes("1/m"), True)),
    ),
)  # fmt: skip
