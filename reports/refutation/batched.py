"""Right sides for thousands of instances at once: a walk over an expression in torch, for the search only.

What the search finds is confirmed in exact or ball arithmetic elsewhere; nothing here decides anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy
import torch
from torch import Tensor

from theory.language.algebra import Expr, Kept, PowerGain, S
from theory.language.conditions import AllZero, AnyGiven, Chosen, Condition, Given, IsOne, ModeIs
from theory.tables import Table

MOST_TERMS = 1_000


class LongSumError(ValueError):
    """A sum of more terms than a search has time for."""


def _double(number: Expr) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


@dataclass
class BatchScope:
    """Inputs as tensors of one length, counts as integers, over a table of formulas."""

    table: Table
    inputs: Mapping[str, Tensor]
    counts: Mapping[str, int]
    mode: str
    known: dict[str, Tensor] = field(default_factory=dict)

    def value(self, name: str) -> Tensor:
        """A quantity or input."""
        if name in self.inputs:
            return self.inputs[name]
        if name in self.counts:
            return torch.as_tensor(float(self.counts[name]), dtype=torch.float64)
        if name not in self.known:
            if name not in self.table.formulas:
                raise KeyError(name)
            self.known[name] = self._cases(name)
        return self.known[name]

    def _cases(self, name: str) -> Tensor:
        result: Tensor | None = None
        for case in reversed(self.table.formulas[name].cases):
            chosen = self._holds(case.when)
            if chosen is False:
                continue
            value = self.walk(case.expression)
            result = value if chosen is True or result is None else torch.where(chosen, value, result)
        if result is None:
            raise KeyError(name)
        return result

    def _holds(self, condition: Condition) -> bool | Tensor:
        if isinstance(condition, Given):
            return condition.symbol.name in self.inputs
        if isinstance(condition, AnyGiven):
            return any(symbol.name in self.inputs for symbol in condition.symbols)
        if isinstance(condition, ModeIs):
            return self.mode == condition.mode.name
        if isinstance(condition, Chosen):
            return condition.value == condition.option.default
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
    case = next(case for case in table.formulas[quantity].cases if scope._holds(case.when) is not False)
    terms = sympy.Add.make_args(case.expression)
    return [(str(term), scope.walk(term) / whole) for term in terms]
