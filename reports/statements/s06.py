"""S6: the mean squared error of the stochastic meta-gradient."""

from __future__ import annotations

from functools import lru_cache

from flint import arb

from empirics.algorithm.modes import Mode
from reports.judging.measurement import Measurement
from reports.measure.statement import LeftSide
from reports.measure.with_batches import SQUARED_ERROR, NoisyPoint, WithBatches
from reports.wrong_versions import (
    BATCH,
    CONSTANT,
    EXPONENT,
    FACTOR,
    SUM,
    TERM,
    becomes,
    gain_becomes,
    swap,
    times,
    versions,
)  # fmt: skip


@lru_cache(maxsize=1)
def squared_error(at: NoisyPoint) -> list[arb]:
    """E norm(g_i - grad F_i)^2 of every agent."""
    return [law.stochastic_squared_distance(at.at, meta.exact(at.at)) for law, meta in at.laws()]


def _rows(at: NoisyPoint) -> list[Measurement]:
    return [at.row("S6", "sigma_F2", squared_error(at), at.error_trivial)]


MEASURED = WithBatches(
    id="S6",
    left=(LeftSide("S6", "sigma_F2", measures="meta_gradient_mean_squared_error", script=SQUARED_ERROR),),
    mode=Mode.STOCHASTIC,
    measure=_rows,
    squared_error="sigma_F2",
    headline=(
        dict(task="witness-noise", alpha="1/2", nu=[1, 2, 3], at=[0], D=1, D_prime=1, D_H=1, method="enumerate"),
        dict(task="witness-only-hessian", alpha="1/2", nu=1, at=[1], D=1, D_prime=1, D_H=1, method="enumerate"),
    ),
    witnesses=(
        dict(alpha="1/2", D=1, D_prime=1, D_H=1, method="enumerate", label="more", columns=["task", "at", "nu"], rows=[
            ["witness-hessian-noise", [0], 1],
            ["witness-only-hessian", [1], 2],
        ]),
        dict(task="witness-noise", alpha="1/2", nu=2, at=[0], D=3, D_prime=2, D_H=2, method="enumerate", label="sizes"),
        dict(alpha="1/2", nu=1, D=1, D_prime=1, method="enumerate", label="pairs", D_H=2, columns=["task", "at"], rows=[
            ["witness-only-hessian", [1]],
            ["witness-hessian-noise", [0]],
        ]),
    ),
    wrong=(
        *versions(
            "S6", "sigma_F2",
            (TERM, "the squared bias lost", becomes("V"), True),
            (CONSTANT, "the squared bias halved", becomes("V + b_sto**2/2"), True),
            (CONSTANT, "0.95 of it", times("0.95"), True),
        ),
        *versions(
            "S6", "V",
            (TERM, "the Hessian noise lost", gain_becomes("0")),
            (SUM, "the first order of the Hessian noise", gain_becomes("nu*eta2*q**(2*nu-2)"), True),
            (EXPONENT, "q^nu for q^(2 nu) at the gradient noise", swap("(q**2 + eta2)**nu", "(q + eta2)**nu")),
            (FACTOR, "the Hessian noise of the gradient noise lost", swap("(q**2 + eta2)**nu", "q**(2*nu)"), True),
            (BATCH, "1/D'^2 for 1/D'", swap("1/D_prime", "1/D_prime**2")),
        ),
        *versions(
            "S6", "eta2",
            (BATCH, "1/D_H^2 for 1/D_H", swap("1/D_H", "1/D_H**2")),
            (CONSTANT, "halved", times("1/2")),
        ),
    ),
)  # fmt: skip
