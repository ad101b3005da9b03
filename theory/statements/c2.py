"""C2: the average over local steps, the left side that is published."""

import sympy

from theory.language.algebra import S
from theory.language.modes import MODES
from theory.language.records import EXPECTATION, OURS, Hypothesis, Line, Statement, formula
from theory.language.symbols import F0_gap, K, beta, introduce, n, t, tau
from theory.language.units import GRADIENT_SQUARED
from theory.statements.d1 import p_d
from theory.statements.s07 import gamma_F
from theory.statements.t1 import b, h, kappa, sigma2
from theory.statements.t1d_terms import beta_s

C2 = introduce("C2", r"R_{\mathrm{C2}}", GRADIENT_SQUARED, "mean squared meta-gradient over all local steps (C2)")


def _parted(steps: sympy.Expr) -> sympy.Expr:
    """D_t: how far local iterates part from their mean after t steps, over beta."""
    return (gamma_F + b) * S(steps, p_d) + sympy.sqrt(sigma2) * sympy.sqrt(S(steps, p_d**2))


FORMULAS = (
    formula(
        C2,
        2 * F0_gap / (beta * tau * K)
        + sympy.Sum((h * _parted(t) / tau + b) ** 2, (t, 0, tau - 1)) / tau
        + h * sigma2 / (n * tau)
        + kappa * h * _parted(tau) ** 2 / tau**2,
        "C2",
        hypotheses=(
            Hypothesis("beta L_F <= 1", h, "<=", tau),
            Hypothesis("beta_s = 1", beta_s, "==", sympy.Integer(1), optional="beta_s"),
        ),
    ),
)

STATEMENT = Statement(
    id="C2",
    title="Average over local steps",
    claim=r"The mean squared meta-gradient over all rounds and local steps, at the mean $\bar{w}_{k,t}$ of all $n$ local "
    "iterates, has an optimisation term without any constant but 2.",
    measures="mean_squared_meta_gradient_local",
    quantities=(C2, p_d, h, kappa),
    lines=(Line(
        r"\frac{1}{\tau K} \sum_{k=0}^{K-1} \sum_{t=0}^{\tau-1} \mathrm{E} \|\nabla F(\bar{w}_{k,t})\|^2", C2
    ),),
    kind=EXPECTATION,
    assumptions=("A1", "A2", "A3", "A4", "A5", "A6"),
    modes=MODES,
    source=OURS,
    proof=r"""TODO""",
)  # fmt: skip
