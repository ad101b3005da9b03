"""What is read off recorded iterates, and how far float64 may be from exact arithmetic there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import flint
import numpy as np
import torch

import theory
from empirics import Task
from empirics.algorithm.meta_gradients import fine_tuning, trajectory
from empirics.certificates import closed_form
from empirics.certificates.round_map import RoundMap, round_map
from empirics.numerics.rounding import row_norms_up
from empirics.tasks.float_errors import UNIT_ROUNDOFF, gamma
from reports.balls import ball
from reports.measure.moments import average_and_minimiser
from reports.measure.run_specification import RunSpecification
from reports.measure.slices import evaluated
from reports.measure.task_instance import upwards


def mean_gradients(specification: RunSpecification, iterates: np.ndarray, device: str = "cpu") -> torch.Tensor:
    """Grad F at every iterate, (replicas, rounds + 1, d), computed on that device."""
    task, settings = _in_float64(specification).to(device), specification.settings
    w = torch.as_tensor(iterates, dtype=torch.float64, device=device)
    each = evaluated(task, w.flatten(0, -2), lambda part, at: trajectory(part, at, settings.alpha, settings.nu).exact())
    return each.mean(dim=1).reshape(w.shape).cpu()


def squared_gradients(specification: RunSpecification, iterates: np.ndarray, device: str = "cpu") -> np.ndarray:
    """norm(grad F)^2 at every iterate (..., d) of a run."""
    return mean_gradients(specification, iterates, device).square().sum(-1).numpy()


def losses(specification: RunSpecification, iterates: np.ndarray) -> np.ndarray:
    """F(w_k) at every iterate."""
    task, settings = _in_float64(specification), specification.settings
    w = torch.as_tensor(iterates, dtype=torch.float64)
    each = evaluated(
        task,
        w.flatten(0, -2),
        lambda part, at: part.raw_loss(fine_tuning(part, at, settings.alpha, settings.nu)[-1]),
    )
    return each.mean(dim=1).reshape(w.shape[:-1]).numpy()


def _in_float64(specification: RunSpecification) -> Task:
    task = specification.instance.task
    return task if task.dtype == torch.float64 else task.to(dtype=torch.float64)


def gaps(specification: RunSpecification, iterates: np.ndarray) -> np.ndarray:
    """F(w_k) - F* at every iterate of a quadratic run, from the form (w - w*)^T M (w - w*)/2, which does not cancel."""
    task, settings = specification.instance.task, specification.settings
    mean = closed_form.meta_matrices(task, settings.alpha, settings.nu).mean(dim=0)
    offset = torch.as_tensor(iterates) - torch.as_tensor(_minimiser(specification))
    return (0.5 * (offset * (offset @ mean)).sum(-1)).numpy()


def _minimiser(specification: RunSpecification) -> np.ndarray:
    """w* of a quadratic task, each coordinate the float nearest to a ball far narrower than an ulp."""
    with flint.ctx.workprec(ball.BITS):
        agents = specification.instance.forms
        _, lowest = average_and_minimiser(agents, ball.ball(specification.settings.alpha), specification.settings.nu)
        return np.array([float(x.mid()) for x in ball.entries(lowest)])


@dataclass(frozen=True)
class Rounding:
    """Proved rounding bounds for one run's iterates.

    `distance` is how far float32 iterates were seen to be from float64 ones (0 for float64 runs). It is an estimate: no
    row certifies closer than the change that it makes to a loss, a gradient or a gap.
    """

    specification: RunSpecification
    iterates: np.ndarray
    distance: float = 0.0

    @property
    def radius(self) -> float:
        """Norms of everything that is evaluated: iterates, local steps and fine-tuning points."""
        p = self.specification
        reach = float(row_norms_up(self.iterates).max())
        return reach + p.settings.alpha * p.settings.nu * p.B_F * 1.01 + p.settings.beta * p.B_F

    @cached_property
    def gradient(self) -> float:
        """S1: the error of grad F evaluated at a given iterate."""
        return upwards(self._evaluation + self.specification.L_F * self.distance) if self.distance else self._evaluation

    @cached_property
    def _evaluation(self) -> float:
        p = self.specification
        return p.instance.meta_gradient_rounding(p.settings.alpha, p.settings.nu, self.radius)

    @cached_property
    def _round_map(self) -> RoundMap | None:
        p = self.specification
        known = p.quadratic and p.surely_one_path and p.settings.server_step == 1
        return round_map(p.instance.task, p.settings, p.start.reshape(-1, p.instance.task.d)) if known else None

    @cached_property
    def loss(self) -> float:
        """The error of F evaluated at a given iterate: that of f_i, and B times that of the fine-tuned point."""
        p, s = self.specification, self.specification.settings
        eta = p.instance.rounding(s.alpha, s.nu, self.radius).gradient
        q = theory.quantity("q").value(**p.inputs)
        moved = s.alpha * eta * sum(q**j for j in range(s.nu))
        own = p.instance.loss_rounding(self.radius)
        own = (own + p.instance.constants["B"].value * moved) * (1 + gamma(p.instance.task.n + 2))
        return upwards(own + p.B_F * self.distance)

    @cached_property
    def gap(self) -> float:
        """The error of the quadratic form of a gap: rounding of the matrices, of w* and of the form itself."""
        p, s, task = self.specification, self.specification.settings, self.specification.instance.task
        lowest = float(np.linalg.norm(_minimiser(p)))
        reach = self.radius + lowest
        operations = (2 * s.nu + 2) * (task.d + 2) + 4 * task.d + task.n + 8
        size = p.instance.constants["L"].value * (1 + s.alpha * p.instance.constants["L"].value) ** (2 * s.nu)
        form = gamma(operations) * math.sqrt(task.d) * size * reach**2
        moved = 2 * UNIT_ROUNDOFF * lowest + self.distance
        return upwards(form + p.L_F * moved * (reach + moved))

    @cached_property
    def path(self) -> float:
        """How far a float64 path without randomness may be from the exact one after all its local steps.

        A local step is growth-Lipschitz and errs by beta eta and the rounding of the update, where eta is S1 and, in
        Hessian-free mode, eta_G / delta a step more; averaging the agents' results adds n roundings a round. A server
        step beta_s != 1 adds three, of vectors of norm at most (1 + 2 beta_s) radius, and |1 - beta_s| times the error
        from before the round. Where the round as a whole contracts by c, an error of e a round stays below e/(1 - c).
        """
        p, s = self.specification, self.specification.settings
        q = theory.quantity("q").value(**p.inputs)
        eta = self._evaluation
        if s.delta is not None and s.nu > 0:
            raw = p.instance.rounding(s.alpha, s.nu, self.radius).gradient
            eta += s.alpha * raw / float(s.delta) * sum(q**j for j in range(s.nu))
        per_step = s.beta * eta + 4 * UNIT_ROUNDOFF * (self.radius + s.beta * p.B_F)
        averaging = (p.instance.task.n + 2) * UNIT_ROUNDOFF * self.radius
        growth, total = self._growth(q), 0.0
        if self._round_map is not None:
            fresh = per_step * sum(growth**t for t in range(s.tau)) + averaging
            return upwards(fresh / (1 - self._round_map.contraction) + self.distance)
        for _ in range(p.cell.rounds):
            before = total
            for _ in range(s.tau):
                total = growth * total + per_step
            total += averaging
            if s.server_step != 1:
                step = 3 * UNIT_ROUNDOFF * (1 + 2 * s.server_step) * (self.radius + before + total)
                total = abs(1 - s.server_step) * before + s.server_step * total + step
        return upwards(total + self.distance)

    def _growth(self, q: float) -> float:
        """A Lipschitz constant of w -> w - beta g_i(w): from the update matrices, else 1 + beta times that of g_i."""
        p, s = self.specification, self.specification.settings
        if p.quadratic:
            low, high = closed_form.update_range(p.instance.task, s.alpha, s.nu, p.cell.mode)
            return upwards(float(np.maximum(np.abs(1 - s.beta * low), np.abs(1 - s.beta * high)).max()))
        of_g = q**s.nu * p.instance.constants["L"].value if not p.cell.mode.curved else p.L_F
        return 1.0 + s.beta * of_g
