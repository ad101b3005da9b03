"""T2p: the rate without convexity, from T1d."""

from theory.language.modes import MODES
from theory.language.records import EXPECTATION, OURS, Line, Statement, formula
from theory.language.symbols import F0_gap, K, beta, introduce, tau
from theory.language.units import GRADIENT_SQUARED
from theory.statements.t1d_choices import CHOICES_OF_A_RUN
from theory.statements.t1d_terms import POSITIVE_DESCENT, A, N, beta_s

T2p = introduce("T2p", r"R_{\mathrm{T2p}}", GRADIENT_SQUARED, "mean squared meta-gradient over a run (T2p)")

FORMULAS = (
    formula(
        T2p, F0_gap / (A * beta_s * beta * tau * K) + N / A, "T2p",
        hypotheses=POSITIVE_DESCENT, choices=CHOICES_OF_A_RUN,
    ),
)  # fmt: skip

STATEMENT = Statement(
    id="T2p",
    title="Nonconvex rate from T1d",
    claim="The mean squared meta-gradient over $K$ rounds is at most an optimisation term that falls with $K$ plus a "
    "floor.",
    measures="mean_squared_meta_gradient",
    quantities=(T2p, A, N),
    lines=(Line(r"\frac{1}{K} \sum_{k=0}^{K-1} \mathrm{E} \|\nabla F(w_k)\|^2", T2p),),
    kind=EXPECTATION,
    assumptions=("A1", "A2", "A3", "A4", "A5", "A6"),
    modes=MODES,
    source=OURS,
    proof=r"""T1d is an inequality for one round with $s = \beta_s \beta \tau$ and constants $A$ and $N$
that do not change from round to round, for every choice of its free numbers; $A > 0$ by hypothesis. Lemma L7 turns
it into the bound. What holds for each choice holds for the least value over a finite list.

Without sampling, bias and noise ($\kappa = b = \sigma = 0$) and with $H \psi < 1$, $c = c_{\varepsilon}$, write $Q
= 1 - H \psi$, $G_0 = \frac{\Delta_0}{\beta_s \beta \tau K}$, $n_0 = G_0 + \frac{H}{2} \omega^2 \gamma_F^2$, $n_1 =
\frac{Q}{2} \omega^2 \gamma_F^2$, $d_0 = \psi (1 - \frac{H \psi}{2}) - \frac{H}{2} \omega^2$ and $d_1 = \frac{Q}{2}
\omega^2$. The right side is
\[ \frac{n_0 + n_1 / \varepsilon}{d_0 - d_1 / \varepsilon - Q \varepsilon / 2} . \]
Its derivative in $\varepsilon$ vanishes where $n_0 Q \varepsilon^2 + 2 n_1 Q \varepsilon - 2 (n_1 d_0 + n_0 d_1) =
0$, which has one positive root, the best one in the list:
\[ \varepsilon = \frac{\sqrt{n_1^2 Q^2 + 2 n_0 Q (n_1 d_0 + n_0 d_1)} - n_1 Q}{n_0 Q} . \]
As $K \to \infty$ it tends to $\psi$, and the bound to $\omega^2 \gamma_F^2 / (P_+ P_-)$, the floor of T4p.

In numbers, in the exact case with all agents, $\beta_s = 1$, $\beta \le 1/(10 \tau L_F)$ and D1's pair: $1.199
\Delta_0 / (\beta \tau K) + 0.0056 \gamma_F^2$ at $\varepsilon = \frac{1}{4}$, $1.381$ and $0.0033$ at
$\frac{1}{2}$, $2.002$ and $0.0026$ at $1$. With the pair $(1, x)$: $1.2012$ and $0.0060$, $1.3842$ and $0.0036$,
$2.0054$ and $0.0027$.""",
)
