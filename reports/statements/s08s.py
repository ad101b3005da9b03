"""S8s: bias and variance of the stochastic first-order meta-gradient."""

from __future__ import annotations

from functools import lru_cache

from flint import arb

from empirics.algorithm.modes import Mode
from reports.balls.ball import norm
from reports.judging.measurement import Measurement
from reports.measure.enumeration import expected_squared_distance
from reports.measure.statement import LeftSide
from reports.measure.with_batches import BIAS, VARIANCE, NoisyPoint, WithBatches
from reports.wrong_versions import BATCH, CONSTANT, EXPONENT, TERM, becomes, swap, times, versions


@lru_cache(maxsize=1)
def bias(at: NoisyPoint) -> list[arb]:
    """norm(E g_i - grad F_i) of every agent."""
    return [norm(law.first_order_mean(at.at) - meta.exact(at.at)) for law, meta in at.laws()]


def _rows(at: NoisyPoint) -> list[Measurement]:
    variance = [expected_squared_distance(law.first_order(at.at), law.first_order_mean(at.at)) for law, _ in at.laws()]
    return [
        at.row("S8s", "b_FO_sto", bias(at), at.bias_trivial),
        at.row("S8s", "var_FO_sto", variance, at.error_trivial),
    ]


# no squared error is sampled: it is at least the variance about the mean, which is what is bounded
MEASURED = WithBatches(
    id="S8s",
    left=(
        LeftSide("S8s", "b_FO_sto", measures="meta_gradient_bias", script=BIAS),
        LeftSide("S8s", "var_FO_sto", script=VARIANCE),
    ),
    mode=Mode.FIRST_ORDER_STOCHASTIC,
    measure=_rows,
    bias="b_FO_sto",
    headline=(
        dict(alpha="1/2", nu=1, D=1, D_prime=1, D_H=1, method="enumerate", columns=["task", "at"], rows=[
            ["witness-tent", ["-1/3"]],
            ["witness-noise", [0]],
        ]),
    ),
    witnesses=(
        dict(alpha="1/2", D=1, D_prime=1, D_H=1, method="enumerate", label="more", columns=["task", "at", "nu"], rows=[
            ["witness-noise", [0], 2],
            ["witness-noise", [0], 3],
        ]),
        dict(task="witness-noise", alpha="1/2", nu=2, at=[0], D=3, D_prime=2, D_H=2, method="enumerate", label="sizes"),
        dict(alpha="1/2", D_prime=1, D_H=1, method="enumerate", label="D4", at=["-1/3"], D=4, nu=1, task="witness-tent",
             columns=[], rows=[
            [],
        ]),
    ),
    wrong=(
        *versions(
            "S8s", "b_FO_sto",
            (TERM, "the noise lost", becomes("b_FO")),
            (TERM, "b_FO lost", becomes("alpha*L*sigma_G*sqrt(S(nu, q**2)/D)")),
            (BATCH, "1/D for 1/sqrt(D)", becomes("b_FO + alpha*L*sigma_G*sqrt(S(nu, q**2))/D")),
            (CONSTANT, "the noise halved", becomes("b_FO + alpha*L*sigma_G*sqrt(S(nu, q**2)/D)/2")),
            (CONSTANT, "0.95 of it", times("0.95"), True),
        ),
        *versions(
            "S8s", "var_FO_sto",
            (TERM, "the noise of the trajectory lost", becomes("sigma_G**2/D_prime"), True),
            (EXPONENT, "S_nu(q) for S_nu(q^2)", swap("S(nu, q**2)", "S(nu, q)"), True),
            (BATCH, "1/D^2 for 1/D", swap("1/D", "1/D**2"), True),
        ),
    ),
)  # fmt: skip
