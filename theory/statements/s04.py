"""S4: how smooth the meta loss is."""

from theory.language.algebra import Expr, S
from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC, OURS, Line, Statement, formula
from theory.language.symbols import L, alpha, grad_norm_i, introduce, nu, rho
from theory.language.units import CURVATURE
from theory.statements.s02 import q, swept
from theory.statements.s03 import B_q, carried

L_F = introduce("L_F", "L_F", CURVATURE, "smoothness constant of every F_i (S4)", key=True)
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
    proof=r"""Let $v_l(w)$ be the vectors of the reverse sweep of S1 started at $w$. The start $v_{\nu} = \nabla
f_i(w^{\nu})$ is Lipschitz in $w$ with constant $L q^{\nu}$ by A2 and S2, and $v_l = P^l v_{l+1}$. Compare $w$ with
$u$: $P^l(w) v_{l+1}(w) - P^l(u) v_{l+1}(u) = P^l(w) (v_{l+1}(w) - v_{l+1}(u)) + (P^l(w) - P^l(u)) v_{l+1}(u)$. The
first part is at most $q$ times the previous difference. In the second the factor moves by at most $\alpha \rho q^l
\|w - u\|$ (A3 and S2), and the vector has norm at most $q^{\nu-1-l} B$. So the Lipschitz constants obey
$\lambda_{\nu} = L q^{\nu}$ and $\lambda_l = q \lambda_{l+1} + \alpha \rho B q^{\nu-1}$, and $l$ runs over $\nu$
values: the contribution of step $l$ reaches $l = 0$ with the factor $q^l$, which sums to $S_{\nu}(q)$. For the
pointwise form use $\|v_{l+1}(u)\| \le q^{\nu-1-l} q^{\nu} \|\nabla f_i(u)\|$ from S3 in place of A2. $F$ is a mean
of the $F_i$. The first term is attained: $f(w) = -\frac{L}{2} w^2$ has $F'' = -L (1 + \alpha L)^{2 \nu}$.""",
)


def _lipschitz(steps: int, last: Expr) -> Expr:
    """v_l = P_l v_(l+1): each step multiplies the Lipschitz constant by q and adds the change of P_l."""
    return swept(L * q**steps, [alpha * rho * q**step * carried(steps, step, last) for step in range(steps)])
