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
    claim=r"At every fixed point of a round, and so at every limit of $w_k$ in $W_0$, the meta-gradient and under A7 the "
    "optimality gap are at most the stated floors, whatever the server's step; both are attained.",
    measures="squared_meta_gradient_at_a_fixed_point",
    quantities=(T4p, T4p_gap, biased, psi, omega, P_plus, P_minus),
    lines=(Line(r"\|\nabla F(w)\|^2", T4p), Line(r"F(w) - F^{\ast}", T4p_gap)),
    kind=DETERMINISTIC,
    assumptions=("A1", "A2", "A3", "A5", "A6", "A7"),
    modes=(EXACT, FIRST_ORDER, HESSIAN_FREE),
    source=OURS,
    proof=r"""TODO""",
)
