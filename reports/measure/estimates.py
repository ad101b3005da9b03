"""Constants of networks that certify none: estimated on the set that a cell looks at, kept in its record.

Runs: over the hull of the server iterates and of every fine-tuning trajectory that starts there. Points: over the ball
that is searched, widened by what fine-tuning adds. All are suprema approached from below, so their rows decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from empirics.estimation import Ball, Budget, Region, estimate, hull_of_run
from reports.cells.points_cell import PointsCell
from reports.judging.rows import StatedConstant
from reports.measure.prepared import Prepared
from reports.measure.subject import CONSTANTS, Subject

ALONG_RUN = "estimated from below over the hull of the run's server iterates and fine-tuning trajectories"
ON_BALL = "estimated from below over the ball that is searched and what fine-tuning reaches from there"

_PREFIX = "estimate_"
_VERTICES = 48
_BUDGET = Budget(screened=10, starts=2, steps=5, lanczos=10, directions=2, power=5, draws=64)
_WITHOUT_NOISE = ("L", "rho", "B", "gamma_G", "gamma_H")


def rough(subject: Subject) -> str | None:
    """Why nothing applies to a network that was declared not smooth; None for a smooth one."""
    if not subject.task.smooth:
        return "A2: the network is declared not smooth, so L and rho do not exist"
    return None


def ball_estimates(subject: Subject, cell: PointsCell, seed: int) -> dict[str, np.ndarray]:
    """Estimates for a cell of points, by name; none where the task certifies its own."""
    if not subject.estimated:
        return {}
    alpha, task = subject.alpha(cell), subject.task
    searched = Ball(subject.centre, float(cell.radius))
    found = estimate(task, searched, seed=seed % 2**31, budget=_BUDGET, names=["L", "B"])
    # S3: the l-th fine-tuning step moves by at most alpha q^l norm(grad f_i(w))
    walked = alpha * found["B"].value * sum((1 + alpha * found["L"].value) ** step for step in range(cell.nu))
    wider = Ball(subject.centre, float(cell.radius) + walked)
    return _estimates(subject, wider, _WITHOUT_NOISE, seed)


def run_estimates(prepared: Prepared, iterates: np.ndarray, seed: int, device: str = "cpu") -> dict[str, np.ndarray]:
    """Estimates along a run, by name, computed where it ran; none where the task certifies its own."""
    subject, settings = prepared.subject, prepared.settings
    if not subject.estimated:
        return {}
    noisy = settings.sizes is not None
    names = (*_WITHOUT_NOISE, "sigma_G", "sigma_H") if noisy else _WITHOUT_NOISE
    hull = hull_of_run(subject.task, iterates, settings.alpha, settings.nu, most=_VERTICES)
    return _estimates(subject, hull, names, seed, device)


def _estimates(
    subject: Subject, over: Region, names: tuple[str, ...], seed: int, device: str = "cpu"
) -> dict[str, np.ndarray]:
    found = estimate(subject.task.to(device), over, seed=seed % 2**31, budget=_BUDGET, names=names)
    return {f"{_PREFIX}{name}": np.asarray(one.value) for name, one in found.items()}


def with_estimates(subject: Subject, arrays: Mapping[str, np.ndarray]) -> Subject:
    """The subject with the estimates of a record as its constants, each of side lower; else itself."""
    found = {name: arrays[_PREFIX + name] for name in CONSTANTS if _PREFIX + name in arrays}
    if not found:
        return subject
    stated = {name: StatedConstant(value=float(value), side="lower") for name, value in found.items()}
    return replace(subject, stated=stated)


def completed(prepared: Prepared, arrays: Mapping[str, np.ndarray]) -> Prepared:
    """A prepared run with the estimates of its record among its constants and inputs; else itself."""
    subject = with_estimates(prepared.subject, arrays)
    if subject is prepared.subject:
        return prepared
    known = subject.inputs(prepared.settings.alpha, prepared.settings.nu)
    constants = {**prepared.constants, **subject.constants}
    return replace(prepared, subject=subject, constants=constants, inputs={**known, **prepared.inputs})
