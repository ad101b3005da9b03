"""The records that hold the mathematics: a formula is data, everything else reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import sympy

from theory.algebra import Expr
from theory.conditions import Condition, Otherwise
from theory.symbols import RECORDS
from theory.units import Unit

DERIVED = "derived"
PUBLISHED = "published"
CLAIM = "claim"


@dataclass(frozen=True)
class Case:
    """One case of a formula: its expression and when it applies."""

    expression: Expr
    when: Condition = field(default_factory=Otherwise)


@dataclass(frozen=True)
class Hypothesis:
    """An inequality or equation `left relation right` that must hold for a formula to have a value.

    `optional` names an input without which the hypothesis says nothing (mu, or nu for published forms).
    """

    name: str
    left: Expr
    relation: str
    right: Expr
    optional: str = ""

    @cached_property
    def difference(self) -> Expr:
        """Left minus right, whose sign decides."""
        return self.left - self.right


@dataclass(frozen=True)
class Formula:
    """A named quantity: cases tried in order, hypotheses, provenance, source and the recursion of its proof.

    `recursion` maps a number of steps (nu, or tau where `steps` says so) to the expression that the proof's
    recursion gives; it equals the closed form with that number put in.
    """

    name: str
    cases: tuple[Case, ...]
    source: str
    hypotheses: tuple[Hypothesis, ...] = ()
    provenance: str = DERIVED
    recursion: Callable[[int], Expr] | None = None
    steps: str = "nu"
    declared: Unit | None = None
    says: str = ""

    @property
    def unit(self) -> Unit:
        """The unit declared in the table of symbols; a claim, which is not in it, declares its own."""
        return self.declared or RECORDS[self.name].unit

    @property
    def meaning(self) -> str:
        """What it is, in a few words."""
        return self.says or RECORDS[self.name].meaning

    @property
    def expression(self) -> Expr:
        """The expression; several cases come as a Piecewise whose conditions are named symbols."""
        if len(self.cases) == 1:
            return self.cases[0].expression
        pairs = [(case.expression, _label(case.when)) for case in self.cases]
        return sympy.Piecewise(*pairs, evaluate=False)

    @property
    def names(self) -> frozenset[str]:
        """Every symbol in some case, indices of sums excluded."""
        return frozenset(str(item) for case in self.cases for item in case.expression.free_symbols)


def _label(condition: Condition) -> object:
    return True if isinstance(condition, Otherwise) else sympy.Symbol(condition.latex)


def formula(
    name: str,
    expression: Expr,
    source: str,
    *,
    hypotheses: tuple[Hypothesis, ...] = (),
    provenance: str = DERIVED,
    recursion: Callable[[int], Expr] | None = None,
    steps: str = "nu",
) -> Formula:
    """A formula with a single case."""
    return Formula(name, (Case(sympy.sympify(expression)),), source, hypotheses, provenance, recursion, steps)
