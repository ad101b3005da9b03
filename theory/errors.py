"""The errors a reader of the theory can meet: each names the thing, its value and what is admissible."""

from __future__ import annotations


class InputError(ValueError):
    """An input is unknown, missing, malformed or outside its range.

    >>> raise InputError("L = -1: expected a number >= 0")
    Traceback (most recent call last):
    ...
    theory.errors.InputError: L = -1: expected a number >= 0
    """


class Inadmissible(ValueError):  # noqa: N818 (the contracted name)
    """A hypothesis fails, so the quantity has no value; the message has both sides in numbers."""


class PrecisionError(ArithmeticError, ValueError):
    """4096 bits did not decide a comparison or a rounding."""
