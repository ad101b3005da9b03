"""Per-FedAvg's smoothness beside S4's."""

from __future__ import annotations

from reports.judging.measurement import Measurement
from reports.measure.at_point import AtPoint
from reports.measure.statement import Beside, LeftSide
from reports.statements.s04 import SCRIPT, quotient
from reports.wrong_versions import CONSTANT, TERM, becomes, scaled, versions

_NAME = "per_fedavg.L_F"


def _rows(at: AtPoint) -> list[Measurement]:
    return [at.row(_NAME, _NAME, quotient(at))] if at.one_short_step else []


MEASURED = Beside(
    of="S4",
    left=LeftSide(_NAME, _NAME, script=SCRIPT),
    measure=_rows,
    ours=(("S4", "L_F"), 1),
    wrong=versions(
        _NAME, _NAME,
        (CONSTANT, "2 L for 4 L", becomes("2*L + alpha*rho*B")),
        (TERM, "the rho term lost", scaled("rho", "0")),
    ),
)  # fmt: skip
