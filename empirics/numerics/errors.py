"""The one error that bad input raises."""

from __future__ import annotations


class InputError(ValueError):
    """Bad input, refused before any work: the message names the thing, its value and what was expected."""


class BeyondFloatError(InputError, OverflowError):
    """A number that float64 does not hold came out of numbers that it does."""
