"""The limit of an exact, full-participation run on quadratics, in balls: w = T w + t solved rigorously (Q2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import flint
from flint import arb, arb_mat

from reports import ball
from reports.ball import BallQuadratic
from reports.finding import Enclosed

if TYPE_CHECKING:
    from reports.measure.runs import Prepared

_BITS = 256


@dataclass(frozen=True)
class Floors:
    """Squared meta-gradient and optimality gap at the limit."""

    squared_gradient: Enclosed
    gap: Enclosed


def limit_floors(prepared: Prepared) -> Floors:
    """Both floors of a quadratic task, from M_i = A_i (I - alpha A_i)^{2 nu} as exact matrices in balls.

    Raises ZeroDivisionError when I - T or the mean of the M_i is singular at the working precision.
    """
    with flint.ctx.workprec(_BITS):
        s = prepared.settings
        agents = [f for f in prepared.subject.losses if isinstance(f, BallQuadratic)]
        alpha, beta = ball.ball(s.alpha), ball.ball(s.beta)
        d = agents[0].A.nrows()
        identity = _identity(d)
        M = [f.A * _power(identity - f.A * alpha, 2 * s.nu) for f in agents]
        steps = [_power(identity - Mi * beta, s.tau) for Mi in M]
        share = ball.ball(1) / len(agents)
        T = _sum(steps) * share
        t = _sum([(identity - P) * f.c for P, f in zip(steps, agents, strict=True)]) * share
        limit = (identity - T).solve(t)
        mean = _sum(M) * share
        lowest = mean.solve(_sum([Mi * f.c for Mi, f in zip(M, agents, strict=True)]) * share)
        gradient = mean * (limit - lowest)
        offset = limit - lowest
        gap = (offset.transpose() * gradient)[0, 0] / 2
        how = f"closed form of the limit (Q2), Arb balls at {_BITS} bits"
        return Floors(_enclosed(ball.squared_norm(gradient), how), _enclosed(gap, how))


def _enclosed(x: arb, how: str) -> Enclosed:
    lower, upper = ball.bounds(x)
    return Enclosed(lower, upper, how)


def _identity(d: int) -> arb_mat:
    return arb_mat(d, d, [ball.ball(int(i == j)) for i in range(d) for j in range(d)])


def _power(x: arb_mat, exponent: int) -> arb_mat:
    result = _identity(x.nrows())
    for _ in range(exponent):
        result = result * x
    return result


def _sum(matrices: list[arb_mat]) -> arb_mat:
    total = matrices[0]
    for one in matrices[1:]:
        total = total + one
    return total
