"""S3: how large the meta-gradient is."""

import sympy

from theory.language.algebra import Expr
from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC, OURS, Case, Formula, Line, Statement, formula
from theory.language.symbols import B, grad_norm_i, introduce, nu
from theory.language.units import GRADIENT
from theory.statements.s02 import MAY_CONTRACT, q, swept

S3 = introduce("S3", r"R_{\mathrm{S3}}", GRADIENT, "norm of the meta-gradient at one point (S3)")
B_q = introduce(
    "B_q", "B_q", GRADIENT, "bound on the norm of the gradient at the fine-tuned point (S3q)", rank=B.record.rank
)
B_F = introduce("B_F", "B_F", GRADIENT, "bound on the norm of the meta-gradient (S3)")

FORMULAS = (
    formula(S3, q ** (2 * nu) * grad_norm_i, "S3", recursion=lambda steps: swept(grad_norm_i, [0] * 2 * steps)),
    Formula(B_q, (Case(sympy.Min(1, q**nu) * B, MAY_CONTRACT), Case(B)), "S3q"),
    formula(B_F, q**nu * B_q, "S3", recursion=lambda steps: swept(B_q, [0] * steps)),
)

STATEMENT = Statement(
    id="S3",
    title="Gradient along the trajectory",
    claim=r"The meta-gradient is at most $q^{2 \nu}$ times the gradient at the start, and at most $B_F$ everywhere.",
    measures="meta_gradient_norm",
    quantities=(S3, B_F, B_q),
    lines=(Line(r"\|\nabla F_i(w)\|", S3), Line(r"\|\nabla F_i(w)\|", B_F)),
    kind=DETERMINISTIC,
    assumptions=("A2", "A6"),
    modes=(EXACT,),
    source=OURS,
    proof=r"""By Lemma L1 the gradient does not grow by more than $q$ along the trajectory:
\[ \|\nabla f_i(w^l)\| \le q^l \|\nabla f_i(w)\| . \]

By S1 the meta-gradient is a product of $\nu$ factors of norm at most $q$ with $\nabla f_i(w^{\nu})$, hence
\[ \|\nabla F_i(w)\| \le q^{\nu} \|\nabla f_i(w^{\nu})\| \le q^{2 \nu} \|\nabla f_i(w)\| . \]
With $\|\nabla f_i(w^{\nu})\| \le B_q$ (S3q) instead, it is at most $q^{\nu} B_q$.""",
    points=((grad_norm_i, r"\|\nabla f_i(w)\|"),),
)


def carried(steps: int, step: int, start: Expr = B_q) -> Expr:
    """The norm of the vector that factor `step` of the reverse sweep acts on: q^(nu-1-l) times that at its start."""
    return q ** (steps - 1 - step) * start
