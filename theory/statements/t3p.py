"""T3p: the rate under the Polyak-Lojasiewicz inequality, from T1d."""

import sympy

from theory.language.modes import MODES
from theory.language.records import EXPECTATION, OURS, Hypothesis, Line, Statement, formula
from theory.language.symbols import F0_gap, K, beta, introduce, mu_F, tau
from theory.language.units import LOSS, NUMBER
from theory.statements.t1d_choices import CHOICES
from theory.statements.t1d_terms import POSITIVE_DESCENT, A, N, beta_s

lam = introduce("T3p.lam", r"\lambda_K", NUMBER, "share of the optimality gap that one round removes")
T3p = introduce("T3p", r"R_{\mathrm{T3p}}", LOSS, "expected optimality gap after K rounds (T3p)")

FORMULAS = (
    formula(lam, 2 * A * beta_s * beta * tau * mu_F, "T3p"),
    formula(
        T3p,
        (1 - lam) ** K * F0_gap + (1 - (1 - lam) ** K) * N / (2 * A * mu_F),
        "T3p",
        hypotheses=(*POSITIVE_DESCENT, Hypothesis("lam_K <= 1", lam, "<=", sympy.Integer(1))),
        choices=CHOICES,
    ),
)

STATEMENT = Statement(
    id="T3p",
    title="Rate under the Polyak-Lojasiewicz inequality from T1d",
    claim="Under A7 the expected optimality gap shrinks by a constant factor per round, and what it does not "
    "shrink to "
    "is a floor that the run approaches from below.",
    measures="optimality_gap",
    quantities=(T3p, lam, A, N),
    lines=(Line(r"\mathrm{E} F(w_K) - F^{\ast}", T3p),),
    kind=EXPECTATION,
    assumptions=("A1", "A2", "A3", "A4", "A5", "A6", "A7"),
    modes=MODES,
    source=OURS,
    proof=r"""T1d is an inequality for one round with $s = \beta_s \beta \tau$; $A > 0$ and $\lambda_K
\le 1$ by hypothesis, and $\lambda_K = 2 A s \mu_F$. The second half of Lemma L7 is the bound.

The hypothesis on $\lambda_K$ is automatic when $\mu_F \le L_F$: since $A \le \psi (1 - \frac{H \psi}{2})$,
\[ \lambda_K \le 2 A s L_F = 2 A H \le 2 H \psi \left(1 - \frac{H \psi}{2}\right) \le 1 . \]""",
)
