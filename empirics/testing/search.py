"""The search for a failing case: hypothesis draws and shrinks, the last failing case is the smallest one found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given, target
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from empirics.testing.arrays import WrongResultError
from empirics.testing.budget import SearchBudget
from empirics.testing.comparison import Comparison

_CAP = 1e300
UNREPEATABLE = "the failure did not repeat on the same case: the function keeps state or draws at random"


@dataclass(frozen=True)
class Found:
    """A failing case with its comparison, or with what was wrong about the answer; `first` failed before shrinking."""

    case: Any
    comparison: Comparison | None
    error: WrongResultError | None
    note: str = ""
    first: Any = None


@dataclass(frozen=True)
class SearchResult:
    """The smallest failure (None if there is none), and the largest ratio of difference to tolerance among passes."""

    failure: Found | None
    worst: float


class _FailsError(Exception):
    """Tells hypothesis that a case fails."""


def search(test: Callable[[Any], Comparison], cases: SearchStrategy[Any], budget: SearchBudget) -> SearchResult:
    """Look for a case on which the test does not hold."""
    failures: list[Found] = []
    worst = 0.0

    @budget.settings()
    @given(cases)
    def attempt(case: Any) -> None:
        nonlocal worst
        try:
            comparison = test(case)
        except WrongResultError as error:
            failures.append(Found(case, None, error))
            raise _FailsError from None
        if budget.targeted:
            target(min(comparison.ratio, _CAP))
        if not comparison.holds:
            failures.append(Found(case, comparison, None))
            raise _FailsError
        worst = max(worst, comparison.ratio)

    try:
        attempt()
    except _FailsError:
        return SearchResult(replace(failures[-1], first=failures[0].case), worst)
    except Flaky:
        last = failures[-1]
        return SearchResult(replace(last, note=UNREPEATABLE, first=failures[0].case), worst)
    return SearchResult(None, worst)
