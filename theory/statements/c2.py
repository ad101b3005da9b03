"""C2: the average over local steps, the left side that is published."""

import sympy

from theory.language.algebra import S
from theory.language.conditions import Chosen, Not
from theory.language.modes import MODES
from theory.language.options import SAMPLING
from theory.language.records import EXPECTATION, OURS, Hypothesis, Line, Statement, formula
from theory.language.symbols import F0_gap, K, beta, introduce, m, n, t, tau
from theory.language.units import GRADIENT_SQUARED
from theory.statements.d1 import p_d
from theory.statements.s07 import gamma_F
from theory.statements.t1 import DRAWN, b, h, kappa, sigma2
from theory.statements.t1d_terms import beta_s

_OTHERWISE_DRAWN = Not(Chosen(SAMPLING, "subset"))

C2 = introduce("C2", r"R_{\mathrm{C2}}", GRADIENT_SQUARED, "mean squared meta-gradient over all local steps (C2)")


def _parted(steps: sympy.Expr) -> sympy.Expr:
    """D_t: how far local iterates part from their mean after t steps, over beta."""
    return (gamma_F + b) * S(steps, p_d) + sympy.sqrt(sigma2) * sympy.sqrt(S(steps, p_d**2))


FORMULAS = (
    formula(
        C2,
        2 * F0_gap / (beta * tau * K)
        + sympy.Sum((h * _parted(t) / tau + b) ** 2, (t, 0, tau - 1)) / tau
        + h * sigma2 / (n * tau)
        + kappa * h * _parted(tau) ** 2 / tau**2,
        "C2",
        hypotheses=(
            Hypothesis("beta L_F <= 1", h, "<=", tau),
            Hypothesis("beta_s = 1", beta_s, "==", sympy.Integer(1), optional="beta_s"),
            Hypothesis("drawn as without replacement", kappa * m * (n - 1), "==", n - m, when=_OTHERWISE_DRAWN),
            DRAWN,
        ),
    ),
)

STATEMENT = Statement(
    id="C2",
    title="Average over local steps",
    claim=r"The mean squared meta-gradient over all rounds and local steps, at the mean $\bar{w}_{k,t}$ of all $n$ "
    r"local "
    "iterates, has an optimisation term without any constant but 2.",
    measures="mean_squared_meta_gradient_local",
    quantities=(C2, p_d, h, kappa),
    lines=(Line(
        r"\frac{1}{\tau K} \sum_{k=0}^{K-1} \sum_{t=0}^{\tau-1} \mathrm{E} \|\nabla F(\bar{w}_{k,t})\|^2", C2
    ),),
    kind=EXPECTATION,
    assumptions=("A1", "A2", "A3", "A4", "A5", "A6"),
    modes=MODES,
    source=OURS,
    proof=r"""Let all $n$ agents run and let $\bar{w}_t$ be the mean of their iterates in a round. It
moves by $-\beta$ times the mean of the vectors $g$, whose noise has variance at most $\sigma^2 / n$. With $\bar{g}$
the mean of the conditional means, smoothness, the polarisation of $\langle \nabla F, \bar{g} \rangle$ and $\beta
L_F \le 1$ give
\[ \mathrm{E} F(\bar{w}_{t+1}) \le \mathrm{E} F(\bar{w}_t) - \frac{\beta}{2} \mathrm{E} \|\nabla F(\bar{w}_t)\|^2 +
\frac{\beta}{2} \mathrm{E} \|\bar{g} - \nabla F(\bar{w}_t)\|^2 + \frac{\beta^2 L_F \sigma^2}{2 n} . \]

The difference is at most $L_F d_t + b$ in root mean square, with $d_t$ the distance of the local iterates from
$\bar{w}_t$. Deviations from the mean are at most those from $\bar{w}_t - \beta \nabla F(\bar{w}_t)$, and $\gamma_F$
bounds the spread on $W_0$, so as in Lemma L6
\[ d_{t+1}^2 \le \left(p_{\mathrm{c}} d_t + \beta (\gamma_F + b)\right)^2 + \beta^2 \sigma^2, \quad d_t \le \beta
D_t, \quad D_t = (\gamma_F + b) S_t(p_{\mathrm{c}}) + \sigma \sqrt{S_t(p_{\mathrm{c}}^2)} . \]
So $L_F d_t + b \le \frac{h}{\tau} D_t + b$.

End of the round. $A_k$ is independent of the runs, and the mean of $w_{k+1}$ given the runs is $\bar{w}_{\tau}$, so
by Lemma L5 sampling costs once
\[ \mathrm{E} F(w_{k+1}) \le \mathrm{E} F(\bar{w}_{\tau}) + \frac{L_F}{2} \kappa \beta^2 D_{\tau}^2 . \]

Sum over $t < \tau$ and $k < K$ and divide by $\frac{\beta \tau K}{2}$; the last term becomes $\kappa h D_{\tau}^2 /
\tau^2$. For $m < n$ the left side runs the agents that are not drawn as well. It is attained by $F(w) = \frac{1}{2}
\|w\|^2$ with $n = K = \tau = \beta = 1$.""",
)  # fmt: skip
