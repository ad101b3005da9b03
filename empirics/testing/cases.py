"""The instances on which properties are tested; every one prints as the Python that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from empirics.algorithm.modes import Mode
from empirics.testing.agent import Agent, Vector
from empirics.testing.shown import Shown
from empirics.testing.tolerances import meta_gradient_rounding


class AtPoint(Shown):
    """What is asked at a point w."""

    w: Vector

    @property
    def point(self) -> np.ndarray:
        """w as an array (d,) in float64."""
        return np.array(self.w)


@dataclass(frozen=True, repr=False)
class Case(AtPoint):
    """One call f(problem, w, alpha, nu, mode, delta), and the number or vector that a property twists it by."""

    problem: Agent
    w: Vector
    alpha: float
    nu: int
    mode: str = Mode.EXACT
    delta: float | None = None
    twist: Any = None

    def of(self, change: Callable[[Agent], Agent]) -> Case:
        """The same about another agent."""
        return self.but(problem=change(self.problem))

    def rounding(self, eps: float) -> float:
        """At least the rounding error of this case's meta-gradient."""
        return _rounding(self.but(twist=None), eps)


@lru_cache(maxsize=4096)
def _rounding(case: Case, eps: float) -> float:
    """Kept, since it depends on the case alone and several properties and repeated checks ask for it."""
    return meta_gradient_rounding(case.problem, case.point, case.alpha, case.nu, case.mode, case.delta, eps)
