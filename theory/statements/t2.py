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
    proof=r"""Take expectations in T1 and sum over $k = 0, \dots, K-1$: the losses telescope, so $A \beta \tau
\sum_{k=0}^{K-1} \mathrm{E} \|\nabla F(w_k)\|^2 \le F(w_0) - \mathrm{E} F(w_K) + K \beta \tau N$, and $F(w_K) \ge
F^{\ast}$. Divide by $A \beta \tau K$. The case of T1 is T1c when $\tau = 1$, else T1b when $b = \sigma = 0$, else
T1a. In the exact case and for $\beta \le 1 / (10 \tau L_F)$ one has $x \le 0.0518$ and $A \ge 0.4959$, so the
leading term is at most $2.02 (F(w_0) - F^{\ast}) / (\beta \tau K)$.""",
)
