"""S5, S5p, S6, S8, S8s, S9, S9s: bias and mean squared error of the approximate meta-gradients."""

from __future__ import annotations

import sympy

from theory.algebra import HALF, Expr, PowerGain, S, symbols
from theory.formulas import Formula, formula

alpha, L, rho, B, nu, q, eta2, delta = symbols("alpha L rho B nu q eta2 delta")
sigma_G, D, D_prime, ell, j = symbols("sigma_G D D_prime l j")
b_sto, V, b_FO, b_HF_sto = symbols("b_sto V b_FO b_HF_sto")

_noise = alpha**2 * sigma_G**2 / D


def trajectory_error(step: Expr) -> Expr:
    """E_l = (alpha^2 sigma_G^2 / D) S_l(q^2): bounds the mean squared error of the noisy trajectory at step l."""
    return _noise * S(step, q**2)


def _trajectory(steps: int) -> list[Expr]:
    """E_(l+1) = q^2 E_l + alpha^2 sigma_G^2 / D from E_0 = 0."""
    errors: list[Expr] = [sympy.Integer(0)]
    for _ in range(steps):
        errors.append(q**2 * errors[-1] + _noise)
    return errors


def _sweep(start: Expr, added: list[Expr]) -> Expr:
    """The reverse sweep of an error: times q, plus what the step adds."""
    error = start
    for term in reversed(added):
        error = q * error + term
    return error


def _carried(steps: int, step: int) -> Expr:
    return q ** (steps - 1 - step) * B


def _bias_recursion(steps: int) -> Expr:
    errors = _trajectory(steps)
    added = [alpha * rho * sympy.sqrt(errors[step]) * _carried(steps, step) for step in range(steps)]
    return _sweep(L * sympy.sqrt(errors[steps]), added)


def _second_order_recursion(steps: int) -> Expr:
    errors = _trajectory(steps)
    mean: Expr = sympy.Integer(0)
    for step in range(steps):
        mean = q * mean + alpha * rho * errors[step] * HALF
    start = sympy.Min(L * sympy.sqrt(errors[steps]), L * mean + rho * errors[steps] * HALF)
    added = [alpha * rho * sympy.sqrt(errors[step]) * _carried(steps, step) for step in range(steps)]
    return q**steps * start + _sweep(sympy.Integer(0), added)


def _variance_recursion(steps: int) -> Expr:
    squared: Expr = sigma_G**2 / D_prime
    for step in reversed(range(steps)):
        squared = (q**2 + eta2) * squared + eta2 * _carried(steps, step) ** 2
    return squared


def _first_order_recursion(steps: int) -> Expr:
    telescoped = sympy.Add(*(alpha * L * _carried(steps, step) for step in range(steps)))
    product = B
    for _ in range(steps):
        product = q * product
    return sympy.Min(telescoped / B, (product + B) / B) * B


def _probe_recursion(steps: int) -> Expr:
    return _sweep(sympy.Integer(0), [alpha * rho * delta * HALF * _carried(steps, step) ** 2 for step in range(steps)])


def _noisy_probe_recursion(steps: int) -> Expr:
    squared = B**2 + sigma_G**2 / D_prime
    added: list[Expr] = []
    for _ in range(steps):
        added.insert(0, alpha * rho * delta * HALF * squared)
        squared = (q**2 + eta2) * squared
    return b_sto + _sweep(sympy.Integer(0), added)


_moving_factors = alpha * rho * B * q ** (nu - 1)
_mean_error = alpha * rho * HALF * sympy.Sum(q ** (nu - 1 - j) * trajectory_error(j), (j, 1, nu - 1))

FORMULAS: tuple[Formula, ...] = (
    formula(
        "b_sto",
        alpha
        * sigma_G
        / sympy.sqrt(D)
        * (
            q**nu * L * sympy.sqrt(S(nu, q**2))
            + _moving_factors * sympy.Sum(sympy.sqrt(S(ell, q**2)), (ell, 1, nu - 1))
        ),
        "S5",
        recursion=_bias_recursion,
    ),
    formula(
        "b_sto_2",
        q**nu * sympy.Min(L * sympy.sqrt(trajectory_error(nu)), L * _mean_error + rho * trajectory_error(nu) * HALF)
        + _moving_factors * sympy.Sum(sympy.sqrt(trajectory_error(ell)), (ell, 1, nu - 1)),
        "S5p",
        recursion=_second_order_recursion,
    ),
    formula(
        "V",
        (q**2 + eta2) ** nu * sigma_G**2 / D_prime + B**2 * PowerGain(q**2, eta2, nu),
        "S6",
        recursion=_variance_recursion,
    ),
    formula("sigma_F2", V + b_sto**2, "S6"),
    formula("b_FO", sympy.Min(alpha * L * S(nu, q), 1 + q**nu) * B, "S8", recursion=_first_order_recursion),
    formula("b_FO_sto", b_FO + alpha * L * sigma_G * sympy.sqrt(S(nu, q**2) / D), "S8s"),
    formula("var_FO_sto", sigma_G**2 / D_prime + alpha**2 * L**2 * sigma_G**2 * S(nu, q**2) / D, "S8s"),
    formula("b_HF", HALF * alpha * rho * delta * B**2 * q ** (nu - 1) * S(nu, q), "S9", recursion=_probe_recursion),
    formula(
        "b_HF_sto",
        b_sto
        + HALF
        * alpha
        * rho
        * delta
        * (B**2 + sigma_G**2 / D_prime)
        * sympy.Sum(q**ell * (q**2 + eta2) ** (nu - 1 - ell), (ell, 0, nu - 1)),
        "S9s",
        recursion=_noisy_probe_recursion,
    ),
    formula("mse_HF_sto", V + b_HF_sto**2, "S9s"),
)
