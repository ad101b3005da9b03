"""T4c: the floor of the gap where every meta loss is convex, at the limit of the run, from Q2 in balls."""

from __future__ import annotations

from reports.judging.measurement import Measurement
from reports.measure.along_run import AlongRun, AlongRuns, of_theorem_1d
from reports.measure.limit import exact_steps, limit_floors
from reports.measure.optimality_gap import largest_gap, on_quadratics
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, TERM, times, versions
from theory.language.symbols import tau
from theory.statements.t1 import h


def _rows(run: AlongRun) -> list[Measurement]:
    return [run.row("T4c", "T4c_gap", limit_floors(run.specification).gap, largest_gap(run), rounds=None)]


MEASURED = AlongRuns(
    id="T4c",
    left=(LeftSide("T4c", "T4c_gap"),),
    cell=exact_steps,
    task=on_quadratics,
    measure=_rows,
    strong=True,
    algorithm=of_theorem_1d,
    headline=(
        dict(task="witness-pulling", mode="exact", alpha="1/2", nu=0, tau=16, beta=["1/32", "1/3200"], rounds=1,
             start=[0]),
    ),
    wrong=versions(
        "T4c", "T4c_gap",
        (TERM, "no floor in the exact case", times("0")),
        (EXPONENT, "h^4 for h^2", lambda e: e * h**2),
        (CONSTANT, "without 2 tau - 1", lambda e: e / (2 * tau - 1), True),
    ),
)  # fmt: skip
