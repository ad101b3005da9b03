"""T2: the rate without convexity."""

from theory.language.modes import MODES
from theory.language.records import EXPECTATION, OURS, Line, Statement, formula
from theory.language.symbols import F0_gap, K, beta, introduce, tau
from theory.language.units import GRADIENT_SQUARED
from theory.statements.t1 import h
from theory.statements.t1_by_case import HYPOTHESES, A, N

T2 = introduce("T2", r"R_{\mathrm{T2}}", GRADIENT_SQUARED, "mean squared meta-gradient over a run (T2)")

FORMULAS = (formula(T2, F0_gap / (A * beta * tau * K) + N / A, "T2", hypotheses=HYPOTHESES),)

STATEMENT = Statement(
    id="T2",
    title="Nonconvex rate",
    claim="The mean squared meta-gradient over $K$ rounds is at most an optimisation term that falls with $K$ plus a "
    "floor.",
    measures="mean_squared_meta_gradient",
    quantities=(T2, A, N, h),
    lines=(Line(r"\frac{1}{K} \sum_{k=0}^{K-1} \mathrm{E} \|\nabla F(w_k)\|^2", T2),),
    kind=EXPECTATION,
    assumptions=("A1", "A2", "A3", "A4", "A5", "A6"),
    modes=MODES,
    source=OURS,
    proof=r"""T1 is an inequality for one round with $s = \beta \tau$ and constants $A$ and $N$ of the
case in use: T1c when $\tau = 1$, else T1b when $b = \sigma = 0$, else T1a. Lemma L7 turns it into
\[ \frac{1}{K} \sum_{k=0}^{K-1} \mathrm{E} \|\nabla F(w_k)\|^2 \le \frac{F(w_0) - F^{\ast}}{A \beta \tau K} +
\frac{N}{A} . \]

In the exact case and for $\beta \le 1 / (10 \tau L_F)$ one has $x \le 0.0518$ and $A \ge 0.4959$, so the leading
term is at most $2.02 (F(w_0) - F^{\ast}) / (\beta \tau K)$.

Contained in T1d: the three cases are elements of T2p's list with the same $A$ and $N$ not larger (proofs of T1a,
T1b and T1c), so T2p is at most this bound.""",
    within="T2p",
)
