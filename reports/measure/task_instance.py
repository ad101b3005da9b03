"""From a task and a setting to the exact inputs of theory: the only place where the two vocabularies meet."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
import torch

import theory
from empirics import Task
from reports.balls import ball
from reports.balls import network as ball_network
from reports.cells.cell import Cell, TaskPlan
from reports.judging.rows import StatedConstant
from reports.measure.rounding import Etas, etas, loss_error, with_updates
from reports.tasks.factories import make_task

CONSTANTS = ("L", "mu", "rho", "B", "sigma_G", "sigma_H", "gamma_G", "gamma_H")
_NOISE_SCALES = ("noise_gradient", "noise_amplitude", "noise_frequency")
# what a user's own task promises of its gradients over B and of its Hessian-vector products over L
_PROMISED = 2.0**-30


def exact(x: int | float | Fraction) -> str:
    """A number as the string that theory reads without loss.

    >>> exact(0.5), exact(3)
    ('1/2', '3')
    """
    return str(Fraction(x))


def upwards(x: float) -> float:
    """A float safely above a float64 result of a few thousand operations without cancellation.

    >>> upwards(1.0) > 1.0
    True
    """
    return math.nextafter(x * (1.0 + 1e-11), math.inf)


def downwards(x: float) -> float:
    """A float safely below a non-negative float64 result of a few thousand operations without cancellation."""
    return max(0.0, math.nextafter(x * (1.0 - 1e-11), -math.inf))


@dataclass(frozen=True)
class TaskInstance:
    """A task of the plan with what every measurement asks of it.

    `stated` replaces the constants that the task certifies: those of a network, estimated on a set.
    """

    plan: TaskPlan
    task: Task
    stated: Mapping[str, StatedConstant] | None = None

    @classmethod
    def of(cls, plan: TaskPlan) -> TaskInstance:
        """Make the task a plan names, on the CPU: only runs and draws move to another device."""
        return cls(plan, make_task(plan))

    def on_ball(self, radius: float) -> TaskInstance:
        """The same instance with its constants stated on norm(w) <= radius, where they need a ball; else itself."""
        return replace(self, task=self.task.on_ball(radius))

    @property
    def quadratic(self) -> bool:
        """Whether the losses are quadratics, exactly and nothing else."""
        return self.task.quadratic() is not None

    @property
    def additive_noise(self) -> bool:
        """Whether a batch adds to gradients what does not depend on w, if anything."""
        scales = self.task.sampler.sign_scales()
        return scales is not None and scales[1] == 0.0

    @property
    def name(self) -> str:
        """The name its rows carry."""
        return self.plan.name

    @cached_property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """The numbers in the task's formula, for independent evaluation."""
        return self.task.arrays()

    @cached_property
    def noise_arrays(self) -> Mapping[str, np.ndarray]:
        """The numbers in the formula of the task's sign noise; without noise, zero scales and any directions."""
        n, d = self.task.n, self.task.d
        scales = dict(
            zip(_NOISE_SCALES, map(np.asarray, self.task.sampler.sign_scales() or (0.0, 0.0, 0.0)), strict=True)
        )
        still = {"noise_u": np.zeros((n, d)), "noise_v": np.zeros((n, d)), "noise_phi": np.zeros(n)}
        return {**still, **{name: self.arrays[name] for name in still if name in self.arrays}, **scales}

    @property
    def estimated(self) -> bool:
        """Whether the task certifies nothing, so that its constants are estimated and no row of it is decided."""
        return not self.task.certified

    @property
    def in_balls(self) -> bool:
        """Whether the losses have a ball form."""
        network = self.task.network()
        return ball.known(self.task.family) if network is None else network.form is not None

    @property
    def promised_only(self) -> bool:
        """Whether certified constants stand beside rounding that is promised, not proved: then balls decide first."""
        return self.task.network() is not None and not self.estimated

    @cached_property
    def losses(self) -> list[ball.BallLoss]:
        """The agents' losses in balls."""
        if self.task.network() is not None and self.in_balls:
            return ball_network.dense_networks(self.arrays)
        return ball.losses(self.task.family, self.arrays)

    @property
    def centre(self) -> torch.Tensor:
        """About which points are searched: the origin, or the centre on which a network's constants are stated."""
        return self.task.centre

    @cached_property
    def constants(self) -> dict[str, StatedConstant]:
        """The constants of A2-A6 that the task certifies, or that were estimated for it, each with its side."""
        if self.stated is not None:
            return dict(self.stated)
        found = self.task.constants()
        return {
            name: StatedConstant(value=float(found[name].value), side=found[name].side)  # type: ignore[arg-type]
            for name in CONSTANTS
            if name in found
        }

    def alpha(self, cell: Cell) -> float:
        """The fine-tuning step of a cell: given, or a multiple of 1/L."""
        L = self.constants.get("L")
        return cell.step(None if L is None else L.value)

    def inputs(self, alpha: float, nu: int, **more: str | int | float | Fraction) -> dict[str, str]:
        """Exact theory inputs: the constants, alpha, nu, and whatever a statement needs besides."""
        result = {name: exact(constant.value) for name, constant in self.constants.items()}
        result |= {"alpha": exact(alpha), "nu": str(nu)}
        return result | {key: value if isinstance(value, str) else exact(value) for key, value in more.items()}

    def rounding(self, alpha: float, nu: int, radius: float) -> Etas:
        """Rounding bounds of one gradient and one Hessian-vector product at points of norm at most radius (S1)."""
        inputs = self.inputs(alpha, nu)
        return with_updates(
            self._raw_etas(radius),
            alpha=alpha,
            nu=nu,
            radius=radius,
            B=self.constants["B"].value,
            L=self.constants["L"].value,
            q=theory.quantity("q").value(**inputs),
        )

    def _raw_etas(self, radius: float) -> Etas:
        if ball.known(self.task.family):  # networks promise theirs, as tasks of a user do
            return etas(self.task.family, self.arrays, radius)
        return Etas(_PROMISED * self.constants["B"].value, _PROMISED * self.constants["L"].value)

    def loss_rounding(self, radius: float) -> float:
        """Rounding bound of one agent's loss at points of norm at most radius."""
        if ball.known(self.task.family):
            return loss_error(self.task.family, self.arrays, radius)
        largest = float(self.task.loss(self.centre).abs().max())
        return _PROMISED * (largest + self.constants["B"].value * (radius + float(self.centre.norm())))

    def meta_gradient_rounding(self, alpha: float, nu: int, radius: float) -> float:
        """S1: how far the engine's exact meta-gradient may be from the true one at such points."""
        eta = self.rounding(alpha, nu, radius)
        return theory.quantity("S1").value(**self.inputs(alpha, nu, eta_G=eta.gradient, eta_H=eta.hessian))
