"""From a task and a setting to the exact inputs of theory: the only place where the two vocabularies meet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache

import flint
import numpy as np
import torch
from flint import arb, arb_mat

import theory
from empirics import Task
from empirics.graphs.recording import UntraceableError
from reports.balls import ball
from reports.balls.ball import BallLoss, BallQuadratic, column, matrix
from reports.balls.operations.operation import UnknownOperationError
from reports.balls.recorded import RecordedLoss, recorded_losses
from reports.cells.cell import Cell, TaskPlan
from reports.judging.rows import StatedConstant
from reports.measure.rounding import Etas, with_updates
from reports.measure.samples import Samples, samples_of
from reports.tasks.derivatives import PROMISED
from reports.tasks.factories import make_task

CONSTANTS = ("L", "mu", "rho", "B", "sigma_G", "sigma_H", "gamma_G", "gamma_H")


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


def above(x: Fraction) -> float:
    """The number itself where it is a float, else the next float above it.

    >>> above(Fraction(1, 2)), Fraction(above(Fraction(1, 3))) > Fraction(1, 3)
    (0.5, True)
    """
    near = float(x)
    return near if Fraction(near) >= x else math.nextafter(near, math.inf)


@dataclass(frozen=True)
class TaskInstance:
    """A task of the plan with what every measurement asks of it.

    `stated` replaces the constants that the task certifies: those of a network, estimated on a set. `widened`: a factor
    on gamma_G and gamma_H, which were stated for agents of equal weight.
    """

    plan: TaskPlan
    task: Task
    stated: Mapping[str, StatedConstant] | None = None
    made: Task | None = None  # the task before it was bounded: its losses are the same, and are recorded once
    widened: float = 1.0

    @classmethod
    def of(cls, plan: TaskPlan) -> TaskInstance:
        """Make the task a plan names, on the CPU: only runs and draws move to another device."""
        return cls(plan, make_task(plan))

    def on_ball(self, radius: float) -> TaskInstance:
        """The same instance with its constants stated on norm(w) <= radius, where they need a ball; else itself."""
        return replace(self, task=self.task.on_ball(radius), made=self.made or self.task)

    def copied(self, counts: Sequence[int]) -> TaskInstance:
        """The instance of so many copies of each agent: what is a plain mean there is a mean weighted by the counts.

        A spread about any point is at most the square root of n times the largest weight times that of equal weights.
        That is what counts of a task whose gamma_G and gamma_H are not worked out from its agents.
        """
        task = self.made or self.task
        wider = upwards(math.sqrt(task.n * max(counts) / sum(counts)))
        widened = 1.0 if task.spreads_follow_agents else wider
        return replace(self, task=task.copies(counts), made=None, widened=widened)

    @property
    def quadratic(self) -> bool:
        """Whether the losses are quadratics, exactly and nothing else: the task says so, and so does its recording."""
        return bool(self.forms)

    @property
    def forms(self) -> tuple[BallQuadratic, ...]:
        """The agents' matrices and centres; none where the losses are not known to be quadratics."""
        return _forms(self.made or self.task)

    @property
    def samples(self) -> list[Samples] | str:
        """The agents' single samples in balls, or why the batches of its sampler cannot be enumerated."""
        return samples_of(self.made or self.task)

    @property
    def covariances(self) -> tuple[arb_mat, ...]:
        """Of each agent's gradient noise, where a sample is proved to add to gradients what does not depend on w."""
        with flint.ctx.workprec(ball.BITS):  # what is rounded here no later precision mends
            return _covariances(self.made or self.task)

    @property
    def name(self) -> str:
        """The name its rows carry."""
        return self.plan.name

    @cached_property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """The numbers in the task's formula, for independent evaluation."""
        return self.task.arrays()

    @property
    def estimated(self) -> bool:
        """Whether the task certifies nothing, so that its constants are estimated and no row of it is decided."""
        return not self.task.certified

    @property
    def in_balls(self) -> bool:
        """Whether the losses can be read in balls."""
        return self.unread == ""

    @property
    def unread(self) -> str:
        """Why the losses cannot be read in balls: an operation without a rule, or a loss that cannot be recorded."""
        found = _read(self.made or self.task)
        return found if isinstance(found, str) else ""

    @cached_property
    def promised_only(self) -> bool:
        """Whether certified constants stand beside rounding that is promised, not proved: then balls decide first."""
        return not self.estimated and self.task.float_errors(1.0) is None

    @property
    def losses(self) -> list[BallLoss]:
        """The agents' losses in balls, read from the recording of the loss that runs.

        Raises:
            UntraceableError, UnknownOperationError: it cannot be read.
        """
        found = _read(self.made or self.task)
        return recorded_losses(self.made or self.task) if isinstance(found, str) else found

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
        known = {
            name: StatedConstant(value=float(found[name].value), side=found[name].side)  # type: ignore[arg-type]
            for name in CONSTANTS
            if name in found
        }
        if self.widened == 1:
            return known
        wider = {
            name: StatedConstant(value=upwards(self.widened * known[name].value), side="upper")
            for name in ("gamma_G", "gamma_H")
            if name in known and known[name].side != "lower" and known[name].value > 0
        }
        return {**known, **wider}

    def alpha(self, cell: Cell) -> float:
        """The fine-tuning step of a cell: given, or a multiple of 1/L."""
        L = self.constants.get("L")
        return cell.step(None if L is None else L.value)

    def inputs(self, alpha: float, nu: int, **more: str | int | float | Fraction) -> dict[str, str]:
        """Exact theory inputs: the constants, alpha, nu, and whatever a statement needs besides."""
        result = {name: exact(constant.value) for name, constant in self.constants.items()}
        result |= {"alpha": exact(alpha), "nu": str(nu)}
        if nu == 0:
            result.setdefault("rho", "0")  # of a loss without one: no Jacobian moves, and no rho enters anything
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
        proved = self.task.float_errors(radius)
        if proved is not None:
            return Etas(proved.gradient, proved.hessian)
        return Etas(PROMISED * self.constants["B"].value, PROMISED * self.constants["L"].value)

    def loss_rounding(self, radius: float) -> float:
        """Rounding bound of one agent's loss at points of norm at most radius."""
        proved = self.task.float_errors(radius)
        if proved is not None:
            return proved.loss
        largest = float(self.task.loss(self.centre).abs().max())
        return PROMISED * (largest + self.constants["B"].value * (radius + float(self.centre.norm())))

    def meta_gradient_rounding(self, alpha: float, nu: int, radius: float) -> float:
        """S1: how far the engine's exact meta-gradient may be from the true one at such points."""
        eta = self.rounding(alpha, nu, radius)
        return theory.quantity("S1").value(**self.inputs(alpha, nu, eta_G=eta.gradient, eta_H=eta.hessian))


@lru_cache(maxsize=32)
def _read(task: Task) -> list[BallLoss] | str:
    """The losses in balls, or why they cannot be read."""
    try:
        return recorded_losses(task)
    except (UntraceableError, UnknownOperationError) as error:
        return str(error)


@lru_cache(maxsize=32)
def _forms(task: Task) -> tuple[BallQuadratic, ...]:
    """What a task says of its matrices, where its recorded losses say the same: the difference is a ball about 0."""
    form, losses = task.quadratic(), _read(task)
    if form is None or isinstance(losses, str):
        return ()
    found = []
    for loss, A, c, e in zip(losses, *form.doubled().arrays(), strict=True):
        stated = BallQuadratic(matrix(A), column(c), arb(float(e)))
        read = loss.form() if isinstance(loss, RecordedLoss) else None
        if read is None or not _vanishes(read[0] - stated.A) or not _vanishes(read[1] + stated.A * stated.c):
            return ()
        found.append(stated)
    return tuple(found)


@lru_cache(maxsize=32)
def _covariances(task: Task) -> tuple[arb_mat, ...]:
    """sum_s p_s x_s x_s^T, x_s what sample s adds to the gradient; none unless all samples have the agent's Hessian."""
    agents, samples = _forms(task), samples_of(task)
    if not agents or isinstance(samples, str):
        return ()
    found = []
    for quadratic, own in zip(agents, samples, strict=True):
        forms = [loss.form() if isinstance(loss, RecordedLoss) else None for loss in own.losses]
        slopes = [form[1] for form in forms if form is not None and _vanishes(form[0] - quadratic.A)]
        if len(slopes) < len(forms) or not own.replaces:
            return ()
        added = [slope + quadratic.A * quadratic.c for slope in slopes]
        if not _vanishes(own.mean(added)):
            return ()
        found.append(own.mean([x * x.transpose() for x in added]))
    return tuple(found)


def _vanishes(difference: arb_mat) -> bool:
    return all(x.contains(0) for x in difference.entries())
