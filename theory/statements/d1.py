"""D1: the ball that holds the averaged gradient of an exact local path, and the drift of local runs around it."""

import sympy

from theory.language.algebra import HALF, S
from theory.language.conditions import AnyGiven, GivenZero, IsOne, ModeIs, Not
from theory.language.modes import EXACT
from theory.language.records import (
    DETERMINISTIC,
    OURS,
    Assumed,
    Case,
    Formula,
    Hypothesis,
    Line,
    Statement,
    formula,
)  # fmt: skip
from theory.language.symbols import introduce, mu, rho, t, tau
from theory.language.units import GRADIENT, NUMBER
from theory.statements.s02 import grown
from theory.statements.s04 import L_F
from theory.statements.s04m import META_CURVATURE_ORDER, mu_c
from theory.statements.t1 import b, h, sigma2

p_d = introduce(
    "p_d", r"p_{\mathrm{c}}", NUMBER, "growth of distances over one exact local step, by the curvature from below"
)
theta_d = introduce(
    "theta_d", r"\theta_{\mathrm{c}}", NUMBER, "averaged drift of the local steps, by the curvature from below"
)
chi_d = introduce(
    "chi_d", r"\chi_{\mathrm{c}}", NUMBER, "averaged drift of the noise, by the curvature from below", rank=101
)
x_d = introduce("x_d", r"x_{\mathrm{c}}", NUMBER, "relative drift of a round, by the curvature from below")
b0_d = introduce(
    "b0_d", r"b_{0,\mathrm{c}}", GRADIENT, "bias and noise carried into the drift, by the curvature from below"
)
P_plus = introduce("P_plus", "P_+", NUMBER, "averaged gradient of the most curved path, relative to the first")
P_minus = introduce("P_minus", "P_-", NUMBER, "averaged gradient of the least curved path, relative to the first")
psi = introduce("psi", r"\psi_{\mathrm{D}}", NUMBER, "centre of D1's ball, relative to the gradient at the start")
omega = introduce("omega", r"\omega_{\mathrm{D}}", NUMBER, "radius of D1's ball, relative to the gradient at the start")

SEVERAL = Not(IsOne(tau))
SHORT_DRIFT = Hypothesis("h <= 1", h, "<=", sympy.Integer(1), when=SEVERAL)
ONE_STEP = (IsOne(tau), "tau = 1: there is no path")
CURVED_BALLS = Assumed(
    "W0+",
    "F_i has curvature in [mu_c, L_F] on the balls whose diameters are segments between points of W0",
    settled=(ONE_STEP, (GivenZero(rho), "rho = 0: every F_i is quadratic")),
)
EXACT_PATHS = Assumed(
    "W0n",
    "W0 holds the exact local paths of every agent from every w_k",
    settled=(ONE_STEP, (ModeIs(EXACT), "mode exact: they are the local runs")),
)

FORMULAS = (
    Formula(
        p_d,
        (Case(1 - h * mu_c / (L_F * tau), AnyGiven((mu_c, mu))), Case(1 + h / tau)),
        "D1",
        META_CURVATURE_ORDER,
    ),
    formula(
        theta_d,
        sympy.Sum(S(t, p_d), (t, 0, tau - 1)) / tau**2,
        "D1",
        recursion=lambda steps: sympy.Add(*grown(steps, sympy.Integer(1), p_d)[:steps]) / tau**2,
        steps="tau",
    ),
    formula(
        chi_d,
        sympy.Sum(sympy.sqrt(S(t, p_d**2)), (t, 0, tau - 1)) / tau,
        "D1",
        recursion=lambda steps: sympy.Add(*map(sympy.sqrt, grown(steps, sympy.Integer(1), p_d**2)[:steps])) / tau,
        steps="tau",
    ),
    formula(x_d, h * theta_d, "D1"),
    formula(b0_d, (1 + x_d) * b + h * chi_d * sympy.sqrt(sigma2) / tau, "D1"),
    formula(P_plus, S(tau, 1 - h / tau) / tau, "D1"),
    formula(P_minus, S(tau, p_d) / tau, "D1"),
    formula(psi, HALF * (P_minus + P_plus), "D1"),
    formula(omega, HALF * (P_minus - P_plus), "D1", hypotheses=(SHORT_DRIFT,), assumed=(CURVED_BALLS,)),
)

STATEMENT = Statement(
    id="D1",
    title="Drift ball",
    claim=r"The averaged gradient $\bar{y}_i$ of agent $i$'s exact local path from $w$ lies in a ball around a multiple of "
    r"the gradient at $w$, and the ball is the smallest one.",
    measures="",
    quantities=(omega, psi, P_plus, P_minus, p_d, h, mu_c),
    lines=(
        Line(r"\bar{y}_i", relation="=", literal=r"\frac{1}{\tau} \sum_{t=0}^{\tau-1} \nabla F_i(v^t)"),
        Line(r"\|\bar{y}_i - \psi_{\mathrm{D}} \nabla F_i(w)\|", omega, r"\|\nabla F_i(w)\|"),
    ),
    kind=DETERMINISTIC,
    assumptions=("A2", "A3", "A6"),
    modes=(EXACT,),
    source=OURS,
    proof=r"""TODO""",
)
