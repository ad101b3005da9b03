"""T4c: the gap at a fixed point of a round when every meta loss is convex."""

import sympy

from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC, OURS, Hypothesis, Line, Statement, formula
from theory.language.symbols import introduce, tau
from theory.language.units import LOSS
from theory.statements.d1 import P_minus, P_plus, psi
from theory.statements.s04 import L_F
from theory.statements.s04m import mu_c
from theory.statements.s07 import gamma_F
from theory.statements.t1 import b, h
from theory.statements.t4p import ASSUMED, HYPOTHESES

T4c_gap = introduce("T4c_gap", r"R_{\mathrm{T4c}}", LOSS, "optimality gap at a fixed point of a round (T4c)")

FORMULAS = (
    formula(
        T4c_gap,
        h**2 / L_F * (tau - 1) * (2 * tau - 1) / (12 * tau**2) * gamma_F**2 * psi**2 / (P_plus * P_minus),
        "T4c",
        hypotheses=(
            *HYPOTHESES,
            Hypothesis("b = 0", b, "==", sympy.Integer(0)),
            Hypothesis("mu_c >= 0", mu_c, ">=", sympy.Integer(0)),
        ),
        assumed=ASSUMED,
    ),
)

STATEMENT = Statement(
    id="T4c",
    title="Floor of the gap for convex meta losses",
    claim=r"If every $F_i$ is convex, the gap at every fixed point of a round is of order $h^2$ without A7; the smaller of "
    "this and T4p's counts.",
    measures="optimality_gap_at_a_fixed_point",
    quantities=(T4c_gap, psi, P_plus, P_minus, mu_c),
    lines=(Line(r"F(w) - \inf_{W_0} F", T4c_gap),),
    kind=DETERMINISTIC,
    assumptions=("A2", "A3", "A5", "A6"),
    modes=(EXACT,),
    source=OURS,
    proof=r"""TODO""",
)
