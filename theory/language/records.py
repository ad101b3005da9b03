"""The records that hold the mathematics: formulas and statements are data, everything else reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sympy

from theory.language.algebra import Expr
from theory.language.conditions import Condition, Otherwise
from theory.language.modes import Mode
from theory.language.symbols import Symbol
from theory.language.units import Unit

DERIVED = "derived"
PUBLISHED = "published"
CLAIM = "claim"
OURS = "derived here; setting of arXiv 2504.21327"
IDENTITY, DETERMINISTIC, EXPECTATION = "identity", "deterministic", "expectation"


@dataclass(frozen=True)
class Case:
    """One case of a formula: its expression and when it applies."""

    expression: Expr
    when: Condition = field(default_factory=Otherwise)


@dataclass(frozen=True)
class Hypothesis:
    """An inequality or equation `left relation right` that must hold for a formula to have a value.

    `optional` names an input without which the hypothesis says nothing (mu, or nu for published forms). `written`: what
    must have a value besides, because it was written though it cancels from the difference. `when`: where it is asked.
    """

    name: str
    left: Expr
    relation: str
    right: Expr
    optional: str = ""
    written: tuple[Expr, ...] = ()
    when: Condition = field(default_factory=Otherwise)

    @cached_property
    def difference(self) -> Expr:
        """Left minus right, whose sign decides."""
        return self.left - self.right

    def same_as(self, other: Hypothesis) -> bool:
        """Whether the other one says the same, wherever the two are asked."""
        return replace(self, when=other.when) == other


@dataclass(frozen=True)
class Assumed:
    """A hypothesis that no input decides, such as W0+; `settled`: conditions under which it holds, each with why."""

    name: str
    detail: str
    settled: tuple[tuple[Condition, str], ...] = ()
    when: Condition = field(default_factory=Otherwise)


@dataclass(frozen=True)
class Formula:
    """What a symbol stands for: cases tried in order, hypotheses, provenance, source and the recursion of its proof.

    `recursion` maps a number of steps (nu, or tau where `steps` says so) to the expression that the proof's
    recursion gives; it equals the closed form with that number put in. `written`: what must have a value besides the
    expression, because a user wrote it though it cancels. `choices`: where it has free numbers that are not given, its
    value is the least over these.
    """

    symbol: Symbol
    cases: tuple[Case, ...]
    source: str
    hypotheses: tuple[Hypothesis, ...] = ()
    provenance: str = DERIVED
    recursion: Callable[[int], Expr] | None = None
    steps: str = "nu"
    written: tuple[Expr, ...] = ()
    assumed: tuple[Assumed, ...] = ()
    choices: tuple[Choice, ...] = ()

    @property
    def name(self) -> str:
        """The name of its symbol."""
        return self.symbol.name

    @property
    def unit(self) -> Unit:
        """The unit of its symbol."""
        return self.symbol.record.unit

    @cached_property
    def expression(self) -> Expr:
        """The expression; several cases come as a Piecewise whose conditions are named symbols."""
        if len(self.cases) == 1:
            return self.cases[0].expression
        pairs = [(case.expression, _label(case.when)) for case in self.cases]
        return sympy.Piecewise(*pairs, evaluate=False)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every symbol in some case, indices of sums excluded."""
        return frozenset(str(item) for case in self.cases for item in case.expression.free_symbols)


@dataclass(frozen=True)
class Choice:
    """One element of the list over which a right side with free numbers is least: what they stand for, and where.

    `formulas` stand in the table in the place of the numbers' own; `options` are set beside those given.
    """

    text: str
    formulas: tuple[Formula, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    when: Condition = field(default_factory=Otherwise)


def _label(condition: Condition) -> object:
    return True if isinstance(condition, Otherwise) else sympy.Symbol(condition.latex)


def formula(symbol: Symbol, expression: Expr, source: str, **more: Any) -> Formula:
    """A formula with a single case; `more` are the other fields of Formula."""
    return Formula(symbol, (Case(sympy.sympify(expression)),), source, **more)


def dependencies(formulas: Mapping[str, Formula], name: str) -> frozenset[str]:
    """Every symbol that a quantity uses in some case, directly or through other quantities."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        item = waiting.pop()
        if item not in seen:
            seen.add(item)
            waiting.extend(formulas[item].names if item in formulas else ())
    return frozenset(seen)


@dataclass(frozen=True)
class Lemma:
    """An argument that several proofs share: they name it as `Lemma L1`."""

    id: str
    title: str
    claim: str
    proof: str


@dataclass(frozen=True)
class Line:
    """One displayed relation: `left relation quantity suffix`; `literal` replaces the quantity in an identity."""

    left: str
    quantity: Symbol | None = None
    suffix: str = ""
    relation: str = r"\le"
    literal: str = ""


@dataclass(frozen=True)
class Statement:
    """A statement of the theory. Formulas are named, never retyped: the display prints them from the table.

    The first of `quantities` is the main right side; the others are shown with it. `within`: the statement that
    contains it, as its proof shows. `serves`: what else than the modes it is used in. `points`: symbols with the LaTeX
    that says at which point they are meant here. `defines`: sequences that stand in no quantity of their own, left side
    and expression.
    """

    id: str
    title: str
    claim: str
    measures: str
    quantities: tuple[Symbol, ...]
    lines: tuple[Line, ...]
    kind: str
    assumptions: tuple[str, ...]
    modes: tuple[Mode, ...]
    source: str
    provenance: str = DERIVED
    proof: str = ""
    within: str = ""
    serves: str = ""
    points: tuple[tuple[Symbol, str], ...] = ()
    defines: tuple[tuple[str, Expr], ...] = ()
