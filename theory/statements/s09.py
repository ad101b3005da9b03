"""S9: the error of Hessian-free meta-gradients."""

import sympy

from theory.language.algebra import HALF, Expr, S
from theory.language.modes import HESSIAN_FREE
from theory.language.records import DETERMINISTIC, OURS, Line, Statement, formula
from theory.language.symbols import alpha, delta, introduce, nu, rho
from theory.language.units import GRADIENT
from theory.statements.s02 import q, swept
from theory.statements.s03 import B_q, carried

b_HF = introduce("b_HF", r"b_{\mathrm{HF}}", GRADIENT, "error of Hessian-free meta-gradients (S9)")

FORMULAS = (
    formula(
        b_HF,
        HALF * alpha * rho * delta * B_q**2 * q ** (nu - 1) * S(nu, q),
        "S9",
        recursion=lambda steps: _probed(steps),
    ),
)

STATEMENT = Statement(
    id="S9",
    title="Hessian-free error",
    claim="Replacing every Hessian-vector product by a central difference of gradients errs by at most "
    r"$b_{\mathrm{HF}}$.",
    measures="hessian_free_error",
    quantities=(b_HF, B_q),
    lines=(Line(r"\|g_i - \nabla F_i(w)\|", b_HF),),
    kind=DETERMINISTIC,
    assumptions=("A2", "A3", "A6"),
    modes=(HESSIAN_FREE,),
    source=OURS,
    proof=r"""A central difference is the Hessian averaged over the segment from $w^l - \delta v$ to $w^l
+ \delta v$, applied to $v$. The average is within $\frac{1}{2} \rho \delta \|v\|$ of the Hessian at $w^l$, so one
Hessian-free factor applied to $v$ errs by at most $\frac{1}{2} \alpha \rho \delta \|v\|^2$.

As a map of $v$ it has derivative
\[ I - \frac{\alpha}{2} \left(\nabla^2 f_i(w^l + \delta v) + \nabla^2 f_i(w^l - \delta v)\right) , \]
of norm at most $q$, so it is $q$-Lipschitz.

With the exact vectors $\|v_{l+1}\| \le q^{\nu-1-l} B_q$ (S3q) the error of the sweep obeys
\[ d_l \le q d_{l+1} + \frac{\alpha \rho \delta}{2} q^{2 (\nu-1-l)} B_q^2, \quad d_{\nu} = 0 . \]
Unrolled, the powers $q^{2 \nu - 2 - l}$ sum to $q^{\nu-1} S_{\nu}(q)$.

It is zero on quadratics; on losses with Lipschitz third derivative the true error is of order $\delta^2$, and
floating point adds a rounding error of order $\epsilon / \delta$.""",
)


def _probed(steps: int) -> Expr:
    """d_l = q d_(l+1) + alpha rho delta norm(v_(l+1))^2 / 2 from d_nu = 0."""
    added = [alpha * rho * delta * HALF * carried(steps, step) ** 2 for step in range(steps)]
    return swept(sympy.Integer(0), added)
