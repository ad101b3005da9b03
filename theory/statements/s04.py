"""S4: how smooth the meta loss is."""

from theory.language.algebra import Expr, S
from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC, OURS, Line, Statement, formula
from theory.language.symbols import L, alpha, grad_norm_i, introduce, nu, rho
from theory.language.units import CURVATURE
from theory.statements.s02 import q, swept
from theory.statements.s03 import B_q, carried

L_F = introduce(
    "L_F", "L_F", CURVATURE,
    "smoothness of every F_i: norm(grad F_i(w) - grad F_i(u)) <= L_F norm(w - u) on W0 (S4)", key=True,
)  # fmt: skip
L_F_pointwise = introduce("L_F_pointwise", "L_F(u)", CURVATURE, "smoothness at one point, without B (S4)")
DIFFERENCE = r"\|\nabla F_i(w) - \nabla F_i(u)\|"

FORMULAS = (
    formula(
        L_F,
        q ** (2 * nu) * L + alpha * rho * B_q * q ** (nu - 1) * S(nu, q),
        "S4",
        recursion=lambda steps: _lipschitz(steps, B_q),
    ),
    formula(
        L_F_pointwise,
        q ** (2 * nu) * L + alpha * rho * q ** (2 * nu - 1) * S(nu, q) * grad_norm_i,
        "S4",
        recursion=lambda steps: _lipschitz(steps, q**steps * grad_norm_i),
    ),
)

STATEMENT = Statement(
    id="S4",
    title="Smoothness of the meta loss",
    claim="Every $F_i$, and so $F$, is $L_F$-smooth; the pointwise form needs no bound on the gradient.",
    measures="L_F",
    quantities=(L_F, L_F_pointwise, B_q),
    lines=(Line(DIFFERENCE, L_F, r"\|w - u\|"), Line(DIFFERENCE, L_F_pointwise, r"\|w - u\|")),
    kind=DETERMINISTIC,
    assumptions=("A2", "A3", "A6"),
    modes=(EXACT,),
    source=OURS,
    proof=r"""Compare the sweep at $w$ with that at $u$ by Lemma L2. The last gradient moves by at most
$L q^{\nu} \|w - u\|$ (A2 and S2), and the factor of step $l$ by
\[ \|P^l(w) - P^l(u)\| \le \alpha \rho \|w^l - u^l\| \le \alpha \rho q^l \|w - u\| \]
(A3 and S2).

The vector at the end of $u$'s trajectory has norm at most $B_q$ (S3q), so
\[ \|\nabla F_i(w) - \nabla F_i(u)\| \le \left(q^{\nu} L q^{\nu} + q^{\nu-1} B_q \sum_{l=0}^{\nu-1} \alpha \rho
q^l\right) \|w - u\| , \]
and the powers sum to $S_{\nu}(q)$. $F$ is a mean of the $F_i$.

For the pointwise form use $\|\nabla f_i(u^{\nu})\| \le q^{\nu} \|\nabla f_i(u)\|$ (S3) in the place of $B_q$.

The first term is attained: $f(w) = -\frac{L}{2} w^2$ has $F'' = -L (1 + \alpha L)^{2 \nu}$.""",
    points=((grad_norm_i, r"\|\nabla f_i(u)\|"),),
)


def _lipschitz(steps: int, last: Expr) -> Expr:
    """v_l = P_l v_(l+1): each step multiplies the Lipschitz constant by q and adds the change of P_l."""
    return swept(L * q**steps, [alpha * rho * q**step * carried(steps, step, last) for step in range(steps)])
