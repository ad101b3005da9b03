"""Units as homogeneity degrees: a loss has unit [F], a parameter vector has unit [W]."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Unit:
    """The unit F^loss W^parameter.

    >>> str(Unit(1, -2))
    'F/W^2'
    >>> Unit(1, -1) * Unit(-1, 2) == Unit(0, 1)
    True
    """

    loss: Fraction | int = 0
    parameter: Fraction | int = 0

    def __mul__(self, other: Unit) -> Unit:
        return Unit(self.loss + other.loss, self.parameter + other.parameter)

    def power(self, exponent: Fraction | int) -> Unit:
        """The unit of a power: both degrees times the exponent."""
        return Unit(self.loss * exponent, self.parameter * exponent)

    @property
    def dimensionless(self) -> bool:
        """True when both degrees are zero."""
        return self.loss == 0 and self.parameter == 0

    def __str__(self) -> str:
        above = [_power("F", self.loss), _power("W", self.parameter)]
        below = [_power("F", -self.loss), _power("W", -self.parameter)]
        top = " ".join(part for part in above if part) or "1"
        bottom = " ".join(part for part in below if part)
        return f"{top}/{bottom}" if bottom else top


def _power(letter: str, degree: Fraction | int) -> str:
    if degree <= 0:
        return ""
    return letter if degree == 1 else f"{letter}^{degree}"


NUMBER = Unit()
LOSS = Unit(1, 0)
GRADIENT = Unit(1, -1)
GRADIENT_SQUARED = Unit(2, -2)
CURVATURE = Unit(1, -2)
CURVATURE_CHANGE = Unit(1, -3)
STEP = Unit(-1, 2)
