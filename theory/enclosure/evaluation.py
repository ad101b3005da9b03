"""The outcome of an evaluation: a bracket tight enough to be rounded, or a clear refusal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, fmpq

from theory.enclosure import rounding
from theory.enclosure.exact import Surd, ball
from theory.enclosure.hypotheses import HypothesisCheck
from theory.enclosure.scope import PRECISIONS, Scope, to_fraction
from theory.language.errors import NoValue, PrecisionError, TooLarge

COMPARED = (*PRECISIONS, 8192, 16_384)  # bits of the balls that a comparison may ask for


@dataclass(frozen=True)
class Evaluation:
    """The outcome of an evaluation; everything is None where a hypothesis fails.

    `digits` has 25 significant digits, `enclosure` is a pair of decimals rounded outwards, `exact` the rational
    value where there is one of moderate length, `choice` the element of a list over which the value is least.
    """

    name: str
    exact: Fraction | None
    value: float | None
    digits: str | None
    enclosure: tuple[str, str] | None
    hypotheses: tuple[HypothesisCheck, ...]
    provenance: str
    source: str
    choice: str = ""

    @property
    def admissible(self) -> bool:
        """True when every hypothesis holds."""
        return not self.failed

    @property
    def failed(self) -> tuple[HypothesisCheck, ...]:
        """The hypotheses that do not hold."""
        return tuple(check for check in self.hypotheses if not check.holds)

    @property
    def between(self) -> tuple[Fraction, Fraction] | None:
        """Rationals around the value, None where it has none; what is below every double lies within the smallest."""
        if self.exact is not None:
            return self.exact, self.exact
        if self.enclosure is None:
            return None
        if self.value == 0:
            tiny = Fraction(math.ulp(0.0))
            return (-tiny, Fraction(0)) if self.enclosure[0].startswith("-") else (Fraction(0), tiny)
        return Fraction(self.enclosure[0]), Fraction(self.enclosure[1])


@dataclass(frozen=True)
class Point:
    """One point of a table: its inputs, the outcome there, None where the right side is no number, and why no value."""

    inputs: Mapping[str, object]
    outcome: Evaluation | None
    reason: str

    @property
    def value(self) -> float | None:
        """The correctly rounded double, where there is one."""
        return None if self.outcome is None else self.outcome.value


def bracket(scope: Scope, name: str) -> rounding.Bracket:
    """Bracket a quantity until it has one nearest double and one 25-digit decimal, and neighbouring doubles if it can.

    Raises:
        NoValue: it is no real, finite number.
        TooLarge: the value exceeds the largest double.
        PrecisionError: 4096 bits are not enough.
    """
    number, rounded = _exact(scope, name), None
    if isinstance(number, fmpq):
        value = to_fraction(number)
        _refuse_overflow(scope, name, value)
        return rounding.Bracket(value, value, value)
    for bits in PRECISIONS:
        enclosure = ball(number, bits) if isinstance(number, Surd) else scope.ball_of(scope.formulas[name].symbol, bits)
        if enclosure.is_finite() and abs(enclosure) > arb(2) ** 1025:
            raise TooLarge(_overflow(scope, name, "beyond 2^1025"))
        if not rounding.has_digits(enclosure):
            continue
        low, high, shift = rounding.scaled_ends(enclosure, bits)
        found = rounding.Bracket(low, high, None, shift)
        if found.rounded:
            _refuse_overflow(scope, name, found.high)
            rounded = found
        if found.decided:
            return found
    if rounded is None:
        raise PrecisionError(f"{name} is not rounded by {PRECISIONS[-1]} bits for {given_text(scope)}")
    return rounded


def enclosures(scope: Scope, name: str) -> Iterator[arb]:
    """Balls around a quantity at rising precision, for whoever only has to compare it; those that are finite.

    Raises:
        NoValue: it is no real, finite number.
    """
    number = _exact(scope, name)
    for bits in COMPARED:
        found = scope.ball_of(scope.formulas[name].symbol, bits) if number is None else ball(number, bits)
        if found.is_finite():
            yield found


def _exact(scope: Scope, name: str) -> fmpq | Surd | None:
    try:
        for part in scope.formulas[name].written:
            scope.require_value(part)
        return scope.exact(name)
    except NoValue as error:
        raise NoValue(f"{name} is undefined: {error} for {given_text(scope)}") from None


def _refuse_overflow(scope: Scope, name: str, value: Fraction) -> None:
    if abs(rounding.nearest(value)) == float("inf"):
        raise TooLarge(_overflow(scope, name, f"{rounding.decimal(value, digits=6):.5e}"))


def _overflow(scope: Scope, name: str, size: str) -> str:
    return (
        f"{name} = {size}: overflow, expected at most the largest double 1.797e+308; "
        f"reduce the steps or the constants in {given_text(scope)}"
    )


def given_text(scope: Scope) -> str:
    """The inputs in one line."""
    return " ".join(f"{key}={_short(value)}" for key, value in scope.inputs.items()) + f" mode={scope.mode}"


def _short(value: Fraction) -> str:
    text = str(value) if value.denominator.bit_length() + value.numerator.bit_length() < 60 else ""
    return text or rounding.short_text(value, 6)
