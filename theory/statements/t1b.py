"""T1b: one round, without bias and noise."""

import sympy

from theory.language.algebra import HALF
from theory.language.modes import EXACT
from theory.language.records import Hypothesis, formula
from theory.language.symbols import REAL, introduce
from theory.language.units import GRADIENT_SQUARED, LOSS, NUMBER
from theory.statements import t1
from theory.statements.s07 import gamma_F
from theory.statements.t1 import SHORT_ROUND, b, h, kappa, sigma2, x

A = introduce("T1b.A", r"A_{\mathrm{b}}", NUMBER, "descent coefficient of T1b", range=REAL)
N = introduce("T1b.N", r"N_{\mathrm{b}}", GRADIENT_SQUARED, "floor coefficient of T1b")
T1b = introduce("T1b", r"R_{\mathrm{T1b}}", LOSS, "expected gap after one round by T1b", range=REAL)

EXACT_CASE = (
    SHORT_ROUND,
    Hypothesis("b = 0", b, "==", sympy.Integer(0)),
    Hypothesis("sigma^2 = 0", sigma2, "==", sympy.Integer(0)),
)

FORMULAS = (
    formula(A, HALF * (1 - x**2 - kappa * h * x * (1 + x)), "T1b", hypotheses=EXACT_CASE),
    formula(N, (x**2 + kappa * h * (1 + x) ** 2) * gamma_F**2 * HALF, "T1b", hypotheses=EXACT_CASE),
    formula(T1b, t1.next_gap(A, N), "T1b", hypotheses=(*EXACT_CASE, t1.positive(A))),
)

STATEMENT = t1.statement(
    T1b,
    title="One round, exact case",
    claim="Without bias and noise only heterogeneity keeps one round from decreasing $F$.",
    quantities=(T1b, A, N, *t1.DRIFT),
    assumptions=("A1", "A2", "A3", "A5", "A6"),
    modes=(EXACT,),
    proof=t1.DRIFT_PROOF
    + r"""Here $b = \sigma = 0$, so $v^2 = 0$, $\sqrt{Q} \le x G$ and $s^2 \le \tau^2 (x G +
\gamma_F)^2$. With $2 G \gamma_F \le G^2 + \gamma_F^2$ and $G^2 = \|a\|^2 + \gamma_F^2$
\[ (x G + \gamma_F)^2 \le (1 + x)^2 \gamma_F^2 + x (1 + x) \|a\|^2 . \]
Collect the terms in $\|a\|^2$ and in $\gamma_F^2$.

Contained in T1d: the pair $(1, x)$ with $p$, $\varepsilon = 1$ and $c = \frac{1}{2} + h \kappa \frac{1 + x}{2 x}$
have the same $A$, and $N$ is not larger because $2 c - h \kappa = 1 + h \kappa / x$ and $\frac{x + h \kappa (1 +
x)}{x + h \kappa} \le 1 + x$.""",
    within="T1d",
    serves="any mode in which b and sigma vanish: first_order at nu = 0, hessian_free at nu = 0 or rho = 0, stochastic "
    "without noise",
)
