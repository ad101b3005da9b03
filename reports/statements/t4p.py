"""T4p: the floors at full participation, at the limit of the run, from Q2 in balls."""

from __future__ import annotations

from reports.judging.measurement import Measurement
from reports.measure.along_run import AlongRun, AlongRuns, of_fixed_points
from reports.measure.limit import exact_steps, limit_floors
from reports.measure.optimality_gap import largest_gap, on_quadratics
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, TERM, becomes, times, versions


def _rows(run: AlongRun) -> list[Measurement]:
    floors = limit_floors(run.specification)
    return [
        run.row("T4p", "T4p", floors.squared_gradient, run.specification.B_F**2, rounds=None),
        run.row("T4p", "T4p_gap", floors.gap, largest_gap(run), rounds=None),
    ]


MEASURED = AlongRuns(
    id="T4p",
    left=(LeftSide("T4p", "T4p"), LeftSide("T4p", "T4p_gap")),
    cell=exact_steps,
    task=on_quadratics,
    measure=_rows,
    strong=True,
    limit=True,
    algorithm=of_fixed_points,
    headline=(
        dict(task="witness-reflected", mode="exact", alpha="1/2", nu=0, tau=2, beta="1/1000", rounds=1,
             start=[0, 0, 0]),
    ),
    witnesses=(
        dict(alpha="1/2", nu=0, label="more", start=[0], m=2, rounds=200, task="witness-pulling",
             columns=["mode", "tau", "beta"], rows=[
            ["exact", 2, "1/4"],
            ["exact", 16, "1/32"],
        ]),
    ),
    wrong=(
        *versions(
            "T4p", "T4p",
            (TERM, "no floor in the exact case", times("0")),
            (EXPONENT, "omega^4 for omega^2", becomes("omega**4*gamma_F**2/(P_plus*P_minus)")),
            (CONSTANT, "0.95 of it", times("0.95"), True),
            (CONSTANT, "halved", times("1/2")),
        ),
        *versions(
            "T4p", "T4p_gap",
            (TERM, "no floor in the exact case", times("0")),
            (CONSTANT, "halved", times("1/2")),
        ),
    ),
)  # fmt: skip
