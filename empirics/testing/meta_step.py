"""Code that returns the new parameters of a meta step in place of a gradient."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from torch import Tensor

from empirics.testing import oracles
from empirics.testing.cases import Case
from empirics.testing.tolerances import SLACK


class FromParameters:
    """A function that returns w - g, made one that returns g: the meta step has length 1.

    >>> f = FromParameters(lambda problem, w, alpha, nu, mode, delta: w - 3 * w)
    >>> f(None, np.array([1.0, 2.0]), 0.1, 1, "exact", None).tolist()
    [3.0, 6.0]
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        """Keep the function, and what its adapter knows about it."""
        self.f = f
        self.__qualname__ = getattr(f, "__qualname__", "f")
        for name in ("changes", "suspects", "dtype", "episodes"):
            if hasattr(f, name):
                setattr(self, name, getattr(f, name))

    def __call__(self, problem: Any, w: Any, *setting: Any) -> Any:
        """w as it was before the call, less what the function returns."""
        before = w.detach().clone() if isinstance(w, Tensor) else w.copy()
        return before - self.f(problem, w, *setting)

    @staticmethod
    def rounding(case: Case, eps: float) -> float:
        """At least the rounding of w - g and of its difference from w: each relative to norm(w) + norm(g)."""
        return _storing(case.but(twist=None)) * SLACK * eps


@lru_cache(maxsize=4096)
def _storing(case: Case) -> float:
    exact = oracles.meta_gradient_of(case.problem, case.point, case.alpha, case.nu, case.mode, case.delta)
    return float(np.linalg.norm(case.point) + np.linalg.norm(exact))
