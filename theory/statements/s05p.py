"""S5p (S5'): the bias of the stochastic meta-gradient is of second order in the noise."""

import sympy

from theory.language.algebra import HALF, Expr
from theory.language.modes import STOCHASTIC
from theory.language.records import EXPECTATION, OURS, Line, Statement, formula
from theory.language.symbols import L, alpha, introduce, nu, rho
from theory.language.units import GRADIENT
from theory.statements.noisy_path import (
    B_V,
    ERROR_SEQUENCE,
    MEAN_SEQUENCE,
    SUMMED_ROOTS,
    E_nu,
    m_nu,
    moving_factors,
)  # fmt: skip
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
    proof=r"""Split the error of the conditional mean of $g_i$ in two by Lemma L2: the true factors on
the error of the last gradient, and the change of the factors on the last gradient of the noisy trajectory.

The true factors are deterministic. Expanding the gradient at $w^{\nu}$, with a remainder of at most $\frac{\rho}{2}
\|e_{\nu}\|^2$ (A3), and with the mean of Lemma L3,
\[ \|P^0 \dots P^{\nu-1} \left(\mathrm{E} \nabla f_i(w^{\nu} + e_{\nu}) - \nabla f_i(w^{\nu})\right)\| \le q^{\nu}
\left(L m_{\nu} + \frac{\rho}{2} E_{\nu}\right) . \]

The factors change by at most $\alpha \rho \|e_l\|$ each. By Cauchy-Schwarz, and with the root mean square $B_V$ of
the gradient at the noisy end point (S3q), their part is at most
\[ \alpha \rho B_V q^{\nu-1} \sum_{l=1}^{\nu-1} \sqrt{E_l} . \]

The smaller of the sum and of S5 holds. On quadratics $\rho = 0$ and it is $0$: $g_i$ is unbiased. At $\nu = 1$ it
is of order $1/D$.""",
    defines=(ERROR_SEQUENCE, MEAN_SEQUENCE),
)


def _second_order(steps: int) -> Expr:
    """The true factors on the mean error of the last gradient, and the change of the factors on the noisy one."""
    last = L * m_nu + rho * E_nu * HALF
    return q**steps * last + swept(sympy.Integer(0), moving_factors(steps, B_V))
