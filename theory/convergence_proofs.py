"""Statements and proofs of T1-T4."""

from __future__ import annotations

from theory.statements import EXPECTATION, Line, Statement
from theory.symbols import MODES

_SOURCE = "derived here; setting of arXiv 2504.21327"
_ASSUMED = ("A1", "A2", "A3", "A4", "A5", "A6")
_EXACT_ASSUMED = ("A1", "A2", "A3", "A5", "A6")
_ROUND = r"\mathrm{E}[F(w_{k+1}) \mid w_k] - F_{\mathrm{low}}"
_DRIFT = ("x", "theta", "p", "h", "kappa")
_GAP_NOTE = r"Here $\Delta_0 = F(w_k) - F_{\mathrm{low}}$ for any lower bound $F_{\mathrm{low}}$ of $F$. "

_COMMON = r"""Fix $w_k$, let $a = \nabla F(w_k)$ and let $Y_i$ be the sum over the local steps of agent $i$'s
vectors $g$; in thought all $n$ agents run. Then $w_{k+1} = w_k - \beta \frac{1}{m} \sum_{i \in A_k} Y_i$. Given
$w_k$ the $Y_i$ are independent of each other and of $A_k$, so the mean square of the sampled mean is $\|\mathrm{E}
\bar{Y}\|^2$ plus $\kappa$ times the spread over the agents of $\mathrm{E} Y_i$ plus $\frac{1}{m}$ times the mean
variance of the $Y_i$. Put $\mathrm{E} \bar{Y} = \tau (a + R)$. $F$ is $L_F$-smooth, and $-\langle a, a + R \rangle
= -\frac{1}{2} \|a\|^2 - \frac{1}{2} \|a + R\|^2 + \frac{1}{2} \|R\|^2$; for $h \le 1$ the terms in $\|a + R\|^2$
add up to something not positive. What is left is $\mathrm{E} F(w_{k+1}) \le F(w_k) - \frac{\beta \tau}{2} \|a\|^2 +
\frac{\beta \tau}{2} \|R\|^2$ plus $\frac{\beta h}{2 \tau}$ times the last two terms. """

_DRIFT_TEXT = r"""Drift: let $r_t$ be the distance of the local iterates from $w_k$ after $t$ steps, in root mean square
over agents and randomness. The mean of $\|\nabla F_i(w_k)\|^2$ is $\|a\|^2$ plus the spread, so at most $G^2 =
\|a\|^2 + \gamma_F^2$. Every $F_i$ is $L_F$-smooth, so with $p = 1 + \beta L_F = 1 + h / \tau$ and $c = G + b$ one
has $r_{t+1}^2 \le (p r_t + \beta c)^2 + \beta^2 \sigma^2$, and by induction with Minkowski's inequality $r_t \le
\beta c S_t(p) + \beta \sigma \sqrt{S_t(p^2)}$. Averaged over $t$ and multiplied by $L_F$, and with the bias added,
the root mean square distance of the conditional means of the $g$ from the $\nabla F_i(w_k)$ is at most $\sqrt{Q}$
with $\sqrt{Q} \le x G + b_0$, where $x = h \theta$ and $b_0 = (1 + x) b + h \chi \sigma / \tau$. So $\|R\|^2 \le
Q$. """

T1A = Statement(
    id="T1a",
    title="One round, general case",
    claim=_GAP_NOTE + r"One round of Meta-FedAvg with biased, noisy meta-gradients decreases $F$ in expectation "
    r"up to a floor.",
    measures="one_round_change",
    quantities=("T1a", "T1a.A", "T1a.N", "M", "b0", "chi", *_DRIFT),
    kind=EXPECTATION,
    lines=(Line(_ROUND, "T1a"),),
    proof=_COMMON
    + _DRIFT_TEXT
    + r"""The variance of $Y_i$ is on average at most $2 \tau \sigma^2 + 2 \tau^2 Q$ (the noise of the steps is
a martingale, the rest moves only with the conditional means; it is absent when $\sigma = 0$), the spread of
$\mathrm{E} Y_i$ at most $2 \tau^2 (Q + \gamma_F^2)$, and $Q \le 2 x^2 G^2 + 2 b_0^2$. Collecting the terms in $Q$
gives the weight $M = \frac{1}{2} + h \kappa + \frac{h}{m}$, and those in $\|a\|^2$, $\gamma_F^2$ and $\sigma^2$
give $A$ and $N$.""",
    assumptions=_ASSUMED,
    modes=MODES[1:],
    source=_SOURCE,
)

T1B = Statement(
    id="T1b",
    title="One round, exact case",
    claim=_GAP_NOTE + r"Without bias and noise only heterogeneity keeps one round from decreasing $F$.",
    measures="one_round_change",
    quantities=("T1b", "T1b.A", "T1b.N", *_DRIFT),
    kind=EXPECTATION,
    lines=(Line(_ROUND, "T1b"),),
    proof=_COMMON
    + _DRIFT_TEXT
    + r"""Here $b = \sigma = 0$, so $Y_i$ has no variance, $\sqrt{Q} \le x G$, and the spread of the $Y_i$ is at
most $\tau^2 (x G + \gamma_F)^2$. With $2 G \gamma_F \le G^2 + \gamma_F^2$ and $G^2 = \|a\|^2 + \gamma_F^2$ one has
$(x G + \gamma_F)^2 \le (1 + x)^2 \gamma_F^2 + x (1 + x) \|a\|^2$. Collect the terms.""",
    assumptions=_EXACT_ASSUMED,
    modes=("exact",),
    source=_SOURCE,
)

T1C = Statement(
    id="T1c",
    title="One round of one local step",
    claim=_GAP_NOTE + r"With a single local step there is no drift, and noise and bias do not mix.",
    measures="one_round_change",
    quantities=("T1c", "T1c.A", "T1c.N", "h", "kappa"),
    kind=EXPECTATION,
    lines=(Line(_ROUND, "T1c"),),
    proof=_COMMON
    + r"""At $\tau = 1$ every $g_i$ is taken at $w_k$. So $\|R\| \le b$, the variance of $Y_i$ is at most
$\sigma^2$, and the spread of $\mathrm{E} Y_i$ is at most $(\gamma_F + b)^2$ by Minkowski's inequality over the
agents.""",
    assumptions=_ASSUMED,
    modes=MODES,
    source=_SOURCE,
)

T2 = Statement(
    id="T2",
    title="Nonconvex rate",
    claim=r"The mean squared meta-gradient over $K$ rounds is at most an optimisation term that falls with $K$ "
    r"plus a floor.",
    measures="mean_squared_meta_gradient",
    quantities=("T2", "A", "N", "h"),
    kind=EXPECTATION,
    lines=(Line(r"\frac{1}{K} \sum_{k=0}^{K-1} \mathrm{E} \|\nabla F(w_k)\|^2", "T2"),),
    proof=r"""Take expectations in T1 and sum over $k = 0, \dots, K-1$: the losses telescope, so $A \beta \tau
\sum_{k=0}^{K-1} \mathrm{E} \|\nabla F(w_k)\|^2 \le F(w_0) - \mathrm{E} F(w_K) + K \beta \tau N$, and $F(w_K) \ge
F^{\ast}$. Divide by $A \beta \tau K$. The case of T1 is T1c when $\tau = 1$, else T1b when $b = \sigma = 0$, else
T1a. In the exact case and for $\beta \le 1 / (10 \tau L_F)$ one has $x \le 0.0518$ and $A \ge 0.4959$, so the
leading term is at most $2.02 (F(w_0) - F^{\ast}) / (\beta \tau K)$.""",
    assumptions=_ASSUMED,
    modes=MODES,
    source=_SOURCE,
)

T3 = Statement(
    id="T3",
    title="Rate under the Polyak-Lojasiewicz inequality",
    claim=r"Under A7 the expected optimality gap shrinks by a constant factor per round, down to a floor.",
    measures="optimality_gap",
    quantities=("T3", "A", "N", "h"),
    kind=EXPECTATION,
    lines=(Line(r"\mathrm{E} F(w_K) - F^{\ast}", "T3"),),
    proof=r"""Insert $\|\nabla F(w_k)\|^2 \ge 2 \mu_F (F(w_k) - F^{\ast})$ in T1: the expected gap obeys
$\Delta_{k+1} \le (1 - 2 A \beta \tau \mu_F) \Delta_k + \beta \tau N$. The factor lies in $[0, 1)$ by hypothesis, so
unrolling gives the power and a geometric sum of at most $\frac{\beta \tau N}{2 A \beta \tau \mu_F}$. The hypothesis
is automatic when $\mu_F \le L_F$, since $2 A \le 1$ and $h \le 1$.""",
    assumptions=(*_ASSUMED, "A7"),
    modes=MODES,
    source=_SOURCE,
)

T4 = Statement(
    id="T4",
    title="Floors of the exact case",
    claim=r"As $K$ grows, the exact case is left with floors that heterogeneity alone causes; they vanish for full "
    r"participation and one local step.",
    measures="mean_squared_meta_gradient",
    quantities=("T4", "T4_gap", "T1b.A", "T1b.N", *_DRIFT),
    kind=EXPECTATION,
    lines=(
        Line(r"\limsup_{K \to \infty} \frac{1}{K} \sum_{k=0}^{K-1} \mathrm{E} \|\nabla F(w_k)\|^2", "T4"),
        Line(r"\limsup_{K \to \infty} \mathrm{E} F(w_K) - F^{\ast}", "T4_gap"),
    ),
    proof=r"""These are T2 and T3 with T1b as $K \to \infty$ (the second line needs A7). With $m = n$ one has
$\kappa = 0$ and the floors are $\frac{x^2 \gamma_F^2}{2 A}$ and $\frac{x^2 \gamma_F^2}{4 A \mu_F}$: client drift.
With $\tau = 1$ in addition $x = 0$, and the floors are 0.""",
    assumptions=(*_EXACT_ASSUMED, "A7"),
    modes=("exact",),
    source=_SOURCE,
)

STATEMENTS = (T1A, T1B, T1C, T2, T3, T4)
