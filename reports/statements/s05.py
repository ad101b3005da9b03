"""S5: the bias of the stochastic meta-gradient."""

from __future__ import annotations

from functools import lru_cache

from flint import arb

from empirics.algorithm.modes import Mode
from reports.balls.ball import norm
from reports.judging.measurement import Measurement
from reports.measure.statement import LeftSide
from reports.measure.with_batches import BIAS, NoisyPoint, WithBatches
from reports.wrong_versions import BATCH, CONSTANT, EXPONENT, TERM, becomes, swap, times, versions
from theory.language.symbols import alpha


@lru_cache(maxsize=1)
def bias(at: NoisyPoint) -> list[arb]:
    """norm(E g_i - grad F_i) of every agent; outer gradients and Hessians enter by their means, so no tree is big."""
    return [norm(law.stochastic_mean(at.at) - meta.exact(at.at)) for law, meta in at.laws(most=None)]


def _rows(at: NoisyPoint) -> list[Measurement]:
    return [at.row("S5", "b_sto", bias(at), at.bias_trivial)]


MEASURED = WithBatches(
    id="S5",
    left=(LeftSide("S5", "b_sto", measures="meta_gradient_bias", script=BIAS),),
    mode=Mode.STOCHASTIC,
    measure=_rows,
    bias="b_sto",
    headline=(
        dict(task="witness-tent", alpha="1/2", nu=1, at=["-1/3"], D=1, D_prime=1, D_H=1, method="enumerate"),
    ),
    witnesses=(
        dict(alpha="1/2", D=1, D_prime=1, D_H=1, method="enumerate", label="more", task="witness-slant", at=[0], nu=1,
             columns=[], rows=[
            [],
        ]),
        dict(alpha="1/2", D_prime=1, D_H=1, method="enumerate", columns=["task", "at", "nu", "D", "label"], rows=[
            ["witness-tent", ["-1/3"], 1, 4, "D4"],
            ["witness-pit", [0], 2, 1, "pit"],
        ]),
    ),
    wrong=versions(
        "S5", "b_sto",
        (BATCH, "1/D for 1/sqrt(D)", swap("1/sqrt(D)", "1/D")),
        (EXPONENT, "q^(nu-1) for q^nu", swap("q**nu", "q**(nu-1)")),
        (EXPONENT, "alpha^2 for alpha", lambda e: e * alpha),
        (CONSTANT, "halved", times("1/2")),
        (CONSTANT, "0.95 of it", times("0.95"), True),
        (TERM, "the rho term lost", becomes("alpha*sigma_G/sqrt(D)*q**nu*L*sqrt(S(nu, q**2))"), True),
    ),
)  # fmt: skip
