"""Signs that can be read off an expression without evaluating it: what needs no look at the inputs.

sympy's own questions go further, but on numbers they compute, and a claim may hold exp(10**10000).
"""

from __future__ import annotations

import sympy

from theory.language.algebra import Expr, Kept, PowerGain, S


def never_negative(expression: Expr) -> bool:
    """Whether the expression is at least 0 wherever it has a value.

    >>> from theory.language.symbols import L, alpha
    >>> never_negative(1 + alpha * L), never_negative(1 - alpha * L)
    (True, False)
    """
    if expression.is_Rational or expression.is_Symbol:
        return bool(expression.is_nonnegative)
    if expression.is_Pow and _even(expression.exp):
        return True
    if isinstance(expression, (sympy.exp, sympy.Abs)) or always_positive(expression):
        return True
    if isinstance(expression, sympy.Sum):
        return never_negative(expression.function)
    if isinstance(expression, S):
        return never_negative(expression.args[1])
    if isinstance(expression, sympy.Max):
        return any(map(never_negative, expression.args))
    grows = expression.is_Add or expression.is_Mul or expression.is_Pow or isinstance(expression, sympy.Min)
    if grows or isinstance(expression, PowerGain):
        parts = expression.args[:1] if expression.is_Pow else expression.args
        return all(map(never_negative, parts))
    return False


def always_positive(expression: Expr) -> bool:
    """Whether the expression is above 0 wherever it has a value."""
    if expression.is_Rational or expression.is_Symbol:
        return bool(expression.is_positive)
    if isinstance(expression, sympy.exp) or expression is sympy.E:
        return True
    if isinstance(expression, Kept):
        return always_positive(expression.args[0])
    if expression.is_Add:
        return all(map(never_negative, expression.args)) and any(map(always_positive, expression.args))
    if expression.is_Mul or isinstance(expression, sympy.Min):
        return all(map(always_positive, expression.args))
    if isinstance(expression, sympy.Max):
        return any(map(always_positive, expression.args))
    return bool(expression.is_Pow) and always_positive(expression.base)


def _even(exponent: Expr) -> bool:
    return bool(exponent.is_Integer) and int(exponent) % 2 == 0
