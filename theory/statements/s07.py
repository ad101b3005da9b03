"""S7: how far the agents' meta-gradients lie apart."""

import sympy

from theory.language.algebra import Expr, S
from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC, OURS, Line, Statement, formula
from theory.language.symbols import L, alpha, ell, gamma_G, gamma_H, introduce, nu, rho
from theory.language.units import GRADIENT, GRADIENT_SQUARED
from theory.statements.s02 import grown, q, swept
from theory.statements.s03 import B_q, carried

gamma_F = introduce(
    "gamma_F", r"\gamma_F", GRADIENT,
    "spread of the agents' meta-gradients: (1/n) sum norm(grad F_i(w) - grad F(w))^2 <= gamma_F^2 (S7)",
    "gamma_F in arXiv 2002.07948", key=True,
)  # fmt: skip
gamma_F2 = introduce("gamma_F2", r"\gamma_F^2", GRADIENT_SQUARED, "squared spread (S7)", root=r"\gamma_F")
SQUARED_SPREAD = r"\frac{1}{n} \sum_{i=1}^{n} \|\nabla F_i(w) - \nabla F(w)\|^2"

FORMULAS = (
    formula(
        gamma_F,
        q**nu * gamma_G * (1 + alpha * L * S(nu, q))
        + alpha * B_q * q ** (nu - 1) * (nu * gamma_H + alpha * rho * gamma_G * sympy.Sum(S(ell, q), (ell, 0, nu - 1))),
        "S7",
        recursion=lambda steps: _spread(steps),
    ),
    formula(gamma_F2, gamma_F**2, "S7"),
)

STATEMENT = Statement(
    id="S7",
    title="Heterogeneity of the meta-gradients",
    claim=r"The agents' meta-gradients spread around their mean by at most $\gamma_F$ in mean square.",
    measures="meta_gradient_squared_spread",
    quantities=(gamma_F2, gamma_F, B_q),
    lines=(Line(SQUARED_SPREAD, gamma_F2),),
    kind=DETERMINISTIC,
    assumptions=("A2", "A3", "A5", "A6"),
    modes=(EXACT,),
    source=OURS,
    proof=r"""The mean minimises the spread, so it is enough to compare every $\nabla F_i$ with one
common vector: the meta-gradient of the average loss $f$ along $f$'s own trajectory.

Lemma L4 bounds, in root mean square over the agents, how the last gradients and the Hessians differ from the common
ones, and the common vector at the end has norm at most $B_q$, because $f$ satisfies A2 and A6 as well (S3q).

Lemma L2 and Minkowski's inequality over the agents give
\[ q^{\nu} \gamma_G \left(1 + \alpha L S_{\nu}(q)\right) + q^{\nu-1} B_q \sum_{l=0}^{\nu-1} \alpha \left(\gamma_H +
\rho \alpha \gamma_G S_l(q)\right) , \]
which is $\gamma_F$.

At $\nu = 1$ and $\alpha \le 1/L$ it is at most $4 \gamma_G + \alpha B \gamma_H$, and $(4 x + y)^2 \le \frac{5}{12}
(192 x^2 + 3 y^2)$, so $\gamma_F^2$ is at most five twelfths of the published constant.""",
)


def _spread(steps: int) -> Expr:
    """Trajectories part by s_(l+1) = q s_l + alpha gamma_G; the sweep adds the spread of each factor."""
    parted = grown(steps, alpha * gamma_G)
    added = [alpha * (gamma_H + rho * parted[step]) * carried(steps, step) for step in range(steps)]
    return swept(gamma_G + L * parted[steps], added)
