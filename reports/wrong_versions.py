"""Plausible wrong versions of bounds, made from the expressions of the right ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import sympy

from theory.claims.grammar import read_expression
from theory.language.algebra import Expr, PowerGain
from theory.language.records import Case, Formula
from theory.tables import Table, default_table

Change = Callable[[Expr], Expr]

FACTOR, EXPONENT, TERM, CONSTANT, SUM, BATCH, AGENTS = (
    "a lost factor",
    "a wrong exponent",
    "a lost term",
    "a wrong constant",
    "a sum shortened or made linear",
    "a wrong power of a batch size",
    "a wrong count of agents",
)


@dataclass(frozen=True)
class Planted:
    """A wrong version: the statement it is a version of, the quantity that is changed, and how.

    lower_order marks a change in a term that is small beside the others where the bound is usually used.
    """

    statement: str
    quantity: str
    kind: str
    wrong: str
    change: Change
    lower_order: bool = False

    @property
    def name(self) -> str:
        """A readable and unique name."""
        return f"{self.statement}: {self.quantity}: {self.wrong}"

    def planted_in(self, table: Table) -> Table:
        """The table with the wrong version in the place of the right one.

        Raises ValueError when the change changes nothing.
        """
        right = table.formulas[self.quantity]
        cases = tuple(Case(self.change(case.expression), case.when) for case in right.cases)
        if all(new.expression == old.expression for new, old in zip(cases, right.cases, strict=True)):
            raise ValueError(f"{self.name}: the change does not occur in {right.expression}")
        return table.altered(_with(right, cases))


def _with(right: Formula, cases: tuple[Case, ...]) -> Formula:
    return replace(right, cases=cases)


@cache
def _parsed(text: str) -> Expr:
    return read_expression(text, default_table().symbols)


def swap(old: str, new: str) -> Change:
    """Every occurrence of a part replaced by another."""
    return lambda expression: expression.xreplace({_parsed(old): _parsed(new)})


def scaled(containing: str, factor: str) -> Change:
    """The terms of a sum that contain a part, times a factor (0: lost)."""

    def change(expression: Expr) -> Expr:
        part, times = _parsed(containing), _parsed(factor)
        return sympy.Add(*(term * times if term.has(part) else term for term in sympy.Add.make_args(expression)))

    return change


def times(factor: str) -> Change:
    """The whole right side times a factor."""
    return lambda expression: expression * _parsed(factor)


def becomes(text: str) -> Change:
    """Another right side altogether."""
    return lambda _: _parsed(text)


def gain_becomes(text: str) -> Change:
    """The gain (q^2 + eta^2)^nu - q^{2 nu} of the Hessian noise replaced."""
    return lambda expression: expression.replace(lambda node: isinstance(node, PowerGain), lambda _: _parsed(text))


def versions(statement: str, quantity: str, *entries: tuple) -> tuple[Planted, ...]:
    """Wrong versions of one quantity of a statement: (kind, in words, change) and whether in a lower-order term."""
    return tuple(Planted(statement, quantity, *entry) for entry in entries)
