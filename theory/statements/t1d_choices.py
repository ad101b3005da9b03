"""The finite list over which T1d, T2p and T3p are least where their free numbers are not given."""

from collections.abc import Iterator
from itertools import product

import sympy

from theory.language.algebra import HALF, Expr
from theory.language.conditions import AllOf, AllZero, Condition, Not, Otherwise
from theory.language.records import Choice, formula
from theory.language.symbols import F0_gap, K, Symbol, beta, eps, tau, zeta
from theory.statements.d1 import SEVERAL, b0_d
from theory.statements.s07 import gamma_F
from theory.statements.t1 import b, kappa, share, sigma2
from theory.statements.t1d_terms import NOISY, Q0, SAMPLED, A, H, N, V_d, beta_s, c, c_eps, omega, psi

FORMULAS = ()

_STILL = AllZero((omega,))  # no drift
_CLEAN = AllZero((b0_d,))  # neither bias nor noise in the drift
_WEIGHTS = tuple(sympy.Rational(1, below) for below in (8, 4, 2, 1))
_SQUARED = AllOf((Not(_CLEAN), Not(_STILL)))  # the square (omega G + b_0)^2 has two parts
_SQUARES: tuple[tuple[str, Expr | None, Condition], ...] = (
    ("", None, Not(_SQUARED)),
    (", zeta = 1", sympy.Integer(1), _SQUARED),
    (", zeta = 1/omega", 1 / omega, _SQUARED),
    (", zeta = b_0/(omega gamma_F)", b0_d / (omega * gamma_F), _SQUARED),
)
_PRICES: tuple[tuple[str, Expr | None, str, Condition], ...] = (
    ("c_eps", None, "recursion", Otherwise()),
    ("c_eps", None, "budget", NOISY),
    (
        "max{c_eps, (H kappa/2) (1 + psi gamma_F/sqrt(Q_0))}",
        sympy.Max(c_eps, H * kappa * HALF * (1 + psi * gamma_F / sympy.sqrt(Q0))),
        "recursion",
        AllOf((SAMPLED, Not(AllZero((Q0,))))),
    ),
    ("c_eps + H kappa", c_eps + H * kappa, "recursion", AllOf((SAMPLED, Not(NOISY)))),
    ("c_eps + H kappa + H s_m", c_eps + H * kappa + H * share, "budget", NOISY),
)
_DRIFTS: tuple[tuple[str, Condition], ...] = (("plain", Otherwise()), ("ball", SEVERAL))


def _listed() -> Iterator[Choice]:
    for (drift, several), weight, square, price in product(_DRIFTS, _WEIGHTS, _SQUARES, _PRICES):
        (shown, value, where), (priced, cost, variance, asked) = square, price
        yield Choice(
            f"drift = {drift}, eps = {weight}{shown}, c = {priced}, variance = {variance}",
            (formula(eps, weight, "T1d"), *_stands(zeta, value), *_stands(c, cost)),
            {"drift": drift, "variance": variance},
            AllOf((several, where, asked)),
        )
    for drift, several in _DRIFTS:
        yield Choice(
            f"drift = {drift}, eps -> 0, c -> infinity, variance = recursion",
            (
                formula(eps, sympy.Integer(1), "T1d"),  # in no right side
                formula(A, psi * (1 - H * psi * HALF), "T1d"),
                formula(N, H * HALF * (kappa * psi**2 * gamma_F**2 + V_d * share), "T1d"),
            ),
            {"drift": drift, "variance": "recursion"},
            AllOf((several, _STILL, _CLEAN)),
        )


def _stands(symbol: Symbol, value: Expr | None) -> tuple:
    return () if value is None else (formula(symbol, value, "T1d"),)


def _best_weight() -> Expr:
    """The eps at which the right side of T2p is least, without noise, bias and sampling, for H psi < 1."""
    room = 1 - H * psi
    start = F0_gap / (beta_s * beta * tau * K) + H * omega**2 * gamma_F**2 * HALF
    slope = room * omega**2 * gamma_F**2 * HALF
    d0, d1 = psi * (1 - H * psi * HALF) - H * omega**2 * HALF, room * omega**2 * HALF
    inside = slope**2 * room**2 + 2 * start * room * (slope * d0 + start * d1)
    return (sympy.sqrt(inside) - slope * room) / (start * room)


CHOICES = tuple(_listed())
CHOICES_OF_A_RUN = (
    *CHOICES,
    *(
        Choice(
            f"drift = {drift}, eps = the best one, c = c_eps, variance = recursion",
            (formula(eps, _best_weight(), "T2p"),),
            {"drift": drift, "variance": "recursion"},
            AllOf((several, AllZero((kappa, b, sigma2)), Not(_STILL))),
        )
        for drift, several in _DRIFTS
    ),
)
