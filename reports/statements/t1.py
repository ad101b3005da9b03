"""T1: how much one round lowers F, in its three cases."""

from __future__ import annotations

from collections.abc import Mapping

import theory
from reports.judging.measurement import Measurement
from reports.measure.along_run import AlongRun, AlongRuns
from reports.measure.round_change import SCRIPT, round_row
from reports.measure.statement import LeftSide
from reports.wrong_versions import AGENTS, CONSTANT, EXPONENT, TERM, becomes, swap, times, versions
from theory.language.symbols import tau


def _rows(run: AlongRun) -> list[Measurement]:
    case = theory.round_case(**run.specification.inputs)
    return [round_row(run, case)]


def _coarsest(inputs: Mapping[str, str]) -> str:
    return "T1c" if inputs["tau"] == "1" else "T1a"


MEASURED = AlongRuns(
    id="T1",
    left=tuple(LeftSide(case, case, "one_round_change", SCRIPT) for case in ("T1b", "T1c", "T1a")),
    measure=_rows,
    name=_coarsest,
    headline=(
        dict(task="witness-drift", mode="exact", alpha="1/2", nu=0, tau=2, beta="1/100", rounds=1, start=[0]),
        dict(task="witness-brief-drift", mode="exact", alpha="1/2", nu=0, tau=2, beta="1/1000", rounds=1, start=[0]),
        dict(task="witness-noisy-bowl", mode="stochastic", alpha="1/2", nu=0, tau=4, beta="1/200", D=1, D_prime=1,
             D_H=1, rounds=1, start=[0], label="noise"),
        dict(task="witness-sampling", mode="exact", alpha="1/2", nu=0, tau=2, m=1, beta="1/40", rounds=1, start=[0]),
        dict(task="witness-sampling", mode="exact", alpha="1/2", nu=0, tau=1, m=1, beta="1/2", rounds=1, start=[0],
             label="tau1"),
        dict(task="witness-noisy-bowl", mode="stochastic", alpha="1/2", nu=0, tau=4, m=1, beta="1/200", D=1, D_prime=1,
             D_H=1, rounds=1, start=[0]),
    ),
    witnesses=(
        dict(alpha="1/2", nu=0, label="more", D=1, D_prime=1, D_H=1,
             columns=["task", "mode", "tau", "m", "beta", "rounds", "start"], rows=[
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
        dict(task="witness-stalled", mode="first_order", alpha="1/2", nu=1, tau=1, beta="1/40", rounds=1, start=[0],
             label="bias"),
        dict(task="witness-blind", mode="hessian_free", alpha=1, nu=1, tau=1, delta="1/8", beta="1/60", rounds=1,
             start=[0], label="probes"),
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
            (TERM, "the bias lost", becomes("h/2*(sigma2/m + kappa*(gamma_F + b)**2)")),
            (CONSTANT, "0.9 of the bias", becomes("9*b**2/20 + h/2*(sigma2/m + kappa*(gamma_F + b)**2)"), True),
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
