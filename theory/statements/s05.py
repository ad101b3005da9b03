"""S5: the bias of the stochastic meta-gradient."""

import sympy

from theory.language.algebra import S
from theory.language.modes import STOCHASTIC
from theory.language.records import EXPECTATION, OURS, Line, Statement, formula
from theory.language.symbols import D, L, alpha, ell, introduce, nu, rho, sigma_G
from theory.language.units import GRADIENT
from theory.statements.noisy_path import moving_factors, noisy
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
    proof=r"""Let $e_l$ be the error of the noisy trajectory. Then $e_{l+1} = (I - \alpha \bar{H}) e_l - \alpha
\xi_l$, where $\bar{H}$ is the Hessian averaged over the segment between the two trajectories and the batch noise
$\xi_l$ has mean zero given the past. The two parts are orthogonal in mean square, so $\mathrm{E} \|e_{l+1}\|^2 \le
q^2 \mathrm{E} \|e_l\|^2 + \frac{\alpha^2 \sigma_G^2}{D}$, that is $\mathrm{E} \|e_l\|^2 \le E_l = \frac{\alpha^2
\sigma_G^2}{D} S_l(q^2)$: no triangle inequality is spent. Given the trajectory, the outer gradient batch and the
Hessian batches are independent and unbiased, so the conditional mean of $g_i$ is the exact sweep $P^0 \dots
P^{\nu-1} \nabla f_i$ taken along the noisy trajectory. Compare it with the sweep along the true one as in S4: the
start differs by at most $L \|e_{\nu}\|$, the factor of step $l$ by at most $\alpha \rho \|e_l\|$, the vector it
acts on is at most $q^{\nu-1-l} B$, and each factor passed multiplies by at most $q$. Minkowski's inequality in the
mean-square norm gives $q^{\nu} L \sqrt{E_{\nu}} + \alpha \rho B q^{\nu-1} \sum_{l=1}^{\nu-1} \sqrt{E_l}$, which is
$b_{\mathrm{sto}}$ ($E_0 = 0$). This bounds the root mean square of the conditional mean's error, hence also the
norm of the mean. At $\nu = 1$ it is $\alpha L q \sigma_G / \sqrt{D}$, the published $2 \alpha L \sigma_G /
\sqrt{D}$ at $q = 2$.""",
)
