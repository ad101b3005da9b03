"""S2: the step factor q, and how fine-tuning expands distances."""

from collections.abc import Sequence

import sympy

from theory.language.algebra import Expr
from theory.language.conditions import AnyGiven, Given
from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC, OURS, Case, Formula, Hypothesis, Line, Statement, formula
from theory.language.symbols import L, alpha, introduce, mu, nu
from theory.language.units import NUMBER

q = introduce("q", "q", NUMBER, "step factor: bounds the norm of I - alpha hess f_i", key=True)
S2 = introduce("S2", r"R_{\mathrm{S2}}", NUMBER, "growth of distances along fine-tuning (S2)")

CURVATURE_ORDER = (
    Hypothesis("-L <= mu", -L, "<=", mu, optional="mu"),
    Hypothesis("mu <= L", mu, "<=", L, optional="mu"),
)

_with_mu = sympy.Max(sympy.Abs(1 - alpha * mu), sympy.Abs(1 - alpha * L))

# without mu and without a q of one's own, q >= 1
MAY_CONTRACT = AnyGiven((mu, q))

FORMULAS = (
    Formula(q, (Case(_with_mu, Given(mu)), Case(1 + alpha * L)), "S2", CURVATURE_ORDER),
    formula(S2, q**nu, "S2", recursion=lambda steps: swept(sympy.Integer(1), [0] * steps)),
)

STATEMENT = Statement(
    id="S2",
    title="Trajectory",
    claim="Fine-tuning expands distances by at most $q$ per step.",
    measures="trajectory_growth",
    quantities=(S2,),
    lines=(Line(r"\|w_i^{\nu}(w) - w_i^{\nu}(u)\|", S2, r"\|w - u\|"),),
    kind=DETERMINISTIC,
    assumptions=("A2", "A6"),
    modes=(EXACT,),
    source=OURS,
    proof=r"""One step expands distances by at most $q$ (Lemma L1). Repeat $\nu$ times:
\[ \|w_i^{\nu}(w) - w_i^{\nu}(u)\| \le q \|w_i^{\nu-1}(w) - w_i^{\nu-1}(u)\| \le \dots \le q^{\nu} \|w - u\| . \]
The second value of $q$, under A6, is the largest of $\left|1 - \alpha y\right|$ over $\mu \le y \le L$, which is
taken at an end.""",
)


def grown(steps: int, added: Expr, factor: Expr = q) -> list[Expr]:
    """The errors e_0 = 0, e_(l+1) = factor e_l + added along a trajectory of that many steps."""
    errors: list[Expr] = [sympy.Integer(0)]
    for _ in range(steps):
        errors.append(factor * errors[-1] + added)
    return errors


def swept(start: Expr, added: Sequence[Expr], factor: Expr = q) -> Expr:
    """An error after the reverse sweep: e_l = factor e_(l+1) + added_l, from e_nu = start down to e_0."""
    error = start
    for term in reversed(added):
        error = factor * error + term
    return error
