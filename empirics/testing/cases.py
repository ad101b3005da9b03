"""The instances on which properties are tested; every one prints as the Python that makes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from empirics.testing.problems import Problem, Vector
from empirics.testing.tolerances import meta_gradient_rounding


@dataclass(frozen=True)
class Case:
    """One call f(problem, w, alpha, nu, mode, delta), and the number or vector that a property twists it by."""

    problem: Problem
    w: Vector
    alpha: float
    nu: int
    mode: str = "exact"
    delta: float | None = None
    twist: Any = None

    def but(self, **changes: Any) -> Self:
        """The same case with some fields replaced."""
        return replace(self, **changes)

    @property
    def point(self) -> np.ndarray:
        """w in float64."""
        return np.array(self.w)

    def rounding(self, eps: float) -> float:
        """At least the rounding error of this case's meta-gradient."""
        return meta_gradient_rounding(self.problem, self.point, self.alpha, self.nu, self.mode, self.delta, eps)
