"""T4p: the floors at full participation, at every fixed point of a round."""

import sympy

from theory.language.algebra import HALF
from theory.language.conditions import AllZero
from theory.language.modes import EXACT, FIRST_ORDER, HESSIAN_FREE
from theory.language.records import DETERMINISTIC, OURS, Case, Formula, Hypothesis, Line, Statement, formula
from theory.language.symbols import introduce, m, mu_F, n
from theory.language.units import GRADIENT, GRADIENT_SQUARED, LOSS
from theory.statements.d1 import CURVED_BALLS, EXACT_PATHS, SHORT_DRIFT, P_minus, P_plus, b0_d, omega, psi
from theory.statements.s07 import gamma_F
from theory.statements.t1 import b, sigma2

T4p = introduce("T4p", r"R_{\mathrm{T4p}}", GRADIENT_SQUARED, "squared meta-gradient at a fixed point of a round (T4p)")
T4p_gap = introduce("T4p_gap", r"R'_{\mathrm{T4p}}", LOSS, "optimality gap at a fixed point of a round (T4p)")
biased = introduce("T4p.biased", r"a_b", GRADIENT, "norm of the meta-gradient at a fixed point with bias (T4p)")

FULL = Hypothesis("m = n", m, "==", n, optional="m")
NOISELESS = Hypothesis("sigma^2 = 0", sigma2, "==", sympy.Integer(0))
HYPOTHESES = (SHORT_DRIFT, FULL, NOISELESS)
ASSUMED = (CURVED_BALLS, EXACT_PATHS)

FORMULAS = (
    formula(
        biased,
        (psi * b0_d + omega * sympy.sqrt(b0_d**2 + P_plus * P_minus * gamma_F**2)) / (P_plus * P_minus),
        "T4p",
    ),
    Formula(
        T4p, (Case(omega**2 * gamma_F**2 / (P_plus * P_minus), AllZero((b,))), Case(biased**2)), "T4p", HYPOTHESES,
        assumed=ASSUMED,
    ),
    formula(T4p_gap, T4p / mu_F * HALF, "T4p", hypotheses=HYPOTHESES, assumed=ASSUMED),
)  # fmt: skip

STATEMENT = Statement(
    id="T4p",
    title="Floors at full participation",
    claim=r"At every fixed point of a round, and so at every limit of $w_k$ in $W_0$, the meta-gradient and under "
    r"A7 the "
    "optimality gap are at most the stated floors, whatever the server's step; both are attained.",
    measures="squared_meta_gradient_at_a_fixed_point",
    quantities=(T4p, T4p_gap, biased, psi, omega, P_plus, P_minus),
    lines=(Line(r"\|\nabla F(w)\|^2", T4p), Line(r"F(w) - F^{\ast}", T4p_gap)),
    kind=DETERMINISTIC,
    assumptions=("A1", "A2", "A3", "A5", "A6", "A7"),
    modes=(EXACT, FIRST_ORDER, HESSIAN_FREE),
    source=OURS,
    proof=r"""At a fixed point $w$ of the round map with all agents the mean of the agents' sums is $0$.
With $a = \nabla F(w)$ and $U_i$ as in T1d, whose mean is $R$,
\[ 0 = \psi a + R, \quad \|R\|^2 \le \frac{1}{n} \sum_{i=1}^{n} \|U_i\|^2 . \]
The server's step plays no part. Every limit of $w_k$ in $W_0$ is a fixed point, because the round map is
continuous.

Without bias and noise D1 gives $\|U_i\| \le \omega \|\nabla F_i(w)\|$, and the mean of $\|\nabla F_i(w)\|^2$ is at
most $\|a\|^2 + \gamma_F^2$, so
\[ \psi^2 \|a\|^2 \le \omega^2 (\|a\|^2 + \gamma_F^2), \quad \psi^2 - \omega^2 = P_+ P_- > 0 . \]
Under A7 divide by $2 \mu_F$.

With a bias (first-order and Hessian-free steps on full batches, under W0n) $\|U_i\| \le \omega \|\nabla F_i(w)\| +
b_{0,\mathrm{c}}$ and, by Minkowski's inequality, $\psi \|a\| \le \omega \sqrt{\|a\|^2 + \gamma_F^2} +
b_{0,\mathrm{c}}$. Both sides squared where $\psi \|a\| > b_{0,\mathrm{c}}$, $\|a\|$ is at most the larger root of
\[ P_+ P_- y^2 - 2 \psi b_{0,\mathrm{c}} y + b_{0,\mathrm{c}}^2 - \omega^2 \gamma_F^2 = 0 , \]
which is $a_b$; at $\tau = 1$ it is $b$.

Both are attained: $n \ge 3$, $d = n$, $L_F = 1$, $\mu_c = -1$, an axis $e$ and a unit simplex $e_i$ of sum $0$
across it, $F_i(w) = \langle g_i, w \rangle + \frac{1}{2} \langle w, R_i w \rangle$ with the reflection $R_i$ that
has the matrix of rows $(r, \sqrt{1 - r^2})$, $(\sqrt{1 - r^2}, -r)$ on the plane of $e$ and $e_i$, $r = \omega /
\psi$, and $1$ elsewhere, and $g_i = y e + \gamma e_i$ with $y = \omega \sqrt{1 - r^2} \gamma / (\psi - \omega r)$:
$w = 0$ is fixed. Without W0+ the pair $(1, x)$ gives $x^2 \gamma_F^2 / (1 - x^2)$.""",
)
