"""Per-FedAvg's mean squared error beside S6's."""

from __future__ import annotations

from reports.judging.measurement import Measurement
from reports.measure.statement import Beside, LeftSide
from reports.measure.with_batches import SQUARED_ERROR, NoisyPoint
from reports.statements.s06 import squared_error

_NAME = "per_fedavg.sigma_F2"


def _rows(at: NoisyPoint) -> list[Measurement]:
    return [at.row(_NAME, _NAME, squared_error(at), at.error_trivial)] if at.one_short_step else []


MEASURED = Beside(
    of="S6", left=LeftSide(_NAME, _NAME, script=SQUARED_ERROR), measure=_rows, ours=(("S6", "sigma_F2"), 1)
)
