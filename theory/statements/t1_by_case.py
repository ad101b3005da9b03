"""T1 by case, as T2 and T3 use it: T1c for one local step, else T1b without bias and noise, else T1a."""

from theory.language.algebra import Expr
from theory.language.conditions import AllZero, IsOne
from theory.language.records import Case, Formula, Hypothesis, formula
from theory.language.symbols import REAL, Symbol, introduce, tau
from theory.language.units import GRADIENT_SQUARED, LOSS, NUMBER
from theory.statements import t1a, t1b, t1c
from theory.statements.t1 import SHORT_ROUND, b, next_gap, positive, sigma2

A = introduce("A", "A", NUMBER, "descent coefficient of the case of T1 in use", range=REAL)
N = introduce("N", "N", GRADIENT_SQUARED, "floor coefficient of the case of T1 in use")
T1 = introduce("T1", r"R_{\mathrm{T1}}", LOSS, "expected gap after one round by the case of T1 in use", range=REAL)

HYPOTHESES = (SHORT_ROUND, positive(A))


def _by_case(symbol: Symbol, one_step: Expr, exact: Expr, general: Expr, hypotheses: tuple[Hypothesis, ...]) -> Formula:
    cases = (Case(one_step, IsOne(tau)), Case(exact, AllZero((b, sigma2))), Case(general))
    return Formula(symbol, cases, "T1", hypotheses)


FORMULAS = (
    _by_case(A, t1c.A, t1b.A, t1a.A, (SHORT_ROUND,)),
    _by_case(N, t1c.N, t1b.N, t1a.N, HYPOTHESES),
    formula(T1, next_gap(A, N), "T1", hypotheses=HYPOTHESES),
)
