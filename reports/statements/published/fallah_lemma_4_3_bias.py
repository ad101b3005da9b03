"""Per-FedAvg's bias beside S5's."""

from __future__ import annotations

from reports.judging.measurement import Measurement
from reports.measure.statement import Beside, LeftSide
from reports.measure.with_batches import BIAS, NoisyPoint
from reports.statements.s05 import bias
from reports.wrong_versions import BATCH, CONSTANT, swap, times, versions

_NAME = "per_fedavg.bias"


def _rows(at: NoisyPoint) -> list[Measurement]:
    return [at.row(_NAME, _NAME, bias(at), at.bias_trivial)] if at.one_short_step else []


MEASURED = Beside(
    of="S5",
    left=LeftSide(_NAME, _NAME, script=BIAS),
    measure=_rows,
    ours=(("S5", "b_sto"), 1),
    wrong=versions(
        _NAME, _NAME,
        (CONSTANT, "1 for 2", times("1/2")),
        (BATCH, "1/D for 1/sqrt(D)", swap("1/sqrt(D)", "1/D")),
    ),
)  # fmt: skip
