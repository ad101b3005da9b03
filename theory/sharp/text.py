"""A sharpened constant in words and as JSON: exact values, and decimals that are rounded to the safe side."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

from theory.sharp.sharpening import Sharpened

_DIGITS = 15


def decimal(value: Fraction, rounding: str = ROUND_HALF_EVEN) -> str:
    """The value with 15 significant digits.

    >>> decimal(Fraction(1, 3)), decimal(Fraction(1, 3), ROUND_CEILING)
    ('0.333333333333333', '0.333333333333334')
    """
    return str(Context(prec=_DIGITS, rounding=rounding).divide(Decimal(value.numerator), Decimal(value.denominator)))


def sharpened_json(found: Sharpened) -> dict[str, Any]:
    """The JSON object of `python -m theory sharpen --json`; numbers are strings, exact ones p/q."""
    sides = found.sides
    return {
        "statement": found.statement,
        "parameters": {key: str(value) for key, value in sides.given.items()},
        "target": sides.target,
        "word": found.word,
        "gap": None if found.gap is None else decimal(found.gap, ROUND_CEILING),
        "upper": _side(found.upper, ROUND_CEILING, sides.method),
        "lower": _side(found.lower, ROUND_FLOOR, sides.instance),
        "ours": {
            **(_side(found.ours, ROUND_CEILING, found.statement) or {}),
            "over_upper": _ratio(found.ours, found.upper),
            "over_lower": _ratio(found.ours, found.lower),
        },
        "scope": list(sides.scope),
    }


def sharpened_text(found: Sharpened) -> str:
    """The same for reading."""
    row = sharpened_json(found)
    given = ", ".join(f"{key} = {value}" for key, value in row["parameters"].items())
    lines = [f"{row['statement']} at {given}; L_F = gamma_F = 1", row["target"]]
    lines.append(f"{row['word']}" + ("" if row["gap"] is None else f", relative gap {float(row['gap']):.2g}"))
    for side in ("upper", "lower"):
        if row[side]:
            lines.append(f"  {side}  {row[side]['decimal']}  {row[side]['by']}")
    ours = row["ours"]
    ratios = [f"ours/{key[5:]} {float(ours[key]):.9g}" for key in ("over_upper", "over_lower") if ours[key]]
    lines.append(f"  ours   {ours['decimal']}  {', '.join(ratios)}")
    return "\n".join([*lines, *(f"  {line}" for line in row["scope"])])


def _side(value: Fraction | None, rounding: str, by: str) -> dict[str, str] | None:
    return None if value is None else {"exact": str(value), "decimal": decimal(value, rounding), "by": by}


def _ratio(ours: Fraction, value: Fraction | None) -> str | None:
    return decimal(ours / value) if value else None
