"""S5p (S5'): the bias of the stochastic meta-gradient is of second order in the noise."""

import sympy

from theory.language.algebra import HALF, Expr
from theory.language.modes import STOCHASTIC
from theory.language.records import EXPECTATION, OURS, Line, Statement, formula
from theory.language.symbols import L, alpha, introduce, nu, rho
from theory.language.units import GRADIENT
from theory.statements.noisy_path import B_V, SUMMED_ROOTS, E_nu, m_nu, moving_factors
from theory.statements.s02 import q, swept
from theory.statements.s05 import MEAN_ERROR, b_sto

b_sto_2 = introduce(
    "b_sto_2", r"b'_{\mathrm{sto}}", GRADIENT, "second-order bias of the stochastic meta-gradient (S5p)"
)

FORMULAS = (
    formula(
        b_sto_2,
        sympy.Min(b_sto, q**nu * (L * m_nu + rho * E_nu * HALF) + alpha * rho * B_V * q ** (nu - 1) * SUMMED_ROOTS),
        "S5p",
        recursion=lambda steps: sympy.Min(b_sto, _second_order(steps)),
    ),
)

STATEMENT = Statement(
    id="S5p",
    title="Second-order bias of the stochastic meta-gradient",
    claim=r"Because the noise has mean zero, the bias is of second order in it: of order $1/D$ at $\nu = 1$, and zero "
    "for quadratics.",
    measures="meta_gradient_bias",
    quantities=(b_sto_2, E_nu, m_nu, B_V, b_sto),
    lines=(Line(MEAN_ERROR, b_sto_2),),
    kind=EXPECTATION,
    assumptions=("A2", "A3", "A4", "A6"),
    modes=(STOCHASTIC,),
    source=OURS,
    proof=r"""Write $E_l = \frac{\alpha^2 \sigma_G^2}{D} S_l(q^2)$, so that $\mathrm{E} \|e_l\|^2 \le E_l$ as in S5.
Expanding the gradient at the true trajectory, $e_{l+1} = P^l e_l - \alpha r_l - \alpha \xi_l$ with $\|r_l\| \le
\frac{\rho}{2} \|e_l\|^2$ and $\mathrm{E} \xi_l = 0$. Hence $\|\mathrm{E} e_{l+1}\| \le q \|\mathrm{E} e_l\| +
\frac{\alpha \rho}{2} E_l$, and $\|\mathrm{E} e_{\nu}\| \le m_{\nu} = \frac{\alpha \rho}{2} \sum_{j=1}^{\nu-1}
q^{\nu-1-j} E_j$. Split the error of the conditional mean of $g_i$ in two. First, the true factors applied to the
error of the final gradient: they are deterministic, so their mean is at most $q^{\nu}$ times $\|\mathrm{E} \nabla
f_i(w^{\nu} + e_{\nu}) - \nabla f_i(w^{\nu})\|$, which is at most $L \sqrt{E_{\nu}}$, and by expansion also at most
$L m_{\nu} + \frac{\rho}{2} E_{\nu}$. Second, the change of the factors, which is $\alpha \rho B q^{\nu-1}
\sum_{l=1}^{\nu-1} \sqrt{E_l}$ as in S5. On quadratics $\rho = 0$ and the bound is 0: $g_i$ is unbiased.""",
)


def _second_order(steps: int) -> Expr:
    """The true factors on the mean error of the last gradient, and the change of the factors on the noisy one."""
    last = L * m_nu + rho * E_nu * HALF
    return q**steps * last + swept(sympy.Integer(0), moving_factors(steps, B_V))
