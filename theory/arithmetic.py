"""The two arithmetics of a walk: outward-rounded balls, and exact numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from flint import arb, fmpq

from theory import exact

Value = Any


class Arithmetic(ABC):
    """The operations a walk needs."""

    @abstractmethod
    def rational(self, value: fmpq) -> Value:
        """A rational number."""

    @abstractmethod
    def add(self, left: Value, right: Value) -> Value:
        """The sum."""

    @abstractmethod
    def multiply(self, left: Value, right: Value) -> Value:
        """The product."""

    @abstractmethod
    def power(self, base: Value, exponent: int) -> Value:
        """An integer power, 0^0 = 1."""

    @abstractmethod
    def square_root(self, value: Value) -> Value:
        """The non-negative root."""

    @abstractmethod
    def smaller(self, left: Value, right: Value) -> Value:
        """The minimum."""

    @abstractmethod
    def larger(self, left: Value, right: Value) -> Value:
        """The maximum."""

    @abstractmethod
    def function(self, name: str, value: Value) -> Value:
        """An elementary function: exp or log."""


class Balls(Arithmetic):
    """Outward-rounded balls (Arb) at the working precision."""

    def rational(self, value: fmpq) -> arb:
        """A ball around the number."""
        return arb(value)

    def add(self, left: arb, right: arb) -> arb:
        """The sum."""
        return left + right

    def multiply(self, left: arb, right: arb) -> arb:
        """The product."""
        return left * right

    def power(self, base: arb, exponent: int) -> arb:
        """An integer power."""
        return base**exponent

    def square_root(self, value: arb) -> arb:
        """The root; a ball that dips below zero is cut at zero, where the exact value cannot be."""
        return value.nonnegative_part().sqrt()

    def smaller(self, left: arb, right: arb) -> arb:
        """The minimum."""
        return left.min(right)

    def larger(self, left: arb, right: arb) -> arb:
        """The maximum."""
        return left.max(right)

    def function(self, name: str, value: arb) -> arb:
        """Exp or log."""
        return value.exp() if name == "exp" else value.log()


class ExactNumbers(Arithmetic):
    """Rationals and sums of square roots; raises NotExact outside them."""

    def rational(self, value: fmpq) -> exact.Exact:
        """The number itself."""
        return exact.within_budget(value)

    def add(self, left: exact.Exact, right: exact.Exact) -> exact.Exact:
        """The sum."""
        return exact.add(left, right)

    def multiply(self, left: exact.Exact, right: exact.Exact) -> exact.Exact:
        """The product."""
        return exact.multiply(left, right)

    def power(self, base: exact.Exact, exponent: int) -> exact.Exact:
        """An integer power."""
        return exact.power(base, exponent)

    def square_root(self, value: exact.Exact) -> exact.Exact:
        """The root of a rational."""
        return exact.square_root(value)

    def smaller(self, left: exact.Exact, right: exact.Exact) -> exact.Exact:
        """The minimum."""
        return left if exact.sign(exact.add(left, exact.multiply(fmpq(-1), right))) <= 0 else right

    def larger(self, left: exact.Exact, right: exact.Exact) -> exact.Exact:
        """The maximum."""
        return right if self.smaller(left, right) is left else left

    def function(self, name: str, value: exact.Exact) -> exact.Exact:
        """No exponential or logarithm of a rational is kept."""
        raise exact.NotExact


BALLS = Balls()
EXACT = ExactNumbers()
