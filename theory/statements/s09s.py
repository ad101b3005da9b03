"""S9s: bias and mean squared error of the stochastic Hessian-free meta-gradient."""

import sympy

from theory.language.algebra import HALF, Expr
from theory.language.modes import HESSIAN_FREE_STOCHASTIC
from theory.language.records import EXPECTATION, OURS, Assumed, Line, Statement, formula
from theory.language.symbols import B, D_prime, alpha, delta, ell, introduce, nu, rho, sigma_G
from theory.language.units import GRADIENT, GRADIENT_SQUARED
from theory.statements.noisy_path import B_V
from theory.statements.s02 import q, swept
from theory.statements.s05 import MEAN_ERROR, b_sto
from theory.statements.s06 import SQUARED_ERROR, V, eta2

b_HF_sto = introduce("b_HF_sto", r"b_{\mathrm{HFs}}", GRADIENT, "bias of stochastic Hessian-free meta-gradients (S9s)")
mse_HF_sto = introduce(
    "mse_HF_sto", r"\sigma_{\mathrm{HFs}}^2", GRADIENT_SQUARED,
    "mean squared error of stochastic Hessian-free meta-gradients (S9s)", root=r"\sigma_{\mathrm{HFs}}",
)  # fmt: skip

_start = B * B_V + sigma_G**2 / D_prime
PROBED = sympy.Sum(q**ell * (q**2 + eta2) ** (nu - 1 - ell), (ell, 0, nu - 1))

SHARED_PROBES = Assumed(
    "shared probes",
    "in mode hessian_free_stochastic both probes of one step share one batch, and the Hessian noise is the derivative "
    "of the gradient noise",
)

FORMULAS = (
    formula(
        b_HF_sto,
        b_sto + HALF * alpha * rho * delta * _start * PROBED,
        "S9s",
        recursion=lambda steps: _probed(steps),
        assumed=(SHARED_PROBES,),
    ),
    formula(mse_HF_sto, V + b_HF_sto**2, "S9s"),
)

STATEMENT = Statement(
    id="S9s",
    title="Stochastic Hessian-free error",
    claim="The stochastic Hessian-free meta-gradient has the stated bias and mean squared error; the sum of the two "
    "separate biases would be false.",
    measures="meta_gradient_bias",
    quantities=(b_HF_sto, mse_HF_sto, b_sto, V, eta2, B_V),
    lines=(Line(MEAN_ERROR, b_HF_sto), Line(SQUARED_ERROR, mse_HF_sto)),
    kind=EXPECTATION,
    assumptions=("A2", "A3", "A4", "A6"),
    modes=(HESSIAN_FREE_STOCHASTIC,),
    source=OURS,
    proof=r"""One factor. Both probes of one step share one batch of $D_H$ samples, and the Hessian noise
is the derivative of the gradient noise, so the noisy factor is $v$ less $\alpha$ times a batch Hessian averaged
over the segment from $w^l - \delta v$ to $w^l + \delta v$, applied to $v$. Its conditional mean is the Hessian-free
factor of S9, a $q$-Lipschitz map that fixes $0$; its noise has mean square at most $\eta^2 \|v\|^2$ by Jensen's
inequality along the segment. So one factor multiplies the mean square by at most $q^2 + \eta^2$.

Bias. Given the trajectory the start has mean square at most $\|\nabla f_i(w^{\nu} + e_{\nu})\|^2 + \sigma_G^2 /
D'$. The exact factor and the Hessian-free one differ at $v$ by at most $\frac{1}{2} \alpha \rho \delta \|v\|^2$, so
the conditional means of the two sweeps differ by
\[ d_l \le q d_{l+1} + \frac{\alpha \rho \delta}{2} \mathrm{E} \|v_{l+1}\|^2 : \]
a second moment and not a squared mean. Unrolled, and in mean square over the trajectory, where the mean of
$\|\nabla f_i\|^4$ at the noisy end point is at most $B^2 B_V^2$ (S3q), this is the term in $\delta$. Add
$b_{\mathrm{sto}}$ for the stochastic sweep.

Mean squared error. Let $k = \nu - l$, let $a_l$ be the conditional variance of $v_l$ and $m_l$ its conditional
mean, and $B_{\nu}$ the norm of the gradient at the noisy end point. By induction
\[ a_l \le (q^2 + \eta^2)^k \left(\frac{\sigma_G^2}{D'} + B_{\nu}^2\right) - q^{2 k} B_{\nu}^2 . \]
A $q$-Lipschitz map multiplies a variance by at most $q^2$, so $a_{l-1} \le (q^2 + \eta^2) a_l + \eta^2 \|m_l\|^2$.
If $\|m_l\| \le q^k B_{\nu}$ the step is that of S6. If not, use $a_l + \|m_l\|^2 \le (q^2 + \eta^2)^k (\sigma_G^2 /
D' + B_{\nu}^2)$ instead: then $a_{l-1} \le (q^2 + \eta^2)^{k+1} (\sigma_G^2 / D' + B_{\nu}^2) - q^2 \|m_l\|^2$,
which is smaller still.

In the mean over the trajectory $B_{\nu}^2$ becomes at most $B_V^2$, and the right side at $l = 0$ is $V$. The
conditional mean is within the bias bound in mean square, and the two errors are orthogonal. The variance about the
mean is no larger.""",
)


def _probed(steps: int) -> Expr:
    """As in S9, with the second moments E norm(v_l)^2 = (q^2 + eta^2) E norm(v_(l+1))^2 of the noisy sweep."""
    moments = [swept(_start, [0] * (steps - 1 - step), q**2 + eta2) for step in range(steps)]
    return b_sto + swept(sympy.Integer(0), [alpha * rho * delta * HALF * moment for moment in moments])
