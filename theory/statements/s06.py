"""S6: the mean squared error of the stochastic meta-gradient."""

from theory.language.algebra import Expr, PowerGain
from theory.language.modes import STOCHASTIC
from theory.language.records import EXPECTATION, OURS, Line, Statement, formula
from theory.language.symbols import D_H, D_prime, alpha, introduce, nu, sigma_G, sigma_H
from theory.language.units import GRADIENT_SQUARED, NUMBER
from theory.statements.noisy_path import B_V
from theory.statements.s02 import q, swept
from theory.statements.s03 import carried
from theory.statements.s05 import b_sto

eta2 = introduce("eta2", r"\eta^2", NUMBER, "squared noise of one stochastic step factor", root=r"\eta")
V = introduce("V", "V", GRADIENT_SQUARED, "squared noise around the noisy trajectory's mean (S6)")
sigma_F2 = introduce(
    "sigma_F2", r"\sigma_F^2", GRADIENT_SQUARED, "mean squared error of the stochastic meta-gradient (S6)",
    "sigma_F^2 in arXiv 2002.07948", root=r"\sigma_F",
)  # fmt: skip
SQUARED_ERROR = r"\mathrm{E} \|g_i - \nabla F_i(w)\|^2"

FORMULAS = (
    formula(eta2, alpha**2 * sigma_H**2 / D_H, "S6"),
    formula(
        V,
        (q**2 + eta2) ** nu * sigma_G**2 / D_prime + B_V**2 * PowerGain(q**2, eta2, nu),
        "S6",
        recursion=lambda steps: _variance(steps),
    ),
    formula(sigma_F2, V + b_sto**2, "S6"),
)

STATEMENT = Statement(
    id="S6",
    title="Mean squared error of the stochastic meta-gradient",
    claim=r"The stochastic meta-gradient is within $\sigma_F$ of the meta-gradient in mean square.",
    measures="meta_gradient_mean_squared_error",
    quantities=(sigma_F2, V, eta2, b_sto, B_V),
    lines=(Line(SQUARED_ERROR, sigma_F2),),
    kind=EXPECTATION,
    assumptions=("A2", "A3", "A4", "A6"),
    modes=(STOCHASTIC,),
    source=OURS,
    proof=r"""Condition on the noisy trajectory. Let $v_l$ be the vectors of the noisy sweep and $m_l$
their conditional means. The Hessian batch of step $l$ is independent of $v_{l+1}$, and the vector is fixed when the
batch acts on it, so averaging $D_H$ samples gains the full $1/D_H$ although the norm is spectral:
\[ \mathrm{E} \|v_l - m_l\|^2 \le (q^2 + \eta^2) \mathrm{E} \|v_{l+1} - m_{l+1}\|^2 + \eta^2 \|m_{l+1}\|^2 . \]

Start with $\mathrm{E} \|v_{\nu} - m_{\nu}\|^2 \le \sigma_G^2 / D'$, and use that the mean of $\|m_{l+1}\|^2$ over
the trajectory is at most $q^{2 (\nu-1-l)} B_V^2$ (S3q). Unrolled,
\[ V = (q^2 + \eta^2)^{\nu} \frac{\sigma_G^2}{D'} + B_V^2 \sum_{l=0}^{\nu-1} \eta^2 (q^2 + \eta^2)^l q^{2 (\nu-1-l)}
, \]
and the sum is $(q^2 + \eta^2)^{\nu} - q^{2 \nu}$.

The conditional mean itself is within $b_{\mathrm{sto}}$ of $\nabla F_i$ in mean square by S5, and the two errors
are orthogonal. The variance of $g_i$ about its own mean is at most the same number, since the mean is the best
constant.""",
)


def _variance(steps: int) -> Expr:
    """One noisy factor multiplies the noise by q^2 + eta^2 and adds eta^2 times the squared norm of the mean."""
    return swept(sigma_G**2 / D_prime, [eta2 * carried(steps, step, B_V) ** 2 for step in range(steps)], q**2 + eta2)
