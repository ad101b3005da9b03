"""S5: the bias of the stochastic meta-gradient."""

import sympy

from theory.language.algebra import S
from theory.language.modes import STOCHASTIC
from theory.language.records import EXPECTATION, OURS, Line, Statement, formula
from theory.language.symbols import D, L, alpha, ell, introduce, nu, rho, sigma_G
from theory.language.units import GRADIENT
from theory.statements.noisy_path import ERROR_SEQUENCE, moving_factors, noisy
from theory.statements.s02 import q, swept
from theory.statements.s03 import B_q

b_sto = introduce("b_sto", r"b_{\mathrm{sto}}", GRADIENT, "bias of the stochastic meta-gradient (S5)")
MEAN_ERROR = r"\|\mathrm{E} g_i - \nabla F_i(w)\|"

_start = q**nu * L * sympy.sqrt(S(nu, q**2))
_factors = alpha * rho * B_q * q ** (nu - 1) * sympy.Sum(sympy.sqrt(S(ell, q**2)), (ell, 1, nu - 1))

FORMULAS = (
    formula(
        b_sto,
        alpha * sigma_G / sympy.sqrt(D) * (_start + _factors),
        "S5",
        recursion=lambda steps: swept(L * sympy.sqrt(noisy(steps)[steps]), moving_factors(steps)),
    ),
)

STATEMENT = Statement(
    id="S5",
    title="Bias of the stochastic meta-gradient",
    claim=r"The mean of the stochastic meta-gradient is within $b_{\mathrm{sto}}$ of the meta-gradient.",
    measures="meta_gradient_bias",
    quantities=(b_sto, B_q),
    lines=(Line(MEAN_ERROR, b_sto),),
    kind=EXPECTATION,
    assumptions=("A2", "A3", "A4", "A6"),
    modes=(STOCHASTIC,),
    source=OURS,
    proof=r"""Given the noisy trajectory, the outer gradient batch and the Hessian batches are
independent and unbiased, so the conditional mean of $g_i$ is the exact sweep taken along the noisy trajectory.
Compare it with the sweep along the true one by Lemma L2: the last gradient differs by at most $L \|e_{\nu}\|$, the
factor of step $l$ by at most $\alpha \rho \|e_l\|$, and the vector at the end of the true one is at most $B_q$
(S3q).

Minkowski's inequality in the mean-square norm, with $\mathrm{E} \|e_l\|^2 \le E_l$ (Lemma L3) and $E_0 = 0$:
\[ \|\mathrm{E} g_i - \nabla F_i(w)\| \le q^{\nu} L \sqrt{E_{\nu}} + \alpha \rho B_q q^{\nu-1} \sum_{l=1}^{\nu-1}
\sqrt{E_l} = b_{\mathrm{sto}} . \]
This bounds the root mean square of the conditional mean's error, hence also the norm of the mean.

At $\nu = 1$ and $q \ge 1$ it is $\alpha L q \sigma_G / \sqrt{D}$, the published $2 \alpha L \sigma_G / \sqrt{D}$ at
$q = 2$.""",
    defines=(ERROR_SEQUENCE,),
)
