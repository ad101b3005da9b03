"""How far a meta-gradient in float64 may be from the exact one: what S1 asks of one gradient and one product."""

from __future__ import annotations

from dataclasses import dataclass

from empirics.tasks.float_errors import UNIT_ROUNDOFF


@dataclass(frozen=True)
class Etas:
    """eta_G bounds the error of one gradient, eta_H that of one Hessian-vector product over norm(v)."""

    gradient: float
    hessian: float


def with_updates(raw: Etas, *, alpha: float, nu: int, radius: float, B: float, L: float, q: float) -> Etas:
    """Etas that also cover the rounding of w - alpha g and v - alpha H v, as S1 asks.

    One update errs by at most u (norm(result) + 2 alpha norm(increment)); divided by alpha it is an error of the
    increment. Without a step (nu = 0 or alpha = 0) there is no update.
    """
    if nu == 0 or alpha == 0:
        return raw
    u = 2.0 * UNIT_ROUNDOFF
    return Etas(raw.gradient + u * (radius / alpha + 2 * B), raw.hessian + u * (q / alpha + 2 * L))
