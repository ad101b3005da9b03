"""C1: first-order steps have a floor of second order in the heterogeneity."""

import sympy

from theory.language.algebra import HALF, S
from theory.language.modes import FIRST_ORDER
from theory.language.records import EXPECTATION, OURS, Hypothesis, Line, Statement, formula
from theory.language.symbols import (
    POSITIVE,
    REAL,
    F0_gap,
    K,
    L,
    alpha,
    beta,
    ell,
    gamma_G,
    gamma_H,
    introduce,
    m,
    n,
    nu,
    rho,
    tau,
)  # fmt: skip
from theory.language.units import GRADIENT, GRADIENT_SQUARED, NUMBER
from theory.statements.s02 import q
from theory.statements.s04 import L_F

Lam = introduce("C1.Lambda", r"\Lambda", NUMBER, "alignment of the first-order step with the meta-gradient", range=REAL)
Delta = introduce("C1.Delta", r"\Delta_F", NUMBER, "descent of the first-order step", range=REAL)
gamma_J = introduce("C1.gamma_J", r"\gamma_J", NUMBER, "spread of the Jacobians of fine-tuning")
gamma_g = introduce("C1.gamma_g", r"\gamma_g", GRADIENT, "spread of the gradients after fine-tuning")
C1_E0 = introduce("C1_E0", "E_0", GRADIENT, "part of the meta-gradient that the first-order step misses (C1)")
r = introduce("C1.r", "r", NUMBER, "weight of the square in C1", range=POSITIVE, key=True, alias="r")
C1 = introduce("C1", r"R_{\mathrm{C1}}", GRADIENT_SQUARED, "mean squared meta-gradient of first-order steps (C1)")

_zero, _one = sympy.Integer(0), sympy.Integer(1)
_run = 2 * F0_gap / (Delta * beta * K) + C1_E0**2 / Delta**2

FORMULAS = (
    formula(Lam, 1 - alpha * L * S(nu, q), "C1"),
    formula(Delta, Lam - beta * L_F * HALF, "C1"),
    formula(
        gamma_J,
        alpha * q ** (nu - 1) * (nu * gamma_H + alpha * rho * gamma_G * sympy.Sum(S(ell, q), (ell, 0, nu - 1))),
        "C1",
    ),
    formula(gamma_g, gamma_G * (1 + alpha * L * S(nu, q)), "C1"),
    formula(C1_E0, gamma_J * gamma_g, "C1"),
    formula(r, Delta / q**nu, "C1"),
    formula(
        C1,
        (1 + r) * q ** (2 * nu) * _run + (1 + 1 / r) * C1_E0**2,
        "C1",
        hypotheses=(
            Hypothesis("Lambda > 0", Lam, ">", _zero),
            Hypothesis("Delta_F > 0", Delta, ">", _zero),
            Hypothesis("tau = 1", tau, "==", _one, optional="tau"),
            Hypothesis("m = n", m, "==", n, optional="m"),
        ),
    ),
)

STATEMENT = Statement(
    id="C1",
    title="First-order steps: a floor of second order",
    claim=r"With one local step, all agents and full batches, first-order steps reach a floor of order $\gamma_G^2 "
    r"(\gamma_H + \rho \gamma_G)^2$, which is 0 without heterogeneity; the smaller of this and T2's counts.",
    measures="mean_squared_meta_gradient",
    quantities=(C1, C1_E0, gamma_J, gamma_g, Lam, Delta, r),
    lines=(Line(r"\frac{1}{K} \sum_{k=0}^{K-1} \|\nabla F(w_k)\|^2", C1),),
    kind=EXPECTATION,
    assumptions=("A1", "A2", "A3", "A5", "A6"),
    modes=(FIRST_ORDER,),
    source=OURS,
    proof=r"""TODO""",
)
