"""Calls of the checked function, with fresh arrays in and float64 numbers out."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from empirics.testing.agent import Agent
from empirics.testing.arrays import Arrays, WrongResultError, numbers
from empirics.testing.cases import Case
from empirics.testing.global_state import undisturbed

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
        return self._call(self.f, case, self.arrays.make(case.w) if w is None else w)

    def call_on(self, case: Case, w: Any) -> list[str]:
        """What a call at w leaves changed beside w, in words: what the function's adapter names."""
        numbers(self.raw(case, w), case.problem.d)
        adapter = getattr(self.f, "changes", None)
        return self._call(adapter, case, self.arrays.make(case.w)) if adapter else []

    def rounding(self, case: Case) -> float:
        """At least the rounding error of a correct answer on the case."""
        adapter = getattr(self.f, "rounding", None)
        return case.rounding(self.arrays.eps) + (adapter(case, self.arrays.eps) if adapter else 0.0)

    @staticmethod
    def _call(f: Callable[..., Any], case: Case, w: Any) -> Any:
        return answer(f, case.problem, w, case.alpha, case.nu, case.mode, case.delta)


def changes(ask: Any, case: Any) -> str:
    """What a call leaves changed of its arguments, in words: the caller's w, or what the function's adapter names."""
    w, d = ask.arrays.make(case.w), len(case.w)
    before = numbers(w, d)
    others = ask.call_on(case, w)
    entries = int(np.sum(numbers(w, d) != before))
    changed = [f"{entries} of the {d} entries of w"] if entries else []
    if bool(getattr(w, "requires_grad", False)):
        changed.append("requires_grad of w")
    if getattr(w, "grad", None) is not None:
        changed.append("the .grad of w")
    return ", ".join(changed + others) or UNCHANGED


def answer(f: Callable[..., Any], *arguments: Any) -> Any:
    """f of the arguments; what it raises becomes a `WrongResultError` with the original as its cause, but for one."""
    try:
        with undisturbed():
            return f(*arguments)
    except WrongResultError:
        raise
    except Exception as error:
        place = raised_at(error)
        told = f"it raised {type(error).__name__}: {error} ({place})"
        likely = _unwrapped(f, arguments[0], error) or f"the code raises {type(error).__name__} at {place}"
        raise WrongResultError(f"nothing: {told}", likely) from error


def _unwrapped(f: Callable[..., Any], problem: Any, error: Exception) -> str:
    """What to do where code for modules was handed the problem itself, or no text."""
    if not isinstance(problem, Agent):
        return ""
    asked = isinstance(error, AttributeError) and isinstance(error.obj, Agent) and hasattr(nn.Module, str(error.name))
    called = isinstance(error, TypeError) and str(error) == f"'{type(problem).__name__}' object is not callable"
    # code that uses another argument first, as range(nu) does, fails there, but the fourth is the loss by its own words
    if not asked and not called and _arguments(f)[3:4] != ["loss"]:
        return ""
    name = getattr(f, "__name__", "train")
    return (
        f"{name} takes a module, and is given a problem; wrap it: on_modules({name}), or on_episodes({name}) where it "
        "takes a support and a query set"
    )


def _arguments(f: Callable[..., Any]) -> list[str]:
    """The names of its arguments, none where Python cannot tell them."""
    try:
        return list(signature(f).parameters)
    except (TypeError, ValueError):  # some functions that are not written in Python
        return []


def raised_at(error: BaseException) -> str:
    """File and line of the innermost frame outside this package and installed libraries, else of the innermost."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith((_HERE, *_LIBRARIES))]
    frame = (own or frames)[-1]
    return f"{frame.filename}:{frame.lineno}"
