"""First-order and Hessian-free modes: their own formulas, and their distance from the exact meta-gradient."""

from __future__ import annotations

import numpy as np

from empirics.algorithm.modes import Mode
from empirics.testing import oracles
from empirics.testing.ask import Ask
from empirics.testing.bounds import geometric
from empirics.testing.cases import Case
from empirics.testing.comparison import Comparison
from empirics.testing.known_constants import constants_of
from empirics.testing.problems import Ridge
from empirics.testing.property import property_for


@property_for(
    (Mode.FIRST_ORDER,),
    "first_order_cases",
    cause="the mode is ignored, a Hessian is left, or the gradient is taken at another point of the trajectory",
    large=True,
)
def first_order_formula(ask: Ask, case: Case) -> Comparison:
    """S8: first-order mode is grad f(w^nu), every Hessian dropped."""
    expected = oracles.first_order(case.problem, case.point, case.alpha, case.nu)
    return Comparison(ask(case), expected, ask.rounding(case))


@property_for(
    (Mode.FIRST_ORDER,),
    "first_order_cases",
    cause="the gradient is taken at another point of the trajectory, or has the wrong sign",
)
def first_order_error(ask: Ask, case: Case) -> Comparison:
    """S8: first-order mode is within alpha L S_nu(q) norm(grad f(w^nu)) of grad F, q = 1 + alpha L.

    Attained where f'' = -L.
    """
    L = constants_of(case.problem.support)["L"].value
    outer = float(np.linalg.norm(oracles.first_order(case.problem, case.point, case.alpha, case.nu)))
    bound = case.alpha * L * geometric(case.nu, 1 + case.alpha * L) * outer
    error, tolerance = _error(ask, case)
    return Comparison(error, bound, tolerance, "at most")


@property_for(
    (Mode.HESSIAN_FREE,),
    "probed_cases",
    cause="the probe is one-sided, normalised, or at another point than w^l",
    large=True,
)
def hessian_free_formula(ask: Ask, case: Case) -> Comparison:
    """S9: v <- v - alpha [grad f(w^l + delta v) - grad f(w^l - delta v)] / (2 delta), v not normalised."""
    assert case.delta is not None
    expected = oracles.hessian_free(case.problem, case.point, case.alpha, case.nu, case.delta)
    return Comparison(ask(case), expected, ask.rounding(case))


@property_for(
    (Mode.HESSIAN_FREE,),
    "certified_probed_cases",
    cause="the probe is at another point than w^l, or the difference is divided by the wrong length",
)
def hessian_free_error(ask: Ask, case: Case) -> Comparison:
    """S9: Hessian-free mode is within alpha rho delta B^2 q^{nu-1} S_nu(q) / 2 of grad F, and exact on quadratics."""
    assert case.delta is not None
    known = constants_of(case.problem.support)
    L, rho = known["L"].value, known["rho"].value
    q = 1 + case.alpha * L
    growth = q ** max(case.nu - 1, 0) * geometric(case.nu, q)
    bound = (
        0.0
        if rho == 0
        else case.alpha * rho * case.delta * constants_of(case.problem.query)["B"].value ** 2 * growth / 2
    )
    error, tolerance = _error(ask, case)
    return Comparison(error, bound, tolerance, "at most")


@property_for(
    (Mode.HESSIAN_FREE,), "finely_probed_cases", cause="the difference is one-sided: its error falls like delta only"
)
def hessian_free_rate(ask: Ask, case: Case) -> Comparison:
    """On smooth losses Hessian-free mode is within O(delta^2) of the meta-gradient.

    The error of a central difference is delta^2 M norm(v)^3 / 6, M bounding the fourth derivative. One factor adds
    alpha times that; v is off by what the earlier factors added, which grows by q at each factor.
    """
    support = case.problem.support
    assert isinstance(support, Ridge)
    assert case.delta is not None
    *points, last = oracles.trajectory(case.problem, case.point, case.alpha, case.nu)
    v, bound = oracles.gradient_at(case.problem.query, last), 0.0
    q = 1 + case.alpha * constants_of(support)["L"].value
    for point in reversed(points):
        length = float(np.linalg.norm(v)) + bound
        bound = q * bound + case.alpha * case.delta**2 * support.fourth() * length**3 / 6
        v = v - case.alpha * oracles.hessian_at(support, point) @ v
    error, tolerance = _error(ask, case)
    return Comparison(error, bound, tolerance, "at most")


def _error(ask: Ask, case: Case) -> tuple[float, float]:
    """Distance of the answer from the exact meta-gradient, and the rounding in both."""
    exact = oracles.jacobian_product(case.problem, case.point, case.alpha, case.nu)
    rounding = ask.rounding(case) + ask.rounding(case.but(mode=Mode.EXACT, delta=None))
    return float(np.linalg.norm(ask(case) - exact)), rounding
