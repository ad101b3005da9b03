"""The terms of T1d, with the free numbers that weigh them against each other."""

from dataclasses import replace

import sympy

from theory.language.algebra import HALF, S
from theory.language.conditions import AllOf, AllZero, Chosen, Given, Not
from theory.language.options import DRIFT, VARIANCE
from theory.language.records import Case, Formula, Hypothesis, formula
from theory.language.symbols import POSITIVE, REAL, eps, introduce, tau, zeta
from theory.language.units import GRADIENT_SQUARED, NUMBER
from theory.statements import t1
from theory.statements.d1 import CURVED_BALLS, EXACT_PATHS, SHORT_DRIFT, b0_d, p_d, x_d
from theory.statements.d1 import omega as ball_omega
from theory.statements.d1 import psi as ball_psi
from theory.statements.s07 import gamma_F
from theory.statements.t1 import b, h, kappa, share, sigma2

beta_s = introduce("beta_s", r"\beta_s", NUMBER, "step of the server", range=POSITIVE, key=True, rank=1)
H = introduce("T1d.H", "H", NUMBER, "length of a round with the server's step, relative to the smoothness")
psi = introduce("T1d.psi", r"\psi", NUMBER, "centre of the drift: 1, or that of D1's ball")
omega = introduce("T1d.omega", r"\omega", NUMBER, "radius of the drift: x, or that of D1's ball")
c_eps = introduce("T1d.c_eps", r"c_{\varepsilon}", NUMBER, "least price of a unit of drift")
c = introduce("T1d.c", "c", NUMBER, "price of a unit of drift", range=POSITIVE, key=True, alias="c", rank=90)
V_d = introduce("V_d", r"V_{\mathrm{d}}", GRADIENT_SQUARED, "variance of an agent's sum over a round, over tau^2")
Q0 = introduce("T1d.Q0", "Q_0", GRADIENT_SQUARED, "drift that does not fall with the meta-gradient")
A = introduce("T1d.A", r"A_{\mathrm{d}}", NUMBER, "descent coefficient of T1d", range=REAL)
N = introduce("T1d.N", r"N_{\mathrm{d}}", GRADIENT_SQUARED, "floor coefficient of T1d")

BALL, BUDGET = Chosen(DRIFT, "ball"), Chosen(VARIANCE, "budget")
NOISY, SAMPLED = Not(AllZero((sigma2,))), Not(AllZero((kappa,)))
_zero, _one = sympy.Integer(0), sympy.Integer(1)

HYPOTHESES = (
    Hypothesis("h <= 1", h, "<=", _one, when=AllOf((BALL, SHORT_DRIFT.when))),
    Hypothesis("h <= tau", h, "<=", tau, when=Not(BALL)),
    Hypothesis("eps > 0", eps, ">", _zero),
    Hypothesis("c >= c_eps", c, ">=", c_eps, when=Given(c)),
    Hypothesis("2 c > H kappa", 2 * c, ">", H * kappa, when=SAMPLED),
    Hypothesis("2 c > H s_m", 2 * c, ">", H * share, when=AllOf((BUDGET, NOISY))),
)
POSITIVE_DESCENT = (*HYPOTHESES, t1.positive(A))
DRIFT_ASSUMED = tuple(replace(one, when=BALL) for one in (CURVED_BALLS, EXACT_PATHS))
_cross = psi * (1 - H * psi * HALF) - sympy.Abs(1 - H * psi) * eps * HALF
_drawn = H * kappa * psi**2 * gamma_F**2 * c / (2 * c - H * kappa)
_noise = H * V_d * share * HALF

FORMULAS = (
    formula(beta_s, _one, "T1d"),
    formula(H, beta_s * h, "T1d"),
    Formula(psi, (Case(ball_psi, BALL), Case(_one)), "T1d"),
    Formula(omega, (Case(ball_omega, BALL), Case(x_d)), "T1d"),
    formula(c_eps, sympy.Abs(1 - H * psi) / (2 * eps) + H * HALF, "T1d"),
    formula(c, c_eps, "T1d"),
    Formula(
        V_d,
        (
            Case(_zero, AllZero((sigma2,))),
            Case(sigma2 / tau * 2 * c / (2 * c - H * share), BUDGET),
            Case((b * S(tau - 1, p_d) + sympy.sqrt(sigma2) * sympy.sqrt(S(tau, p_d**2))) ** 2 / tau**2),
        ),
        "T1d",
    ),
    Formula(
        Q0,
        (
            Case(b0_d**2, AllZero((omega,))),
            Case(omega**2 * gamma_F**2, AllZero((b0_d,))),
            Case((1 + zeta) * omega**2 * gamma_F**2 + (1 + 1 / zeta) * b0_d**2),
        ),
        "T1d",
    ),
    Formula(
        A,
        (
            Case(_cross, AllZero((omega,))),
            Case(_cross - c * omega**2, AllZero((b0_d,))),
            Case(_cross - c * (1 + zeta) * omega**2),
        ),
        "T1d", HYPOTHESES, assumed=DRIFT_ASSUMED,
    ),
    Formula(
        N,
        (Case(c * Q0 + _noise, AllZero((kappa,))), Case(c * Q0 + _drawn + _noise)),
        "T1d", HYPOTHESES, assumed=DRIFT_ASSUMED,
    ),
)  # fmt: skip
