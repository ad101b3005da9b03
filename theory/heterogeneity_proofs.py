"""Statement and proof of S7."""

from __future__ import annotations

from theory.statements import DETERMINISTIC, Line, Statement

S7 = Statement(
    id="S7",
    title="Heterogeneity of the meta-gradients",
    claim=r"The agents' meta-gradients spread around their mean by at most $\gamma_F$ in mean square.",
    measures="meta_gradient_squared_spread",
    quantities=("gamma_F2", "gamma_F"),
    kind=DETERMINISTIC,
    lines=(Line(r"\frac{1}{n} \sum_{i=1}^{n} \|\nabla F_i(w) - \nabla F(w)\|^2", "gamma_F2"),),
    proof=r"""The mean minimises the spread, so it is enough to compare every $\nabla F_i$ with one common vector:
the meta-gradient $\bar{v}_0$ of the average loss $f$ along $f$'s own trajectory $\bar{w}^l$. That trajectory gives
one common point per step, where A5 applies. Measure everything in the root mean square over the agents.
Trajectories part by $s_{l+1} \le q s_l + \alpha \gamma_G$: one step of agent $i$ from both points expands by at
most $q$, and at $\bar{w}^l$ the gradients of $f_i$ and $f$ differ by at most $\gamma_G$. So $s_l \le \alpha
\gamma_G S_l(q)$. The final gradients differ by at most $L s_{\nu} + \gamma_G = \gamma_G (1 + \alpha L S_{\nu}(q))$.
The factor of step $l$ differs from the common one by at most $\alpha (\rho s_l + \gamma_H)$ and acts on the common
vector, of norm at most $q^{\nu-1-l} B$ because the mean of the $f_i$ satisfies A2 and A6 as well. Expanding as in
S4 and using Minkowski's inequality over the agents, $q^{\nu} \gamma_G (1 + \alpha L S_{\nu}(q)) +
\sum_{l=0}^{\nu-1} q^l \alpha (\gamma_H + \rho \alpha \gamma_G S_l(q)) q^{\nu-1-l} B$, which is $\gamma_F$. At $\nu
= 1$ and $\alpha \le 1/L$ it is at most $4 \gamma_G + \alpha B \gamma_H$, and $(4 x + y)^2 \le \frac{5}{12} (192 x^2
+ 3 y^2)$, so $\gamma_F^2$ is at most five twelfths of the published constant.""",
    assumptions=("A2", "A3", "A5", "A6"),
    modes=("exact",),
    source="derived here; setting of arXiv 2504.21327",
)

STATEMENTS = (S7,)
