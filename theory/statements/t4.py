"""T4: what is left of T2 and T3 in the exact case after many rounds."""

import sympy

from theory.language.modes import EXACT
from theory.language.records import EXPECTATION, OURS, Hypothesis, Line, Statement, formula
from theory.language.symbols import beta, introduce, mu_F, tau
from theory.language.units import GRADIENT_SQUARED, LOSS
from theory.statements.t1 import DRIFT, positive
from theory.statements.t1b import EXACT_CASE, A, N

T4 = introduce("T4", r"R_{\mathrm{T4}}", GRADIENT_SQUARED, "floor of the squared meta-gradient (T4)")
T4_gap = introduce("T4_gap", r"R'_{\mathrm{T4}}", LOSS, "floor of the optimality gap (T4)")

_one = sympy.Integer(1)

FORMULAS = (
    formula(T4, N / A, "T4", hypotheses=(*EXACT_CASE, positive(A))),
    formula(
        T4_gap,
        N / (2 * A * mu_F),
        "T4",
        hypotheses=(
            *EXACT_CASE,
            positive(A),
            Hypothesis("2 A beta tau mu_F <= 1", 2 * A * beta * tau * mu_F, "<=", _one),
        ),
    ),
)

STATEMENT = Statement(
    id="T4",
    title="Floors of the exact case",
    claim="As $K$ grows, the exact case is left with floors that heterogeneity alone causes; they vanish for full "
    "participation and one local step.",
    measures="mean_squared_meta_gradient",
    quantities=(T4, T4_gap, A, N, *DRIFT),
    lines=(
        Line(r"\limsup_{K \to \infty} \frac{1}{K} \sum_{k=0}^{K-1} \mathrm{E} \|\nabla F(w_k)\|^2", T4),
        Line(r"\limsup_{K \to \infty} \mathrm{E} F(w_K) - F^{\ast}", T4_gap),
    ),
    kind=EXPECTATION,
    assumptions=("A1", "A2", "A3", "A5", "A6", "A7"),
    modes=(EXACT,),
    source=OURS,
    proof=r"""These are T2 and T3 with T1b as $K \to \infty$ (the second line needs A7 and the hypothesis
of T3). With $m = n$ one has $\kappa = 0$ and the floors are
\[ \frac{x^2 \gamma_F^2}{2 A}, \quad \frac{x^2 \gamma_F^2}{4 A \mu_F} : \]
client drift. With $\tau = 1$ in addition $x = 0$, and the floors are $0$.

Contained in T1d: T1b is an element of the lists of T2p and T3p, whose limits these floors are not below; with all
agents T4p is smaller, and attained.""",
    within="T1d",
)
