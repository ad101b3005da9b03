"""S8p: the bias of the stochastic first-order meta-gradient is of second order in the noise."""

import sympy

from theory.language.algebra import HALF
from theory.language.modes import FIRST_ORDER_STOCHASTIC
from theory.language.records import EXPECTATION, OURS, Line, Statement, formula
from theory.language.symbols import L, introduce, rho
from theory.language.units import GRADIENT
from theory.statements.noisy_path import E_nu, m_nu
from theory.statements.s05 import MEAN_ERROR
from theory.statements.s08 import b_FO

b_FO_sto_2 = introduce(
    "b_FO_sto_2", r"b'_{\mathrm{FOs}}", GRADIENT, "second-order bias of the stochastic first-order meta-gradient (S8p)"
)

FORMULAS = (formula(b_FO_sto_2, b_FO + sympy.Min(L * sympy.sqrt(E_nu), L * m_nu + rho * E_nu * HALF), "S8p"),)

STATEMENT = Statement(
    id="S8p",
    title="Second-order bias of the stochastic first-order meta-gradient",
    claim=r"The noise adds to $b_{\mathrm{FO}}$ a bias of order $1/D$ at every $\nu$, and none on quadratics.",
    measures="meta_gradient_bias",
    quantities=(b_FO_sto_2, b_FO, E_nu, m_nu),
    lines=(Line(MEAN_ERROR, b_FO_sto_2),),
    kind=EXPECTATION,
    assumptions=("A2", "A3", "A4", "A6"),
    modes=(FIRST_ORDER_STOCHASTIC,),
    source=OURS,
    proof=r"""TODO""",
)
