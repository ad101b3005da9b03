"""T1c: one round of a single local step."""

import sympy

from theory.language.algebra import HALF
from theory.language.modes import MODES
from theory.language.records import Hypothesis, formula
from theory.language.symbols import REAL, introduce, m, tau
from theory.language.units import GRADIENT_SQUARED, LOSS, NUMBER
from theory.statements import t1
from theory.statements.s07 import gamma_F
from theory.statements.t1 import DRAWN, SHORT_ROUND, b, h, kappa, sigma2

A = introduce("T1c.A", r"A_{\mathrm{c}}", NUMBER, "descent coefficient of T1c", range=REAL)
N = introduce("T1c.N", r"N_{\mathrm{c}}", GRADIENT_SQUARED, "floor coefficient of T1c")
T1c = introduce("T1c", r"R_{\mathrm{T1c}}", LOSS, "expected gap after one round by T1c", range=REAL)

ONE_LOCAL_STEP = (SHORT_ROUND, DRAWN, Hypothesis("tau = 1", tau, "==", sympy.Integer(1)))

FORMULAS = (
    formula(A, HALF, "T1c", hypotheses=ONE_LOCAL_STEP),
    formula(N, b**2 * HALF + h * HALF * (sigma2 / m + kappa * (gamma_F + b) ** 2), "T1c", hypotheses=ONE_LOCAL_STEP),
    formula(T1c, t1.next_gap(A, N), "T1c", hypotheses=ONE_LOCAL_STEP),
)

STATEMENT = t1.statement(
    T1c,
    title="One round of one local step",
    claim="With a single local step there is no drift, and noise and bias do not mix.",
    quantities=(T1c, A, N, h, kappa),
    assumptions=("A1", "A2", "A3", "A4", "A5", "A6"),
    modes=MODES,
    proof=r"""At $\tau = 1$ every $g$ is taken at $w_k$, so there is no drift: $\|R\| \le b$, $v^2 \le
\sigma^2$, and by Minkowski's inequality over the agents
\[ s^2 \le (\gamma_F + b)^2 . \]

Contained in T1d: there $x = 0$. Take $\varepsilon = 1$ and $c = \max\{\frac{1}{2}, \frac{h \kappa}{2} (1 +
\frac{\gamma_F}{b})\}$ ($c \to \infty$ for $b = 0$): $A = \frac{1}{2}$. If the second is larger, $N = \frac{h
\kappa}{2} (\gamma_F + b)^2 + \frac{h \sigma^2}{2 m}$. If $c = \frac{1}{2}$, then $\gamma_F + b \ge
\frac{\gamma_F}{1 - h \kappa}$ and
\[ N = \frac{b^2}{2} + \frac{h \kappa \gamma_F^2}{2 (1 - h \kappa)} + \frac{h \sigma^2}{2 m} \le \frac{b^2}{2} +
\frac{h \kappa}{2} (\gamma_F + b)^2 + \frac{h \sigma^2}{2 m} . \]
Both are at most this statement's $N$.""",
    within="T1d",
)
