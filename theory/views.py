"""What a table shows of its records: a quantity with its values, a bound with its display."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Protocol

from flint import arb

from theory.enclosure.choosing import best
from theory.enclosure.evaluation import Evaluation, Point, bracket, enclosures
from theory.enclosure.hypotheses import HypothesisCheck, assumption, check, holds
from theory.enclosure.rounding import Bracket
from theory.enclosure.scope import Ends, Scope, missing
from theory.language.errors import Inadmissible, InputError, NoValue, PrecisionError, TooLarge
from theory.language.grids import broadcast
from theory.language.records import CLAIM, Assumed, Choice, Formula, Hypothesis, Line, Statement, dependencies
from theory.language.symbols import Symbol, eps
from theory.printing.latex import formula_latex, hypothesis_latex, latex, right_latex
from theory.printing.mathml import mathml
from theory.statements.s02 import CURVATURE_ORDER


class Source(Protocol):
    """The table that a view reads."""

    @property
    def formulas(self) -> Mapping[str, Formula]:
        """The formulas by name."""
        ...

    @property
    def unsettled(self) -> frozenset[str]:
        """The quantities that a choice can change."""
        ...

    def scope(self, inputs: Mapping[str, object]) -> Scope:
        """The inputs over the formulas."""
        ...


def _of(place: str, doc: str) -> Any:
    """An attribute of the record behind a view."""
    return property(attrgetter(place), doc=doc)


@dataclass(frozen=True)
class Quantity:
    """A named quantity over a table of formulas: its expression, how it is printed, and its value.

    >>> import theory
    >>> theory.quantity("L_F").value(alpha=1, L=1, rho="1/2", B=3, nu=1)
    5.5
    """

    formula: Formula
    over: Source = field(repr=False)

    name = _of("formula.name", "The ASCII name.")
    meaning = _of("formula.symbol.record.meaning", "What it is, in a few words.")
    expression = _of("formula.expression", "The sympy expression, in inputs and in other quantities.")
    provenance = _of("formula.provenance", "Derived, published or claimed.")
    source = _of("formula.source", "The statement or paper it comes from.")
    hypotheses = _of("formula.hypotheses", "The hypotheses of its own; those of what it uses are checked as well.")

    @property
    def unit(self) -> str:
        """The unit in [F] and [W]."""
        return str(self.formula.unit)

    @property
    def latex(self) -> str:
        """The quantity with its definition, printed from the expression."""
        return formula_latex(self.formula)

    def _repr_latex_(self) -> str:
        """The same, as a notebook shows it."""
        return rf"$\displaystyle {self.latex}$"

    @property
    def mathml(self) -> str:
        """The same as a MathML element."""
        return mathml(self.latex)

    def evaluate(self, **inputs: object) -> Evaluation:
        """Everything about one evaluation; a failed hypothesis gives value None and does not raise.

        Raises:
            InputError: an input is unknown, missing or out of range, or the value overflows.
        """
        scope, choice = self._scope(inputs)
        checks = self._checks(scope)
        exact = value = digits = enclosure = None
        if all(item.holds for item in checks):
            found = bracket(scope, self.name)
            exact, value, digits, enclosure = found.exact, found.value, found.digits, found.texts
        text = choice.text if choice else ""
        return Evaluation(self.name, exact, value, digits, enclosure, checks, self.provenance, self.source, text)

    def checks(self, between: Ends | None = None, /, **inputs: object) -> tuple[HypothesisCheck, ...]:
        """The hypotheses alone, decided for all values of the measured inputs, which lie between the given ends.

        Raises:
            InputError: an input is unknown, missing or out of range.
            PrecisionError: a hypothesis is not decided by 4096 bits.
        """
        return self._checks(self._scope(inputs)[0].measured(between or {}))

    def _checks(self, scope: Scope) -> tuple[HypothesisCheck, ...]:
        hypotheses, assumed = self._required(scope)
        return (*(check(scope, item) for item in hypotheses), *(assumption(scope, item) for item in assumed))

    def terms(self, names: Iterable[str], /, **inputs: object) -> dict[str, float] | None:
        """Parts of it by name, as they enter its value; None where a hypothesis fails.

        Where it has free numbers that are not given, all parts are those of the element that gives its value.

        Raises:
            InputError: an input is unknown, missing or out of range, or a part overflows.
        """
        scope, _ = self._scope(inputs)
        if not all(holds(scope, hypothesis) for hypothesis in self._required(scope)[0]):
            return None
        return {name: float(bracket(scope, name).value) for name in names}

    def enclosures(self, between: Ends | None = None, /, **inputs: object) -> Iterator[arb]:
        """Balls around the value at rising precision, for whoever only compares it; hypotheses are not looked at.

        Measured inputs lie between the given ends: the balls hold the values for all of them.

        >>> import theory
        >>> ball = next(theory.quantity("B_F").enclosures({"B": (2, 3)}, alpha=1, L=1, B="5/2", nu=1))
        >>> ball.contains(4), ball.contains(6), ball.contains(7)
        (True, True, False)

        Raises:
            NoValue: it is no real, finite number.
        """
        return enclosures(self._scope(inputs)[0].measured(between or {}), self.name)

    def value(self, **inputs: object) -> float:
        """The correctly rounded double.

        Raises:
            Inadmissible: a hypothesis fails; the message has both sides in numbers.
            InputError: an input is unknown, missing or out of range, or the value overflows.
        """
        return self._bracket(inputs).value

    def table(self, **inputs: object) -> list[dict[str, object]]:
        """Its values over arrays of inputs, which broadcast: one dict a point, as pandas.DataFrame takes them.

        A dict has the inputs, the value under the quantity's name (None where it has none) and `reason`, why not.

        >>> import theory
        >>> theory.quantity("q").table(alpha="1/2", L=[1, 3])[1]
        {'alpha': '1/2', 'L': 3, 'q': 2.5, 'reason': ''}

        Raises:
            InputError: an input is unknown, missing or out of range, or arrays do not broadcast.
        """
        found = self.at(broadcast(inputs))
        return [{**point.inputs, self.name: point.value, "reason": point.reason} for point in found]

    def at(self, points: Iterable[Mapping[str, object]]) -> Iterator[Point]:
        """Everything about every point; a right side that is no number there, or too large a one, ends nothing.

        Raises:
            InputError: an input is unknown, missing or out of range.
        """
        for inputs in points:
            try:
                outcome = self.evaluate(**inputs)
                yield Point(inputs, outcome, "; ".join(f"{one.name} fails, {one.detail}" for one in outcome.failed))
            except (NoValue, TooLarge, PrecisionError) as error:
                yield Point(inputs, None, str(error))

    def enclosure(self, **inputs: object) -> tuple[float, float]:
        """Equal or neighbouring doubles with lo <= exact value <= hi.

        Raises:
            PrecisionError: 4096 bits do not tell on which side of a double the value is.
        """
        found = self._bracket(inputs)
        if found.exact is None and not found.decided:
            raise PrecisionError(f"{self.name} is not told from {found.value} by 4096 bits")
        return found.enclosure

    def _bracket(self, inputs: Mapping[str, object]) -> Bracket:
        scope, _ = self._scope(inputs)
        for hypothesis in self._required(scope)[0]:
            if not holds(scope, hypothesis):
                found = check(scope, hypothesis)
                raise Inadmissible(f"{self.name} has no value: {found.name} fails, {found.detail}")
        return bracket(scope, self.name)

    def _required(self, scope: Scope) -> tuple[list[Hypothesis], list[Assumed]]:
        """The hypotheses of everything it uses."""
        absent, hypotheses, assumed = scope.requirements([self.name])
        if absent:
            raise InputError(f"{self.name}: {missing(absent)}")
        if "mu" in scope.inputs and "L" in scope.inputs:
            hypotheses += [item for item in CURVATURE_ORDER if item not in hypotheses]
        return hypotheses, assumed

    def _scope(self, inputs: Mapping[str, object]) -> tuple[Scope, Choice | None]:
        """The inputs over the table; where the quantity has free numbers that are not given, with the best choice."""
        scope = self.over.scope(inputs)
        if not self.formula.choices or eps.name in scope.inputs:
            return scope, None
        if self.name not in scope.choices:
            scope.choices[self.name] = best(scope, self.formula, self.over.unsettled)
        return scope.choices[self.name]


@dataclass(frozen=True)
class Bound:
    """A statement over a table of formulas.

    >>> import theory
    >>> theory.bound("S4").quantity, theory.bound("S4").kind
    ('L_F', 'deterministic')
    """

    statement: Statement
    table: Source = field(repr=False)

    id = _of("statement.id", "The statement's identifier, as in S4 or per_fedavg.L_F.")
    title = _of("statement.title", "A short title.")
    claim = _of("statement.claim", "One sentence with inline LaTeX.")
    measures = _of("statement.measures", "What the left side is.")
    kind = _of("statement.kind", "identity, deterministic or expectation.")
    assumptions = _of("statement.assumptions", "The assumptions it uses, as keys of ASSUMPTIONS.")
    provenance = _of("statement.provenance", "Derived, published or claimed.")
    source = _of("statement.source", "Where it comes from.")
    proof = _of("statement.proof", "The proof: steps as paragraphs, with inline and displayed LaTeX.")
    within = _of("statement.within", "The statement that contains it, empty where none does.")
    serves = _of("statement.serves", "What it is used for besides its modes.")

    @property
    def lemmas(self) -> tuple[str, ...]:
        """The lemmas that the proof names."""
        return tuple(dict.fromkeys(re.findall(r"\bL\d+\b", self.proof)))

    @property
    def assumed(self) -> tuple[Assumed, ...]:
        """The hypotheses that no input decides, those of what it uses included."""
        used = [self.quantity, *sorted(dependencies(self.table.formulas, self.quantity) - {self.quantity})]
        found = (item for name in used if name in self.table.formulas for item in self.table.formulas[name].assumed)
        return tuple({item.name: item for item in reversed([*found])}.values())

    @property
    def quantity(self) -> str:
        """The name of the main quantity on the right side."""
        return self.quantities[0]

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of all quantities that the statement shows."""
        return tuple(symbol.name for symbol in self.statement.quantities)

    @property
    def modes(self) -> tuple[str, ...]:
        """The names of the modes it speaks about."""
        return tuple(mode.name for mode in self.statement.modes)

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """The checkable hypotheses: those of the main quantity, and what an optional input asks of what it uses."""
        used = dependencies(self.table.formulas, self.quantity) - {self.quantity}
        others = (formula for name, formula in self.table.formulas.items() if name in used)
        inherited = (item for formula in others for item in formula.hypotheses if item.optional)
        return tuple(dict.fromkeys((*self.table.formulas[self.quantity].hypotheses, *inherited)))

    @property
    def latex(self) -> str:
        """The statement and the definitions of its quantities, as aligned rows."""
        rows = [self._row(line) for line in self.statement.lines]
        rows += [f"{left} &= {latex(expression)}" for left, expression in self.statement.defines]
        shown = {line.quantity for line in self.statement.lines if line.quantity and self._inlined(line.quantity)}
        defined = (self.table.formulas[name] for name in self.quantities)
        rows += [
            f"{item.symbol.record.latex} &= {right_latex(item)}"
            for item in defined
            if item.symbol not in shown and not _is_own_square(item)
        ]
        conditions = [hypothesis_latex(item) for item in self.hypotheses if item.optional not in ("mu", "mu_c")]
        rows += [rf"& {row}" for row in _condition_rows(conditions)]
        shown = r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}"
        for symbol, point in self.statement.points:
            shown = shown.replace(symbol.record.latex, point)
        return shown

    def _repr_latex_(self) -> str:
        """The same, as a notebook shows it."""
        return rf"$\displaystyle {self.latex}$"

    @property
    def mathml(self) -> str:
        """The same as a MathML element."""
        return mathml(self.latex)

    def _inlined(self, symbol: Symbol) -> bool:
        """A right side that is the statement's own quantity is written out in place."""
        name, stem = symbol.name, symbol.name.split("_")[0]
        own = self.id in (name, stem) if self.provenance == CLAIM else stem == self.id
        return own and len(self.table.formulas[name].cases) == 1

    def _row(self, line: Line) -> str:
        right = line.literal
        if line.quantity is not None:
            inlined = self._inlined(line.quantity)
            right = right_latex(self.table.formulas[line.quantity.name]) if inlined else line.quantity.record.latex
        return f"{line.left} &{line.relation} {right} {line.suffix}".rstrip()


_CONDITIONS = 100  # characters of LaTeX, about a line of the page


def _condition_rows(conditions: Sequence[str]) -> list[str]:
    r"""Conditions after an `if`, as many in a row as a line holds.

    >>> _condition_rows(["a > 0", "b > 0"])
    ['\\text{if } a > 0, \\quad b > 0']
    """
    rows: list[str] = []
    for condition in conditions:
        if rows and len(rows[-1]) + len(condition) <= _CONDITIONS:
            rows[-1] += rf", \quad {condition}"
        else:
            rows = [*rows[:-1], f"{rows[-1]},", rf"\quad {condition}"] if rows else [rf"\text{{if }} {condition}"]
    return rows


def _is_own_square(formula: Formula) -> bool:
    """True for gamma_F^2 = (gamma_F)^2, which says nothing in print."""
    base, exponent = formula.cases[0].expression.as_base_exp()
    return exponent == 2 and base.is_Symbol and base.record.latex == formula.symbol.record.root
