"""S9p: the bias of the stochastic Hessian-free meta-gradient, to second order in the noise."""

from __future__ import annotations

from empirics.algorithm.modes import Mode
from reports.judging.measurement import Measurement
from reports.measure.statement import LeftSide
from reports.measure.with_batches import BIAS, NoisyPoint, WithBatches
from reports.statements.s09 import needs_delta
from reports.statements.s09s import errors
from reports.wrong_versions import EXPONENT, TERM, swap, versions
from theory.statements.s05p import b_sto_2


def _rows(at: NoisyPoint) -> list[Measurement]:
    return [at.row("S9p", "b_HF_sto_2", errors(at)[0], at.bias_trivial)]


MEASURED = WithBatches(
    id="S9p",
    left=(LeftSide("S9p", "b_HF_sto_2", script=BIAS),),
    cell=needs_delta,
    mode=Mode.HESSIAN_FREE_STOCHASTIC,
    measure=_rows,
    bias="b_HF_sto_2",
    headline=(
        dict(task="witness-valley", alpha="1/2", nu=1, at=[0], D=1024, D_prime=1, D_H=1, delta="1/512",
             method="enumerate", label="probes"),
        dict(task="witness-slant", alpha="1/2", nu=1, at=[0], D=1, D_prime=1, D_H=1, delta="1/1073741824",
             method="enumerate", label="tiny-probe"),
    ),
    wrong=versions(
        "S9p", "b_HF_sto_2",
        (TERM, "b'_sto lost", lambda e: e - b_sto_2),
        (EXPONENT, "delta^2 for delta", swap("delta", "delta**2"), True),
        (TERM, "the noise of the probed vector lost", swap("sigma_G**2/D_prime", "0"), True),
    ),
)  # fmt: skip
