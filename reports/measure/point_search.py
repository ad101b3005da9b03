"""What is maximised to find the worst instance of a statement at points, on the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from empirics import Task
from reports.cells.points_cell import PointsCell
from reports.measure.slices import Evaluated, evaluated
from reports.measure.task_instance import TaskInstance

Objective = Callable[[Tensor, Tensor | None], Tensor]


@dataclass(frozen=True)
class Search:
    """Where a statement's worst instance is looked for, on the engine."""

    instance: TaskInstance
    cell: PointsCell

    @property
    def task(self) -> Task:
        """The task that is searched on."""
        return self.instance.task

    @property
    def alpha(self) -> float:
        """The fine-tuning step alpha of the cell, as it is run with."""
        return self.instance.alpha(self.cell)

    @property
    def nu(self) -> int:
        """The number nu of fine-tuning steps."""
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
