"""Maximising a quantity over a region: screening, then projected gradient ascent from the best points, all batched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from empirics.estimation.estimates import Budget, Estimate
from empirics.estimation.regions import Region
from empirics.tasks.task import Task

Objective = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Points (P, d) -> values (P,) and gradients (P, d); only the gradients' directions matter."""


@dataclass(frozen=True, eq=False)
class Peak:
    """The largest value met, where it was met, and how many points were evaluated."""

    value: float
    at: Tensor
    points: int

    def estimate(
        self,
        name: str,
        method: str = "projected gradient ascent",
        *,
        error: float | None = None,
        residual: float | None = None,
    ) -> Estimate:
        """The largest value as a lower estimate of a supremum; `error` is its standard error."""
        return Estimate(name, self.value, "lower", method, self.points, self.at, error, residual)


@torch.no_grad()
def climb(objective: Objective, region: Region, *, seed: int, budget: Budget) -> Peak:
    """Projected gradient ascent with normalised steps that grow on success and shrink on failure.

    A start never gives up its best point, so the result is one of the values met: a lower estimate of the supremum.

    >>> from empirics.estimation import Ball
    >>> peak = climb(lambda w: (w[:, 0], torch.ones_like(w)), Ball([0.0], 2.0), seed=0, budget=Budget())
    >>> round(peak.value, 9)
    2.0
    """
    generator = torch.Generator().manual_seed(seed)
    x = region.project(region.draw(budget.screened, generator))
    values, slopes = _finite(*objective(region.point(x)))
    best = values.topk(min(budget.starts, len(values))).indices
    x, values, slopes = x[best], values[best], slopes[best]
    step = torch.full((len(x), 1), region.reach, dtype=x.dtype)
    for _ in range(budget.steps):
        direction = region.pull_back(slopes)
        direction = direction / direction.norm(dim=-1, keepdim=True).clamp_min(1e-300)
        trial = region.project(x + step * direction)
        trial_values, trial_slopes = _finite(*objective(region.point(trial)))
        better = (trial_values > values).unsqueeze(-1)
        x, slopes = torch.where(better, trial, x), torch.where(better, trial_slopes, slopes)
        values = torch.maximum(values, trial_values)
        step = torch.where(better, step * 2.0, step * 0.4).clamp(max=8 * region.reach)
    winner = int(values.argmax())
    at = region.point(x[winner : winner + 1])[0]
    return Peak(float(values[winner]), at, budget.screened + len(x) * budget.steps)


def of_agent(values: Tensor, agents: Tensor) -> Tensor:
    """One agent's entry for each point: values (P, n, ...) at agents (P,) gives (P, ...)."""
    return values[torch.arange(len(values), device=values.device), agents]


def for_all(w: Tensor, task: Task) -> Tensor:
    """Points (P, d) for every agent, (P, n, d), where the task lies and in its precision."""
    return w.to(task.device, task.dtype).unsqueeze(1).expand(-1, task.n, -1).contiguous()


def numerical_slope(value: Callable[[Tensor], Tensor], w: Tensor, step: float, *, seed: int, most: int = 48) -> Tensor:
    """Central differences of value (P, d) -> (P,) along the axes, or along `most` random directions when d is larger.

    >>> numerical_slope(lambda w: w[:, 0] ** 2, torch.tensor([[3.0, 1.0]], dtype=torch.float64), 0.5, seed=0)
    tensor([[6., 0.]], dtype=torch.float64)
    """
    count, d = w.shape
    if d <= most:
        directions = torch.eye(d, dtype=w.dtype)
    else:
        generator = torch.Generator().manual_seed(seed)
        directions = torch.linalg.qr(torch.randn(d, most, generator=generator, dtype=w.dtype)).Q.mT
    ahead = value((w.unsqueeze(1) + step * directions).reshape(-1, d))
    behind = value((w.unsqueeze(1) - step * directions).reshape(-1, d))
    return ((ahead - behind) / (2 * step)).reshape(count, -1) @ directions


def _finite(values: Tensor, slopes: Tensor) -> tuple[Tensor, Tensor]:
    values, slopes = values.cpu().to(torch.float64), slopes.cpu().to(torch.float64)
    usable = torch.isfinite(values) & torch.isfinite(slopes).all(-1)
    return torch.where(usable, values, -torch.inf), torch.where(usable.unsqueeze(-1), slopes, 0.0)
