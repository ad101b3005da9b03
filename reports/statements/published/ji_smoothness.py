"""Multi-step MAML's smoothness: what S4's difference quotient leaves to its constant C_L."""

from __future__ import annotations

from flint import arb

from reports.balls import ball
from reports.judging.measurement import Measurement
from reports.measure.at_point import AtPoint
from reports.measure.statement import Beside, LeftSide
from reports.statements.s04 import gradient_norm, quotient


def _slope(at: AtPoint) -> arb:
    """(quotient - L (1 + alpha L)^{2 nu}) / norm(grad f_i(u)), at least 0."""
    flat = L = ball.ball(at.instance.constants["L"].value)
    for _ in range(2 * at.nu):
        flat = flat * (1 + ball.ball(at.alpha) * L)
    excess, size = quotient(at) - flat, gradient_norm(at)
    return arb(0) if excess < 0 or size == 0 else excess / size


def _rows(at: AtPoint) -> list[Measurement]:
    return [at.row("maml.C_L", "maml.C_L", _slope(at))] if at.instance.constants["rho"].value > 0 else []


MEASURED = Beside(of="S4", left=LeftSide("maml.C_L", "maml.C_L"), measure=_rows)
