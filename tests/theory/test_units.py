"""Units: every term of every sum, both arguments of every minimum, both sides of every hypothesis."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy

import theory
from tests.theory.parameters import symbol
from theory.language.algebra import S
from theory.language.homogeneity import UnitError, check_formula, check_hypothesis, unit_of
from theory.language.records import Case, Hypothesis
from theory.language.units import CURVATURE, GRADIENT, NUMBER, STEP, Unit
from theory.tables import default_table

alpha, L, B, q, nu, rho, delta = (symbol(name) for name in ["alpha", "L", "B", "q", "nu", "rho", "delta"])


@pytest.mark.parametrize("quantity", theory.quantities(), ids=lambda item: item.name)
def test_formula_is_homogeneous(quantity: theory.Quantity) -> None:
    check_formula(quantity.formula)


@pytest.mark.parametrize("quantity", theory.quantities(), ids=lambda item: item.name)
def test_recursion_has_the_unit_of_its_closed_form(quantity: theory.Quantity) -> None:
    recursion = quantity.formula.recursion
    if recursion is not None:
        assert unit_of(recursion(3)) == quantity.formula.unit


def test_units_of_products_and_powers() -> None:
    assert unit_of(alpha * L) == NUMBER
    assert unit_of(delta * B) == Unit(0, 1)
    assert unit_of(sympy.sqrt(L**2)) == CURVATURE
    assert Unit(0, 1) == STEP * GRADIENT
    assert unit_of(sympy.Integer(0)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        L + B,
        1 + alpha,
        sympy.Min(L, B),
        S(nu, alpha),
        alpha**nu,
        q**B,
        sympy.exp(L),
        L + sympy.Sum(B * q ** symbol("l"), (symbol("l"), 0, nu)),
    ],
    ids=str,
)
def test_inhomogeneous_expressions_are_refused(wrong: sympy.Expr) -> None:
    with pytest.raises(UnitError):
        unit_of(wrong)


@pytest.mark.parametrize("name", ["L_F", "b_sto", "V", "gamma_F", "T2", "S1", "T1a.N"])
def test_a_lost_factor_is_seen_by_the_units(name: str) -> None:
    """Dividing one term by alpha, beta or L breaks the sum; dividing all of them breaks the declared unit."""
    formula = default_table().formulas[name]
    expression = formula.cases[0].expression
    with pytest.raises(UnitError):
        check_formula(replace(formula, cases=(Case(expression + expression.args[0] / alpha),)))
    with pytest.raises(UnitError):
        check_formula(replace(formula, cases=(Case(expression / L),)))


def test_hypotheses_compare_like_with_like() -> None:
    with pytest.raises(UnitError):
        check_hypothesis(Hypothesis("alpha <= L", alpha, "<=", L))
    check_hypothesis(Hypothesis("alpha L <= 1", alpha * L, "<=", sympy.Integer(1)))
