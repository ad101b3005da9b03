"""The one error that bad input raises."""

from __future__ import annotations

from collections.abc import Iterable


class InputError(ValueError):
    """Bad input, refused before any work: the message names the thing, its value and what was expected."""


class BeyondFloatError(InputError, OverflowError):
    """A number that float64 does not hold came out of numbers that it does."""


def near(name: str, known: Iterable[str]) -> str:
    """A hint at the known name that is most like an unknown one, if any is.

    >>> near("Exact", ["exact", "first_order"]), near("fast", ["exact", "first_order"])
    (' (did you mean exact?)', '')
    """
    from difflib import get_close_matches

    names = list(known)
    same = [one for one in names if one.casefold() == name.casefold()]
    found = same or get_close_matches(name, names, n=1)
    return f" (did you mean {found[0]}?)" if found else ""
