"""Numbers as a reader of the page sees them, and as its script sorts them."""

from __future__ import annotations

import math

from reports.judging.rows import Row

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SCALE_DECADES = 4  # the small tightness scale runs from 1e-4 to 1


def number(value: float | None, digits: int = 4) -> str:
    """A number as a reader sees it: significant digits, powers of ten written out, a dash where there is none.

    >>> number(0.91234567), number(1.5e-7), number(None), number(12.0)
    ('0.9123', '1.5×10⁻⁷', '–', '12')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}g}"
    mantissa, _, exponent = text.partition("e")
    mantissa = mantissa.replace("-", "−")
    if not exponent:
        return mantissa
    power = f"10{raised(str(int(exponent)))}"
    return power if mantissa == "1" else f"{mantissa}×{power}"


def short_number(value: float | None) -> str:
    """A number with two significant digits, enough to compare at a glance."""
    return number(value, 2)


def raised(exponent: str) -> str:
    """The digits of an exponent as superscripts.

    >>> raised("-12")
    '⁻¹²'
    """
    return exponent.translate(_SUPERSCRIPTS)


def interval(row: Row) -> str:
    """The confidence limits of a row where they differ from the measured value in what is shown."""
    if row.lower is None or row.upper is None or number(row.lower) == number(row.upper):
        return ""
    return f"[{number(row.lower, 3)}, {number(row.upper, 3)}]"


def sortable(value: float | None) -> str:
    """A number for the script to sort by; empty sorts last."""
    return "" if value is None or math.isnan(value) else repr(float(value))


def scale(value: float) -> float | None:
    """The place of a tightness on the small logarithmic scale, 0 (at most 1e-4) to 100 (one)."""
    if math.isnan(value) or value <= 0:
        return None
    return round(100 * min(1.0, max(0.0, 1 + math.log10(value) / _SCALE_DECADES)), 1)
