"""Calls of the checked function, with fresh arrays in and float64 numbers out."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from empirics.testing.arrays import Arrays, WrongResultError, numbers
from empirics.testing.cases import Case

_HERE = str(Path(__file__).parent)
_LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("purelib", "platlib", "stdlib"))
UNCHANGED = "nothing"


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
        return self.call(self.f, case, w)

    def call(self, f: Callable[..., Any], case: Case, w: Any = None) -> Any:
        """Another function of the same arguments."""
        point = self.arrays.make(case.w) if w is None else w
        return answer(f, case.problem, point, case.alpha, case.nu, case.mode, case.delta)

    def rounding(self, case: Case) -> float:
        """At least the rounding error of a correct answer on the case."""
        adapter = getattr(self.f, "rounding", None)
        return case.rounding(self.arrays.eps) + (adapter(case, self.arrays.eps) if adapter else 0.0)

    def at(self, precision: str) -> Ask:
        """The same function in another precision."""
        return Ask(self.f, Arrays(self.arrays.library, precision))


def changes(ask: Any, case: Any) -> str:
    """What a call leaves changed of its arguments, in words: the caller's w, or what the function's adapter names."""
    w, d = ask.arrays.make(case.w), len(case.w)
    before = numbers(w, d)
    numbers(ask.raw(case, w), d)
    entries = int(np.sum(numbers(w, d) != before))
    changed = [f"{entries} of the {d} entries of w"] if entries else []
    if bool(getattr(w, "requires_grad", False)):
        changed.append("requires_grad of w")
    if getattr(w, "grad", None) is not None:
        changed.append("the .grad of w")
    adapter = getattr(ask.f, "changes", None)
    return ", ".join(changed + (ask.call(adapter, case) if adapter else [])) or UNCHANGED


def answer(f: Callable[..., Any], *arguments: Any) -> Any:
    """f of the arguments; what it raises becomes a `WrongResultError` with the original as its cause."""
    try:
        return f(*arguments)
    except Exception as error:
        place = raised_at(error)
        told = f"it raised {type(error).__name__}: {error} ({place})"
        raise WrongResultError(f"nothing: {told}", f"the code raises {type(error).__name__} at {place}") from error


def raised_at(error: BaseException) -> str:
    """File and line of the innermost frame outside this package and installed libraries, else of the innermost."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith((_HERE, *_LIBRARIES))]
    frame = (own or frames)[-1]
    return f"{frame.filename}:{frame.lineno}"
