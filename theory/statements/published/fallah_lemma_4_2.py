"""Per-FedAvg, Lemma 4.2: smoothness of the meta loss."""

from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC
from theory.language.symbols import B, L, alpha, introduce, rho
from theory.language.units import CURVATURE
from theory.statements.published import ONE_SHORT_STEP, STATED_FOR, cited, statement
from theory.statements.s04 import DIFFERENCE

smoothness = introduce("per_fedavg.L_F", r"L_F^{\mathrm{PF}}", CURVATURE, "Per-FedAvg's smoothness constant")
_source = "arXiv 2002.07948, Lemma 4.2"

FORMULAS = (cited(smoothness, 4 * L + alpha * rho * B, _source, ONE_SHORT_STEP),)

STATEMENT = statement(
    smoothness,
    DIFFERENCE,
    r"\|w - u\|",
    title="Per-FedAvg: smoothness",
    claim=r"Per-FedAvg's smoothness constant of every $F_i$." + STATED_FOR,
    measures="L_F",
    kind=DETERMINISTIC,
    assumptions=("A2", "A3"),
    modes=(EXACT,),
    source=_source,
    proof=r"It equals $L_F$ of S4 at $\nu = 1$ and $\alpha = 1/L$, where $q = 2$; $L_F$ increases in $q$, so for "
    r"$\alpha \le 1/L$ it is at least $L_F$.",
)
