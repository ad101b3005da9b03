"""S5p: the bias of the stochastic meta-gradient, to second order."""

from __future__ import annotations

from empirics.algorithm.modes import Mode
from reports.judging.measurement import Measurement
from reports.measure.statement import LeftSide
from reports.measure.with_batches import BIAS, NoisyPoint, WithBatches
from reports.statements.s05 import bias
from reports.wrong_versions import BATCH, CONSTANT, EXPONENT, swap, times, versions
from theory.language.symbols import D


def _rows(at: NoisyPoint) -> list[Measurement]:
    return [at.row("S5p", "b_sto_2", bias(at), at.bias_trivial)]


MEASURED = WithBatches(
    id="S5p",
    left=(LeftSide("S5p", "b_sto_2", measures="meta_gradient_bias", script=BIAS),),
    mode=Mode.STOCHASTIC,
    measure=_rows,
    bias="b_sto_2",
    headline=(
        dict(task="witness-crest", alpha="1/2", nu=1, at=[0], D=1, D_prime=1, D_H=1, method="enumerate"),
    ),
    witnesses=(
        dict(alpha="1/2", D=1, D_prime=1, D_H=1, method="enumerate", label="more", task="witness-slant", at=[0], nu=1,
             columns=[], rows=[
            [],
        ]),
        dict(alpha="1/2", D_prime=1, D_H=1, method="enumerate", label="D4", at=[0], D=4, nu=1, task="witness-slant",
             columns=[], rows=[
            [],
        ]),
    ),
    wrong=versions(
        "S5p", "b_sto_2",
        (BATCH, "1/D^2 for 1/D at nu = 1", lambda e: e / D),
        (EXPONENT, "q^(nu-1) for q^nu", swap("q**nu", "q**(nu-1)")),
        (CONSTANT, "halved", times("1/2")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
    ),
)  # fmt: skip
