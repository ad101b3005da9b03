"""S8s: bias and variance of the stochastic first-order meta-gradient."""

import sympy

from theory.language.algebra import S
from theory.language.modes import FIRST_ORDER_STOCHASTIC
from theory.language.records import EXPECTATION, OURS, Line, Statement, formula
from theory.language.symbols import D, D_prime, L, alpha, introduce, nu, sigma_G
from theory.language.units import GRADIENT, GRADIENT_SQUARED
from theory.statements.noisy_path import ERROR_SEQUENCE
from theory.statements.s02 import q
from theory.statements.s05 import MEAN_ERROR
from theory.statements.s08 import b_FO

b_FO_sto = introduce(
    "b_FO_sto", r"b_{\mathrm{FOs}}", GRADIENT, "bias of the stochastic first-order meta-gradient (S8s)"
)
var_FO_sto = introduce(
    "var_FO_sto", r"v_{\mathrm{FOs}}", GRADIENT_SQUARED, "variance of the stochastic first-order meta-gradient (S8s)"
)

FORMULAS = (
    formula(b_FO_sto, b_FO + alpha * L * sigma_G * sympy.sqrt(S(nu, q**2) / D), "S8s"),
    formula(var_FO_sto, sigma_G**2 / D_prime + alpha**2 * L**2 * sigma_G**2 * S(nu, q**2) / D, "S8s"),
)

STATEMENT = Statement(
    id="S8s",
    title="Stochastic first-order error",
    claim="The stochastic first-order meta-gradient has the stated bias and variance.",
    measures="meta_gradient_bias",
    quantities=(b_FO_sto, var_FO_sto, b_FO),
    lines=(Line(MEAN_ERROR, b_FO_sto), Line(r"\mathrm{E} \|g_i - \mathrm{E} g_i\|^2", var_FO_sto)),
    kind=EXPECTATION,
    assumptions=("A2", "A4", "A6"),
    modes=(FIRST_ORDER_STOCHASTIC,),
    source=OURS,
    proof=r"""Here $g_i$ is a batch gradient at the end of the noisy trajectory. Its conditional mean is
$\nabla f_i(w^{\nu} + e_{\nu})$, so with S8 and Lemma L3
\[ \|\mathrm{E} g_i - \nabla F_i(w)\| \le b_{\mathrm{FO}} + L \sqrt{E_{\nu}} . \]

The variance splits into that of the outer batch, at most $\sigma_G^2 / D'$, and that of the conditional mean, at
most its mean squared distance from the constant $\nabla f_i(w^{\nu})$, which is at most $L^2 E_{\nu}$.""",
    defines=(ERROR_SEQUENCE,),
)
