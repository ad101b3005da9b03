"""The limit of an exact, full-participation run on quadratics, in balls: w = T w + t solved rigorously (Q2)."""

from __future__ import annotations

from dataclasses import dataclass

import flint
from flint import arb

from empirics.algorithm.modes import Mode
from reports.balls import ball
from reports.balls.ball import identity
from reports.cells.run_cell import RunCell
from reports.judging.measurement import Enclosed
from reports.measure.moments import average_and_minimiser, power
from reports.measure.run_specification import RunSpecification

_BITS = 256


def exact_steps(cell: RunCell) -> str | None:
    """The limit is that of exact steps."""
    return None if cell.mode is Mode.EXACT else "is measured at the limit of exact steps: expected mode exact"


@dataclass(frozen=True)
class Floors:
    """Squared meta-gradient and optimality gap at the limit."""

    squared_gradient: Enclosed
    gap: Enclosed


def limit_floors(specification: RunSpecification) -> Floors:
    """Both floors of a quadratic task, from M_i = A_i (I - alpha A_i)^{2 nu} as exact matrices in balls.

    Raises ZeroDivisionError when I - T or the mean of the M_i is singular at the working precision.
    """
    with flint.ctx.workprec(_BITS):
        s = specification.settings
        agents = specification.instance.forms
        alpha, beta = ball.ball(s.alpha), ball.ball(s.beta)
        eye = identity(agents[0].A.nrows())
        average, lowest = average_and_minimiser(agents, alpha, s.nu)
        steps = [power(eye - f.A * power(eye - f.A * alpha, 2 * s.nu) * beta, s.tau) for f in agents]
        shift = ball.mean([(eye - R) * f.c for R, f in zip(steps, agents, strict=True)])
        limit = (eye - ball.mean(steps)).solve(shift)
        offset = limit - lowest
        gradient = average * offset
        gap = (offset.transpose() * gradient)[0, 0] / 2
        how = f"closed form of the limit (Q2), Arb balls at {_BITS} bits"
        return Floors(_enclosed(ball.squared_norm(gradient), how), _enclosed(gap, how))


def _enclosed(x: arb, how: str) -> Enclosed:
    lower, upper = ball.bounds(x)
    return Enclosed(lower, upper, how)
