"""Calls of the checked function, with fresh arrays in and float64 numbers out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from empirics.testing.arrays import Arrays, WrongResultError, numbers
from empirics.testing.cases import Case


@dataclass(frozen=True)
class Ask:
    """The checked function f(problem, w, alpha, nu, mode, delta) and the arrays that it is given."""

    f: Callable[..., Any]
    arrays: Arrays

    def __call__(self, case: Case) -> np.ndarray:
        """Its answer on a case, (d,) in float64.

        Raises:
            WrongResultError: it raised, or returned something else than one finite gradient.
        """
        return numbers(self.raw(case), case.problem.d)

    def raw(self, case: Case, w: Any = None) -> Any:
        """Its answer as it is, at the given array or at a fresh one."""
        point = self.arrays.make(case.w) if w is None else w
        return answer(self.f, case.problem, point, case.alpha, case.nu, case.mode, case.delta)

    def rounding(self, case: Case) -> float:
        """At least the rounding error of a correct answer on the case."""
        return case.rounding(self.arrays.eps)

    def at(self, precision: str) -> Ask:
        """The same function in another precision."""
        return Ask(self.f, Arrays(self.arrays.library, precision))


def marks(ask: Any, case: Any) -> int:
    """How many entries of the caller's w a call changes, and one more if it leaves a gradient on w."""
    w, d = ask.arrays.make(case.w), len(case.w)
    before = numbers(w, d)
    numbers(ask.raw(case, w), d)
    marked = bool(getattr(w, "requires_grad", False)) or getattr(w, "grad", None) is not None
    return int(np.sum(numbers(w, d) != before)) + int(marked)


def answer(f: Callable[..., Any], *arguments: Any) -> Any:
    """f of the arguments; what it raises becomes a `WrongResultError` with the original as its cause."""
    try:
        return f(*arguments)
    except Exception as error:
        raise WrongResultError(f"nothing: it raised {type(error).__name__}: {error}") from error
