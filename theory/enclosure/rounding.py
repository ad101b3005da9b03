"""From balls and exact numbers to doubles and decimals: correct rounding, and rounding outwards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from flint import arb, ctx

DIGITS = 25
_TINY = 2100
_LARGE = 50_000
_SMALLEST = 10**15


def dyadic(value: arb) -> Fraction:
    """The exact value of a ball of radius zero."""
    mantissa, exponent = value.man_exp()
    mantissa, exponent = int(mantissa), int(exponent)
    return Fraction(mantissa << exponent) if exponent >= 0 else Fraction(mantissa, 1 << -exponent)


def scaled_ends(value: arb, bits: int) -> tuple[Fraction, Fraction, int]:
    """The ends of a ball times 10^shift, and the shift, which is 0 unless the ball is far below every double."""
    with ctx.workprec(bits):
        shift = _shift(value)
        if shift:
            value = value * arb(10) ** shift
        return dyadic(value.lower()), dyadic(value.upper()), shift


def has_digits(value: arb) -> bool:
    """Whether the ends of a ball can be written out: it is finite, not huge, and zero or told from zero where tiny.

    >>> has_digits(arb(1) / 3), has_digits(arb(2) ** -10**18), has_digits(arb(0, 2) ** 2000)
    (True, False, False)
    """
    if not value.is_finite() or not abs(value) < arb(2) ** _TINY:
        return False
    if value.contains(0):
        return value.is_exact() or not abs(value) < arb(2) ** -_TINY
    return bool(abs(value) > arb(2) ** -_SMALLEST)


def double_above(value: arb) -> float:
    """A double that no number of a ball exceeds: for balls far below 2^1024.

    >>> double_above(arb(2) ** -10**15)
    5e-324
    """
    if abs(value) < arb(2) ** -_TINY:
        return math.ulp(0.0)
    upper = dyadic(value.upper())
    return outward(upper, upper)[1]


def text(value: arb, digits: int) -> str:
    """The middle of a ball, whatever its size, in at most that many digits.

    >>> text(arb(1) / 8, 6), text(arb(2) ** 10**15, 6)
    ('0.125', '2**1e+15')
    """
    if not value.is_finite():
        return "a number that is not enclosed"
    mantissa, exponent = (int(part) for part in value.mid().man_exp())
    size = mantissa.bit_length() + exponent
    if mantissa == 0 or abs(size) < _LARGE:
        return short_text(dyadic(value.mid()), digits)
    return f"{'-' * (mantissa < 0)}2**{short_text(Fraction(size), 6)}"


def _shift(value: arb) -> int:
    """A power of ten that brings a tiny ball near 1; 0 for balls of ordinary size."""
    mantissa, exponent = (int(part) for part in value.mid().man_exp())
    size = mantissa.bit_length() + exponent
    return 0 if mantissa == 0 or size > -_TINY else int(-size * math.log10(2))


@dataclass(frozen=True)
class Bracket:
    """low <= value * 10^shift <= high, tight enough to be rounded; `exact` where the value is a known rational."""

    low: Fraction
    high: Fraction
    exact: Fraction | None = None
    shift: int = 0

    @property
    def rounded(self) -> bool:
        """True when both ends round to the same double and the same 25 digits."""
        same = decimal(self.low) == decimal(self.high)
        return same and (bool(self.shift) or nearest(self.low) == nearest(self.high))

    @property
    def decided(self) -> bool:
        """True when besides the doubles around it are equal or neighbours."""
        return self.rounded and (bool(self.shift) or neighbours(*outward(self.low, self.high)))

    @property
    def value(self) -> float:
        """The nearest double; a value far below the smallest one rounds to zero."""
        return math.copysign(0.0, self.low) if self.shift else nearest(self.low)

    @property
    def enclosure(self) -> tuple[float, float]:
        """Equal or neighbouring doubles around the value."""
        if not self.shift:
            return outward(self.low, self.high)
        return (0.0, math.ulp(0.0)) if self.low > 0 else (-math.ulp(0.0), 0.0)

    @property
    def digits(self) -> str:
        """25 significant digits, correctly rounded."""
        return decimal_text(_shifted(decimal(self.low), self.shift))

    @property
    def texts(self) -> tuple[str, str]:
        """Both ends in 25 digits, rounded outwards."""
        low, high = decimal(self.low, ROUND_FLOOR), decimal(self.high, ROUND_CEILING)
        return decimal_text(_shifted(low, self.shift)), decimal_text(_shifted(high, self.shift))


def _shifted(value: Decimal, shift: int) -> Decimal:
    return value.scaleb(-shift, Context(prec=DIGITS, Emax=MAX_EMAX, Emin=MIN_EMIN)) if shift else value


def nearest(value: Fraction) -> float:
    """The nearest double, ties to even; overflow gives an infinity.

    >>> nearest(Fraction(1, 10))
    0.1
    """
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def outward(low: Fraction, high: Fraction) -> tuple[float, float]:
    """The largest double <= low and the smallest double >= high.

    >>> outward(Fraction(1, 2), Fraction(1, 2))
    (0.5, 0.5)
    """
    below, above = nearest(low), nearest(high)
    if math.isinf(below) or below > low:
        below = math.nextafter(below, -math.inf)
    if math.isinf(above) or above < high:
        above = math.nextafter(above, math.inf)
    return below, above


def neighbours(low: float, high: float) -> bool:
    """True when the doubles are equal or adjacent."""
    return low == high or math.nextafter(low, math.inf) == high


def decimal(value: Fraction, rounding: str = ROUND_HALF_EVEN, digits: int = DIGITS) -> Decimal:
    """The decimal with that many significant digits in the given direction."""
    context = Context(prec=digits, rounding=rounding, Emax=MAX_EMAX, Emin=MIN_EMIN)
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))


def decimal_text(value: Decimal, digits: int = DIGITS) -> str:
    """The decimal padded to its significant digits; an exponent only far from 1.

    >>> decimal_text(Decimal("5.5"), 4)
    '5.500'
    """
    if value == 0:
        return "0"
    exponent = value.adjusted()
    if -7 < exponent < digits:
        return f"{value:.{max(digits - 1 - exponent, 0)}f}"
    return f"{value:.{digits - 1}e}"


def short_text(value: Fraction, digits: int) -> str:
    """The number in at most that many digits, without trailing zeros.

    >>> short_text(Fraction(1, 8), 6), short_text(Fraction(2, 3), 3)
    ('0.125', '0.667')
    """
    return f"{Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN).normalize(decimal(value, digits=digits)):g}"
