"""Deterministic statements at points: search in float64, then balls at the instance found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import flint
import numpy as np
import torch
from torch import Tensor

from empirics.algorithm.modes import Mode
from reports.balls import ball
from reports.cells.cell import Kind
from reports.cells.points_cell import PointsCell
from reports.judging.measurement import Evidence, Measurement, Setting, Unproved, Withheld
from reports.measure.at_point import AtPoint, Point
from reports.measure.domain import on_points
from reports.measure.estimates import ball_estimates, rough, with_estimates
from reports.measure.point_search import Objective, Search
from reports.measure.search import SEARCH, Box, Effort, maximise
from reports.measure.slices import price
from reports.measure.statement import Measured, rows_of
from reports.measure.task_instance import TaskInstance
from reports.measure.trust import broken_promise

PAIR_GAP = 2.0**-12  # two-point statements look at pairs this far apart, relative to the radius


@final
@dataclass(frozen=True, kw_only=True)
class AtPoints(Measured):
    """A deterministic statement.

    objective: what is maximised over points, (P, d) and perhaps (P, d) -> (P, n). measure: its rows at the instance
    found. pairs: whether it compares two points. seen: whether the objective is the left side that heads it, so that it
    can be shown where nothing encloses it.
    """

    kind: ClassVar[Kind] = "points"
    objective: Callable[[Search], Objective]
    measure: Callable[[AtPoint], Iterable[Measurement]]
    mode: Mode = Mode.EXACT
    pairs: bool = False
    seen: bool = True

    def lacking(self, cell: PointsCell) -> str | None:
        """A given point needs its pair."""
        if self.pairs and cell.at is not None and cell.pair is None:
            return "compares two points: `at` needs `pair`"
        return self.cell(cell)


def record_points(
    instance: TaskInstance, cell: PointsCell, statements: Sequence[AtPoints], seed: int
) -> dict[str, np.ndarray]:
    """Search every statement's worst instance; the arrays hold points and agents."""
    if rough(instance) is not None:
        return {}
    found = ball_estimates(instance, cell, seed)
    instance, radius = on_points(with_estimates(instance, found), cell)
    for index, statement in enumerate(statements):
        objective = statement.objective(Search(instance, cell))
        w, u = _worst(instance, cell, radius, statement, objective, seed + index)
        left = objective(w[None], None if u is None else u[None])[0]
        found[f"{statement.id}_agent"] = np.asarray(int(left.argmax()))
        found[f"{statement.id}_w"] = w.numpy()
        if u is not None:
            found[f"{statement.id}_u"] = u.numpy()
        found[f"{statement.id}_float64"] = np.asarray(float(left.max()))
    return found


def _worst(
    instance: TaskInstance, cell: PointsCell, radius: float, statement: AtPoints, objective: Objective, seed: int
) -> tuple[Tensor, Tensor | None]:
    if cell.at is not None:
        w = torch.tensor([float(x) for x in cell.at], dtype=torch.float64)
        u = torch.tensor([float(x) for x in cell.pair or []], dtype=torch.float64)
        return w, u if statement.pairs else None

    def pair(x: Tensor) -> tuple[Tensor, Tensor | None]:
        if not statement.pairs:
            return instance.centre + x[:, 0], None
        first = x[:, 0] * (1 - PAIR_GAP)
        return instance.centre + first, instance.centre + first + PAIR_GAP * x[:, 1]

    box = Box(2 if statement.pairs else 1, instance.task.d, radius)
    effort = Effort.within(SEARCH, box.parts * price(instance.task))
    w, u = pair(maximise(lambda x: objective(*pair(x)).amax(dim=-1), box, seed=seed, effort=effort)[None])
    return w[0], None if u is None else u[0]


def point_measurements(
    instance: TaskInstance, cell: PointsCell, statements: Sequence[AtPoints], arrays: dict[str, np.ndarray]
) -> list[Measurement]:
    """The rows of a cell: each left side in balls at the recorded instance, beside its right side's exact inputs."""
    if (why := rough(instance)) is not None:
        return [_row(instance, cell, statement, Withheld(why)) for statement in statements]
    if instance.unread:
        reason = f"the loss cannot be read in balls: {instance.unread}"
        seen = (float(arrays[f"{one.id}_float64"]) if one.seen else None for one in statements)
        evidence = (Unproved(value, reason) for value in seen)
        return [_row(instance, cell, one, what) for one, what in zip(statements, evidence, strict=True)]
    searched = [arrays[f"{one.id}_w"] for one in statements]
    if (broken := broken_promise(instance, searched, instance.alpha(cell), cell.nu)) is not None:
        return [_row(instance, cell, statement, Withheld(f"promise: {broken}")) for statement in statements]
    measurements: list[Measurement] = []
    instance, _ = on_points(with_estimates(instance, arrays), cell)
    with flint.ctx.workprec(ball.BITS):
        for statement in statements:
            u = arrays.get(f"{statement.id}_u")
            point = Point(arrays[f"{statement.id}_w"], u, int(arrays[f"{statement.id}_agent"]))
            at = AtPoint(instance, cell, point, float(arrays[f"{statement.id}_float64"]))
            measurements += rows_of(statement, at)
    return measurements


def _row(instance: TaskInstance, cell: PointsCell, statement: AtPoints, evidence: Evidence) -> Measurement:
    """The row that heads a statement where nothing is enclosed."""
    alpha, left = instance.alpha(cell), statement.left[0]
    setting = Setting(instance.name, str(statement.mode), cell.nu, instance.task.n, alpha)
    inputs = instance.inputs(alpha, cell.nu, mode=str(statement.mode))
    return Measurement(left.bound, left.quantity, inputs, setting, evidence, None, label=cell.label)
