"""Per-FedAvg's spread, squared, beside S7's."""

from __future__ import annotations

from reports.judging.measurement import Measurement
from reports.measure.at_point import AtPoint
from reports.measure.statement import Beside, LeftSide
from reports.statements.s07 import SCRIPT, squared_spread

_NAME = "per_fedavg.gamma_F2"


def _rows(at: AtPoint) -> list[Measurement]:
    if not at.one_short_step:
        return []
    return [at.row(_NAME, _NAME, squared_spread(at), trivial=at.value("B_F") ** 2)]


MEASURED = Beside(
    of="S7", left=LeftSide(_NAME, _NAME, script=f"{SCRIPT} ** 2"), measure=_rows, ours=(("S7", "gamma_F"), 2)
)
