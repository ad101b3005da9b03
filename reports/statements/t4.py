"""T4: the floors of the exact case, what is left at the limit of the run, from Q2 in balls."""

from __future__ import annotations

from reports.judging.measurement import Measurement, Withheld
from reports.measure.along_run import AlongRun, AlongRuns
from reports.measure.limit import exact_steps, limit_floors
from reports.measure.optimality_gap import largest_gap, on_quadratics
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, TERM, becomes, times, versions


def _rows(run: AlongRun) -> list[Measurement]:
    p = run.specification
    if p.settings.draws_agents(p.instance.task.n):
        other = Withheld("m = n: the limit of a run is measured where every agent takes part")
        return [run.row("T4", left.quantity, other, None, rounds=None) for left in MEASURED.left]
    floors = limit_floors(p)
    return [
        run.row("T4", "T4", floors.squared_gradient, p.B_F**2, rounds=None),
        run.row("T4", "T4_gap", floors.gap, largest_gap(run), rounds=None),
    ]


MEASURED = AlongRuns(
    id="T4",
    left=(LeftSide("T4", "T4"), LeftSide("T4", "T4_gap")),
    cell=exact_steps,
    task=on_quadratics,
    measure=_rows,
    strong=True,
    limit=True,
    headline=(
        dict(task="witness-reflected", mode="exact", alpha="1/2", nu=0, tau=2, beta="1/1000", rounds=1,
             start=[0, 0, 0]),
    ),
    witnesses=(
        dict(alpha="1/2", nu=0, label="more", start=[0], D=1, D_H=1, m=2, rounds=200, task="witness-pulling", D_prime=1,
             columns=["mode", "tau", "beta"], rows=[
            ["exact", 2, "1/4"],
            ["exact", 16, "1/32"],
        ]),
    ),
    wrong=(
        *versions(
            "T4", "T4",
            (TERM, "no floor in the exact case", times("0")),
            (EXPONENT, "x^4 for x^2: drift of order h^4", becomes("x**4*gamma_F**2/(2*T1b.A)")),
            (CONSTANT, "halved", times("1/2")),
            (CONSTANT, "0.95 of it", times("0.95"), True),
        ),
        *versions(
            "T4", "T4_gap",
            (TERM, "no floor in the exact case", times("0")),
            (CONSTANT, "halved", times("1/2")),
            (CONSTANT, "0.95 of it", times("0.95"), True),
        ),
    ),
)  # fmt: skip
