"""T1-T4: one round, the nonconvex rate and the Polyak-Lojasiewicz rate, every constant explicit."""

from __future__ import annotations

import sympy

from theory.algebra import HALF, Expr, S, symbols
from theory.conditions import AllZero, IsOne, ModeIs, Otherwise
from theory.formulas import Case, Formula, Hypothesis, formula

beta, tau, n, m, K, F0_gap, mu_F, grad_norm = symbols("beta tau n m K F0_gap mu_F grad_norm")
L_F, gamma_F, b, sigma2, b0 = symbols("L_F gamma_F b sigma2 b0")
h, kappa, p, theta, chi, x, M, A, N, t = symbols("h kappa p theta chi x M A N t")
A_a, N_a, A_b, N_b, A_c, N_c = symbols("T1a.A T1a.N T1b.A T1b.N T1c.A T1c.N")

SHORT_ROUND = Hypothesis("h <= 1", h, "<=", sympy.Integer(1))
DESCENT = Hypothesis("A > 0", A, ">", sympy.Integer(0))
EXACT_CASE = (
    Hypothesis("b = 0", b, "==", sympy.Integer(0)),
    Hypothesis("sigma^2 = 0", sigma2, "==", sympy.Integer(0)),
)
ONE_LOCAL_STEP = Hypothesis("tau = 1", tau, "==", sympy.Integer(1))
CONTRACTION = Hypothesis("2 A beta tau mu_F <= 1", 2 * A * beta * tau * mu_F, "<=", sympy.Integer(1))


def _descent(name: str) -> Hypothesis:
    return Hypothesis(f"{name} > 0", symbols(name)[0], ">", sympy.Integer(0))


def _round(A: Expr, N: Expr) -> Expr:
    return F0_gap - beta * tau * A * grad_norm**2 + beta * tau * N


def _drift_recursion(steps: int) -> Expr:
    """r_(t+1) = p r_t + 1 from 0, averaged over t and divided by tau once more."""
    total, drift = sympy.Integer(0), sympy.Integer(0)
    for _ in range(steps):
        total, drift = total + drift, p * drift + 1
    return total / tau**2


def _noise_recursion(steps: int) -> Expr:
    """r_(t+1)^2 = p^2 r_t^2 + 1 from 0, roots averaged over t."""
    total, squared = sympy.Integer(0), sympy.Integer(0)
    for _ in range(steps):
        total, squared = total + sympy.sqrt(squared), p**2 * squared + 1
    return total / tau


def _by_case(name: str, one_step: Expr, exact: Expr, general: Expr, hypotheses: tuple[Hypothesis, ...]) -> Formula:
    cases = (
        Case(one_step, IsOne("tau")),
        Case(exact, AllZero(("b", "sigma2"))),
        Case(general, Otherwise()),
    )
    return Formula(name, cases, "T1", hypotheses)


def _by_mode(name: str, source: str, **expressions: Expr) -> Formula:
    return Formula(name, tuple(Case(expression, ModeIs(mode)) for mode, expression in expressions.items()), source)


_zero = sympy.Integer(0)
b_sto, b_sto_2, sigma_F2, b_FO, b_FO_sto, var_FO_sto, b_HF, b_HF_sto, mse_HF_sto = symbols(
    "b_sto b_sto_2 sigma_F2 b_FO b_FO_sto var_FO_sto b_HF b_HF_sto mse_HF_sto"
)

FORMULAS: tuple[Formula, ...] = (
    _by_mode(
        "b",
        "T1",
        exact=_zero,
        stochastic=sympy.Min(b_sto, b_sto_2),
        first_order=b_FO,
        first_order_stochastic=b_FO_sto,
        hessian_free=b_HF,
        hessian_free_stochastic=b_HF_sto,
    ),
    _by_mode(
        "sigma2",
        "T1",
        exact=_zero,
        stochastic=sigma_F2,
        first_order=_zero,
        first_order_stochastic=var_FO_sto,
        hessian_free=_zero,
        hessian_free_stochastic=mse_HF_sto,
    ),
    formula("h", beta * tau * L_F, "T1"),
    Formula("kappa", (Case(_zero, IsOne("n")), Case((n - m) / (m * (n - 1)), Otherwise())), "T1"),
    formula("p", 1 + h / tau, "T1"),
    formula("theta", sympy.Sum(S(t, p), (t, 0, tau - 1)) / tau**2, "T1", recursion=_drift_recursion, steps="tau"),
    formula(
        "chi",
        sympy.Sum(sympy.sqrt(S(t, p**2)), (t, 0, tau - 1)) / tau,
        "T1",
        recursion=_noise_recursion,
        steps="tau",
    ),
    formula("x", h * theta, "T1"),
    formula("b0", (1 + x) * b + h * chi * sympy.sqrt(sigma2) / tau, "T1"),
    Formula(
        "M",
        (Case(HALF + h * kappa, AllZero(("sigma2",))), Case(HALF + h * kappa + h / m, Otherwise())),
        "T1a",
    ),
    formula("T1a.A", HALF - 2 * M * x**2, "T1a", hypotheses=(SHORT_ROUND,)),
    formula(
        "T1a.N",
        2 * M * (x**2 * gamma_F**2 + b0**2) + (h / tau) * sigma2 / m + h * kappa * gamma_F**2,
        "T1a",
        hypotheses=(SHORT_ROUND,),
    ),
    formula("T1b.A", HALF * (1 - x**2 - kappa * h * x * (1 + x)), "T1b", hypotheses=(SHORT_ROUND, *EXACT_CASE)),
    formula(
        "T1b.N",
        (x**2 + kappa * h * (1 + x) ** 2) * gamma_F**2 * HALF,
        "T1b",
        hypotheses=(SHORT_ROUND, *EXACT_CASE),
    ),
    formula("T1c.A", HALF, "T1c", hypotheses=(SHORT_ROUND, ONE_LOCAL_STEP)),
    formula(
        "T1c.N",
        b**2 * HALF + h * HALF * (sigma2 / m + kappa * (gamma_F + b) ** 2),
        "T1c",
        hypotheses=(SHORT_ROUND, ONE_LOCAL_STEP),
    ),
    _by_case("A", A_c, A_b, A_a, hypotheses=(SHORT_ROUND,)),
    _by_case("N", N_c, N_b, N_a, hypotheses=(SHORT_ROUND, DESCENT)),
    formula("T1a", _round(A_a, N_a), "T1a", hypotheses=(SHORT_ROUND, _descent("T1a.A"))),
    formula("T1b", _round(A_b, N_b), "T1b", hypotheses=(SHORT_ROUND, *EXACT_CASE, _descent("T1b.A"))),
    formula("T1c", _round(A_c, N_c), "T1c", hypotheses=(SHORT_ROUND, ONE_LOCAL_STEP)),
    formula("T1", _round(A, N), "T1", hypotheses=(SHORT_ROUND, DESCENT)),
    formula("T2", F0_gap / (A * beta * tau * K) + N / A, "T2", hypotheses=(SHORT_ROUND, DESCENT)),
    formula(
        "T3",
        (1 - 2 * A * beta * tau * mu_F) ** K * F0_gap + N / (2 * A * mu_F),
        "T3",
        hypotheses=(SHORT_ROUND, DESCENT, CONTRACTION),
    ),
    formula("T4", N_b / A_b, "T4", hypotheses=(SHORT_ROUND, *EXACT_CASE, _descent("T1b.A"))),
    formula("T4_gap", N_b / (2 * A_b * mu_F), "T4", hypotheses=(SHORT_ROUND, *EXACT_CASE, _descent("T1b.A"))),
)
