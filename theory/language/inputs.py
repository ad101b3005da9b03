"""Inputs read exactly and refused before any work, with the key, the value and what is admissible."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from theory.language.errors import InputError, near
from theory.language.modes import EXACT, MODE_OF, Mode
from theory.language.options import OPTIONS
from theory.language.symbols import Range, Symbol

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?|[+-]?\d+/\d+")
_LONGEST = 400
_LARGEST_DECADE = 400


def read_number(key: str, value: object, allowed: Range | None = None) -> Fraction:
    """The exact value of an int, Fraction, Decimal, str or float.

    >>> read_number("alpha", "1/3"), read_number("alpha", "1e-3"), read_number("alpha", 0.5)
    (Fraction(1, 3), Fraction(1, 1000), Fraction(1, 2))

    Raises:
        InputError: not a finite number of a known kind.
    """
    expected = f"expected {allowed or 'a number'}"
    if type(value).__name__ in ("bool", "bool_"):  # Python's and NumPy's
        raise InputError(f"{key} = {value}: a truth value is not a number; {expected}")
    if isinstance(value, str):
        return _read_text(key, value.strip(), expected)
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{key} = {value}: not finite; {expected}")
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > _LARGEST_DECADE:
            raise InputError(f"{key} = {value}: not finite or beyond 1e+-{_LARGEST_DECADE}; {expected}")
        return Fraction(value)
    if isinstance(value, (int, float, Fraction)):
        return Fraction(value)
    return _read_other(key, value, allowed)


def _read_text(key: str, text: str, expected: str) -> Fraction:
    if text.lower().lstrip("+-") in ("inf", "infinity", "nan"):
        raise InputError(f"{key} = {text}: not finite; {expected}")
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        raise InputError(f"{key} = {text[:60]}: not a number such as 2, 0.1, 1e-3 or 1/3; {expected}")
    if "/" in text:
        above, below = text.split("/")
        if int(below) == 0:
            raise InputError(f"{key} = {text}: division by zero; {expected}")
        return Fraction(int(above), int(below))
    number = Decimal(text)
    if number != 0 and abs(number.adjusted()) > _LARGEST_DECADE:
        raise InputError(f"{key} = {text}: beyond 1e+-{_LARGEST_DECADE}, overflow; {expected}")
    return Fraction(number)


def _read_other(key: str, value: object, allowed: Range | None) -> Fraction:
    """Zero-dimensional numbers of other libraries, through the standard protocols and without importing them."""
    if getattr(value, "ndim", 0) == 0 and not isinstance(value, complex):
        for read in (operator.index, float):
            try:
                return read_number(key, read(value), allowed)  # pyright: ignore[reportArgumentType]
            except TypeError:
                continue
    raise InputError(f"{key} = {value!r}: {type(value).__name__} is not a number; expected {allowed or 'a number'}")


@dataclass(frozen=True)
class Given:
    """What was given: exact numbers by the names of their symbols, the mode, and the options that were named."""

    values: dict[str, Fraction]
    mode: Mode
    options: dict[str, str]


def read_inputs(given: Mapping[str, object], keys: Mapping[str, Symbol]) -> Given:
    """The exact inputs, each in its range, the mode and the options; `keys` are those of the numbers.

    Raises:
        InputError: an unknown key, a value outside its range, or m > n.
    """
    mode = _word("mode", given.get("mode", EXACT), tuple(MODE_OF))
    options = {key: _word(key, given[key], option.values) for key, option in OPTIONS.items() if key in given}
    numbers = {key: _in_range(key, value, keys) for key, value in given.items() if key not in ("mode", *OPTIONS)}
    values = {keys[key].name: number for key, number in numbers.items()}
    subset = options.get("sampling") != "replacement"  # draws with replacement may outnumber the agents
    if subset and "m" in values and "n" in values and values["m"] > values["n"]:
        raise InputError(f"m = {values['m']}: expected an integer between 1 and n = {values['n']}")
    return Given(values, MODE_OF[mode], options)


def _word(key: str, value: object, allowed: tuple[str, ...]) -> str:
    if str(value) not in allowed:
        raise InputError(f"{key} = {value}: expected one of {', '.join(allowed)}{near(str(value), allowed)}")
    return str(value)


def _in_range(key: str, value: object, keys: Mapping[str, Symbol]) -> Fraction:
    if key not in keys:
        known = (*keys, "mode", *OPTIONS)
        raise InputError(f"{key} = {value}: unknown key{near(key, known)}; admissible keys: {', '.join(known)}")
    allowed = keys[key].record.range
    number = read_number(key, value, allowed)
    if not allowed.contains(number):
        raise InputError(f"{key} = {value}: expected {allowed}")
    return number
