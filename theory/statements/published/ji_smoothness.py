"""Multi-step MAML: how the smoothness of the meta loss grows with the gradient norm."""

import sympy

from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC, Hypothesis
from theory.language.symbols import L, alpha, introduce, nu, rho
from theory.language.units import Unit
from theory.statements.published import cited, statement

slope = introduce("maml.C_L", "C_L", Unit(0, -1), "multi-step MAML's smoothness slope")

FORMULAS = (
    cited(
        slope,
        (rho / L) * (1 + alpha * L) ** (2 * nu - 1) * ((1 + alpha * L) ** nu - 1),
        "arXiv 2002.07836 (C_L of the smoothness of the multi-step meta-gradient)",
        (Hypothesis("L > 0", L, ">", sympy.Integer(0)),),
    ),
)

STATEMENT = statement(
    slope,
    r"\frac{\|\nabla F_i(w) - \nabla F_i(u)\|}{\|w - u\|} - (1 + \alpha L)^{2 \nu} L",
    r"\|\nabla f_i(u)\|",
    title="Multi-step MAML: smoothness slope",
    claim="The slope with which the smoothness of the multi-step meta-gradient grows with the gradient norm; it takes "
    r"$q = 1 + \alpha L$ always.",
    measures="L_F_pointwise",
    kind=DETERMINISTIC,
    assumptions=("A2", "A3"),
    modes=(EXACT,),
    source="arXiv 2002.07836, smoothness of the multi-step meta-gradient",
    proof=r"At $q = 1 + \alpha L$ one has $\alpha L S_{\nu}(q) = q^{\nu} - 1$, so the slope $\alpha \rho q^{2 \nu - 1} "
    r"S_{\nu}(q)$ of the pointwise form of S4 is the same number.",
)
