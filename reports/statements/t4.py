"""T4: the floors of the exact case, what is left at the limit of the run, from Q2 in balls."""

from __future__ import annotations

from reports.judging.finding import Finding
from reports.measure.along_run import AlongRun, AlongRuns
from reports.measure.limit import limit_floors
from reports.measure.statement import LeftSide
from reports.statements.t3 import largest_gap, on_quadratics
from reports.wrong_versions import CONSTANT, EXPONENT, TERM, becomes, times, versions


def _rows(run: AlongRun) -> list[Finding]:
    floors = limit_floors(run.prepared)
    return [
        run.row("T4", "T4", floors.squared_gradient, run.prepared.B_F**2, rounds=None),
        run.row("T4", "T4_gap", floors.gap, largest_gap(run), rounds=None),
    ]


_WITNESSES = """
[[runs]]
alpha = "1/2"
nu = 0
label = "more"
statements = ["T4"]
columns = ["task", "mode", "tau", "m", "beta", "rounds", "start", "D", "D_prime", "D_H"]
rows = [
  ["witness-pulling", "exact", 2, 2, "1/4", 200, [0], 1, 1, 1],
  ["witness-pulling", "exact", 16, 2, "1/32", 200, [0], 1, 1, 1],
]
"""

MEASURED = AlongRuns(
    id="T4",
    left=(LeftSide("T4", "T4"), LeftSide("T4", "T4_gap")),
    task=on_quadratics,
    measure=_rows,
    strong=True,
    witnesses=_WITNESSES,
    wrong=(
        *versions(
            "T4", "T4",
            (TERM, "no floor in the exact case", times("0")),
            (EXPONENT, "x^4 for x^2: drift of order h^4", becomes("x**4*gamma_F**2/(2*T1b.A)")),
            (CONSTANT, "halved", times("1/2")),
        ),
        *versions(
            "T4", "T4_gap",
            (TERM, "no floor in the exact case", times("0")),
            (CONSTANT, "halved", times("1/2")),
        ),
    ),
)  # fmt: skip
