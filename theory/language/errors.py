"""The errors a reader of the theory can meet: each names the thing, its value and what is admissible."""

from __future__ import annotations

from collections.abc import Iterable


class InputError(ValueError):
    """An input is unknown, missing, malformed or outside its range.

    >>> raise InputError("L = -1: expected a number >= 0")
    Traceback (most recent call last):
    ...
    theory.language.errors.InputError: L = -1: expected a number >= 0
    """


class NoValue(InputError):  # noqa: N818 (what it says of an expression)
    """An expression is not a real, finite number for these inputs: which part of it, and why."""


class TooLarge(InputError):  # noqa: N818 (what it says of a value)
    """A value that is real and finite, but beyond the largest double."""


class Inadmissible(ValueError):  # noqa: N818 (the contracted name)
    """A hypothesis fails, so the quantity has no value; the message has both sides in numbers."""


class PrecisionError(ArithmeticError, ValueError):
    """4096 bits, or the steps that one evaluation may take, did not decide a comparison or a rounding."""


class RecordError(InputError):
    """A record cannot join a table: a name is taken, a symbol unknown, a unit wrong."""


def near(name: str, known: Iterable[str], *, least: float = 0.6) -> str:
    """A hint at the known name that is most like an unknown one, if any is at least so like it (1: the same).

    >>> near("L_f", ["L_F", "q"])
    ' (did you mean L_F?)'
    """
    from difflib import get_close_matches

    names = list(known)
    same = [one for one in names if one.casefold() == name.casefold()]
    found = same or get_close_matches(name, names, n=1, cutoff=least)
    return f" (did you mean {found[0]}?)" if found else ""


def redirected(word: str, option: str) -> str:
    """A hint at the shell's redirection, where a file's name stands behind an option that prints.

    >>> redirected("t2.csv", "--csv"), redirected("nu", "--csv"), redirected("t2.csv", "")
    ('; --csv prints to standard output: --csv > t2.csv', '', '')
    """
    return f"; {option} prints to standard output: {option} > {word}" if option and "." in word else ""
