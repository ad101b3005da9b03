"""Inputs over a table of formulas: every quantity resolved at most once per precision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from flint import arb, ctx, fmpq

from theory.enclosure.arithmetic import BALLS, EXACT, Arithmetic
from theory.enclosure.exact import Exact, NotExact, ball, sign
from theory.enclosure.programs import program
from theory.language.algebra import Expr
from theory.language.conditions import Condition
from theory.language.errors import InputError, NoValue, PrecisionError
from theory.language.modes import Mode
from theory.language.records import Assumed, Case, Choice, Formula, Hypothesis
from theory.language.symbols import KNOWN, Symbol

PRECISIONS = (128, 256, 512, 1024, 2048, 4096)
Ends = Mapping[str, tuple[Fraction, Fraction]]  # a name -> the interval that it is known to lie in
MOST_STEPS = 100_000  # of all sums in one walk; 10^4 steps in every quantity of the theory take 4 * 10^4


class _Walk:
    """A frame: one arithmetic at one precision over one scope."""

    def __init__(self, scope: Scope, arithmetic: Arithmetic, bits: int) -> None:
        self.scope, self.arithmetic, self.bits = scope, arithmetic, bits
        self.indices: dict[str, int] = {}
        self.running: dict[str, list[Any]] = {}
        self.known: dict[str, Any] = {}
        self.steps = 0

    def spend(self, steps: int) -> None:
        self.steps += max(steps, 0)
        self.scope.spent += max(steps, 0)
        if self.steps > MOST_STEPS:
            raise PrecisionError(f"an evaluation of more than {MOST_STEPS} steps")

    def count(self, name: str) -> int:
        index = self.indices.get(name)
        return index if index is not None else self.scope.count(name)

    def value(self, name: str) -> Any:
        found = self.known.get(name)
        if found is None:
            if name in self.indices:
                return self.arithmetic.rational(fmpq(self.indices[name]))
            found = self.known[name] = self._find(name)
        return found

    def _find(self, name: str) -> Any:
        number = self.scope.exact(name)
        if self.arithmetic is EXACT:
            if number is None:
                raise NotExact
            return number
        if number is not None:
            return ball(number, self.bits)
        if name in self.scope.between:
            low, high = (ball(fmpq(end.numerator, end.denominator), self.bits) for end in self.scope.between[name])
            return low.union(high)
        return program(self.scope.case(name).expression)(self)


class Requirements(NamedTuple):
    """What quantities ask for: inputs that are missing, hypotheses to check, and what is assumed."""

    absent: list[str]
    hypotheses: list[Hypothesis]
    assumed: list[Assumed]


class Scope:
    """Exact inputs, a mode, options and a table of formulas; a quantity is computed at most once per precision.

    between: the ends of inputs that were measured; such an input is exact nowhere, `inputs` shows one value of it.
    """

    def __init__(
        self, formulas: Mapping[str, Formula], inputs: Mapping[str, Fraction], mode: Mode,
        between: Ends | None = None, options: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.formulas, self.inputs, self.mode, self.between = formulas, inputs, mode, between or {}
        self.options: Mapping[str, str] = options or {}
        self._numbers: dict[str, Exact | None] = {
            name: None if name in self.between else fmpq(value.numerator, value.denominator)
            for name, value in inputs.items()
        }
        self.spent = 0  # the steps of all sums so far
        self.choices: dict[str, tuple[Scope, Choice]] = {}  # the best choice of a quantity with free numbers
        self._cases: dict[str, Case] = {}
        self._exact: dict[str, Exact | None] = {}
        self._walks: dict[int, _Walk] = {}
        self._exact_walk = _Walk(self, EXACT, 0)

    def with_input(self, name: str, value: Fraction, stale: frozenset[str]) -> Scope:
        """The scope with one input changed; what does not depend on it (is not stale) is kept."""
        other = Scope(self.formulas, {**self.inputs, name: value}, self.mode, self.between, self.options)
        other._keep(self, stale)
        return other

    def with_choice(self, formulas: Mapping[str, Formula], options: Mapping[str, str], stale: frozenset[str]) -> Scope:
        """The scope with these formulas and options besides; what does not depend on them (is not stale) is kept."""
        joined, chosen = {**self.formulas, **formulas}, {**self.options, **options}
        other = Scope(joined, self.inputs, self.mode, self.between, chosen)
        other.learn(self, stale)
        return other

    def learn(self, other: Scope, stale: frozenset[str]) -> None:
        """Take over what another scope over the same inputs has computed, but for what is stale."""
        self._keep(other, stale)
        for bits, walk in other._walks.items():
            mine = self._walks.setdefault(bits, _Walk(self, BALLS, bits))
            mine.known |= {item: value for item, value in walk.known.items() if item not in stale}

    def _keep(self, other: Scope, stale: frozenset[str]) -> None:
        self._cases |= {item: case for item, case in other._cases.items() if item not in stale}
        self._exact |= {item: number for item, number in other._exact.items() if item not in stale}

    def measured(self, between: Ends) -> Scope:
        """The scope with intervals in place of some of its inputs; itself where there are none."""
        return Scope(self.formulas, self.inputs, self.mode, between, self.options) if between else self

    def count(self, name: str) -> int:
        """The value of an integer input."""
        value = self._given(name)
        if value.denominator != 1:
            raise InputError(f"{name} = {value}: expected an integer, it is used as a number of steps")
        return value.numerator

    def _given(self, name: str) -> Fraction:
        if name not in self.inputs:
            raise InputError(missing([name]))
        return self.inputs[name]

    def case(self, name: str) -> Case:
        """The case of a quantity that the inputs select."""
        found = self._cases.get(name)
        if found is None:
            found = next(case for case in self.formulas[name].cases if case.when.holds(self))
            self._cases[name] = found
        return found

    def exact(self, name: str) -> Exact | None:
        """The exact value of an input or quantity, None when it is irrational or too long."""
        if name in self._numbers:
            return self._numbers[name]
        if name not in self._exact:
            if name not in self.formulas:
                raise InputError(missing([name]))
            self._exact[name] = self.exact_of(self.case(name).expression)
        return self._exact[name]

    def exact_of(self, expression: Expr) -> Exact | None:
        """The exact value of an expression, None when there is none.

        Raises:
            NoValue: it is no real, finite number.
        """
        walk = self._exact_walk
        outer, walk.indices = walk.indices, {}
        walk.steps = 0
        try:
            return program(expression)(walk)
        except NotExact:
            return None
        finally:
            walk.indices = outer

    def ball_of(self, expression: Expr, bits: int) -> arb:
        """An enclosure of an expression, not finite where that is not proved to be a real, finite number."""
        walk = self._walks.get(bits)
        if walk is None:
            walk = self._walks[bits] = _Walk(self, BALLS, bits)
        outer, walk.indices = walk.indices, {}
        walk.steps = 0
        try:
            with ctx.workprec(bits):
                return program(expression)(walk)
        finally:
            walk.indices = outer

    def require_value(self, expression: Expr) -> None:
        """Return where the expression is a real, finite number.

        Raises:
            NoValue: it is none; the message has the expression and why.
            PrecisionError: that is not decided by 4096 bits.
        """
        try:
            if self.exact_of(expression) is not None:
                return
            if any(self.ball_of(expression, bits).is_finite() for bits in PRECISIONS):
                return
        except NoValue as error:
            raise NoValue(f"{expression} has no value: {error}") from None
        raise PrecisionError(f"whether {expression} has a value is not decided by {PRECISIONS[-1]} bits")

    def sign_of(self, expression: Expr) -> int:
        """-1, 0 or 1, decided: by exact arithmetic, else by balls of rising precision."""
        number = self.exact_of(expression)
        if number is not None:
            return sign(number)
        for bits in PRECISIONS:
            enclosure = self.ball_of(expression, bits)
            if enclosure > 0:
                return 1
            if enclosure < 0:
                return -1
            if enclosure == 0:
                return 0
        raise PrecisionError(f"the sign of {expression} is not decided by {PRECISIONS[-1]} bits")

    def is_zero(self, symbol: Symbol) -> bool:
        """Whether an input or quantity is exactly zero."""
        return self.sign_of(symbol) == 0

    def requirements(self, names: Iterable[str]) -> Requirements:
        """What the named quantities ask for, all that they use included."""
        absent: list[str] = []
        hypotheses: list[Hypothesis] = []
        assumed: list[Assumed] = []
        seen: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name in seen or name in self.inputs:
                continue
            seen.add(name)
            formula = self.formulas.get(name)
            if formula is None:
                absent.append(name)
                continue
            case = self._case_or_missing(name)
            for part in (case.expression, *formula.written):
                waiting.extend(sorted(symbol_names(part)))
            for hypothesis in formula.hypotheses:
                if hypothesis.optional and hypothesis.optional not in self.inputs:
                    continue
                if not self._applies(hypothesis.when):
                    continue
                if not any(hypothesis.same_as(item) for item in hypotheses):
                    hypotheses.append(hypothesis)
                for part in (hypothesis.left, hypothesis.right, *hypothesis.written):
                    waiting.extend(sorted(symbol_names(part)))
            known = {item.name for item in assumed}
            assumed += [item for item in formula.assumed if item.name not in known and self._applies(item.when)]
        return Requirements(absent, hypotheses, assumed)

    def _applies(self, condition: Condition) -> bool:
        """Whether a condition is met; what it asks about must be given first."""
        self._require(item.name for item in condition.asks)
        return condition.holds(self)

    def _require(self, names: Iterable[str]) -> None:
        if asked := list(names):
            absent = self.requirements(asked).absent
            if absent:
                raise InputError(missing(absent))

    def _case_or_missing(self, name: str) -> Case:
        """The case in use; what its conditions ask about must be given first."""
        for case in self.formulas[name].cases:  # a later case is asked about only where no earlier one is met
            self._require(item.name for item in case.when.asks)
            if case.when.holds(self):
                break
        return self.case(name)


@lru_cache(maxsize=4096)
def symbol_names(expression: Expr) -> frozenset[str]:
    """The names of an expression's free symbols."""
    return frozenset(str(item) for item in expression.free_symbols)


def missing(names: list[str]) -> str:
    """The message for missing inputs: each key with what is admissible."""
    records = {name: KNOWN[name].record for name in names if name in KNOWN}
    rows = (f"{name} ({records[name].meaning}; {records[name].range})" if name in records else name for name in names)
    return "missing " + ", ".join(rows)


def to_fraction(number: fmpq) -> Fraction:
    """The standard library's form of a rational."""
    return Fraction(int(number.p), int(number.q))
