"""A constant of an assumption, and the side on which it is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from empirics.numerics.errors import BeyondFloatError, InputError
from empirics.numerics.rounding import float_up

SIDES = ("exact", "upper", "lower", "interval")
# between a constant and its float
SIGNS = {"exact": "=", "upper": r"\le", "lower": r"\ge", "interval": r"\approx"}


@dataclass(frozen=True)
class Constant:
    """A constant with its side.

    `exact`: the float is the constant itself; `upper`: certified, the constant is at most `value`;
    `lower`: certified, it is at least `value` (a sampled supremum is a lower estimate too, and its note says so);
    `interval`: `note` holds both ends. `note` says in one line where the number comes from.

    >>> Constant(0.25, "upper", "norm of the features squared over 4").side
    'upper'
    """

    value: float
    side: str
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse an unknown side and a value that is not a number."""
        if self.side not in SIDES:
            raise InputError(f"side = {self.side!r}: expected one of {', '.join(SIDES)}")
        if math.isnan(self.value):
            raise BeyondFloatError("a constant cannot be nan: expected a number")

    def __float__(self) -> float:
        """The number without its side."""
        return self.value

    def _repr_latex_(self) -> str:
        """The number with its side, as a notebook shows it."""
        return rf"${SIGNS[self.side]} {self.value:.6g}$" + (f" ({self.note})" if self.note else "")


def spread_up(value: float, note: str) -> Constant:
    """A spread known from above; 0 is exact, since no spread is negative.

    >>> spread_up(0.0, "all agents are equal").side, spread_up(0.5, "").side
    ('exact', 'upper')
    """
    return Constant(value, "exact" if value == 0 else "upper", note)


def rational_up(value: Fraction, note: str) -> Constant:
    """A rational number, exact where it is a float, else rounded upwards.

    >>> rational_up(Fraction(1, 4), "").side, rational_up(Fraction(1, 3), "").side
    ('exact', 'upper')
    """
    number = float_up(value)
    return Constant(number, "exact" if Fraction(number) == value else "upper", note)
