"""C4: linear speed-up in the number of agents, with every constant written out."""

import sympy

from theory.language.conditions import AllZero
from theory.language.modes import MODES
from theory.language.records import EXPECTATION, OURS, Case, Formula, Hypothesis, Line, Statement, formula
from theory.language.symbols import F0_gap, K, introduce, m, tau
from theory.language.units import GRADIENT_SQUARED, NUMBER, STEP
from theory.statements.s04 import L_F
from theory.statements.s07 import gamma_F
from theory.statements.t1 import DRAWN, b, kappa, sigma2

Sigma = introduce("C4.Sigma", r"\Sigma", GRADIENT_SQUARED, "noise and sampling of a round")
length = introduce("C4.h", r"h_{\Sigma}", NUMBER, "length of a round that balances descent and noise")
step = introduce("C4.beta", r"\beta_{\Sigma}", STEP, "local step of that length")
C4 = introduce("C4", r"R_{\mathrm{C4}}", GRADIENT_SQUARED, "mean squared meta-gradient with the balancing step (C4)")

_zero, _tenth = sympy.Integer(0), sympy.Rational(1, 10)
_floor = sympy.Rational(55, 100) * gamma_F**2 + 2 * sigma2 / tau

FORMULAS = (
    formula(Sigma, sigma2 / (m * tau) + kappa * gamma_F**2, "C4"),
    Formula(
        length,
        (
            Case(_tenth, AllZero((Sigma,))),
            Case(sympy.Min(_tenth, sympy.sqrt(sympy.Rational(18, 10) * L_F * F0_gap / (K * Sigma)))),
        ),
        "C4",
    ),
    formula(step, length / (tau * L_F), "C4"),
    formula(
        C4,
        3 * sympy.sqrt(L_F * F0_gap * Sigma / K)
        + sympy.Rational(202, 10) * L_F * F0_gap / K
        + length**2 * _floor
        + sympy.Rational(45, 10) * b**2,
        "C4",
        hypotheses=(Hypothesis("F0_gap > 0", F0_gap, ">", _zero), Hypothesis("L_F > 0", L_F, ">", _zero), DRAWN),
    ),
)

STATEMENT = Statement(
    id="C4",
    title="Linear speed-up",
    claim=r"With the step $\beta_{\Sigma}$ the leading term falls like $1/\sqrt{m \tau K}$ where noise rules; "
    r"without noise "
    r"and sampling the drift floor $0.0055 \gamma_F^2$ stays.",
    measures="mean_squared_meta_gradient",
    quantities=(C4, Sigma, length, step),
    lines=(Line(r"\frac{1}{K} \sum_{k=0}^{K-1} \mathrm{E} \|\nabla F(w_k)\|^2", C4),),
    kind=EXPECTATION,
    assumptions=("A1", "A2", "A3", "A4", "A5", "A6"),
    modes=MODES,
    source=OURS,
    proof=r"""T2p with $\beta_s = 1$, the pair $(1, x)$, $\varepsilon = \zeta = 1$, $c = \frac{1}{2}$ and
the second form of $V$. At $h \le \frac{1}{10}$ one has $x \le 0.5171 h$ and $\chi^2 \le 0.4947 \tau$ (compare the
sums with the case $p = 1$), so
\[ A = \frac{1}{2} - x^2, \quad \frac{1}{A} \le 2.0108, \quad N = x^2 \gamma_F^2 + b_0^2 + \frac{1}{2} \left(\frac{h
\kappa}{1 - h \kappa} \gamma_F^2 + \frac{h}{m - h} \frac{\sigma^2}{\tau}\right) . \]

With $1 - h \kappa \ge 0.9$ and $1 - h/m \ge 0.9$, and $\beta \tau = h / L_F$, T2p reads
\[ \frac{1}{K} \sum_{k=0}^{K-1} \mathrm{E} \|\nabla F(w_k)\|^2 \le 2.0108 \left(\frac{L_F \Delta_0}{h K} + \frac{h
\Sigma}{1.8} + x^2 \gamma_F^2 + b_0^2\right) . \]

Let $s = \sqrt{1.8 L_F \Delta_0 / (K \Sigma)}$ and $u = s \Sigma / 1.8$, so that $L_F \Delta_0 / K = s u$ and $L_F
\Delta_0 \Sigma / K = 1.8 u^2$. With $h = \min\{\frac{1}{10}, s\}$ the first term is at most $10 L_F \Delta_0 / K +
u$, the second at most $u$, and $4.0216 u \le 3 \sqrt{1.8} u$. If $\Sigma = 0$, only $10 L_F \Delta_0 / K$ is left
of them.

The floors: $b_0 \le (1 + x) b + h \chi \sigma / \tau$ and $(u + v)^2 \le 2 u^2 + 2 v^2$ give
\[ 2.0108 (x^2 \gamma_F^2 + b_0^2) \le h^2 \left(0.55 \gamma_F^2 + \frac{2 \sigma^2}{\tau}\right) + 4.5 b^2 . \]
Without noise and sampling this is $0.0055 \gamma_F^2 + 4.5 b^2$: the drift does not fall with $K$ at a fixed
length.""",
)
