"""Units of expressions: every term of a sum and both sides of a hypothesis must have the same one."""

from __future__ import annotations

from fractions import Fraction

import sympy

from theory.language.algebra import Expr, Kept, PowerGain, S
from theory.language.records import Formula, Hypothesis
from theory.language.units import NUMBER, Unit


class UnitError(TypeError):
    """Two parts that must have the same unit do not."""


def unit_of(expression: Expr) -> Unit | None:
    """The unit of an expression; None for zero, which has every unit.

    >>> from theory.language.symbols import L, alpha
    >>> str(unit_of(alpha * L))
    '1'

    Raises:
        UnitError: terms of a sum differ, or a power or function takes something with a unit.
    """
    if expression.is_Symbol:
        return expression.record.unit
    if expression.is_number:
        return None if expression == 0 else NUMBER
    if expression.is_Add or isinstance(expression, (sympy.Min, sympy.Max)):
        return _common(expression, expression.args)
    if expression.is_Mul:
        return _product(expression.args)
    if expression.is_Pow:
        return _power(*expression.as_base_exp())
    if isinstance(expression, (sympy.Abs, Kept)):
        return unit_of(expression.args[0])
    if isinstance(expression, sympy.Sum):
        for end in expression.limits[0]:
            _require_number(end)
        return unit_of(expression.function)
    if isinstance(expression, (S, PowerGain, sympy.exp, sympy.log)):
        for argument in expression.args:
            _require_number(argument)
        return NUMBER
    raise UnitError(f"{expression}: no unit rule for {type(expression).__name__}")


def _common(whole: Expr, parts: tuple[Expr, ...]) -> Unit | None:
    found = {part: unit_of(part) for part in parts}
    units = {unit for unit in found.values() if unit is not None}
    if len(units) > 1:
        listed = ", ".join(f"{part} in {unit}" for part, unit in found.items())
        raise UnitError(f"{whole}: terms of different units: {listed}")
    return units.pop() if units else None


def _product(factors: tuple[Expr, ...]) -> Unit | None:
    total = NUMBER
    for factor in factors:
        unit = unit_of(factor)
        if unit is None:
            return None
        total = total * unit
    return total


def _power(base: Expr, exponent: Expr) -> Unit | None:
    unit = unit_of(base)
    if exponent.is_Rational:
        return None if unit is None else unit.power(Fraction(int(exponent.p), int(exponent.q)))
    _require_number(base)
    _require_number(exponent)
    return NUMBER


def _require_number(expression: Expr) -> None:
    unit = unit_of(expression)
    if unit is not None and not unit.dimensionless:
        raise UnitError(f"{expression} has unit {unit}, expected a pure number")


def check_formula(formula: Formula) -> None:
    """Every case has the declared unit, every hypothesis equal units on both sides.

    Raises:
        UnitError: they differ.
    """
    for case in formula.cases:
        unit = unit_of(case.expression)
        if unit is not None and unit != formula.unit:
            raise UnitError(f"{formula.name}: {case.expression} has unit {unit}, declared {formula.unit}")
    for hypothesis in formula.hypotheses:
        check_hypothesis(hypothesis)


def check_hypothesis(hypothesis: Hypothesis) -> None:
    """Both sides have the same unit.

    Raises:
        UnitError: they differ.
    """
    units = {unit for side in (hypothesis.left, hypothesis.right) if (unit := unit_of(side)) is not None}
    if len(units) > 1:
        raise UnitError(f"{hypothesis.name}: the sides have different units: {', '.join(map(str, units))}")
