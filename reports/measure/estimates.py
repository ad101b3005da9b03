"""Constants of networks that certify none: estimated on the set that a cell looks at, kept in its record.

Runs: over the hull of the server iterates and of every fine-tuning trajectory that starts there. Points: over the ball
that is searched, widened by what fine-tuning adds. All are suprema approached from below, so their rows decide nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from empirics.estimation import Ball, Budget, Estimate, Region, estimate, hull_of_run
from reports.cells.points_cell import PointsCell
from reports.judging.rows import StatedConstant
from reports.measure.run_specification import RunSpecification
from reports.measure.task_instance import CONSTANTS, TaskInstance
from reports.tasks.networks import RADIUS, unproved

ALONG_RUN = "estimated from below over the hull of the run's server iterates and fine-tuning trajectories"
ON_BALL = "estimated from below over the ball that is searched and what fine-tuning reaches from there"

_PREFIX = "estimate_"
_VERTICES = 48
_BUDGET = Budget(screened=10, starts=2, steps=5, lanczos=10, directions=2, power=5, draws=64)
_WITHOUT_NOISE = ("L", "rho", "B", "gamma_G", "gamma_H")


def rough(instance: TaskInstance) -> str | None:
    """Why nothing applies to a network that was declared not smooth; None for a smooth one."""
    if not instance.task.smooth:
        return "A2: the network is declared not smooth, so L and rho do not exist"
    return None


def because(instance: TaskInstance, where: str) -> str:
    """Where constants were estimated, and why they are not proved; '' for constants that are.

    where: ALONG_RUN or ON_BALL.
    """
    if not instance.stated:
        return ""
    if why := unproved(instance.task):
        return f"{where}; not proved: {why}"
    return f"{where}; with @{RADIUS} behind the factory they are proved on that ball about the start"


def ball_estimates(instance: TaskInstance, cell: PointsCell, seed: int) -> dict[str, np.ndarray]:
    """Estimates for a cell of points, by name; none where the task certifies its own."""
    if not instance.estimated:
        return {}
    alpha, task = instance.alpha(cell), instance.task
    searched = Ball(instance.centre, float(cell.radius))
    found = estimate(task, searched, seed=seed % 2**31, budget=_BUDGET, names=["L", "B"])
    _refuse_beyond(found)
    # S3: the l-th fine-tuning step moves by at most alpha q^l norm(grad f_i(w))
    walked = alpha * found["B"].value * sum((1 + alpha * found["L"].value) ** step for step in range(cell.nu))
    wider = Ball(instance.centre, float(cell.radius) + walked)
    return _estimates(instance, wider, _WITHOUT_NOISE, seed)


def run_estimates(
    specification: RunSpecification, iterates: np.ndarray, seed: int, device: str = "cpu"
) -> dict[str, np.ndarray]:
    """Estimates along a run, by name, computed where it ran; none where the task certifies its own."""
    instance, settings = specification.instance, specification.settings
    if not instance.estimated:
        return {}
    noisy = settings.sizes is not None
    names = (*_WITHOUT_NOISE, "sigma_G", "sigma_H") if noisy else _WITHOUT_NOISE
    hull = hull_of_run(instance.task, iterates, settings.alpha, settings.nu, most=_VERTICES)
    return _estimates(instance, hull, names, seed, device)


def _estimates(
    instance: TaskInstance, over: Region, names: tuple[str, ...], seed: int, device: str = "cpu"
) -> dict[str, np.ndarray]:
    found = estimate(instance.task.to(device), over, seed=seed % 2**31, budget=_BUDGET, names=names)
    _refuse_beyond(found)
    return {f"{_PREFIX}{name}": np.asarray(one.value) for name, one in found.items()}


def _refuse_beyond(found: Mapping[str, Estimate]) -> None:
    """Raise OverflowError for a supremum over numbers of which none is finite."""
    for name, one in found.items():
        if not math.isfinite(one.value):
            raise OverflowError(f"what is estimated for {name} is not finite at any point; scale the loss down")


def with_estimates(instance: TaskInstance, arrays: Mapping[str, np.ndarray]) -> TaskInstance:
    """The instance with the estimates of a record as its constants, each of side lower; else itself."""
    found = {name: arrays[_PREFIX + name] for name in CONSTANTS if _PREFIX + name in arrays}
    if not found:
        return instance
    stated = {name: StatedConstant(value=float(value), side="lower") for name, value in found.items()}
    return replace(instance, stated=stated)


def completed(specification: RunSpecification, arrays: Mapping[str, np.ndarray]) -> RunSpecification:
    """A specification run with the estimates of its record among its constants and inputs; else itself."""
    instance = with_estimates(specification.instance, arrays)
    if instance is specification.instance:
        return specification
    known = instance.inputs(specification.settings.alpha, specification.settings.nu)
    constants = {**specification.constants, **instance.constants}
    return replace(specification, instance=instance, constants=constants, inputs={**known, **specification.inputs})
