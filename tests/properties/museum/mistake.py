"""A wrong implementation, the property that catches it and the cause that has to be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

META, STOCHASTIC, ROUND = "check_meta_gradient", "check_stochastic", "check_round"
MISTAKES: list[Mistake] = []


@dataclass(frozen=True, eq=False)
class Mistake:
    """`make()` is a fresh function, so that mistakes with a memory start without one.

    `caught_by` is the property that explains it best, `told` is part of the cause that a user has to read.
    """

    name: str
    home: str
    make: Callable[[], Any]
    checker: str
    mode: str
    caught_by: str
    told: str
    dtype: str = "numpy.float64"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def query(self) -> bool:
        return self.options.get("query", False)


def mistake(checker, mode, caught_by, told, dtype="numpy.float64", **options):
    """Put what the decorated maker makes into the museum."""

    def put(make):
        MISTAKES.append(Mistake(make.__name__, _home(make), make, checker, mode, caught_by, told, dtype, options))
        return make

    return put


def wrong(checker, mode, caught_by, told, dtype="numpy.float64", **options):
    """The same for a function without memory, as it is."""

    def put(f):
        MISTAKES.append(Mistake(f.__name__, _home(f), lambda: f, checker, mode, caught_by, told, dtype, options))
        return f

    return put


def _home(f) -> str:
    """The file of the museum that a function stands in."""
    return f.__module__.rpartition(".")[2]
