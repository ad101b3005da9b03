"""Each closed form equals the recursion of its proof, symbolically, for 0 to 6 steps."""

from __future__ import annotations

import pytest
import sympy

from tests.theory.parameters import symbol
from theory.language.algebra import unfold
from theory.tables import default_table

WITH_RECURSION = [formula for formula in default_table().formulas.values() if formula.recursion is not None]
REQUIRED = {
    "B_F", "L_F", "L_F_pointwise", "b_sto", "b_sto_2", "V", "gamma_F", "b_FO", "b_HF", "b_HF_sto", "theta", "chi",
    "S1", "S2", "S3", "E_nu", "m_nu", "b_sto_3", "theta_d", "chi_d",
}  # fmt: skip


def difference(left: sympy.Expr, right: sympy.Expr) -> sympy.Expr:
    """Zero when the two agree as polynomials in the symbols and in the roots they contain."""
    positive = {item: sympy.Symbol(item.name, positive=True) for item in (left - right).free_symbols}
    gap = sympy.expand(sympy.expand_power_base(left.subs(positive) - right.subs(positive)))
    return gap if gap == 0 else sympy.simplify(gap)


def normal_minimum(expression: sympy.Expr) -> sympy.Expr:
    """Arguments of every minimum expanded, so that equal minima are the same object."""
    return expression.replace(
        lambda part: isinstance(part, sympy.Min),
        lambda part: sympy.Min(*(sympy.expand(sympy.powdenest(item, force=True)) for item in part.args)),
    )


def test_every_proof_with_a_recursion_keeps_it() -> None:
    assert {formula.name for formula in WITH_RECURSION} == REQUIRED


@pytest.mark.parametrize("formula", WITH_RECURSION, ids=lambda formula: formula.name)
def test_closed_form_equals_recursion(formula) -> None:
    least = 0 if formula.steps == "nu" else 1
    for steps in range(least, 7):
        closed = unfold(formula.expression.subs(symbol(formula.steps), steps))
        proved = formula.recursion(steps).subs(symbol(formula.steps), steps)
        assert difference(normal_minimum(closed), normal_minimum(proved)) == 0, steps


@pytest.mark.parametrize("formula", WITH_RECURSION, ids=lambda formula: formula.name)
def test_recursion_of_one_more_step_differs(formula) -> None:
    closed = unfold(formula.expression.subs(symbol(formula.steps), 3))
    proved = formula.recursion(4).subs(symbol(formula.steps), 3)
    assert difference(normal_minimum(closed), normal_minimum(proved)) != 0
