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
    proof=r"""The outer batch is unbiased given the trajectory, so the mean of $g_i$ is that of the
gradient at the noisy end point:
\[ \|\mathrm{E} g_i - \nabla F_i(w)\| \le \|\nabla f_i(w^{\nu}) - \nabla F_i(w)\| + \|\mathrm{E} \nabla f_i(w^{\nu}
+ e_{\nu}) - \nabla f_i(w^{\nu})\| . \]

The first part is at most $b_{\mathrm{FO}}$ (S8). The second is at most $L \sqrt{E_{\nu}}$ by A2, Jensen's
inequality and Lemma L3.

Expanding the gradient at $w^{\nu}$, with a remainder of at most $\frac{\rho}{2} \|e_{\nu}\|^2$ by A3, it is also at
most
\[ \|\nabla^2 f_i(w^{\nu}) \mathrm{E} e_{\nu}\| + \frac{\rho}{2} \mathrm{E} \|e_{\nu}\|^2 \le L m_{\nu} +
\frac{\rho}{2} E_{\nu} . \]
No Jacobian moves, so this is of order $1/D$ at every $\nu$; at $\rho = 0$ it is $0$. The variance is that of S8s.""",
)
