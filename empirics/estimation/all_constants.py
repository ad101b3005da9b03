"""All constants of A2-A6 of one task over one set, estimated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from empirics.estimation.curvature import largest_curvature, least_curvature
from empirics.estimation.estimates import Budget, Estimate
from empirics.estimation.gradients import gradient_estimate
from empirics.estimation.heterogeneity import gradient_spread_estimate, hessian_spread_estimate
from empirics.estimation.noise import gradient_noise_estimate, hessian_noise_estimate
from empirics.estimation.regions import Region
from empirics.estimation.third_derivative import third_estimate
from empirics.numerics.checks import choice, integer
from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.numerics.progress import shown
from empirics.tasks.task import Task

NAMES = ("L", "mu", "rho", "B", "sigma_G", "sigma_H", "gamma_G", "gamma_H")


@torch.no_grad()
def estimate(
    task: Task,
    over: Region,
    *,
    seed: int = 0,
    budget: Budget | None = None,
    names: Sequence[str] = NAMES,
    progress: bool = False,
) -> dict[str, Estimate]:
    """L, mu, rho, B, sigma_G, sigma_H, gamma_G, gamma_H over a ball or a hull, by ascent; batched over agents, points.

    Suprema are approached from below (side `lower`), mu from above (side `upper`): none of them certifies a bound.

    Args:
        task: the losses.
        over: `Ball` or `Hull`.
        seed: of starting points and directions.
        budget: how much work; `QUICK` or the default.
        names: which of them to estimate; all by default.
        progress: show on a terminal, on standard error, which of them is being estimated.

    Raises:
        InputError: the set has another dimension than the task, the task is in float32, or an unknown name.

    >>> from empirics import QuadraticTask
    >>> from empirics.estimation import Ball
    >>> task = QuadraticTask(A=[[[2.0, 0.0], [0.0, 1.0]]], c=[[0.0, 0.0]])
    >>> found = estimate(task, Ball([0.0, 0.0], 3.0))
    >>> {name: round(one.value, 6) for name, one in found.items() if name in ("L", "mu", "B")}
    {'L': 2.0, 'mu': 1.0, 'B': 6.0}
    """
    if over.d != task.d:
        raise InputError(f"over has points of {over.d} numbers: expected {task.d}, the dimension of the task")
    if task.dtype != torch.float64:
        raise InputError("task is in float32: expected float64, task.to(dtype=torch.float64), for difference quotients")
    seed, budget = integer("seed", seed, at_least=0), budget or Budget()
    for name in names:
        choice("names", name, NAMES)
    wanted = [name for name in NAMES if name in names]
    return {name: _ESTIMATORS[name](task, over, seed=seed, budget=budget) for name in shown(wanted, progress)}


_ESTIMATORS = {
    "L": largest_curvature,
    "mu": least_curvature,
    "rho": third_estimate,
    "B": gradient_estimate,
    "sigma_G": gradient_noise_estimate,
    "sigma_H": hessian_noise_estimate,
    "gamma_G": gradient_spread_estimate,
    "gamma_H": hessian_spread_estimate,
}


def as_constants(estimates: dict[str, Estimate]) -> dict[str, Constant]:
    """Estimates as a task's constants, each with its side.

    >>> as_constants({"B": Estimate("B", 1.0, "lower", "ascent", 5, torch.zeros(1))})
    {'B': Constant(value=1.0, side='lower', note='ascent, 5 points')}
    """
    return {name: one.constant() for name, one in estimates.items()}


def looseness(certified: Mapping[str, Constant], estimated: Mapping[str, Estimate]) -> dict[str, float]:
    """How far a certified bound is above what was found, certified/estimated, for the constants known on both sides.

    The truth lies between the two, so a ratio near 1 says that both are good.

    >>> found = {"B": Estimate("B", 2.0, "lower", "ascent", 5, torch.zeros(1))}
    >>> looseness({"B": Constant(3.0, "upper")}, found)
    {'B': 1.5}
    """
    shared = [name for name in certified if name in estimated and estimated[name].value != 0]
    return {name: certified[name].value / estimated[name].value for name in shared}
