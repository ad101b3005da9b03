"""Deterministic statements at points: search in float64, then balls at the instance found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, final

import flint
import numpy as np
import torch
from flint import arb
from torch import Tensor

import theory
from empirics import Task
from empirics.algorithm.modes import Mode
from reports.balls import ball
from reports.balls.ball import BallMeta, Vector, column
from reports.cells.cell import Kind
from reports.cells.points_cell import PointsCell
from reports.judging.finding import Enclosed, Finding, Setting, Withheld
from reports.measure.domain import on_points
from reports.measure.estimates import ON_BALL, ball_estimates, rough, with_estimates
from reports.measure.search import Box, maximise
from reports.measure.slices import Evaluated, evaluated
from reports.measure.statement import Measured
from reports.measure.subject import Subject

PAIR_GAP = 2.0**-12  # two-point statements look at pairs this far apart, relative to the radius
# a right side whose own input was rounded to the safe side must not be called violated for that rounding
_INPUT_SLACK = Fraction(1, 2**48)

Objective = Callable[[Tensor, Tensor | None], Tensor]


@dataclass(frozen=True)
class Search:
    """Where a statement's worst instance is looked for, on the engine."""

    subject: Subject
    cell: PointsCell

    @property
    def task(self) -> Task:
        """The losses."""
        return self.subject.task

    @property
    def alpha(self) -> float:
        """The fine-tuning step."""
        return self.subject.alpha(self.cell)

    @property
    def nu(self) -> int:
        """The fine-tuning steps."""
        return self.cell.nu

    def at(self, function: Evaluated) -> Objective:
        """A function of task and points (P, n, d) -> (P, n) at each point."""
        return lambda w, _: evaluated(self.task, w, function)

    def quotient(self, function: Evaluated) -> Objective:
        """norm(function(w) - function(u)) / norm(w - u) of a function with values (P, n, d)."""

        def between(w: Tensor, u: Tensor | None) -> Tensor:
            assert u is not None
            at_w, at_u = evaluated(self.task, torch.cat([w, u]), function).split(len(w))
            return (at_w - at_u).norm(dim=-1) / (w - u).norm(dim=-1)[:, None]

        return between


@final
@dataclass(frozen=True, kw_only=True)
class AtPoints(Measured):
    """A deterministic statement.

    objective: what is maximised over points, (P, d) and perhaps (P, d) -> (P, n). measure: its rows at the instance
    found. pairs: whether it compares two points. quantity: of the row that says why nothing applies.
    """

    kind: ClassVar[Kind] = "points"
    objective: Callable[[Search], Objective]
    measure: Callable[[AtPoint], Iterable[Finding]]
    mode: Mode = Mode.EXACT
    pairs: bool = False

    def lacking(self, cell: PointsCell) -> str | None:
        """A given point needs its pair."""
        if self.pairs and cell.at is not None and cell.pair is None:
            return "compares two points: `at` needs `pair`"
        return self.cell(cell)


@dataclass(frozen=True)
class Point:
    """The instance a statement is checked on: a point, a second one for two-point statements, and the agent."""

    w: np.ndarray
    u: np.ndarray | None
    agent: int


def record_points(
    subject: Subject, cell: PointsCell, statements: Sequence[AtPoints], seed: int
) -> dict[str, np.ndarray]:
    """Search every statement's worst instance; the arrays hold points and agents."""
    if rough(subject) is not None:
        return {}
    found = ball_estimates(subject, cell, seed)
    subject, radius = on_points(with_estimates(subject, found), cell)
    for index, statement in enumerate(statements):
        objective = statement.objective(Search(subject, cell))
        w, u = _instance(subject, cell, radius, statement, objective, seed + index)
        left = objective(w[None], None if u is None else u[None])[0]
        found[f"{statement.id}_agent"] = np.asarray(int(left.argmax()))
        found[f"{statement.id}_w"] = w.numpy()
        if u is not None:
            found[f"{statement.id}_u"] = u.numpy()
        found[f"{statement.id}_float64"] = np.asarray(float(left.max()))
    return found


def _instance(
    subject: Subject, cell: PointsCell, radius: float, statement: AtPoints, objective: Objective, seed: int
) -> tuple[Tensor, Tensor | None]:
    if cell.at is not None:
        w = torch.tensor([float(x) for x in cell.at], dtype=torch.float64)
        u = torch.tensor([float(x) for x in cell.pair or []], dtype=torch.float64)
        return w, u if statement.pairs else None

    def pair(x: Tensor) -> tuple[Tensor, Tensor | None]:
        if not statement.pairs:
            return subject.centre + x[:, 0], None
        first = x[:, 0] * (1 - PAIR_GAP)
        return subject.centre + first, subject.centre + first + PAIR_GAP * x[:, 1]

    box = Box(2 if statement.pairs else 1, subject.task.d, radius)
    w, u = pair(maximise(lambda x: objective(*pair(x)).amax(dim=-1), box, seed=seed)[None])
    return w[0], None if u is None else u[0]


def point_findings(
    subject: Subject, cell: PointsCell, statements: Sequence[AtPoints], arrays: dict[str, np.ndarray]
) -> list[Finding]:
    """The rows of a cell: each left side in balls at the recorded instance, beside its right side's exact inputs."""
    if (why := rough(subject)) is not None:
        return [_withheld(subject, cell, statement, why) for statement in statements]
    findings: list[Finding] = []
    subject, _ = on_points(with_estimates(subject, arrays), cell)
    with flint.ctx.workprec(ball.BITS):
        for statement in statements:
            u = arrays.get(f"{statement.id}_u")
            point = Point(arrays[f"{statement.id}_w"], u, int(arrays[f"{statement.id}_agent"]))
            at = AtPoint(subject, cell, point, float(arrays[f"{statement.id}_float64"]))
            findings += statement.measure(at)
            findings += (row for other in statement.beside for row in other.measure(at))
    return findings


def _withheld(subject: Subject, cell: PointsCell, statement: AtPoints, why: str) -> Finding:
    """The row of a statement that needs a smoothness which the network was declared not to have."""
    alpha, left = subject.alpha(cell), statement.left[0]
    setting = Setting(subject.name, str(statement.mode), cell.nu, subject.task.n, alpha)
    inputs = subject.inputs(alpha, cell.nu, mode=str(statement.mode))
    return Finding(left.bound, left.quantity, inputs, setting, Withheld(why), None, label=cell.label)


def slack(rounded: arb) -> Fraction:
    """Relative slack on the left side for a right side whose input had to be rounded; none for an exact input."""
    return Fraction(0) if arb(float(rounded.mid())) == rounded else _INPUT_SLACK


@dataclass(frozen=True, eq=False)
class AtPoint:
    """One statement at one instance, in balls."""

    subject: Subject
    cell: PointsCell
    point: Point
    in_float64: float

    @property
    def alpha(self) -> float:
        """The fine-tuning step."""
        return self.subject.alpha(self.cell)

    @property
    def nu(self) -> int:
        """The fine-tuning steps."""
        return self.cell.nu

    @property
    def meta(self) -> BallMeta:
        """The meta loss of the agent with the largest left side."""
        return self.meta_of(self.point.agent)

    def meta_of(self, agent: int) -> BallMeta:
        """The meta loss of an agent."""
        return BallMeta(self.subject.losses[agent], ball.ball(self.alpha), self.nu)

    @property
    def w(self) -> Vector:
        """The point."""
        return column(self.point.w)

    @property
    def u(self) -> Vector:
        """The second point."""
        assert self.point.u is not None
        return column(self.point.u)

    @property
    def one_short_step(self) -> bool:
        """Whether nu = 1 and alpha L <= 1, the setting of Per-FedAvg."""
        return self.nu == 1 and self.alpha * self.subject.constants["L"].value <= 1

    def value(self, quantity: str, **more: Any) -> float:
        """A quantity of the theory at this instance."""
        return theory.quantity(quantity).value(**self.subject.inputs(self.alpha, self.nu, **more))

    def row(
        self, bound: str, quantity: str, left: arb, *, mode: Mode = Mode.EXACT, trivial: float | None = None,
        slack: Fraction = Fraction(0), **more: Any,
    ) -> Finding:  # fmt: skip
        """A row with an enclosed left side; `more` are further inputs of the right side, `slack` is relative."""
        subject, cell = self.subject, self.cell
        lower, upper = ball.bounds(left)
        lower -= slack * max(abs(lower), abs(upper))
        return Finding(
            bound,
            quantity,
            subject.inputs(self.alpha, cell.nu, mode=str(mode), **more),
            Setting(subject.name, str(mode), cell.nu, subject.task.n, self.alpha),
            Enclosed(lower, upper, f"Arb balls at {flint.ctx.prec} bits"),
            trivial,
            subject.constants,
            self._witness(),
            f"{cell.label}delta{cell.delta}".replace("/", "_") if mode.probes else cell.label,
            note=ON_BALL if subject.stated else "",
        )

    def _witness(self) -> dict[str, Any]:
        point = self.point
        witness: dict[str, Any] = {"agent": point.agent, "float64": self.in_float64}
        if point.w.size <= 8:
            witness["w"] = point.w.tolist()
            if point.u is not None:
                witness["u"] = point.u.tolist()
        return witness
