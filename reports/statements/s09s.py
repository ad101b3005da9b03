"""S9s: bias and mean squared error of the stochastic Hessian-free meta-gradient."""

from __future__ import annotations

from functools import lru_cache

from flint import arb

from empirics.algorithm.modes import Mode
from reports.balls import ball
from reports.balls.ball import norm
from reports.judging.measurement import Measurement
from reports.measure.enumeration import expectation, expected_squared_distance
from reports.measure.statement import LeftSide
from reports.measure.with_batches import BIAS, SQUARED_ERROR, NoisyPoint, WithBatches
from reports.statements.s09 import needs_delta, probe_step
from reports.wrong_versions import EXPONENT, TERM, becomes, swap, versions
from theory.statements.s05 import b_sto


@lru_cache(maxsize=1)
def errors(at: NoisyPoint) -> tuple[list[arb], list[arb]]:
    """norm(E g_i - grad F_i) and E norm(g_i - grad F_i)^2 of every agent."""
    step = ball.ball(probe_step(at.cell))
    bias, error = [], []
    for law, meta in at.laws():
        target = meta.exact(at.at)
        outcomes = list(law.hessian_free(at.at, step))
        bias.append(norm(expectation(outcomes) - target))
        error.append(expected_squared_distance(outcomes, target))
    return bias, error


def _rows(at: NoisyPoint) -> list[Measurement]:
    bias, error = errors(at)
    return [
        at.row("S9s", "b_HF_sto", bias, at.bias_trivial),
        at.row("S9s", "mse_HF_sto", error, at.error_trivial),
    ]


MEASURED = WithBatches(
    id="S9s",
    left=(
        LeftSide("S9s", "b_HF_sto", measures="meta_gradient_bias", script=BIAS),
        LeftSide("S9s", "mse_HF_sto", measures="meta_gradient_mean_squared_error", script=SQUARED_ERROR),
    ),
    cell=needs_delta,
    mode=Mode.HESSIAN_FREE_STOCHASTIC,
    measure=_rows,
    bias="b_HF_sto",
    squared_error="mse_HF_sto",
    headline=(
        dict(task="witness-tent", alpha="1/2", nu=1, at=["-1/3"], D=1, D_prime=1, D_H=1, delta="1/1073741824",
             method="enumerate", label="tiny-probe"),
    ),
    witnesses=(
        dict(task="witness-valley", alpha="1/2", nu=1, at=[0], D=1024, D_prime=1, D_H=1, delta="1/512",
             method="enumerate", label="probes"),
        dict(task="witness-hessian-noise", alpha="1/2", nu=1, at=[0], D=1, D_prime=1, D_H=1, delta="1/1048576",
             method="enumerate", label="noise"),
    ),
    wrong=(
        *versions(
            "S9s", "b_HF_sto",
            (TERM, "b_sto + b_HF: the noise of the probed vector lost", becomes("b_sto + b_HF")),
            (TERM, "b_sto lost", lambda e: e - b_sto),
            (EXPONENT, "delta^2 for delta", swap("delta", "delta**2")),
        ),
        *versions(
            "S9s", "mse_HF_sto",
            (TERM, "V lost", becomes("b_HF_sto**2")),
            (TERM, "the squared bias lost", becomes("V"), True),
        ),
    ),
)  # fmt: skip
