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
    claim=r"The bias is that of the stochastic meta-gradient, of second order in the noise, and a term in $\delta$ that "
    r"vanishes on quadratics.",
    measures="meta_gradient_bias",
    quantities=(b_HF_sto_2, b_sto_2, B_V, eta2),
    lines=(Line(MEAN_ERROR, b_HF_sto_2),),
    kind=EXPECTATION,
    assumptions=("A2", "A3", "A4", "A6"),
    modes=(HESSIAN_FREE_STOCHASTIC,),
    source=OURS,
    proof=r"""TODO""",
)
