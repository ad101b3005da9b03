"""S8: the error of dropping the Hessians."""

import sympy

from theory.language.algebra import Expr, S
from theory.language.modes import FIRST_ORDER
from theory.language.records import DETERMINISTIC, OURS, Line, Statement, formula
from theory.language.symbols import L, alpha, introduce, nu
from theory.language.units import GRADIENT
from theory.statements.s02 import q, swept
from theory.statements.s03 import B_q, carried

b_FO = introduce("b_FO", r"b_{\mathrm{FO}}", GRADIENT, "error of dropping the Hessians (S8)")

FORMULAS = (
    formula(b_FO, sympy.Min(alpha * L * S(nu, q), 1 + q**nu) * B_q, "S8", recursion=lambda steps: _dropped(steps)),
)

STATEMENT = Statement(
    id="S8",
    title="First-order error",
    claim=r"Dropping the Hessians errs by at most $b_{\mathrm{FO}}$, which neither more rounds nor smaller steps "
    r"$\beta$ nor larger batches reduce.",
    measures="first_order_error",
    quantities=(b_FO, B_q),
    lines=(Line(r"\|\nabla f_i(w_i^{\nu}) - \nabla F_i(w)\|", b_FO),),
    kind=DETERMINISTIC,
    assumptions=("A2", "A6"),
    modes=(FIRST_ORDER,),
    source=OURS,
    proof=r"""By S1 the error is $(P^0 \dots P^{\nu-1} - I) \nabla f_i(w^{\nu})$, and the vector has norm
at most $B_q$ (S3q). Telescope the product: one factor less $I$ has norm at most $\alpha L$, and the factors to its
left at most $q$ each, so
\[ \|P^0 \dots P^{\nu-1} - I\| \le \sum_{l=0}^{\nu-1} q^l \alpha L = \alpha L S_{\nu}(q) . \]

The triangle inequality gives $q^{\nu} + 1$ instead. At $q = 1 + \alpha L$ the first is $(1 + \alpha L)^{\nu} - 1$.""",
)


def _dropped(steps: int) -> Expr:
    """The smaller of the telescoped product and the triangle inequality."""
    telescoped = sympy.Add(*(alpha * L * carried(steps, step) for step in range(steps)))
    product = swept(B_q, [0] * steps)
    return sympy.Min(telescoped / B_q, (product + B_q) / B_q) * B_q
