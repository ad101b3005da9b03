"""Right sides for thousands of instances at once: a walk over an expression in torch, for the search only.

What the search finds is confirmed in exact or ball arithmetic elsewhere; nothing here decides anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import sympy
import torch
from torch import Tensor

from theory.language.algebra import Expr, Kept, PowerGain, S
from theory.language.conditions import AllOf, AllZero, AnyGiven, Chosen, Condition, Given, IsOne, ModeIs, Not
from theory.language.options import OPTIONS
from theory.language.records import Formula, Hypothesis, dependencies
from theory.language.symbols import eps
from theory.statements.t1d_terms import A, N
from theory.tables import Table

MOST_TERMS = 1_000
RELATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "<=": lambda gap: gap <= 0,
    "<": lambda gap: gap < 0,
    ">": lambda gap: gap > 0,
    ">=": lambda gap: gap >= 0,
    "==": lambda gap: gap.abs() < 1e-12,
}
EQUAL = 1e-9  # of the terms of an equation's difference: a counterexample fulfils it exactly, the search up to rounding


_WEIGHED = frozenset({str(A), str(N)})  # what a free number weighs against each other


class LongSumError(ValueError):
    """A sum of more terms than a search has time for."""


def _double(number: Expr) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


@dataclass
class BatchScope:
    """Inputs as tensors of one length, counts as integers, over a table of formulas.

    options: words that choose between cases, by key. chosen: formulas in place of the table's. parts: of a quantity
    with free numbers, what enters its value under the element of the list that is least, entry by entry.
    """

    table: Table
    inputs: Mapping[str, Tensor]
    counts: Mapping[str, int]
    mode: str
    options: Mapping[str, str] = field(default_factory=dict)
    known: dict[str, Tensor] = field(default_factory=dict)
    chosen: Mapping[str, Formula] = field(default_factory=dict)
    parts: dict[str, Tensor] = field(default_factory=dict)

    def value(self, name: str) -> Tensor:
        """A quantity or input."""
        if name in self.inputs:
            return self.inputs[name]
        if name in self.counts:
            return torch.as_tensor(float(self.counts[name]), dtype=torch.float64)
        if name not in self.known:
            free = self._formula(name).choices and eps.name not in (*self.inputs, *self.chosen)
            self.known[name] = self._least(name) if free else self._cases(name)
        return self.known[name]

    def part(self, name: str, of: str) -> Tensor:
        """A quantity as it enters another one, which may be the least over a list."""
        self.value(of)
        return self.parts[name] if name in self.parts else self.value(name)

    def _formula(self, name: str) -> Formula:
        return self.chosen[name] if name in self.chosen else self.table.formulas[name]

    def _least(self, name: str) -> Tensor:
        """The least value over the list of a quantity with free numbers, of what its hypotheses admit."""
        formula, found = self._formula(name), torch.as_tensor(torch.inf, dtype=torch.float64)
        weighed = dependencies(self.table.formulas, name) & _WEIGHED
        for choice in formula.choices:
            if any(value not in OPTIONS[key].allowed(self.options.get(key)) for key, value in choice.options.items()):
                continue
            at = BatchScope(
                self.table, self.inputs, self.counts, self.mode, {**self.options, **choice.options}, self._settled(),
                {item.name: item for item in choice.formulas},
            )  # fmt: skip
            applies = torch.as_tensor(at.holds(choice.when))
            if not bool(applies.any()):
                continue
            value = torch.where(applies & at.admits(formula.hypotheses), at._cases(name), torch.inf)
            self.known |= at._settled()
            better = value < found
            for part in weighed:
                now = at.value(part)
                self.parts[part] = torch.where(better, now, self.parts.get(part, now))
            found = torch.minimum(found, value)
        return found

    def _settled(self) -> dict[str, Tensor]:
        """What is known and no choice changes."""
        return {name: value for name, value in self.known.items() if name not in self.table.unsettled}

    def admits(self, hypotheses: Iterable[Hypothesis]) -> Tensor:
        """Whether these hold, where they are asked."""
        good = torch.as_tensor(True)
        for hypothesis in hypotheses:
            if hypothesis.optional and hypothesis.optional not in (*self.inputs, *self.counts):
                continue
            asked = torch.as_tensor(self.holds(hypothesis.when))
            if bool(asked.any()):
                good = good & (~asked | self._met(hypothesis))
        return good

    def _met(self, hypothesis: Hypothesis) -> Tensor:
        if hypothesis.relation == "==":
            return self.relative(hypothesis.difference).abs() <= EQUAL
        return RELATIONS[hypothesis.relation](self.walk(hypothesis.difference))

    def relative(self, difference: Expr) -> Tensor:
        """A difference over the size of its terms; 0 where all of them are."""
        terms = [self.walk(term) for term in sympy.Add.make_args(difference)]
        size = sum((term.abs() for term in terms), torch.as_tensor(0.0, dtype=torch.float64))
        return sum(terms, torch.as_tensor(0.0, dtype=torch.float64)) / torch.where(size > 0, size, 1.0)

    def _cases(self, name: str) -> Tensor:
        chosen: list[tuple[Tensor | bool, Tensor]] = []
        for case in self._formula(name).cases:
            met = self.holds(case.when)
            if met is not False:
                chosen.append((met, self._case(case.expression, beside=bool(chosen))))
            if met is True:
                break
        if not chosen:
            raise KeyError(name)
        result = chosen.pop()[1]
        for met, value in reversed(chosen):
            result = torch.where(torch.as_tensor(met), value, result)
        return result

    def _case(self, expression: Expr, *, beside: bool) -> Tensor:
        """The value of a case; no number where it stands beside others and asks for what is not given."""
        try:
            return self.walk(expression)
        except KeyError:
            if not beside:
                raise
            return torch.as_tensor(torch.nan, dtype=torch.float64)

    def holds(self, condition: Condition) -> bool | Tensor:
        """Whether a condition is met: one answer, or one an entry."""
        if isinstance(condition, Not):
            inner = self.holds(condition.condition)
            return not inner if isinstance(inner, bool) else ~inner
        if isinstance(condition, AllOf):
            answers = [self.holds(one) for one in condition.conditions]
            sure = all(answer is not False for answer in answers)
            entries = [answer for answer in answers if not isinstance(answer, bool)]
            return sure if not sure or not entries else torch.stack(torch.broadcast_tensors(*entries)).all(0)
        if isinstance(condition, Given):
            return condition.symbol.name in self.inputs
        if isinstance(condition, AnyGiven):
            return any(symbol.name in self.inputs for symbol in condition.symbols)
        if isinstance(condition, ModeIs):
            return self.mode == condition.mode.name
        if isinstance(condition, Chosen):
            return self.options.get(condition.option.name, condition.option.default) == condition.value
        if isinstance(condition, IsOne):
            return self.counts.get(condition.symbol.name) == 1
        if isinstance(condition, AllZero):
            zero = torch.as_tensor(True)
            for symbol in condition.symbols:
                zero = zero & (self.value(symbol.name) == 0)
            return bool(zero.all()) if bool(zero.all() == zero.any()) else zero
        return True

    def count(self, expression: Expr, indices: Mapping[str, int]) -> int:
        """A number of steps."""
        given = {item: {**self.counts, **indices}[str(item)] for item in expression.free_symbols}
        return int(expression.subs(given))

    def steps(self, expression: Expr, indices: Mapping[str, int]) -> int:
        """The same for a sum; LongSumError where it has more terms than a search has time for."""
        found = self.count(expression, indices)
        if found > MOST_TERMS:
            raise LongSumError(f"{found} terms, at most {MOST_TERMS} are searched")
        return found

    def walk(self, expression: Expr, indices: Mapping[str, int] | None = None) -> Tensor:
        """The value of an expression."""
        at = indices or {}
        if expression.is_Number or expression is sympy.E:
            return torch.as_tensor(_double(expression), dtype=torch.float64)
        if expression.is_Symbol:
            name = str(expression)
            return torch.as_tensor(float(at[name]), dtype=torch.float64) if name in at else self.value(name)
        if expression.is_Pow:
            base, exponent = expression.args
            return self._power(base, exponent, at)
        if isinstance(expression, S):
            base, total = self.walk(expression.args[1], at), torch.as_tensor(0.0, dtype=torch.float64)
            for _ in range(self.steps(expression.args[0], at)):
                total = 1.0 + base * total
            return total
        if isinstance(expression, PowerGain):
            base, gain = (self.walk(part, at) for part in expression.args[:2])
            steps = self.count(expression.args[2], at)
            return (base + gain) ** steps - base**steps
        if isinstance(expression, sympy.Sum):
            index, low, high = expression.limits[0]  # type: ignore[misc]
            total = torch.as_tensor(0.0, dtype=torch.float64)
            self.steps(high - low, at)
            for step in range(self.count(low, at), self.count(high, at) + 1):
                total = total + self.walk(expression.function, {**at, str(index): step})  # type: ignore[attr-defined]
            return total
        return self._folded(expression, [self.walk(part, at) for part in expression.args])

    def _power(self, base: Expr, exponent: Expr, at: Mapping[str, int]) -> Tensor:
        value = self.walk(base, at)
        power = float(exponent) if exponent.is_Number else self.count(2 * exponent, at) / 2
        return torch.ones_like(value) if power == 0 else value**power

    @staticmethod
    def _folded(expression: Expr, parts: list[Tensor]) -> Tensor:
        if isinstance(expression, Kept):
            return parts[0]
        if isinstance(expression, sympy.exp):
            return parts[0].exp()
        if isinstance(expression, sympy.log):
            return parts[0].log()
        if isinstance(expression, sympy.Abs):
            return parts[0].abs()
        combine = {
            sympy.Add: torch.add, sympy.Mul: torch.mul, sympy.Min: torch.minimum, sympy.Max: torch.maximum
        }[type(expression)]  # fmt: skip
        total = parts[0]
        for part in parts[1:]:
            total = combine(total, part)
        return total


def shares(table: Table, quantity: str, scope: BatchScope) -> list[tuple[str, Tensor]]:
    """The additive terms of a right side, each over the whole."""
    whole = scope.value(quantity)
    case = next(case for case in table.formulas[quantity].cases if scope.holds(case.when) is not False)
    terms = sympy.Add.make_args(case.expression)
    at = BatchScope(table, {**scope.inputs, **scope.parts}, scope.counts, scope.mode, scope.options)
    return [(str(term), at.walk(term) / whole) for term in terms]
