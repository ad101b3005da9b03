"""Short Python for data: fields that have their default are left out."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from typing import Any, Self


class Shown:
    """A dataclass that prints as the shortest call that makes it.

    >>> from empirics.testing import Quadratic
    >>> Quadratic(A=((1.0,),), c=(0.0,), e=0.0, samples=2)
    Quadratic(A=((1.0,),), c=(0.0,), samples=2)
    """

    def but(self, **changes: Any) -> Self:
        """The same with some fields replaced."""
        own: Any = self
        return replace(own, **changes)

    def __repr__(self) -> str:
        """Name and the fields that differ from their defaults."""
        own: Any = self
        told = [
            f"{part.name}={getattr(own, part.name)!r}"
            for part in fields(own)
            if part.default is MISSING or getattr(own, part.name) != part.default
        ]
        return f"{type(self).__name__}({', '.join(told)})"
