"""Per-FedAvg, Lemma 4.3: the mean squared error of the stochastic meta-gradient."""

from theory.language.modes import STOCHASTIC
from theory.language.records import EXPECTATION
from theory.language.symbols import D_H, B, D, D_prime, L, alpha, introduce, sigma_G, sigma_H
from theory.language.units import GRADIENT_SQUARED
from theory.statements.published import ONE_SHORT_STEP, STATED_FOR, cited, statement
from theory.statements.s06 import SQUARED_ERROR

error = introduce(
    "per_fedavg.sigma_F2", r"(\sigma_F^{\mathrm{PF}})^2", GRADIENT_SQUARED, "Per-FedAvg's mean squared error bound",
    root=r"\sigma_F^{\mathrm{PF}}",
)  # fmt: skip
_source = "arXiv 2002.07948, Lemma 4.3"

FORMULAS = (
    cited(
        error,
        (B**2 + sigma_G**2 * (1 / D_prime + (alpha * L) ** 2 / D)) * (1 + sigma_H**2 * alpha**2 / (4 * D_H)) * 12
        - 12 * B**2,
        _source,
        ONE_SHORT_STEP,
    ),
)

STATEMENT = statement(
    error,
    SQUARED_ERROR,
    title="Per-FedAvg: mean squared error",
    claim=r"Per-FedAvg's mean squared error of the stochastic meta-gradient." + STATED_FOR,
    measures="meta_gradient_mean_squared_error",
    kind=EXPECTATION,
    assumptions=("A2", "A3", "A4"),
    modes=(STOCHASTIC,),
    source=_source,
    proof=r"At $q = 2$ a third of it exceeds $\sigma_F^2$ of S6 by exactly $\frac{\alpha^4 L^2 \sigma_G^2 "
    r"\sigma_H^2}{D D_H}$, and $\sigma_F^2$ increases in $q$: for $\alpha \le 1/L$ ours is at most a third of it.",
)
