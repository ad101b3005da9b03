"""T5: the exponents that the bounds predict, derived from their expressions.

Every expression here is a sum of non-negative terms, so its order in a variable is found by the max-plus rules:
the largest (smallest) order of the terms of a sum, the sum of the orders of the factors of a product. The same
rules give the growth in nu, with q^nu and (q^2 + eta^2)^nu as the two units of growth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import sympy

from theory.language.algebra import Expr, PowerGain, S
from theory.language.records import Formula
from theory.language.symbols import D, F0_gap, K, Symbol, beta, delta, gamma_G, m, nu, tau
from theory.statements.s02 import q
from theory.statements.s03 import B_F
from theory.statements.s04 import L_F
from theory.statements.s05 import b_sto
from theory.statements.s05p import b_sto_2
from theory.statements.s05s import b_sto_3
from theory.statements.s06 import eta2, sigma_F2
from theory.statements.s07 import gamma_F
from theory.statements.s08 import b_FO
from theory.statements.s09 import b_HF
from theory.statements.t1 import h, kappa, x
from theory.statements.t1_by_case import A
from theory.tables import default_table

TO_ZERO, TO_INFINITY = "to 0", "to infinity"
Growth = tuple[Expr, Expr]


@dataclass(frozen=True)
class Exponent:
    """One prediction: up to a constant the term behaves like `behaviour`.

    A power law has the exponent of its variable; exponential growth in nu has `exponent` None.
    """

    statement: str
    term: str
    variable: str
    toward: str
    exponent: Expr | None
    behaviour: Expr
    regime: str
    remark: str = ""


def order(expression: Expr, variable: str, toward: str, formulas: Mapping[str, Formula], steps: int = 3) -> Expr | None:
    """The order of a non-negative expression in a variable, None when it is identically zero.

    Quantities are expanded, in their general (last) case, until the variable is met; nu is set to `steps`.

    >>> order(b_sto_2, "D", TO_INFINITY, default_table().formulas, steps=1)
    -1
    """
    walk = _Order(variable, 1 if toward == TO_INFINITY else -1, formulas, steps)
    return walk.of(expression)


@dataclass(frozen=True)
class _Order:
    variable: str
    sign: int
    formulas: Mapping[str, Formula]
    steps: int

    def of(self, expression: Expr) -> Expr | None:
        if expression.is_Symbol:
            return self.of_symbol(str(expression))
        if expression.is_number:
            return None if expression == 0 else sympy.Integer(0)
        if expression.is_Add:
            return self.strongest([self.of(term) for term in expression.args])
        if expression.is_Mul:
            orders = [self.of(factor) for factor in expression.args]
            known = [item for item in orders if item is not None]
            return sympy.Add(*known) if len(known) == len(orders) else None
        if expression.is_Pow:
            return self.of_power(*expression.as_base_exp())
        return self.of_function(expression)

    def strongest(self, orders: list[Expr | None]) -> Expr | None:
        known = [item for item in orders if item is not None]
        return max(known, key=lambda item: self.sign * item) if known else None

    def weakest(self, orders: list[Expr | None]) -> Expr | None:
        known = [item for item in orders if item is not None]
        return min(known, key=lambda item: self.sign * item) if len(known) == len(orders) else None

    def of_symbol(self, name: str) -> Expr | None:
        if name == self.variable:
            return sympy.Integer(1)
        formula = self.formulas.get(name)
        if formula is None:
            return sympy.Integer(0)
        return self.of(formula.cases[-1].expression)

    def of_power(self, base: Expr, exponent: Expr) -> Expr | None:
        inner = self.of(base)
        times = exponent.subs(nu, self.steps)
        if inner == 0 or times == 0:
            return sympy.Integer(0)
        return None if inner is None else inner * times

    def of_function(self, expression: Expr) -> Expr | None:
        if isinstance(expression, S):
            return None if expression.args[0].subs(nu, self.steps) == 0 else self.of(expression.args[1])
        if isinstance(expression, PowerGain):
            return self.of(expression.args[1])
        if isinstance(expression, sympy.Min):
            return self.weakest([self.of(item) for item in expression.args])
        if isinstance(expression, sympy.Max):
            return self.strongest([self.of(item) for item in expression.args])
        if isinstance(expression, sympy.Sum):
            index, low, high = expression.limits[0]
            first, last = (int(end.subs({nu: self.steps, tau: 3})) for end in (low, high))
            return self.strongest([self.of(expression.function.subs(index, value)) for value in range(first, last + 1)])
        raise TypeError(f"{expression}: no order for {type(expression).__name__}")


def growth(expression: Expr, formulas: Mapping[str, Formula], contracts: bool = False) -> Expr:
    """The exponential growth in nu as powers of q and of q^2 + eta^2, up to powers of nu.

    For q > 1, or where fine-tuning contracts for q < 1 and q^2 + eta^2 <= 1, where it is a decay.

    >>> growth(L_F, default_table().formulas), growth(b_HF, default_table().formulas, contracts=True)
    (q**(2*nu), q**(3*nu))
    """
    walk = _Growth(formulas, contracts)
    found = walk.leading(walk.of(expression))
    return sympy.Max(*(q ** (a * nu) * (q**2 + eta2) ** (c * nu) for a, c in found))


_FLAT: Growth = (sympy.Integer(0), sympy.Integer(0))


@dataclass(frozen=True)
class _Growth:
    """A walk that collects candidates (a, c) for growth q^a (q^2 + eta^2)^c, linear in nu and the summation indices."""

    formulas: Mapping[str, Formula]
    contracts: bool

    def leading(self, candidates: set[Growth]) -> set[Growth]:
        """Those that no other candidate outgrows, by their coefficients of nu."""
        found = {(sympy.expand(a).coeff(nu), sympy.expand(c).coeff(nu)) for a, c in candidates}
        return {one for one in found if not any(other != one and self._outgrows(other, one) for other in found)}

    def _outgrows(self, one: Growth, other: Growth) -> bool:
        pairs = zip(one, other, strict=True)
        return all(left <= right if self.contracts else left >= right for left, right in pairs)

    def of(self, expression: Expr) -> set[Growth]:
        if expression.is_Symbol:
            return self.of_symbol(expression)
        if isinstance(expression, sympy.Min):
            return self.smallest([self.of(term) for term in expression.args])
        if expression.is_Add or isinstance(expression, sympy.Max):
            return set().union(*(self.of(term) for term in expression.args))
        if expression.is_Mul:
            total = {_FLAT}
            for factor in expression.args:
                total = {(a + b, c + d) for a, c in total for b, d in self.of(factor)}
            return total
        if expression.is_Pow:
            return self.of_power(*expression.as_base_exp())
        return self.of_function(expression)

    def of_symbol(self, symbol: Expr) -> set[Growth]:
        """The case without mu for q > 1, that with mu where fine-tuning contracts."""
        formula = self.formulas.get(str(symbol))
        if formula is None or symbol in (q, eta2):
            return {_FLAT}
        return self.of(formula.cases[0 if self.contracts else -1].expression)

    def smallest(self, found: list[set[Growth]]) -> set[Growth]:
        """The candidates of the part of a minimum that every other part outgrows, of all where there is none."""
        leading = [self.leading(part) for part in found]
        for part, own in zip(found, leading, strict=True):
            if all(any(self._outgrows(other, one) for other in others) for others in leading for one in own):
                return part
        return set().union(*found)

    def of_function(self, expression: Expr) -> set[Growth]:
        if isinstance(expression, S):
            grown = set() if self.contracts else self.of_power(expression.args[1], expression.args[0])
            return {_FLAT} | grown
        if isinstance(expression, PowerGain):
            lower, gain, power = cast(tuple[Expr, ...], expression.args)
            return self.of_power(lower + gain, power)
        if isinstance(expression, sympy.Sum):
            index, low, high = expression.limits[0]
            inside = self.of(expression.function)
            return {(a.subs(index, end), c.subs(index, end)) for a, c in inside for end in (low, high)}
        return {_FLAT}

    def of_power(self, base: Expr, exponent: Expr) -> set[Growth]:
        if exponent.is_number:
            return {(a * exponent, c * exponent) for a, c in self.of(base)}
        if base == q**2 + eta2:
            return {(sympy.Integer(0), exponent)}
        inner, power = base.as_base_exp()
        return {(power * exponent, sympy.Integer(0))} if inner == q else {_FLAT}


@dataclass(frozen=True)
class _Row:
    """A term whose order is asked for: which statement, what it is, in which variables, at which nu."""

    statement: str
    term: str
    expression: Expr
    variables: tuple[tuple[Symbol, str], ...]
    regime: str = "small h"
    steps: int = 3
    remark: str = ""


_FALLING = ((beta, TO_ZERO), (D, TO_INFINITY))
_ROWS = (
    _Row("T2", "optimisation", F0_gap / (A * beta * tau * K), ((beta, TO_ZERO), (K, TO_INFINITY))),
    _Row(
        "T2", "stochastic floor", h * sigma_F2 / (tau * m),
        ((h, TO_ZERO), (sigma_F2, TO_ZERO), (tau, TO_INFINITY), (m, TO_INFINITY)), "fixed or small h",
    ),
    _Row("T2", "sampling floor", h * kappa * gamma_F**2, ((h, TO_ZERO), (kappa, TO_ZERO), (gamma_F, TO_ZERO))),
    _Row(
        "T2", "drift floor", x**2 * gamma_F**2, ((h, TO_ZERO), (gamma_F, TO_ZERO)), "tau > 1",
        remark="absent at tau = 1 and when all F_i have equal Hessians",
    ),
    _Row("S5p", "squared bias", b_sto_2**2, _FALLING, "nu = 1, large D", steps=1),
    _Row("S5p", "squared bias", b_sto_2**2, _FALLING, "nu >= 2, rho > 0, large D"),
    _Row("S5", "squared bias", b_sto**2, _FALLING, "any nu >= 1", remark="also inside sigma_F^2"),
    _Row("S5s", "squared bias", b_sto_3**2, _FALLING, "any nu >= 1", remark="for third derivatives that are Lipschitz"),
    _Row(
        "S8", "squared first-order error", b_FO**2, _FALLING, "any nu >= 1",
        remark="the measured floor is absent without heterogeneity",
    ),
    _Row(
        "S9", "squared Hessian-free error", b_HF**2, ((beta, TO_ZERO), (delta, TO_ZERO)), "any nu >= 1",
        remark="the true error falls as delta^4 when the third derivative is Lipschitz",
    ),
)  # fmt: skip
_GROWING = (B_F, b_FO, L_F, gamma_F, b_sto, b_HF, sigma_F2)


def exponents() -> tuple[Exponent, ...]:
    """Every exponent that T2 and its constants predict, derived from the expressions.

    A bound's exponent is an upper bound: a measured slope may be steeper, and then the bound is loose.

    >>> [str(row.exponent) for row in exponents() if (row.term, row.variable) == ("drift floor", "h")]
    ['2']
    """
    formulas = default_table().formulas
    held = {name: formula for name, formula in formulas.items() if name != h.name}
    found = []
    for row in _ROWS:
        for variable, toward in row.variables:
            known = held if variable == tau else formulas
            exponent = order(row.expression, variable.name, toward, known, row.steps)
            if exponent is None:
                raise ValueError(f"{row.term}: identically zero, it has no exponent in {variable}")
            found.append(_power_law(row.statement, row.term, variable, toward, exponent, row.regime, row.remark))
    contractive = "q < 1 and q^2 + eta^2 <= 1"
    for symbol in _GROWING:
        statement, name = formulas[symbol.name].source, symbol.name
        found.append(Exponent(statement, name, nu.name, TO_INFINITY, None, growth(symbol, formulas), "q > 1"))
        decay = growth(symbol, formulas, contracts=True)
        said = "up to a power of nu"
        found.append(Exponent(statement, name, nu.name, TO_INFINITY, None, decay, contractive, said))
    return (*found, *_linear_growth(formulas))


def _power_law(
    statement: str, term: str, variable: Symbol, toward: str, exponent: Expr, regime: str, remark: str = ""
) -> Exponent:
    return Exponent(statement, term, variable.name, toward, exponent, variable**exponent, regime, remark)


def _linear_growth(formulas: Mapping[str, Formula]) -> tuple[Exponent, ...]:
    """At q = 1: L_F and the gamma_H term of gamma_F are polynomials in nu."""
    smooth = formulas[L_F.name].expression.subs(q, 1).doit()
    spread = formulas[gamma_F.name].expression.subs(gamma_G, 0).subs(q, 1).doit()
    return tuple(
        _power_law(statement, term, nu, TO_INFINITY, sympy.Poly(expression, nu).degree(), "q = 1")
        for statement, term, expression in (("S4", "L_F", smooth), ("S7", "gamma_H term of gamma_F", spread))
    )
