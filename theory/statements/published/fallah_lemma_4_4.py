"""Per-FedAvg, Lemma 4.4: how far the agents' meta-gradients lie apart."""

from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC
from theory.language.symbols import B, alpha, gamma_G, gamma_H, introduce
from theory.language.units import GRADIENT_SQUARED
from theory.statements.published import ONE_SHORT_STEP, STATED_FOR, cited, statement
from theory.statements.s07 import SQUARED_SPREAD

spread = introduce(
    "per_fedavg.gamma_F2", r"(\gamma_F^{\mathrm{PF}})^2", GRADIENT_SQUARED, "Per-FedAvg's squared spread",
    root=r"\gamma_F^{\mathrm{PF}}",
)  # fmt: skip
_source = "arXiv 2002.07948, Lemma 4.4"

FORMULAS = (cited(spread, 192 * gamma_G**2 + 3 * alpha**2 * B**2 * gamma_H**2, _source, ONE_SHORT_STEP),)

STATEMENT = statement(
    spread,
    SQUARED_SPREAD,
    title="Per-FedAvg: heterogeneity",
    claim=r"Per-FedAvg's squared spread of the agents' meta-gradients." + STATED_FOR,
    measures="meta_gradient_squared_spread",
    kind=DETERMINISTIC,
    assumptions=("A2", "A3", "A5"),
    modes=(EXACT,),
    source=_source,
    proof=r"For $\alpha \le 1/L$ the $\gamma_F$ of S7 is at most $4 \gamma_G + \alpha B \gamma_H$, and $(4 x + y)^2 "
    r"\le \frac{5}{12} (192 x^2 + 3 y^2)$: ours is at most five twelfths of it.",
)
