"""One round of Meta-FedAvg over given agents, and its slow independent answer."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from empirics.algorithm.modes import Mode
from empirics.testing import oracles
from empirics.testing.agent import Agent, Vector
from empirics.testing.arrays import Arrays, numbers
from empirics.testing.ask import answer
from empirics.testing.cases import AtPoint
from empirics.testing.shown import Shown
from empirics.testing.tolerances import SLACK, meta_gradient_rounding


@dataclass(frozen=True, repr=False)
class RoundSetting(Shown):
    """Fine-tuning step and number, meta step and number of local steps, mode and probe; every agent takes part."""

    alpha: float
    nu: int
    beta: float
    tau: int
    mode: str = Mode.EXACT
    delta: float | None = None


@dataclass(frozen=True, repr=False)
class RoundCase(AtPoint):
    """One call f(problems, w, setting)."""

    problems: tuple[Agent, ...]
    w: Vector
    setting: RoundSetting

    @property
    def mode(self) -> str:
        """How the agents compute their meta-gradients."""
        return self.setting.mode

    def of(self, change: Callable[[Agent], Agent]) -> Self:
        """The same with other agents."""
        return self.but(problems=tuple(map(change, self.problems)))

    def but(self, **changes: Any) -> Self:
        """The same case with some fields of it or of its setting replaced."""
        own = {name: changes.pop(name) for name in ("problems", "w") if name in changes}
        return replace(self, **own, setting=replace(self.setting, **changes))


@dataclass(frozen=True)
class AskRound:
    """The checked round f(problems, w, setting) and the arrays that it is given."""

    f: Callable[..., Any]
    arrays: Arrays

    def __call__(self, case: RoundCase) -> np.ndarray:
        """The next server iterate, (d,) in float64."""
        return numbers(self.raw(case), len(case.w))

    def raw(self, case: RoundCase, w: Any = None) -> Any:
        """The next server iterate as it is, from the given array or from a fresh one."""
        point = self.arrays.make(case.w) if w is None else w
        return answer(self.f, list(case.problems), point, case.setting)

    def call_on(self, case: RoundCase, w: Any) -> list[str]:
        """What a call at w leaves changed beside w, in words."""
        agents = list(case.problems)
        numbers(answer(self.f, agents, w, case.setting), len(case.w))
        same = len(agents) == len(case.problems) and all(map(operator.is_, agents, case.problems))
        return [] if same else ["the list of agents"]

    def rounding(self, case: RoundCase) -> float:
        """At least the rounding error of a correct answer."""
        return round_rounding(case, self.arrays.eps)


def next_iterate(case: RoundCase) -> np.ndarray:
    """Each agent takes tau dense local steps from w; the results are averaged with equal weights."""
    return np.mean([path[-1] for path in local_paths(case)], axis=0)


def local_paths(case: RoundCase) -> list[list[np.ndarray]]:
    """Every agent's local iterates."""
    paths, setting = [], case.setting
    for problem in case.problems:
        path = [case.point]
        for _ in range(setting.tau):
            step = oracles.meta_gradient_of(problem, path[-1], setting.alpha, setting.nu, setting.mode, setting.delta)
            path.append(path[-1] - setting.beta * step)
        paths.append(path)
    return paths


def round_rounding(case: RoundCase, eps: float) -> float:
    """At least the rounding error of a round: local steps with factor 1 + beta L_F, L_F of S4's pointwise form.

    It serves all modes: first order drops factors of it, and a central difference of gradients along v has Lipschitz
    constants L in v and rho norm(v) in w, as hess f v has.
    """
    setting, worst, largest = case.setting, 0.0, 0.0
    for problem, path in zip(case.problems, local_paths(case), strict=True):
        drift = 0.0
        for point in path[:-1]:
            own = meta_gradient_rounding(problem, point, setting.alpha, setting.nu, setting.mode, setting.delta, eps)
            moved = SLACK * eps * (float(np.linalg.norm(point)) + setting.beta * problem.query.sizes(point).gradient)
            drift = (1 + setting.beta * _smoothness(problem, point, setting)) * drift + setting.beta * own + moved
        worst, largest = max(worst, drift), max(largest, float(np.linalg.norm(path[-1])))
    return worst + SLACK * eps * len(case.problems) * largest


def _smoothness(agent: Agent, point: np.ndarray, setting: RoundSetting) -> float:
    inner, outer = agent.support.sizes(point), agent.query.sizes(point)
    q = 1 + setting.alpha * inner.hessian
    sums = sum(q**step for step in range(setting.nu))
    turning = setting.alpha * inner.third * q ** max(2 * setting.nu - 1, 0) * sums * outer.gradient
    return q ** (2 * setting.nu) * outer.hessian + turning
