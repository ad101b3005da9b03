"""C2: the mean over rounds and local steps of norm(grad F)^2 at the mean of all agents, the published left side."""

from __future__ import annotations

from reports.judging.measurement import Measurement
from reports.measure.along_run import AlongRun, AlongRuns
from reports.measure.local_averages import local_mean_squared_row
from reports.measure.mean_squared import largest_squared_gradient
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, scaled, times, versions
from theory.language.symbols import F0_gap

_SCRIPT = "measured = np.mean([local_squares(t) for t in range(tau)])"


def _rows(run: AlongRun) -> list[Measurement]:
    return [local_mean_squared_row(run, "C2", "C2")]


MEASURED = AlongRuns(
    id="C2",
    left=(LeftSide("C2", "C2", "mean_squared_meta_gradient_local", _SCRIPT),),
    measure=_rows,
    largest=largest_squared_gradient,
    local_averages=True,
    headline=(
        dict(task="witness-bowl", mode="exact", alpha="1/2", nu=0, tau=1, beta="1", rounds=1, start=[1]),
    ),
    witnesses=(
        dict(alpha="1/2", nu=0, label="more", columns=["task", "mode", "tau", "m", "beta", "rounds", "start"], rows=[
            ["witness-bowl", "exact", 2, 1, "1/2", 1, [1]],
            ["witness-drift", "exact", 4, 2, "1/8", 1, [0]],
        ]),
    ),
    wrong=versions(
        "C2", "C2",
        (CONSTANT, "1 for 2 at the start", lambda e: e.subs(F0_gap, F0_gap / 2)),
        (EXPONENT, "beta tau^2 for beta tau at the start", scaled("F0_gap", "1/tau"), True),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    ),
)  # fmt: skip
