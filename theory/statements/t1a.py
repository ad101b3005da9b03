"""T1a: one round, the general case."""

from theory.language.algebra import HALF
from theory.language.conditions import AllZero
from theory.language.records import Case, Formula, formula
from theory.language.symbols import REAL, introduce, m, tau
from theory.language.units import GRADIENT_SQUARED, LOSS, NUMBER
from theory.statements import t1
from theory.statements.s07 import gamma_F
from theory.statements.t1 import DRAWN, SHORT_ROUND, b0, chi, h, kappa, sigma2, x

M = introduce("M", "M", NUMBER, "weight of the squared drift in T1a", rank=101)
A = introduce("T1a.A", r"A_{\mathrm{a}}", NUMBER, "descent coefficient of T1a", range=REAL)
N = introduce("T1a.N", r"N_{\mathrm{a}}", GRADIENT_SQUARED, "floor coefficient of T1a")
T1a = introduce("T1a", r"R_{\mathrm{T1a}}", LOSS, "expected gap after one round by T1a", range=REAL)

_floor = 2 * M * (x**2 * gamma_F**2 + b0**2) + (h / tau) * sigma2 / m + h * kappa * gamma_F**2

FORMULAS = (
    Formula(M, (Case(HALF + h * kappa, AllZero((sigma2,))), Case(HALF + h * kappa + h / m)), "T1a"),
    formula(A, HALF - 2 * M * x**2, "T1a", hypotheses=(SHORT_ROUND,)),
    formula(N, _floor, "T1a", hypotheses=(SHORT_ROUND, DRAWN)),
    formula(T1a, t1.next_gap(A, N), "T1a", hypotheses=(SHORT_ROUND, DRAWN, t1.positive(A))),
)

STATEMENT = t1.statement(
    T1a,
    title="One round, general case",
    claim="One round of Meta-FedAvg with biased, noisy meta-gradients decreases $F$ in expectation up to a floor.",
    quantities=(T1a, A, N, M, b0, chi, *t1.DRIFT),
    assumptions=("A1", "A2", "A3", "A4", "A5", "A6"),
    modes=tuple(t1.BIAS),
    proof=t1.DRIFT_PROOF
    + r"""Variance and spread. $Y_i$ less $\tau \nabla F_i(w_k)$ is a martingale sum of variance at
most $\tau \sigma^2$ and $\tau$ times the average above, so by $(x + y)^2 \le 2 x^2 + 2 y^2$
\[ v^2 \le 2 \tau \sigma^2 + 2 \tau^2 Q, \quad s^2 \le 2 \tau^2 (Q + \gamma_F^2) ; \]
the first is absent when $\sigma = 0$.

Collect the terms in $Q$, whose weight is $M = \frac{1}{2} + h \kappa + \frac{h}{m}$, and put in $Q \le 2 x^2 G^2 +
2 b_0^2$:
\[ -\frac{1}{2} \|a\|^2 + 2 M \left(x^2 \|a\|^2 + x^2 \gamma_F^2 + b_0^2\right) + \frac{h}{\tau} \frac{\sigma^2}{m}
+ h \kappa \gamma_F^2 . \]

Contained in T1d: the pair $(1, x)$ with $p$, $\varepsilon = \zeta = 1$, $c = M$ and the second form of $V$ have the
same $A$, and $N$ is not larger because $\frac{c}{2 c - h \kappa} \le 1$ and $\frac{c}{2 c - h / m} \le 1$ for $c
\ge \max\{h \kappa, h / m\}$.""",
    within="T1d",
)
