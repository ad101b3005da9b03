"""S1-S4 and S10: the meta-gradient, its Lipschitz constant and its behaviour in the number of steps."""

from __future__ import annotations

from collections.abc import Callable

import sympy

from theory.algebra import HALF, Expr, S, symbol, symbols
from theory.conditions import Given, Otherwise
from theory.formulas import Case, Formula, Hypothesis, formula

alpha, L, mu, rho, B, nu, q, ell = symbols("alpha L mu rho B nu q l")
eta_G, eta_H, grad_norm, grad_norm_i, sigma_H, D_H = symbols("eta_G eta_H grad_norm grad_norm_i sigma_H D_H")

CURVATURE_ORDER = (
    Hypothesis("-L <= mu", -L, "<=", mu, optional="mu"),
    Hypothesis("mu <= L", mu, "<=", L, optional="mu"),
)


def _smoothness_recursion(steps: int) -> Expr:
    """v_l = P_l v_(l+1): each step multiplies the Lipschitz constant by q and adds the change of P_l."""
    constant: Expr = L * q**steps
    for step in reversed(range(steps)):
        constant = q * constant + alpha * rho * q**step * q ** (steps - 1 - step) * B
    return constant


def _pointwise_recursion(steps: int) -> Expr:
    constant: Expr = L * q**steps
    for step in reversed(range(steps)):
        constant = q * constant + alpha * rho * q**step * q ** (steps - 1 - step) * q**steps * grad_norm_i
    return constant


def _norm_recursion(start: Expr, times: int) -> Callable[[int], Expr]:
    def recursion(steps: int) -> Expr:
        bound = start
        for _ in range(times * steps):
            bound = q * bound
        return bound

    return recursion


def _rounding_recursion(steps: int) -> Expr:
    """The error of the computed sweep, from the error of the computed trajectory."""
    trajectory: list[Expr] = [sympy.Integer(0)]
    for _ in range(steps):
        trajectory.append(q * trajectory[-1] + alpha * eta_G)
    error = eta_G + L * trajectory[steps]
    for step in reversed(range(steps)):
        carried = q ** (steps - 1 - step) * B
        error = (q + alpha * eta_H) * error + alpha * (rho * trajectory[step] + eta_H) * carried
    return error


FORMULAS: tuple[Formula, ...] = (
    Formula(
        "q",
        (
            Case(sympy.Max(sympy.Abs(1 - alpha * mu), sympy.Abs(1 - alpha * L)), Given("mu")),
            Case(1 + alpha * L, Otherwise()),
        ),
        "S2",
        CURVATURE_ORDER,
    ),
    formula("eta2", alpha**2 * sigma_H**2 / D_H, "S6"),
    formula(
        "S1",
        (q + alpha * eta_H) ** nu * eta_G * (1 + alpha * L * S(nu, q))
        + alpha
        * B
        * sympy.Sum(
            (q + alpha * eta_H) ** ell * q ** (nu - 1 - ell) * (eta_H + alpha * rho * eta_G * S(ell, q)),
            (ell, 0, nu - 1),
        ),
        "S1",
        recursion=_rounding_recursion,
    ),
    formula("S1_relative", 2 * symbol("S1") / grad_norm, "S1"),
    formula("S2", q**nu, "S2", recursion=_norm_recursion(sympy.Integer(1), 1)),
    formula("S3", q ** (2 * nu) * grad_norm_i, "S3", recursion=_norm_recursion(grad_norm_i, 2)),
    formula("B_F", q**nu * B, "S3", recursion=_norm_recursion(B, 1)),
    formula(
        "L_F", q ** (2 * nu) * L + alpha * rho * B * q ** (nu - 1) * S(nu, q), "S4", recursion=_smoothness_recursion
    ),
    formula(
        "L_F_pointwise",
        q ** (2 * nu) * L + alpha * rho * q ** (2 * nu - 1) * S(nu, q) * grad_norm_i,
        "S4",
        recursion=_pointwise_recursion,
    ),
    formula("S10", -alpha * (1 - alpha * L * HALF) * grad_norm_i**2, "S10"),
)
