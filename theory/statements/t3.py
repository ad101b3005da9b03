"""T3: the rate under the Polyak-Lojasiewicz inequality."""

import sympy

from theory.language.modes import MODES
from theory.language.records import EXPECTATION, OURS, Hypothesis, Line, Statement, formula
from theory.language.symbols import F0_gap, K, beta, introduce, mu_F, tau
from theory.language.units import LOSS
from theory.statements.t1 import h
from theory.statements.t1_by_case import HYPOTHESES, A, N

T3 = introduce("T3", r"R_{\mathrm{T3}}", LOSS, "expected optimality gap after K rounds (T3)")

_contraction = 2 * A * beta * tau * mu_F

FORMULAS = (
    formula(
        T3,
        (1 - _contraction) ** K * F0_gap + N / (2 * A * mu_F),
        "T3",
        hypotheses=(*HYPOTHESES, Hypothesis("2 A beta tau mu_F <= 1", _contraction, "<=", sympy.Integer(1))),
    ),
)

STATEMENT = Statement(
    id="T3",
    title="Rate under the Polyak-Lojasiewicz inequality",
    claim="Under A7 the expected optimality gap shrinks by a constant factor per round, down to a floor.",
    measures="optimality_gap",
    quantities=(T3, A, N, h),
    lines=(Line(r"\mathrm{E} F(w_K) - F^{\ast}", T3),),
    kind=EXPECTATION,
    assumptions=("A1", "A2", "A3", "A4", "A5", "A6", "A7"),
    modes=MODES,
    source=OURS,
    proof=r"""T1 is an inequality for one round with $s = \beta \tau$, $A$ and $N$ as in T2. The second
half of Lemma L7 applies, the factor $1 - 2 A \beta \tau \mu_F$ being in $[0, 1)$ by hypothesis:
\[ \mathrm{E} F(w_K) - F^{\ast} \le (1 - 2 A \beta \tau \mu_F)^K (F(w_0) - F^{\ast}) + \frac{N}{2 A \mu_F} , \]
where the geometric sum is replaced by its limit. The hypothesis is automatic when $\mu_F \le L_F$, since $2 A \le
1$ and $h \le 1$.

Contained in T1d: T3p has the same cases in its list with the same $A$ and $N$ not larger, and keeps the factor $1 -
(1 - \lambda_K)^K$ before the floor.""",
    within="T3p",
)
