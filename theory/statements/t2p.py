"""T2p: the rate without convexity, from T1d."""

from theory.language.modes import MODES
from theory.language.records import EXPECTATION, OURS, Line, Statement, formula
from theory.language.symbols import F0_gap, K, beta, introduce, tau
from theory.language.units import GRADIENT_SQUARED
from theory.statements.t1d_choices import CHOICES_OF_A_RUN
from theory.statements.t1d_terms import POSITIVE_DESCENT, A, N, beta_s

T2p = introduce("T2p", r"R_{\mathrm{T2p}}", GRADIENT_SQUARED, "mean squared meta-gradient over a run (T2p)")

FORMULAS = (
    formula(
        T2p, F0_gap / (A * beta_s * beta * tau * K) + N / A, "T2p",
        hypotheses=POSITIVE_DESCENT, choices=CHOICES_OF_A_RUN,
    ),
)  # fmt: skip

STATEMENT = Statement(
    id="T2p",
    title="Nonconvex rate from T1d",
    claim="The mean squared meta-gradient over $K$ rounds is at most an optimisation term that falls with $K$ plus a "
    "floor.",
    measures="mean_squared_meta_gradient",
    quantities=(T2p, A, N),
    lines=(Line(r"\frac{1}{K} \sum_{k=0}^{K-1} \mathrm{E} \|\nabla F(w_k)\|^2", T2p),),
    kind=EXPECTATION,
    assumptions=("A1", "A2", "A3", "A4", "A5", "A6"),
    modes=MODES,
    source=OURS,
    proof=r"""TODO""",
)
