"""S1: the meta-gradient, and the rounding error of the reverse sweep that computes it."""

import sympy

from theory.language.algebra import Expr, S
from theory.language.modes import EXACT
from theory.language.records import IDENTITY, OURS, Line, Statement, formula
from theory.language.symbols import L, alpha, ell, eta_G, eta_H, grad_norm, introduce, nu, rho
from theory.language.units import GRADIENT, NUMBER
from theory.statements.s02 import grown, q, swept
from theory.statements.s03 import B_q, carried

S1 = introduce("S1", r"R_{\mathrm{S1}}", GRADIENT, "rounding error of a computed meta-gradient (S1)")
S1_relative = introduce(
    "S1_relative", r"R'_{\mathrm{S1}}", NUMBER, "relative difference of two computed meta-gradients (S1)"
)

_loose = q + alpha * eta_H
_steps = _loose**ell * q ** (nu - 1 - ell) * (eta_H + alpha * rho * eta_G * S(ell, q))

FORMULAS = (
    formula(
        S1,
        _loose**nu * eta_G * (1 + alpha * L * S(nu, q)) + alpha * B_q * sympy.Sum(_steps, (ell, 0, nu - 1)),
        "S1",
        recursion=lambda steps: _rounding(steps),
    ),
    formula(S1_relative, 2 * S1 / grad_norm, "S1"),
)

STATEMENT = Statement(
    id="S1",
    title="Meta-gradient",
    claim=r"The gradient of $F_i$ is the product of the $\nu$ step Jacobians with the gradient at the fine-tuned "
    "point, and the reverse sweep computes it with the stated rounding error.",
    measures="meta_gradient",
    quantities=(S1, S1_relative),
    lines=(
        Line(r"\nabla F_i(w)", relation="=", literal=r"P_i^0 P_i^1 \dots P_i^{\nu-1} \nabla f_i(w_i^{\nu})"),
        Line(r"\|\hat{g}_i - \nabla F_i(w)\|", S1),
        Line(r"\|\hat{g}_i - \hat{g}'_i\|", S1_relative, r"\|\hat{g}'_i\|"),
    ),
    kind=IDENTITY,
    assumptions=("A2", "A3", "A6"),
    modes=(EXACT,),
    source=OURS,
    proof=r"""The map $w \mapsto w_i^{l+1}$ is $w_i^l - \alpha \nabla f_i(w_i^l)$ after $w \mapsto
w_i^l$, so its Jacobian is $P_i^l$ times the previous one. Each factor is symmetric, so the chain rule gives
\[ \nabla F_i(w) = P_i^0 \dots P_i^{\nu-1} \nabla f_i(w_i^{\nu}) , \]
computed by the reverse sweep $v_{\nu} = \nabla f_i(w_i^{\nu})$, $v_l = v_{l+1} - \alpha \nabla^2 f_i(w_i^l)
v_{l+1}$ for $l = \nu-1, \dots, 0$: $\nu$ Hessian-vector products and no stored graph.

Rounding of the trajectory. Let one gradient be computed within $\eta_G$ and one Hessian-vector product within
$\eta_H \|v\|$, the rounding of the vector updates counted in these, and let the computed points lie in $W$. With
Lemma L1
\[ \|\hat{w}^{l+1} - w^{l+1}\| \le q \|\hat{w}^l - w^l\| + \alpha \eta_G, \quad \|\hat{w}^l - w^l\| \le \alpha
\eta_G S_l(q) , \]
so the computed gradient at the end is within $\eta_G + L \alpha \eta_G S_{\nu}(q)$ of the exact one.

Rounding of the sweep. Let $d_l = \|\hat{v}_l - v_l\|$. The factor at $\hat{w}^l$ acts on $\hat{v}_{l+1} - v_{l+1}$,
its change (A3) and the error of the product on $v_{l+1}$, of norm at most $q^{\nu-1-l} B_q$ (S3q), so
\[ d_l \le (q + \alpha \eta_H) d_{l+1} + \alpha \left(\eta_H + \rho \alpha \eta_G S_l(q)\right) q^{\nu-1-l} B_q . \]
Unrolled this is the bound.

Two computations $\hat{g}_i$ and $\hat{g}'_i$ with the same accuracies are each within it of the exact value, so
they differ by at most twice the bound; dividing by the norm at hand, $\|\hat{g}'_i\|$, gives the relative form.""",
    points=((grad_norm, r"\|\hat{g}'_i\|"),),
)


def _rounding(steps: int) -> Expr:
    """The error of the computed sweep, from the error of the computed trajectory."""
    moved = grown(steps, alpha * eta_G)
    added = [alpha * (rho * moved[step] + eta_H) * carried(steps, step) for step in range(steps)]
    return swept(eta_G + L * moved[steps], added, _loose)
