"""How far a noisy fine-tuning trajectory strays: shared by the stochastic modes."""

import sympy

from theory.language.algebra import HALF, Expr, S
from theory.language.records import Case, Formula, formula
from theory.language.symbols import B, D, L, alpha, ell, introduce, j, nu, rho, sigma_G
from theory.language.units import GRADIENT, Unit
from theory.statements.s02 import MAY_CONTRACT, grown, q
from theory.statements.s03 import B_q


def squared_error(step: Expr) -> Expr:
    """E_l = (alpha^2 sigma_G^2 / D) S_l(q^2): bounds the mean squared error of the noisy trajectory at step l."""
    return alpha**2 * sigma_G**2 / D * S(step, q**2)


def mean_error(step: Expr) -> Expr:
    """m_l = (alpha rho / 2) sum_{j<l} q^(l-1-j) E_j: bounds the norm of the mean error at step l."""
    return alpha * rho * HALF * sympy.Sum(q ** (step - 1 - j) * squared_error(j), (j, 1, step - 1))


def noisy(steps: int) -> list[Expr]:
    """E_(l+1) = q^2 E_l + alpha^2 sigma_G^2 / D from E_0 = 0."""
    return grown(steps, alpha**2 * sigma_G**2 / D, q**2)


def mean_errors(steps: int) -> list[Expr]:
    """m_(l+1) = q m_l + alpha rho E_l / 2 from m_0 = 0."""
    means: list[Expr] = [sympy.Integer(0)]
    for error in noisy(steps)[:steps]:
        means.append(q * means[-1] + alpha * rho * error * HALF)
    return means


def moving_factors(steps: int, start: Expr = B_q) -> list[Expr]:
    """What step l of the sweep adds: alpha rho sqrt(E_l), the move of its factor, on q^(nu-1-l) times the start."""
    return [
        alpha * rho * sympy.sqrt(error) * q ** (steps - 1 - step) * start
        for step, error in enumerate(noisy(steps)[:steps])
    ]


ERROR_SEQUENCE = ("E_l", squared_error(ell))
MEAN_SEQUENCE = ("m_l", mean_error(ell))

E_nu = introduce("E_nu", r"E_{\nu}", Unit(0, 2), "mean squared error at the noisy end point")
m_nu = introduce("m_nu", r"m_{\nu}", Unit(0, 1), "norm of the mean error at the noisy end point")
B_V = introduce("B_V", "B_V", GRADIENT, "root mean square of the gradient at the noisy end point (S3q)")

# sum over l < nu of sqrt(E_l), as the bounds have it: E_0 = 0
SUMMED_ROOTS: Expr = sympy.Sum(sympy.sqrt(squared_error(ell)), (ell, 1, nu - 1))

FORMULAS = (
    formula(E_nu, squared_error(nu), "S5", recursion=lambda steps: noisy(steps)[steps]),
    formula(m_nu, mean_error(nu), "S5p", recursion=lambda steps: mean_errors(steps)[steps]),
    Formula(B_V, (Case(sympy.Min(B, q**nu * B + L * sympy.sqrt(E_nu)), MAY_CONTRACT), Case(B)), "S3q"),
)
