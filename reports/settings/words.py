"""The words key=value of one setting, from a command line or from Python, as the values of a plan's entry."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from reports.plans.entries import LIST_FIELDS
from theory.language.errors import InputError, redirected
from theory.language.grids import listed

_INTEGER = re.compile(r"[+-]?\d{1,400}")
_QUOTIENT = re.compile(r"[+-]?\d{1,400}/0*[1-9]\d{0,399}")


class SettingError(ValueError):
    """A setting that cannot be checked: the word, its value, and what was expected."""


def paired(words: Iterable[str], printing: str = "") -> dict[str, str]:
    """The words key=value as a mapping; printing: the option, if any, that has the table printed in another form.

    >>> paired(["nu=0..2", "alpha=1/4"])
    {'nu': '0..2', 'alpha': '1/4'}

    Raises:
        SettingError: a word without key or value, or a key that is given twice.
    """
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (equals and key and value):
            raise SettingError(f"{word}: expected key=value, such as nu=2{redirected(word, printing)}")
        if key in found:
            raise SettingError(f"{key} = {value}: given twice, first as {found[key]}")
        found[key] = value
    return found


def read(key: str, value: object) -> Any:
    """A value, or a list of them: where the key takes single values, the list stands for a grid.

    Text is read as the command line writes it: 2, 1/4, 0.1, several with commas, 0..5 for all integers between. A float
    is the number that it is exactly.

    >>> read("nu", "0..2,5"), read("alpha", "1/4"), read("at", "1/2"), read("nu", range(2)), read("alpha", 0.5)
    ([0, 1, 2, 5], '1/4', ['1/2'], [0, 1], Fraction(1, 2))

    Raises:
        SettingError: an empty list, a part that is empty, or a range of too many or of no integers.
    """
    if isinstance(value, str):
        try:
            found = [_scalar(one) for one in listed(key, value)]
        except InputError as error:
            raise SettingError(str(error)) from None
    elif isinstance(value, Iterable):
        found = [_scalar(one) for one in value]
    else:
        found = [_scalar(value)]
    if not found:
        raise SettingError(f"{key} = {value}: expected at least one value")
    return found if len(found) > 1 or key in LIST_FIELDS else found[0]


def argument(value: object) -> Any:
    """An argument of a task: text as TOML writes it, with p/q for a number and bare words for strings.

    >>> argument("[[1, 0], [0, 2]]"), argument("1/4"), argument("saddle"), argument(7)
    ([[1, 0], [0, 2]], 0.25, 'saddle', 7)
    """
    if not isinstance(value, str):
        return value
    if _QUOTIENT.fullmatch(value):
        return float(Fraction(value))
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
        return value


def arguments(words: Mapping[str, object], prefix: str) -> dict[str, Any]:
    """The words PREFIX.NAME as arguments, those with further dots as tables in them.

    >>> arguments({"task.n": "8", "task.noise.gradient": "1/4", "nu": "2"}, "task")
    {'n': 8, 'noise': {'gradient': 0.25}}

    Raises:
        SettingError: a name that is a value in one word and a table in another.
    """
    found: dict[str, Any] = {}
    for word, value in words.items():
        first, *inner, last = word.split(".") if "." in word else (word, "")
        if first != prefix or not last:
            continue
        place = found
        for name in inner:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise SettingError(f"{word} = {value}: {name} is a value in another word")
        place[last] = argument(value)
    return found


def _scalar(value: object) -> Any:
    if isinstance(value, str):
        return int(value) if _INTEGER.fullmatch(value) else value
    if hasattr(value, "item"):  # a number of numpy or torch
        value = value.item()  # type: ignore[attr-defined]
    if isinstance(value, float | Decimal):
        try:
            return Fraction(value)
        except (ValueError, OverflowError):  # no number, or infinite
            return str(value)
    return value
