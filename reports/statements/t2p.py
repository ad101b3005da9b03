"""T2p: the mean over k < K of norm(grad F(w_k))^2, bounded through T1d."""

from __future__ import annotations

from reports.judging.measurement import Measurement
from reports.measure.along_run import AlongRun, AlongRuns, of_theorem_1d
from reports.measure.mean_squared import SCRIPT, largest_squared_gradient, mean_squared_row
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, FACTOR, TERM, becomes, times, versions


def _rows(run: AlongRun) -> list[Measurement]:
    return [mean_squared_row(run, "T2p", "T2p")]


MEASURED = AlongRuns(
    id="T2p",
    left=(LeftSide("T2p", "T2p", script=SCRIPT),),
    measure=_rows,
    largest=largest_squared_gradient,
    algorithm=of_theorem_1d,
    headline=(
        dict(task="witness-bowl", mode="exact", alpha="1/2", nu=0, tau=1, beta="1", rounds=2, start=[1]),
        dict(task="witness-noisy-bowl", mode="stochastic", alpha="1/2", nu=0, tau=1, beta="1/2", D=1, D_prime=1, D_H=1,
             rounds=400, start=[0], label="noise"),
        dict(task="witness-parting", mode="exact", alpha="1/2", nu=0, tau=2, beta="1/200", rounds=100000, start=[0],
             label="drift"),
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
            ["witness-bowl", "exact", 1, 1, "1/1024", 2, [1]],
            ["witness-pulling", "exact", 2, 2, "1/4", 200, [0]],
            ["witness-sampling", "exact", 1, 1, "9/10", 40, [0]],
            ["witness-sampling", "exact", 2, 1, "1/40", 400, [0]],
        ]),
        dict(task="witness-bowl", mode="exact", alpha="1/2", nu=0, tau=1, beta="1/2", server_step="3/2", rounds=2,
             start=[1], label="server"),
    ),
    wrong=versions(
        "T2p", "T2p",
        (TERM, "the floor N/A lost", becomes("F0_gap/(T1d.A*beta_s*beta*tau*K)")),
        (CONSTANT, "the floor halved", becomes("F0_gap/(T1d.A*beta_s*beta*tau*K) + T1d.N/(2*T1d.A)"), True),
        (EXPONENT, "K^2 for K", becomes("F0_gap/(T1d.A*beta_s*beta*tau*K**2) + T1d.N/T1d.A")),
        (FACTOR, "A lost at the start", becomes("F0_gap/(beta_s*beta*tau*K) + T1d.N/T1d.A")),
        (FACTOR, "the server step twice", becomes("F0_gap/(T1d.A*beta_s**2*beta*tau*K) + T1d.N/T1d.A"), True),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    ),
)  # fmt: skip
