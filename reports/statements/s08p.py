"""S8p: the bias of the stochastic first-order meta-gradient, to second order in the noise."""

from __future__ import annotations

from empirics.algorithm.modes import Mode
from reports.judging.measurement import Measurement
from reports.measure.statement import LeftSide
from reports.measure.with_batches import BIAS, NoisyPoint, WithBatches
from reports.statements.s08s import bias
from reports.wrong_versions import CONSTANT, TERM, becomes, times, versions
from theory.statements.s08 import b_FO


def _rows(at: NoisyPoint) -> list[Measurement]:
    return [at.row("S8p", "b_FO_sto_2", bias(at), at.bias_trivial)]


MEASURED = WithBatches(
    id="S8p",
    left=(LeftSide("S8p", "b_FO_sto_2", script=BIAS),),
    mode=Mode.FIRST_ORDER_STOCHASTIC,
    measure=_rows,
    bias="b_FO_sto_2",
    headline=(
        dict(task="witness-peak", alpha="1/2", nu=1, at=[0], D=1, D_prime=1, D_H=1, method="enumerate"),
    ),
    wrong=versions(
        "S8p", "b_FO_sto_2",
        (TERM, "the noise lost", becomes("b_FO"), True),
        (TERM, "b_FO lost", lambda e: e - b_FO),
        (CONSTANT, "0.9 of it", times("0.9"), True),
    ),
)  # fmt: skip
