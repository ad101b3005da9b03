"""S7: how far the agents' meta-gradients lie apart."""

from __future__ import annotations

import sympy

from theory.algebra import Expr, S, symbols
from theory.formulas import Formula, formula

alpha, L, rho, B, nu, q, gamma_G, gamma_H, gamma_F, ell = symbols("alpha L rho B nu q gamma_G gamma_H gamma_F l")


def _spread_recursion(steps: int) -> Expr:
    """Trajectories part by s_(l+1) = q s_l + alpha gamma_G; the sweep adds the spread of each factor."""
    parted: list[Expr] = [sympy.Integer(0)]
    for _ in range(steps):
        parted.append(q * parted[-1] + alpha * gamma_G)
    spread = gamma_G + L * parted[steps]
    for step in reversed(range(steps)):
        spread = q * spread + alpha * (gamma_H + rho * parted[step]) * q ** (steps - 1 - step) * B
    return spread


FORMULAS: tuple[Formula, ...] = (
    formula(
        "gamma_F",
        q**nu * gamma_G * (1 + alpha * L * S(nu, q))
        + alpha * B * q ** (nu - 1) * (nu * gamma_H + alpha * rho * gamma_G * sympy.Sum(S(ell, q), (ell, 0, nu - 1))),
        "S7",
        recursion=_spread_recursion,
    ),
    formula("gamma_F2", gamma_F**2, "S7"),
)
