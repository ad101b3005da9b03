"""S10: what one more fine-tuning step does to the loss."""

import sympy

from theory.language.algebra import HALF
from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC, OURS, Hypothesis, Line, Statement, formula
from theory.language.symbols import REAL, L, alpha, grad_norm_i, introduce, nu
from theory.language.units import LOSS

S10 = introduce("S10", r"R_{\mathrm{S10}}", LOSS, "change of the loss by one more fine-tuning step (S10)", range=REAL)

FORMULAS = (
    formula(
        S10,
        -alpha * (1 - alpha * L * HALF) * grad_norm_i**2,
        "S10",
        hypotheses=(Hypothesis("nu >= 1", nu, ">=", sympy.Integer(1), optional="nu"),),
    ),
)

STATEMENT = Statement(
    id="S10",
    title="Behaviour in the number of fine-tuning steps",
    claim=r"One more fine-tuning step changes the loss by at most the stated amount, so that for $\alpha \le 2/L$ the "
    r"meta loss never increases with $\nu$.",
    measures="fine_tuning_change",
    quantities=(S10,),
    lines=(Line(r"f_i(w^{\nu}) - f_i(w^{\nu-1})", S10),),
    kind=DETERMINISTIC,
    assumptions=("A2",),
    modes=(EXACT,),
    source=OURS,
    proof=r"""This is the descent lemma with $g = \nabla f_i(w^{\nu-1})$ at $w = w^{\nu-1}$:
\[ f_i(w - \alpha g) \le f_i(w) - \alpha \|g\|^2 + \frac{L}{2} \alpha^2 \|g\|^2 . \]
For $\alpha \le 2/L$ the right side is not above $f_i(w)$, so $F$ at every $w$, and its infimum, are non-increasing
in $\nu$.""",
    points=((grad_norm_i, r"\|\nabla f_i(w^{\nu-1})\|"),),
)
