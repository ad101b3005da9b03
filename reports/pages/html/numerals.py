"""Numbers as a reader of the page sees them."""

from __future__ import annotations

import math
import re

from reports.judging.rows import Row

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float | None, digits: int = 4) -> str:
    """A number as a reader sees it: significant digits, powers of ten written out, a dash where there is none.

    >>> number(0.91234567), number(1.5e-7), number(None), number(12.0)
    ('0.9123', '1.5×10⁻⁷', '–', '12')

    A count keeps its digits.

    >>> number(100000, 3), number(100000.0, 3)
    ('100000', '10⁵')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = str(value) if isinstance(value, int) else f"{value:.{digits}g}"
    mantissa, _, exponent = text.partition("e")
    mantissa = mantissa.replace("-", "−")
    if not exponent:
        return mantissa
    power = f"10{raised(str(int(exponent)))}"
    return power if mantissa == "1" else f"{mantissa}×{power}"


def raised(exponent: str) -> str:
    """The digits of an exponent as superscripts.

    >>> raised("-12")
    '⁻¹²'
    """
    return exponent.translate(_SUPERSCRIPTS)


def raised_powers(text: str) -> str:
    """A text with its powers raised.

    >>> raised_powers("F^2/W^-1")
    'F²/W⁻¹'
    """
    return re.sub(r"\^(-?\d+)", lambda power: raised(power[1]), text)


def interval(row: Row) -> str:
    """The confidence limits of a row, empty where its left side is exact."""
    if row.lower is None or row.upper is None or row.lower == row.upper:
        return ""
    low, high = number(row.lower, 3), number(row.upper, 3)
    return "" if low == high == number(row.measured, 3) else f"[{low}, {high}]"
