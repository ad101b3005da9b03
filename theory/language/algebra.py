"""The vocabulary of the expressions: two sums that have a quotient form, and constants that are not computed.

`S(j, x)` is 1 + x + ... + x^(j-1) and `PowerGain(x, y, k)` is (x + y)^k - x^k. Both are evaluated as sums of
non-negative terms, so that neither x = 1 nor y = 0 loses digits; `doit()` writes them out.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import sympy

# A sympy expression. Its own annotations make every argument a Basic without arithmetic, which no checker can follow.
Expr: TypeAlias = Any

HALF = sympy.Rational(1, 2)


def _written_out(function: sympy.Function, hints: dict[str, object]) -> list[Expr]:
    return [argument.doit(**hints) for argument in function.args]


class S(sympy.Function):
    """The geometric sum S_j(x) = 1 + x + ... + x^(j-1), with S_0(x) = 0.

    >>> S(3, sympy.Symbol("x")).doit()
    x**2 + x + 1
    >>> S(4, 1).doit()
    4
    """

    nargs = 2

    def _eval_is_nonnegative(self) -> bool | None:
        return self.args[1].is_nonnegative

    def _eval_is_integer(self) -> bool | None:
        return self.args[1].is_integer

    def _eval_is_real(self) -> bool | None:
        return self.args[1].is_real

    def doit(self, **hints: object) -> Expr:
        """The polynomial for a number j; the quotient (or j at x = 1) for a symbol j."""
        count, base = _written_out(self, hints)
        if count.is_Integer:
            return sympy.Add(*(base**power for power in range(int(count))))
        if base == 1:
            return count
        return (base**count - 1) / (base - 1)


class PowerGain(sympy.Function):
    """The gain (x + y)^k - x^k, evaluated as y times the sum over l < k of x^l (x + y)^(k-1-l).

    >>> x, y = sympy.symbols("x y")
    >>> PowerGain(x, y, 2).doit().expand()
    2*x*y + y**2
    """

    nargs = 3

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.args[0].is_nonnegative and self.args[1].is_nonnegative else None

    def doit(self, **hints: object) -> Expr:
        """The difference of the two powers."""
        base, gain, power = _written_out(self, hints)
        return (base + gain) ** power - base**power


class Kept(sympy.Function):
    """A constant that is kept as it is: sympy neither multiplies out its powers nor computes what it is worth.

    >>> 2 * Kept(10) ** 10000
    2*10**10000
    """

    nargs = 1

    @property
    def is_number(self) -> bool:
        """Not one that sympy may ask for its digits."""
        return False

    def _eval_is_positive(self) -> bool | None:
        return self.args[0].is_positive if self.args[0].is_Rational else None

    def _eval_is_real(self) -> bool:
        return True

    def _sympystr(self, printer: Any) -> str:
        inner = self.args[0]
        return printer.doprint(inner) if inner.is_Integer and inner.is_positive else f"({printer.doprint(inner)})"


def unfold(expression: Expr) -> Expr:
    """Every S, PowerGain and finite sum written out; an empty sum is 0.

    >>> step = sympy.Symbol("l")
    >>> unfold(sympy.Sum(S(step, 2), (step, 1, 3)))
    11
    """
    if isinstance(expression, sympy.Sum):
        index, low, high = expression.limits[0]
        if low.is_Integer and high.is_Integer:
            values = range(int(low), int(high) + 1)
            return sympy.Add(*(unfold(expression.function.subs(index, value)) for value in values))
        return expression
    if not expression.args:
        return expression
    rebuilt = expression.func(*(unfold(argument) for argument in expression.args))
    return rebuilt.doit() if isinstance(rebuilt, (S, PowerGain)) else rebuilt
