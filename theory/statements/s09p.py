"""S9p: the bias of the stochastic Hessian-free meta-gradient, with the sharper bias of the stochastic one."""

from theory.language.algebra import HALF
from theory.language.modes import HESSIAN_FREE_STOCHASTIC
from theory.language.records import EXPECTATION, OURS, Line, Statement, formula
from theory.language.symbols import D_prime, alpha, delta, introduce, rho, sigma_G
from theory.language.units import GRADIENT
from theory.statements.noisy_path import B_V
from theory.statements.s05 import MEAN_ERROR
from theory.statements.s05p import b_sto_2
from theory.statements.s06 import eta2
from theory.statements.s09s import PROBED, SHARED_PROBES

b_HF_sto_2 = introduce(
    "b_HF_sto_2", r"b'_{\mathrm{HFs}}", GRADIENT, "second-order bias of stochastic Hessian-free meta-gradients (S9p)"
)

FORMULAS = (
    formula(
        b_HF_sto_2,
        b_sto_2 + HALF * alpha * rho * delta * (B_V**2 + sigma_G**2 / D_prime) * PROBED,
        "S9p",
        assumed=(SHARED_PROBES,),
    ),
)

STATEMENT = Statement(
    id="S9p",
    title="Second-order bias of the stochastic Hessian-free meta-gradient",
    claim=r"The bias is that of the stochastic meta-gradient, of second order in the noise, and a term in $\delta$ "
    r"that "
    r"vanishes on quadratics.",
    measures="meta_gradient_bias",
    quantities=(b_HF_sto_2, b_sto_2, B_V, eta2),
    lines=(Line(MEAN_ERROR, b_HF_sto_2),),
    kind=EXPECTATION,
    assumptions=("A2", "A3", "A4", "A6"),
    modes=(HESSIAN_FREE_STOCHASTIC,),
    source=OURS,
    proof=r"""Given the trajectory and $v_{l+1}$, the mean of $v_l$ is $v_{l+1}$ less $\alpha$ times a
central difference of the exact gradient, which differs from the exact factor applied to $v_{l+1}$ as in S9:
\[ \|\mathrm{E} [v_l \mid v_{l+1}] - P^l v_{l+1}\| \le \frac{\alpha \rho \delta}{2} \|v_{l+1}\|^2 . \]

The exact factors that follow have norm at most $q$ each, so against the mean of the exact sweep along the noisy
trajectory
\[ \|\mathrm{E} g_i - \mathrm{E} P^0 \dots P^{\nu-1} \nabla f_i(w^{\nu} + e_{\nu})\| \le \frac{\alpha \rho
\delta}{2} \sum_{l=0}^{\nu-1} q^l \mathrm{E} \|v_{l+1}\|^2 . \]

The start has mean square at most $B_V^2 + \sigma_G^2 / D'$ (S3q and A4), and one factor multiplies the mean square
by at most $q^2 + \eta^2$ (S9s), so
\[ \mathrm{E} \|v_{l+1}\|^2 \le (q^2 + \eta^2)^{\nu-1-l} \left(B_V^2 + \frac{\sigma_G^2}{D'}\right) . \]

The rest is the bias of the stochastic sweep, at most $b'_{\mathrm{sto}}$ (S5p). A bias needs no fourth moment: here
both factors are $B_V$, unlike in S9s.""",
)
