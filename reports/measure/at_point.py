"""A statement at one point, or one pair of points, in balls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
from flint import arb

import theory
from empirics.algorithm.modes import Mode
from reports.balls import ball
from reports.balls.ball import BallMeta, Vector, column
from reports.cells.points_cell import PointsCell
from reports.judging.measurement import Enclosed, Measurement, Setting
from reports.measure.estimates import ON_BALL, because
from reports.measure.measured_inputs import split
from reports.measure.task_instance import TaskInstance


@dataclass(frozen=True)
class Point:
    """The instance a statement is checked on: a point, a second one for two-point statements, and the agent."""

    w: np.ndarray
    u: np.ndarray | None
    agent: int


@dataclass(frozen=True, eq=False)
class AtPoint:
    """One statement at one instance, in balls."""

    instance: TaskInstance
    cell: PointsCell
    point: Point
    in_float64: float

    @property
    def alpha(self) -> float:
        """The fine-tuning step alpha of the cell, as it is run with."""
        return self.instance.alpha(self.cell)

    @property
    def nu(self) -> int:
        """The number nu of fine-tuning steps."""
        return self.cell.nu

    @property
    def meta(self) -> BallMeta:
        """The meta loss of the agent with the largest left side."""
        return self.meta_of(self.point.agent)

    def meta_of(self, agent: int) -> BallMeta:
        """The meta loss of an agent."""
        return BallMeta(self.instance.losses[agent], ball.ball(self.alpha), self.nu)

    @property
    def w(self) -> Vector:
        """The point w as a column of exact balls."""
        return column(self.point.w)

    @property
    def u(self) -> Vector:
        """The second point u of a statement about pairs."""
        assert self.point.u is not None
        return column(self.point.u)

    @property
    def one_short_step(self) -> bool:
        """Whether nu = 1 and alpha L <= 1, the setting of Per-FedAvg."""
        return self.nu == 1 and self.alpha * self.instance.constants["L"].value <= 1

    def value(self, quantity: str, **more: Any) -> float:
        """A quantity of the theory at this instance."""
        return theory.quantity(quantity).value(**self.instance.inputs(self.alpha, self.nu, **more))

    def row(
        self, bound: str, quantity: str, left: arb, *, mode: Mode = Mode.EXACT, trivial: float | None = None,
        **more: Any,
    ) -> Measurement:  # fmt: skip
        """A row with an enclosed left side; `more` are further inputs of the right side, balls where measured."""
        instance, cell = self.instance, self.cell
        (lower, upper), (more, between) = ball.bounds(left), split(more)
        return Measurement(
            bound,
            quantity,
            instance.inputs(self.alpha, cell.nu, mode=str(mode), **more),
            Setting(instance.name, str(mode), cell.nu, instance.task.n, self.alpha),
            Enclosed(lower, upper, f"Arb balls at {flint.ctx.prec} bits"),
            trivial,
            instance.constants,
            self._witness(),
            f"{cell.label}delta{cell.delta}".replace("/", "_") if mode.probes else cell.label,
            note=because(instance, ON_BALL),
            between=between,
        )

    def _witness(self) -> dict[str, Any]:
        point = self.point
        witness: dict[str, Any] = {"agent": point.agent, "float64": self.in_float64}
        if point.w.size <= 8:
            witness["w"] = point.w.tolist()
            if point.u is not None:
                witness["u"] = point.u.tolist()
        return witness
