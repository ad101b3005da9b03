r"""L and mu: extreme eigenvalues of the agents' Hessians.

With theta_i(w) and v the extreme Ritz pair of agent i at w, v^T hess f_i(w) v is a lower estimate of lambda_max and its
gradient in w is the third derivative T_i(w)[v, v, .], that is, the derivative of hess f_i(w + t v) v in t. So ascent
over points needs nothing but Hessian-vector products.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from empirics.estimation.ascent import Objective, Peak, climb, for_all, of_agent
from empirics.estimation.estimates import Budget, Estimate
from empirics.estimation.krylov import Ritz, enclosures, lanczos
from empirics.estimation.regions import Region
from empirics.numerics.checks import real
from empirics.tasks.task import Task

PROBE = 2.0**-13
"""Step of a central difference, relative to 1 + norm(w): its rounding stays near 2^-40, its truncation near 2^-26."""


def probe(w: Tensor) -> Tensor:
    """The step of a central difference at points (..., d), shape (..., 1)."""
    return PROBE * (1 + w.norm(dim=-1, keepdim=True))


def central_difference(function: Callable[[Tensor], Tensor], w: Tensor, v: Tensor) -> Tensor:
    """d/dt function(w + t v) at t = 0, at points (..., d) along unit vectors, by a difference over 2 `probe`(w)."""
    step = probe(w)
    return (function(w + step * v) - function(w - step * v)) / (2 * step)


def along(task: Task, w: Tensor, v: Tensor) -> Tensor:
    """T(w)[v, v, .] = d/dt hess f(w + t v) v at t = 0, (P, n, d), for unit vectors v."""
    return central_difference(lambda point: task.raw_hvp(point, v), w, v)


def hessian_ends(task: Task, w: Tensor, steps: int, seed: int) -> Ritz:
    """Both ends of the spectrum of every agent's Hessian at points (P, n, d)."""
    return lanczos(lambda v: task.raw_hvp(w, v), w, steps, seed=seed)


def spectral_norm(task: Task, budget: Budget, seed: int) -> Objective:
    """max_i norm(hess f_i), for L."""

    def objective(points: Tensor) -> tuple[Tensor, Tensor]:
        w = for_all(points, task)
        found = hessian_ends(task, w, budget.lanczos, seed)
        agent = found.norm.argmax(dim=-1)
        direction = of_agent(found.norm_vector, agent)
        slope = of_agent(along(task, w, for_all(direction, task)), agent)
        return of_agent(found.norm, agent), of_agent(found.norm_sign, agent).unsqueeze(-1) * slope

    return objective


def least_eigenvalue(task: Task, budget: Budget, seed: int) -> Objective:
    """-min_i lambda_min(hess f_i), for mu."""

    def objective(points: Tensor) -> tuple[Tensor, Tensor]:
        w = for_all(points, task)
        found = hessian_ends(task, w, budget.lanczos, seed)
        agent = found.low.argmin(dim=-1)
        direction = of_agent(found.low_vector, agent)
        slope = of_agent(along(task, w, for_all(direction, task)), agent)
        return -of_agent(found.low, agent), -slope

    return objective


@torch.no_grad()
def largest_curvature(task: Task, over: Region, *, seed: int, budget: Budget) -> Estimate:
    """L from below over a set: Lanczos at each point, gradient ascent over points."""
    peak, found, method = _extreme(spectral_norm, task, over, seed, budget)
    return peak.estimate("L", method, residual=float(found.norm_residual.max()))


@torch.no_grad()
def least_curvature(task: Task, over: Region, *, seed: int, budget: Budget) -> Estimate:
    """mu from above over a set, as `largest_curvature` finds L."""
    peak, found, method = _extreme(least_eigenvalue, task, over, seed, budget)
    residual = float(found.low_residual.max())
    return Estimate("mu", -peak.value, "upper", method, peak.points, peak.at, residual=residual)


def _extreme(
    objective: Callable[[Task, Budget, int], Objective], task: Task, over: Region, seed: int, budget: Budget
) -> tuple[Peak, Ritz, str]:
    """Where the objective peaks, the ends of the spectra there, and how that was found."""
    peak = climb(objective(task, budget, seed), over, seed=seed, budget=budget)
    found = hessian_ends(task, for_all(peak.at[None], task), budget.lanczos, seed)
    return peak, found, f"Lanczos ({found.steps} steps) at each point, projected gradient ascent over points"


@torch.no_grad()
def point_curvature(task: Task, w: Any, *, steps: int = 24, probability: float = 0.99, seed: int = 0) -> list[Estimate]:
    """L and mu at ONE point (d,): Ritz values with the Kuczynski-Wozniakowski bound on both ends of all n agents.

    With at least the given probability over the random start, both constants lie in their intervals at this point.
    It says nothing about any other point.

    >>> from empirics import QuadraticTask
    >>> largest, least = point_curvature(QuadraticTask(A=[[[2.0, 0.0], [0.0, 1.0]]], c=[[0.0, 0.0]]), [0.0, 0.0])
    >>> largest.side, round(largest.value, 9), round(least.value, 9)
    ('interval', 2.0, 1.0)
    """
    points, _ = task.as_points(w)
    found = hessian_ends(task, points, steps, seed)
    miss = (1 - real("probability", probability, above=0)) / (2 * task.n)
    low, high = enclosures(found, task.d, miss)
    at = points[0, 0].cpu()
    method = f"Lanczos ({found.steps} steps) and the probability bound of a random start, one point only"
    ends = (
        ("L", float(found.norm.max()), float(torch.maximum(high, -low).max()), found.norm_residual),
        ("mu", float(found.low.min()), float(low.min()), found.low_residual),
    )
    return [
        Estimate(name, value, "interval", method, 1, at, None, float(residual.max()), far, probability)
        for name, value, far, residual in ends
    ]


def margin(over: Region) -> float:
    """Central differences at any point of the set reach this far."""
    far = over.point(over.draw(1, torch.Generator().manual_seed(0))).norm()
    return PROBE * (1 + float(far) + over.reach)
