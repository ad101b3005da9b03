"""S4: the difference quotient of a meta-gradient between two points."""

from __future__ import annotations

from functools import lru_cache

from flint import arb

from empirics.algorithm.meta_gradients import trajectory
from reports.balls.ball import norm
from reports.judging.measurement import Measurement
from reports.measure.at_point import AtPoint
from reports.measure.at_points import AtPoints
from reports.measure.point_search import Objective, Search
from reports.measure.statement import LeftSide
from reports.wrong_versions import CONSTANT, EXPONENT, FACTOR, SUM, TERM, scaled, swap, versions


def _stretch(search: Search) -> Objective:
    return search.quotient(lambda part, w: trajectory(part, w, search.alpha, search.nu).exact())


@lru_cache(maxsize=1)
def quotient(at: AtPoint) -> arb:
    """norm(grad F_i(w) - grad F_i(u)) / norm(w - u)."""
    return norm(at.meta.exact(at.w) - at.meta.exact(at.u)) / norm(at.w - at.u)


def gradient_norm(at: AtPoint) -> arb:
    """norm(grad f_i(u)), the size that the pointwise bound speaks of."""
    return norm(at.meta.f.gradient(at.u))


def _smoothness(at: AtPoint) -> list[Measurement]:
    value = quotient(at)
    return [at.row("S4", "L_F", value), at.row("S4", "L_F_pointwise", value, grad_norm_i=gradient_norm(at))]


SCRIPT = "measured = max(norm(meta(i, w) - meta(i, u)) for i in range(n)) / norm(w - u)"

MEASURED = AtPoints(
    id="S4",
    left=(
        LeftSide("S4", "L_F", measures="L_F", script=SCRIPT),
        LeftSide("S4", "L_F_pointwise", script=SCRIPT),
    ),
    objective=_stretch,
    measure=_smoothness,
    pairs=True,
    headline=(
        dict(task="witness-concave", alpha="1/2", nu=[1, 2, 3], at=[1], pair=["1/2"]),
        dict(task="witness-wave", alpha="1", nu=[1, 2, 3], at=[0], pair=["1/1048576"]),
        dict(task="witness-tents-2", alpha="1/2", nu=2, at=[0], pair=["1/1048576"]),
    ),
    witnesses=(
        dict(task="witness-bowl", alpha="3", nu=[2, 3], at=[1], pair=["1/2"]),  # alpha L > 2: overshoots
        dict(task="witness-tents-4", alpha="1/2", nu=4, at=[0], pair=["1/1048576"]),
    ),
    wrong=(
        *versions(
            "S4", "L_F",
            (EXPONENT, "q^nu for q^(2 nu)", swap("q**(2*nu)", "q**nu")),
            (EXPONENT, "q^(2 nu - 1) for q^(2 nu)", swap("q**(2*nu)", "q**(2*nu-1)")),
            (TERM, "the rho term lost", scaled("rho", "0")),
            (CONSTANT, "the rho term halved", scaled("rho", "1/2")),
            (SUM, "S_(nu-1)(q) for S_nu(q)", swap("S(nu, q)", "S(nu-1, q)")),
            (FACTOR, "1 for S_nu(q)", swap("S(nu, q)", "1")),
            (SUM, "nu for S_nu(q)", swap("S(nu, q)", "nu"), True),
            (CONSTANT, "0.95 of the first term", scaled("q**(2*nu)", "0.95"), True),
        ),
        *versions(
            "S4", "L_F_pointwise",
            (EXPONENT, "q^nu for q^(2 nu)", swap("q**(2*nu)", "q**nu")),
            (TERM, "the rho term lost", scaled("rho", "0")),
            (CONSTANT, "the rho term halved", scaled("rho", "1/2")),
            (EXPONENT, "q^(nu-1) for q^(2 nu - 1)", swap("q**(2*nu-1)", "q**(nu-1)"), True),
        ),
    ),
)  # fmt: skip
