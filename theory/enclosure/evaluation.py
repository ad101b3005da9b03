"""The outcome of an evaluation: a bracket tight enough to be rounded, or a clear refusal."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb, fmpq

from theory.enclosure import rounding
from theory.enclosure.exact import Surd, ball
from theory.enclosure.hypotheses import HypothesisCheck
from theory.enclosure.scope import PRECISIONS, Scope, to_fraction
from theory.language.errors import InputError, PrecisionError


@dataclass(frozen=True)
class Evaluation:
    """The outcome of an evaluation; everything is None where a hypothesis fails.

    `digits` has 25 significant digits, `enclosure` is a pair of decimals rounded outwards, `exact` the rational
    value where there is one of moderate length.
    """

    name: str
    exact: Fraction | None
    value: float | None
    digits: str | None
    enclosure: tuple[str, str] | None
    hypotheses: tuple[HypothesisCheck, ...]
    provenance: str
    source: str

    @property
    def admissible(self) -> bool:
        """True when every hypothesis holds."""
        return all(check.holds for check in self.hypotheses)


def bracket(scope: Scope, name: str) -> rounding.Bracket:
    """Bracket a quantity until it has one nearest double and one 25-digit decimal.

    Raises:
        InputError: the value exceeds the largest double, or is undefined.
        PrecisionError: 4096 bits are not enough.
    """
    try:
        number = scope.exact(name)
    except ZeroDivisionError:
        raise InputError(f"{name} is undefined: a division by zero for {given_text(scope)}") from None
    if isinstance(number, fmpq):
        value = to_fraction(number)
        _refuse_overflow(scope, name, value)
        return rounding.Bracket(value, value, value)
    for bits in PRECISIONS:
        enclosure = ball(number, bits) if isinstance(number, Surd) else scope.ball_of(scope.formulas[name].symbol, bits)
        if not enclosure.is_finite():
            continue
        if abs(enclosure) > arb(2) ** 1025:
            raise InputError(_overflow(scope, name, "beyond 2^1025"))
        low, high, shift = rounding.scaled_ends(enclosure, bits)
        found = rounding.Bracket(low, high, None, shift)
        if found.decided:
            _refuse_overflow(scope, name, found.high)
            return found
    raise PrecisionError(f"{name} is not rounded by {PRECISIONS[-1]} bits for {given_text(scope)}")


def _refuse_overflow(scope: Scope, name: str, value: Fraction) -> None:
    if abs(rounding.nearest(value)) == float("inf"):
        raise InputError(_overflow(scope, name, f"{rounding.decimal(value, digits=6):.5e}"))


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
