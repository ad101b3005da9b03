"""B: the largest gradient norm of any agent. The gradient of norm(g)^2 / 2 is H g, one Hessian-vector product."""

from __future__ import annotations

import torch
from torch import Tensor

from empirics.estimation.ascent import Objective, climb, for_all, of_agent
from empirics.estimation.estimates import Budget, Estimate
from empirics.estimation.regions import Region
from empirics.tasks.task import Task


def gradient_norm(task: Task) -> Objective:
    """max_i norm(grad f_i), for B."""

    def objective(points: Tensor) -> tuple[Tensor, Tensor]:
        w = for_all(points, task)
        gradient = task.raw_gradient(w)
        norms = gradient.norm(dim=-1)
        agent = norms.argmax(dim=-1)
        return of_agent(norms, agent), of_agent(task.raw_hvp(w, gradient), agent)

    return objective


@torch.no_grad()
def gradient_estimate(task: Task, over: Region, *, seed: int, budget: Budget) -> Estimate:
    """B from below over a set.

    >>> from empirics import QuadraticTask
    >>> from empirics.estimation.regions import Ball
    >>> task = QuadraticTask(A=[[[2.0, 0.0], [0.0, 1.0]]], c=[[0.5, 0.0]])
    >>> round(gradient_estimate(task, Ball([0.0, 0.0], 1.0), seed=0, budget=Budget()).value, 6)   # 2 (1 + 1/2)
    3.0
    """
    return climb(gradient_norm(task), over, seed=seed, budget=budget).estimate("B")
