"""Constants of the generated losses, each with its side, from the certified tasks of this package."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.tasks.cosine import CosineTask
from empirics.tasks.logcosh import LogCoshTask
from empirics.tasks.logistic import LogisticTask
from empirics.tasks.quadratic import QuadraticTask
from empirics.tasks.task import Task
from empirics.testing.agent import Problem
from empirics.testing.problems import Quadratic, Ridge


def as_task(problems: Sequence[Problem]) -> Task:
    """The agents as one task of this package: all quadratic, all cosine sums, or all log-cosh or logistic sums.

    Offsets of ridge sums are left out: no gradient sees them. Raises `InputError` for families that do not mix, for a
    negative weight or linear term that the family lacks, and for networks.

    >>> task = as_task([Quadratic(A=((2.0,),), c=(1.0,)), Quadratic(A=((4.0,),), c=(0.0,))])
    >>> task.gradient([0.0]).flatten().tolist()
    [-2.0, 0.0]
    """
    quadratics = [problem for problem in problems if isinstance(problem, Quadratic)]
    ridges = [problem for problem in problems if isinstance(problem, Ridge)]
    if quadratics and len(quadratics) == len(problems):
        matrices, centres = [p.A for p in quadratics], [p.c for p in quadratics]
        return QuadraticTask(np.array(matrices), np.array(centres), np.array([p.e for p in quadratics]))
    kinds = {problem.kind for problem in ridges}
    if len(ridges) != len(problems) or len(kinds) != 1:
        raise InputError(f"problems = {problems}: expected all quadratic, or ridge sums of one kind")
    a, s, phi, b = (np.array([getattr(p, name) for p in ridges]) for name in ("a", "s", "phi", "b"))
    kind = kinds.pop()
    if kind == "cosine":
        return CosineTask(a, s, phi, linear=b)
    if b.any():
        raise InputError(f"b = {b.tolist()}: a {kind} task has no linear term; expected 0")
    if kind == "logcosh":
        return LogCoshTask(a, s, phi)
    samples = s.shape[1]
    if not ((s == 1 / samples).all() and not phi.any()):
        raise InputError(f"s = {s.tolist()}, phi = {phi.tolist()}: expected weights 1/{samples} and phases 0")
    # A row z of a stands for the sample (x, y) = (z, 1), which has the same signed features.
    return LogisticTask(a, np.ones(s.shape), intercept=False)


@lru_cache(maxsize=512)
def constants_of(problem: Problem) -> dict[str, Constant]:
    """A2, A3 (and A6 where known) of one loss, with their sides; B is missing where the gradient is unbounded.

    >>> {name: c.side for name, c in constants_of(Quadratic(A=((2.0,),), c=(1.0,))).items() if name in ("L", "rho")}
    {'L': 'exact', 'rho': 'exact'}
    """
    return as_task((problem,)).constants()
