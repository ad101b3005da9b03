"""The published constants as statements, each with where it is printed."""

from __future__ import annotations

from theory.formulas import PUBLISHED
from theory.statements import DETERMINISTIC, EXPECTATION, Line, Statement

_FALLAH = "arXiv 2002.07948"
_ONE_STEP = r" It is stated for one fine-tuning step and $\alpha \le 1/L$."
_SEE = "Proved in the cited paper, not here. "


def _published(
    id: str,
    title: str,
    claim: str,
    measures: str,
    left: str,
    lemma: str,
    proof: str,
    kind: str,
    mode: str,
    assumptions: tuple[str, ...],
    suffix: str = "",
) -> Statement:
    return Statement(
        id=id,
        title=title,
        claim=claim,
        measures=measures,
        quantities=(id,),
        kind=kind,
        lines=(Line(left, id, suffix),),
        proof=_SEE + proof,
        assumptions=assumptions,
        modes=(mode,),
        source=lemma,
        provenance=PUBLISHED,
    )


STATEMENTS = (
    _published(
        "per_fedavg.L_F",
        "Per-FedAvg: smoothness",
        r"Per-FedAvg's smoothness constant of every $F_i$." + _ONE_STEP,
        "L_F",
        r"\|\nabla F_i(w) - \nabla F_i(u)\|",
        f"{_FALLAH}, Lemma 4.2",
        r"It equals $L_F$ of S4 at $\nu = 1$ and $\alpha = 1/L$, where $q = 2$; $L_F$ increases in $q$, so for "
        r"$\alpha \le 1/L$ it is at "
        r"least $L_F$.",
        DETERMINISTIC,
        "exact",
        ("A2", "A3"),
        r"\|w - u\|",
    ),
    _published(
        "per_fedavg.bias",
        "Per-FedAvg: bias",
        r"Per-FedAvg's bias of the stochastic meta-gradient." + _ONE_STEP,
        "meta_gradient_bias",
        r"\|\mathrm{E} g_i - \nabla F_i(w)\|",
        f"{_FALLAH}, Lemma 4.3",
        r"It equals $b_{\mathrm{sto}}$ of S5 at $\nu = 1$ and $q = 2$. By S5p the bias falls as $1/D$, so the "
        r"exponent of $D$ is loose.",
        EXPECTATION,
        "stochastic",
        ("A2", "A3", "A4"),
    ),
    _published(
        "per_fedavg.sigma_F2",
        "Per-FedAvg: mean squared error",
        r"Per-FedAvg's mean squared error of the stochastic meta-gradient." + _ONE_STEP,
        "meta_gradient_mean_squared_error",
        r"\mathrm{E} \|g_i - \nabla F_i(w)\|^2",
        f"{_FALLAH}, Lemma 4.3",
        r"At $q = 2$ a third of it exceeds $\sigma_F^2$ of S6 by exactly $\frac{\alpha^4 L^2 \sigma_G^2 "
        r"\sigma_H^2}{D D_H}$, and $\sigma_F^2$ "
        r"increases in $q$: for $\alpha \le 1/L$ ours is at most a third of it.",
        EXPECTATION,
        "stochastic",
        ("A2", "A3", "A4"),
    ),
    _published(
        "per_fedavg.gamma_F2",
        "Per-FedAvg: heterogeneity",
        r"Per-FedAvg's squared spread of the agents' meta-gradients." + _ONE_STEP,
        "meta_gradient_squared_spread",
        r"\frac{1}{n} \sum_{i=1}^{n} \|\nabla F_i(w) - \nabla F(w)\|^2",
        f"{_FALLAH}, Lemma 4.4",
        r"For $\alpha \le 1/L$ the $\gamma_F$ of S7 is at most $4 \gamma_G + \alpha B \gamma_H$, and "
        r"$(4 x + y)^2 \le \frac{5}{12} (192 x^2 + 3 y^2)$: ours is at most five twelfths of it.",
        DETERMINISTIC,
        "exact",
        ("A2", "A3", "A5"),
    ),
    _published(
        "maml.C_L",
        "Multi-step MAML: smoothness slope",
        r"The slope with which the smoothness of the multi-step meta-gradient grows with the gradient norm; it takes "
        r"$q = 1 + \alpha L$ always.",
        "L_F_pointwise",
        r"\frac{\|\nabla F_i(w) - \nabla F_i(u)\|}{\|w - u\|} - (1 + \alpha L)^{2 \nu} L",
        "arXiv 2002.07836, smoothness of the multi-step meta-gradient",
        r"At $q = 1 + \alpha L$ one has $\alpha L S_{\nu}(q) = q^{\nu} - 1$, so the slope $\alpha \rho q^{2 \nu - "
        r"1} S_{\nu}(q)$ of the "
        r"pointwise form of S4 is the same number.",
        DETERMINISTIC,
        "exact",
        ("A2", "A3"),
        r"\|\nabla f_i(u)\|",
    ),
)
