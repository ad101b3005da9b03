"""Per-FedAvg, Lemma 4.3: the bias of the stochastic meta-gradient."""

import sympy

from theory.language.modes import STOCHASTIC
from theory.language.records import EXPECTATION
from theory.language.symbols import D, L, alpha, introduce, sigma_G
from theory.language.units import GRADIENT
from theory.statements.published import ONE_SHORT_STEP, STATED_FOR, cited, statement
from theory.statements.s05 import MEAN_ERROR

bias = introduce("per_fedavg.bias", r"b^{\mathrm{PF}}", GRADIENT, "Per-FedAvg's bias bound")
_source = "arXiv 2002.07948, Lemma 4.3"

FORMULAS = (cited(bias, 2 * alpha * L * sigma_G / sympy.sqrt(D), _source, ONE_SHORT_STEP),)

STATEMENT = statement(
    bias,
    MEAN_ERROR,
    title="Per-FedAvg: bias",
    claim=r"Per-FedAvg's bias of the stochastic meta-gradient." + STATED_FOR,
    measures="meta_gradient_bias",
    kind=EXPECTATION,
    assumptions=("A2", "A3", "A4"),
    modes=(STOCHASTIC,),
    source=_source,
    proof=r"It equals $b_{\mathrm{sto}}$ of S5 at $\nu = 1$ and $q = 2$. By S5p the bias falls as $1/D$, so the "
    "exponent of $D$ is loose.",
)
